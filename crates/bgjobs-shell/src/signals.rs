//! Ctrl-C and the requests to leave that a process gets from outside.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bgjobs::Handle;

use crate::{foreground::Stopper, terminal};

/// How long the jobs are waited for that are asked to stop at the end.
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
}

/// Whom Ctrl-C is for when no line is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// Nobody: the editor sees the key itself.
    Stay,
    /// The process, which leaves.
    Leave,
}

/// Listens from now on: an interrupt stops what the session waits for, a request to leave stops all and leaves.
///
/// At a prompt Ctrl-Z, or Ctrl-\ where a terminal keeps that for itself, lets what the session waits for go on in the background.
///
/// # Errors
///
/// That of the system, if it does not let the signals be heard.
#[cfg(unix)]
pub(crate) fn listen(stopper: Stopper, jobs: Handle, idle: Idle) -> io::Result<Interrupted> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP},
        iterator::Signals,
    };

    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    if idle == Idle::Stay {
        signals.add_signal(SIGTSTP)?;
        signals.add_signal(SIGQUIT)?;
    }
    let interrupted = Interrupted::default();
    let shared = interrupted.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if matches!(signal, SIGINT | SIGTSTP | SIGQUIT) && idle == Idle::Stay && stopper.has_something() {
                // The terminal has shown the key; what is told of it comes below.
                let _ = writeln!(io::stderr());
            }
            if matches!(signal, SIGTSTP | SIGQUIT) {
                stopper.send_to_background();
                continue;
            }
            shared.0.store(true, Ordering::Relaxed);
            if signal == SIGINT && (stopper.stop("interrupted") || idle == Idle::Stay) {
                continue;
            }
            let _ = stop_all(&jobs, "the shell was asked to leave");
            terminal::release();
            std::process::exit(128 + signal);
        }
    })?;
    Ok(interrupted)
}

/// Elsewhere than on Unix Ctrl-C ends the process.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub(crate) fn listen(_: Stopper, _: Handle, _: Idle) -> io::Result<Interrupted> {
    Ok(Interrupted::default())
}

/// Asks all jobs to stop, and waits a moment for them; true if all have ended.
#[must_use]
pub(crate) fn stop_all(jobs: &Handle, reason: &'static str) -> bool {
    let running = jobs.running();
    for job in &running {
        job.ask_stop(reason);
    }
    let deadline = Instant::now() + PATIENCE;
    running.iter().all(|job| job.wait_timeout(deadline.saturating_duration_since(Instant::now())).is_ok())
}
