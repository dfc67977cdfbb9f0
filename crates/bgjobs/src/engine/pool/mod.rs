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
//! # The races
//!
//! *A worker leaves while a task comes.* Both count one free worker less, in one step: either the admission is first, and
//! then the worker may not leave, or the worker is gone, and the admission asks for a thread.
//!
//! *A worker gets busy again while a task comes.* As before, but it is not asked: it goes, and if that leaves a task without a
//! worker, a thread is owed.
//!
//! *The last searcher falls asleep while a task comes.* The task is admitted (1), the searcher finds the queue empty and
//! joins the sleepers (2), the task is pushed (3): the push finds nobody searching and names the sleeper.

pub(crate) mod hosted;
pub(crate) mod policy;
pub(crate) mod workers;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    engine::pool::policy::{Admission, Counts, Growth},
    system::{
        spin::spin,
        sync::{AtomicIsize, AtomicUsize, Mutex, Ordering, Parker, deadline_after, lock},
    },
};

/// A queue of tasks of type `T` and the workers that take them.
pub(crate) struct Pool<T> {
    growth: Growth,
    /// How many idle workers are promised to no task; below zero as many tasks are queued for which no thread could be had.
    ///
    /// It is changed without the lock, so that most admissions and ends of tasks do without; but only with the lock does it
    /// fall below zero, so that each thread that is owed is made once.
    free: AtomicIsize,
    /// How many idle workers will look at the queue before they sleep.
    ///
    /// Without the lock it only grows: whoever reads too little there wakes one worker too many.
    searching: AtomicUsize,
    /// Guards the queue, the sleepers and what is decided by them; held for some ten nanoseconds, never while anything of a caller's runs.
    inner: Mutex<Inner<T>>,
    /// The length of the queue as searchers see it without the lock.
    queued: AtomicUsize,
}

struct Inner<T> {
    /// Workers that exist or are being made.
    live: usize,
    /// Workers that are being made, and may be refused.
    making: usize,
    queue: VecDeque<T>,
    /// Idle workers that do not search, the newest last.
    sleepers: VecDeque<Arc<Parker>>,
    /// What [`policy::patience_after`] has come to.
    patience: i32,
    closed: bool,
}

/// How many workers are free in a pool that is closed: whatever else is counted, none.
const NONE_FREE: isize = isize::MIN / 2;

/// What a worker does next.
enum Next<T> {
    /// Run this, and bring that worker to the queue.
    Run(T, Call),
    /// Look whether something is queued for a while, then come back.
    Search,
    /// Sleep until woken, or come to [`Pool::leave`] when nothing came for long.
    Sleep,
    /// End.
    Leave,
}

/// The worker that is brought to the queue.
pub(crate) enum Call {
    Nobody,
    /// A sleeper, to be woken.
    Sleeper(Arc<Parker>),
    /// A thread to be made; the counts hold it.
    NewThread,
}

impl Call {
    /// The sleeper, which is all that a pool calls that grows ahead.
    fn sleeper(self) -> Option<Arc<Parker>> {
        if let Self::Sleeper(sleeper) = self { Some(sleeper) } else { None }
    }
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
    pub(crate) fn new(growth: Growth) -> Self {
        let inner =
            Inner { live: 0, making: 0, queue: VecDeque::new(), sleepers: VecDeque::new(), patience: 0, closed: false };
        Self {
            growth,
            free: AtomicIsize::new(0),
            searching: AtomicUsize::new(0),
            inner: Mutex::new(inner),
            queued: AtomicUsize::new(0),
        }
    }

    /// Finds a worker for a task that comes with the next [`push`](Self::push).
    ///
    /// After [`Admission::Grow`] the caller makes a thread, whose first call is [`take`](Self::take), and calls
    /// [`made`](Self::made), or [`refused`](Self::refused) if it can't; after [`Admission::Yield`] it asks again with
    /// one more in `tries`; after [`Admission::Wake`] it wakes [`call_sleeper`](Self::call_sleeper) and asks anew.
    pub(crate) fn admit(&self, tries: u32) -> Result<Admission, Closed> {
        // Who has yielded before is not so quick: the patience learns from it.
        if tries == 0 && self.take_free() {
            return Ok(Admission::Ready);
        }
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(Closed);
        }
        let admission =
            if self.take_free() { Admission::Ready } else { policy::admit(inner.counts(), tries, inner.patience) };
        inner.patience = policy::patience_after(inner.patience, tries, admission);
        if admission == Admission::Grow {
            // It is promised to the task.
            self.add_worker(&mut inner);
        }
        Ok(admission)
    }

    /// Promises a free worker to a task, or lets it leave, if there is one.
    fn take_free(&self) -> bool {
        self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, policy::one_less).is_ok()
    }

    /// Counts a worker as free, or no more; whether tasks are queued then for which a thread is owed.
    fn change_free(&self, by: isize) -> bool {
        policy::owes_growth(self.free.fetch_add(by, Ordering::AcqRel) + by)
    }

    /// Notes that a thread was made; true if another should be, for a task that was refused one: the counts hold it.
    pub(crate) fn made(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.making -= 1;
        self.growth == Growth::Ahead && self.owe_worker(&mut inner)
    }

    /// Takes back a thread that could not be made, for a submitter whose task is not pushed yet.
    ///
    /// The second part is the sleeper to wake, because the thread counted as a searcher until now.
    pub(crate) fn refused(&self) -> (Refused, Option<Arc<Parker>>) {
        let mut inner = lock(&self.inner);
        inner.making -= 1;
        let refused = if !self.remove_worker(&mut inner) {
            Refused::Ready
        } else if policy::may_queue(inner.counts()) {
            Refused::Queue
        } else {
            self.change_free(1);
            Refused::Fail
        };
        (refused, self.call_searcher(&mut inner))
    }

    /// The sleeper to wake so that one more worker takes from the queue.
    pub(crate) fn call_sleeper(&self) -> Option<Arc<Parker>> {
        self.wake_sleeper(&mut lock(&self.inner))
    }

    /// Takes back an admission, for a submitter that has no task after all.
    pub(crate) fn retract(&self) {
        self.change_free(1);
    }

    /// Queues an admitted task; returns the sleeper to wake, or the task if the pool was closed meanwhile.
    pub(crate) fn push(&self, task: T) -> Result<Call, T> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(task);
        }
        if self.growth == Growth::OneByOne {
            // Ahead of its tasks a pool has counted it at its admission.
            self.change_free(-1);
        }
        inner.queue.push_back(task);
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        Ok(self.call_worker(&mut inner))
    }

    /// The next task for a worker that is idle and searching, and sleeps at `me` until there is one.
    ///
    /// None if none came for `idle`, or if the pool is closed and empty: then the worker ends.
    pub(crate) fn wait_for_task(&self, me: &Arc<Parker>, idle: Duration) -> Option<(T, Call)> {
        let mut has_searched = false;
        loop {
            match self.take(me, has_searched) {
                Next::Run(task, call) => return Some((task, call)),
                Next::Search => {
                    spin(|| self.queued.load(Ordering::Relaxed) > 0);
                    has_searched = true;
                }
                Next::Sleep => {
                    while !me.park(deadline_after(Some(idle))) {
                        if self.leave(me) {
                            return None;
                        }
                    }
                    has_searched = false;
                }
                Next::Leave => return None,
            }
        }
    }

    /// Takes the next task for a worker that is idle and searching; `me` is where it will sleep.
    fn take(&self, me: &Arc<Parker>, has_searched: bool) -> Next<T> {
        let mut inner = lock(&self.inner);
        if let Some((task, call)) = self.take_queued(&mut inner) {
            return Next::Run(task, call);
        }
        if inner.closed {
            self.remove_worker(&mut inner);
            return Next::Leave;
        }
        if policy::may_search(self.searching.load(Ordering::Relaxed), has_searched) {
            return Next::Search;
        }
        self.searching.fetch_sub(1, Ordering::Relaxed);
        inner.sleepers.push_back(Arc::clone(me));
        Next::Sleep
    }

    /// Lets the sleeper `me` end, if nobody has woken it and no task is promised to it.
    fn leave(&self, me: &Arc<Parker>) -> bool {
        let mut inner = lock(&self.inner);
        let index = inner.sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, me));
        let Some(index) = index.filter(|_| self.take_free()) else { return false };
        inner.sleepers.remove(index);
        inner.live -= 1;
        true
    }

    /// Makes a busy worker idle, before its result is told; it comes to [`take`](Self::take) next.
    ///
    /// True if a thread should be made for a task that was refused one; the counts hold it.
    pub(crate) fn finish(&self) -> bool {
        self.searching.fetch_add(1, Ordering::Relaxed);
        self.change_free(1) && self.growth == Growth::Ahead && self.owe_worker(&mut lock(&self.inner))
    }

    /// Makes a worker busy again that was idle and searching; returns whether a thread should be made in its place, which
    /// the counts hold, and the sleeper to wake in its place.
    pub(crate) fn resume(&self) -> (bool, Option<Arc<Parker>>) {
        let mut inner = lock(&self.inner);
        self.searching.fetch_sub(1, Ordering::Relaxed);
        let grows = self.change_free(-1) && self.owe_worker(&mut inner);
        (grows, self.call_searcher(&mut inner))
    }

    /// Takes back a thread that could not be made for a task that is queued; returns the sleeper to wake, because the thread
    /// counted as a searcher until now.
    pub(crate) fn refused_again(&self) -> Option<Arc<Parker>> {
        let mut inner = lock(&self.inner);
        inner.making -= 1;
        self.remove_worker(&mut inner);
        self.call_searcher(&mut inner)
    }

    /// How many workers live.
    pub(crate) fn live(&self) -> usize {
        lock(&self.inner).live
    }

    /// Admits nothing more; returns what was queued and never ran, and the sleepers to wake so that they end.
    pub(crate) fn close(&self) -> (VecDeque<T>, VecDeque<Arc<Parker>>) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        let mut tasks = VecDeque::new();
        if self.growth == Growth::Ahead {
            self.free.store(NONE_FREE, Ordering::Release);
            self.queued.store(0, Ordering::Relaxed);
            tasks = std::mem::take(&mut inner.queue);
        }
        let sleepers = std::mem::take(&mut inner.sleepers);
        self.searching.fetch_add(sleepers.len(), Ordering::Relaxed);
        (tasks, sleepers)
    }
}

/// With the lock held.
impl<T> Pool<T> {
    /// Takes the next task, if there is one, for a worker that is idle and searching.
    fn take_queued(&self, inner: &mut Inner<T>) -> Option<(T, Call)> {
        let task = self.pop(inner)?;
        self.searching.fetch_sub(1, Ordering::Relaxed);
        Some((task, self.call_worker(inner)))
    }

    fn pop(&self, inner: &mut Inner<T>) -> Option<T> {
        let task = inner.queue.pop_front()?;
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        Some(task)
    }

    /// Counts a worker that is being made: it will look at the queue first.
    fn add_worker(&self, inner: &mut Inner<T>) {
        inner.live += 1;
        inner.making += 1;
        self.searching.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a worker no more that was idle and searching; whether a thread is owed then.
    fn remove_worker(&self, inner: &mut Inner<T>) -> bool {
        inner.live -= 1;
        self.searching.fetch_sub(1, Ordering::Relaxed);
        self.change_free(-1)
    }

    /// Counts a worker that must be made for a task that was refused one, if there is such a task.
    fn owe_worker(&self, inner: &mut Inner<T>) -> bool {
        let owes = policy::owes_growth(self.free.load(Ordering::Acquire)) && self.is_run(inner);
        if owes {
            self.add_worker(inner);
            self.change_free(1);
        }
        owes
    }

    /// The worker that must come so that the queue is taken from.
    fn call_worker(&self, inner: &mut Inner<T>) -> Call {
        match self.call_searcher(inner) {
            Some(sleeper) => Call::Sleeper(sleeper),
            None if self.growth == Growth::OneByOne && self.searching() == 0 && self.owe_worker(inner) => {
                Call::NewThread
            }
            None => Call::Nobody,
        }
    }

    /// The sleeper that must be woken so that the queue is taken from.
    fn call_searcher(&self, inner: &mut Inner<T>) -> Option<Arc<Parker>> {
        if !self.growth.needs_searcher(self.searching(), inner.queue.len()) {
            return None;
        }
        self.wake_sleeper(inner)
    }

    fn searching(&self) -> usize {
        self.searching.load(Ordering::Relaxed)
    }

    /// Whether what is queued still runs.
    fn is_run(&self, inner: &Inner<T>) -> bool {
        self.growth == Growth::OneByOne || !inner.closed
    }

    fn wake_sleeper(&self, inner: &mut Inner<T>) -> Option<Arc<Parker>> {
        let sleeper = if policy::wakes_newest(inner.sleepers.len()) {
            inner.sleepers.pop_back()
        } else {
            inner.sleepers.pop_front()
        }?;
        self.searching.fetch_add(1, Ordering::Relaxed);
        Some(sleeper)
    }
}

impl<T> Inner<T> {
    fn counts(&self) -> Counts {
        Counts { live: self.live, making: self.making, queued: self.queue.len(), sleeping: self.sleepers.len() }
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    /// A pool with two workers that run the tasks 1 and 2.
    fn two_busy_workers() -> (Pool<u32>, Arc<Parker>, Arc<Parker>) {
        let (pool, me, other) = (Pool::new(Growth::Ahead), Parker::new(), Parker::new());
        for task in [1, 2] {
            assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), false));
            assert!(pool.push(task).is_ok());
        }
        assert!(matches!(pool.take(&me, false), Next::Run(1, Call::Nobody)));
        assert!(matches!(pool.take(&other, false), Next::Run(2, Call::Nobody)));
        (pool, me, other)
    }

    #[test]
    fn two_submitters_that_are_both_refused_leave_no_task_behind() {
        let pool = Pool::<()>::new(Growth::Ahead);
        assert_eq!([pool.admit(0), pool.admit(0)], [Ok(Admission::Grow), Ok(Admission::Grow)]);
        // The thread that the other is making is no worker to wait for.
        assert_eq!([pool.refused().0, pool.refused().0], [Refused::Fail, Refused::Fail]);
        assert_eq!(lock(&pool.inner).counts(), Counts::default());
        assert_eq!(pool.free.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_refused_task_queues_behind_a_worker_and_growth_is_tried_again() {
        let (pool, me) = (Pool::new(Growth::Ahead), Parker::new());
        assert_eq!(pool.admit(0), Ok(Admission::Grow));
        assert!(!pool.made());
        assert!(pool.push(1).is_ok());
        assert!(matches!(pool.take(&me, false), Next::Run(1, Call::Nobody)));

        assert_eq!((pool.admit(0), pool.refused().0), (Ok(Admission::Grow), Refused::Queue));
        assert!(pool.push(2).is_ok());
        // The next submitter gets a thread, and is told that one more is owed.
        assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), true));
        assert!(pool.refused_again().is_none());
        assert!(matches!(pool.take(&me, false), Next::Run(2, Call::Nobody)));
    }

    #[test]
    fn a_thread_refused_in_the_place_of_a_searcher_leaves_no_task_to_a_sleeper() {
        let (pool, me, other) = two_busy_workers();
        for task in [3, 4] {
            assert_eq!((pool.admit(0), pool.refused().0), (Ok(Admission::Grow), Refused::Queue));
            assert!(pool.push(task).is_ok());
        }
        // One is done and owes a thread, which counts as a searcher while it is being made.
        assert!(pool.finish());
        assert!(matches!(pool.take(&me, false), Next::Run(3, Call::Nobody)));
        assert!(!pool.finish());
        assert!(matches!(pool.take(&other, false), Next::Run(4, Call::Nobody)));
        assert!(!pool.finish());
        assert!(matches!(pool.take(&other, true), Next::Sleep));
        assert_eq!(pool.admit(0), Ok(Admission::Ready));
        assert!(pool.push(5).is_ok_and(|call| matches!(call, Call::Nobody)));
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
        assert!(pool.push(3).is_ok_and(|call| matches!(call, Call::Nobody)));
        let (grows, sleeper) = pool.resume();
        assert!(!grows);
        assert!(sleeper.is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &other)));

        // With nobody else to take it, a thread is made.
        assert!(matches!(pool.take(&other, false), Next::Run(3, Call::Nobody)));
        assert!(!pool.finish());
        assert_eq!(pool.admit(0), Ok(Admission::Ready));
        assert!(pool.push(4).is_ok());
        assert!(matches!(pool.resume(), (true, None)));
    }

    #[test]
    fn a_submitter_that_fails_leaves_no_task_to_a_sleeper() {
        let (pool, me, other) = (Pool::new(Growth::Ahead), Parker::new(), Parker::new());
        assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), false));
        assert!(pool.push(1).is_ok());
        assert!(matches!(pool.take(&me, false), Next::Run(1, Call::Nobody)));
        assert_eq!((pool.admit(0), pool.refused().0), (Ok(Admission::Grow), Refused::Queue));
        assert!(pool.push(2).is_ok());
        // The next submitter is told to make one more, which begins before that is noted.
        assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), true));
        assert!(pool.push(3).is_ok());
        assert!(matches!(pool.take(&other, false), Next::Run(2, Call::Nobody)));
        let third = Parker::new();
        assert!(matches!(pool.take(&third, false), Next::Run(3, Call::Nobody)));
        // All are done; two have left, and the third sleeps.
        for parker in [&me, &other, &third] {
            assert!(!pool.finish());
            assert!(matches!(pool.take(parker, true), Next::Sleep));
        }
        assert!(pool.leave(&me) && pool.leave(&other));

        // It is promised to a task that is pushed while a thread for another is made, and refused.
        assert_eq!([pool.admit(0), pool.admit(0)], [Ok(Admission::Ready), Ok(Admission::Grow)]);
        assert!(pool.push(4).is_ok_and(|call| matches!(call, Call::Nobody)));
        let (refused, sleeper) = pool.refused();
        assert_eq!(refused, Refused::Fail);
        assert!(sleeper.is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &third)));
    }

    #[test]
    fn a_closed_pool_admits_nothing_whoever_is_done_meanwhile() {
        let (pool, ..) = two_busy_workers();
        pool.close();
        assert!(!pool.finish());
        pool.retract();
        assert_eq!(pool.admit(0), Err(Closed));
    }
}
