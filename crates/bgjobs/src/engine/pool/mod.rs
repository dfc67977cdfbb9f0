//! The pool: which worker takes which task next, decided by the queue, the sleeping workers and a few counts.
//!
//! Knows nothing of jobs, and makes no threads: each call returns what its caller must do (wake this sleeper, make a
//! thread).
//! It has no callbacks and can be replaced whole.
//!
//! A pool grows in one of two ways. With [`Growth::Ahead`] each task is admitted before it is queued: the admission
//! promises it a free worker or asks for a new thread. With [`Growth::OneByOne`] (`hosted.rs`) tasks are queued without
//! admission, and one worker at a time is called while tasks are queued.
//!
//! # Guarantees
//!
//! 1. A task waits only for the operating system to run a worker, never for another task to end. With `Ahead` the queue
//!    holds no more tasks than there are idle workers. With `OneByOne` it may hold more, but a worker that takes a task
//!    while others are queued has the next worker called first. The exception: if the system refused a thread, the task
//!    waits for the next worker that is done.
//! 2. While the queue holds a task, a worker is about to look at it: it searches, was woken or is being made. A push has
//!    a worker called if nobody searches, and so does the last searcher that takes a task while others are queued. With
//!    `Ahead` that worker is always a sleeper; with `OneByOne` it is a new thread if nobody sleeps. The exception is the
//!    same.
//! 3. A worker is idle before its result is published ([`Pool::finish`]), so code that reacts to the result finds it
//!    free; if it has to run user code after that, it is busy again first ([`Pool::resume`]).
//! 4. The newest sleeper is woken first, so that under a light load the others time out; without tasks all workers end.
//!
//! # The races
//!
//! *A worker leaves while a task comes.* Both the leaving worker and the task's admission (with `OneByOne`, its push)
//! take one free worker, in one step. Either the task is first, and the worker stays, or the worker is gone, and the
//! task asks for a thread.
//!
//! *A worker becomes busy again while a task comes.* The same, but the worker has no choice: it goes, and if that
//! leaves a task without a worker, a thread is owed.
//!
//! *The last searcher falls asleep while a task comes.* The searcher finds the queue empty and joins the sleepers
//! before the task is pushed: then the push finds nobody searching and calls the sleeper.

pub(crate) mod hosted;
pub(crate) mod policy;
#[cfg(all(test, not(bgjobs_loom)))]
mod tests;
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
    /// How many idle workers are not promised to a task; a negative count is the number of queued tasks that lack a
    /// worker.
    ///
    /// It changes without the lock, so most admissions and ends of tasks need no lock; but it falls below zero only
    /// with the lock, so that each owed thread is made once.
    free: AtomicIsize,
    /// How many idle workers will look at the queue before they sleep.
    ///
    /// Without the lock it only grows: reading too small a count wakes one worker too many.
    searching: AtomicUsize,
    /// Guards the queue, the sleepers and the decisions about them; held for some ten nanoseconds, and never while a
    /// caller's code runs.
    inner: Mutex<Inner<T>>,
    /// The length of the queue as searchers see it without the lock.
    queued: AtomicUsize,
}

struct Inner<T> {
    /// Workers that exist or are being made.
    live: usize,
    /// Workers whose threads are being made, and may be refused.
    making: usize,
    queue: VecDeque<T>,
    /// Idle workers that do not search, the newest last.
    sleepers: VecDeque<Arc<Parker>>,
    /// What [`policy::patience_after`] last returned.
    patience: i32,
    closed: bool,
}

/// The count of free workers in a closed pool: so low that no other change brings it above zero.
const NONE_FREE: isize = isize::MIN / 2;

/// What a worker does next.
enum Next<T> {
    /// Run this task, and make the call.
    Run(T, Call),
    /// Watch the queue for a short while, then come back.
    Search,
    /// Sleep until woken; after the idle timeout, try to [leave](Pool::leave).
    Sleep,
    /// End.
    Leave,
}

/// The worker that the caller must bring to the queue.
pub(crate) enum Call {
    Nobody,
    /// A sleeper, to be woken.
    Sleeper(Arc<Parker>),
    /// A thread to be made; the pool counts it already.
    NewThread,
}

impl Call {
    /// The sleeper; a pool that grows ahead never calls a new thread this way.
    fn sleeper(self) -> Option<Arc<Parker>> {
        if let Self::Sleeper(sleeper) = self { Some(sleeper) } else { None }
    }
}

/// What a submitter does when its thread was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Push the task: a worker has become free.
    Ready,
    /// Push the task: a busy worker will take it later.
    Queue,
    /// Give up: no worker lives, and the task is not admitted.
    Fail,
}

/// The pool is closed and admits nothing.
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
        // After a yield the lock is taken, so that the patience learns from the result.
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
            // It is promised to the task, so it does not count as free.
            self.add_worker(&mut inner);
        }
        Ok(admission)
    }

    /// Takes a free worker, if there is one: it is promised to a task, or leaves.
    fn take_free(&self) -> bool {
        self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, policy::one_less).is_ok()
    }

    /// Changes how many workers are free; true if tasks are then queued for which a thread is owed.
    fn change_free(&self, by: isize) -> bool {
        policy::owes_growth(self.free.fetch_add(by, Ordering::AcqRel) + by)
    }

    /// Records that a thread was made; true if the caller must make another, which is counted already, for a task that
    /// was refused one.
    pub(crate) fn made(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.making -= 1;
        self.owe_worker(&mut inner)
    }

    /// Withdraws a thread that could not be made, for a submitter whose task is not pushed yet.
    ///
    /// The second part is the sleeper to wake, because the thread has counted as a searcher.
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

    /// Withdraws an admission, for a submitter that has no task after all.
    pub(crate) fn retract(&self) {
        self.change_free(1);
    }

    /// Queues a task, which was admitted if the pool grows ahead; returns the worker to call, or the task if the pool
    /// is closed.
    pub(crate) fn push(&self, task: T) -> Result<Call, T> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(task);
        }
        if self.growth == Growth::OneByOne {
            // A pool that grows ahead has counted the task at its admission.
            self.change_free(-1);
        }
        inner.queue.push_back(task);
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        Ok(self.call_worker(&mut inner))
    }

    /// The next task for a worker that is idle and searching; the worker sleeps on `me` until there is one.
    ///
    /// `None` if none came for `idle`, or if the pool is closed and empty: then the worker ends.
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

    /// Takes the next task for a worker that is idle and searching, and would sleep on `me`.
    fn take(&self, me: &Arc<Parker>, has_searched: bool) -> Next<T> {
        let mut inner = lock(&self.inner);
        if let Some((task, call)) = self.take_queued(&mut inner) {
            return Next::Run(task, call);
        }
        if inner.closed {
            self.remove_worker(&mut inner);
            return Next::Leave;
        }
        if policy::may_search(self.searching(), has_searched) {
            return Next::Search;
        }
        self.searching.fetch_sub(1, Ordering::Relaxed);
        inner.sleepers.push_back(Arc::clone(me));
        Next::Sleep
    }

    /// Lets the sleeper `me` end, unless it was woken or a task counts on it.
    fn leave(&self, me: &Arc<Parker>) -> bool {
        let mut inner = lock(&self.inner);
        let index = inner.sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, me));
        let Some(index) = index.filter(|_| self.take_free()) else { return false };
        inner.sleepers.remove(index);
        inner.live -= 1;
        true
    }

    /// Counts a busy worker as idle, before its result is published; it calls [`take`](Self::take) next.
    ///
    /// True if the caller must make a thread, which is counted already, for a task that was refused one.
    pub(crate) fn finish(&self) -> bool {
        self.searching.fetch_add(1, Ordering::Relaxed);
        self.change_free(1) && self.owe_worker(&mut lock(&self.inner))
    }

    /// Counts a worker that was idle and searching as busy again; returns whether a thread, which is counted already,
    /// must be made in its stead, and the sleeper to wake in its stead.
    pub(crate) fn resume(&self) -> (bool, Option<Arc<Parker>>) {
        let mut inner = lock(&self.inner);
        self.searching.fetch_sub(1, Ordering::Relaxed);
        let grows = self.change_free(-1) && self.owe_worker(&mut inner);
        (grows, self.call_searcher(&mut inner))
    }

    /// Withdraws a thread that could not be made for a queued task; returns the sleeper to wake, because the thread has
    /// counted as a searcher.
    pub(crate) fn refused_again(&self) -> Option<Arc<Parker>> {
        let mut inner = lock(&self.inner);
        inner.making -= 1;
        self.remove_worker(&mut inner);
        self.call_searcher(&mut inner)
    }

    /// How many workers live or are being made.
    pub(crate) fn live(&self) -> usize {
        lock(&self.inner).live
    }

    /// Closes the pool to new tasks; returns the queued tasks, unless they still run ([`Growth::OneByOne`]), and the
    /// sleepers to wake so that they end.
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

    /// Counts a worker that is being made, as a searcher: it looks at the queue first.
    fn add_worker(&self, inner: &mut Inner<T>) {
        inner.live += 1;
        inner.making += 1;
        self.searching.fetch_add(1, Ordering::Relaxed);
    }

    /// Stops counting a worker that was idle and searching; true if a thread is then owed.
    fn remove_worker(&self, inner: &mut Inner<T>) -> bool {
        inner.live -= 1;
        self.searching.fetch_sub(1, Ordering::Relaxed);
        self.change_free(-1)
    }

    /// Counts a worker that the caller must make, if a queued task that still runs lacks one.
    fn owe_worker(&self, inner: &mut Inner<T>) -> bool {
        let owes = self.growth.owes_worker(self.free.load(Ordering::Acquire), self.searching(), inner.closed);
        if owes {
            self.add_worker(inner);
            self.change_free(1);
        }
        owes
    }

    /// The worker to call so that enough workers take from the queue.
    fn call_worker(&self, inner: &mut Inner<T>) -> Call {
        match self.call_searcher(inner) {
            Some(sleeper) => Call::Sleeper(sleeper),
            None if self.growth == Growth::OneByOne && self.owe_worker(inner) => Call::NewThread,
            None => Call::Nobody,
        }
    }

    /// The sleeper to wake so that enough workers take from the queue.
    fn call_searcher(&self, inner: &mut Inner<T>) -> Option<Arc<Parker>> {
        if !self.growth.needs_searcher(self.searching(), inner.queue.len()) {
            return None;
        }
        self.wake_sleeper(inner)
    }

    fn searching(&self) -> usize {
        self.searching.load(Ordering::Relaxed)
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
