//! The near end of a command: what it prints, what its supervisor reports, and the order to end it.
//!
//! Knows nothing of how a supervisor starts; the far end of its socket is in `supervisor.rs`.

use std::{
    io::{self, IoSlice, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::ExitStatus,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
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
        input::Source,
        keyboard::{Keyboard, KeyboardEvent},
        pipes::{Pipes, Sink},
        protocol::{Message, Order, SIZE, milliseconds},
        terminal::TerminalSize,
    },
    record::{failure::Failure, log::line::Stream, name::Name, place::Place},
    system::process::Process,
};

/// The near end of a command, from before its start to its end.
pub(crate) struct Link {
    /// When this end closes, the supervisor ends the command.
    control: Arc<UnixStream>,
    grace: Duration,
    /// The ID of the command's process; 0 before it has one.
    leader: Arc<AtomicU32>,
    opened: Instant,
    /// The command's name in errors.
    program: String,
    pipes: Pipes,
    keyboard: Option<Keyboard>,
    /// The start of a message whose rest has not arrived.
    partial: Vec<u8>,
    end: Option<End>,
    is_released: bool,
    is_gone: bool,
    /// Whether the supervisor has let the command leave the program.
    is_kept: bool,
}

/// A link in another process: its descriptors, and the rest as data.
#[cfg(target_os = "linux")]
pub(crate) struct Parts<'a> {
    pub(crate) fds: Vec<BorrowedFd<'a>>,
    pub(crate) state: LinkState,
}

/// What is known of a command, beside the descriptors of its link.
#[cfg(target_os = "linux")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkState {
    pub(crate) leader: u32,
    pub(crate) program: String,
    pub(crate) age: Duration,
    /// The start of a message whose rest has not arrived.
    pub(crate) partial: Vec<u8>,
    /// For each output its stream, and the start of a character whose rest has not arrived.
    pub(crate) outputs: Vec<(Stream, Vec<u8>)>,
}

/// How the command ended.
enum End {
    NotStarted(io::Error),
    ByItself(ExitStatus),
    AsAsked(ExitStatus),
}

impl Link {
    /// Opens the socket and the pipes; also returns the socket's far end, and the command's descriptors.
    pub(crate) fn open(
        program: String,
        input: Source,
        terminal: Option<TerminalSize>,
        grace: Duration,
    ) -> io::Result<(Self, UnixStream, Vec<OwnedFd>)> {
        let keyboard = if let Source::Keyboard(keyboard) = &input { Some(keyboard.clone()) } else { None };
        let (pipes, fds) = Pipes::open(input, terminal)?;
        let (control, far_control) = UnixStream::pair()?;
        let control = Arc::new(control);
        if let Some(keyboard) = &keyboard {
            keyboard.supervised_by(Arc::clone(&control));
        }
        let link = Self {
            control,
            grace,
            leader: Arc::default(),
            opened: Instant::now(),
            program,
            pipes,
            keyboard,
            partial: Vec::new(),
            end: None,
            is_released: false,
            is_gone: false,
            is_kept: false,
        };
        Ok((link, far_control, fds))
    }

    /// The socket to the supervisor, for a command that can leave the program.
    pub(crate) fn leaving(&self) -> Option<&Arc<UnixStream>> {
        (self.keyboard.is_none() && self.pipes.are_plain()).then_some(&self.control)
    }

    /// Whether the supervisor has let the command leave the program.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Stays with the command after all.
    pub(crate) fn stay(&mut self) {
        self.is_kept = false;
    }

    /// Gives up the command, which another process attends to.
    pub(crate) fn give_up(&mut self) {
        self.is_gone = true;
    }

    /// The link, for another process; `None` if the command has ended, or still gets its input from here.
    #[cfg(target_os = "linux")]
    pub(crate) fn parts(&self) -> Option<Parts<'_>> {
        if self.is_over() || self.is_gone || self.pipes.input().is_some() {
            return None;
        }
        let fds = std::iter::once(self.control.as_fd()).chain(self.pipes.outputs()).collect();
        let state = LinkState {
            leader: self.leader.load(Ordering::Relaxed),
            program: self.program.clone(),
            age: self.opened.elapsed(),
            partial: self.partial.clone(),
            outputs: self.pipes.begun(),
        };
        Some(Parts { fds, state })
    }

    /// A link that another process had; its descriptors in the order of [`parts`](Self::parts).
    #[cfg(target_os = "linux")]
    pub(crate) fn adopt(state: LinkState, fds: Vec<OwnedFd>, grace: Duration) -> Option<Self> {
        let mut fds = fds.into_iter();
        let control = Arc::new(UnixStream::from(fds.next()?));
        let outputs: Vec<_> =
            state.outputs.into_iter().zip(fds).map(|((stream, begun), fd)| (stream, fd, begun)).collect();
        Some(Self {
            control,
            grace,
            leader: Arc::new(AtomicU32::new(state.leader)),
            opened: Instant::now().checked_sub(state.age).unwrap_or_else(Instant::now),
            program: state.program,
            pipes: Pipes::adopt(outputs),
            keyboard: None,
            partial: state.partial,
            end: None,
            is_released: false,
            is_gone: false,
            is_kept: false,
        })
    }

    /// When the command was started.
    #[cfg(target_os = "linux")]
    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    /// Sends the supervisor the grace period, and the command's descriptors unless it inherits them; it receives them as
    /// soon as it runs.
    pub(crate) fn hand_over(&self, fds: &[OwnedFd]) -> io::Result<()> {
        let grace = milliseconds(self.grace).to_le_bytes();
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        }
        sendmsg(&self.control, &[IoSlice::new(&grace)], &mut ancillary, SendFlags::empty())?;
        Ok(())
    }

    /// What becomes readable when there is something to do.
    pub(crate) fn readable(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        std::iter::once(self.control.as_fd()).chain(self.pipes.outputs())
    }

    /// What becomes writable when the command takes more of its input.
    pub(crate) fn writable(&self) -> Option<BorrowedFd<'_>> {
        self.pipes.input()
    }

    /// Waits until there is something to do, or `deadline` has passed, and does it: passes output on, feeds input, reads
    /// messages.
    pub(crate) fn advance(&mut self, deadline: Option<Instant>, sink: &mut Sink<'_>) {
        if self.has_ended() && self.pipes.are_closed() && !self.is_released {
            self.send(Order::Release);
            self.is_released = true;
        }
        let control = Arc::clone(&self.control);
        if self.pipes.wait(&*control, deadline, sink) {
            self.read_messages();
        }
        if self.is_gone {
            self.pipes.end(sink);
        }
    }

    /// Whether the command has ended by itself, even if descendants go on.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.end, Some(End::ByItself(_)))
    }

    /// Whether the command has ended, by itself or not, even if descendants go on.
    pub(crate) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the command and all its descendants have ended, and all output has been passed on.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// The ID of the command's process, once it has one.
    pub(crate) fn leader(&self) -> Option<u32> {
        known(&self.leader)
    }

    pub(crate) fn send(&self, order: Order) {
        send(&self.control, order);
    }

    /// Returns a function that asks the supervisor to end the command.
    pub(crate) fn order(&self) -> impl Fn() + Send + Sync + 'static {
        let (control, grace) = (Arc::clone(&self.control), milliseconds(self.grace));
        move || send(&control, Order::End(grace))
    }

    /// Reports the command's processes, found below its supervisor if that has an ID, as the place of `job`, and what it
    /// prints as its progress.
    pub(crate) fn report_to(&self, job: &Context, supervisor: Arc<AtomicU32>) -> LocateGuard {
        let (leader, since) = (Arc::clone(&self.leader), self.opened);
        job.read_progress();
        job.locate(move || {
            let leader = known(&leader)?;
            let processes = processes(known(&supervisor), leader);
            // What a command has left running is no longer in the command's own process.
            let first = processes.first().map_or(leader, |process| process.id);
            let text = Name::from(format!("process {first}"));
            Some(Place { text, frames: Vec::new(), processes, since })
        })
    }

    /// Reads the supervisor's messages.
    fn read_messages(&mut self) {
        let mut bytes = [0; 4 * SIZE];
        let read = match (&*self.control).read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            read => read.unwrap_or(0),
        };
        self.is_gone = read == 0;
        self.partial.extend_from_slice(&bytes[..read]);
        while let Some((&message, rest)) = self.partial.split_first_chunk() {
            self.partial = rest.to_vec();
            match Message::from_bytes(message) {
                Some(Message::Started(id)) => {
                    self.leader.store(id, Ordering::Relaxed);
                    self.keyboard.as_ref().inspect(|keyboard| keyboard.note_start(id));
                }
                Some(Message::NotStarted(error)) => {
                    self.end = Some(End::NotStarted(io::Error::from_raw_os_error(error)));
                }
                Some(Message::Ended(status)) => self.end = Some(End::ByItself(ExitStatus::from_raw(status))),
                Some(Message::EndedAsAsked(status)) => self.end = Some(End::AsAsked(ExitStatus::from_raw(status))),
                Some(Message::GaveUpKeyboard) => self.tell(KeyboardEvent::GivenUp),
                Some(Message::WantsKeyboard) => self.tell(KeyboardEvent::Wanted),
                Some(Message::Kept) => self.is_kept = true,
                None => {}
            }
        }
        if self.is_gone || self.end.is_some() {
            // What it leaves running has no user.
            self.keyboard.take().inspect(Keyboard::disconnect);
        }
    }

    fn tell(&self, event: KeyboardEvent) {
        if let Some(keyboard) = &self.keyboard {
            keyboard.tell(event);
        }
    }

    /// How the command ended; only after its end.
    pub(crate) fn outcome(&mut self, job: Option<&Context>) -> Result<ExitStatus, Failure> {
        let heeded = || job.map_or(Ok(()), heed);
        match self.end.take() {
            Some(End::ByItself(status)) => Ok(status),
            Some(End::AsAsked(status)) => heeded().map(|()| status),
            Some(End::NotStarted(cause)) => {
                Err(failure(CommandError::NotStarted { what: std::mem::take(&mut self.program), cause }))
            }
            None => {
                // If the supervisor was killed before it could report the process, nobody knows it.
                if let Some(leader) = self.leader().and_then(|id| Pid::from_raw(id.cast_signed())) {
                    let _ = kill_process_group(leader, Signal::KILL);
                }
                heeded()?;
                Err(failure(CommandError::Lost))
            }
        }
    }
}

/// Sends the supervisor an order.
pub(crate) fn send(mut control: &UnixStream, order: Order) {
    // A supervisor that is gone needs no order.
    let _ = control.write_all(&order.to_bytes());
}

/// The ID of a process, unless it has none yet.
fn known(id: &AtomicU32) -> Option<u32> {
    Some(id.load(Ordering::Relaxed)).filter(|&id| id != 0)
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
