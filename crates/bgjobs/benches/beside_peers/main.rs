//! What a job costs in bgjobs, compared with other ways to run a closure on a thread.
//!
//! `cargo bench` asks all questions, `cargo bench -- flood` those whose name contains the word; `--processes 1` is quick.
//! bgjobs and its peers take turns in one process, and the ratio is what counts: the machine's noise and speed affect all alike.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod answer;
mod blocked;
mod finished;
mod fresh_process;
mod peers;
mod processes;
mod prompt;
mod report;
mod reporting;
mod runner;
mod starts;
mod system;
mod tree;

use std::{env, process::ExitCode};

use crate::processes::Question;

/// All questions, by name.
const QUESTIONS: [Question; 17] = [
    ("submit", starts::submit),
    ("result", starts::result),
    ("pause", starts::pause),
    ("busy", starts::busy),
    ("flood", starts::flood),
    ("tree", tree::tree),
    ("blocked", blocked::blocked),
    ("blocked-memory", blocked::blocked_memory),
    ("idle", blocked::idle),
    ("look", prompt::look),
    ("notice", prompt::notice),
    ("status", prompt::status),
    ("finished", finished::finished),
    ("died", reporting::died),
    ("traceback", reporting::traceback),
    ("line", reporting::line),
    ("stop", reporting::stop),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, question, peer] = &arguments[..]
        && flag == fresh_process::FLAG
    {
        let figures = match question.as_str() {
            "blocked" => blocked::measure_memory(peer),
            "idle" => blocked::measure_leftovers(peer),
            "finished" => finished::measure(peer),
            _ => panic!("{question:?} is not measured in a fresh process"),
        };
        for figure in figures {
            println!("{figure}");
        }
        return ExitCode::SUCCESS;
    }
    processes::run(&QUESTIONS)
}
