//! The memory and the threads of this process.
//!
//! Does not know what runs in it.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// The resident memory in bytes, or `None` if the system does not report it.
pub(crate) fn resident() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The number of threads, or `None` if the system does not report it.
pub(crate) fn threads() -> Option<usize> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    text.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

/// Waits until at most `most` threads are left, but no longer than ten seconds.
pub(crate) fn wait_for_threads(most: usize) {
    let began = Instant::now();
    while threads().is_some_and(|live| live > most) && began.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(5));
    }
    // The kernel reclaims their memory a little later, and the next player should not pay for that.
    thread::sleep(Duration::from_millis(300));
}
