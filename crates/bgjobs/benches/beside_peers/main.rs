//! What a job costs here, and what it costs with other ways to run a closure on a thread.
//!
//! `cargo bench` asks all questions, `cargo bench -- flood` those whose name contains the word.
//! Ours and the peers take turns in one process, and what counts is the ratio: a machine's noise and speed hit all alike.
//! A job of ours keeps its full record (number, name, state, times, lists, notice, failure) through each timed part; the
//! flush that forgets it is outside.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod memory;
mod peers;
mod table;

use std::{
    env,
    hint::{black_box, spin_loop},
    num::NonZero,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bgjobs::{JobManager, Notices};

use crate::{
    peers::{Bgjobs, Peer, Rayon, RayonMixed, Std, Tokio},
    table::{Row, Table},
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [_, peer] = &arguments[..]
        && arguments[0] == memory::ARGUMENT
    {
        return memory::answer(peer);
    }
    // `cargo test --all-targets` starts benches too, without this argument.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let questions: [(&str, fn()); 7] = [
        ("submit", submit),
        ("result", result),
        ("pause", pause),
        ("busy", busy),
        ("flood", flood),
        ("look", look),
        ("memory", memory),
    ];
    println!("Medians over the rounds; a ratio is taken in each round, and half of the rounds lie in its brackets.");
    for (name, question) in questions {
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            question();
        }
    }
}

/// All that can run an empty job, ours first.
fn everybody() -> [Box<dyn Peer>; 5] {
    [Box::new(Bgjobs::new()), Box::new(Std), Box::new(Rayon), Box::new(RayonMixed::new()), Box::new(Tokio::new())]
}

/// A table with a row for each peer, and what ours may take of the time of std and rayon.
fn table(title: &str, peers: &[Box<dyn Peer>], goals: [Option<f64>; 2]) -> Table {
    let goals = [None].into_iter().chain(goals).chain([None; 2]);
    Table::new(title, peers.iter().zip(goals).map(|(peer, goal)| Row::new(peer.name(), goal)))
}

/// Lets each take its turn in each round, and each begin as often as the others.
fn in_turns(rounds: usize, peers: &[Box<dyn Peer>], mut turn: impl FnMut(usize, &dyn Peer)) {
    for round in 0..rounds {
        for offset in 0..peers.len() {
            let i = (round + offset) % peers.len();
            turn(i, peers[i].as_ref());
        }
    }
}

/// Until the caller has its handle, back to back.
fn submit() {
    const JOBS: usize = 500;
    let peers = everybody();
    let title = "submit, back to back: until the caller has its handle";
    let mut table = table(title, &peers, [Some(0.2), None]);
    in_turns(30, &peers, |i, peer| table.add(i, peer.submit(JOBS), JOBS));
    table.print();
}

/// From the call to the result in hand, one job after another.
fn result() {
    const JOBS: usize = 500;
    let peers = everybody();
    let title = "submit to result, back to back";
    let mut table = table(title, &peers, [Some(0.2), Some(1.0)]);
    in_turns(30, &peers, |i, peer| {
        table.add(i, peer.round_trip(JOBS), JOBS);
    });
    table.print();
}

/// The same two when everything has gone to sleep.
fn pause() {
    const JOBS: usize = 10;
    let peers = everybody();
    let mut submit = table("submit after a pause of 2 ms", &peers, [None; 2]);
    let mut result = table("submit to result after a pause of 2 ms", &peers, [None; 2]);
    in_turns(30, &peers, |i, peer| {
        let (submitted, ended) = peer.after_pause(JOBS, Duration::from_millis(2));
        submit.add(i, submitted, JOBS);
        result.add(i, ended, JOBS);
    });
    submit.print();
    result.print();
}

/// From the call to the result in hand while other work keeps every processor busy, as background jobs do.
fn busy() {
    const JOBS: usize = 10;
    let peers = everybody();
    let title = "submit to result while every processor is busy";
    let mut table = table(title, &peers, [Some(1.0), None]);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        in_turns(20, &peers, |i, peer| table.add(i, peer.round_trip(JOBS), JOBS));
        over.store(true, Ordering::Relaxed);
    });
    table.print();
}

/// A hundred thousand empty jobs, every result read.
fn flood() {
    let peers = everybody();
    let title = "flood: 100,000 empty jobs, every result read (std: 10,000, of which 1,000 at once)";
    let mut table = table(title, &peers, [None, Some(1.0)]);
    let mut threads = 0;
    in_turns(5, &peers, |i, peer| {
        let (took, jobs) = peer.flood();
        table.add(i, took, jobs);
        threads = threads.max(peer.threads());
    });
    table.print();
    println!("  bgjobs had {threads} threads after it, at most");
}

/// A look at a prompt, with nothing new, while jobs run.
fn look() {
    const LOOKS: usize = 10_000;
    let gate = Arc::new(RwLock::new(()));
    let shut = gate.write().expect("nobody panics with it");
    let mut prompts = [10_000, 100, 0].map(|wanted| Prompt::new(wanted, &gate));
    // What one look costs, whatever runs.
    let goals = [None, None, Some(1.2)];
    let mut table = Table::new(
        "a look at a prompt with nothing new",
        prompts.iter().zip(goals).map(|(prompt, goal)| Row::new(prompt.title(), goal)),
    );
    for _ in 0..50 {
        for (i, prompt) in prompts.iter_mut().enumerate() {
            let started = Instant::now();
            for _ in 0..LOOKS {
                assert!(black_box(prompt.notices.report()).is_empty(), "no job has ended");
            }
            table.add(i, started.elapsed(), LOOKS);
        }
    }
    drop(shut);
    table.print();
}

/// A reader of notices, and its manager with jobs that wait for a gate.
struct Prompt {
    jobs: JobManager,
    notices: Notices,
}

impl Prompt {
    fn new(wanted: usize, gate: &Arc<RwLock<()>>) -> Self {
        let jobs = JobManager::new();
        let notices = jobs.notices();
        for _ in 0..wanted {
            let gate = Arc::clone(gate);
            // A machine may have fewer threads than that; the line then says how many run.
            if jobs.spawn("waits", move || drop(gate.read())).is_err() {
                break;
            }
        }
        // Each must have come to the gate, or its start would be in the figures.
        thread::sleep(Duration::from_millis(50));
        Self { jobs, notices }
    }

    fn title(&self) -> String {
        format!("{} running", self.jobs.running().len())
    }
}

/// What stays in memory of a job that has ended and is kept.
fn memory() {
    println!("\nmemory of an ended job whose result is kept (each in a process of its own)");
    for (peer, kept) in
        [("bgjobs", "in the manager's lists"), ("std", "its `JoinHandle`"), ("tokio", "its `JoinHandle`")]
    {
        match memory::ask(peer) {
            Some(bytes) => println!("  {peer:24} {bytes:>8.0} B   {kept}"),
            None => println!("  {peer:24} this system does not say"),
        }
    }
}
