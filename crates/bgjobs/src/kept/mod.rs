//! The jobs that outlive the program that started them: each a folder, and a keeper while it runs.
//!
//! Knows nothing of the jobs of a manager. `docs/src/kept-format.md` describes the files.

pub(crate) mod body;
pub(crate) mod error;
pub(crate) mod follow;
pub(crate) mod id;
pub(crate) mod job;
pub(crate) mod keeper;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod outcome;
pub(crate) mod private;
pub(crate) mod reading;
pub(crate) mod record;
pub(crate) mod result;
pub(crate) mod root;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod stop;
pub(crate) mod strays;
pub(crate) mod sweep;
pub(crate) mod take_over;
pub(crate) mod transfer;

use std::{ffi::OsString, io, path::PathBuf};

use crate::{
    command::handover::Handover,
    kept::{
        error::{KeepError, KeptError, KeptFolderError},
        id::KeptId,
        job::KeptJob,
        root::Root,
        start::KeepOptions,
        sweep::{Retention, Swept},
    },
    record::name::Name,
};

/// A folder of jobs that outlive the program that starts them.
///
/// A kept job is a system command with a process of its own, its keeper, which is no child of any manager. Every program
/// of the user finds it in the folder, and can wait for it, read what it printed, stop and remove it.
/// It survives the program, the terminal and a hang-up. It does not survive a restart of the machine, nor what ends all
/// processes of a container, a login session or a service.
///
/// ```no_run
/// use bgjobs::{JobManager, KeepOptions, KeptJobs, KeptState};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     bgjobs::supervise();
///     let kept = KeptJobs::of_user()?;
///     let make = kept.start(["make", "-j2"], KeepOptions::default())?;
///     println!("{} goes on without this program", make.id());
///
///     // Perhaps in another program.
///     let job = kept.get("k12".parse()?)?;
///     if let KeptState::Ended(end) = job.wait()? {
///         println!("{end}, after {:?}", end.ran);
///     }
///     // Or as a job of a manager.
///     let followed = JobManager::new().start(job)?;
///     followed.join()?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct KeptJobs(Root);

impl KeptJobs {
    /// Opens the user's folder, `bgjobs/kept` in `$XDG_STATE_HOME` or `~/.local/state`, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// A [`KeptFolderError`] if it isn't private to the user, or can't be used.
    pub fn of_user() -> Result<Self, KeptFolderError> {
        Self::open(Root::of_user()?)
    }

    /// Opens the user's folder as [`of_user`](Self::of_user) does, but makes none: `None` if nothing was ever kept.
    ///
    /// # Errors
    ///
    /// Those of [`of_user`](Self::of_user).
    pub fn of_user_if_any() -> Result<Option<Self>, KeptFolderError> {
        let folder = Root::of_user()?;
        if folder.symlink_metadata().is_ok() { Self::open(folder).map(Some) } else { Ok(None) }
    }

    /// Opens another folder, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// Those of [`of_user`](Self::of_user).
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, KeptFolderError> {
        let folder = folder.into();
        let absolute = std::path::absolute(&folder);
        let absolute = absolute.map_err(|cause| KeptFolderError::Refused { path: folder, cause })?;
        Root::open(absolute).map(Self)
    }

    /// Starts a job that runs the program and the arguments `words`, with this program's environment and no input.
    ///
    /// # Errors
    ///
    /// A [`KeepError`]. That the program can't be run is no error of the start, but of the job.
    pub fn start<W: Into<OsString>>(
        &self,
        words: impl IntoIterator<Item = W>,
        options: KeepOptions,
    ) -> Result<KeptJob, KeepError> {
        start::start(&self.0, words.into_iter().map(Into::into).collect(), options)
    }

    /// Takes a running command over, which goes on without this program from then on; `name` is what the job is called.
    ///
    /// Its job in this program follows it, as if it had been kept from the start: what it has printed so far is in the log
    /// of both. Unlike that of other kept jobs, its environment does not tell its folder.
    ///
    /// ```no_run
    /// use bgjobs::{Command, Handover, JobManager, KeptJobs};
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     bgjobs::supervise();
    ///     let jobs = JobManager::new();
    ///     let handover = Handover::new();
    ///     jobs.named("build").daemon().start(Command::new("make").handover(&handover))?;
    ///     // It takes longer than expected.
    ///     let kept = KeptJobs::of_user()?.take_over(&handover, "build")?;
    ///     println!("{} goes on without this program", kept.id());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A [`KeepError`]; the command then goes on as before.
    pub fn take_over(&self, handover: &Handover, name: impl Into<Name>) -> Result<KeptJob, KeepError> {
        take_over::take_over(&self.0, handover, name.into())
    }

    /// The job with this number.
    ///
    /// # Errors
    ///
    /// [`KeptError::Unknown`].
    pub fn get(&self, id: KeptId) -> Result<KeptJob, KeptError> {
        let job = KeptJob::new(self.0.clone(), id);
        if job.folder().symlink_metadata().is_ok() { Ok(job) } else { Err(KeptError::Unknown(id)) }
    }

    /// All jobs, from the oldest on.
    ///
    /// # Errors
    ///
    /// The system's, if the folder can't be read.
    pub fn all(&self) -> io::Result<Vec<KeptJob>> {
        Ok(self.jobs(self.0.ids()?))
    }

    /// The jobs that may run, from the oldest on; a few may be over.
    ///
    /// It costs nothing for those that have ended, however many there are.
    ///
    /// # Errors
    ///
    /// The system's, if the folder can't be read.
    pub fn live(&self) -> io::Result<Vec<KeptJob>> {
        Ok(self.jobs(self.0.live_ids()?))
    }

    /// What is kept of jobs that have ended: the numbers in the folder's `retention.json`, or the default.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention::of(&self.0)
    }

    /// Removes what is more than `retention` allows. Each job that ends does a part of that.
    ///
    /// # Errors
    ///
    /// The system's, if the folder can't be read.
    pub fn sweep(&self, retention: Retention) -> io::Result<Swept> {
        sweep::sweep(&self.0, retention, usize::MAX)
    }

    fn jobs(&self, ids: Vec<KeptId>) -> Vec<KeptJob> {
        ids.into_iter().map(|id| KeptJob::new(self.0.clone(), id)).collect()
    }
}
