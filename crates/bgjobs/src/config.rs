//! What can be chosen: for a manager, and for one job.

use std::{path::PathBuf, time::Duration};

use crate::record::{after::After, name::Name};

/// The choices of a [`JobManager`](crate::JobManager).
///
/// ```
/// use bgjobs::{Config, JobManager};
///
/// let jobs = JobManager::with_config(Config { stack_size: Some(64 << 20), ..Config::default() });
/// # drop(jobs);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The stack of each thread, in bytes; none is what [`std::thread`] gives. Default: none.
    pub stack_size: Option<usize>,
    /// How long a thread waits for another job before it ends. Default: 10 seconds.
    pub idle_timeout: Duration,
    /// Whether the processor time of each job is measured exactly and kept when it has ended, which costs about half a
    /// microsecond a job. Default: false.
    pub measure_cpu: bool,
    /// How much the [`Log`](crate::Log) of a job holds, in bytes. Default: 1 MiB.
    pub log_bytes: usize,
    /// How much the file of a log takes ([`Options::log_file`]), in bytes. Default: 1 GiB.
    pub log_file_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stack_size: None,
            idle_timeout: Duration::from_secs(10),
            measure_cpu: false,
            log_bytes: 1 << 20,
            log_file_bytes: 1 << 30,
        }
    }
}

/// The choices of one job, for [`Handle::with`](crate::Handle::with).
///
/// ```
/// use bgjobs::{JobManager, Options};
///
/// let jobs = JobManager::new();
/// let watch = Options { daemon: true, ..Options::default() };
/// jobs.with(watch).spawn("watch", || { /* until the program ends */ })?;
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the job is not waited for when the manager goes. Default: false.
    pub daemon: bool,
    /// The stack of the job's thread, in bytes, which is then a thread of its own. Default: the manager's.
    pub stack_size: Option<usize>,
    /// Whether the job gets a thread that runs nothing before or after it.
    ///
    /// Threads are used again, so a job may find thread-local values of jobs before it.
    /// Default: false.
    pub fresh_thread: bool,
    /// The file that the job's log is written to as well, line by line, as `2026-03-01T14:03:21.250000Z out hello`, in
    /// UTC; it is made anew, and nobody but its owner can read it. Default: none.
    ///
    /// So nothing is lost of what a [`Log`](crate::Log) that is full lets go:
    /// [`Log::file_lines`](crate::Log::file_lines) reads it back.
    /// Trouble with it never harms the job. If there is such a file already, which is then left as it is, if the disk is
    /// full, or at [`Config::log_file_bytes`], the log says so in a line of its own, and holds what follows in memory only.
    pub log_file: Option<PathBuf>,
    /// The name of the [`Group`](crate::Group) under whose limit the job runs. Default: none.
    ///
    /// A job with any of these options has its number, and stands among those that run, before it starts; meanwhile its
    /// state is [`Queued`](crate::State::Queued), [`AnyJob::why`](crate::AnyJob::why) says what it waits for, and a
    /// stop ends it at once.
    /// If no thread can be had for it when its turn comes, it has failed.
    pub group: Option<Name>,
    /// Whether the job starts sooner than others of its group that wait: the higher, the sooner, and the lower number
    /// among equals. Default: 0.
    pub priority: i32,
    /// How long after now the job starts at the earliest. Default: none.
    pub delay: Option<Duration>,
    /// The jobs that must end before this one starts, all of them. Default: none.
    pub after: Vec<After>,
    /// How long the body may run before it is asked to stop, with the reason `time limit of 5s`. Default: for ever.
    pub time_limit: Option<Duration>,
    /// Whether the job is left out of the lists and notices, and has no number, until [`AnyJob::list`](crate::AnyJob::list) gives it one.
    ///
    /// It is for what a prompt itself waits for: nobody else knows of such a job, and its manager does not wait for it.
    /// A job with a group, a delay, a limit of time or jobs before it is listed all the same.
    /// Default: false.
    pub unlisted: bool,
}

impl Options {
    pub(crate) const PLAIN: Self = Self {
        daemon: false,
        stack_size: None,
        fresh_thread: false,
        log_file: None,
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

    /// The name of an option for which the job goes through the schedule.
    pub(crate) fn scheduled(&self) -> Option<&'static str> {
        let options = [
            ("group", self.group.is_some()),
            ("delay", self.delay.is_some()),
            ("after", !self.after.is_empty()),
            ("time_limit", self.time_limit.is_some()),
        ];
        options.into_iter().find_map(|(name, is_set)| is_set.then_some(name))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::PLAIN
    }
}
