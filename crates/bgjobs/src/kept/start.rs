//! Starts kept jobs: publishes a folder, then starts its keeper.
//!
//! Knows nothing of what a keeper does. A job is published before it has a keeper, so nothing runs that nobody can see.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write, pipe},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use rustix::fs::{FlockOperation, flock};

use crate::{
    command::{quoting, supervisor},
    kept::{
        error::{KeepError, KeptError},
        id::KeptId,
        job::KeptJob,
        keeper, log,
        machine::Machine,
        outcome, private,
        record::{self, Record},
        result,
        root::{Key, Root},
        state::{KeptState, LOCK, LostReason},
        strays,
    },
    record::name::Name,
};

/// What can be chosen for a kept job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepOptions {
    /// What it is called. Default: its command, as it would be typed.
    pub name: Option<Name>,
    /// A text of 1 to 80 bytes that starts the job only once: while there is a job with this key, that one is returned.
    ///
    /// A job that was lost before it ran does not count.
    pub key: Option<String>,
    /// How long it may run before it is stopped. Default: for ever.
    pub time_limit: Option<Duration>,
    /// The folder it runs in. Default: the program's.
    pub folder: Option<PathBuf>,
    /// The body that the command runs, if it runs one of some language.
    pub payload: Option<KeptPayload>,
    /// Environment variables to set, or with `None` to remove; all others come from the program. They are in no file.
    pub environment: Vec<(OsString, Option<OsString>)>,
}

/// The body of a kept job that is written in some language, for a command that can run it.
///
/// The command finds it in the file `payload` of the job's folder, which is in its variable `BGJOBS_JOB`. It removes the
/// file once it has read it, and leaves what the body gives in the file `result`, as the format of kept jobs has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPayload {
    /// What it is written in, and by which version: `python 3.13.1`.
    pub language: String,
    /// The body.
    pub bytes: Vec<u8>,
}

/// Starts a job.
pub(crate) fn start(root: &Root, words: Vec<OsString>, options: KeepOptions) -> Result<KeptJob, KeepError> {
    let key = options.key.as_ref().map(|key| Key::new(key).ok_or_else(|| KeepError::Key(key.clone()))).transpose()?;
    let (environment, payload) = (options.environment.clone(), options.payload.clone());
    let record = record(words, options)?;
    let prepared = prepare(root, &record, key.as_ref(), |folder| {
        payload.map_or(Ok(()), |payload| result::prepare(folder, &payload.bytes))
    })?;
    match prepared {
        (Published::Before(job), _, ()) => Ok(job),
        (Published::Now(job), lock, ()) => keep(job, lock, environment, None),
    }
}

/// Starts a job whose folder `fill` fills, before its keeper, which gets the socket that it returns.
pub(crate) fn start_prepared(
    root: &Root,
    record: &Record,
    fill: impl FnOnce(&Path) -> io::Result<UnixStream>,
) -> Result<KeptJob, KeepError> {
    match prepare(root, record, None, fill)? {
        (Published::Before(job), ..) => Ok(job),
        (Published::Now(job), lock, socket) => keep(job, lock, Vec::new(), Some(socket)),
    }
}

/// Makes the folder of a job, which is published then, with its lock.
fn prepare<T>(
    root: &Root,
    record: &Record,
    key: Option<&Key>,
    fill_more: impl FnOnce(&Path) -> io::Result<T>,
) -> Result<(Published, File, T), KeepError> {
    let hidden = root.path().join(private::temporary(".new"));
    private::make_folder(&hidden)?;
    let filled = fill(&hidden, record)
        .and_then(|lock| Ok((lock, fill_more(&hidden)?)))
        .and_then(|(lock, more)| Ok((publish(root, &hidden, key)?, lock, more)));
    // One whose key stands for a job already was for nothing.
    if !matches!(filled, Ok((Published::Now(_), ..))) {
        let _ = fs::remove_dir_all(&hidden);
    }
    Ok(filled?)
}

/// Starts the keeper of a published job, or removes the job.
fn keep(
    job: KeptJob,
    lock: File,
    environment: Vec<(OsString, Option<OsString>)>,
    link: Option<UnixStream>,
) -> Result<KeptJob, KeepError> {
    match start_keeper(&job.folder(), lock, environment, link) {
        Ok(keeper) => {
            collect(keeper);
            Ok(job)
        }
        Err(error) => {
            let _ = job.remove();
            Err(error)
        }
    }
}

/// What came of publishing a job.
enum Published {
    /// It has a number.
    Now(KeptJob),
    /// Its key stands for this job.
    Before(KeptJob),
}

/// What is written of the job.
pub(crate) fn record(words: Vec<OsString>, options: KeepOptions) -> Result<Record, KeepError> {
    let unicode =
        |text: OsString| text.into_string().map_err(|text| KeepError::NotUnicode(text.to_string_lossy().into_owned()));
    let command = words.into_iter().map(unicode).collect::<Result<Vec<_>, _>>()?;
    let folder = options.folder.unwrap_or_else(|| PathBuf::from("."));
    let is_folder = |path: &PathBuf| if path.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) };
    let real = folder.canonicalize().and_then(|path| is_folder(&path).map(|()| path));
    let real = real.map_err(|cause| KeepError::NoFolder { folder, cause })?;
    let real = unicode(real.into_os_string())?.into();
    let Some((program, arguments)) = command.split_first() else { return Err(KeepError::NoCommand) };
    let words: Vec<_> = arguments.iter().map(OsString::from).collect();
    let name = options.name.map_or_else(|| quoting::line(program.as_ref(), &words), |name| (*name).to_owned());
    Ok(Record {
        name,
        command,
        folder: real,
        language: options.payload.map(|payload| payload.language),
        key: options.key,
        time_limit: options.time_limit,
        created: SystemTime::now(),
        machine: Machine::here(),
    })
}

/// Fills the folder of a job, and locks it.
fn fill(folder: &Path, record: &Record) -> io::Result<File> {
    let lock = private::make_file(&folder.join(LOCK))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    private::make_folder(&folder.join(log::FOLDER))?;
    outcome::reserve(folder)?;
    private::make_file(&folder.join(record::FILE))?.write_all(record.text().as_bytes())?;
    Ok(lock)
}

/// Gives the folder its number, unless its key stands for a job.
fn publish(root: &Root, hidden: &Path, key: Option<&Key>) -> io::Result<Published> {
    let mut numbering = root.lock()?;
    if let Some(key) = key
        && let Some(id) = numbering.job_of(key)?
    {
        let job = KeptJob::new(root.clone(), id);
        if !matches!(job.state(), Err(KeptError::Unknown(_)) | Ok(KeptState::Lost(LostReason::Starter))) {
            return Ok(Published::Before(job));
        }
    }
    let id: KeptId = numbering.take()?;
    drop(private::make_file(&root.live(id))?);
    fs::rename(hidden, root.job(id))?;
    if let Some(key) = key {
        numbering.bind(key, id)?;
    }
    Ok(Published::Now(KeptJob::new(root.clone(), id)))
}

/// Starts the keeper of a job, which takes over the lock, and waits until it is on its own.
///
/// With `link`, it takes over a command that runs.
fn start_keeper(
    job: &Path,
    lock: File,
    environment: Vec<(OsString, Option<OsString>)>,
    link: Option<UnixStream>,
) -> Result<Child, KeepError> {
    let mut keeper = supervisor::again("bgjobs-keeper").ok_or(KeepError::NoKeeper)?;
    let (mut settled, output) = pipe()?;
    for (name, value) in environment {
        match value {
            Some(value) => keeper.env(name, value),
            None => keeper.env_remove(name),
        };
    }
    keeper.env(keeper::VARIABLE, job).env_remove(strays::VARIABLE).current_dir(job);
    keeper.stdin(lock).stdout(output).stderr(Stdio::null());
    if let Some(link) = link {
        keeper.env(keeper::TAKES_OVER, "1").stderr(OwnedFd::from(link));
    }
    let child = keeper.spawn()?;
    // It has the far end of the pipe.
    drop(keeper);
    let mut said = Vec::new();
    settled.read_to_end(&mut said)?;
    // Code that precedes the keeper's may have printed something.
    if said.ends_with(keeper::SETTLED) {
        return Ok(child);
    }
    collect(child);
    Err(io::Error::other("its keeper has ended at once").into())
}

/// Takes note of the end of a process, or it would stay in the list of processes until this program ends.
fn collect(mut child: Child) {
    // Without a thread for it, the list is a little longer.
    let _ = thread::Builder::new().name("bgjobs keeper".into()).stack_size(64 * 1024).spawn(move || child.wait());
}
