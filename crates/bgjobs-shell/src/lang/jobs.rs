//! The background jobs as a program sees them: the object `jobs` and the jobs themselves, as in the original.

use std::{
    any::TypeId,
    collections::BTreeSet,
    fmt::{self, Display},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bgjobs::{
    AnyJob, Context, Failure, Handle, JobId, Notices, ResultError, Stream, TracebackError, UnknownJob, WaitError,
};
use rhai::{
    Array, Dynamic, FuncRegistration, Module, NativeCallContext, Shared, export_module, exported_module,
    plugin::RhaiFunc,
};

use super::{
    evaluation::{Evaluation, Result},
    functions::{error, stopped, time},
    start::{Done, start},
    value::Value,
};

/// How many arguments a function job takes at most.
const MOST_ARGUMENTS: usize = 8;

/// How often a wait looks whether it is asked to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a stop is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The background jobs of a session, with the reader of what was not told yet.
///
/// Cheap to clone; all clones tell of each job once.
#[derive(Clone)]
pub struct Jobs {
    pub(super) handle: Handle,
    notices: Arc<Mutex<Notices>>,
    /// How many texts were given to `jobs.new(..)`.
    expressions: Arc<AtomicU64>,
    /// The jobs whose result, status or traceback was read.
    read: Arc<Mutex<BTreeSet<JobId>>>,
}

impl Jobs {
    /// The jobs of a manager, told from now on.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        let notices = Arc::new(Mutex::new(handle.notices()));
        Self { handle, notices, expressions: Arc::default(), read: Arc::default() }
    }

    /// What ended since the last look.
    pub fn notices(&self) -> MutexGuard<'_, Notices> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a job that has ended, or why it has none.
    #[must_use]
    pub fn outcome(&self, job: &AnyJob) -> Option<Result<Value, Failure>> {
        self.note_read(job);
        // A job of another kind was started by the program around the prompt, in Rust.
        let Ok(job) = job.clone().downcast::<Done>() else { return Some(Ok(Value::plain(()))) };
        Some(job.outcome()?.map(|done| done.value.clone()).map_err(Failure::clone))
    }

    /// The dead jobs of which nobody has read the result, the status or the traceback.
    #[must_use]
    pub fn unread(&self) -> Vec<AnyJob> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.handle.dead().into_iter().filter(|job| !read.contains(&job.id())).collect()
    }

    /// Notes that somebody has read how the job is.
    fn note_read(&self, job: &AnyJob) {
        if job.is_finished() {
            self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id());
        }
    }

    /// What the text of the next job is called, as long as the job has no number.
    pub(super) fn name_expression(&self) -> String {
        format!("expression {}", self.expressions.fetch_add(1, Ordering::Relaxed))
    }

    /// The job of that number, which a program may give in any way.
    fn get(&self, number: i64) -> Result<AnyJob, Unknown> {
        let refused = |job| Unknown { number, job };
        let id = u64::try_from(number).map_err(|_| refused(None))?;
        self.handle.get(id).map_err(|unknown| refused(Some(unknown)))
    }
}

/// There is no job of a number.
struct Unknown {
    number: i64,
    /// None for a number that no job can have.
    job: Option<UnknownJob>,
}

impl Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.job {
            Some(unknown) => unknown.fmt(f),
            None => write!(f, "Job #{} not found", self.number),
        }
    }
}

/// The functions as a module.
pub(super) fn module() -> Module {
    let mut module = exported_module!(of_all);
    module.combine(exported_module!(of_one));
    module.set_custom_type::<Jobs>("jobs").set_custom_type::<AnyJob>("job");
    // `jobs.new(..)` takes any number of arguments of any type.
    for count in 0..=MOST_ARGUMENTS {
        let types = std::iter::repeat_n(TypeId::of::<Dynamic>(), count);
        let types: Vec<_> = std::iter::once(TypeId::of::<Jobs>()).chain(types).collect();
        let function = |context: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| {
            let evaluation = context.as_ref().map(Evaluation::of).expect("it is registered as one that wants it");
            let mut arguments = arguments.iter_mut().skip(1).map(|argument| argument.take());
            start(&evaluation, &mut arguments).map(Dynamic::from)
        };
        let function =
            RhaiFunc::Method { func: Shared::new(function), has_context: true, is_pure: true, is_volatile: true };
        FuncRegistration::new("new").set_into_module_raw(&mut module, types, function);
    }
    module
}

#[export_module]
mod of_all {
    use rhai::{Array, Map, NativeCallContext};

    use super::{
        AnyJob, Dynamic, Evaluation, Jobs, Result, complain, error, list, number, print, print_status, print_traceback,
        value,
    };

    /// Prints all jobs: the running, the completed, the dead.
    #[rhai_fn(name = "jobs")]
    pub(super) fn show(context: NativeCallContext<'_>) {
        print_status(&Evaluation::of(&context));
    }

    /// Prints all jobs: the running, the completed, the dead.
    #[rhai_fn(pure)]
    pub(super) fn status(context: NativeCallContext<'_>, _jobs: &mut Jobs) {
        print_status(&Evaluation::of(&context));
    }

    /// Prints the jobs that ended since this was last told; returns true if there were any.
    #[rhai_fn(pure)]
    pub(super) fn _status_new(context: NativeCallContext<'_>, jobs: &mut Jobs) -> Dynamic {
        let report = jobs.notices().report();
        print(&Evaluation::of(&context), &report);
        if report.is_empty() { Dynamic::UNIT } else { true.into() }
    }

    /// Forgets all jobs that have ended.
    #[rhai_fn(pure)]
    pub(super) fn flush(context: NativeCallContext<'_>, jobs: &mut Jobs) {
        print(&Evaluation::of(&context), jobs.handle.flush());
    }

    /// The jobs that have not ended.
    #[rhai_fn(get = "running", pure)]
    pub(super) fn running(jobs: &mut Jobs) -> Array {
        list(jobs.handle.running())
    }

    /// The jobs that ended well.
    #[rhai_fn(get = "completed", pure)]
    pub(super) fn completed(jobs: &mut Jobs) -> Array {
        list(jobs.handle.completed())
    }

    /// The jobs that failed or were stopped.
    #[rhai_fn(get = "dead", pure)]
    pub(super) fn dead(jobs: &mut Jobs) -> Array {
        list(jobs.handle.dead())
    }

    /// All jobs, by number.
    #[rhai_fn(get = "all", pure)]
    pub(super) fn all(jobs: &mut Jobs) -> Map {
        jobs.handle.all().into_iter().map(|job| (job.id().to_string().into(), Dynamic::from(job))).collect()
    }

    /// The job of that number.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get(jobs: &mut Jobs, number: i64) -> Result<AnyJob> {
        Ok(jobs.get(number).map_err(|unknown| error(format!("{unknown:#}")))?)
    }

    /// The job.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get_same(jobs: &mut Jobs, job: AnyJob) -> Result<AnyJob> {
        get(jobs, number(&job))
    }

    /// The value of the job of that number.
    #[rhai_fn(pure)]
    pub(super) fn result(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) -> Dynamic {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number) {
            Ok(job) => value(&evaluation, &job),
            Err(unknown) => {
                complain(&evaluation, &unknown);
                Dynamic::UNIT
            }
        }
    }

    /// Prints the tracebacks of all dead jobs.
    #[rhai_fn(name = "traceback", pure)]
    pub(super) fn all_tracebacks(context: NativeCallContext<'_>, jobs: &mut Jobs) {
        jobs.handle.dead().iter().for_each(|job| jobs.note_read(job));
        print(&Evaluation::of(&context), jobs.handle.tracebacks());
    }

    /// Prints the traceback of the dead job of that number.
    #[rhai_fn(pure)]
    pub(super) fn traceback(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number) {
            Ok(job) => print_traceback(&evaluation, &job),
            Err(unknown) => complain(&evaluation, &unknown),
        }
    }

    /// Prints the traceback of the dead job.
    #[rhai_fn(name = "traceback", pure)]
    pub(super) fn traceback_of(context: NativeCallContext<'_>, jobs: &mut Jobs, job: AnyJob) {
        traceback(context, jobs, number(&job));
    }

    /// Forgets the job of that number, which must have ended.
    #[rhai_fn(pure)]
    pub(super) fn remove(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number).map(|job| jobs.handle.remove(job.id())) {
            Ok(Ok(_)) => {}
            Ok(Err(refusal)) => complain(&evaluation, &refusal),
            Err(unknown) => complain(&evaluation, &unknown),
        }
    }

    /// Forgets the job, which must have ended.
    #[rhai_fn(name = "remove", pure)]
    pub(super) fn remove_this(context: NativeCallContext<'_>, jobs: &mut Jobs, job: AnyJob) {
        remove(context, jobs, number(&job));
    }
}

#[export_module]
mod of_one {
    use rhai::{Array, Map, NativeCallContext};

    use super::{AnyJob, Done, Dynamic, Evaluation, PATIENCE, Result, number, print_traceback, time, value, wait};

    /// The number of the job.
    #[rhai_fn(get = "num", pure)]
    pub(super) fn num(job: &mut AnyJob) -> i64 {
        number(job)
    }

    /// What the job shows.
    #[rhai_fn(get = "name", pure)]
    pub(super) fn name(job: &mut AnyJob) -> String {
        job.name().to_string()
    }

    /// Where the job is, in words.
    #[rhai_fn(get = "status", pure)]
    pub(super) fn status(context: NativeCallContext<'_>, job: &mut AnyJob) -> String {
        Evaluation::of(&context).jobs.note_read(job);
        job.status().to_owned()
    }

    /// Where the job is: 0 created, 1 running, 2 completed, -1 dead.
    #[rhai_fn(get = "stat_code", pure)]
    pub(super) fn stat_code(context: NativeCallContext<'_>, job: &mut AnyJob) -> i64 {
        Evaluation::of(&context).jobs.note_read(job);
        job.stat_code().into()
    }

    /// Whether the job has ended: false, true, or `()` if it died.
    #[rhai_fn(get = "finished", pure)]
    pub(super) fn finished(job: &mut AnyJob) -> Dynamic {
        match job.stat_code() {
            2 => true.into(),
            -1 => Dynamic::UNIT,
            _ => false.into(),
        }
    }

    /// Whether the job has not ended.
    #[rhai_fn(pure)]
    pub(super) fn is_alive(job: &mut AnyJob) -> bool {
        !job.is_finished()
    }

    /// Whether the job is not waited for at the end.
    #[rhai_fn(get = "daemon", pure)]
    pub(super) fn daemon(job: &mut AnyJob) -> bool {
        job.is_daemon()
    }

    /// The value of the job.
    #[rhai_fn(get = "result", pure)]
    pub(super) fn result(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        value(&Evaluation::of(&context), job)
    }

    /// The names that the job set or changed, for itself.
    #[rhai_fn(get = "names", pure)]
    pub(super) fn names(context: NativeCallContext<'_>, job: &mut AnyJob) -> Map {
        let evaluation = Evaluation::of(&context);
        let Ok(job) = job.clone().downcast::<Done>() else { return Map::new() };
        let Some(Ok(done)) = job.outcome() else { return Map::new() };
        let mut cells = evaluation.cells();
        done.names.iter().map(|(name, value)| (name.as_str().into(), cells.wake(value))).collect()
    }

    /// The lines that the job printed.
    #[rhai_fn(get = "log", pure)]
    pub(super) fn log(job: &mut AnyJob) -> Array {
        job.log().tail(usize::MAX).into_iter().map(|line| line.text.into()).collect()
    }

    /// Prints the traceback of the job, if it died.
    #[rhai_fn(pure)]
    pub(super) fn traceback(context: NativeCallContext<'_>, job: &mut AnyJob) {
        print_traceback(&Evaluation::of(&context), job);
    }

    /// Waits until the job has ended.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn join(context: NativeCallContext<'_>, job: &mut AnyJob) -> Result<()> {
        wait(&context, job, None)
    }

    /// Waits until the job has ended, so many seconds at most.
    #[rhai_fn(name = "join", pure, return_raw)]
    pub(super) fn join_timeout(context: NativeCallContext<'_>, job: &mut AnyJob, seconds: f64) -> Result<()> {
        wait(&context, job, Some(time("join", seconds)?))
    }

    /// Waits until the job has ended, so many seconds at most.
    #[rhai_fn(name = "join", pure, return_raw)]
    pub(super) fn join_timeout_whole(context: NativeCallContext<'_>, job: &mut AnyJob, seconds: i64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "so many seconds that it matters are centuries")]
        join_timeout(context, job, seconds as f64)
    }

    /// Asks the job to stop, and says what came of it.
    #[rhai_fn(pure)]
    pub(super) fn stop(job: &mut AnyJob) -> String {
        job.stop("on request", PATIENCE).to_string()
    }

    #[rhai_fn(pure)]
    pub(super) fn to_string(job: &mut AnyJob) -> String {
        job.to_string()
    }

    #[rhai_fn(pure)]
    pub(super) fn to_debug(job: &mut AnyJob) -> String {
        format!("{job:?}")
    }
}

fn list(jobs: Vec<AnyJob>) -> Array {
    jobs.into_iter().map(Dynamic::from).collect()
}

fn number(job: &AnyJob) -> i64 {
    i64::try_from(job.id().get()).unwrap_or(i64::MAX)
}

/// Prints a text of the original, which ends each line.
fn print(evaluation: &Evaluation, text: impl Display) {
    let text = text.to_string();
    if let Some(text) = text.strip_suffix('\n') {
        evaluation.print(Stream::Out, text);
    }
}

/// Tells of a wrong number and the like, as the original does: not as an error.
fn complain(evaluation: &Evaluation, refusal: &impl Display) {
    evaluation.print(Stream::Err, &refusal.to_string());
}

fn print_status(evaluation: &Evaluation) {
    print(evaluation, evaluation.jobs.handle.status());
    // Who has seen the lists need not be told any more.
    evaluation.jobs.notices().look();
}

fn print_traceback(evaluation: &Evaluation, job: &AnyJob) {
    evaluation.jobs.note_read(job);
    match job.failure() {
        Some(failure) => evaluation.print(Stream::Out, &failure.traceback().to_string()),
        None => complain(evaluation, &TracebackError::NotDead(job.id(), job.state())),
    }
}

/// The value of a job, or what the original shows in its place.
fn value(evaluation: &Evaluation, job: &AnyJob) -> Dynamic {
    match evaluation.jobs.outcome(job) {
        None => ResultError::Unfinished(job.id()).to_string().into(),
        Some(Err(failure)) => ResultError::Died(job.id(), failure).to_string().into(),
        Some(Ok(value)) => evaluation.cells().wake(&value),
    }
}

/// Waits for a job, and hears a stop.
fn wait(context: &NativeCallContext<'_>, job: &AnyJob, timeout: Option<Duration>) -> Result<()> {
    match wait_for(&Evaluation::of(context).context, job, timeout) {
        Ok(()) | Err(WaitError::TimedOut { .. }) => Ok(()),
        Err(WaitError::Stopped(_)) => Err(stopped().into()),
        Err(refusal) => Err(error(refusal.to_string()).into()),
    }
}

/// Waits until a job has ended, `timeout` at most, or until the own job is asked to stop.
pub(crate) fn wait_for(context: &Context, job: &AnyJob, timeout: Option<Duration>) -> Result<(), WaitError> {
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // The end of a job of another manager wakes the wait, a stop of the own job does not: so it looks now and then.
        let slice = left.unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
        match context.wait_for(job, Some(slice)) {
            Err(WaitError::TimedOut { .. }) if left.is_none_or(|left| left > slice) => {}
            result => return result,
        }
    }
}
