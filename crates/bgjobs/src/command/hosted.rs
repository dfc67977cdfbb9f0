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
    command::{
        input::Input,
        link::Link,
        protocol::{Order, milliseconds},
    },
    record::{failure::Failure, log::line::Stream},
};

/// The near end of a command whose supervisor the host starts, and for which the host waits; an interpreter needs both,
/// to wait in code of its own.
///
/// The host starts a program whose standard input is the socket from [`open`](Self::open), and which calls
/// [`supervise_command`](crate::supervise_command), or forks the command and attends to it as a
/// [`Supervisor`](crate::Supervisor).
/// Then it calls [`advance`](Self::advance), and again whenever one of [`readable`](Self::readable) and
/// [`writable`](Self::writable) is ready, until that returns true.
///
/// The command ends when this is dropped, and in the child of a fork nothing ends it.
///
/// ```no_run
/// use std::{process, time::Duration};
///
/// use bgjobs::{HostedCommand, Input, JobManager, Stream};
///
/// let jobs = JobManager::new();
/// let turn = jobs.named("make").host()?.begin().expect("nobody has stopped it");
/// let (mut command, socket) = HostedCommand::open("make", Input::default(), Duration::from_secs(1))?;
/// command.become_body(turn.context());
/// let mut supervisor = process::Command::new("/usr/lib/editor/supervisor").arg("make").stdin(socket).spawn()?;
/// command.supervised_by(supervisor.id());
/// while !command.advance(|_, text| turn.context().log().write(Stream::Out, text)) {
///     // The host waits for the descriptors here.
/// }
/// supervisor.wait()?;
/// turn.end(command.outcome().map(drop));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping it ends the command"]
pub struct HostedCommand {
    link: Link,
    /// The ID of the supervisor's process; 0 before the host has told it.
    supervisor: Arc<AtomicU32>,
    body: Option<Body>,
}

/// A command as the body of a job.
struct Body {
    job: Context,
    _located: LocateGuard,
    _stopping: OnStop,
}

impl HostedCommand {
    /// Opens the near end of a command, and returns it with the standard input of its supervisor.
    ///
    /// `program` names the command in errors, and `grace` is the time between SIGTERM and SIGKILL, in whole milliseconds,
    /// when this process or the job ends it.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptors left.
    pub fn open(program: impl Into<String>, input: Input, grace: Duration) -> io::Result<(Self, OwnedFd)> {
        let (link, socket, fds) = Link::open(program.into(), input.0, None, grace)?;
        link.hand_over(&fds)?;
        Ok((Self { link, supervisor: Arc::default(), body: None }, socket.into()))
    }

    /// Opens the near end of a command that a [`Supervisor`](crate::Supervisor) forks, and returns it with the standard
    /// input, output and error of the supervisor; the last two are also the command's.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_for_fork(program: impl Into<String>, grace: Duration) -> io::Result<(Self, Vec<OwnedFd>)> {
        let (link, socket, mut streams) = Link::open(program.into(), Input::default().0, None, grace)?;
        link.hand_over(&[])?;
        // The command opens its own input, which is empty.
        streams[0] = socket.into();
        Ok((Self { link, supervisor: Arc::default(), body: None }, streams))
    }

    /// Makes the command the body of `job`: a stop of the job ends it, and its processes are the
    /// [place](crate::AnyJob::place) of the job.
    pub fn become_body(&mut self, job: Context) {
        let located = self.link.report_to(&job, Arc::clone(&self.supervisor));
        let (order, here) = (self.link.order(), process::id());
        let stopping = job.on_stop(move || {
            // In the child of a fork the socket leads to the parent's command.
            if process::id() == here {
                order();
            }
        });
        self.body = Some(Body { job, _located: located, _stopping: stopping });
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

    /// Whether the command has ended, even if descendants go on.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.link.is_over()
    }

    /// Asks the command and its descendants to end, and has them killed after `grace`, or after what is left of an earlier
    /// grace.
    pub fn end(&self, grace: Duration) {
        self.link.send(Order::End(milliseconds(grace)));
    }

    /// Does to the command what Ctrl-C at a terminal does, unless `grace` is zero, and has it and its descendants killed
    /// after `grace`, or after what is left of an earlier grace.
    pub fn interrupt(&self, grace: Duration) {
        self.link.send(Order::Interrupt(milliseconds(grace)));
    }

    /// How the command ended, once [`advance`](Self::advance) has returned true.
    ///
    /// # Errors
    ///
    /// A [`CommandError`](crate::CommandError) if the command did not start or was lost, and
    /// [`Stopped`](crate::Stopped) if a stop of the job has ended it.
    pub fn outcome(mut self) -> Result<ExitStatus, Failure> {
        self.link.outcome(self.body.as_ref().map(|body| &body.job))
    }
}

impl fmt::Debug for HostedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostedCommand").field(&self.id()).finish()
    }
}
