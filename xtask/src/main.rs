//! The project's checks, one command each: `cargo xtask help` lists them.
//!
//! This file knows the command line and nothing of cargo: what is checked is in [`checks`], how it is run in [`step`].

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod checks;
mod component;
mod imports;
mod mutants;
mod pictures;
mod python;
mod step;
mod workspace;

use std::process::ExitCode;

use crate::{
    checks::{Form, Plan},
    pictures::{Picture, Purpose},
    step::Failed,
};

const HELP: &str = "\
The project's checks. Usage: cargo xtask COMMAND

    test     everything that CI checks; it needs cargo with rustfmt and clippy, and for the Python package
             a Python with venv and pip, without which the rest is checked
    imports  whether imports go down only, by the tables in ARCHITECTURE.md
    prove    the long forms: tests in release with more cases, a soak of ten million jobs, models with more interleavings,
             mutants, fuzzing, every Python that is found
    mutants  [PART] makes mistakes in a copy of the engine, one by one, and fails if the check that must see one does not;
             with PART those only that have it in their name
    pictures draws docs/pictures from the screens of the shell and of IPython, which it builds;
             with `check NAME` it compares one with the program as it is built, with `draw NAME` it draws that
    fuzz     [SECONDS] seeks bytes at which the prompt panics or hangs, so long (60) each way; it needs a C++ compiler
    help     this text
";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
enum Task {
    Help,
    Check(Form),
    Imports,
    /// All are drawn.
    Pictures,
    Picture(Purpose, Picture),
    /// Those with this part in their name.
    Mutants(String),
    /// For so many seconds each way.
    Fuzz(u32),
}

fn main() -> ExitCode {
    let done = match parse(std::env::args().skip(1)) {
        Ok(Task::Help) => {
            print!("{HELP}");
            Ok(())
        }
        Ok(Task::Check(form)) => check(checks::plan(form)),
        Ok(Task::Fuzz(seconds)) => check(Plan { steps: checks::fuzz(seconds), missing: None }),
        Ok(Task::Imports) => imports::run(),
        Ok(Task::Pictures) => check(checks::pictures()),
        Ok(Task::Picture(purpose, picture)) => draw(picture, purpose),
        Ok(Task::Mutants(part)) => mutants::run(&part),
        Err(message) => {
            eprint!("error: {message}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("\n{failed}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut arguments = arguments.into_iter();
    let task = match arguments.next().as_deref() {
        None | Some("help" | "-h" | "--help") => Task::Help,
        Some("test") => Task::Check(Form::Short),
        Some("imports") => Task::Imports,
        Some("pictures") => match arguments.next().as_deref() {
            None => Task::Pictures,
            Some("draw") => Task::Picture(Purpose::Draw, picture(arguments.next())?),
            Some("check") => Task::Picture(Purpose::Check, picture(arguments.next())?),
            Some(other) => return Err(format!("`{other}` is neither `draw` nor `check`")),
        },
        Some("prove") => Task::Check(Form::Long),
        Some("mutants") => Task::Mutants(arguments.next().unwrap_or_default()),
        Some("fuzz") => Task::Fuzz(match arguments.next() {
            None => 60,
            Some(seconds) => seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?,
        }),
        Some(other) => return Err(format!("no command `{other}`")),
    };
    match arguments.next() {
        None => Ok(task),
        Some(extra) => Err(format!("unexpected argument `{extra}`")),
    }
}

fn picture(name: Option<String>) -> Result<Picture, String> {
    let name = name.unwrap_or_default();
    Picture::parse(&name).ok_or_else(|| format!("no picture `{name}`: shell or ipython"))
}

fn draw(picture: Picture, purpose: Purpose) -> Result<(), Failed> {
    let program = checks::program(picture).map_err(|missing| Failed::without_step(picture.name(), &missing))?;
    pictures::run(picture, &program, purpose)
}

/// Runs the checks one after another, up to the first that fails, and says how long each took.
fn check(plan: Plan) -> Result<(), Failed> {
    let Plan { steps, missing } = plan;
    if let Some(missing) = &missing
        && under_ci()
    {
        return Err(Failed::without_step("the Python package", missing));
    }
    let mut times = Vec::new();
    for step in steps {
        println!("\n==> {}: {step}", step.name());
        let took = step.run()?;
        println!("    {}: {:.1} s", step.name(), took.as_secs_f64());
        times.push((step, took));
    }
    match missing {
        None => println!("\nall steps passed"),
        Some(missing) => println!("\nleft out: the Python package: {missing}\n\nall other steps passed"),
    }
    for (step, took) in &times {
        println!("{:7.1} s  {}", took.as_secs_f64(), step.name());
    }
    Ok(())
}

/// Whether nobody watches, so that what can't be checked is a failure.
fn under_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Task, &str>) {
        let parsed = parse(line.split_whitespace().map(str::to_owned));
        assert_eq!(parsed, expected.map_err(str::to_owned));
    }

    #[test]
    fn each_command_has_one_name() {
        check("test", Ok(Task::Check(Form::Short)));
        check("prove", Ok(Task::Check(Form::Long)));
        check("imports", Ok(Task::Imports));
        check("pictures", Ok(Task::Pictures));
        check("pictures check shell", Ok(Task::Picture(Purpose::Check, Picture::Shell)));
        check("pictures draw ipython", Ok(Task::Picture(Purpose::Draw, Picture::IPython)));
        check("mutants", Ok(Task::Mutants(String::new())));
        check("fuzz", Ok(Task::Fuzz(60)));
        check("fuzz 5", Ok(Task::Fuzz(5)));
        check("mutants push", Ok(Task::Mutants("push".to_owned())));
    }

    #[test]
    fn no_command_is_a_request_for_help() {
        check("", Ok(Task::Help));
        check("help", Ok(Task::Help));
        check("-h", Ok(Task::Help));
        check("--help", Ok(Task::Help));
    }

    #[test]
    fn a_wrong_line_is_refused_by_what_is_wrong_in_it() {
        check("tset", Err("no command `tset`"));
        check("fuzz long", Err("`long` is no number of seconds"));
        check("pictures look", Err("`look` is neither `draw` nor `check`"));
        check("pictures check house", Err("no picture `house`: shell or ipython"));
        check("test clippy", Err("unexpected argument `clippy`"));
    }

    #[test]
    fn help_names_each_command() {
        for command in ["test", "imports", "pictures", "prove", "mutants", "fuzz", "help"] {
            assert!(HELP.contains(&format!("\n    {command} ")), "{command}");
        }
    }
}
