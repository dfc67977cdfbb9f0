//! How long the shell takes from its start to the answer of one expression, beside Python: `cargo bench --bench startup`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How often each is started.
const RUNS: usize = 31;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    // They take turns, so that what else the machine does falls on both.
    let mut times = [Vec::new(), Vec::new()];
    let python = python();
    for _ in 0..RUNS {
        times[0].push(time(Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(["-c", "1"]))?);
        if let Some(python) = &python {
            times[1].push(time(Command::new(python).args(["-c", "pass"]))?);
        }
    }
    let is_missing = python.is_none();
    let [shell, python] = times.map(median);
    writeln!(out, "bgjobs -c 1        {shell:>10.2?}  median of {RUNS}")?;
    if is_missing {
        return writeln!(out, "python3 could not be started, so there is nothing to compare with");
    }
    writeln!(out, "python3 -c pass    {python:>10.2?}")?;
    writeln!(out, "ratio              {:>10.2}", shell.as_secs_f64() / python.as_secs_f64())
}

/// The interpreter itself: what is called so may be a script that looks for it, and takes longer than it does.
fn python() -> Option<PathBuf> {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !path.trim().is_empty()).then(|| path.trim().into())
}

fn time(command: &mut Command) -> io::Result<Duration> {
    let began = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(began.elapsed()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
