//! How long the shell takes from its start to the answer of one expression, to the end of a file and to its prompt, compared
//! to Python's prompts doing nothing, and to one in Rust that gives the same answer.
//!
//! Python, IPython and evcxr are found through `PATH`; the variables `PYTHON`, `IPYTHON` and `EVCXR` name others.

mod python;

use std::{
    env, fs,
    io::{self, Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How often each is started.
const RUNS: usize = 31;

/// The highest acceptable ratio of each of ours to `python3 -c pass`.
const GOAL: f64 = 0.2;

/// A program that starts, and how long it takes.
struct Program<'a> {
    title: &'static str,
    time: Box<dyn Fn() -> io::Result<Duration> + 'a>,
    /// The seconds that each run took.
    times: Vec<f64>,
}

fn main() -> io::Result<()> {
    // `cargo test --all-targets` starts benches too, without this argument.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let home = env::temp_dir().join(format!("bgjobs-bench-{}", std::process::id()));
    fs::create_dir(&home)?;
    let done = compare(&home);
    fs::remove_dir_all(&home)?;
    done
}

fn compare(home: &Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let file = home.join("one.rhai");
    fs::write(&file, "1\n")?;
    let file = file.display().to_string();
    let shell = env!("CARGO_BIN_EXE_bgjobs");
    let found = |variable, name: &str| env::var(variable).unwrap_or_else(|_| name.to_owned());
    let ours = [
        program("bgjobs -c 1", || whole(shell, &["-c", "1"], b"")),
        program("bgjobs FILE", || whole(shell, &[&file], b"")),
        program("bgjobs, a prompt", || until_prompt(shell, home)),
    ];
    let others = [
        program("python3 -c pass", python_that_passes(python::python())),
        program("ipython -c pass", python_that_passes(found("IPYTHON", "ipython"))),
        // It has no such option, and does not start up without a line to compile.
        program("evcxr, told 1", move || whole(&found("EVCXR", "evcxr"), &[], b"1\n")),
    ];
    let number = ours.len();
    let mut programs: Vec<_> = ours.into_iter().chain(others).collect();
    for program in &programs[..number] {
        (program.time)()?;
    }
    programs.retain(|program| {
        let starts = (program.time)().is_ok();
        if !starts {
            let _ = writeln!(out, "{} can't be started here", program.title);
        }
        starts
    });
    // They take turns, so that other work on the machine affects all of them.
    for _ in 0..RUNS {
        for program in &mut programs {
            let time = (program.time)()?;
            program.times.push(time.as_secs_f64());
        }
    }
    writeln!(
        out,
        "Medians of {RUNS} runs; what ours is of each, with the quarter and the three quarters of the ratios."
    )?;
    let (ours, others) = programs.split_at(number);
    for own in ours {
        writeln!(out, "{:18}{:>9.1} ms", own.title, quartiles(own.times.clone())[1] * 1e3)?;
        for other in others {
            let ratios = own.times.iter().zip(&other.times).map(|(own, its)| own / its).collect();
            let ([_, time, _], [low, ratio, high]) = (quartiles(other.times.clone()), quartiles(ratios));
            let verdict = if ratio <= GOAL { "met" } else { "MISSED" };
            let is_goal = other.title.starts_with("python3");
            let goal = if is_goal { format!("   goal {GOAL}: {verdict}") } else { String::new() };
            writeln!(out, "  {:16}{:>9.1} ms   {ratio:.3} ({low:.3} to {high:.3}){goal}", other.title, time * 1e3)?;
        }
    }
    Ok(())
}

fn program<'a>(title: &'static str, time: impl Fn() -> io::Result<Duration> + 'a) -> Program<'a> {
    Program { title, time: Box::new(time), times: Vec::new() }
}

fn python_that_passes(path: String) -> impl Fn() -> io::Result<Duration> {
    move || whole(&path, &["-c", "pass"], b"")
}

/// From the start of a program to its end.
fn whole(path: &str, arguments: &[&str], input: &[u8]) -> io::Result<Duration> {
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn()?;
    if let Some(mut far) = child.stdin.take() {
        // A program that wants no input may have ended already.
        let _ = far.write_all(input);
    }
    let status = child.wait()?;
    let took = began.elapsed();
    if status.success() { Ok(took) } else { Err(io::Error::other(format!("{path} ended with {status}"))) }
}

/// From the start of the shell on a terminal to its first prompt.
fn until_prompt(shell: &str, home: &Path) -> io::Result<Duration> {
    let (mut pty, its_side) = pty_process::blocking::open().map_err(io::Error::other)?;
    let variables = [("HOME", home.as_os_str()), ("TERM", "xterm-256color".as_ref())];
    let command = pty_process::blocking::Command::new(shell).env_clear().envs(variables);
    let began = Instant::now();
    let mut child = command.spawn(its_side).map_err(io::Error::other)?;
    let (mut shown, mut piece) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&shown).contains("In [1]") {
        let read = pty.read(&mut piece)?;
        shown.extend_from_slice(&piece[..read]);
    }
    let took = began.elapsed();
    // Ctrl-D.
    pty.write_all(b"\x04")?;
    while pty.read(&mut piece).is_ok_and(|read| read > 0) {}
    child.wait()?;
    Ok(took)
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    [1, 2, 3].map(|quarter| values.get((last * quarter + 2) / 4).copied().unwrap_or(f64::NAN))
}
