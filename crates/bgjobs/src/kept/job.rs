//! A kept job in the hand of any process: looking, waiting, reading, stopping, removing.
//!
//! Knows nothing of keepers.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    kept::{
        body,
        error::KeptError,
        id::KeptId,
        log, outcome,
        private::{self, present},
        reading::{self, KeptCursor, KeptReading},
        record::{self, Record},
        result,
        root::{Key, Root},
        state::{self, KeptState},
        stop::Request,
        strays,
    },
    record::{name::Name, state::Outcome},
};

/// The pause between two looks of a wait: the first, and the longest.
const PAUSE: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// How long a keeper may take to leave after it has told the outcome.
const LEAVING: Duration = Duration::from_millis(500);

/// The file that says that somebody has seen the outcome.
const SEEN: &str = "seen";

/// A job that outlives the program that started it, from [`KeptJobs`](crate::KeptJobs).
///
/// Any process of the user can hold it; each look reads its folder. It is also a [`Body`](crate::Body): in a manager it is
/// a job like any other, with a log, notices and a stop.
#[derive(Clone, Debug)]
pub struct KeptJob {
    root: Root,
    id: KeptId,
}

/// All that is known of a kept job at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptSummary {
    /// Its number.
    pub id: KeptId,
    /// What it is called; by default its command, as it would be typed.
    pub name: Name,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where the command runs.
    pub folder: PathBuf,
    /// What its body is written in, and by which version: `python 3.13.1`; none for a command.
    pub language: Option<String>,
    /// The key that starts it only once.
    pub key: Option<String>,
    /// How long it may run.
    pub time_limit: Option<Duration>,
    /// When it was started.
    pub created: SystemTime,
    /// The machine that it was started on.
    pub host: String,
    /// Where it stands.
    pub state: KeptState,
}

impl KeptJob {
    pub(crate) fn new(root: Root, id: KeptId) -> Self {
        Self { root, id }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> KeptId {
        self.id
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.root.job(self.id)
    }

    /// Where it stands.
    ///
    /// # Errors
    ///
    /// A [`KeptError`] if it is gone, or its files are broken.
    pub fn state(&self) -> Result<KeptState, KeptError> {
        state::look(&self.root, self.id)
    }

    /// All that is known of it.
    ///
    /// # Errors
    ///
    /// Those of [`state`](Self::state).
    pub fn summary(&self) -> Result<KeptSummary, KeptError> {
        let state = self.state()?;
        let record = Record::read(&self.folder()).map_err(|cause| self.trouble(record::FILE, cause))?;
        let Record { name, command, folder, language, key, time_limit, created, machine } = record;
        let (id, name, host) = (self.id, name.into(), machine.host);
        Ok(KeptSummary { id, name, command, folder, language, key, time_limit, created, host, state })
    }

    /// When it began and when it ended; `None` if it has not.
    ///
    /// Nobody saw the end of a lost job: it counts to its last sign of life, such as a line that it printed.
    ///
    /// # Errors
    ///
    /// Those of [`state`](Self::state).
    pub fn times(&self) -> Result<(SystemTime, Option<SystemTime>), KeptError> {
        let KeptSummary { created, state, .. } = self.summary()?;
        Ok(match state {
            KeptState::Ended(end) => (end.ended.checked_sub(end.ran).unwrap_or(created), Some(end.ended)),
            KeptState::Lost(_) => (created, Some(self.last_sign().map_or(created, |sign| sign.max(created)))),
            _ => (created, None),
        })
    }

    /// When its keeper wrote last.
    fn last_sign(&self) -> Option<SystemTime> {
        let folder = self.folder();
        let logs = fs::read_dir(folder.join(log::FOLDER)).into_iter().flatten().flatten().map(|entry| entry.path());
        let files = logs.chain([folder.join(state::RUN), folder.join(outcome::FILE)]);
        files.filter_map(|file| file.symlink_metadata().ok()?.modified().ok()).max()
    }

    /// Waits until it has ended or is lost.
    ///
    /// # Errors
    ///
    /// Those of [`state`](Self::state).
    pub fn wait(&self) -> Result<KeptState, KeptError> {
        self.wait_until(None)
    }

    /// Waits as [`wait`](Self::wait) does, for `limit` at most, and says where the job stands then.
    ///
    /// # Errors
    ///
    /// Those of [`state`](Self::state).
    pub fn wait_timeout(&self, limit: Duration) -> Result<KeptState, KeptError> {
        self.wait_until(Instant::now().checked_add(limit))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<KeptState, KeptError> {
        let [mut pause, longest] = PAUSE;
        loop {
            let state = self.state()?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if state.is_over() || left.is_some_and(|left| left.is_zero()) {
                return Ok(state);
            }
            thread::sleep(left.map_or(pause, |left| left.min(pause)));
            pause = (pause * 2).min(longest);
        }
    }

    /// Reads on in what it printed, and moves the cursor; a part at a time, until nothing new comes.
    ///
    /// # Errors
    ///
    /// A [`KeptError`] if it is gone, or can't be read.
    pub fn read(&self, cursor: &mut KeptCursor) -> Result<KeptReading, KeptError> {
        let folder = self.folder().join(log::FOLDER);
        let read = |cursor: &mut _| reading::read(&folder, cursor).map_err(|cause| self.trouble(log::FOLDER, cause));
        let reading = read(cursor)?;
        if !reading.is_empty() {
            return Ok(reading);
        }
        let KeptState::Ended(end) = self.state()? else { return Ok(reading) };
        // The output may have been dropped as a whole; but first, what came before the end.
        let mut reading = read(cursor)?;
        if reading.is_empty() && end.output > cursor.0 {
            reading.dropped = end.output - cursor.0;
            cursor.0 = end.output;
        }
        Ok(reading)
    }

    /// What its body gave for programs that know its language; `None` if it is a command or has given nothing, and once the
    /// result was swept.
    ///
    /// # Errors
    ///
    /// A [`KeptError`] if it is gone, or can't be read.
    pub fn result(&self) -> Result<Option<Vec<u8>>, KeptError> {
        body::given(&self.folder()).map_err(|cause| self.trouble(result::FILE, cause))
    }

    /// Asks its command, with all processes that it started, to end: SIGTERM, and SIGKILL after `grace`.
    ///
    /// Of several requests the first counts. What has ended by itself stays as it is, but what it left running is ended.
    ///
    /// # Errors
    ///
    /// A [`KeptError`] if it is gone, or its folder can't be written.
    pub fn ask_stop(&self, reason: impl Into<Name>, grace: Duration) -> Result<(), KeptError> {
        let folder = self.folder();
        match self.state()? {
            KeptState::Lost(_) => strays::end(&folder),
            KeptState::Ended(_) if state::is_free(&folder) => {}
            _ => {
                let request = Request { reason: (*reason.into()).to_owned(), grace };
                request.make(&folder).map_err(|cause| self.refusal(folder, cause))?;
            }
        }
        Ok(())
    }

    /// The IDs of its processes if it is lost and they still run; [`ask_stop`](Self::ask_stop) kills them.
    #[must_use]
    pub fn strays(&self) -> Vec<u32> {
        strays::of(&self.folder())
    }

    /// How many bytes its files take of the disk, as the system counts them; what can't be read counts nothing.
    #[must_use]
    pub fn size(&self) -> u64 {
        let folder = self.folder();
        let files = [folder.join(log::FOLDER), folder].map(fs::read_dir).into_iter().flatten().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|data| data.blocks() * 512).sum()
    }

    /// Notes that somebody has seen how it ended: until then a failed or lost job is never swept.
    pub fn mark_seen(&self) {
        if self.state().is_ok_and(|state| state.is_over()) {
            let _ = private::make_file(&self.folder().join(SEEN));
        }
    }

    /// Whether somebody has [noted](Self::mark_seen) that they have seen how it ended.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.folder().join(SEEN).symlink_metadata().is_ok()
    }

    /// Whether its end may be forgotten: it is done, or stopped, or somebody has seen it.
    pub(crate) fn is_settled(&self) -> bool {
        match self.state() {
            Ok(KeptState::Ended(end)) if end.outcome != Outcome::Failed => true,
            Ok(KeptState::Ended(_) | KeptState::Lost(_)) => self.is_seen(),
            _ => false,
        }
    }

    /// Removes it, with its output; it must not run.
    ///
    /// # Errors
    ///
    /// A [`KeptError`] if it is gone, still runs, or can't be removed.
    pub fn remove(&self) -> Result<(), KeptError> {
        let folder = self.folder();
        let state = self.state();
        let asked = Instant::now();
        while !state::is_free(&folder) {
            let may_leave = matches!(state, Ok(KeptState::Ended(_))) && asked.elapsed() < LEAVING;
            if !may_leave {
                return Err(KeptError::Running(self.id));
            }
            thread::sleep(PAUSE[0]);
        }
        if matches!(state, Ok(KeptState::Elsewhere)) {
            return Err(KeptError::Elsewhere(self.id));
        }
        let key = Record::read(&folder).ok().and_then(|record| record.key).and_then(|key| Key::new(&key));
        let hidden = self.root.path().join(private::temporary(".old"));
        let rename = fs::rename(&folder, &hidden);
        rename.map_err(|cause| self.refusal(folder, cause))?;
        let trouble = |cause| KeptError::Refused { id: self.id, path: hidden.clone(), cause };
        if let Some(key) = key {
            self.root.lock().and_then(|numbering| numbering.free(&key, self.id)).map_err(trouble)?;
        }
        present(fs::remove_file(self.root.live(self.id)), io::ErrorKind::NotFound).map_err(trouble)?;
        // A file in place of the folder goes too.
        fs::remove_dir_all(&hidden).or_else(|_| fs::remove_file(&hidden)).map_err(trouble)
    }

    fn trouble(&self, file: &str, cause: io::Error) -> KeptError {
        state::trouble(&self.root, self.id, file, cause)
    }

    /// Why a change failed: perhaps because the whole job is gone.
    fn refusal(&self, path: PathBuf, cause: io::Error) -> KeptError {
        match self.trouble("", cause) {
            KeptError::Unreadable { id, cause, .. } => KeptError::Refused { id, path, cause },
            gone => gone,
        }
    }
}
