//! The process that runs a kept job: it watches the command, writes its log and its outcome, and ends with it.
//!
//! Knows nothing of who started it. It has no program to report to: who wants to know looks into the job's folder.
//!
//! It is the starter's own executable, started again; [`run`] is where it branches off. It leads its own session. Its
//! standard input is the lock of the job, which it holds as long as anything of the job runs. The command has a
//! supervisor as in any program, so it ends with all its descendants when the keeper is killed.

use std::{
    fs,
    io::{self, Write},
    os::{
        fd::OwnedFd,
        unix::{fs::MetadataExt, net::UnixStream},
    },
    path::Path,
    process::{Child, Stdio, exit},
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FlockOperation, flock, fstat},
    process::setsid,
    stdio::{dup2_stderr, dup2_stdout},
    thread::set_name,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{
    command::{
        error::CommandError,
        input::Input,
        link::Link,
        protocol::{Order, milliseconds},
        supervisor, tree,
    },
    kept::{
        id::KeptId,
        log::{self, Writer},
        machine::Program,
        outcome::{End, KeptOutcome},
        private,
        record::Record,
        result,
        root::Root,
        state::{LOCK, RUN},
        stop::{self, Request},
        strays,
        sweep::{self, Retention},
        transfer,
    },
    record::state::Outcome,
};

/// Tells the executable that it runs as a keeper, and which folder is its job's.
pub(crate) const VARIABLE: &str = "BGJOBS_KEEPER";

/// Tells a keeper that it takes over a command that runs, whose link is in the socket that is its standard error.
pub(crate) const TAKES_OVER: &str = "BGJOBS_TAKES_OVER";

/// What a keeper says when its starter may leave.
pub(crate) const SETTLED: &[u8] = b"kept\n";

/// How often it looks for a request to stop that nobody woke it for.
const TICK: Duration = Duration::from_secs(1);

/// How long output may come after the command's end before the outcome is told.
const LINGER: Duration = Duration::from_millis(200);

/// How much likelier than the keeper its command is to be killed when memory is short.
const PREFERENCE: i32 = 100;

/// Why a job is stopped that nobody has asked to stop.
const SIGNALLED: &str = "SIGTERM to its keeper, as at a logout or a shutdown";

/// The same, if nobody can see the job any more.
const REMOVED: &str = "its folder was removed";

/// Runs the keeper of the job in `folder`, and ends this process with it.
pub(crate) fn run(folder: &Path) -> ! {
    exit(if keep(folder).is_ok() { 0 } else { 125 })
}

fn keep(folder: &Path) -> io::Result<()> {
    // It fails for a process that already leads a group, which has then left the terminal's.
    let _ = setsid();
    // A supervisor above spares a process of this name.
    set_name(tree::KEEPER)?;
    let (asked, far) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGTERM, far)?;
    for signal in [SIGHUP, SIGINT] {
        // One that is sent to everything means programs at a terminal. The command gets the default again.
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let record = Record::read(folder)?;
    private::replace(&folder.join(RUN), &Program::own()?.record())?;
    // A starter that has been killed meanwhile needs no word: the job is published.
    let _ = io::stdout().write_all(SETTLED).and_then(|()| io::stdout().flush());
    dup2_stdout(fs::File::options().write(true).open("/dev/null")?)?;
    let started = match std::env::var_os(TAKES_OVER) {
        Some(_) => Keeper::take_over(folder, &record, asked),
        None => Keeper::start(folder, &record, asked),
    };
    match started {
        Ok(keeper) => keeper.attend(),
        Err(cause) => {
            let message = format!("its supervisor can't be started: {cause}");
            let end = KeptOutcome::without_status(Outcome::Failed, message, Duration::ZERO, 0);
            End::Known(end).publish(folder)?;
        }
    }
    leave(folder);
    Ok(())
}

/// Whether the folder is still the job's: somebody may have removed it while the job runs, and another have its name by now.
fn is_own(folder: &Path) -> bool {
    let Ok(held) = fstat(io::stdin()) else { return true };
    match folder.join(LOCK).symlink_metadata() {
        Ok(found) => (held.st_dev, held.st_ino) == (found.dev(), found.ino()),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// What is left to do when nothing of the job runs.
fn leave(folder: &Path) {
    if !is_own(folder) {
        return;
    }
    let _ = flock(io::stdin(), FlockOperation::Unlock);
    let id = folder.file_name().and_then(|name| name.to_str()?.parse::<KeptId>().ok());
    let root = folder.parent().and_then(|root| Root::open(root.to_owned()).ok());
    if let Some((id, root)) = id.zip(root) {
        let _ = fs::remove_file(root.live(id));
        let _ = sweep::sweep(&root, Retention::of(&root), sweep::PORTION);
    }
}

/// A job with its command.
struct Keeper<'a> {
    folder: &'a Path,
    link: Link,
    /// None if another process has started it.
    supervisor: Option<Child>,
    log: Writer,
    /// Readable after SIGTERM.
    asked: UnixStream,
    began: Instant,
    time_limit: Option<Duration>,
    /// Whether the command runs a body, and tells what that gives.
    has_body: bool,
    /// Why it is stopped.
    stopped: Option<String>,
    /// When the command ended by itself.
    ended: Option<Instant>,
    is_published: bool,
}

impl<'a> Keeper<'a> {
    fn start(folder: &'a Path, record: &Record, asked: UnixStream) -> io::Result<Self> {
        let (program, words) = record.command.split_first().ok_or(io::ErrorKind::InvalidData)?;
        let (link, far, fds) = Link::open(program.clone(), Input::default().0, None, stop::GRACE)?;
        let mut starter = supervisor::starter(program.as_ref()).ok_or(io::ErrorKind::Unsupported)?;
        starter.args(words).current_dir(&record.folder).stdin(Stdio::from(OwnedFd::from(far)));
        starter.env_remove(VARIABLE).env(strays::VARIABLE, folder);
        let supervisor = as_preferred_victim(|| starter.spawn())?;
        // If it is gone already, reading its messages will show that.
        let _ = link.hand_over(&fds);
        let log = Writer::new(folder.join(log::FOLDER));
        Ok(Self { supervisor: Some(supervisor), ..Self::of(folder, record, asked, link, log) })
    }

    /// Takes over a command that runs.
    fn take_over(folder: &'a Path, record: &Record, asked: UnixStream) -> io::Result<Self> {
        let (link, printed) = transfer::receive(io::stderr())?;
        dup2_stderr(fs::File::options().write(true).open("/dev/null")?)?;
        let log = Writer::after(folder.join(log::FOLDER), printed);
        Ok(Self::of(folder, record, asked, link, log))
    }

    fn of(folder: &'a Path, record: &Record, asked: UnixStream, link: Link, log: Writer) -> Self {
        let began = link.opened();
        Self {
            folder,
            link,
            supervisor: None,
            log,
            asked,
            began,
            time_limit: record.time_limit,
            has_body: record.language.is_some(),
            stopped: None,
            ended: None,
            is_published: false,
        }
    }

    /// Attends to the command until it and its descendants have ended.
    fn attend(mut self) {
        while !self.link.is_gone() {
            self.heed();
            let is_asked = self.wait();
            let log = &mut self.log;
            let is_own = is_own(self.folder);
            self.link.advance(Some(Instant::now()), &mut |stream, text| {
                if is_own {
                    log.write(stream, text);
                }
            });
            if is_own {
                self.log.write_unfinished(Instant::now());
            }
            if is_asked {
                self.hear();
            }
            if self.link.has_ended() {
                self.ended.get_or_insert_with(Instant::now);
            }
            if self.ended.is_some_and(|at| at.elapsed() >= LINGER) {
                self.publish();
            }
        }
        self.publish();
        // It ends when nothing is left.
        let _ = self.supervisor.map(|mut supervisor| supervisor.wait());
    }

    /// Waits until there is something to do; true if a signal has asked for the end.
    fn wait(&self) -> bool {
        let now = Instant::now();
        let limit = self.time_limit.filter(|_| self.stopped.is_none()).and_then(|limit| self.began.checked_add(limit));
        let ended = self.ended.filter(|_| !self.is_published).map(|at| at + LINGER);
        let due = [limit, ended, self.log.due()].into_iter().flatten().min();
        let pause = due.map_or(TICK, |due| due.saturating_duration_since(now).min(TICK));
        let mut fds = vec![PollFd::new(&self.asked, PollFlags::IN)];
        let readable: Vec<_> = self.link.readable().collect();
        fds.extend(readable.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        // It fails when a signal interrupts it; the next turn sees the signal.
        let _ = poll(&mut fds, Timespec::try_from(pause).ok().as_ref());
        !fds[0].revents().is_empty()
    }

    /// Ends the command if somebody has asked for it, or its time is up.
    fn heed(&mut self) {
        if self.stopped.is_some() {
            return;
        }
        if !is_own(self.folder) {
            self.end(Request { reason: REMOVED.to_owned(), grace: stop::GRACE });
        } else if let Some(request) = Request::read(self.folder) {
            self.end(request);
        } else if let Some(limit) = self.time_limit.filter(|&limit| self.began.elapsed() >= limit) {
            self.end(Request { reason: format!("time limit of {limit:?}"), grace: stop::GRACE });
        }
    }

    /// Ends the command because of a signal: that of a request, or somebody else's.
    fn hear(&mut self) {
        let _ = io::Read::read(&mut self.asked, &mut [0; 16]);
        self.heed();
        if self.stopped.is_none() {
            self.end(Request { reason: SIGNALLED.to_owned(), grace: stop::GRACE });
        }
    }

    fn end(&mut self, Request { reason, grace }: Request) {
        self.stopped = Some(reason);
        self.link.send(Order::End(milliseconds(grace)));
    }

    /// Tells the outcome, once.
    fn publish(&mut self) {
        if std::mem::replace(&mut self.is_published, true) || !is_own(self.folder) {
            return;
        }
        self.log.end();
        // What ends by itself has not been stopped, even if that was asked for at the same time.
        let stopped = self.stopped.take().filter(|_| self.ended.is_none());
        let (ran, output) = (self.began.elapsed(), self.log.len());
        let end = match (self.link.outcome(None), stopped) {
            (Ok(status), stopped) => {
                // At a shutdown the supervisor may get its SIGTERM first.
                let stopped = stopped.or_else(|| self.ended.is_none().then(|| SIGNALLED.to_owned()));
                let is_result = self.has_body && stopped.is_none();
                let end = KeptOutcome::of(status, stopped, ran, output);
                End::Known(if is_result { end.with_result(result::read(self.folder)) } else { end })
            }
            (Err(_), Some(reason)) => End::Known(KeptOutcome::without_status(Outcome::Stopped, reason, ran, output)),
            (Err(failure), None) => match failure.error().and_then(|error| error.downcast_ref()) {
                Some(CommandError::Lost) => {
                    // The supervisor may have been killed before it could say what it has started.
                    strays::end(self.folder);
                    End::Lost
                }
                _ => End::Known(KeptOutcome::without_status(Outcome::Failed, format!("{failure:#}"), ran, output)),
            },
        };
        // If the disk refuses even this, the job will be lost.
        let _ = end.publish(self.folder);
    }
}

/// Does something in a process that memory pressure takes before this one.
fn as_preferred_victim<T>(start: impl FnOnce() -> T) -> T {
    const FILE: &str = "/proc/self/oom_score_adj";
    let own = fs::read_to_string(FILE).ok().and_then(|text| text.trim().parse::<i32>().ok());
    let set = |score: i32| fs::write(FILE, score.to_string());
    let _ = own.map(|own| set((own + PREFERENCE).min(1_000)));
    let started = start();
    let _ = own.map(set);
    started
}
