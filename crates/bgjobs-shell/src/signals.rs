//! Ctrl-C, Ctrl-Z, and requests to leave from outside the process.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bgjobs::{Handle, StopReason, Verdict};

use crate::{console, foreground::Stopper, pager, terminal};

/// How long the end waits for jobs that it asks to stop.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether Ctrl-C was pressed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    /// Whether it was.
    #[must_use]
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that it was.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What Ctrl-C does when no line is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnInterrupt {
    /// Nothing: the editor sees the key itself.
    Ignore,
    /// It ends the process.
    Exit,
}

/// Listens to signals from now on: an interrupt stops what the session waits for, a request to leave stops all jobs and
/// exits.
///
/// At a prompt, Ctrl-Z (or Ctrl-\ where a terminal uses Ctrl-Z itself) sends what the session waits for to the
/// background.
///
/// # Errors
///
/// The system refuses to deliver the signals.
pub(crate) fn listen(stopper: Stopper, jobs: Handle, on_interrupt: OnInterrupt) -> io::Result<Interrupted> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGXFSZ},
        iterator::Signals,
    };

    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    if on_interrupt == OnInterrupt::Ignore {
        signals.add_signal(SIGTSTP)?;
        signals.add_signal(SIGQUIT)?;
    }
    // At the limit on the size of files a write fails, which its writer hears; without a handler the process would end.
    // One that only ignores the signal would be inherited by commands.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let interrupted = Interrupted::default();
    let shared = interrupted.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if matches!(signal, SIGINT | SIGTSTP | SIGQUIT)
                && on_interrupt == OnInterrupt::Ignore
                && stopper.has_something()
            {
                // The terminal has echoed the key; what follows goes on the next line.
                let _ = writeln!(io::stderr());
            }
            if matches!(signal, SIGTSTP | SIGQUIT) {
                stopper.send_to_background();
                continue;
            }
            shared.set();
            if signal == SIGINT && (stopper.stop("interrupted") || on_interrupt == OnInterrupt::Ignore) {
                continue;
            }
            let _ = stop_all(&jobs);
            console::release();
            pager::release();
            terminal::release();
            std::process::exit(128 + signal);
        }
    })?;
    Ok(interrupted)
}

/// Asks all jobs to stop, and waits a moment; true if all have ended.
#[must_use]
pub(crate) fn stop_all(jobs: &Handle) -> bool {
    // Not as a user's stop: a job that follows a kept one leaves that alone.
    let verdicts = bgjobs::stop_all(jobs.running(), StopReason::ShutDown, PATIENCE);
    !verdicts.iter().any(|verdict| matches!(verdict, Verdict::StillRunning { .. }))
}

#[cfg(test)]
mod tests {
    use bgjobs::{After, JobManager};

    use super::*;

    #[test]
    fn no_job_starts_while_all_are_stopped() {
        let jobs = JobManager::new();
        let disk = jobs.group("disk");
        disk.pause();
        let load = disk.spawn("load", || ()).expect("it starts");
        let tidy = jobs.named("tidy").after(After::ended(&load)).spawn(|| ()).expect("it starts");
        assert!(stop_all(&jobs));
        assert_eq!((tidy.times().started, tidy.stop_reason()), (None, Some(StopReason::ShutDown)));
    }
}
