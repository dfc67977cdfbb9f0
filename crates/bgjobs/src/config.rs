//! The settings of a manager, and the options of one job.

use std::{path::PathBuf, time::Duration};

use crate::record::{after::After, name::Name};

/// The settings of a [`JobManager`](crate::JobManager).
///
/// ```
/// use bgjobs::{Config, JobManager};
///
/// let jobs = JobManager::with_config(Config { stack_size: Some(64 << 20), ..Config::default() });
/// # drop(jobs);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The stack size of each thread, in bytes; with `None`, that of [`std::thread`]. Default: `None`.
    pub stack_size: Option<usize>,
    /// How long an idle thread waits for another job before it ends. Default: 10 seconds.
    pub idle_timeout: Duration,
    /// Whether each job's processor time is measured exactly and remembered after its end, which costs about half a
    /// microsecond per job. Default: false.
    pub measure_cpu: bool,
    /// The capacity of a job's [`Log`](crate::Log), in bytes. Default: 1 MiB.
    pub log_bytes: usize,
    /// The maximum size of a [log file](Options::log_file), in bytes. Default: 1 GiB.
    pub log_file_bytes: u64,
    /// Whether the program's own panic hook sees the panics of jobs. Default: [`PanicHook::Quiet`].
    pub panic_hook: PanicHook,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stack_size: None,
            idle_timeout: Duration::from_secs(10),
            measure_cpu: false,
            log_bytes: 1 << 20,
            log_file_bytes: 1 << 30,
            panic_hook: PanicHook::Quiet,
        }
    }
}

/// Whether the program's own panic hook sees the panics of a manager's jobs.
///
/// The program's own hook is the one of [`std::panic::set_hook`], by default that of [`std`], which prints the panic.
/// The first manager sets another in front of it for the whole process, which notes the place and the frames of a panic
/// in a job, for its [`Failure`](crate::Failure), and hands all other panics on. It may be replaced, wrapped and put
/// back at any time, and the next job sets it again in front of the hook that it finds.
///
/// A panic is one of a job if it happens on the job's own thread, in its body or in a call that the library makes
/// there, such as an alarm of [`Notices::wake`](crate::Notices::wake) or the destructor of a result. That of a thread
/// which the body starts is not.
///
/// A hook that keeps the hook before it, as with [`take_hook`](std::panic::take_hook), can't be noticed while jobs have
/// threads. Until all of these have ended it comes first, so it sees the panics of quiet jobs too, and if it does not
/// call the hook before it, the first job that panics has no place and no frames. Set such a hook before the first job.
///
/// ```
/// use bgjobs::{Config, JobManager, PanicHook};
/// use std::sync::mpsc;
///
/// let (send, seen) = mpsc::channel();
/// std::panic::set_hook(Box::new(move |info| drop(send.send(info.to_string()))));
///
/// let quiet = JobManager::new();
/// quiet.spawn("index", || -> u64 { panic!("no rows") })?.wait()?;
/// assert!(seen.try_recv().is_err());
///
/// let loud = JobManager::with_config(Config { panic_hook: PanicHook::Program, ..Config::default() });
/// loud.spawn("index", || -> u64 { panic!("no rows") })?.wait()?;
/// assert!(seen.try_recv()?.ends_with("no rows"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PanicHook {
    /// It sees no panic of a job, as if all were caught without a word: a job's failure has all there is to say.
    #[default]
    Quiet,
    /// It sees each panic of a job, those too that a body catches.
    Program,
}

impl PanicHook {
    /// Whether the program's own hook sees the panics of jobs.
    pub(crate) fn shows(self) -> bool {
        self == Self::Program
    }
}

/// The options of one job, for [`Spawner::with`](crate::Spawner::with).
///
/// [`Spawner`](crate::Spawner) has a setter for each.
///
/// ```
/// use bgjobs::{JobManager, Options};
///
/// let jobs = JobManager::new();
/// let watch = Options { daemon: true, ..Options::default() };
/// jobs.named("watch").with(watch).spawn(|| { /* until the program ends */ })?;
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the manager shuts down without waiting for the job. Default: false.
    pub daemon: bool,
    /// The stack size of the job's thread, in bytes; the job then gets its own thread. Default: the manager's.
    pub stack_size: Option<usize>,
    /// Whether the job gets a thread that runs no other job before or after it.
    ///
    /// Threads are reused, so a job may otherwise find thread-local values of earlier jobs.
    /// Default: false.
    pub fresh_thread: bool,
    /// A new file that the job's log is written to as well, readable only by its owner. Default: none.
    ///
    /// Each line has the form `2026-03-01T14:03:21.250000Z out hello`, with the time in UTC; `out+` marks a line that
    /// [continues](crate::Line::continues) in the next.
    /// The file holds the lines that a full [`Log`](crate::Log) drops; [`Log::file_lines`](crate::Log::file_lines) reads
    /// them back.
    /// If it can't be created, because it already exists (it then stays unchanged) or its folder doesn't, the job does not
    /// start ([`SpawnError::LogFile`](crate::SpawnError::LogFile)). Later errors don't affect the job: if the disk is full,
    /// or at [`Config::log_file_bytes`], the log says so in a line and holds later lines in memory only. At a limit of the
    /// system on the size of files (`ulimit -f`) that needs a program that handles SIGXFSZ, whose default ends the process.
    pub log_file: Option<PathBuf>,
    /// The capacity of the job's [`Log`](crate::Log), in bytes. Default: [`Config::log_bytes`].
    pub log_bytes: Option<usize>,
    /// The name of the [`Group`](crate::Group) under whose limit the job runs. Default: none.
    ///
    /// A job with a group, a delay, jobs before it or a time limit has its number, and is listed as running, before it
    /// starts. Until then its state is [`Queued`](crate::State::Queued), [`AnyJob::why`](crate::AnyJob::why) says what
    /// it waits for, and a stop ends it at once.
    /// If the system refuses it a thread when its turn comes, it fails.
    pub group: Option<Name>,
    /// The priority among the waiting jobs of its group: the highest starts first, and among equals the lowest number.
    /// Default: 0.
    pub priority: i32,
    /// The minimum time until the job starts. Default: none.
    pub delay: Option<Duration>,
    /// The jobs that must end before this one starts, all of them. Default: none.
    pub after: Vec<After>,
    /// How long the body may run before it is asked to stop, with the reason `time limit of 5s`. Default: no limit.
    pub time_limit: Option<Duration>,
    /// Whether the job is left out of the lists and notices, without a number, until [`AnyJob::list`](crate::AnyJob::list)
    /// gives it one.
    ///
    /// This is for jobs that a prompt itself waits for: nobody else sees them, and the manager does not wait for them.
    /// A job with a group, a delay, a time limit or jobs before it is listed anyway.
    /// Default: false.
    pub unlisted: bool,
}

impl Options {
    pub(crate) const PLAIN: Self = Self {
        daemon: false,
        stack_size: None,
        fresh_thread: false,
        log_file: None,
        log_bytes: None,
        group: None,
        priority: 0,
        delay: None,
        after: Vec::new(),
        time_limit: None,
        unlisted: false,
    };

    /// Whether the job goes through the schedule.
    #[inline]
    pub(crate) fn is_scheduled(&self) -> bool {
        self.group.is_some() || self.delay.is_some() || !self.after.is_empty() || self.time_limit.is_some()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::PLAIN
    }
}
