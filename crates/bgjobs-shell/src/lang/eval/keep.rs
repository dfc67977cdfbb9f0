//! Starts jobs that outlive the session: a text, a call, a command; and follows such jobs.
//!
//! A text or a call runs in this same executable, started again: [`run_bodies`] says that it can.

use std::{
    env,
    ffi::OsString,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bgjobs::{
    AnyJob, Body, Context, Failure, FailureKind, KeepOptions, KeptJob, KeptJobs, KeptPayload, SpawnError, Stream,
};

use super::{evaluation::Evaluation, failure};
use crate::{
    environment::Environment,
    lang::{
        error,
        jobs::{Done, Jobs, Origin, OriginCode, StartOptions},
        kept::{self, Given},
        read::source::Source,
        trace::program::Program,
        values::{names::Names, value::Value},
    },
};

/// The first word of the language of our bodies.
pub(crate) const LANGUAGE: &str = "rhai";

/// Whether this executable, started again with the same arguments, runs a body that it finds.
static RUNS_BODIES: AtomicBool = AtomicBool::new(false);

/// Says that this executable, started again with the same arguments, runs a body that it finds.
#[cfg(feature = "terminal")]
pub(crate) fn run_bodies() {
    RUNS_BODIES.store(true, Ordering::Relaxed);
}

/// The user's kept jobs.
///
/// # Errors
///
/// Why their folder can't be used.
pub(crate) fn kept_jobs() -> Result<KeptJobs, String> {
    // Lines that a fuzzer invents write no file.
    if cfg!(fuzzing) {
        return Err("no kept jobs".to_owned());
    }
    KeptJobs::of_user().map_err(|error| error.to_string())
}

/// What is to outlive the session, ready to start.
pub(crate) struct Keeping {
    words: Vec<OsString>,
    options: KeepOptions,
}

impl Keeping {
    /// A line of the system's shell.
    pub(crate) fn command(line: &str, environment: &Environment) -> Self {
        let words = [environment.shell(), "-c".to_owned(), line.to_owned()].map(Into::into).to_vec();
        Self::new(words, line.to_owned(), environment)
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// The text is wrong, or uses something that can't leave this process.
    pub(crate) fn text(source: &Arc<Source>, names: &Names) -> Result<Self, Failure> {
        let ast = Program::parse_statements(source).map_err(|error| failure::syntax(&error, source))?;
        let payload = kept::pack_text(source, &ast, names).map_err(Failure::new)?;
        Self::body(payload, source.text.trim().to_owned(), &names.environment).map_err(Failure::new)
    }

    /// A call of a function value.
    ///
    /// # Errors
    ///
    /// It uses something that can't leave this process.
    pub(crate) fn call(function: &Value, arguments: &[Value], names: &Names, name: String) -> Result<Self, Failure> {
        let payload = kept::pack_call(function, arguments, names).map_err(Failure::new)?;
        Self::body(payload, name, &names.environment).map_err(Failure::new)
    }

    fn body(bytes: Vec<u8>, name: String, environment: &Environment) -> Result<Self, String> {
        if !RUNS_BODIES.load(Ordering::Relaxed) {
            return Err("this program can keep commands only: another process would not find its functions".to_owned());
        }
        let own = env::current_exe().map_err(|cause| format!("can't find this program: {cause}"))?;
        // A newer version may have taken its place.
        let own = if own.exists() { own } else { PathBuf::from("/proc/self/exe") };
        let words = [own.into()].into_iter().chain(env::args_os().skip(1)).collect();
        let language = format!("{LANGUAGE} {}", env!("CARGO_PKG_VERSION"));
        let mut keeping = Self::new(words, name, environment);
        keeping.options.payload = Some(KeptPayload { language, bytes });
        Ok(keeping)
    }

    fn new(words: Vec<OsString>, name: String, environment: &Environment) -> Self {
        let changed = environment.changed().map(|(name, value)| (name.into(), value.map(Into::into))).collect();
        let folder = Some(environment.folder().to_owned());
        let options = KeepOptions { name: Some(name.into()), folder, environment: changed, ..KeepOptions::default() };
        Self { words, options }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Why that is impossible.
    pub(crate) fn start(self) -> Result<KeptJob, String> {
        kept_jobs()?.start(self.words, self.options).map_err(|error| error.to_string())
    }
}

/// Starts what is to outlive the session and a job that follows it; when that has to wait, at its turn.
///
/// # Errors
///
/// Why neither can be started.
pub(crate) fn start(
    mut keeping: Keeping,
    jobs: &Jobs,
    environment: Environment,
    mut options: StartOptions,
) -> Result<AnyJob, Failure> {
    if let Some(name) = &options.name {
        keeping.options.name = Some(name.clone().into());
    }
    keeping.options.time_limit = options.options.time_limit.take();
    let given = &options.options;
    if given.group.is_none() && given.delay.is_none() && given.after.is_empty() {
        let kept = keeping.start().map_err(Failure::new)?;
        return Ok(follow(kept, jobs, environment, options)?);
    }
    let name = keeping.options.name.clone().unwrap_or_default();
    let number = Arc::new(OnceLock::new());
    let own = Arc::clone(&number);
    let begin = move |context: &Context| {
        let kept = keeping.start().map_err(Failure::new)?;
        let _ = own.set(kept.id().to_string());
        outcome(&kept, context)
    };
    let job = jobs.handle.named(name).with(jobs.with_settings(options.options.clone())).daemon().spawn_with(begin)?;
    jobs.note_origin(&job, Origin { code: OriginCode::Kept(number), environment, options });
    Ok(AnyJob::clone(&job))
}

/// Starts, from an evaluation, what is to outlive its session, and says so if that has to wait.
pub(crate) fn start_in(
    evaluation: &Evaluation,
    keeping: Result<Keeping, Failure>,
    environment: Environment,
    options: StartOptions,
) -> error::Result<AnyJob> {
    let started = keeping.and_then(|keeping| start(keeping, &evaluation.jobs, environment, options));
    let job = started.map_err(|cause| error::error(format!("{cause:#}")))?;
    if evaluation.jobs.is_to_be_kept(&job) {
        let text = format!("Job #{} is kept once it has started; until then it ends with this session", job.id());
        evaluation.tell(Stream::Err, &text);
    }
    Ok(job)
}

/// Starts a job that follows a kept one, from the beginning of its log.
pub(crate) fn follow(
    kept: KeptJob,
    jobs: &Jobs,
    environment: Environment,
    options: StartOptions,
) -> Result<AnyJob, SpawnError> {
    let (name, number) = (Body::name(&kept), kept.id().to_string());
    // A daemon, because the session need not wait for what goes on without it.
    let spawner = jobs.handle.named(name).with(jobs.with_settings(options.options.clone())).daemon();
    let job = spawner.spawn_with(move |context| outcome(&kept, context))?;
    jobs.note_origin(&job, Origin { code: OriginCode::Kept(Arc::new(number.into())), environment, options });
    Ok(AnyJob::clone(&job))
}

/// Follows a kept job to its end, and gives what it gave.
fn outcome(kept: &KeptJob, context: &Context) -> Result<Done, Failure> {
    let ended = kept.clone().call(context);
    let summary = kept.summary().ok();
    let is_ours = summary.and_then(|job| job.language).is_some_and(|language| language.starts_with(LANGUAGE));
    if !is_ours {
        return ended.map(|()| Done::of_job(Value::plain(()), &Names::default(), &Names::default()));
    }
    let given = kept.result().map_err(Failure::from_error)?;
    match (ended, given.as_deref().map(kept::given)) {
        (Ok(()), Some(Some(Given::Value(value)))) => Ok(Done::of_job(value, &Names::default(), &Names::default())),
        (Ok(()), None) => Err(Failure::new(format!("the result of {} was swept", kept.id()))),
        (Ok(()), Some(_)) => Err(Failure::new(format!("the result of {} is of another version", kept.id()))),
        (Err(failure), Some(Some(Given::Frames(frames)))) if failure.kind() == FailureKind::Error => {
            Err(failure.with_frames(frames))
        }
        (Err(failure), _) => Err(failure),
    }
}
