//! The hosted queue: the pool for a host that makes the threads itself.
//!
//! Knows nothing of jobs and makes no threads: a call that needs one says so in its return value.
//!
//! It is the pool behind [`spawn`](crate::Handle::spawn) with another [`Growth`]; its workers call it, instead of being
//! run by it.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    engine::pool::{Call, Pool, policy::Growth},
    system::sync::{AtomicBool, Ordering, Parker, lock},
};

/// A queue of tasks, and the workers that take them, on threads that the host makes.
///
/// At most one worker is on its way to the queue, woken or being made; a worker that takes a task while others are
/// queued calls the next.
/// So a few workers run a flood of short tasks whose submitter blocks all other threads, as an interpreter's lock does,
/// and each task that blocks ends up with its own worker.
///
/// The host makes a thread whenever a call returns [`Demand::SpawnThread`]; the thread calls [`take`](Self::take) until
/// it returns `None`.
///
/// ```
/// use std::{sync::Arc, thread, time::Duration};
///
/// use bgjobs::{Demand, HostedQueue, HostedWorker};
///
/// /// A worker's loop; it makes the next worker before it runs its task.
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
pub struct HostedQueue<T>(Pool<T>);

/// What a call asks of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a task may wait for the thread"]
pub enum Demand {
    /// Nothing.
    Nothing,
    /// To make a thread that takes tasks, or to call [`HostedQueue::refused`] if that fails.
    SpawnThread,
}

/// A thread that takes tasks from a [`HostedQueue`], as the queue sees it.
pub struct HostedWorker {
    parker: Arc<Parker>,
    /// Whether it has not reached the queue yet.
    is_new: AtomicBool,
    /// Whether it runs a task.
    is_busy: AtomicBool,
}

impl HostedWorker {
    /// The worker of a new thread.
    #[must_use]
    pub fn new() -> Self {
        Self { parker: Parker::new(), is_new: AtomicBool::new(true), is_busy: AtomicBool::new(false) }
    }
}

impl<T> HostedQueue<T> {
    /// An empty queue without workers.
    #[must_use]
    pub fn new() -> Self {
        Self(Pool::new(Growth::OneByOne))
    }

    /// Asks for a worker if none lives, so that a host learns whether it can make one before it queues a task. `None`
    /// if the queue is closed.
    pub fn prepare(&self) -> Option<Demand> {
        let mut inner = lock(&self.0.inner);
        if inner.closed {
            return None;
        }
        if inner.live > 0 {
            return Some(Demand::Nothing);
        }
        self.0.add_worker(&mut inner);
        self.0.change_free(1);
        Some(Demand::SpawnThread)
    }

    /// Queues a task.
    ///
    /// # Errors
    ///
    /// The task, if the queue is closed.
    pub fn push(&self, task: T) -> Result<Demand, T> {
        self.0.push(task).map(carry_out)
    }

    /// Takes the next task, if there is one; never sleeps.
    pub fn try_take(&self, worker: &HostedWorker) -> Option<(T, Demand)> {
        self.arrive(worker);
        let (task, call) = self.0.take_queued(&mut lock(&self.0.inner))?;
        Some(run(worker, task, call))
    }

    /// Takes the next task, if there is one, for a thread that is not a worker but helps out.
    pub fn help(&self) -> Option<T> {
        let task = self.0.pop(&mut lock(&self.0.inner))?;
        self.0.change_free(1);
        Some(task)
    }

    /// Takes the next task, and sleeps until there is one. `None` if none came for `idle`, or if the queue is closed
    /// and empty: then the worker ends.
    pub fn take(&self, worker: &HostedWorker, idle: Duration) -> Option<(T, Demand)> {
        self.arrive(worker);
        let (task, call) = self.0.wait_for_task(&worker.parker, idle)?;
        Some(run(worker, task, call))
    }

    /// Records that a worker is at the queue and no longer runs a task.
    fn arrive(&self, worker: &HostedWorker) {
        if worker.is_new.swap(false, Ordering::Relaxed) {
            self.0.made();
        }
        if worker.is_busy.swap(false, Ordering::Relaxed) {
            self.0.finish();
        }
    }

    /// Ends a worker that is done with its task and will not take another.
    pub fn retire(&self, worker: &HostedWorker) -> Demand {
        self.arrive(worker);
        let mut inner = lock(&self.0.inner);
        self.0.remove_worker(&mut inner);
        carry_out(self.0.call_worker(&mut inner))
    }

    /// Withdraws a thread that could not be made; true if workers live, which will take the queued tasks.
    #[must_use]
    pub fn refused(&self) -> bool {
        if let Some(sleeper) = self.0.refused_again() {
            sleeper.unpark();
        }
        self.live() > 0
    }

    /// How many workers live, busy or idle.
    #[must_use]
    pub fn live(&self) -> usize {
        self.0.live()
    }

    /// How many workers live and run no task; a worker that is being made counts.
    #[must_use]
    pub fn idle(&self) -> usize {
        lock(&self.0.inner).sleepers.len() + self.0.searching()
    }

    /// How many tasks are queued.
    #[must_use]
    pub fn queued(&self) -> usize {
        lock(&self.0.inner).queue.len()
    }

    /// Closes the queue to new tasks and lets the idle workers end; queued tasks are still taken.
    pub fn close(&self) {
        for sleeper in self.0.close().1 {
            sleeper.unpark();
        }
    }
}

/// Marks the worker as busy with the task that it takes.
fn run<T>(worker: &HostedWorker, task: T, call: Call) -> (T, Demand) {
    worker.is_busy.store(true, Ordering::Relaxed);
    (task, carry_out(call))
}

/// Wakes the called sleeper; leaves a new thread to the host.
fn carry_out(call: Call) -> Demand {
    match call {
        Call::NewThread => return Demand::SpawnThread,
        Call::Sleeper(sleeper) => sleeper.unpark(),
        Call::Nobody => {}
    }
    Demand::Nothing
}

impl<T> Default for HostedQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for HostedQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (queued, live, closed) = (self.queued(), self.live(), lock(&self.0.inner).closed);
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
    fn only_one_worker_at_a_time_is_on_its_way() {
        let queue = HostedQueue::new();
        assert_eq!(
            [1, 2, 3].map(|task| queue.push(task)),
            [Ok(Demand::SpawnThread), Ok(Demand::Nothing), Ok(Demand::Nothing)]
        );
        // A worker that takes a task while others are queued calls the next worker.
        let (first, second) = (HostedWorker::new(), HostedWorker::new());
        assert_eq!(queue.try_take(&first), Some((1, Demand::SpawnThread)));
        // The first is done and returns before the second has arrived.
        assert_eq!(queue.try_take(&first), Some((2, Demand::Nothing)));
        assert_eq!(queue.try_take(&second), Some((3, Demand::Nothing)));
        assert_eq!(queue.try_take(&second), None);
        assert_eq!(queue.live(), 2);
    }

    #[test]
    fn a_worker_that_idles_too_long_ends_and_the_next_task_calls_a_new_one() {
        let queue = HostedQueue::new();
        let worker = HostedWorker::new();
        assert_eq!(queue.push(1), Ok(Demand::SpawnThread));
        assert_eq!(queue.take(&worker, AT_ONCE), Some((1, Demand::Nothing)));
        assert_eq!(queue.take(&worker, AT_ONCE), None);
        assert_eq!(queue.live(), 0);
        assert_eq!(queue.push(2), Ok(Demand::SpawnThread));
    }

    #[test]
    fn after_a_refused_thread_the_next_free_worker_takes_the_task_and_growth_is_tried_again() {
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
    fn a_host_learns_that_no_worker_can_be_made_before_it_queues_a_task() {
        let queue = HostedQueue::<u32>::new();
        assert_eq!(queue.prepare(), Some(Demand::SpawnThread));
        assert!(!queue.refused());
        assert_eq!((queue.queued(), queue.live()), (0, 0));
        assert_eq!(queue.prepare(), Some(Demand::SpawnThread));
        // A worker that is being made counts.
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
        // Another thread may help meanwhile.
        assert_eq!((queue.help(), queue.help()), (Some(2), None));
    }

    #[test]
    fn a_closed_queue_takes_no_new_tasks_and_hands_out_the_queued_ones() {
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
    fn a_queue_and_a_worker_have_a_debug_form() {
        let queue = HostedQueue::new();
        let _ = queue.push(1);
        assert_eq!(
            format!("{queue:?} {:?}", HostedWorker::new()),
            "HostedQueue { queued: 1, live: 1, closed: false } HostedWorker { .. }"
        );
    }
}
