//! The hosted queue: the pool for a host that makes the threads itself.
//!
//! Knows nothing of jobs and makes no threads: a call that needs one says so in its return value.
//!
//! It is the pool behind [`spawn`](crate::Handle::spawn) with another [`Growth`]; its workers call it, instead of being
//! run by it.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    engine::pool::{Call, Pool, policy::Growth},
    system::{
        spin::{spin, spin_for},
        sync::{AtomicBool, AtomicUsize, Ordering, Parker, lock},
    },
};

/// How long a worker that has taken a task waits for its submitter: some hundred lines of an interpreter.
const LEAD: Duration = Duration::from_micros(10);

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
pub struct HostedQueue<T> {
    pool: Pool<T>,
    /// How many threads are in [`meet`](Self::meet).
    meeting: AtomicUsize,
}

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
        Self { pool: Pool::new(Growth::OneByOne), meeting: AtomicUsize::new(0) }
    }

    /// Asks for a worker if none lives, so that a host learns whether it can make one before it queues a task. `None`
    /// if the queue is closed.
    pub fn prepare(&self) -> Option<Demand> {
        let mut inner = lock(&self.pool.inner);
        if inner.closed {
            return None;
        }
        if inner.live > 0 {
            return Some(Demand::Nothing);
        }
        self.pool.add_worker(&mut inner);
        self.pool.change_free(1);
        Some(Demand::SpawnThread)
    }

    /// Queues a task.
    ///
    /// # Errors
    ///
    /// The task, if the queue is closed.
    pub fn push(&self, task: T) -> Result<Demand, T> {
        self.pool.push(task).map(carry_out)
    }

    /// Takes the next task, if there is one; never sleeps.
    pub fn try_take(&self, worker: &HostedWorker) -> Option<(T, Demand)> {
        self.arrive(worker);
        let (task, call) = self.pool.take_queued(&mut lock(&self.pool.inner))?;
        Some(run(worker, task, call))
    }

    /// Takes the next task, if there is one, for a thread that is not a worker but helps out.
    pub fn help(&self) -> Option<T> {
        let task = self.pool.pop(&mut lock(&self.pool.inner))?;
        self.pool.change_free(1);
        Some(task)
    }

    /// Takes the next task, and sleeps until there is one. `None` if none came for `idle`, or if the queue is closed
    /// and empty: then the worker ends.
    pub fn take(&self, worker: &HostedWorker, idle: Duration) -> Option<(T, Demand)> {
        self.arrive(worker);
        let (task, call) = self.pool.wait_for_task(&worker.parker, idle)?;
        Some(run(worker, task, call))
    }

    /// Waits some microseconds until `has_ended`, and then until a worker is back at the queue.
    ///
    /// For a host whose threads share one lock, as those of an interpreter do: a thread that waits for a task calls this
    /// without the lock, and a worker that has taken a task calls [`await_meeting`](Self::await_meeting) before it takes the
    /// lock. So each finds the lock free, and neither has to be woken.
    ///
    /// ```
    /// use bgjobs::HostedQueue;
    ///
    /// let queue = HostedQueue::<u32>::new();
    /// // No worker comes back, so this ends soon.
    /// queue.meet(|| true);
    /// ```
    pub fn meet(&self, has_ended: impl Fn() -> bool) {
        self.meeting.fetch_add(1, Ordering::Relaxed);
        spin(|| has_ended() && self.pool.searching() > 0);
        self.meeting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits some microseconds for a thread in [`meet`](Self::meet).
    pub fn await_meeting(&self) {
        spin_for(LEAD, || self.meeting.load(Ordering::Relaxed) > 0);
    }

    /// Records that a worker is at the queue and no longer runs a task.
    fn arrive(&self, worker: &HostedWorker) {
        if worker.is_new.swap(false, Ordering::Relaxed) {
            self.pool.made();
        }
        if worker.is_busy.swap(false, Ordering::Relaxed) {
            self.pool.finish();
        }
    }

    /// Ends a worker that is done with its task and will not take another.
    pub fn retire(&self, worker: &HostedWorker) -> Demand {
        self.arrive(worker);
        let mut inner = lock(&self.pool.inner);
        self.pool.remove_worker(&mut inner);
        carry_out(self.pool.call_worker(&mut inner))
    }

    /// Withdraws a thread that could not be made; true if workers live, which will take the queued tasks.
    #[must_use]
    pub fn refused(&self) -> bool {
        if let Some(sleeper) = self.pool.refused_again() {
            sleeper.unpark();
        }
        self.live() > 0
    }

    /// How many workers live, busy or idle.
    #[must_use]
    pub fn live(&self) -> usize {
        self.pool.live()
    }

    /// How many workers live and run no task; a worker that is being made counts.
    #[must_use]
    pub fn idle(&self) -> usize {
        lock(&self.pool.inner).sleepers.len() + self.pool.searching()
    }

    /// How many tasks are queued.
    #[must_use]
    pub fn queued(&self) -> usize {
        lock(&self.pool.inner).queue.len()
    }

    /// Closes the queue to new tasks and lets the idle workers end; queued tasks are still taken.
    pub fn close(&self) {
        for sleeper in self.pool.close().1 {
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
        let (queued, live, closed) = (self.queued(), self.live(), lock(&self.pool.inner).closed);
        f.debug_struct("HostedQueue")
            .field("queued", &queued)
            .field("live", &live)
            .field("closed", &closed)
            .finish_non_exhaustive()
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
    fn neither_side_of_a_meeting_waits_long_for_the_other() {
        let queue = HostedQueue::<u32>::new();
        queue.await_meeting();
        // It does not end, and no worker lives.
        queue.meet(|| false);
        queue.meet(|| true);
        assert_eq!(queue.meeting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_worker_hears_of_a_meeting_while_it_lasts() {
        let queue = HostedQueue::<u32>::new();
        let heard = AtomicUsize::new(0);
        queue.meet(|| {
            heard.store(queue.meeting.load(Ordering::Relaxed), Ordering::Relaxed);
            true
        });
        assert_eq!(heard.into_inner(), 1);
    }

    #[test]
    fn a_queue_and_a_worker_have_a_debug_form() {
        let queue = HostedQueue::new();
        let _ = queue.push(1);
        assert_eq!(
            format!("{queue:?} {:?}", HostedWorker::new()),
            "HostedQueue { queued: 1, live: 1, closed: false, .. } HostedWorker { .. }"
        );
    }
}
