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

use crate::{
    spin::spin,
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering, Parker, deadline_after, lock},
};

/// A queue of tasks, and the workers that take them.
///
/// The host makes a thread whenever it is told [`Due::Grow`]; each calls [`take`](Self::take) until it gets none.
///
/// ```
/// use std::{sync::Arc, thread, time::Duration};
///
/// use bgjobs::{Due, Relay, Seat};
///
/// /// A worker; it makes the next one before it runs its task.
/// fn work(relay: &Arc<Relay<Box<dyn FnOnce() + Send>>>) {
///     let seat = Seat::new();
///     while let Some((task, due)) = relay.take(&seat, Duration::from_secs(10)) {
///         grow(relay, due);
///         task();
///     }
/// }
///
/// fn grow(relay: &Arc<Relay<Box<dyn FnOnce() + Send>>>, due: Due) {
///     if due == Due::Grow {
///         let relay = Arc::clone(relay);
///         thread::spawn(move || work(&relay));
///     }
/// }
///
/// let relay = Arc::new(Relay::new());
/// let (send, receive) = std::sync::mpsc::channel();
/// let due = relay.push(Box::new(move || send.send(42).unwrap()) as Box<dyn FnOnce() + Send>);
/// grow(&relay, due.ok().expect("the relay is open"));
/// assert_eq!(receive.recv(), Ok(42));
/// relay.close();
/// ```
pub struct Relay<T> {
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
pub enum Due {
    /// Nothing.
    Nothing,
    /// To make a thread that takes tasks, or to call [`Relay::refused`] if it can't.
    Grow,
}

/// Where a worker of a [`Relay`] sleeps; each has one of its own.
pub struct Seat {
    parker: Arc<Parker>,
    /// Whether its worker is the one that was called.
    called: AtomicBool,
    /// Whether its worker runs a task.
    busy: AtomicBool,
}

impl Seat {
    /// The seat of a thread that was just made.
    #[must_use]
    pub fn new() -> Self {
        Self { parker: Parker::new(), called: AtomicBool::new(true), busy: AtomicBool::new(false) }
    }
}

impl<T> Relay<T> {
    /// A relay without tasks and workers.
    #[must_use]
    pub fn new() -> Self {
        let inner =
            Inner { queue: VecDeque::new(), sleepers: Vec::new(), called: false, live: 0, busy: 0, closed: false };
        Self { inner: Mutex::new(inner), queued: AtomicUsize::new(0) }
    }

    /// Asks for a worker if none lives, for a host that wants to know before it queues a task whether it can have one; none
    /// if the relay is closed.
    pub fn prepare(&self) -> Option<Due> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return None;
        }
        if inner.live > 0 {
            return Some(Due::Nothing);
        }
        inner.live += 1;
        inner.called = true;
        Some(Due::Grow)
    }

    /// Queues a task.
    ///
    /// # Errors
    ///
    /// The task, if the relay is closed.
    pub fn push(&self, task: T) -> Result<Due, T> {
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
    pub fn try_take(&self, seat: &Seat) -> Option<(T, Due)> {
        let mut inner = lock(&self.inner);
        inner.arrive(seat);
        let (task, call) = self.pop(&mut inner, seat)?;
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
    fn pop(&self, inner: &mut Inner<T>, seat: &Seat) -> Option<(T, Call)> {
        let task = inner.queue.pop_front()?;
        self.queued.store(inner.queue.len(), Ordering::Relaxed);
        seat.busy.store(true, Ordering::Relaxed);
        inner.busy += 1;
        Some((task, inner.call()))
    }

    /// Takes the next task, and sleeps until there is one; none if none came for `idle` or the relay is closed, and then
    /// the worker ends.
    pub fn take(&self, seat: &Seat, idle: Duration) -> Option<(T, Due)> {
        let mut has_looked = false;
        loop {
            let mut inner = lock(&self.inner);
            inner.arrive(seat);
            if let Some((task, call)) = self.pop(&mut inner, seat) {
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
                seat.called.store(true, Ordering::Relaxed);
                spin(|| self.queued.load(Ordering::Relaxed) > 0);
                has_looked = true;
                continue;
            }
            inner.sleepers.push(Arc::clone(&seat.parker));
            drop(inner);
            while !seat.parker.park(deadline_after(Some(idle))) {
                if self.leave(seat) {
                    return None;
                }
            }
            seat.called.store(true, Ordering::Relaxed);
            has_looked = false;
        }
    }

    /// Lets a sleeper end, if nobody has called it; else its wake-up is on its way.
    fn leave(&self, seat: &Seat) -> bool {
        let mut inner = lock(&self.inner);
        let place = inner.sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, &seat.parker));
        let Some(place) = place else { return false };
        inner.sleepers.remove(place);
        inner.live -= 1;
        true
    }

    /// Ends a worker that is done with its task, as one that never takes another.
    pub fn retire(&self, seat: &Seat) -> Due {
        let mut inner = lock(&self.inner);
        inner.arrive(seat);
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
    fn arrive(&mut self, seat: &Seat) {
        if seat.called.swap(false, Ordering::Relaxed) {
            self.called = false;
        }
        if seat.busy.swap(false, Ordering::Relaxed) {
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
    fn carry_out(self) -> Due {
        match self {
            Self::Nobody => Due::Nothing,
            Self::Sleeper(sleeper) => {
                sleeper.unpark();
                Due::Nothing
            }
            Self::NewThread => Due::Grow,
        }
    }
}

impl<T> Default for Relay<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Relay<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = lock(&self.inner);
        let (queued, live, closed) = (inner.queue.len(), inner.live, inner.closed);
        drop(inner);
        f.debug_struct("Relay").field("queued", &queued).field("live", &live).field("closed", &closed).finish()
    }
}

impl Default for Seat {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn one_worker_at_a_time_is_on_its_way() {
        let relay = Relay::new();
        assert_eq!([1, 2, 3].map(|task| relay.push(task)), [Ok(Due::Grow), Ok(Due::Nothing), Ok(Due::Nothing)]);
        // Whoever takes while others are queued calls the next.
        let (first, second) = (Seat::new(), Seat::new());
        assert_eq!(relay.try_take(&first), Some((1, Due::Grow)));
        // The first is done and comes again, before the second has come.
        assert_eq!(relay.try_take(&first), Some((2, Due::Nothing)));
        assert_eq!(relay.try_take(&second), Some((3, Due::Nothing)));
        assert_eq!(relay.try_take(&second), None);
        assert_eq!(relay.live(), 2);
    }

    #[test]
    fn a_worker_that_finds_nothing_for_long_ends_and_a_new_one_is_called() {
        let relay = Relay::new();
        let seat = Seat::new();
        assert_eq!(relay.push(1), Ok(Due::Grow));
        assert_eq!(relay.take(&seat, AT_ONCE), Some((1, Due::Nothing)));
        assert_eq!(relay.take(&seat, AT_ONCE), None);
        assert_eq!(relay.live(), 0);
        assert_eq!(relay.push(2), Ok(Due::Grow));
    }

    #[test]
    fn a_refused_thread_leaves_its_task_to_the_next_that_is_free_and_is_tried_again() {
        let relay = Relay::new();
        let seat = Seat::new();
        assert_eq!(relay.push(1), Ok(Due::Grow));
        assert_eq!(relay.try_take(&seat), Some((1, Due::Nothing)));
        assert_eq!(relay.push(2), Ok(Due::Grow));
        assert!(relay.refused());
        assert_eq!(relay.push(3), Ok(Due::Grow));
        assert!(relay.refused());
        assert_eq!(relay.try_take(&seat), Some((2, Due::Grow)));
    }

    #[test]
    fn a_host_learns_before_it_queues_a_task_that_no_worker_can_be_had() {
        let relay = Relay::<u32>::new();
        assert_eq!(relay.prepare(), Some(Due::Grow));
        assert!(!relay.refused());
        assert_eq!((relay.queued(), relay.live()), (0, 0));
        assert_eq!(relay.prepare(), Some(Due::Grow));
        // While it is being made it counts.
        assert_eq!(relay.prepare(), Some(Due::Nothing));
        assert_eq!(relay.push(1), Ok(Due::Nothing));
    }

    #[test]
    fn a_worker_that_retires_calls_another_if_tasks_are_queued() {
        let relay = Relay::new();
        let seat = Seat::new();
        assert_eq!(relay.push(1), Ok(Due::Grow));
        assert_eq!(relay.try_take(&seat), Some((1, Due::Nothing)));
        assert_eq!(relay.push(2), Ok(Due::Grow));
        assert!(relay.refused());
        assert_eq!((relay.live(), relay.idle()), (1, 0));
        assert_eq!(relay.retire(&seat), Due::Grow);
        assert_eq!((relay.live(), relay.idle()), (1, 1));
        // Somebody else may help meanwhile.
        assert_eq!((relay.help(), relay.help()), (Some(2), None));
    }

    #[test]
    fn a_closed_relay_admits_nothing_and_empties_its_queue() {
        let relay = Relay::new();
        let seat = Seat::new();
        assert_eq!(relay.push(1), Ok(Due::Grow));
        relay.close();
        assert_eq!(relay.push(2), Err(2));
        assert_eq!(relay.prepare(), None);
        assert_eq!(relay.take(&seat, Duration::MAX), Some((1, Due::Nothing)));
        assert_eq!(relay.take(&seat, Duration::MAX), None);
        assert_eq!(relay.live(), 0);
    }

    #[test]
    fn a_relay_shows_what_it_holds() {
        let relay = Relay::new();
        let _ = relay.push(1);
        assert_eq!(format!("{relay:?} {:?}", Seat::new()), "Relay { queued: 1, live: 1, closed: false } Seat { .. }");
    }
}
