//! The way of a running command out of its program: somebody else attends to it from then on.
//!
//! Knows nothing of who that is.

use std::{
    ffi::OsString,
    fmt,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::{
    body::context::Context,
    command::{
        link::{Link, send},
        protocol::Order,
    },
    record::{failure::Failure, log::line::Stream},
};

/// Takes what a command prints.
pub(crate) type Print<'a> = dyn FnMut(Stream, &str) -> Result<(), Failure> + 'a;

/// Takes over a command on the thread of its job, and says what the job does from then on; `None` if that failed.
pub(crate) type Taker = Box<dyn FnOnce(&Link, &Context) -> Option<Rest> + Send>;

/// What the job of a command does once another process attends to the command.
pub(crate) type Rest = Box<dyn FnOnce(&Context, &mut Print<'_>) -> Result<ExitStatus, Failure> + Send>;

/// Lets a command leave its program while it runs: [`Command::handover`](crate::Command::handover) gives it to a command,
/// `KeptJobs::take_over` takes the command.
///
/// Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub struct Handover(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: Option<Running>,
    taker: Option<Taker>,
}

/// A command that may leave.
#[derive(Clone)]
pub(crate) struct Running {
    control: Weak<UnixStream>,
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
    pub(crate) folder: Option<PathBuf>,
}

impl Handover {
    /// Creates one for a command that has not started.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that the command runs.
    pub(crate) fn open(&self, control: &Arc<UnixStream>, words: Vec<OsString>, folder: Option<PathBuf>) {
        *self.lock() =
            State { running: Some(Running { control: Arc::downgrade(control), words, folder }), taker: None };
    }

    /// Notes that the command has ended, or left.
    pub(crate) fn close(&self) {
        let state = std::mem::take(&mut *self.lock());
        // A waiter for the taker hears that it is gone.
        drop(state);
    }

    /// The command, while it runs.
    pub(crate) fn running(&self) -> Option<Running> {
        self.lock().running.clone()
    }

    /// Asks the command's supervisor to let it leave, and then its job to call `taker`, which is dropped if the command ends
    /// before.
    pub(crate) fn ask(&self, taker: Taker) {
        let mut state = self.lock();
        let control = state.running.as_ref().and_then(|running| running.control.upgrade());
        let Some(control) = control.filter(|_| state.taker.is_none()) else { return };
        state.taker = Some(taker);
        drop(state);
        send(&control, Order::Keep);
    }

    pub(crate) fn take(&self) -> Option<Taker> {
        self.lock().taker.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover").field("runs", &self.lock().running.is_some()).finish_non_exhaustive()
    }
}
