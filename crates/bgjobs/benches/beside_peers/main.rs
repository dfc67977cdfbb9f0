//! What a job costs here, and what it costs with other ways to run a closure on a thread.
//!
//! `cargo bench` asks all questions, `cargo bench -- flood` those whose name contains the word, `--processes 1` is quick.
//! Ours and the peers take turns in one process, and what counts is the ratio: a machine's noise and speed hit all alike.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod alone;
mod answer;
mod blocked;
mod kept;
mod peers;
mod processes;
mod prompt;
mod report;
mod runner;
mod starts;
mod system;
mod told;
mod tree;

use std::{env, process::ExitCode};

use crate::processes::Question;

/// What can be asked.
const QUESTIONS: [Question; 17] = [
    ("submit", starts::submit),
    ("result", starts::result),
    ("pause", starts::pause),
    ("busy", starts::busy),
    ("flood", starts::flood),
    ("tree", tree::tree),
    ("blocked", blocked::blocked),
    ("crowd-memory", blocked::blocked_memory),
    ("idle", blocked::idle),
    ("look", prompt::look),
    ("news", prompt::news),
    ("status", prompt::status),
    ("kept", kept::kept),
    ("died", told::died),
    ("traceback", told::traceback),
    ("line", told::line),
    ("stop", told::stop),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [alone, question, peer] = &arguments[..]
        && alone == alone::ARGUMENT
    {
        let figures = match question.as_str() {
            "blocked" => blocked::tell_memory(peer),
            "idle" => blocked::tell_left(peer),
            "kept" => kept::tell(peer),
            _ => panic!("nobody asks {question:?} alone"),
        };
        for figure in figures {
            println!("{figure}");
        }
        return ExitCode::SUCCESS;
    }
    processes::run(&QUESTIONS)
}
