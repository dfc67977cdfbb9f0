//! The processes of a command as a tree.

use std::{collections::HashMap, fmt::Write};

use bgjobs::{Process, one_line};

use crate::text::shortened;

/// How much of a command line is shown, in characters.
const LONGEST_COMMAND: usize = 60;

/// A line for each process, each after a line break: number, state, processor time, memory, and the command, indented
/// below its parent's.
pub(super) fn tree(processes: &[Process]) -> String {
    let mut depths = HashMap::new();
    let mut text = String::new();
    for Process { id, parent, command, state, cpu, memory, .. } in processes {
        let depth = depths.get(parent).map_or(0, |depth| depth + 1);
        depths.insert(id, depth);
        let command = shortened(command, LONGEST_COMMAND, "…");
        let (cpu, memory, indent) = (cpu.as_secs_f64(), memory >> 20, 2 * depth);
        let _ = write!(text, "\n  {id:>7} {state:<9} {cpu:>7.1}s {memory:>5} MB  {:indent$}{}", "", one_line(&command));
    }
    text
}
