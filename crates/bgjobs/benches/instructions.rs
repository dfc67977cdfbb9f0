//! The number of instructions in the whole life of an empty job, from its start to the flush that forgets it.
//!
//! Valgrind counts them, so the figure is the same on a busy machine. Comparing two runs with different numbers of jobs excludes
//! the cost of starting the process and its threads.
//! The last line of the output names the profile, for `callgrind_annotate`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use bgjobs::{Job, JobManager};

/// The first argument of a measured run; the second is its number of jobs.
const FLAG: &str = "--jobs";

/// The highest acceptable number of instructions per job.
const GOAL: f64 = 2_400.0;

/// The number of jobs in each of the two runs.
const RUNS: [u32; 2] = [10_000, 50_000];

/// How many jobs are started before their results are read.
const AT_ONCE: u32 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [argument, jobs] = &arguments[..]
        && argument == FLAG
    {
        live(jobs.parse().expect("a number of jobs"));
        return ExitCode::SUCCESS;
    }
    // `cargo test --all-targets` starts benches too, without this argument.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    // `cargo bench -- flood` is meant for the other benchmark.
    let mut words = arguments.iter().filter(|argument| !argument.starts_with("--") && argument.parse::<u32>().is_err());
    if words.clone().next().is_some() && !words.any(|word| "instructions".contains(word.as_str())) {
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("could not count instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The measured work: starts jobs, reads every result and forgets the jobs.
fn live(jobs: u32) {
    let manager = JobManager::new();
    for _ in 0..jobs / AT_ONCE {
        let started: Vec<Job<u32>> =
            (0..AT_ONCE).map(|value| manager.spawn("empty", move || value).expect("there is a thread")).collect();
        let total: u32 = started.iter().map(|job| *job.join().expect("an empty job does not fail")).sum();
        assert_eq!(total, AT_ONCE * (AT_ONCE - 1) / 2);
        drop(started);
        assert_eq!(manager.flush().completed, AT_ONCE as usize);
    }
}

fn measure() -> io::Result<()> {
    let [few, many] = RUNS;
    let mut counts = Vec::new();
    for _ in 0..3 {
        let (fewer, _) = count(few)?;
        let (more, _) = count(many)?;
        counts.push((more - fewer) / f64::from(many - few));
    }
    counts.sort_by(f64::total_cmp);
    let [least, median, most] = [counts[0], counts[1], counts[2]];
    let verdict = if median <= GOAL { "met" } else { "MISSED" };
    println!(
        "the whole life of an empty job: {median:.0} instructions ({least:.0} to {most:.0})  goal {GOAL}: {verdict}"
    );
    println!("callgrind_annotate {}", profile(many).display());
    Ok(())
}

/// The number of instructions of a run, and the path of its profile.
fn count(jobs: u32) -> io::Result<(f64, PathBuf)> {
    let profile = profile(jobs);
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", profile.display())])
        .arg(env::current_exe()?)
        .args([FLAG, &jobs.to_string()])
        .output()
        .map_err(|error| io::Error::other(format!("could not start `valgrind`; is it installed? ({error})")))?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let text = fs::read_to_string(&profile)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:")?.trim().parse().ok());
    total.map(|total| (total, profile)).ok_or_else(|| io::Error::other("valgrind reported no total"))
}

fn profile(jobs: u32) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("callgrind.{jobs}_jobs"))
}
