//! The processes of the system as data: which came of which, and what each does.
//!
//! Knows nothing of jobs. It is read from `/proc`, as Linux has it; elsewhere nothing is found.

use std::{
    collections::HashMap,
    fmt,
    fs::{self, File},
    io::Read,
    time::Duration,
};

/// How much of a command line is read, in bytes.
const LONGEST_COMMAND: u64 = 4 * 1024;

/// One of the processes that came of a [`Command`](crate::Command), as it was when somebody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// The system's number of it.
    pub id: u32,
    /// The number of the process that it belongs to; that of the supervisor for one whose parent has ended.
    pub parent: u32,
    /// Its command line, the words apart by blanks; its bare name in brackets if it has none.
    ///
    /// It is the process's own text, and may hold control characters.
    pub command: String,
    /// What it does.
    pub state: ProcessState,
    /// The processor time that it has used.
    pub cpu: Duration,
    /// How much memory it holds, in bytes, that of shared libraries included.
    pub memory: u64,
}

/// What a [`Process`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessState {
    /// It runs, or waits for a processor.
    Running,
    /// It waits for something.
    Sleeping,
    /// It waits for a device, as for a disk; no signal reaches it until that answers.
    Blocked,
    /// It was stopped by a signal, and goes on with another.
    Suspended,
    /// It has ended, and its parent has not asked how.
    Ended,
}

/// `running`, `sleeping`, `blocked`, `suspended` or `ended`.
impl fmt::Display for ProcessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::Blocked => "blocked",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        })
    }
}

/// What `/proc/ID/stat` says of a process.
#[derive(Clone, Copy)]
struct Stat {
    id: u32,
    parent: u32,
    state: ProcessState,
    /// In ticks of the system's clock.
    cpu: u64,
    /// In pages.
    memory: u64,
}

/// All that came of the process `root` and lives, each before its children; `root` itself is left out.
pub(crate) fn below(root: u32) -> Vec<Process> {
    stats_below(root).into_iter().map(Stat::whole).collect()
}

/// The process `id` and all that came of it.
#[cfg(unix)]
pub(crate) fn from(id: u32) -> Vec<Process> {
    Stat::read(id).into_iter().chain(stats_below(id)).map(Stat::whole).collect()
}

/// The numbers of all that came of the process `root` and lives.
pub(crate) fn ids_below(root: u32) -> impl Iterator<Item = u32> {
    stats_below(root).into_iter().filter(|stat| stat.state != ProcessState::Ended).map(|stat| stat.id)
}

fn stats_below(root: u32) -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut children = HashMap::<u32, Vec<Stat>>::new();
    for entry in entries.flatten() {
        let stat = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Stat::read);
        if let Some(stat) = stat {
            children.entry(stat.parent).or_default().push(stat);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(id) = next.pop() {
        // Taken out, so that a number which changed hands meanwhile can make no ring.
        let mut own = children.remove(&id).unwrap_or_default();
        own.sort_by_key(|stat| stat.id);
        let at = found.iter().position(|stat: &Stat| stat.id == id).map_or(0, |at| at + 1);
        next.extend(own.iter().map(|stat| stat.id));
        found.splice(at..at, own);
    }
    found
}

impl Stat {
    /// None if there is no such process any more.
    fn read(id: u32) -> Option<Self> {
        let text = fs::read(format!("/proc/{id}/stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        // The name, in parentheses, may hold blanks and parentheses.
        let (_, fields) = text.rsplit_once(')')?;
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
        Some(Self { id, parent, state, cpu: number(11)? + number(12)?, memory: number(21)? })
    }

    fn whole(self) -> Process {
        let Self { id, parent, state, cpu, memory } = self;
        let (ticks, page) = units();
        Process {
            id,
            parent,
            command: command_line(id),
            state,
            cpu: Duration::from_millis(cpu * 1_000 / ticks),
            memory: memory * page,
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

/// How many ticks make a second, and how many bytes a page.
#[cfg(unix)]
fn units() -> (u64, u64) {
    (rustix::param::clock_ticks_per_second(), rustix::param::page_size() as u64)
}

#[cfg(not(unix))]
fn units() -> (u64, u64) {
    (100, 4096)
}

#[cfg(all(test, target_os = "linux", not(bgjobs_loom)))]
mod tests {
    use std::process::{Command, Stdio, id};

    use super::{ProcessState, below, ids_below};

    #[test]
    fn what_a_process_has_started_is_found_below_it_parents_first() {
        // A shell that starts a shell that starts `cat`, which ends with its input.
        let script = "sh -c 'cat; exit 1' 'a b)'; exit 1";
        let mut shell = Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
        let tree = loop {
            let tree = below(shell.id());
            if tree.iter().any(|process| process.command == "cat") {
                break tree;
            }
        };
        let commands: Vec<_> = tree.iter().map(|process| &*process.command).collect();
        assert_eq!(commands, ["sh -c cat; exit 1 a b)", "cat"]);
        assert_eq!([tree[0].parent, tree[1].parent], [shell.id(), tree[0].id]);
        assert!(tree.iter().all(|process| process.memory > 0 && process.state != ProcessState::Ended));
        assert_eq!(ids_below(shell.id()).collect::<Vec<_>>(), [tree[0].id, tree[1].id]);
        assert!(below(id()).iter().any(|process| process.id == shell.id()));
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(below(shell.id()).is_empty());
    }
}
