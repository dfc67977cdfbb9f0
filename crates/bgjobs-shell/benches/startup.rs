//! How long the shell takes from its start to the answer of one expression, compared to Python's prompts doing nothing,
//! and to one in Rust that gives the same answer.
//!
//! Python, IPython and evcxr are found through `PATH`; the variables `PYTHON`, `IPYTHON` and `EVCXR` name others.

use std::{
    env, io,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How often each is started.
const RUNS: usize = 31;

/// A program that starts and ends.
struct Program {
    title: &'static str,
    path: PathBuf,
    arguments: &'static [&'static str],
    input: &'static [u8],
    /// The highest acceptable ratio of ours to it.
    goal: Option<f64>,
    /// The seconds that each run took.
    times: Vec<f64>,
}

fn main() -> io::Result<()> {
    // `cargo test --all-targets` starts benches too, without this argument.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let program =
        |title, path, arguments| Program { title, path, arguments, input: b"", goal: None, times: Vec::new() };
    let mut programs = vec![
        program("bgjobs -c 1", env!("CARGO_BIN_EXE_bgjobs").into(), &["-c", "1"]),
        Program { goal: Some(0.2), ..program("python3 -c pass", python(), &["-c", "pass"]) },
        program("ipython -c pass", found("IPYTHON", "ipython"), &["-c", "pass"]),
        // It has no such option, and does not start up without a line to compile.
        Program { input: b"1\n", ..program("evcxr, told 1", found("EVCXR", "evcxr"), &[]) },
    ];
    programs.retain(|program| {
        let starts = program.time().is_ok();
        if !starts {
            let _ = writeln!(out, "{} can't be started here", program.title);
        }
        starts
    });
    // They take turns, so that other work on the machine affects all of them.
    for _ in 0..RUNS {
        for program in &mut programs {
            let time = program.time()?;
            program.times.push(time.as_secs_f64());
        }
    }
    writeln!(
        out,
        "Medians of {RUNS} runs; what ours is of it, with the quarter and the three quarters of the ratios."
    )?;
    let (ours, others) = programs.split_first().ok_or_else(|| io::Error::other("the shell itself does not start"))?;
    writeln!(out, "{:18}{:>9.1} ms", ours.title, quartiles(ours.times.clone())[1] * 1e3)?;
    for other in others {
        let ratios = ours.times.iter().zip(&other.times).map(|(ours, its)| ours / its).collect();
        let ([_, time, _], [low, ratio, high]) = (quartiles(other.times.clone()), quartiles(ratios));
        let verdict = |goal| if ratio <= goal { "met" } else { "MISSED" };
        let goal = other.goal.map_or_else(String::new, |goal| format!("   goal {goal}: {}", verdict(goal)));
        writeln!(out, "{:18}{:>9.1} ms   {ratio:.3} ({low:.3} to {high:.3}){goal}", other.title, time * 1e3)?;
    }
    Ok(())
}

impl Program {
    fn time(&self) -> io::Result<Duration> {
        let mut command = Command::new(&self.path);
        command.args(self.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A program that wants no input may have ended already.
            let _ = input.write_all(self.input);
        }
        let status = child.wait()?;
        let took = began.elapsed();
        if status.success() { Ok(took) } else { Err(io::Error::other(format!("{} ended with {status}", self.title))) }
    }
}

/// The program that a variable names, or the one of that name.
fn found(variable: &str, name: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| name.into(), PathBuf::from)
}

/// The interpreter itself: the program of that name may be a script that looks for it, and slower.
fn python() -> PathBuf {
    let named = found("PYTHON", "python3");
    let output = Command::new(&named).args(["-c", "import sys; print(sys.executable)"]).output();
    let path = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    if path.trim().is_empty() { named } else { path.trim().into() }
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    [1, 2, 3].map(|quarter| values.get((last * quarter + 2) / 4).copied().unwrap_or(f64::NAN))
}
