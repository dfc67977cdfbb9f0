//! A command's output and input, handled on one thread as they come.
//!
//! Each output keeps its order. Between the two, what was written between two looks, some microseconds, comes in the order
//! in which the outputs began; what was written in different looks comes in the order of writing.
//! Knows nothing of jobs.

use std::{
    fs::File,
    io::{self, PipeWriter, Read, Write, pipe},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    command::{
        arrivals::Arrivals,
        input::Source,
        lossy::Decoder,
        terminal::{self, TerminalSize},
    },
    record::log::line::Stream,
};

/// The most that is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The most that is fed at once, in bytes: a pipe that is ready for writing takes this much whole.
const MORSEL: usize = 512;

/// The most reads at the end, in case a process that nobody waits for holds an output open.
const LAST_CHUNKS: usize = 16;

/// Takes a command's output.
pub(crate) type Sink<'a> = dyn FnMut(Stream, &str) + 'a;

/// The near ends of a command's pipes, while they are open.
pub(crate) struct Pipes {
    outputs: Vec<Output>,
    arrivals: Arrivals,
    feed: Option<Feed>,
    buffer: Vec<u8>,
    /// Whether the outputs are two pipes, and not a terminal.
    is_plain: bool,
}

struct Output {
    stream: Stream,
    file: File,
    decoder: Decoder,
}

/// A text that the command reads.
struct Feed {
    pipe: PipeWriter,
    text: Vec<u8>,
    fed: usize,
}

impl Pipes {
    /// Opens the pipes; also returns the far ends (input and both outputs), and a terminal's near end.
    pub(crate) fn open(input: Source, terminal: Option<TerminalSize>) -> io::Result<(Self, Vec<OwnedFd>)> {
        if let Source::Keyboard(keyboard) = input {
            let (near, far) = terminal::open_for_user(terminal.unwrap_or_default())?;
            keyboard.connect(near.try_clone()?, far.try_clone()?);
            let fds = vec![far.try_clone()?, far.try_clone()?, far, near.try_clone()?];
            return Ok((Self::new(vec![Output::new(Stream::Out, near)], None), fds));
        }
        let (input, feed) = match input {
            Source::Keyboard(_) => unreachable!("it is handled above"),
            Source::Empty => (File::open("/dev/null")?.into(), None),
            Source::Open(fd) => (Arc::try_unwrap(fd).or_else(|fd| fd.try_clone())?, None),
            Source::Text(text) => {
                let (far, pipe) = pipe()?;
                (far.into(), Some(Feed { pipe, text, fed: 0 }))
            }
        };
        let (outputs, far) = if let Some(size) = terminal {
            let (near, far) = terminal::open(size)?;
            let held = near.try_clone()?;
            (vec![Output::new(Stream::Out, near)], vec![input, far.try_clone()?, far, held])
        } else {
            let ((out, far_out), (err, far_err)) = (pipe()?, pipe()?);
            let outputs = vec![Output::new(Stream::Out, out.into()), Output::new(Stream::Err, err.into())];
            (outputs, vec![input, far_out.into(), far_err.into()])
        };
        Ok((Self::new(outputs, feed), far))
    }

    fn new(outputs: Vec<Output>, feed: Option<Feed>) -> Self {
        let arrivals = Arrivals::watch(outputs.iter().map(|output| output.file.as_fd()));
        // A terminal is one stream.
        let is_plain = outputs.len() == 2;
        Self { outputs, arrivals, feed, buffer: vec![0; CHUNK], is_plain }
    }

    /// Whether the outputs are two pipes, and not a terminal.
    pub(crate) fn are_plain(&self) -> bool {
        self.is_plain
    }

    /// Each output that has not ended, with the start of a character whose rest has not arrived.
    #[cfg(target_os = "linux")]
    pub(crate) fn begun(&self) -> Vec<(Stream, Vec<u8>)> {
        self.outputs.iter().map(|output| (output.stream, output.decoder.begun().to_vec())).collect()
    }

    /// Outputs that another process had, each with the start of a character.
    #[cfg(target_os = "linux")]
    pub(crate) fn adopt(outputs: Vec<(Stream, OwnedFd, Vec<u8>)>) -> Self {
        let output =
            |(stream, fd, begun): (_, OwnedFd, _)| Output { stream, file: fd.into(), decoder: Decoder::with(begun) };
        Self::new(outputs.into_iter().map(output).collect(), None)
    }

    /// Waits for output or until `deadline` has passed, and passes output on; true if `other` has something to read.
    pub(crate) fn wait(&mut self, other: impl AsFd, deadline: Option<Instant>, sink: &mut Sink<'_>) -> bool {
        let mut fds = vec![PollFd::new(&other, PollFlags::IN)];
        fds.extend(self.outputs.iter().map(|output| PollFd::new(&output.file, PollFlags::IN)));
        fds.extend(self.feed.iter().map(|feed| PollFd::new(&feed.pipe, PollFlags::OUT)));
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        ready(&mut fds, left);
        let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let feed_at = self.outputs.len() + 1;
        if ready.get(feed_at).is_some_and(|&ready| ready) && self.feed.as_mut().is_some_and(Feed::is_over) {
            // This lets the command read the end of its input.
            self.feed = None;
        }
        let is_ready = ready[1..].iter().zip(&self.outputs).filter(|(ready, _)| **ready);
        let mut streams: Vec<_> = is_ready.map(|(_, output)| output.stream).collect();
        if !streams.is_empty() {
            // What is left of an earlier look comes first.
            let arrived = self.arrivals.take();
            streams.sort_by_key(|stream| arrived.iter().position(|&index| index == *stream as u64));
        }
        for stream in streams {
            let output = self.outputs.iter_mut().find(|output| output.stream == stream);
            if output.is_some_and(|output| !output.pass_on(&mut self.buffer, sink)) {
                self.outputs.retain(|output| output.stream != stream);
            }
        }
        ready[0]
    }

    /// The near ends of the outputs that have not ended.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.outputs.iter().map(|output| output.file.as_fd())
    }

    /// The near end of the input, while there is something to feed.
    pub(crate) fn input(&self) -> Option<BorrowedFd<'_>> {
        self.feed.as_ref().map(|feed| feed.pipe.as_fd())
    }

    /// Whether all outputs have ended.
    pub(crate) fn are_closed(&self) -> bool {
        self.outputs.is_empty()
    }

    /// Passes on the output that is still there, without waiting for more.
    pub(crate) fn end(&mut self, sink: &mut Sink<'_>) {
        let arrived = self.arrivals.take();
        self.outputs.sort_by_key(|output| arrived.iter().position(|&index| index == output.stream as u64));
        for mut output in std::mem::take(&mut self.outputs) {
            for _ in 0..LAST_CHUNKS {
                let mut fds = [PollFd::new(&output.file, PollFlags::IN)];
                if !ready(&mut fds, Some(Duration::ZERO)) || !output.pass_on(&mut self.buffer, sink) {
                    break;
                }
            }
            sink(output.stream, &output.decoder.end());
        }
    }
}

/// Waits until one of `fds` is ready, for `timeout` at most; true if one is.
fn ready(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> bool {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    // It fails when a signal interrupts it; then nothing is ready.
    poll(fds, timeout.as_ref()).is_ok_and(|ready| ready > 0)
}

impl Output {
    fn new(stream: Stream, end: OwnedFd) -> Self {
        Self { stream, file: end.into(), decoder: Decoder::default() }
    }

    /// Passes on what can be read; false at the end.
    fn pass_on(&mut self, buffer: &mut [u8], sink: &mut Sink<'_>) -> bool {
        match self.file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            // A terminal whose far end is closed fails instead of reporting its end.
            Ok(0) | Err(_) => {
                sink(self.stream, &self.decoder.end());
                false
            }
            Ok(read) => {
                sink(self.stream, &self.decoder.decode(&buffer[..read]));
                true
            }
        }
    }
}

impl Feed {
    /// Feeds the next piece; true if the command has everything or wants no more.
    fn is_over(&mut self) -> bool {
        let morsel = &self.text[self.fed..];
        match self.pipe.write(&morsel[..morsel.len().min(MORSEL)]) {
            Ok(written) => self.fed += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return true,
        }
        self.fed == self.text.len()
    }
}

#[cfg(all(test, target_os = "linux", not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn outputs_come_in_the_order_in_which_they_began() {
        let (mut pipes, far) = Pipes::open(Source::Empty, None).expect("there are descriptors");
        let [_, out, err] = <[OwnedFd; 3]>::try_from(far).expect("an input and two outputs");
        let (mut out, mut err, other) = (File::from(out), File::from(err), pipe().expect("there are descriptors").0);
        let mut seen = String::new();
        for _ in 0..2 {
            for order in [["out", "err"], ["err", "out"], ["err", "err"], ["out", "out"]] {
                for stream in order {
                    let end = if stream == "out" { &mut out } else { &mut err };
                    end.write_all(format!("{stream} ").as_bytes()).expect("there is room");
                }
                pipes.wait(&other, None, &mut |_, text| seen.push_str(text));
                assert_eq!(std::mem::take(&mut seen), format!("{} ", order.join(" ")));
            }
        }
    }
}
