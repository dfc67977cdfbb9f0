//! The queue of jobs and the threads that take them; Python makes the threads.

use std::{
    ffi::c_ulong,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bgjobs::{Due, Relay};
use pyo3::{exceptions::PyRuntimeError, prelude::*};

use crate::{
    job::JobCore,
    thread::{numbers, running, started},
};

const CLOSED: &str = "can't start a job: the interpreter has ended its jobs and shuts down";

/// The workers of all managers of the process.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Crew {
    /// Replaced whole after a fork; locked by attached threads only, so it is free then.
    relay: Mutex<Arc<Relay<Py<PyAny>>>>,
    /// What makes a thread that works: a function without arguments.
    make: Py<PyAny>,
    idle: Duration,
}

/// Where a worker waits.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Seat {
    place: bgjobs::Seat,
    /// The worker's, though the crew may have got another meanwhile by a fork.
    relay: Arc<Relay<Py<PyAny>>>,
    ident: c_ulong,
    native_id: u64,
}

impl Crew {
    fn relay(&self) -> Arc<Relay<Py<PyAny>>> {
        Arc::clone(&self.relay.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a worker if none lives; raises what the system says if it can't, and `RuntimeError` if the crew is closed.
    pub(crate) fn prepare(&self, py: Python<'_>) -> PyResult<()> {
        let relay = self.relay();
        let due = relay.prepare().ok_or_else(|| PyRuntimeError::new_err(CLOSED))?;
        self.carry_out(py, &relay, due)
    }

    /// Makes the thread that is due; an error if it can't be made and no other worker lives.
    fn carry_out(&self, py: Python<'_>, relay: &Relay<Py<PyAny>>, due: Due) -> PyResult<()> {
        match due {
            Due::Nothing => Ok(()),
            Due::Grow => match self.make.call0(py) {
                Ok(_) => Ok(()),
                Err(_) if relay.refused() => Ok(()),
                Err(error) => Err(error),
            },
        }
    }
}

#[pymethods]
impl Crew {
    /// A crew without workers; `make` makes a thread that works, `idle` is how long one waits for a job, in seconds.
    #[new]
    fn new(make: Py<PyAny>, idle: f64) -> Self {
        let idle = Duration::try_from_secs_f64(idle).unwrap_or(Duration::MAX);
        Self { relay: Mutex::new(Arc::new(Relay::new())), make, idle }
    }

    /// Queues a job, which is from now on among Python's threads that were started; `RuntimeError` if the crew is closed.
    fn push(&self, py: Python<'_>, job: Py<PyAny>) -> PyResult<()> {
        let relay = self.relay();
        started(py).set_item(&job, &job)?;
        let due = relay.push(job).map_err(|_| PyRuntimeError::new_err(CLOSED))?;
        // A job that is queued is never lost: the exit hook takes it if nobody else does.
        let _ = self.carry_out(py, &relay, due);
        Ok(())
    }

    /// A seat for the calling thread, which was made to work.
    fn seat(&self, py: Python<'_>) -> PyResult<Seat> {
        let (ident, native_id) = numbers(py)?;
        Ok(Seat { place: bgjobs::Seat::new(), relay: self.relay(), ident, native_id })
    }

    /// The next job, for a worker; none when it is to end.
    fn take(&self, py: Python<'_>, seat: &Bound<'_, Seat>) -> Option<Py<PyAny>> {
        let Seat { place, relay, .. } = seat.get();
        let (job, due) = relay.try_take(place).or_else(|| py.detach(|| relay.take(place, self.idle)))?;
        let _ = self.carry_out(py, relay, due);
        Some(job)
    }

    /// The next job if there is one, for a thread that is no worker.
    fn help(&self) -> Option<Py<PyAny>> {
        self.relay().help()
    }

    /// Ends the worker that sits there.
    fn retire(&self, py: Python<'_>, seat: &Bound<'_, Seat>) {
        let Seat { place, relay, .. } = seat.get();
        let _ = self.carry_out(py, relay, relay.retire(place));
    }

    /// How many workers run no job.
    fn idle(&self) -> usize {
        self.relay().idle()
    }

    /// How many jobs are queued.
    fn queued(&self) -> usize {
        self.relay().queued()
    }

    /// Admits nothing more, and sends the idle workers home.
    fn close(&self) {
        self.relay().close();
    }

    /// Starts anew in the child of a fork, whose only thread is the caller.
    fn renew(&self) {
        let old = {
            let mut relay = self.relay.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *relay, Arc::new(Relay::new()))
        };
        // A thread that is gone may have held its lock at the fork, so nothing of it is touched again.
        std::mem::forget(old);
    }
}

#[pymethods]
impl Seat {
    /// Begins a job on the worker's thread, which is Python's name for it until its end; false if it was stopped before.
    fn begin(&self, py: Python<'_>, job: &Bound<'_, JobCore>) -> PyResult<bool> {
        let running = running(py);
        running.set_item(self.ident, job)?;
        let begins = job.get().begin(py, self.ident, self.native_id);
        if !begins {
            running.del_item(self.ident)?;
        }
        // After a fork nobody is there.
        let _ = started(py).del_item(job);
        Ok(begins)
    }
}
