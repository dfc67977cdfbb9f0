//! The command line of a benchmark: each question is asked of several processes.
//!
//! Knows nothing of what is asked. A scheduler may be kind to one process and not to the next, so the figures of one say
//! little.

use std::{
    env,
    process::{Command, ExitCode},
};

use crate::{answer::Answer, report};

/// The first argument of a process that answers one question; the second is its name.
const ASK: &str = "--ask";

/// How many processes answer each question, if the command line does not say.
const PROCESSES: usize = 5;

/// A word for the command line, and what finds the answers.
pub(crate) type Question = (&'static str, fn() -> Vec<Answer>);

/// Answers one question, if this process was started for that; or else asks what the command line wants to know.
pub(crate) fn run(questions: &[Question]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [ASK, name] = arguments[..] {
        let (_, find) = questions.iter().find(|(known, _)| *known == name).expect("it was asked by its name");
        for answer in find() {
            print!("{answer}");
        }
        return ExitCode::SUCCESS;
    }
    // `cargo test --all-targets` starts benches too, without this argument.
    if !arguments.contains(&"--bench") {
        return ExitCode::SUCCESS;
    }
    if let Err(error) = ask(questions, &arguments) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn ask(questions: &[Question], arguments: &[&str]) -> Result<(), String> {
    let mut processes = PROCESSES;
    let mut words = Vec::new();
    let mut left = arguments.iter().filter(|&&argument| argument != "--bench");
    while let Some(&argument) = left.next() {
        if argument == "--processes" {
            let number = left.next().and_then(|number| number.parse().ok()).filter(|&number| number > 0);
            processes = number.ok_or("`--processes` needs a number, as in `--processes 3`")?;
        } else {
            words.push(argument);
        }
    }
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let names: Vec<&str> = questions.iter().map(|&(name, _)| name).collect();
    if !names.iter().any(|name| is_wanted(name)) {
        return Err(format!("no question is called {}; there are {}", words.join(" "), names.join(", ")));
    }
    println!(
        "Medians of {processes} processes. A ratio is what the first row is of that one, with the least and the most that a"
    );
    println!("process has seen; each process takes its ratios side by side, and gives their median.");
    let mut tables = Vec::new();
    for name in names.into_iter().filter(|name| is_wanted(name)) {
        let told = (0..processes).map(|_| tell(name)).collect::<Result<Vec<_>, _>>()?;
        let answered = report::tables(&told)?;
        for table in &answered {
            print!("{table}");
        }
        tables.extend(answered);
    }
    if let Some(summary) = report::summary(&tables) {
        print!("{summary}");
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
