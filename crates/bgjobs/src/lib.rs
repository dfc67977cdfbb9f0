//! Background jobs for an interactive prompt: start a job, keep the prompt, see what runs, read a result or a
//! traceback, stop the job.
//!
//! It is IPython's `backgroundjobs`, rebuilt as a Rust library.
//!
//! # Overview
//!
//! - A [`JobManager`] owns jobs; a [`Handle`] shares them.
//! - [`spawn`](Handle::spawn) and its siblings start a closure, or your own [`Body`], on a thread at once.
//! - A [`Job`] is what they return: [`join`](Job::join) borrows its result, [`stop`](AnyJob::stop) asks it to end and
//!   returns a [`Verdict`].
//! - An [`AnyJob`] is a job without the type of its result, as in the lists.
//! - [`Notices`] report each ended job once to each subscriber.
//! - A [`Failure`] says why a job failed: a panic, an error or a stop, for a [`StopReason`]. [`PanicHook`] says who else
//!   sees a panic.
//! - A job's own options are set before its start: [`named`](Handle::named) returns a [`Spawner`], which delays the job,
//!   lets it follow others, limits its time or tries it again.
//! - A [`Group`] puts jobs under one limit, pauses and stops them together. [`AnyJob::why`] says what a job waits for.
//! - In a [`scope`](Handle::scope) bodies may borrow.
//! - A [`Timeline`] shows who waited and ran when, as a picture, as text and as a trace.
//! - In async code a [`Job`] is a future, [`Notices`] are a stream, and what blocks has a sibling that ends in `_async`:
//!   [`AnyJob::stop_async`], [`wait_all_async`], [`JobManager::shutdown_async`].
//! - A [`Context`] is the job as its own body sees it: stop, progress, place, log.
//! - A [`Command`] is a body too: a system command, all of whose processes end with it.
//! - [`KeptJobs`] starts commands that outlive the program, on Linux.
//! - A [`Hosted`] job runs on a thread that the host makes; a [`HostedQueue`] says when to make one,
//!   [`take_due`](Handle::take_due) which jobs with a group, a delay or an order may begin, and a [`HostedCommand`] lets
//!   the host wait for a command. An interpreter needs all of these.
//!
//! ```
//! use bgjobs::JobManager;
//!
//! let jobs = JobManager::new();
//! let mut notices = jobs.notices();
//!
//! let fit = jobs.spawn("fit", || (1..=1_000_u64).sum::<u64>())?;
//! let load = jobs.spawn("load", || -> u64 { panic!("no rows") })?;
//! jobs.wait_all()?;
//!
//! assert_eq!(
//!     notices.report().to_string(),
//!     "Completed jobs:\n0 : fit\n\nDead, call jobs.traceback() for details jobs:\n1 : load\n\n"
//! );
//! assert_eq!(fit.join()?, &500_500);
//! assert!(jobs.traceback(load.id())?.to_string().ends_with(": no rows"));
//! assert_eq!(jobs.flush().to_string(), "Flushing 1 Completed job.\nFlushing 1 Dead job.\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it is not
//!
//! It is not a pool for a stream of small tasks, although it is fast at them: every job has a number, a name and an
//! entry in the lists until it is removed or flushed.
//! It is not an async runtime: a running job occupies a thread.
//! It can't end a thread that ignores a stop: a stop is a request, and its [`Verdict`] says whether the job ended.
//!
//! # Features
//!
//! Both are off by default.
//!
//! - `serde`: a [`Summary`], a [`Line`] and what is in them can be serialized; a [`JobId`] can be read back.
//! - `tracing`: starts, stops and ends are told, as follows.
//!
//! # Tracing
//!
//! With the feature `tracing` a job is a span of that crate, and its start, its stop and its end are events. All have the
//! target `bgjobs` and the fields `id` and `name`.
//!
//! | | level | further fields | inside |
//! |---|---|---|---|
//! | span `job` | info | | the span that was current where the job was started |
//! | event `job started` | debug | | the same span |
//! | event `job asked to stop` | debug | `reason` | the span that is current where the stop is asked for |
//! | event `job ended` | debug, or warn if the job failed | `outcome` (`done`, `failed`, `stopped`), `waited` and `ran` in seconds, `why` unless it is done | the span that the job was started in; where it was stopped, if it never started |
//!
//! The body runs inside the span `job`, with all attempts of a retry. A [`Hosted`] job has events and no span: its host
//! may enter one of its own.
//! The span that a job was started in stays open until the job has ended.
//!
//! # From the original to this crate
//!
//! | `IPython.lib.backgroundjobs` | here |
//! |---|---|
//! | `jobs = BackgroundJobManager()` | [`JobManager::new`] |
//! | `jobs.new(function, *args)` | [`spawn`](Handle::spawn), [`try_spawn`](Handle::try_spawn), [`spawn_with`](Handle::spawn_with) with a closure |
//! | `daemon=True` | [`daemon`](Spawner::daemon) |
//! | a subclass of `BackgroundJobBase` | [`Body`] and [`start`](Handle::start) |
//! | a wrong argument of `jobs.new`, a subclass without `call` or `strform` | does not compile |
//! | a missing number: `KeyError`, or a logged error | [`UnknownJob`] and the errors that contain it |
//! | `jobs[N]` | [`get`](Handle::get) |
//! | `jobs()`, `jobs.status()` | [`status`](Handle::status), which you print |
//! | `jobs._status_new()` | [`Notices::report`], which you print |
//! | `jobs.running`, `.completed`, `.dead`, `.all` | [`running`](Handle::running), [`completed`](Handle::completed), [`dead`](Handle::dead), [`all`](Handle::all) |
//! | `jobs.result(N)`, `jobs[N].result` | [`result`](Handle::result), [`join`](Job::join), [`outcome`](Job::outcome) |
//! | `jobs.traceback(N)`, `jobs.traceback()` | [`traceback`](Handle::traceback), [`tracebacks`](Handle::tracebacks), which you print |
//! | `jobs.remove(N)`, `jobs.flush()` | [`remove`](Handle::remove), [`flush`](Handle::flush) |
//! | `job.num`, `str(job)`, `repr(job)` | [`id`](AnyJob::id), `Display`, `Debug` |
//! | `job.status`, `job.stat_code`, `job.finished` | [`status`](AnyJob::status), [`stat_code`](AnyJob::stat_code), [`is_finished`](AnyJob::is_finished) |
//! | `job.join(timeout)`, `job.is_alive()` | [`join`](Job::join), [`join_timeout`](Job::join_timeout), [`state`](AnyJob::state) |
//! | `Starting job # N in a separate thread.` | the same text at debug level, through the `log` crate |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(unix)]
mod again;
mod body;
#[cfg(unix)]
mod command;
mod config;
mod engine;
mod error;
mod job;
#[cfg(target_os = "linux")]
mod kept;
mod manager;
mod record;
mod system;
mod timeline;

#[cfg(unix)]
pub use again::supervise;
pub use body::{
    Body,
    context::{Context, LocateGuard},
    on_stop::OnStop,
};
#[cfg(unix)]
pub use command::{
    error::CommandError,
    handover::Handover,
    hosted::HostedCommand,
    input::Input,
    keyboard::{Keyboard, KeyboardEvent},
    request::Command,
    supervisor::{Supervisor, is_supervising, supervise_by, supervise_command},
    terminal::TerminalSize,
};
pub use config::{Config, Options, PanicHook};
pub use engine::pool::hosted::{Demand, HostedQueue, HostedWorker};
pub use error::{
    lookup::{RemoveError, ResultError, TracebackError, UnknownJob, UnknownReason},
    start::{LimitError, ShutdownError, SpawnError},
    wait::{JoinError, WaitError},
};
pub use job::{
    AnyJob, Times,
    future::EndFuture,
    several::{wait_all, wait_all_async, wait_all_timeout, wait_any, wait_any_async, wait_any_timeout},
    stop::{stop_all, stop_all_async},
    summary::Summary,
    text::{Flushed, Report, Status, Tracebacks},
    typed::{Job, JoinFuture},
};
#[cfg(target_os = "linux")]
pub use kept::{
    KeptJobs,
    body::KeptBody,
    error::{KeepError, KeptError, KeptFolderError},
    id::{KeptId, ParseKeptIdError},
    job::{KeptJob, KeptSummary},
    outcome::KeptOutcome,
    reading::{KeptCursor, KeptLine, KeptReading},
    start::{KeepOptions, KeptPayload},
    state::{KeptState, LostReason},
    sweep::{Retention, Swept},
};
pub use manager::{
    JobManager,
    group::Group,
    handle::Handle,
    hosted::{Due, Hosted, Turn},
    notice::Notices,
    retry::{Retry, RetrySpawner},
    scope::Scope,
    spawner::Spawner,
};
pub use record::{
    after::{After, AfterError},
    attempt::Attempt,
    colours::{coloured, uncoloured},
    failure::{Failure, FailureError, FailureKind},
    fitted::fitted,
    frame::Frame,
    id::{JobId, ParseJobIdError},
    job_ref::JobRef,
    log::{
        Log,
        cursor::{LogCursor, Reading},
        file::FileLines,
        line::{Line, Stream},
    },
    name::{Name, many_lines, one_line},
    place::Place,
    progress::Progress,
    state::{Outcome, State},
    stop::{StopReason, Stopped, Verdict},
    take::Take,
    traceback::Traceback,
    why::WaitReason,
};
#[cfg(unix)]
pub use system::file_limit::raise_file_limit;
pub use system::process::{Process, ProcessState};
pub use timeline::{Timeline, save::SaveError};

/// The example of the README, compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
