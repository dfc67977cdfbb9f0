//! Who takes which task next: the queue, the workers that sleep, and the counts that decide.
//!
//! Knows nothing of jobs, and makes no thread: every call returns what is to be done (wake this sleeper, make a
//! thread), and the caller does it.
//! It calls nobody back, and can be replaced whole.
//!
//! # Guarantees
//!
//! 1. A task waits for the scheduler only, never for another task: the queue holds no more tasks than there are idle
//!    workers, unless the system refused a thread (then the task waits for the next worker that is done).
//! 2. While the queue holds a task, a worker is about to look at it: the last searcher to take a task names a sleeper
//!    to be woken if more are queued.
//! 3. A worker is idle before its result is told ([`Pool::finish`]), so that whoever reacts to the result finds it free;
//!    if it has to run anything of the user's after that, it is busy again first ([`Pool::resume`]).
//! 4. The newest sleeper is woken first, so that the others time out under a light load; all leave when nothing comes.
//!
//! # The two races
//!
//! *A worker leaves while a task comes.* Both hold the lock: either the admission sees the worker idle, and
//! then the worker may not leave, or the worker is gone, and the admission asks for a thread.
//!
//! *The last searcher falls asleep while a task comes.* The task is admitted (1), the searcher finds the queue empty and
//! joins the sleepers (2), the task is pushed (3): the push finds nobody searching and names the sleeper.

pub(crate) mod policy;
pub(crate) mod workers;

use std::{collections::VecDeque, sync::Arc};

use crate::{
    pool::policy::{Admission, Counts},
    sync::{AtomicUsize, Mutex, Ordering, Parker, lock},
};

/// A queue of tasks of type `T` and the workers that take them.
pub(crate) struct Pool<T> {
    /// Guards the counts and the queue; held for some ten nanoseconds, never while anything of a caller's runs.
    inner: Mutex<Inner<T>>,
    /// The length of the queue as searchers see it without the lock.
    queued: AtomicUsize,
}

struct Inner<T> {
    counts: Counts,
    queue: VecDeque<T>,
    /// Idle workers that do not search, the newest last.
    sleepers: VecDeque<Arc<Parker>>,
    /// How many yields a braked submitter is worth now.
    patience: u32,
    closed: bool,
}

/// What a worker does next.
pub(crate) enum Next<T> {
    /// Wake that sleeper, if any, and run this.
    Run(T, Option<Arc<Parker>>),
    /// Look at [`Pool::has_tasks`] for a while, then come back.
    Search,
    /// Sleep until woken, or come to [`Pool::leave`] when nothing came for long.
    Sleep,
    /// End.
    Leave,
}

/// What a submitter does whose thread was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A worker has become free: go on.
    Ready,
    /// Push the task all the same: a worker that lives will take it.
    Queue,
    /// No worker lives: the task is not admitted.
    Fail,
}

/// The pool is closed: nothing is admitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            counts: Counts::default(),
            queue: VecDeque::new(),
            sleepers: VecDeque::new(),
            patience: 1,
            closed: false,
        };
        Self { inner: Mutex::new(inner), queued: AtomicUsize::new(0) }
    }

    /// Finds a worker for a task that comes with the next [`push`](Self::push).
    ///
    /// After [`Admission::Grow`] the caller makes a thread, whose first call is [`take`](Self::take), and calls
    /// [`made`](Self::made), or [`refused`](Self::refused) if it can't; after [`Admission::Yield`] it asks again with
    /// one more in `tries`; after [`Admission::Wake`] it wakes [`call_sleeper`](Self::call_sleeper) and asks anew.
    pub(crate) fn admit(&self, tries: u32) -> Result<Admission, Closed> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(Closed);
        }
        let admission = policy::admit(inner.counts, tries, inner.patience);
        inner.patience = policy::patience_after(inner.patience, tries, admission);
        match admission {
            Admission::Ready => inner.counts.promised += 1,
            Admission::Grow => {
                inner.counts.promised += 1;
                inner.add_worker();
            }
            Admission::Yield | Admission::Wake => {}
        }
        Ok(admission)
    }

    /// Notes that a thread was made; true if another should be, for a task that was refused one: the counts hold it.
    pub(crate) fn made(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.counts.making -= 1;
        inner.owe_worker()
    }

    /// Takes back a thread that could not be made, for a submitter whose task is not pushed yet.
    pub(crate) fn refused(&self) -> Refused {
        let mut inner = lock(&self.inner);
        inner.counts.making -= 1;
        inner.remove_worker();
        if !policy::owes_growth(inner.counts) {
            Refused::Ready
        } else if policy::may_queue(inner.counts) {
            Refused::Queue
        } else {
            inner.counts.promised -= 1;
            Refused::Fail
        }
    }

    /// The sleeper to wake so that one more worker takes from the queue.
    pub(crate) fn call_sleeper(&self) -> Option<Arc<Parker>> {
        lock(&self.inner).call_sleeper()
    }

    /// Takes back an admission, for a submitter that has no task after all.
    pub(crate) fn retract(&self) {
        lock(&self.inner).counts.promised -= 1;
    }

    /// Queues an admitted task; returns the sleeper to wake, or the task if the pool was closed meanwhile.
    pub(crate) fn push(&self, task: T) -> Result<Option<Arc<Parker>>, T> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            inner.counts.promised -= 1;
            return Err(task);
        }
        inner.queue.push_back(task);
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        Ok(inner.call_searcher())
    }

    /// Takes the next task for a worker that is idle and searching; `me` is where it will sleep.
    pub(crate) fn take(&self, me: &Arc<Parker>, has_searched: bool) -> Next<T> {
        let mut inner = lock(&self.inner);
        if let Some(task) = inner.queue.pop_front() {
            self.queued.store(inner.queue.len(), Ordering::Relaxed);
            inner.counts.promised -= 1;
            inner.counts.idle -= 1;
            inner.counts.searching -= 1;
            return Next::Run(task, inner.call_searcher());
        }
        if inner.closed {
            inner.remove_worker();
            return Next::Leave;
        }
        if policy::may_search(inner.counts, has_searched) {
            return Next::Search;
        }
        inner.counts.searching -= 1;
        inner.sleepers.push_back(Arc::clone(me));
        Next::Sleep
    }

    /// Lets the sleeper `me` end, if nobody has woken it and no task is promised to it.
    pub(crate) fn leave(&self, me: &Arc<Parker>) -> bool {
        let mut inner = lock(&self.inner);
        let place = inner.sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, me));
        let Some(place) = place.filter(|_| policy::may_leave(inner.counts)) else { return false };
        inner.sleepers.remove(place);
        inner.counts.idle -= 1;
        inner.counts.live -= 1;
        true
    }

    /// Makes a busy worker idle, before its result is told; it comes to [`take`](Self::take) next.
    ///
    /// True if a thread should be made for a task that was refused one; the counts hold it.
    pub(crate) fn finish(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.counts.idle += 1;
        inner.counts.searching += 1;
        inner.owe_worker()
    }

    /// Makes a worker busy again that was idle and searching; returns whether a thread should be made in its place, which
    /// the counts hold, and the sleeper to wake in its place.
    pub(crate) fn resume(&self) -> (bool, Option<Arc<Parker>>) {
        let mut inner = lock(&self.inner);
        inner.counts.idle -= 1;
        inner.counts.searching -= 1;
        let grows = inner.owe_worker();
        (grows, inner.call_searcher())
    }

    /// Takes back a thread that could not be made for a task that is queued; returns the sleeper to wake, because the thread
    /// counted as a searcher until now.
    pub(crate) fn refused_again(&self) -> Option<Arc<Parker>> {
        let mut inner = lock(&self.inner);
        inner.counts.making -= 1;
        inner.remove_worker();
        inner.call_searcher()
    }

    /// Whether a searcher may find a task.
    pub(crate) fn has_tasks(&self) -> bool {
        self.queued.load(Ordering::Relaxed) > 0
    }

    /// How many workers live.
    pub(crate) fn live(&self) -> usize {
        lock(&self.inner).counts.live
    }

    /// Admits nothing more; returns what was queued and never ran, and the sleepers to wake so that they end.
    pub(crate) fn close(&self) -> (VecDeque<T>, VecDeque<Arc<Parker>>) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        self.queued.store(0, Ordering::Relaxed);
        let tasks = std::mem::take(&mut inner.queue);
        inner.counts.promised -= tasks.len();
        let sleepers = std::mem::take(&mut inner.sleepers);
        inner.counts.searching += sleepers.len();
        (tasks, sleepers)
    }
}

impl<T> Inner<T> {
    /// Counts a worker that is being made: it will look at the queue first.
    fn add_worker(&mut self) {
        self.counts.live += 1;
        self.counts.making += 1;
        self.counts.idle += 1;
        self.counts.searching += 1;
    }

    /// Counts a worker that must be made for a task that was refused one, if there is such a task.
    fn owe_worker(&mut self) -> bool {
        let owes = policy::owes_growth(self.counts) && !self.closed;
        if owes {
            self.add_worker();
        }
        owes
    }

    fn remove_worker(&mut self) {
        self.counts.live -= 1;
        self.counts.idle -= 1;
        self.counts.searching -= 1;
    }

    /// The sleeper that must be woken so that somebody takes from the queue.
    fn call_searcher(&mut self) -> Option<Arc<Parker>> {
        if !policy::needs_searcher(self.counts, self.queue.len()) {
            return None;
        }
        self.call_sleeper()
    }

    fn call_sleeper(&mut self) -> Option<Arc<Parker>> {
        let sleeper = if policy::wakes_newest(self.sleepers.len()) {
            self.sleepers.pop_back()
        } else {
            self.sleepers.pop_front()
        }?;
        self.counts.searching += 1;
        Some(sleeper)
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    /// A pool with two workers that run the tasks 1 and 2.
    fn two_busy_workers() -> (Pool<u32>, Arc<Parker>, Arc<Parker>) {
        let (pool, me, other) = (Pool::new(), Parker::new(), Parker::new());
        for task in [1, 2] {
            assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), false));
            assert!(pool.push(task).is_ok());
        }
        assert!(matches!(pool.take(&me, false), Next::Run(1, None)));
        assert!(matches!(pool.take(&other, false), Next::Run(2, None)));
        (pool, me, other)
    }

    #[test]
    fn two_submitters_that_are_both_refused_leave_no_task_behind() {
        let pool = Pool::<()>::new();
        assert_eq!([pool.admit(0), pool.admit(0)], [Ok(Admission::Grow), Ok(Admission::Grow)]);
        // The thread that the other is making is no worker to wait for.
        assert_eq!([pool.refused(), pool.refused()], [Refused::Fail, Refused::Fail]);
        assert_eq!(lock(&pool.inner).counts, Counts::default());
    }

    #[test]
    fn a_refused_task_queues_behind_a_worker_and_growth_is_tried_again() {
        let (pool, me) = (Pool::new(), Parker::new());
        assert_eq!(pool.admit(0), Ok(Admission::Grow));
        assert!(!pool.made());
        assert!(pool.push(1).is_ok());
        assert!(matches!(pool.take(&me, false), Next::Run(1, None)));

        assert_eq!((pool.admit(0), pool.refused()), (Ok(Admission::Grow), Refused::Queue));
        assert!(pool.push(2).is_ok());
        // The next submitter gets a thread, and is told that one more is owed.
        assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), true));
        assert!(pool.refused_again().is_none());
        assert!(matches!(pool.take(&me, false), Next::Run(2, None)));
    }

    #[test]
    fn a_thread_refused_in_the_place_of_a_searcher_leaves_no_task_to_a_sleeper() {
        let (pool, me, other) = two_busy_workers();
        for task in [3, 4] {
            assert_eq!((pool.admit(0), pool.refused()), (Ok(Admission::Grow), Refused::Queue));
            assert!(pool.push(task).is_ok());
        }
        // One is done and owes a thread, which counts as a searcher while it is being made.
        assert!(pool.finish());
        assert!(matches!(pool.take(&me, false), Next::Run(3, None)));
        assert!(!pool.finish());
        assert!(matches!(pool.take(&other, false), Next::Run(4, None)));
        assert!(!pool.finish());
        assert!(matches!(pool.take(&other, true), Next::Sleep));
        assert_eq!(pool.admit(0), Ok(Admission::Ready));
        assert!(pool.push(5).is_ok_and(|sleeper| sleeper.is_none()));
        // The thread is refused: now nobody searches, and the sleeper must be woken.
        assert!(pool.refused_again().is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &other)));
    }

    #[test]
    fn a_worker_that_is_busy_again_leaves_its_task_to_another() {
        let (pool, _, other) = two_busy_workers();
        assert!(!pool.finish());
        assert!(matches!(pool.take(&other, true), Next::Sleep));

        // One is done, and promised to the next task, when it has to run something more.
        assert!(!pool.finish());
        assert_eq!(pool.admit(0), Ok(Admission::Ready));
        assert!(pool.push(3).is_ok_and(|sleeper| sleeper.is_none()));
        let (grows, sleeper) = pool.resume();
        assert!(!grows);
        assert!(sleeper.is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &other)));

        // With nobody else to take it, a thread is made.
        assert!(matches!(pool.take(&other, false), Next::Run(3, None)));
        assert!(!pool.finish());
        assert_eq!(pool.admit(0), Ok(Admission::Ready));
        assert!(pool.push(4).is_ok());
        assert!(matches!(pool.resume(), (true, None)));
    }
}
