//! The descendants of a process, read from `/proc`, which only Linux has.
//!
//! Knows nothing of jobs.

use std::{
    collections::HashMap,
    ffi::CStr,
    fs::{self, File},
    io::Read,
    time::Duration,
};

use rustix::param::{clock_ticks_per_second, page_size};

use crate::system::process::{Process, ProcessState};

/// The most that is read of a command line, in bytes.
const LONGEST_COMMAND: u64 = 4 * 1024;

/// The name of a process that outlives its ancestors: neither it nor what is below it belongs to them.
pub(crate) const KEEPER: &CStr = c"bgjobs-keeper";

/// What `/proc/ID/stat` says about a process.
#[derive(Clone, Copy)]
struct Stat {
    id: u32,
    is_keeper: bool,
    parent: u32,
    state: ProcessState,
    /// In ticks of the system's clock.
    cpu: u64,
    /// In pages.
    memory: u64,
    /// Where its stack begins: a new address after each `exec`, and its parent's before the first.
    stack: u64,
    /// In ticks of the system's clock, since the system started.
    started: u64,
}

/// All descendants of the process `root`, parents before children; `root` itself is left out, and so are keepers.
pub(crate) fn below(root: u32) -> Vec<Process> {
    stats_below(root).into_iter().map(Stat::whole).collect()
}

/// The process `id` and all its descendants.
pub(crate) fn from(id: u32) -> Vec<Process> {
    Stat::read(id).into_iter().chain(stats_below(id)).map(Stat::whole).collect()
}

/// The ID of each living descendant of the process `root`, with a number that changes when it becomes another program.
pub(crate) fn programs_below(root: u32) -> impl Iterator<Item = (u32, u64)> {
    let living = stats_below(root).into_iter().filter(|stat| stat.state != ProcessState::Ended);
    living.map(|stat| (stat.id, stat.stack))
}

/// When the process `id` started, in ticks since the system did; `None` if there is no such process.
pub(crate) fn started(id: u32) -> Option<u64> {
    Stat::read(id).map(|stat| stat.started)
}

fn stats_below(root: u32) -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut children = HashMap::<u32, Vec<Stat>>::new();
    for entry in entries.flatten() {
        let stat = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Stat::read);
        if let Some(stat) = stat.filter(|stat: &Stat| !stat.is_keeper) {
            children.entry(stat.parent).or_default().push(stat);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(id) = next.pop() {
        // Removed, so that an ID reused meanwhile can't form a ring.
        let mut own = children.remove(&id).unwrap_or_default();
        own.sort_by_key(|stat| stat.id);
        let index = found.iter().position(|stat: &Stat| stat.id == id).map_or(0, |index| index + 1);
        next.extend(own.iter().map(|stat| stat.id));
        found.splice(index..index, own);
    }
    found
}

impl Stat {
    /// Reads the process `id`; `None` if there is no such process.
    fn read(id: u32) -> Option<Self> {
        let text = fs::read(format!("/proc/{id}/stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        // The name, in parentheses, may itself hold spaces and parentheses.
        let (name, fields) = text.rsplit_once(')')?;
        let is_keeper = name.split_once('(').is_some_and(|(_, name)| name.as_bytes() == KEEPER.to_bytes());
        let fields: Vec<_> = fields.split_whitespace().collect();
        let number = |field: usize| fields.get(field)?.parse::<u64>().ok();
        let state = match *fields.first()? {
            "R" => ProcessState::Running,
            "D" => ProcessState::Blocked,
            "T" | "t" => ProcessState::Suspended,
            "Z" | "X" => ProcessState::Ended,
            _ => ProcessState::Sleeping,
        };
        let parent = u32::try_from(number(1)?).ok()?;
        let (cpu, started, memory, stack) = (number(11)? + number(12)?, number(19)?, number(21)?, number(25)?);
        Some(Self { id, is_keeper, parent, state, cpu, memory, stack, started })
    }

    fn whole(self) -> Process {
        let Self { id, parent, state, cpu, memory, .. } = self;
        Process {
            id,
            parent,
            command: command_line(id),
            state,
            cpu: Duration::from_millis(cpu * 1_000 / clock_ticks_per_second()),
            memory: memory * page_size() as u64,
        }
    }
}

fn command_line(id: u32) -> String {
    let mut bytes = Vec::new();
    let read = File::open(format!("/proc/{id}/cmdline")).map(|file| file.take(LONGEST_COMMAND).read_to_end(&mut bytes));
    let words = String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', " ");
    if read.is_ok() && !words.is_empty() {
        return words;
    }
    let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    format!("[{}]", name.trim_end())
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use std::process::{Command, Stdio, id};

    use super::{below, programs_below};
    use crate::system::process::ProcessState;

    #[test]
    fn descendants_are_found_below_a_process_parents_first() {
        // A shell starts a shell that starts `cat`, which ends when its input does.
        let script = "sh -c 'cat; exit 1' 'a b)'; exit 1";
        let mut shell = Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
        let tree = loop {
            let tree = below(shell.id());
            // The system counts the memory of a process that has just begun a little later.
            if tree.iter().any(|process| process.command == "cat") && tree.iter().all(|process| process.memory > 0) {
                break tree;
            }
        };
        let commands: Vec<_> = tree.iter().map(|process| &*process.command).collect();
        assert_eq!(commands, ["sh -c cat; exit 1 a b)", "cat"]);
        assert_eq!([tree[0].parent, tree[1].parent], [shell.id(), tree[0].id]);
        assert!(tree.iter().all(|process| process.state != ProcessState::Ended));
        assert_eq!(programs_below(shell.id()).map(|(id, _)| id).collect::<Vec<_>>(), [tree[0].id, tree[1].id]);
        assert!(below(id()).iter().any(|process| process.id == shell.id()));
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(below(shell.id()).is_empty());
    }
}
