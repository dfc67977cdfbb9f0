//! Jobs that outlive the interpreter, in calls that do not wait.
//!
//! It does not know jobs of a manager, nor who follows a kept one.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{PipeReader, pipe},
    os::{fd::IntoRawFd, unix::ffi::OsStrExt},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use bgjobs::{
    KeepError, KeepOptions, KeptCursor, KeptError, KeptFolderError, KeptId, KeptJobs, KeptPayload, KeptState, Outcome,
    Stream,
};
use bgjobs_cli::{listing, news, text};
use pyo3::{
    exceptions::{PyLookupError, PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};

use crate::job::JobCore;

/// A job that outlives the interpreter.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct KeptJob(bgjobs::KeptJob);

/// Where a job stands: the state, the exit status, the signal, the message, and the value of its body as text.
type Look = (&'static str, Option<i32>, Option<i32>, String, Option<String>);

/// What is new in a log: how many bytes are gone, the pieces, the next cursor.
type Reading = (u64, Vec<Piece>, u64);

/// When it was printed, in seconds since the epoch, whether to standard error, and the text.
type Piece = (f64, bool, String);

/// Lines that were printed within so many seconds make one piece: of many lines few calls of Python are made.
const PIECE: f64 = 0.01;

#[pymethods]
impl KeptJob {
    /// `k12`.
    #[getter]
    fn id(&self) -> String {
        self.0.id().to_string()
    }

    #[getter]
    fn folder(&self) -> PathBuf {
        self.0.folder()
    }

    /// What it is called, its command, and what its body is written in, if it has one.
    ///
    /// Raises `LookupError` if it is gone, and `OSError` if its files are broken.
    fn record(&self) -> PyResult<(String, Vec<String>, Option<String>)> {
        let summary = self.0.summary().map_err(trouble)?;
        Ok(((*summary.name).to_owned(), summary.command, summary.language))
    }

    /// Where it stands: `starting`, `running`, `done`, `failed`, `stopped`, `lost` or `elsewhere`. Raises what `record` does.
    fn look(&self) -> PyResult<Look> {
        let without = |state, message| (state, None, None, message, None);
        Ok(match self.0.state().map_err(trouble)? {
            KeptState::Starting => without("starting", String::new()),
            KeptState::Running => without("running", String::new()),
            KeptState::Ended(end) => {
                let state = match end.outcome {
                    Outcome::Done => "done",
                    Outcome::Failed => "failed",
                    Outcome::Stopped => "stopped",
                };
                (state, end.exit, end.signal, end.message, end.value)
            }
            KeptState::Lost(reason) => without("lost", reason.to_string()),
            _ => without("elsewhere", String::new()),
        })
    }

    /// Reads a part of what it printed from a cursor on; nothing if there is nothing new. Raises what `record` does.
    fn read(&self, cursor: u64) -> PyResult<Reading> {
        let mut cursor = KeptCursor::at(cursor);
        let reading = self.0.read(&mut cursor).map_err(trouble)?;
        let mut pieces: Vec<Piece> = Vec::new();
        for line in reading.lines {
            let is_error = line.stream == Stream::Err;
            let at = line.time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            match pieces.last_mut() {
                Some((first, is_same, text)) if *is_same == is_error && at - *first < PIECE => {
                    text.push_str(&line.text);
                }
                _ => pieces.push((at, is_error, line.text)),
            }
            if let Some((.., text)) = pieces.last_mut().filter(|_| line.is_whole) {
                text.push('\n');
            }
        }
        Ok((reading.dropped, pieces, cursor.offset()))
    }

    /// Lets the times of a job that runs, and follows this one, be those of this one.
    fn lend_times(&self, job: &JobCore) {
        if let (Some(context), Ok((started, finished))) = (job.context(), self.0.times()) {
            context.follow_times(started, finished);
        }
    }

    /// Asks all its processes to end, and has them killed after so many seconds. Raises what `record` does.
    fn ask_stop(&self, reason: &str, grace: f64) -> PyResult<()> {
        let grace = Duration::try_from_secs_f64(grace).unwrap_or(Duration::ZERO);
        self.0.ask_stop(reason, grace).map_err(trouble)
    }

    /// Notes that somebody has seen how it ended.
    fn mark_seen(&self) {
        self.0.mark_seen();
    }

    /// Removes it, with its log and its result. Raises `RuntimeError` if it may run, and otherwise what `record` does.
    fn remove(&self) -> PyResult<()> {
        self.0.remove().map_err(trouble)
    }
}

/// The user's kept job with this number, `k12` or `12`.
///
/// Raises `ValueError` for another text, `LookupError` if there is no such job, and `OSError` if the folder of kept jobs
/// can't be used.
#[pyfunction]
pub(crate) fn kept_job(id: &str) -> PyResult<KeptJob> {
    let id: KeptId = id.parse().map_err(|error: bgjobs::ParseKeptIdError| PyValueError::new_err(error.to_string()))?;
    users()?.get(id).map(KeptJob).map_err(trouble)
}

/// A start of a kept job, which takes a moment: when `fd` is readable, `take` returns the job.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct KeptStart {
    end: Mutex<Option<PipeReader>>,
    job: Arc<Mutex<Option<Result<bgjobs::KeptJob, KeepError>>>>,
}

#[pymethods]
impl KeptStart {
    /// Starts a job that runs the command `words`; `starter` are the words of a supervisor, which also starts its keeper.
    ///
    /// Raises `OSError` if the folder of kept jobs can't be used.
    #[new]
    #[pyo3(signature = (starter, words, name, *, key, time_limit, folder, payload, environment))]
    #[expect(clippy::too_many_arguments, reason = "each is an option of the user's")]
    fn new(
        starter: Vec<OsString>,
        words: Vec<OsString>,
        name: String,
        key: Option<String>,
        time_limit: Option<f64>,
        folder: Option<PathBuf>,
        payload: Option<(String, Vec<u8>)>,
        environment: Vec<(OsString, Option<OsString>)>,
    ) -> PyResult<Self> {
        bgjobs::supervise_by(starter);
        let time_limit = time_limit.map(|limit| Duration::try_from_secs_f64(limit).unwrap_or(Duration::MAX));
        let payload = payload.map(|(language, bytes)| KeptPayload { language, bytes });
        let options = KeepOptions { name: Some(name.into()), key, time_limit, folder, payload, environment };
        let (jobs, (end, held)) = (users()?, pipe()?);
        let job = Arc::new(Mutex::new(None));
        let there = Arc::clone(&job);
        // The keeper's start takes as long as that of an interpreter, and no thread of Python's may wait in here.
        thread::Builder::new().name("bgjobs start".into()).spawn(move || {
            let begun = jobs.start(words, options);
            *there.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
            drop(held);
        })?;
        Ok(Self { end: Mutex::new(Some(end)), job })
    }

    /// A descriptor that has its end when the job is started; the caller closes it.
    fn fd(&self) -> PyResult<i32> {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        end.map(IntoRawFd::into_raw_fd).ok_or_else(|| PyRuntimeError::new_err("the descriptor was asked for"))
    }

    /// The job, once. Raises `ValueError` for a wrong option, and `OSError` if it can't be started.
    fn take(&self) -> PyResult<KeptJob> {
        let started = self.job.lock().unwrap_or_else(PoisonError::into_inner).take();
        let started = started.ok_or_else(|| PyRuntimeError::new_err("the job is not there yet, or was taken"))?;
        started.map(KeptJob).map_err(|error| match error {
            KeepError::NoCommand | KeepError::Key(_) | KeepError::NotUnicode(_) => {
                PyValueError::new_err(error.to_string())
            }
            _ => PyOSError::new_err(error.to_string()),
        })
    }
}

/// Carries out the words of a command line, and returns the exit status; `None` if there is no such word. `starter` are the
/// words of a supervisor, which also starts keepers.
///
/// It waits, so it is for a program that does nothing else.
#[pyfunction]
pub(crate) fn kept_words(py: Python<'_>, starter: Vec<OsString>, words: Vec<OsString>) -> Option<u8> {
    bgjobs::supervise_by(starter);
    py.detach(|| bgjobs_cli::run("python -m bgjobs", words, &[]))
}

/// The user's kept jobs as the text of a list, and each as JSON: those that may run and the newest, or all.
///
/// Raises `OSError` if the folder of kept jobs can't be used.
#[pyfunction]
pub(crate) fn kept_list(all: bool) -> PyResult<(String, Vec<String>)> {
    let listed = listing::listed(&users()?, all)?;
    let read: Vec<_> = listed.iter().map(bgjobs::KeptJob::summary).collect();
    let json = listed.iter().zip(&read).map(|(job, read)| text::json(job.id(), read).to_string());
    Ok((text::list(&listed, &read), json.collect()))
}

/// What a prompt says of the user's kept jobs when it begins; `word` is what lists all. `None` if there is nothing to say.
#[pyfunction]
pub(crate) fn kept_news(word: &str) -> Option<String> {
    news::line(word)
}

/// Keeps the job that the environment names, if it names one, and ends this process with it.
///
/// The words of this process have no command behind them, which is in the job's folder; so they also start its supervisor.
pub(crate) fn keep_if_asked() {
    if env::var_os("BGJOBS_KEEPER").is_none() {
        return;
    }
    let words = fs::read("/proc/self/cmdline").unwrap_or_default();
    let words: Vec<_> = words.split(|&byte| byte == 0).map(OsStr::from_bytes).collect();
    if let Some((_, words)) = words.split_last().filter(|(_, words)| !words.is_empty()) {
        bgjobs::supervise_by(words);
    }
    bgjobs::supervise();
}

fn users() -> PyResult<KeptJobs> {
    KeptJobs::of_user().map_err(|error: KeptFolderError| PyOSError::new_err(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` has it")]
fn trouble(error: KeptError) -> PyErr {
    let text = error.to_string();
    match error {
        KeptError::Unknown(_) => PyLookupError::new_err(text),
        KeptError::Running(_) | KeptError::Elsewhere(_) => PyRuntimeError::new_err(text),
        _ => PyOSError::new_err(text),
    }
}
