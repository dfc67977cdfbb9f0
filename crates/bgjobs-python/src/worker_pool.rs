//! The queue of jobs and the workers that take them; Python creates the threads.
//!
//! It does not know what a job calls.

use std::{
    ffi::c_ulong,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bgjobs::{AnyJob, Demand, HostedQueue, HostedWorker};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyInt},
};

use crate::{
    job::JobCore,
    schedule::Options,
    table::Table,
    thread::{active, ids, limbo},
};

const CLOSED: &str = "can't start a job: the interpreter is shutting down and has ended its jobs";

/// The workers of all managers of the process.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct WorkerPool {
    /// Replaced as a whole after a fork; only attached threads lock it, so it is free then.
    queue: Mutex<Arc<HostedQueue<Py<PyAny>>>>,
    /// Creates a thread that works: a function without arguments.
    create_thread: Py<PyAny>,
    idle_timeout: Duration,
}

/// A thread that runs jobs.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Worker {
    hosted: Arc<HostedWorker>,
    /// The queue that the worker takes from; a fork may have given the pool another since.
    queue: Arc<HostedQueue<Py<PyAny>>>,
    ident: c_ulong,
    native_id: u64,
}

impl WorkerPool {
    fn queue(&self) -> Arc<HostedQueue<Py<PyAny>>> {
        Arc::clone(&self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Creates the thread that the queue demands; an error if that fails and no other worker lives.
    fn carry_out(&self, py: Python<'_>, queue: &HostedQueue<Py<PyAny>>, demand: Demand) -> PyResult<()> {
        match demand {
            Demand::Nothing => Ok(()),
            Demand::SpawnThread => match self.create_thread.call0(py) {
                Ok(_) => Ok(()),
                Err(_) if queue.refused() => Ok(()),
                Err(error) => Err(error),
            },
        }
    }
}

#[pymethods]
impl WorkerPool {
    /// A pool without workers; `create_thread` creates a thread that works, and `idle_timeout` is how many seconds a worker
    /// waits for a job.
    #[new]
    fn new(create_thread: Py<PyAny>, idle_timeout: f64) -> Self {
        let idle_timeout = Duration::try_from_secs_f64(idle_timeout).unwrap_or(Duration::MAX);
        Self { queue: Mutex::new(Arc::new(HostedQueue::new())), create_thread, idle_timeout }
    }

    /// Gives a job its number in `table`, and creates a worker if none lives.
    ///
    /// Raises what the system says if it can't, and `RuntimeError` if the pool is closed or the job was started before.
    #[pyo3(signature = (job, table, daemon, options=None))]
    fn enter(
        &self,
        py: Python<'_>,
        job: &Bound<'_, JobCore>,
        table: &Table,
        daemon: bool,
        options: Option<&Options>,
    ) -> PyResult<u64> {
        let queue = self.queue();
        let demand = queue.prepare().ok_or_else(|| PyRuntimeError::new_err(CLOSED))?;
        self.carry_out(py, &queue, demand)?;
        let Some(options) = options else {
            return job.get().enter(table, bgjobs::Options { daemon, ..bgjobs::Options::default() });
        };
        let number = job.get().enter(table, options.0.clone())?;
        job.get().hold(job.clone().into_any().unbind());
        Ok(number)
    }

    /// Queues a job, which is then among the threads that Python has started; `RuntimeError` if the pool is closed.
    fn push(&self, py: Python<'_>, job: Py<PyAny>) -> PyResult<()> {
        let queue = self.queue();
        limbo(py).set_item(&job, &job)?;
        let demand = queue.push(job).map_err(|_| PyRuntimeError::new_err(CLOSED))?;
        // A queued job is never lost: the exit hook takes it if no worker does.
        let _ = self.carry_out(py, &queue, demand);
        Ok(())
    }

    /// Starts a job without options: gives it its number in `table`, enters it in `jobs` under that, and queues it.
    ///
    /// Raises what the other two raise.
    fn start(
        &self,
        py: Python<'_>,
        job: &Bound<'_, JobCore>,
        table: &Table,
        jobs: &Bound<'_, PyDict>,
        daemon: bool,
    ) -> PyResult<()> {
        let number = PyInt::new(py, self.enter(py, job, table, daemon, None)?);
        job.get().renumber(Some(number.clone().into_any().unbind()));
        jobs.set_item(number, job)?;
        self.push(py, job.clone().into_any().unbind())
    }

    /// Waits some microseconds for a job's end, in which its worker can run it undisturbed.
    ///
    /// Only the main thread may call this: CPython's exit ends others, and none may be in a call of Rust then.
    fn meet(&self, py: Python<'_>, job: &Bound<'_, JobCore>) {
        let (queue, job) = (self.queue(), job.get().job());
        py.detach(|| queue.meet(|| job.as_ref().is_none_or(AnyJob::is_finished)));
    }

    /// Makes the calling thread a worker.
    fn worker(&self, py: Python<'_>) -> PyResult<Worker> {
        let (ident, native_id) = ids(py)?;
        Ok(Worker { hosted: Arc::new(HostedWorker::new()), queue: self.queue(), ident, native_id })
    }

    /// The next job for a worker; none when the worker should end.
    fn take(&self, py: Python<'_>, worker: &Bound<'_, Worker>) -> Option<Py<PyAny>> {
        let Worker { hosted, queue, .. } = worker.get();
        let wait = || {
            let taken = queue.take(hosted, self.idle_timeout);
            queue.await_meeting();
            taken
        };
        let (job, demand) = queue.try_take(hosted).or_else(|| py.detach(wait))?;
        let _ = self.carry_out(py, queue, demand);
        Some(job)
    }

    /// The next job, if there is one, for a thread that is not a worker.
    fn help(&self) -> Option<Py<PyAny>> {
        self.queue().help()
    }

    /// Ends a worker.
    fn retire(&self, py: Python<'_>, worker: &Bound<'_, Worker>) {
        let Worker { hosted, queue, .. } = worker.get();
        let _ = self.carry_out(py, queue, queue.retire(hosted));
    }

    /// How many workers run no job.
    fn idle(&self) -> usize {
        self.queue().idle()
    }

    /// How many jobs are queued.
    fn queued(&self) -> usize {
        self.queue().queued()
    }

    /// Refuses new jobs from now on, and ends the idle workers.
    fn close(&self) {
        self.queue().close();
    }

    /// Starts afresh in the child of a fork, whose only thread is the caller.
    fn renew(&self) {
        let old = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *queue, Arc::new(HostedQueue::new()))
        };
        // A thread that the fork left behind may hold the old queue's lock, so nothing touches that queue again.
        std::mem::forget(old);
    }
}

#[pymethods]
impl Worker {
    /// The same worker, moved to the calling thread; the thread that it leaves must not use it any more.
    fn to_this_thread(&self, py: Python<'_>) -> PyResult<Self> {
        let (ident, native_id) = ids(py)?;
        Ok(Self { hosted: Arc::clone(&self.hosted), queue: Arc::clone(&self.queue), ident, native_id })
    }

    /// Begins a job on the worker's thread, whose entry in `threading._active` it is until its end; false if it was stopped
    /// before.
    fn begin(&self, py: Python<'_>, job: &Bound<'_, JobCore>) -> PyResult<bool> {
        let active = active(py);
        active.set_item(self.ident, job)?;
        let begins = job.get().begin(py, self.ident, self.native_id);
        if !begins {
            active.del_item(self.ident)?;
        }
        // After a fork the job is not there.
        let _ = limbo(py).del_item(job);
        Ok(begins)
    }
}
