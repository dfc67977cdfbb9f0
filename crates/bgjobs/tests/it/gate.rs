//! Gates that order threads without sleeping, and bounded waits. No other test module may sleep.

use std::{
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use bgjobs::Job;

/// A wait of this length means a hang: no machine is that slow.
pub(crate) const GUARD: Duration = Duration::from_secs(60);

/// Blocks bodies until it is opened. Dropping it opens it, so that a failed test does not hang in its manager's drop.
pub(crate) struct Gate(Arc<Inner>);

/// The side of a [`Gate`] that waits.
#[derive(Clone)]
pub(crate) struct Pass(Arc<Inner>);

/// Opens a [`Gate`] from another thread.
pub(crate) struct Opener(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn pass(&self) -> Pass {
        Pass(Arc::clone(&self.0))
    }

    pub(crate) fn opener(&self) -> Opener {
        Opener(Arc::clone(&self.0))
    }

    /// A body that returns `value` once the gate is open.
    pub(crate) fn hold<T: Send>(&self, value: T) -> impl FnOnce() -> T + Send + use<T> {
        let pass = self.pass();
        move || {
            pass.wait();
            value
        }
    }

    pub(crate) fn open(&self) {
        self.0.open();
    }

    /// Opens after a short while, to prove that a call waits: a call that did not wait would return long before.
    pub(crate) fn open_soon(&self) {
        let inner = Arc::clone(&self.0);
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            inner.open();
        });
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

impl Inner {
    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Opener {
    pub(crate) fn open(&self) {
        self.0.open();
    }
}

impl Pass {
    pub(crate) fn wait(&self) {
        let guard = self.0.is_open.lock().unwrap();
        let (guard, _) = self.0.opened.wait_timeout_while(guard, GUARD, |is_open| !*is_open).unwrap();
        let is_open = *guard;
        // Panicking with the lock held would poison the gate for the thread that opens it later.
        drop(guard);
        assert!(is_open, "the gate was never opened");
    }
}

/// Polls until `condition` holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < GUARD, "timed out waiting until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Starts jobs until one is stopped before its body began. A few suffice, because a thread takes microseconds to start.
pub(crate) fn stopped_unstarted<T>(mut start: impl FnMut() -> Job<T>) -> Job<T> {
    let mut unstarted = None;
    wait_until("a job is stopped before it starts", || {
        let job = start();
        job.ask_stop("never mind");
        job.wait().unwrap();
        unstarted = job.times().started.is_none().then_some(job);
        unstarted.is_some()
    });
    unstarted.unwrap()
}

/// Keeps the CPU busy for `time` of wall-clock time.
pub(crate) fn burn(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Runs `call` on another thread, so that a hang fails the test instead of blocking it forever.
#[track_caller]
pub(crate) fn in_time<T: Send + 'static>(what: &str, call: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || drop(sender.send(call())));
    match receiver.recv_timeout(GUARD) {
        Ok(value) => value,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("hung while {what}"),
        Err(_) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}
