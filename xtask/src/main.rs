//! The project's checks, each one a command: `cargo xtask help` lists them.
//!
//! This file knows the command line and nothing about cargo: [`checks`] says what is checked, [`step`] runs it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod agent;
mod api;
mod checks;
mod component;
mod debian;
mod imports;
mod mutants;
mod notebook;
mod package;
mod pictures;
mod python;
mod step;
mod wheel;
mod workspace;

use std::process::ExitCode;

use crate::{
    checks::{Form, Plan},
    pictures::{Picture, Purpose},
    step::Failed,
};

const HELP: &str = "\
The project's checks. Usage: cargo xtask COMMAND

    test     run every check that CI runs; needs cargo with rustfmt and clippy. The Python package's checks need a
             Python with venv and pip, and are left out without one
    imports  check that imports only go down, by the tables in ARCHITECTURE.md
    api      write the public interface of the library, as its source says it, to crates/bgjobs/public-api.txt
             check: compare them
    pictures draw docs/pictures from the screens of the shell and IPython, after building both
             draw NAME, check NAME: draw or compare one picture (shell, ipython), without building
    prove    run the long checks: tests in release with more cases, a soak of ten million jobs, models with more
             interleavings, mutants, fuzzing, the packed crates, the wheel, the oldest Rust, the book's session in a Rust
             notebook, for which it installs evcxr under target, every installed Python, and Debian's 3.14 and 3.15,
             which need Linux, root and debootstrap; the Pythons get the newest IPython, ipykernel and cloudpickle of
             the day
    mutants  [PART] make one mistake after another in a copy of the engine, and fail if the test that should catch it
             passes; with PART only those whose name contains it
    fuzz     [SECONDS] search for input that makes the prompt panic or hang, 60 seconds per target by default; needs a
             C++ compiler
    package  pack the crates as for crates.io, unpack them in target, and run their tests there; needs tar
    wheel    build the Python package as users get it, in target/dist: a wheel for Linux from glibc 2.17 on, and the
             source distribution; check both, build the second, and test the first without Rust on the path
    sid COMMAND
             run a command among the programs of Debian's unstable suite, which `prove` puts in target/sid: its Pythons
             are newer than most machines'
    help     print this text
";

/// What the command line asks xtask to do.
#[derive(Debug, PartialEq)]
enum Task {
    Help,
    Check(Form),
    Imports,
    /// Draw them all.
    Pictures,
    Picture(Purpose, Picture),
    /// Those whose name contains this.
    Mutants(String),
    Package,
    /// Build, check and try the Python package.
    Wheel,
    /// Run this among Debian's programs.
    Sid(Vec<String>),
    Api(api::Purpose),
    /// For this many seconds per target.
    Fuzz(u32),
}

fn main() -> ExitCode {
    let done = match parse(std::env::args().skip(1)) {
        Ok(Task::Help) => {
            print!("{HELP}");
            Ok(())
        }
        Ok(Task::Check(form)) => check(checks::plan(form)),
        Ok(Task::Fuzz(seconds)) => check(Plan { steps: checks::fuzz(seconds), left_out: Vec::new() }),
        Ok(Task::Imports) => imports::run(),
        Ok(Task::Pictures) => check(checks::pictures()),
        Ok(Task::Picture(purpose, picture)) => draw(picture, purpose),
        Ok(Task::Mutants(part)) => mutants::run(&part),
        Ok(Task::Api(purpose)) => api::run(purpose),
        Ok(Task::Package) => package::run(),
        Ok(Task::Wheel) => checks::wheel().map_err(|missing| Failed::without_step("wheel", &missing)).and_then(check),
        Ok(Task::Sid(line)) => debian::run(&line),
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
        Some("api") => Task::Api(match arguments.next().as_deref() {
            None => api::Purpose::Write,
            Some("check") => api::Purpose::Check,
            Some(other) => return Err(format!("`{other}` isn't `check`")),
        }),
        Some("package") => Task::Package,
        Some("wheel") => Task::Wheel,
        Some("sid") => Task::Sid(arguments.by_ref().collect()),
        Some("mutants") => Task::Mutants(arguments.next().unwrap_or_default()),
        Some("fuzz") => Task::Fuzz(match arguments.next() {
            None => 60,
            Some(seconds) => seconds.parse().map_err(|_| format!("`{seconds}` isn't a number of seconds"))?,
        }),
        Some(other) => return Err(format!("unknown command `{other}`")),
    };
    match arguments.next() {
        None => Ok(task),
        Some(extra) => Err(format!("unexpected argument `{extra}`")),
    }
}

fn picture(name: Option<String>) -> Result<Picture, String> {
    let name = name.unwrap_or_default();
    Picture::parse(&name).ok_or_else(|| format!("no picture `{name}`; there are shell and ipython"))
}

fn draw(picture: Picture, purpose: Purpose) -> Result<(), Failed> {
    let program = checks::program(picture).map_err(|missing| Failed::without_step(picture.name(), &missing))?;
    pictures::run(picture, &program, purpose)
}

/// Runs the steps in order until one fails, and prints how long each took.
fn check(plan: Plan) -> Result<(), Failed> {
    let Plan { steps, left_out } = plan;
    if let Some((what, why)) = left_out.first()
        && under_ci()
    {
        return Err(Failed::without_step(what, why));
    }
    for (what, why) in &left_out {
        println!("leaves out {what}: {why}");
    }
    let mut times = Vec::new();
    for step in steps {
        println!("\n==> {}: {step}", step.name());
        let took = step.run()?;
        println!("    {}: {:.1} s", step.name(), took.as_secs_f64());
        times.push((step, took));
    }
    for (what, why) in &left_out {
        println!("\nleft out: {what}: {why}");
    }
    println!("\nall {}steps passed", if left_out.is_empty() { "" } else { "other " });
    for (step, took) in &times {
        println!("{:7.1} s  {}", took.as_secs_f64(), step.name());
    }
    Ok(())
}

/// Whether this is CI, where a check that can't run is a failure.
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
    fn each_command_is_parsed() {
        check("test", Ok(Task::Check(Form::Short)));
        check("prove", Ok(Task::Check(Form::Long)));
        check("imports", Ok(Task::Imports));
        check("pictures", Ok(Task::Pictures));
        check("pictures check shell", Ok(Task::Picture(Purpose::Check, Picture::Shell)));
        check("pictures draw ipython", Ok(Task::Picture(Purpose::Draw, Picture::IPython)));
        check("api", Ok(Task::Api(api::Purpose::Write)));
        check("api check", Ok(Task::Api(api::Purpose::Check)));
        check("package", Ok(Task::Package));
        check("mutants", Ok(Task::Mutants(String::new())));
        check("wheel", Ok(Task::Wheel));
        check("sid python3.15 -V", Ok(Task::Sid(vec!["python3.15".to_owned(), "-V".to_owned()])));
        check("fuzz", Ok(Task::Fuzz(60)));
        check("fuzz 5", Ok(Task::Fuzz(5)));
        check("mutants push", Ok(Task::Mutants("push".to_owned())));
    }

    #[test]
    fn without_a_command_help_is_printed() {
        check("", Ok(Task::Help));
        check("help", Ok(Task::Help));
        check("-h", Ok(Task::Help));
        check("--help", Ok(Task::Help));
    }

    #[test]
    fn a_wrong_command_line_is_refused_with_the_reason() {
        check("tset", Err("unknown command `tset`"));
        check("fuzz long", Err("`long` isn't a number of seconds"));
        check("api write", Err("`write` isn't `check`"));
        check("pictures look", Err("`look` is neither `draw` nor `check`"));
        check("pictures check house", Err("no picture `house`; there are shell and ipython"));
        check("test clippy", Err("unexpected argument `clippy`"));
    }

    #[test]
    fn help_lists_each_command() {
        for command in
            ["test", "imports", "api", "pictures", "prove", "mutants", "fuzz", "package", "wheel", "sid", "help"]
        {
            assert!(HELP.contains(&format!("\n    {command} ")), "{command}");
        }
    }
}
