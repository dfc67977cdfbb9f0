//! The command line of a benchmark, which asks several processes each question.
//!
//! Does not know what is measured. Scheduling can favour one process over the next, so the figures of a single one say little.

use std::{
    env,
    process::{Command, ExitCode},
};

use crate::{answer::Answer, report};

/// The first argument of a process that answers one question; the second is its name.
const ASK: &str = "--ask";

/// How many processes answer each question by default.
const PROCESSES: usize = 5;

/// The name of a question on the command line, and the function that answers it.
pub(crate) type Question = (&'static str, fn() -> Vec<Answer>);

/// Answers one question if this process was started for that; otherwise asks the questions that the command line selects.
pub(crate) fn run(questions: &[Question]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [ASK, name] = arguments[..] {
        let (_, answers) = questions.iter().find(|(known, _)| *known == name).expect("a known question");
        for answer in answers() {
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
    let mut rest = arguments.iter().filter(|&&argument| argument != "--bench");
    while let Some(&argument) = rest.next() {
        if argument == "--processes" {
            let number = rest.next().and_then(|number| number.parse().ok()).filter(|&number| number > 0);
            processes = number.ok_or("`--processes` needs a number, as in `--processes 3`")?;
        } else {
            words.push(argument);
        }
    }
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let names: Vec<&str> = questions.iter().map(|&(name, _)| name).collect();
    if !names.iter().any(|name| is_wanted(name)) {
        return Err(format!("no question matches {}; there are {}", words.join(" "), names.join(", ")));
    }
    println!(
        "Medians of {processes} processes. A ratio is the first row relative to that one, so lower is better; in parentheses are"
    );
    println!(
        "the lowest and highest of any process. Each process times all rows side by side and reports its median ratios."
    );
    let mut tables = Vec::new();
    for name in names.into_iter().filter(|name| is_wanted(name)) {
        let answers = (0..processes).map(|_| answer(name)).collect::<Result<Vec<_>, _>>()?;
        let answered = report::tables(&answers)?;
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

/// A new process's answer to a question.
fn answer(name: &str) -> Result<String, String> {
    let output = env::current_exe().and_then(|own| Command::new(own).args([ASK, name]).output());
    let output = output.map_err(|error| format!("could not start a process to answer {name}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("the answer to {name} is not UTF-8"))
}
