//! A command for a host that starts the supervisor, and waits, itself.
//!
//! Knows nothing of how the host does either: no call here waits.

use std::{
    fmt, io,
    os::fd::{BorrowedFd, OwnedFd},
    process::{self, ExitStatus},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    body::{
        context::{Context, LocateGuard},
        on_stop::OnStop,
    },
    command::{input::Input, link::Link},
    record::{failure::Failure, log::line::Stream},
};

/// The near end of a command whose supervisor the host starts, and for which the host waits; an interpreter needs both,
/// to wait in code of its own.
///
/// The host starts a program whose standard input is the socket from [`open`](Self::open), and which calls
/// [`supervise_command`](crate::supervise_command). Then it calls [`advance`](Self::advance), and again whenever one of
/// [`readable`](Self::readable) and [`writable`](Self::writable) is ready, until that returns true.
/// A stop of the job ends the command, and the command's processes are the [place](crate::AnyJob::place) of the job.
///
/// The command ends when this is dropped, but not when it is dropped in the child of a fork.
///
/// ```no_run
/// use std::{process, time::Duration};
///
/// use bgjobs::{HostedCommand, Input, JobManager};
///
/// let jobs = JobManager::new();
/// let turn = jobs.named("make").host()?.begin().expect("nobody has stopped it");
/// let (mut command, socket) =
///     HostedCommand::open(turn.context(), "make", Input::default(), Duration::from_secs(1))?;
/// let mut supervisor = process::Command::new("/usr/lib/editor/supervisor").arg("make").stdin(socket).spawn()?;
/// command.supervised_by(supervisor.id());
/// while !command.advance(|_, text| turn.context().log().write(bgjobs::Stream::Out, text)) {
///     // The host waits for the descriptors here.
/// }
/// supervisor.wait()?;
/// turn.end(command.outcome().map(drop));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping it ends the command"]
pub struct HostedCommand {
    link: Link,
    job: Context,
    /// The ID of the supervisor's process; 0 before the host has told it.
    supervisor: Arc<AtomicU32>,
    _located: LocateGuard,
    _stopping: OnStop,
}

impl HostedCommand {
    /// Opens the near end of a command as the body of `job`, and returns it with the standard input of its supervisor.
    ///
    /// `program` names the command in errors, and `grace` is the time between SIGTERM and SIGKILL, in whole milliseconds.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptors left.
    pub fn open(
        job: Context,
        program: impl Into<String>,
        input: Input,
        grace: Duration,
    ) -> io::Result<(Self, OwnedFd)> {
        let (link, socket, fds) = Link::open(program.into(), input.0, None)?;
        link.hand_over(grace, &fds)?;
        let supervisor = Arc::default();
        let located = link.report_place(&job, Arc::clone(&supervisor));
        let (order, here) = (link.order(), process::id());
        let stopping = job.on_stop(move || {
            // In the child of a fork the socket leads to the parent's command.
            if process::id() == here {
                order();
            }
        });
        Ok((Self { link, job, supervisor, _located: located, _stopping: stopping }, socket.into()))
    }

    /// Tells which process supervises the command; only then does the place of the job show all processes.
    pub fn supervised_by(&self, supervisor: u32) {
        self.supervisor.store(supervisor, Ordering::Relaxed);
    }

    /// The ID of the command's process, once it has one.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.link.leader()
    }

    /// What becomes readable when [`advance`](Self::advance) has something to do.
    pub fn readable(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.link.readable()
    }

    /// What becomes writable when [`advance`](Self::advance) has something to do; `None` once the command has its input.
    #[must_use]
    pub fn writable(&self) -> Option<BorrowedFd<'_>> {
        self.link.writable()
    }

    /// Does what can be done without waiting, and passes the command's output to `print`; true when the command and all
    /// its descendants have ended, and all output has been passed on.
    pub fn advance(&mut self, mut print: impl FnMut(Stream, &str)) -> bool {
        let sink = &mut |stream, text: &str| {
            if !text.is_empty() {
                print(stream, text);
            }
        };
        if !self.link.is_gone() {
            self.link.advance(Some(Instant::now()), sink);
        }
        self.link.is_gone()
    }

    /// Asks the supervisor to end the command and its descendants, as a stop of the job does.
    pub fn end(&self) {
        self.link.order()();
    }

    /// How the command ended, once [`advance`](Self::advance) has returned true.
    ///
    /// # Errors
    ///
    /// A [`CommandError`](crate::CommandError) if the command did not start or was lost, and
    /// [`Stopped`](crate::Stopped) if a stop of the job has ended it.
    pub fn outcome(mut self) -> Result<ExitStatus, Failure> {
        self.link.outcome(&self.job)
    }
}

impl fmt::Debug for HostedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostedCommand").field(&self.job.id()).finish()
    }
}
