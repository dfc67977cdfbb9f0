//! What stays in memory of each ended job, read from the system.
//!
//! Each answer comes from a process of its own, where nothing that was freed before can hide what is taken.

use std::{env, fs, hint::black_box, process::Command, thread};

use bgjobs::JobManager;

/// The first argument of a process that answers; the second is the name of the peer.
pub(crate) const ARGUMENT: &str = "--memory-of";

/// Bytes for each ended job of a peer, or `None` where the system does not say.
pub(crate) fn ask(peer: &str) -> Option<f64> {
    let output = Command::new(env::current_exe().ok()?).args([ARGUMENT, peer]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Prints the answer.
pub(crate) fn answer(peer: &str) {
    let bytes = match peer {
        "bgjobs" => {
            let manager = JobManager::new();
            growth(100_000, || {
                let job = manager.spawn("kept", || 7_u64).expect("there is a thread");
                job.wait().expect("no job waits for itself here");
            })
        }
        // An ended thread keeps its stack until it is joined, so fewer will do.
        "std" => growth(2_000, || {
            let thread = thread::spawn(|| 7_u64);
            while !thread.is_finished() {
                thread::yield_now();
            }
            thread
        }),
        "tokio" => {
            let runtime = tokio::runtime::Runtime::new().expect("there are threads");
            growth(100_000, || {
                let job = runtime.spawn_blocking(|| 7_u64);
                while !job.is_finished() {
                    thread::yield_now();
                }
                job
            })
        }
        _ => None,
    };
    if let Some(bytes) = bytes {
        println!("{bytes}");
    }
}

/// By how many bytes the process grows for each job whose handle is kept.
fn growth<T>(jobs: u32, run: impl Fn() -> T) -> Option<f64> {
    for _ in 0..1_000 {
        run();
    }
    let before = resident()?;
    let kept: Vec<T> = (0..jobs).map(|_| run()).collect();
    let after = resident()?;
    black_box(kept);
    Some((after - before) / f64::from(jobs))
}

/// The bytes of this process that are in memory.
fn resident() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}
