//! The processes of a command as a tree.

use std::{collections::HashMap, fmt::Write};

use bgjobs::{Process, one_line};

/// How much of a command line is shown, in characters.
const LONGEST_COMMAND: usize = 60;

/// A line for each process, after a line break: number, state, processor time, memory, and the command below its parent.
pub(super) fn tree(processes: &[Process]) -> String {
    let mut depths = HashMap::new();
    let mut text = String::new();
    for Process { id, parent, command, state, cpu, memory, .. } in processes {
        let depth = depths.get(parent).map_or(0, |depth| depth + 1);
        depths.insert(id, depth);
        let (cpu, memory, indent) = (cpu.as_secs_f64(), memory >> 20, 2 * depth);
        let _ = write!(text, "\n  {id:>7} {state:<9} {cpu:>7.1}s {memory:>5} MB  {:indent$}{}", "", shortened(command));
    }
    text
}

fn shortened(command: &str) -> String {
    match command.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{}…", one_line(&command[..end])),
        None => one_line(command).to_string(),
    }
}
