//! A running command as its job sees it: what it prints, where it is, how it ends.
//!
//! Knows nothing of lists and states; the other end of its socket is in `supervisor.rs`.

use std::{
    io::{self, IoSlice, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::{self, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg},
    process::{Pid, Signal, kill_process_group},
};

#[cfg(target_os = "linux")]
use crate::command::tree;
use crate::{
    body::context::{Context, LocateGuard},
    command::{
        error::{CommandError, failure, heed},
        pipes::Pipes,
        protocol::{END, Message, RELEASE},
        request::Command,
        supervision::{Reach, attend},
        supervisor,
    },
    manager::handle::Handle,
    record::{failure::Failure, log::line::Stream, name::Name, place::Place},
    system::{
        platform::{ThreadPermit, nanos},
        process::Process,
    },
};

/// How long the processes that a command leaves behind may take to end before they count as left running.
const LINGER: Duration = Duration::from_millis(200);

/// A started command.
pub(crate) struct Child {
    /// When this end closes, the supervisor ends the command.
    control: Arc<UnixStream>,
    supervisor: Option<process::Child>,
    /// The ID of the command's process; 0 before it has one.
    leader: Arc<AtomicU32>,
    started: Instant,
    program: String,
    pipes: Pipes,
    /// The start of a message whose rest has not arrived.
    partial: Vec<u8>,
    end: Option<End>,
    /// Whether the command and all its descendants have ended.
    gone: bool,
}

/// How the command ended.
enum End {
    NotStarted(io::Error),
    ByItself(ExitStatus),
    AsAsked(ExitStatus),
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
        let Command { program: path, words, environment, folder, input, terminal, grace, .. } = command;
        let (pipes, fds) = Pipes::open(input.0, terminal)?;
        let (control, far_control) = UnixStream::pair()?;
        let wrapper = supervisor::starter(&path);
        let is_supervised = wrapper.is_some();
        let mut process = wrapper.unwrap_or_else(|| process::Command::new(path));
        process.args(words);
        for (name, value) in environment {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        if let Some(folder) = folder {
            process.current_dir(folder);
        }
        let mut supervisor = None;
        if is_supervised {
            let started = process.stdin(Stdio::from(OwnedFd::from(far_control))).spawn();
            let explain = |cause| io::Error::other(format!("its supervisor can't be started: {cause}"));
            supervisor = Some(started.map_err(explain)?);
            // If it is gone already, reading its messages will show that.
            let _ = hand_over(&control, grace, &fds);
        } else {
            let permit = ThreadPermit::take()?;
            thread::Builder::new().name("bgjobs command".into()).spawn(move || {
                attend(process, fds, grace, far_control, Reach::Group);
                drop(permit);
            })?;
        }
        Ok(Self {
            control: Arc::new(control),
            supervisor,
            leader: Arc::default(),
            started: Instant::now(),
            program,
            pipes,
            partial: Vec::new(),
            end: None,
            gone: false,
        })
    }

    /// Attends to the command until all its descendants have ended, as part of a body.
    pub(crate) fn run(
        mut self,
        job: &Context,
        print: impl FnMut(Stream, &str) -> Printed,
    ) -> Result<ExitStatus, Failure> {
        self.attend(job, Until::Gone, print)?;
        self.outcome(job)
    }

    /// Attends to the command until it ends, as a body; what it leaves running becomes a separate job.
    pub(crate) fn run_alone(
        mut self,
        job: &Context,
        name: &Name,
        print: impl FnMut(Stream, &str) -> Printed,
    ) -> Result<ExitStatus, Failure> {
        self.attend(job, Until::Ended, print)?;
        let outcome = self.outcome(job);
        if !self.gone {
            self.leave_running(job, name);
        }
        outcome
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
        let end = self.order();
        let sink = &mut |stream, text: &str| {
            if printed.is_ok() && !text.is_empty() {
                printed = print(stream, text);
                if printed.is_err() {
                    end();
                }
            }
        };
        let _located = self.report_place(job);
        let _stopping = job.on_stop(self.order());
        let mut left_since = None;
        let mut is_released = false;
        while !self.gone {
            let has_ended = matches!(self.end, Some(End::ByItself(_)));
            if has_ended && self.pipes.are_closed() && !is_released {
                let _ = (&*self.control).write_all(&[RELEASE]);
                is_released = true;
            }
            let may_leave = has_ended && until == Until::Ended && !job.is_stopping();
            let deadline = may_leave.then(|| *left_since.get_or_insert_with(Instant::now) + LINGER);
            if deadline.is_some_and(|at| Instant::now() >= at) {
                return printed;
            }
            let control = Arc::clone(&self.control);
            if self.pipes.wait(&*control, deadline, sink) {
                self.read_messages();
            }
        }
        self.pipes.end(sink);
        printed
    }

    /// Returns a function that asks the supervisor to end the command.
    fn order(&self) -> impl Fn() + Send + Sync + 'static {
        let control = Arc::clone(&self.control);
        // A supervisor that is gone needs no order.
        move || drop((&*control).write_all(&[END]))
    }

    /// Reports the command's processes as the job's place.
    fn report_place(&self, job: &Context) -> LocateGuard {
        let (leader, since) = (Arc::clone(&self.leader), self.started);
        let supervisor = self.supervisor.as_ref().map(process::Child::id);
        job.locate(move || {
            let leader = Some(leader.load(Ordering::Relaxed)).filter(|&id| id != 0)?;
            let processes = processes(supervisor, leader);
            // What a command has left running is no longer in the command's own process.
            let first = processes.first().map_or(leader, |process| process.id);
            let text = Name::from(format!("process {first}"));
            Some(Place { text, frames: Vec::new(), processes, since })
        })
    }

    /// Reads the supervisor's messages.
    fn read_messages(&mut self) {
        let mut bytes = [0; 4 * Message::SIZE];
        let read = match (&*self.control).read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            read => read.unwrap_or(0),
        };
        self.gone = read == 0;
        self.partial.extend_from_slice(&bytes[..read]);
        while let Some((&message, rest)) = self.partial.split_first_chunk() {
            self.partial = rest.to_vec();
            match Message::from_bytes(message) {
                Some(Message::Started(id)) => self.leader.store(id, Ordering::Relaxed),
                Some(Message::NotStarted(error)) => {
                    self.end = Some(End::NotStarted(io::Error::from_raw_os_error(error)));
                }
                Some(Message::Ended(status)) => self.end = Some(End::ByItself(ExitStatus::from_raw(status))),
                Some(Message::EndedAsAsked(status)) => self.end = Some(End::AsAsked(ExitStatus::from_raw(status))),
                None => {}
            }
        }
    }

    /// How the command ended; only after its end.
    fn outcome(&mut self, job: &Context) -> Result<ExitStatus, Failure> {
        match self.end.take() {
            Some(End::ByItself(status)) => Ok(status),
            Some(End::AsAsked(status)) => heed(job).map(|()| status),
            Some(End::NotStarted(cause)) => {
                Err(failure(CommandError::NotStarted { what: std::mem::take(&mut self.program), cause }))
            }
            None => {
                // If the supervisor was killed before it could report the process, nobody knows it.
                if let Some(leader) = Pid::from_raw(self.leader.load(Ordering::Relaxed).cast_signed()) {
                    let _ = kill_process_group(leader, Signal::KILL);
                }
                heed(job)?;
                Err(failure(CommandError::Lost))
            }
        }
    }
}

impl Drop for Child {
    /// Ends what is left, for example if the job for it was stopped before it started.
    fn drop(&mut self) {
        if !self.gone {
            self.order()();
        }
        if let Some(supervisor) = &mut self.supervisor {
            // The supervisor ends when nothing is left.
            let _ = supervisor.wait();
        }
    }
}

/// The processes of a command, without its supervisor.
#[cfg(target_os = "linux")]
fn processes(supervisor: Option<u32>, leader: u32) -> Vec<Process> {
    supervisor.map_or_else(|| tree::from(leader), tree::below)
}

#[cfg(not(target_os = "linux"))]
fn processes(_: Option<u32>, _: u32) -> Vec<Process> {
    Vec::new()
}

/// Sends a supervisor the grace period and the descriptors for the command.
fn hand_over(control: &UnixStream, grace: Duration, fds: &[OwnedFd]) -> io::Result<()> {
    let grace = (nanos(grace) / 1_000_000).to_le_bytes();
    let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    sendmsg(control, &[IoSlice::new(&grace)], &mut ancillary, SendFlags::empty())?;
    Ok(())
}
