//! What the system says of this process.
//!
//! Knows nothing of what runs in it.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// The bytes that are in memory; none where the system does not say.
pub(crate) fn resident() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// How many threads live; none where the system does not say.
pub(crate) fn threads() -> Option<usize> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

/// Waits until no more threads live than that, for a few seconds at most.
pub(crate) fn wait_for_threads(most: usize) {
    let began = Instant::now();
    while threads().is_some_and(|live| live > most) && began.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(5));
    }
    // The kernel takes their memory back a little later, and whoever is next should not pay for that.
    thread::sleep(Duration::from_millis(300));
}
