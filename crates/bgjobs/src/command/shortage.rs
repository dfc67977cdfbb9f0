//! Waits while the system is short of what a command needs: open files, processes, memory.
//!
//! Knows nothing of how a command is started.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use rustix::io::Errno;

use crate::{
    body::context::Context,
    command::error::{CommandError, heed},
    record::{failure::Failure, place::Place},
};

/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_millis(50);

/// How many commands of this process run, whose ends free what others need.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Counts a command until it is dropped.
pub(crate) struct Running(());

impl Running {
    pub(crate) fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Calls `run`, which starts and attends to a command, again and again while it could not start for a shortage that the
/// end of another command may relieve.
pub(crate) fn when_possible<T>(job: &Context, mut run: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    loop {
        heed(job)?;
        // One that is being started may run at the next moment.
        let starting = Running::new();
        let done = run();
        drop(starting);
        let Some(shortage) = done.as_ref().err().and_then(shortage) else { return done };
        if RUNNING.load(Ordering::Relaxed) == 0 {
            return done;
        }
        let place =
            Place { text: format!("waiting for other commands to end: {shortage}").into(), ..Place::new(Vec::new()) };
        let _here = job.locate(move || Some(place.clone()));
        // A stop is heard above.
        let _ = job.sleep(PAUSE);
    }
}

/// What the system is short of, if the command could not start for that.
fn shortage(failure: &Failure) -> Option<Errno> {
    let CommandError::NotStarted { cause, .. } = failure.error()?.downcast_ref()? else { return None };
    of_system(cause)
}

/// What the system is short of, if that is the error.
pub(crate) fn of_system(error: &io::Error) -> Option<Errno> {
    Errno::from_io_error(error)
        .filter(|errno| matches!(*errno, Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM))
}
