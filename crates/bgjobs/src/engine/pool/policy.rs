//! When the pool grows, searches, sleeps and shrinks: pure rules over plain counts.
//!
//! Knows nothing of threads, locks, queues or time.
//! The numbers come from measurements of floods of short jobs, thousands of blocked jobs, and light loads.

/// How many workers live before growth is braked.
///
/// Below it, a job that finds no idle worker gets a new thread at once; a flood of short jobs settles near it.
pub(crate) const FREE_GROWTH: usize = 64;

/// The most patience, as a power of two: a braked submitter yields its processor 16 times before it grows the pool.
const MOST_PATIENCE: i32 = 4;

/// The least patience: one submitter in eight yields, once; with more, thousands of blocking jobs would pay for it.
const LEAST_PATIENCE: i32 = -3;

/// With more sleepers than this, the oldest is woken first.
///
/// Waking the newest lets a light load shrink the pool, and finds warm caches; among thousands of sleepers the kernel
/// finds the oldest faster.
const MANY_SLEEPERS: usize = 256;

/// What the pool counts under its lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Workers that exist or are being made.
    pub(crate) live: usize,
    /// Workers whose threads are being made, and may be refused.
    pub(crate) making: usize,
    /// Tasks in the queue.
    pub(crate) queued: usize,
    /// Idle workers that sleep.
    pub(crate) sleeping: usize,
}

/// How a submitter goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// An idle worker is promised to the job.
    Ready,
    /// No worker is free: a thread must be made.
    Grow,
    /// No worker is free, many live, and some sleep although jobs are promised to them: wake one and ask anew.
    Wake,
    /// No worker is free, and many live: yield the processor and ask again.
    Yield,
}

/// How many workers stay free when one of `free` is promised to a job or leaves; `None` if no worker is free.
///
/// So each admitted job has a worker that is free for it, and no worker leaves while a job counts on it.
pub(crate) fn one_less(free: isize) -> Option<isize> {
    (free > 0).then(|| free - 1)
}

/// How a submitter goes on that has yielded `tries` times and found no worker free.
pub(crate) const fn admit(counts: Counts, tries: u32, patience: i32) -> Admission {
    if counts.live < FREE_GROWTH {
        Admission::Grow
    } else if tries < most_tries(counts.live, patience) {
        Admission::Yield
    } else if counts.queued > 0 && counts.sleeping > 0 {
        // The searcher was kept off the processor: waking another worker helps more than making another thread.
        Admission::Wake
    } else {
        Admission::Grow
    }
}

/// How often a submitter yields before it makes a worker beside `live` others: two to the power of the patience.
const fn most_tries(live: usize, patience: i32) -> u32 {
    if patience >= 0 { 1 << patience } else { live.is_multiple_of(1 << -patience) as u32 }
}

/// The patience after an admission that took `tries` yields: it grows when yielding found a worker, and shrinks when it
/// did not.
pub(crate) fn patience_after(patience: i32, tries: u32, admission: Admission) -> i32 {
    match admission {
        Admission::Ready if tries > 0 => (patience.max(-1) + 1).min(MOST_PATIENCE),
        Admission::Grow if tries > 0 => (patience - 1).max(LEAST_PATIENCE),
        _ => patience,
    }
}

/// Whether a job that was refused a thread may wait for a worker: one must live that is not itself still being made.
pub(crate) const fn may_queue(counts: Counts) -> bool {
    counts.live > counts.making
}

/// Whether the queue holds jobs that lack a worker.
pub(crate) const fn owes_growth(free: isize) -> bool {
    free < 0
}

/// Whether a worker that found the queue empty goes on searching: one searcher is enough.
pub(crate) const fn may_search(searching: usize, has_searched: bool) -> bool {
    !has_searched && searching <= 1
}

/// When a pool makes its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// Before their tasks are queued: each task is admitted only with a free worker, which is fastest where threads run
    /// in parallel.
    Ahead,
    /// One after another while tasks are queued, for submitters that keep all other threads from running meanwhile.
    OneByOne,
}

impl Growth {
    /// Whether one more worker must come, so that enough are about to take from a queue of `queued` jobs.
    ///
    /// For short jobs one is enough: it comes back for the next.
    /// When blocking jobs fill the queue, each worker takes one and calls the next; another such chain for each
    /// [`FREE_GROWTH`] queued jobs keeps every processor busy with waking. Where threads don't run in parallel, there
    /// is one chain.
    pub(crate) const fn needs_searcher(self, searching: usize, queued: usize) -> bool {
        match self {
            Self::Ahead => queued > searching * FREE_GROWTH,
            Self::OneByOne => queued > 0 && searching == 0,
        }
    }

    /// Whether a worker must be made for a queued task that lacks one.
    ///
    /// A closed pool that grows ahead runs none of its queued tasks. One by one, no worker is made while another is on its
    /// way to the queue.
    pub(crate) const fn owes_worker(self, free: isize, searching: usize, closed: bool) -> bool {
        owes_growth(free)
            && match self {
                Self::Ahead => !closed,
                Self::OneByOne => searching == 0,
            }
    }
}

/// Whether the newest of `sleeping` workers is woken, rather than the oldest.
pub(crate) const fn wakes_newest(sleeping: usize) -> bool {
    sleeping <= MANY_SLEEPERS
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    const fn counts(live: usize, queued: usize, sleeping: usize) -> Counts {
        Counts { live, making: 0, queued, sleeping }
    }

    #[test]
    fn a_worker_is_promised_or_leaves_only_while_it_is_free() {
        assert_eq!(one_less(2), Some(1));
        assert_eq!(one_less(1), Some(0));
        assert_eq!(one_less(0), None);
        assert_eq!(one_less(-1), None);
    }

    #[test]
    fn growth_is_braked_from_the_free_number_up_and_only_for_a_while() {
        let crowded = counts(FREE_GROWTH, 0, 0);
        assert_eq!(admit(crowded, 0, 1), Admission::Yield);
        assert_eq!(admit(crowded, 1, 1), Admission::Yield);
        assert_eq!(admit(crowded, 2, 1), Admission::Grow);
        assert_eq!(admit(counts(FREE_GROWTH - 1, 0, 0), 0, 1), Admission::Grow);
    }

    #[test]
    fn one_start_in_eight_yields_when_yielding_never_finds_a_worker() {
        let yields = (FREE_GROWTH..2 * FREE_GROWTH)
            .filter(|&live| admit(counts(live, 0, 0), 0, LEAST_PATIENCE) == Admission::Yield)
            .count();
        assert_eq!(yields, FREE_GROWTH / 8);
    }

    #[test]
    fn a_crowded_pool_wakes_a_sleeper_before_it_grows() {
        assert_eq!(admit(counts(FREE_GROWTH, 1, 1), 1, 0), Admission::Wake);
        assert_eq!(admit(counts(FREE_GROWTH, 1, 0), 1, 0), Admission::Grow);
        assert_eq!(admit(counts(FREE_GROWTH, 0, 1), 1, 0), Admission::Grow);
        assert_eq!(admit(counts(FREE_GROWTH - 1, 1, 1), 1, 0), Admission::Grow);
    }

    #[test]
    fn patience_follows_success_within_its_bounds() {
        assert_eq!(patience_after(2, 1, Admission::Ready), 3);
        assert_eq!(patience_after(MOST_PATIENCE, 1, Admission::Ready), MOST_PATIENCE);
        assert_eq!(patience_after(LEAST_PATIENCE, 1, Admission::Ready), 0);
        assert_eq!(patience_after(2, 1, Admission::Grow), 1);
        assert_eq!(patience_after(LEAST_PATIENCE, 1, Admission::Grow), LEAST_PATIENCE);
        assert_eq!(patience_after(2, 0, Admission::Grow), 2);
        assert_eq!(patience_after(2, 0, Admission::Ready), 2);
    }

    #[test]
    fn only_one_worker_searches_and_it_searches_once() {
        assert!(may_search(1, false));
        assert!(!may_search(2, false));
        assert!(!may_search(1, true));
    }

    #[test]
    fn a_queue_with_jobs_needs_a_searcher() {
        assert!(Growth::Ahead.needs_searcher(0, 1));
        assert!(!Growth::Ahead.needs_searcher(1, 1));
        assert!(!Growth::Ahead.needs_searcher(0, 0));
    }

    #[test]
    fn a_worker_is_owed_to_a_task_that_will_run_and_one_by_one_only_if_none_is_coming() {
        assert!(Growth::Ahead.owes_worker(-1, 1, false));
        assert!(!Growth::Ahead.owes_worker(-1, 0, true));
        assert!(!Growth::Ahead.owes_worker(0, 0, false));
        assert!(Growth::OneByOne.owes_worker(-1, 0, true));
        assert!(!Growth::OneByOne.owes_worker(-1, 1, false));
        assert!(!Growth::OneByOne.owes_worker(0, 0, false));
    }

    #[test]
    fn a_pool_that_grows_one_by_one_needs_one_searcher_however_long_its_queue() {
        assert!(Growth::OneByOne.needs_searcher(0, 1));
        assert!(!Growth::OneByOne.needs_searcher(0, 0));
        assert!(!Growth::OneByOne.needs_searcher(1, 100 * FREE_GROWTH));
    }

    #[test]
    fn a_long_queue_needs_another_searcher_for_each_free_number_of_jobs() {
        assert!(!Growth::Ahead.needs_searcher(1, FREE_GROWTH));
        assert!(Growth::Ahead.needs_searcher(1, FREE_GROWTH + 1));
        assert!(!Growth::Ahead.needs_searcher(2, FREE_GROWTH + 1));
    }

    #[test]
    fn a_refused_job_queues_only_if_a_worker_is_already_there() {
        assert!(may_queue(counts(1, 0, 0)));
        assert!(!may_queue(counts(0, 0, 0)));
        assert!(!may_queue(Counts { making: 1, ..counts(1, 0, 0) }));
    }

    #[test]
    fn threads_are_owed_while_jobs_lack_workers() {
        assert!(owes_growth(-1));
        assert!(!owes_growth(0));
    }

    #[test]
    fn the_newest_sleeper_is_woken_unless_too_many_sleep() {
        assert!(wakes_newest(1));
        assert!(wakes_newest(MANY_SLEEPERS));
        assert!(!wakes_newest(MANY_SLEEPERS + 1));
    }
}
