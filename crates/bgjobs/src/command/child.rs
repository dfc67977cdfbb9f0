//! A command that its job's own thread attends to.
//!
//! Knows nothing of lists and states.

use std::{
    io,
    os::fd::OwnedFd,
    process::{self, ExitStatus, Stdio},
    sync::{Arc, atomic::AtomicU32},
    thread,
    time::{Duration, Instant},
};

use crate::{
    body::context::Context,
    command::{
        descendants::Reach,
        error::{CommandError, heed},
        handover::Handover,
        link::Link,
        protocol::milliseconds,
        request::Command,
        shortage::{self, Running},
        supervision::Attention,
        supervisor,
    },
    manager::handle::Handle,
    record::{failure::Failure, log::line::Stream, name::Name},
    system::platform::ThreadPermit,
};

/// How long the processes that a command leaves behind may take to end before they count as left running.
const LINGER: Duration = Duration::from_millis(200);

/// A started command.
pub(crate) struct Child {
    link: Link,
    supervisor: Option<process::Child>,
    handover: Option<Handover>,
    _running: Running,
}

/// The result of printing.
type Printed = Result<(), Failure>;

/// When the job of a command ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// When the command has ended, even if descendants go on.
    Ended,
    /// When all its descendants have ended too.
    Gone,
}

impl Child {
    /// Starts a command. That its program can't be started may only be reported later, by the supervisor.
    pub(crate) fn start(command: Command) -> Result<Self, CommandError> {
        if let Some(folder) = &command.folder {
            // The system's own error would not say what is missing.
            let data = folder.metadata().map(|data| data.is_dir());
            let data = data.and_then(|is_dir| if is_dir { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) });
            data.map_err(|cause| CommandError::NoFolder { folder: folder.clone(), cause })?;
        }
        let program = command.called();
        let what = program.clone();
        Self::try_start(command, program).map_err(|cause| CommandError::NotStarted { what, cause })
    }

    fn try_start(command: Command, program: String) -> io::Result<Self> {
        let Command { program: path, words, environment, folder, input, terminal, grace, handover, .. } = command;
        let (link, far_control, fds) = Link::open(program, input.0, terminal, grace)?;
        let wrapper = supervisor::starter(&path);
        let is_supervised = wrapper.is_some();
        let mut process = wrapper.unwrap_or_else(|| process::Command::new(&path));
        process.args(&words);
        for (name, value) in environment {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        if let Some(folder) = &folder {
            process.current_dir(folder);
        }
        let mut supervisor = None;
        if is_supervised {
            let started = process.stdin(Stdio::from(OwnedFd::from(far_control))).spawn();
            let explain = |cause: io::Error| match cause.kind() {
                // The words of the command are no fault of the supervisor, and a shortage is heeded.
                io::ErrorKind::InvalidInput | io::ErrorKind::ArgumentListTooLong => cause,
                _ if shortage::of_system(&cause).is_some() => cause,
                _ => io::Error::other(format!("its supervisor can't be started: {cause}")),
            };
            supervisor = Some(started.map_err(explain)?);
            // If it is gone already, reading its messages will show that.
            let _ = link.hand_over(&fds);
            if let Some((handover, control)) = handover.as_ref().zip(link.leaving()) {
                handover.open(control, [path].into_iter().chain(words).collect(), folder);
            }
        } else {
            let permit = ThreadPermit::take()?;
            let grace = milliseconds(grace);
            let attention =
                Attention { control: far_control, program: None, alarms: Vec::new(), grace, reach: Reach::Group };
            thread::Builder::new().name("bgjobs command".into()).spawn(move || {
                attention.run(process, fds);
                drop(permit);
            })?;
        }
        Ok(Self { link, supervisor, handover, _running: Running::new() })
    }

    /// Attends to the command until all its descendants have ended, as part of a body.
    pub(crate) fn run(
        mut self,
        job: &Context,
        print: impl FnMut(Stream, &str) -> Printed,
    ) -> Result<ExitStatus, Failure> {
        self.attend(job, Until::Gone, print)?;
        self.link.outcome(Some(job))
    }

    /// Attends to the command until it ends, as a body; what it leaves running becomes a separate job.
    pub(crate) fn run_alone(
        mut self,
        job: &Context,
        name: &Name,
        mut print: impl FnMut(Stream, &str) -> Printed,
    ) -> Result<ExitStatus, Failure> {
        loop {
            self.attend(job, Until::Ended, &mut print)?;
            if !self.link.is_kept() {
                break;
            }
            let taker = self.handover.as_ref().and_then(Handover::take).filter(|_| !job.is_stopping());
            if let Some(rest) = taker.and_then(|taker| taker(&self.link, job)) {
                self.leave();
                return rest(job, &mut print);
            }
            self.link.stay();
        }
        let outcome = self.link.outcome(Some(job));
        if !self.link.is_gone() {
            self.leave_running(job, name);
        }
        outcome
    }

    /// Gives the command up, because another process attends to it.
    fn leave(mut self) {
        self.link.give_up();
        if let Some(mut supervisor) = self.supervisor.take() {
            // It would stay in the list of processes until this program ends.
            let _ = thread::Builder::new().name("bgjobs command".into()).spawn(move || supervisor.wait());
        }
    }

    /// Starts a job for what is left running; if that fails, what is left is ended.
    fn leave_running(mut self, job: &Context, name: &Name) {
        let handle = Handle::new(Arc::clone(job.job().engine()));
        let name = format!("left running by `{}`", &**name);
        let _ = handle.named(name).daemon().spawn_with(move |job| {
            let log = job.log();
            self.attend(job, Until::Gone, |stream, text| {
                log.write(stream, text);
                Ok(())
            })?;
            heed(job)
        });
    }

    /// Passes on the command's output, and stops it with the job, until `until`; an error from `print` ends the command,
    /// and is returned when nothing is left.
    fn attend(&mut self, job: &Context, until: Until, mut print: impl FnMut(Stream, &str) -> Printed) -> Printed {
        let mut printed = Ok(());
        let end = self.link.order();
        let sink = &mut |stream, text: &str| {
            if printed.is_ok() && !text.is_empty() {
                printed = print(stream, text);
                if printed.is_err() {
                    end();
                }
            }
        };
        let supervisor = Arc::new(AtomicU32::new(self.supervisor.as_ref().map_or(0, process::Child::id)));
        let _located = self.link.report_to(job, supervisor);
        let _stopping = job.on_stop(self.link.order());
        let mut left_since = None;
        // What a command has left running stays here.
        let leaves = |link: &Link| link.is_kept() && until == Until::Ended;
        while !self.link.is_gone() && !leaves(&self.link) {
            let may_leave = self.link.has_ended() && until == Until::Ended && !job.is_stopping();
            let deadline = may_leave.then(|| *left_since.get_or_insert_with(Instant::now) + LINGER);
            let is_late = deadline.is_some_and(|at| Instant::now() >= at);
            // Even then, because what the command has printed may still be in its pipes.
            self.link.advance(deadline, sink);
            if is_late {
                break;
            }
        }
        printed
    }
}

impl Drop for Child {
    /// Ends what is left, for example if the job for it was stopped before it started.
    fn drop(&mut self) {
        if let Some(handover) = &self.handover {
            handover.close();
        }
        if !self.link.is_gone() {
            self.link.order()();
        }
        if let Some(supervisor) = &mut self.supervisor {
            // The supervisor ends when nothing is left.
            let _ = supervisor.wait();
        }
    }
}
