//! What a job costs here, and what it costs with other ways to run a closure on a thread.
//!
//! `cargo bench` asks all questions, `cargo bench -- flood` those whose name contains the word, `--processes 1` is quick.
//! Ours and the peers take turns in one process, and what counts is the ratio: a machine's noise and speed hit all alike.
//! A scheduler may be kind to one process and not to the next, so several are asked, and their median is shown.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod alone;
mod answer;
mod blocked;
mod kept;
mod peers;
mod prompt;
mod report;
mod runner;
mod starts;
mod system;
mod told;
mod tree;

use std::{
    env,
    process::{Command, ExitCode},
};

use crate::answer::Answer;

/// The first argument of a process that answers one question; the second is its name.
const ASK: &str = "--ask";

/// How many processes answer each question.
const PROCESSES: usize = 5;

type Question = (&'static str, fn() -> Vec<Answer>);

/// What can be asked, by name.
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
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [ASK, name] => {
            let (_, question) = QUESTIONS.iter().find(|(known, _)| *known == name).expect("a question of ours");
            for answer in question() {
                print!("{answer}");
            }
        }
        [alone::ARGUMENT, question, peer] => {
            let figures = match question {
                "blocked" => blocked::tell_memory(peer),
                "idle" => blocked::tell_left(peer),
                "kept" => kept::tell(peer),
                _ => panic!("nobody asks {question:?} alone"),
            };
            for figure in figures {
                println!("{figure}");
            }
        }
        // `cargo test --all-targets` starts benches too, without this argument.
        _ if arguments.contains(&"--bench") => match ask(&arguments) {
            Ok(()) => {}
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        },
        _ => {}
    }
    ExitCode::SUCCESS
}

/// Asks what the command line wants to know.
fn ask(arguments: &[&str]) -> Result<(), String> {
    let mut processes = PROCESSES;
    let mut words = Vec::new();
    let mut left = arguments.iter().filter(|&&argument| argument != "--bench");
    while let Some(&argument) = left.next() {
        if argument == "--processes" {
            let number = left.next().and_then(|number| number.parse().ok()).filter(|&number| number > 0);
            processes = number.ok_or("`--processes` needs a number")?;
        } else {
            words.push(argument);
        }
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let names: Vec<&str> = QUESTIONS.iter().map(|&(name, _)| name).filter(|name| wanted(name)).collect();
    if names.is_empty() {
        let all: Vec<&str> = QUESTIONS.iter().map(|&(name, _)| name).collect();
        return Err(format!("no question is called so; there are {}", all.join(", ")));
    }
    println!(
        "Figures are for one job, and medians of {processes} processes; behind each, how much of it the first row is:"
    );
    println!("the median of the ratios that each process has seen, the least and the most.");
    for name in names {
        let told = (0..processes).map(|_| tell(name)).collect::<Result<Vec<_>, _>>()?;
        for table in report::tables(&told)? {
            print!("{table}");
        }
    }
    Ok(())
}

/// What a process of its own answers to a question.
fn tell(name: &str) -> Result<String, String> {
    let asked = env::current_exe().and_then(|own| Command::new(own).args([ASK, name]).output());
    let output = asked.map_err(|error| format!("no process could be started to answer {name}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{name} told no text"))
}
