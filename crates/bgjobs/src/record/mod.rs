//! A job's record: one allocation, shared by the table, the worker and every handle.
//!
//! Knows nothing of tables and threads.

pub(crate) mod activity;
pub(crate) mod after;
pub(crate) mod attempt;
pub(crate) mod colours;
pub(crate) mod failure;
pub(crate) mod fitted;
pub(crate) mod frame;
pub(crate) mod id;
pub(crate) mod job_ref;
pub(crate) mod life;
pub(crate) mod log;
pub(crate) mod name;
pub(crate) mod place;
pub(crate) mod printed;
pub(crate) mod progress;
#[cfg(feature = "serde")]
pub(crate) mod serialize;
pub(crate) mod state;
pub(crate) mod stop;
pub(crate) mod take;
pub(crate) mod traceback;
pub(crate) mod why;

use std::{
    any::{self, Any},
    collections::VecDeque,
    mem,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use crate::{
    record::{
        activity::Activity,
        attempt::{Attempt, Pause, REMEMBERED},
        failure::{Failure, FailureKind},
        id::JobId,
        life::Life,
        log::{Log, line::Line},
        name::Name,
        place::Place,
        progress::Progress,
        state::{Outcome, State},
        stop::{StopReason, Stopped},
    },
    system::{
        panic::drop_quietly,
        platform::cpu_time,
        sync::{AtomicU32, AtomicU64, Mutex, Ordering, lock},
    },
};

/// An unknown processor time.
const UNKNOWN: u64 = u64::MAX;

/// A record without the type of its result.
pub(crate) trait AnyRecord: Any + Send + Sync + UnwindSafe + RefUnwindSafe {
    fn core(&self) -> &Core;

    /// Why the job failed or was stopped; `None` before its end, and if it is done.
    fn failure(&self) -> Option<&Failure>;

    /// The name of the result's type.
    fn result_type(&self) -> &'static str;

    /// Sets the outcome of a job that never ran.
    fn fail(&self, failure: Failure) -> Outcome;
}

/// A record with the type of its result.
pub(crate) struct Record<T> {
    core: Core,
    /// Set once, before the end is published, so a reader who sees the end also sees the outcome.
    result: OnceLock<Result<T, Failure>>,
}

/// No panic leaves it half changed, and what it holds of the user is only lent.
impl<T> UnwindSafe for Record<T> {}
impl<T> RefUnwindSafe for Record<T> {}

/// Identifies a job within its manager from its entry on: by its number, or by its index among the unlisted jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Listed(JobId),
    Unlisted(u64),
}

/// What every job has.
pub(crate) struct Core {
    /// The number, assigned when the job enters the table, which an unlisted job does later or never.
    id: AtomicU64,
    pub(crate) name: Name,
    pub(crate) daemon: bool,
    pub(crate) life: Life,
    /// The system's ID of the thread that runs the body.
    thread: AtomicU32,
    /// While the body runs, the processor time its thread had used before; afterwards, what the body used.
    cpu: AtomicU64,
    /// What only some jobs need.
    cold: OnceLock<Box<ColdData>>,
}

/// Cold data: what only jobs need that report something or are given something.
#[derive(Default)]
struct ColdData {
    /// The index among the unlisted jobs, if it started as one.
    unlisted: Option<u64>,
    log: OnceLock<Log>,
    reason: OnceLock<StopReason>,
    group: OnceLock<Name>,
    /// Set if the schedule tells the job's host what is due.
    hosted: OnceLock<()>,
    activity: Activity,
    attempts: Mutex<VecDeque<Attempt>>,
    /// When the work began and ended that the body follows.
    followed: Mutex<Option<Followed>>,
    pause: Mutex<Option<Pause>>,
}

/// When the work began and ended that a body only follows.
#[derive(Clone, Copy)]
pub(crate) struct Followed {
    pub(crate) started: Instant,
    /// `None` if it has not ended, or nobody knows when.
    pub(crate) finished: Option<Instant>,
}

impl<T> Record<T> {
    pub(crate) fn new(core: Core) -> Self {
        Self { core, result: OnceLock::new() }
    }

    pub(crate) fn result(&self) -> Option<Result<&T, &Failure>> {
        if !self.core.life.state().is_finished() {
            return None;
        }
        self.result.get().map(Result::as_ref)
    }

    /// Sets the result of the body without publishing it yet.
    pub(crate) fn settle(&self, result: Result<T, Failure>) -> Outcome {
        let outcome = match &result {
            Ok(_) => Outcome::Done,
            Err(failure) if failure.kind() == FailureKind::Stop => Outcome::Stopped,
            Err(_) => Outcome::Failed,
        };
        if let Err(second) = self.result.set(result) {
            debug_assert!(false, "only the claimant of a job settles it, once");
            drop_quietly(second);
        }
        outcome
    }
}

impl<T: Send + Sync + 'static> AnyRecord for Record<T> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn failure(&self) -> Option<&Failure> {
        self.result()?.err()
    }

    fn result_type(&self) -> &'static str {
        any::type_name::<T>()
    }

    fn fail(&self, failure: Failure) -> Outcome {
        self.settle(Err(failure))
    }
}

impl<T> Drop for Record<T> {
    fn drop(&mut self) {
        // The result's destructor is user code and may panic.
        if mem::needs_drop::<T>()
            && let Some(result) = self.result.take()
        {
            drop_quietly(result);
        }
    }
}

impl Core {
    pub(crate) fn new(unlisted: Option<u64>, name: Name, daemon: bool, created: u64) -> Self {
        let cold = unlisted.map(|_| Box::new(ColdData { unlisted, ..ColdData::default() }));
        Self {
            id: AtomicU64::new(JobId::NONE.get()),
            name,
            daemon,
            life: Life::new(created),
            thread: AtomicU32::new(0),
            cpu: AtomicU64::new(UNKNOWN),
            cold: cold.map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    pub(crate) fn id(&self) -> JobId {
        JobId::from(self.id.load(Ordering::Acquire))
    }

    /// Assigns the job its number; the ledger's lock ensures that this happens once.
    pub(crate) fn set_id(&self, id: JobId) {
        self.id.store(id.get(), Ordering::Release);
    }

    pub(crate) fn key(&self) -> Key {
        let unlisted = self.cold.get().and_then(|cold| cold.unlisted);
        unlisted.map_or_else(|| Key::Listed(self.id()), Key::Unlisted)
    }

    /// Records which thread starts the body, and how much processor time that thread has used so far.
    pub(crate) fn set_thread(&self, thread: u32, used: Option<u64>) {
        self.thread.store(thread, Ordering::Relaxed);
        self.cpu.store(used.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// Records, when the body has ended, how much processor time its thread has used by now.
    pub(crate) fn stop_cpu_clock(&self, used: Option<u64>) {
        let before = self.cpu.load(Ordering::Relaxed);
        let used = used.filter(|_| before != UNKNOWN).map_or(UNKNOWN, |used| used.saturating_sub(before));
        self.cpu.store(used, Ordering::Relaxed);
    }

    /// The processor time of the body; `None` if it has not begun.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let known = |time| Some(time).filter(|&time| time != UNKNOWN);
        match self.life.state() {
            State::Created | State::Queued => None,
            // Without a start, nothing was stored.
            State::Finished(_) => known(self.cpu.load(Ordering::Relaxed)).map(Duration::from_nanos),
            State::Running | State::Stopping => {
                let before = known(self.cpu.load(Ordering::Relaxed))?;
                let now = cpu_time(self.thread.load(Ordering::Relaxed))?;
                // If the body ended meanwhile, the clock may already count for the thread's next job.
                let runs = self.life.state().is_running() && self.cpu.load(Ordering::Relaxed) == before;
                runs.then(|| Duration::from_nanos(now.saturating_sub(before)))
            }
        }
    }

    /// The thread that runs the body, if it is running.
    pub(crate) fn running_thread(&self) -> Option<u32> {
        let thread = self.thread.load(Ordering::Relaxed);
        (thread != 0 && self.life.state().is_running()).then_some(thread)
    }

    fn cold(&self) -> &ColdData {
        self.cold.get_or_init(Box::default)
    }

    /// Gives a job that nobody knows yet its log.
    pub(crate) fn set_log(&self, log: Log) {
        let _ = self.cold().log.set(log);
    }

    /// The log; it is created with room for `limit` bytes at the first call.
    pub(crate) fn log(&self, limit: usize) -> &Log {
        self.cold().log.get_or_init(|| Log::new(limit))
    }

    /// Removes the log's file, if there is one, of a job that did not start.
    pub(crate) fn remove_log_file(&self) {
        if let Some(log) = self.cold.get().and_then(|cold| cold.log.get()) {
            log.remove_file();
        }
    }

    /// How many lines have ended; 0 without a log.
    pub(crate) fn printed(&self) -> u64 {
        self.cold.get().and_then(|cold| cold.log.get()).map_or(0, Log::len)
    }

    /// The newest lines of the log, unfinished ones too; none without a log.
    pub(crate) fn newest_lines(&self, count: usize) -> Vec<Line> {
        self.cold.get().and_then(|cold| cold.log.get()).map_or_else(Vec::new, |log| log.tail(count))
    }

    /// Ends the lines that the body left unfinished, and drops the locators that tell where it is.
    pub(crate) fn close_output(&self) {
        let Some(cold) = self.cold.get() else { return };
        if let Some(log) = cold.log.get() {
            log.end();
        }
        cold.activity.drop_locators();
    }

    /// Sets the name of the job's group.
    pub(crate) fn set_group(&self, group: Name) {
        let _ = self.cold().group.set(group);
    }

    /// The name of the job's group.
    pub(crate) fn group(&self) -> Option<&Name> {
        self.cold.get()?.group.get()
    }

    /// Records that the schedule tells the job's host what is due.
    pub(crate) fn set_hosted(&self) {
        let _ = self.cold().hosted.set(());
    }

    /// Whether the schedule tells the job's host what is due.
    pub(crate) fn is_hosted(&self) -> bool {
        self.cold.get().is_some_and(|cold| cold.hosted.get().is_some())
    }

    /// Asks the job to stop; true for the first request, whose reason is recorded.
    pub(crate) fn ask_stop(&self, reason: StopReason) -> bool {
        // The reason is set first, so that any reader who sees the stop can say why.
        !self.life.state().is_finished() && self.cold().reason.set(reason).is_ok() && self.life.ask_stop()
    }

    /// Why the job was asked to stop; `None` if it was not.
    pub(crate) fn stop_reason(&self) -> Option<&StopReason> {
        self.cold.get()?.reason.get().filter(|_| self.life.is_stopping())
    }

    /// Returns the error that tells the body it was asked to stop, which it has then heard.
    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if !self.life.hear_stop() {
            return Ok(());
        }
        let reason = self.stop_reason().expect("a request to stop sets its reason first");
        Err(Stopped::new(reason.clone()))
    }

    /// Records when the work began and ended that the body follows.
    pub(crate) fn set_followed(&self, followed: Followed) {
        *lock(&self.cold().followed) = Some(followed);
    }

    /// When the work began and ended that the body follows; `None` if it follows none.
    pub(crate) fn followed(&self) -> Option<Followed> {
        *lock(&self.cold.get()?.followed)
    }

    /// Records that another attempt begins.
    pub(crate) fn begin_attempt(&self, number: u32) {
        let attempt = Attempt { number, started: Instant::now(), ended: None, failure: None };
        let mut attempts = lock(&self.cold().attempts);
        let oldest = if attempts.len() == REMEMBERED { attempts.pop_front() } else { None };
        attempts.push_back(attempt);
        drop(attempts);
        // Its failure holds values of the user's.
        drop(oldest);
    }

    /// Records how the current attempt ended.
    pub(crate) fn end_attempt(&self, failure: Option<&Failure>) {
        let mut attempts = lock(&self.cold().attempts);
        let earlier = attempts.back_mut().and_then(|attempt| {
            attempt.ended = Some(Instant::now());
            mem::replace(&mut attempt.failure, failure.cloned())
        });
        drop(attempts);
        // A host may end an attempt twice, and a failure holds values of the user's.
        drop(earlier);
    }

    /// Records the pause before the next attempt, and forgets where the last one was.
    pub(crate) fn begin_pause(&self, pause: Pause) {
        *lock(&self.cold().pause) = Some(pause);
        self.cold().activity.clear_place();
    }

    /// Records that the pause is over.
    pub(crate) fn end_pause(&self) {
        *lock(&self.cold().pause) = None;
    }

    /// The pause before the next attempt, if the job is in one.
    pub(crate) fn pause(&self) -> Option<Pause> {
        *lock(&self.cold.get()?.pause)
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let cold = self.cold.get();
        cold.map(|cold| lock(&cold.attempts).iter().cloned().collect()).unwrap_or_default()
    }

    /// What the body reports about itself, for writing.
    pub(crate) fn activity(&self) -> &Activity {
        &self.cold().activity
    }

    /// Where the body is, as far as it reports that.
    pub(crate) fn place(&self) -> Option<Place> {
        self.cold.get()?.activity.place()
    }

    /// How far the body says it is; of a command that runs, how far its output says.
    pub(crate) fn progress(&self) -> Option<Progress> {
        let cold = self.cold.get()?;
        cold.activity.progress().or_else(|| {
            let is_read = cold.activity.is_read() && !self.life.state().is_finished();
            printed::progress(cold.log.get().filter(|_| is_read)?)
        })
    }

    /// Where the body was when it noticed the stop that `failure` came from.
    pub(crate) fn place_of_stop(&self, failure: Option<&Failure>, ended: Option<Instant>) -> Option<Place> {
        // A job that never ran was nowhere.
        self.life.started()?;
        let frames = failure.map(Failure::frames).unwrap_or_default();
        let place = self.place();
        if frames.last().is_none_or(|frame| frame.line.is_none()) {
            return place;
        }
        let here = Place { since: ended.unwrap_or_else(Instant::now), ..Place::new(frames.to_vec()) };
        // The line is where the body noticed the stop; what it was doing there it said at its last checkpoint.
        Some(match place {
            Some(Place { text, .. }) => here.described(text),
            None => here,
        })
    }
}

/// A shared record without the type of its result.
pub(crate) type Shared = Arc<dyn AnyRecord>;
