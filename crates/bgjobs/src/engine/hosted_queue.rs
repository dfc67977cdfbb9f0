//! A queue of tasks whose workers call each other, for a host that makes its threads itself.
//!
//! Knows nothing of jobs, and makes no thread: a call that needs one says so by its return value.
//!
//! # The rule
//!
//! At most one worker is on its way to the queue, woken or being made; a worker that takes a task while others are queued
//! calls the next.
//! So a flood of short tasks, whose submitter keeps all others from running as the lock of an interpreter does, is run by
//! the few workers that exist, and tasks that block get a worker each, one after the other.
//! The pool behind [`spawn`](crate::Handle::spawn) makes threads ahead of its jobs instead, which is quicker where threads
//! really run at once.

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use crate::system::{
    spin::spin,
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering, Parker, deadline_after, lock},
};

/// A queue of tasks, and the workers that take them.
///
/// The host makes a thread whenever it is told [`Demand::SpawnThread`]; each calls [`take`](Self::take) until it gets none.
///
/// ```
/// use std::{sync::Arc, thread, time::Duration};
///
/// use bgjobs::{Demand, HostedQueue, HostedWorker};
///
/// /// A worker; it makes the next one before it runs its task.
/// fn work(queue: &Arc<HostedQueue<Box<dyn FnOnce() + Send>>>) {
///     let worker = HostedWorker::new();
///     while let Some((task, demand)) = queue.take(&worker, Duration::from_secs(10)) {
///         grow(queue, demand);
///         task();
///     }
/// }
///
/// fn grow(queue: &Arc<HostedQueue<Box<dyn FnOnce() + Send>>>, demand: Demand) {
///     if demand == Demand::SpawnThread {
///         let queue = Arc::clone(queue);
///         thread::spawn(move || work(&queue));
///     }
/// }
///
/// let queue = Arc::new(HostedQueue::new());
/// let (send, receive) = std::sync::mpsc::channel();
/// let demand = queue.push(Box::new(move || send.send(42).unwrap()) as Box<dyn FnOnce() + Send>);
/// grow(&queue, demand.ok().expect("the queue is open"));
/// assert_eq!(receive.recv(), Ok(42));
/// queue.close();
/// ```
pub struct HostedQueue<T> {
    /// Guards the queue and the counts; held for some ten nanoseconds.
    inner: Mutex<Inner<T>>,
    /// The length of the queue as those who look for a task see it without the lock.
    queued: AtomicUsize,
}

struct Inner<T> {
    queue: VecDeque<T>,
    /// Workers that sleep, the newest last.
    sleepers: Vec<Arc<Parker>>,
    /// Whether a worker is on its way to the queue.
    called: bool,
    /// Workers that exist or are being made.
    live: usize,
    /// Workers that run a task.
    busy: usize,
    closed: bool,
}

/// What the host has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a task may wait for the thread"]
pub enum Demand {
    /// Nothing.
    Nothing,
    /// To make a thread that takes tasks, or to call [`HostedQueue::refused`] if it can't.
    SpawnThread,
}

/// Where a worker of a [`HostedQueue`] sleeps; each has one of its own.
pub struct HostedWorker {
    parker: Arc<Parker>,
    /// Whether its worker is the one that was called.
    called: AtomicBool,
    /// Whether its worker runs a task.
    busy: AtomicBool,
}

impl HostedWorker {
    /// The worker of a thread that was just made.
    #[must_use]
    pub fn new() -> Self {
        Self { parker: Parker::new(), called: AtomicBool::new(true), busy: AtomicBool::new(false) }
    }
}

impl<T> HostedQueue<T> {
    /// A queue without tasks and workers.
    #[must_use]
    pub fn new() -> Self {
        let inner =
            Inner { queue: VecDeque::new(), sleepers: Vec::new(), called: false, live: 0, busy: 0, closed: false };
        Self { inner: Mutex::new(inner), queued: AtomicUsize::new(0) }
    }

    /// Asks for a worker if none lives, for a host that wants to know before it queues a task whether it can have one; none
    /// if the queue is closed.
    pub fn prepare(&self) -> Option<Demand> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return None;
        }
        if inner.live > 0 {
            return Some(Demand::Nothing);
        }
        inner.live += 1;
        inner.called = true;
        Some(Demand::SpawnThread)
    }

    /// Queues a task.
    ///
    /// # Errors
    ///
    /// The task, if the queue is closed.
    pub fn push(&self, task: T) -> Result<Demand, T> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Err(task);
        }
        inner.queue.push_back(task);
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        let call = inner.call();
        drop(inner);
        Ok(call.carry_out())
    }

    /// Takes the next task, if there is one, and never sleeps.
    pub fn try_take(&self, worker: &HostedWorker) -> Option<(T, Demand)> {
        let mut inner = lock(&self.inner);
        inner.arrive(worker);
        let (task, call) = self.pop(&mut inner, worker)?;
        drop(inner);
        Some((task, call.carry_out()))
    }

    /// Takes the next task for a thread that is no worker, and helps out.
    pub fn help(&self) -> Option<T> {
        let mut inner = lock(&self.inner);
        let task = inner.queue.pop_front();
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        task
    }

    /// Takes the next task for the worker that sits there.
    fn pop(&self, inner: &mut Inner<T>, worker: &HostedWorker) -> Option<(T, Call)> {
        let task = inner.queue.pop_front()?;
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        worker.busy.store(true, Ordering::Relaxed);
        inner.busy += 1;
        Some((task, inner.call()))
    }

    /// Takes the next task, and sleeps until there is one; none if none came for `idle` or the queue is closed, and then
    /// the worker ends.
    pub fn take(&self, worker: &HostedWorker, idle: Duration) -> Option<(T, Demand)> {
        let mut has_looked = false;
        loop {
            let mut inner = lock(&self.inner);
            inner.arrive(worker);
            if let Some((task, call)) = self.pop(&mut inner, worker) {
                drop(inner);
                return Some((task, call.carry_out()));
            }
            if inner.closed {
                inner.live -= 1;
                return None;
            }
            if !has_looked && !inner.called {
                // One that has run dry looks for a while, and counts as called meanwhile.
                inner.called = true;
                drop(inner);
                worker.called.store(true, Ordering::Relaxed);
                spin(|| self.queued.load(Ordering::Relaxed) > 0);
                has_looked = true;
                continue;
            }
            inner.sleepers.push(Arc::clone(&worker.parker));
            drop(inner);
            while !worker.parker.park(deadline_after(Some(idle))) {
                if self.leave(worker) {
                    return None;
                }
            }
            worker.called.store(true, Ordering::Relaxed);
            has_looked = false;
        }
    }

    /// Lets a sleeper end, if nobody has called it; else its wake-up is on its way.
    fn leave(&self, worker: &HostedWorker) -> bool {
        let mut inner = lock(&self.inner);
        let place = inner.sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, &worker.parker));
        let Some(place) = place else { return false };
        inner.sleepers.remove(place);
        inner.live -= 1;
        true
    }

    /// Ends a worker that is done with its task, as one that never takes another.
    pub fn retire(&self, worker: &HostedWorker) -> Demand {
        let mut inner = lock(&self.inner);
        inner.arrive(worker);
        inner.live -= 1;
        let call = inner.call();
        drop(inner);
        call.carry_out()
    }

    /// Takes back a thread that could not be made; true if the tasks in the queue will be taken by a worker that lives.
    #[must_use]
    pub fn refused(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.called = false;
        inner.live -= 1;
        inner.live > 0
    }

    /// How many workers live, busy or asleep.
    #[must_use]
    pub fn live(&self) -> usize {
        lock(&self.inner).live
    }

    /// How many workers live and run no task.
    #[must_use]
    pub fn idle(&self) -> usize {
        let inner = lock(&self.inner);
        inner.live - inner.busy
    }

    /// How many tasks are queued.
    #[must_use]
    pub fn queued(&self) -> usize {
        lock(&self.inner).queue.len()
    }

    /// Admits nothing more and sends the idle workers home; what is queued is still taken.
    pub fn close(&self) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        let sleepers = std::mem::take(&mut inner.sleepers);
        drop(inner);
        for sleeper in sleepers {
            sleeper.unpark();
        }
    }
}

impl<T> Inner<T> {
    /// Notes that a worker looks at the queue: it runs nothing any more, and may be the one that was called.
    fn arrive(&mut self, worker: &HostedWorker) {
        if worker.called.swap(false, Ordering::Relaxed) {
            self.called = false;
        }
        if worker.busy.swap(false, Ordering::Relaxed) {
            self.busy -= 1;
        }
    }

    /// Calls a worker, if tasks are queued and none is on its way.
    fn call(&mut self) -> Call {
        if self.called || self.queue.is_empty() {
            return Call::Nobody;
        }
        self.called = true;
        if let Some(sleeper) = self.sleepers.pop() {
            return Call::Sleeper(sleeper);
        }
        self.live += 1;
        Call::NewThread
    }
}

/// Who is called to the queue.
enum Call {
    Nobody,
    Sleeper(Arc<Parker>),
    NewThread,
}

impl Call {
    /// Wakes the sleeper; a new thread is left to the host.
    fn carry_out(self) -> Demand {
        match self {
            Self::Nobody => Demand::Nothing,
            Self::Sleeper(sleeper) => {
                sleeper.unpark();
                Demand::Nothing
            }
            Self::NewThread => Demand::SpawnThread,
        }
    }
}

impl<T> Default for HostedQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for HostedQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = lock(&self.inner);
        let (queued, live, closed) = (inner.queue.len(), inner.live, inner.closed);
        drop(inner);
        f.debug_struct("HostedQueue").field("queued", &queued).field("live", &live).field("closed", &closed).finish()
    }
}

impl Default for HostedWorker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HostedWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostedWorker").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn one_worker_at_a_time_is_on_its_way() {
        let queue = HostedQueue::new();
        assert_eq!(
            [1, 2, 3].map(|task| queue.push(task)),
            [Ok(Demand::SpawnThread), Ok(Demand::Nothing), Ok(Demand::Nothing)]
        );
        // Whoever takes while others are queued calls the next.
        let (first, second) = (HostedWorker::new(), HostedWorker::new());
        assert_eq!(queue.try_take(&first), Some((1, Demand::SpawnThread)));
        // The first is done and comes again, before the second has come.
        assert_eq!(queue.try_take(&first), Some((2, Demand::Nothing)));
        assert_eq!(queue.try_take(&second), Some((3, Demand::Nothing)));
        assert_eq!(queue.try_take(&second), None);
        assert_eq!(queue.live(), 2);
    }

    #[test]
    fn a_worker_that_finds_nothing_for_long_ends_and_a_new_one_is_called() {
        let queue = HostedQueue::new();
        let worker = HostedWorker::new();
        assert_eq!(queue.push(1), Ok(Demand::SpawnThread));
        assert_eq!(queue.take(&worker, AT_ONCE), Some((1, Demand::Nothing)));
        assert_eq!(queue.take(&worker, AT_ONCE), None);
        assert_eq!(queue.live(), 0);
        assert_eq!(queue.push(2), Ok(Demand::SpawnThread));
    }

    #[test]
    fn a_refused_thread_leaves_its_task_to_the_next_that_is_free_and_is_tried_again() {
        let queue = HostedQueue::new();
        let worker = HostedWorker::new();
        assert_eq!(queue.push(1), Ok(Demand::SpawnThread));
        assert_eq!(queue.try_take(&worker), Some((1, Demand::Nothing)));
        assert_eq!(queue.push(2), Ok(Demand::SpawnThread));
        assert!(queue.refused());
        assert_eq!(queue.push(3), Ok(Demand::SpawnThread));
        assert!(queue.refused());
        assert_eq!(queue.try_take(&worker), Some((2, Demand::SpawnThread)));
    }

    #[test]
    fn a_host_learns_before_it_queues_a_task_that_no_worker_can_be_had() {
        let queue = HostedQueue::<u32>::new();
        assert_eq!(queue.prepare(), Some(Demand::SpawnThread));
        assert!(!queue.refused());
        assert_eq!((queue.queued(), queue.live()), (0, 0));
        assert_eq!(queue.prepare(), Some(Demand::SpawnThread));
        // While it is being made it counts.
        assert_eq!(queue.prepare(), Some(Demand::Nothing));
        assert_eq!(queue.push(1), Ok(Demand::Nothing));
    }

    #[test]
    fn a_worker_that_retires_calls_another_if_tasks_are_queued() {
        let queue = HostedQueue::new();
        let worker = HostedWorker::new();
        assert_eq!(queue.push(1), Ok(Demand::SpawnThread));
        assert_eq!(queue.try_take(&worker), Some((1, Demand::Nothing)));
        assert_eq!(queue.push(2), Ok(Demand::SpawnThread));
        assert!(queue.refused());
        assert_eq!((queue.live(), queue.idle()), (1, 0));
        assert_eq!(queue.retire(&worker), Demand::SpawnThread);
        assert_eq!((queue.live(), queue.idle()), (1, 1));
        // Somebody else may help meanwhile.
        assert_eq!((queue.help(), queue.help()), (Some(2), None));
    }

    #[test]
    fn a_closed_relay_admits_nothing_and_empties_its_queue() {
        let queue = HostedQueue::new();
        let worker = HostedWorker::new();
        assert_eq!(queue.push(1), Ok(Demand::SpawnThread));
        queue.close();
        assert_eq!(queue.push(2), Err(2));
        assert_eq!(queue.prepare(), None);
        assert_eq!(queue.take(&worker, Duration::MAX), Some((1, Demand::Nothing)));
        assert_eq!(queue.take(&worker, Duration::MAX), None);
        assert_eq!(queue.live(), 0);
    }

    #[test]
    fn a_relay_shows_what_it_holds() {
        let queue = HostedQueue::new();
        let _ = queue.push(1);
        assert_eq!(
            format!("{queue:?} {:?}", HostedWorker::new()),
            "HostedQueue { queued: 1, live: 1, closed: false } HostedWorker { .. }"
        );
    }
}
