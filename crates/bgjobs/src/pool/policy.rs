//! When the pool grows, searches, sleeps and shrinks: pure rules over plain counts.
//!
//! Knows nothing of threads, locks, queues or time.
//! The numbers come from measurements of floods of short jobs, of thousands of blocked ones and of light loads.

/// How many workers live before growth is braked.
///
/// Below it a job that finds nobody idle gets a new thread at once; a flood of short jobs ends near it.
pub(crate) const FREE_GROWTH: usize = 64;

/// How many times a braked submitter gives its processor away, at most, before it grows the pool all the same.
const MOST_PATIENCE: u32 = 16;

/// From how many sleepers on the oldest is woken first.
///
/// Waking the newest lets a light load shrink the pool and finds its caches warm; among thousands of sleepers the
/// kernel finds the oldest faster.
const MANY_SLEEPERS: usize = 256;

/// What the pool counts; each worker is busy or idle, and an idle one searches or sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Workers that exist or are being made.
    pub(crate) live: usize,
    /// Workers that are being made, and may be refused.
    pub(crate) making: usize,
    /// Workers that run nothing.
    pub(crate) idle: usize,
    /// Idle workers that will look at the queue before they sleep.
    pub(crate) searching: usize,
    /// Jobs admitted that no worker has taken yet.
    pub(crate) promised: usize,
}

/// How a submitter goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// An idle worker is promised to the job.
    Ready,
    /// No worker is free: a thread must be made.
    Grow,
    /// No worker is free, many live, and some of them sleep though jobs are promised to them: wake one and ask anew.
    Wake,
    /// No worker is free, and many live: give the processor away and ask again.
    Yield,
}

/// How a submitter goes on that has asked `tries` times before.
///
/// The queue never holds more jobs than there are workers free to take them, so that no job waits for another.
pub(crate) const fn admit(counts: Counts, tries: u32, patience: u32) -> Admission {
    if counts.promised < counts.idle {
        Admission::Ready
    } else if counts.live >= FREE_GROWTH && tries < patience {
        Admission::Yield
    } else if counts.live >= FREE_GROWTH && counts.promised > 0 && counts.searching < counts.idle {
        // Whoever searches has been kept from the processor: another worker helps more than another thread.
        Admission::Wake
    } else {
        Admission::Grow
    }
}

/// The patience after an admission that took `tries` yields: waiting that found a worker is worth more of it.
pub(crate) fn patience_after(patience: u32, tries: u32, admission: Admission) -> u32 {
    match admission {
        Admission::Ready if tries > 0 => (patience * 2).min(MOST_PATIENCE),
        Admission::Grow if tries > 0 => (patience / 2).max(1),
        _ => patience,
    }
}

/// Whether a job that was refused a thread may wait for a worker: not for one that may be refused as well.
pub(crate) const fn may_queue(counts: Counts) -> bool {
    counts.live > counts.making
}

/// Whether jobs stand in the queue for which no thread could be had.
pub(crate) const fn owes_growth(counts: Counts) -> bool {
    counts.promised > counts.idle
}

/// Whether a worker that found nothing goes on searching: one searcher is enough.
pub(crate) const fn may_search(counts: Counts, has_searched: bool) -> bool {
    !has_searched && counts.searching <= 1
}

/// Whether a sleeper must be woken so that enough workers are about to take from the queue of `queued` jobs.
///
/// One is enough for short jobs: it comes back for the next.
/// When jobs that block fill the queue each worker takes one and wakes the next, and one more such chain for each
/// [`FREE_GROWTH`] jobs that wait keeps every processor busy with waking.
pub(crate) const fn needs_searcher(counts: Counts, queued: usize) -> bool {
    queued > counts.searching * FREE_GROWTH
}

/// Whether an idle worker may leave: not while every idle worker is promised to a job.
pub(crate) const fn may_leave(counts: Counts) -> bool {
    counts.promised < counts.idle
}

/// Whether the newest of `sleeping` workers is woken, rather than the oldest.
pub(crate) const fn wakes_newest(sleeping: usize) -> bool {
    sleeping <= MANY_SLEEPERS
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    const fn counts(live: usize, idle: usize, searching: usize, promised: usize) -> Counts {
        Counts { live, making: 0, idle, searching, promised }
    }

    #[test]
    fn a_job_is_admitted_only_when_a_worker_is_free_for_it() {
        assert_eq!(admit(counts(0, 0, 0, 0), 0, 1), Admission::Grow);
        assert_eq!(admit(counts(1, 1, 1, 0), 0, 1), Admission::Ready);
        assert_eq!(admit(counts(1, 1, 1, 1), 0, 1), Admission::Grow);
        assert_eq!(admit(counts(5, 0, 0, 0), 0, 1), Admission::Grow);
    }

    #[test]
    fn growth_is_braked_from_the_free_number_on_and_only_for_a_while() {
        let crowded = counts(FREE_GROWTH, 0, 0, 0);
        assert_eq!(admit(crowded, 0, 2), Admission::Yield);
        assert_eq!(admit(crowded, 1, 2), Admission::Yield);
        assert_eq!(admit(crowded, 2, 2), Admission::Grow);
        assert_eq!(admit(counts(FREE_GROWTH - 1, 0, 0, 0), 0, 2), Admission::Grow);
    }

    #[test]
    fn a_sleeper_is_woken_before_a_crowd_grows() {
        assert_eq!(admit(counts(FREE_GROWTH, 2, 1, 2), 2, 2), Admission::Wake);
        assert_eq!(admit(counts(FREE_GROWTH, 2, 2, 2), 2, 2), Admission::Grow);
        assert_eq!(admit(counts(FREE_GROWTH - 1, 2, 1, 2), 0, 2), Admission::Grow);
    }

    #[test]
    fn patience_follows_success_within_its_bounds() {
        assert_eq!(patience_after(4, 1, Admission::Ready), 8);
        assert_eq!(patience_after(MOST_PATIENCE, 1, Admission::Ready), MOST_PATIENCE);
        assert_eq!(patience_after(4, 1, Admission::Grow), 2);
        assert_eq!(patience_after(1, 1, Admission::Grow), 1);
        assert_eq!(patience_after(4, 0, Admission::Grow), 4);
        assert_eq!(patience_after(4, 0, Admission::Ready), 4);
    }

    #[test]
    fn one_worker_searches_and_only_once() {
        assert!(may_search(counts(2, 2, 1, 0), false));
        assert!(!may_search(counts(2, 2, 2, 0), false));
        assert!(!may_search(counts(2, 2, 1, 0), true));
    }

    #[test]
    fn a_filled_queue_has_a_searcher() {
        assert!(needs_searcher(counts(1, 1, 0, 1), 1));
        assert!(!needs_searcher(counts(1, 1, 1, 1), 1));
        assert!(!needs_searcher(counts(1, 1, 0, 0), 0));
    }

    #[test]
    fn a_long_queue_has_a_searcher_more_for_each_free_number_of_jobs() {
        assert!(!needs_searcher(counts(200, 200, 1, 200), FREE_GROWTH));
        assert!(needs_searcher(counts(200, 200, 1, 200), FREE_GROWTH + 1));
        assert!(!needs_searcher(counts(200, 200, 2, 200), FREE_GROWTH + 1));
    }

    #[test]
    fn a_promised_worker_may_not_leave() {
        assert!(may_leave(counts(1, 1, 0, 0)));
        assert!(!may_leave(counts(1, 1, 0, 1)));
        assert!(may_leave(counts(2, 2, 0, 1)));
    }

    #[test]
    fn a_job_queues_only_behind_a_worker_that_is_there() {
        assert!(may_queue(counts(1, 0, 0, 1)));
        assert!(!may_queue(counts(0, 0, 0, 1)));
        assert!(!may_queue(Counts { making: 1, ..counts(1, 1, 1, 2) }));
    }

    #[test]
    fn refused_threads_are_owed_until_workers_are_free() {
        assert!(owes_growth(counts(1, 0, 0, 1)));
        assert!(!owes_growth(counts(1, 1, 1, 1)));
    }

    #[test]
    fn the_newest_sleeper_is_woken_unless_thousands_sleep() {
        assert!(wakes_newest(1));
        assert!(wakes_newest(MANY_SLEEPERS));
        assert!(!wakes_newest(MANY_SLEEPERS + 1));
    }
}
