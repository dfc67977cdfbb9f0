//! Order between threads without sleeping for it; the only place that may sleep.

use std::{
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use bgjobs::Job;

/// After this long something hangs for good; no machine is that slow.
pub(crate) const GUARD: Duration = Duration::from_mins(1);

/// Holds bodies until it is opened; dropped, it opens, so that a failed test does not hang in its manager.
pub(crate) struct Gate(Arc<Inner>);

/// What a body holds of a [`Gate`].
#[derive(Clone)]
pub(crate) struct Pass(Arc<Inner>);

/// What opens a [`Gate`] from elsewhere.
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

    /// A body that ends with `value` once the gate is open.
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

    /// Opens after a while, for a test that a call waits: one that does not wait returns long before.
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
        // A panic with it would poison the gate for whoever opens it yet.
        drop(guard);
        assert!(is_open, "nobody opened the gate");
    }
}

/// Looks again and again until `condition` holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < GUARD, "this never came to be: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Starts jobs until one is stopped before its body began; at most a few, because a thread takes microseconds.
pub(crate) fn stopped_unstarted<T>(mut start: impl FnMut() -> Job<T>) -> Job<T> {
    let mut unstarted = None;
    wait_until("a stop is quicker than a start", || {
        let job = start();
        job.ask_stop("never mind");
        job.wait().unwrap();
        unstarted = job.times().started.is_none().then_some(job);
        unstarted.is_some()
    });
    unstarted.unwrap()
}

/// Keeps the processor busy for so long by the clock of the wall.
pub(crate) fn burn(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Runs `call` on a thread of its own, so that a hang is a failed test and not a test that never ends.
#[track_caller]
pub(crate) fn in_time<T: Send + 'static>(what: &str, call: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || drop(tell.send(call())));
    match told.recv_timeout(GUARD) {
        Ok(value) => value,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("this hangs: {what}"),
        Err(_) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}
