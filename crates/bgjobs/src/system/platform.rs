//! What only the operating system knows: the time, the thread budget, and how much processor time a thread has used.
//!
//! Knows nothing of jobs.
//! A question that the system can't answer returns `None`, and nothing depends on the answer.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many threads are created before the system's limit is checked.
const UNCHECKED: usize = 64;

/// How many memory mappings a thread of the standard library needs: its stack, its signal handler's stack, and a guard
/// page for each.
const MAPPINGS: usize = 4;

/// How many mappings are reserved for the rest of the process.
const RESERVE: usize = 4_096;

/// How long a refusal holds, because counting many mappings takes milliseconds.
const REFUSAL: Duration = Duration::from_millis(20);

/// The thread budget of the process, which all managers share.
static THREADS: Mutex<Threads> = Mutex::new(Threads { live: 0, allowance: UNCHECKED, refused: None });

struct Threads {
    live: usize,
    /// How many threads may live before the limit must be checked again.
    allowance: usize,
    refused: Option<Instant>,
}

/// One thread's share of the thread budget, which the system's limit on memory mappings sets.
///
/// Starting a thread without mappings left aborts the process, so growth must end before that.
pub(crate) struct ThreadPermit {
    /// Whether no other was held when it was taken.
    is_first: bool,
}

impl ThreadPermit {
    /// Takes a permit for a thread that is about to be created.
    pub(crate) fn take() -> io::Result<Self> {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.live >= threads.allowance && threads.refused.is_none_or(|at| at.elapsed() >= REFUSAL) {
            // Only part of what fits, because other code creates mappings meanwhile.
            let more = free_mappings().map_or(usize::MAX, |free| free.saturating_sub(RESERVE) / MAPPINGS / 4 * 3);
            threads.allowance = threads.live.saturating_add(more);
            threads.refused = (more == 0).then(Instant::now);
        }
        if threads.live >= threads.allowance {
            let live = threads.live;
            let text = format!("{live} threads are running jobs, and no memory mappings are left for another");
            return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
        }
        threads.live += 1;
        Ok(Self { is_first: threads.live == 1 })
    }

    /// Whether no other was held when it was taken.
    pub(crate) fn is_first(&self) -> bool {
        self.is_first
    }
}

impl Drop for ThreadPermit {
    fn drop(&mut self) {
        THREADS.lock().unwrap_or_else(PoisonError::into_inner).live -= 1;
    }
}

/// How many more memory mappings the process may create.
fn free_mappings() -> Option<usize> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let limit: usize = fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()?;
    let used = BufReader::new(File::open("/proc/self/maps").ok()?).split(b'\n').count();
    Some(limit.saturating_sub(used))
}

#[cfg(target_os = "linux")]
mod clock {
    use nix::time::{ClockId, clock_gettime};

    /// Nanoseconds since some moment before the process began.
    ///
    /// It reads the clock behind [`Instant`](std::time::Instant), but skips the conversions.
    pub(crate) fn monotonic() -> u64 {
        read(ClockId::CLOCK_MONOTONIC).expect("every Linux has this clock")
    }

    fn read(clock: ClockId) -> Option<u64> {
        let time = clock_gettime(clock).ok()?;
        Some(time.tv_sec().cast_unsigned() * 1_000_000_000 + time.tv_nsec().cast_unsigned())
    }

    /// The system's ID of the calling thread.
    pub(crate) fn thread_id() -> u32 {
        nix::unistd::gettid().as_raw().cast_unsigned()
    }

    /// The processor time that a thread of this process has used, in nanoseconds; `None` once the thread is gone.
    pub(crate) fn cpu_time(thread: u32) -> Option<u64> {
        /// The bits that tell Linux a clock is a thread's rather than a process's.
        const THREAD_CLOCK: i32 = 6;
        read(ClockId::from_raw((!thread.cast_signed() << 3) | THREAD_CLOCK))
    }

    /// The processor time that the calling thread has used, in nanoseconds.
    pub(crate) fn own_cpu_time() -> Option<u64> {
        read(ClockId::CLOCK_THREAD_CPUTIME_ID)
    }
}

#[cfg(not(target_os = "linux"))]
mod clock {
    use std::{sync::LazyLock, time::Instant};

    pub(crate) fn monotonic() -> u64 {
        static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
        super::nanos(EPOCH.elapsed())
    }

    pub(crate) fn thread_id() -> u32 {
        0
    }

    pub(crate) fn cpu_time(_thread: u32) -> Option<u64> {
        None
    }

    pub(crate) fn own_cpu_time() -> Option<u64> {
        None
    }
}

pub(crate) use clock::{cpu_time, monotonic, own_cpu_time, thread_id};

/// Converts a duration to the nanoseconds that records hold; a longer one becomes the maximum.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
