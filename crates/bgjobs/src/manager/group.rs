//! A group in the user's hands: jobs that share a limit and are paused together.
//!
//! Knows nothing of who is next; `engine/schedule/` decides that.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use crate::{
    engine::{
        Engine,
        schedule::slots::{GroupId, Slots},
        table::List,
    },
    error::LimitError,
    job::{AnyJob, stop::stop_all},
    record::{
        name::Name,
        stop::{StopReason, Verdict},
    },
    system::sync::lock,
};

/// Jobs of one manager that share a limit, and are paused and resumed together.
///
/// [`Handle::group`](crate::Handle::group) creates it at its first use; it exists as long as its manager.
/// [`spawn`](Self::spawn) and its siblings, and [`Options::group`](crate::Options::group), put a job into it.
/// A new group has no limit: its jobs start at once, as all others do.
///
/// A job that waits for another job of its manager, by [`join`](crate::Job::join), [`wait_all`](crate::wait_all) and the
/// like, lends its slot meanwhile, so jobs can wait for jobs of their own full group.
/// When the awaited job has ended, the lender gets its slot back before any other job starts. If its wait times out, or
/// it is asked to stop, it goes on at once, and the group runs one job above its limit until another ends.
/// A job that waits in any other way, such as on a channel or a future, keeps its slot.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let disk = jobs.group("disk");
/// disk.set_limit(2)?;
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
/// for _ in 0..5 {
///     let gate = gate.clone();
///     disk.spawn("copy", move || gate.lock().unwrap().recv().is_ok())?;
/// }
/// assert_eq!((disk.running(), disk.waiting()), (2, 3));
/// assert_eq!(jobs.get(4)?.why()[0].to_string(), "group disk runs 2 jobs, its limit is 2; 2 wait before it");
/// drop(go);
/// jobs.wait_all()?;
/// assert_eq!((disk.running(), disk.waiting()), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Group {
    engine: Arc<Engine>,
    id: GroupId,
    name: Name,
}

impl Group {
    pub(crate) fn new(engine: Arc<Engine>, id: GroupId, name: Name) -> Self {
        Self { engine, id, name }
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The group's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How many of its jobs may run at once; `None` if there is no limit.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.read(|slots| slots.limit)
    }

    /// Sets how many of its jobs may run at once; `None` removes the limit.
    ///
    /// Running jobs go on, even if they are more.
    ///
    /// # Errors
    ///
    /// [`LimitError`] if the limit is zero.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let disk = jobs.group("disk");
    /// disk.set_limit(2)?;
    /// assert_eq!(disk.limit(), Some(2));
    /// disk.set_limit(None)?;
    /// assert_eq!(
    ///     disk.set_limit(0).unwrap_err().to_string(),
    ///     "with a limit of 0 no job of group disk would ever start; pause the group instead"
    /// );
    /// # Ok::<(), bgjobs::LimitError>(())
    /// ```
    pub fn set_limit(&self, limit: impl Into<Option<usize>>) -> Result<(), LimitError> {
        let limit = limit.into();
        if limit == Some(0) {
            return Err(LimitError { group: self.name.clone() });
        }
        let actions = lock(&self.engine.ledger).schedule.set_limit(self.id, limit);
        self.engine.carry_out(actions);
        Ok(())
    }

    /// Holds back its jobs that have not started until [`resume`](Self::resume); running jobs go on. True if it was not
    /// paused before.
    ///
    /// A manager that is dropped or shut down ignores pauses: it runs the paused jobs and waits for them.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn pause(&self) -> bool {
        self.set_paused(true)
    }

    /// Lets its jobs start again. True if it was paused.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn resume(&self) -> bool {
        self.set_paused(false)
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.read(|slots| slots.paused)
    }

    /// How many of its jobs run; a job that lends its slot while it waits for another does not count.
    #[must_use]
    pub fn running(&self) -> usize {
        self.read(|slots| slots.taken)
    }

    /// How many of its jobs have not started.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.read(|slots| slots.waiting)
    }

    /// Its jobs that have not ended, by number.
    #[must_use]
    pub fn jobs(&self) -> Vec<AnyJob> {
        let ledger = lock(&self.engine.ledger);
        let running = ledger.table.list(List::Running).filter(|record| record.core().group() == Some(&self.name));
        running.map(|record| AnyJob::new(Arc::clone(record), Arc::clone(&self.engine))).collect()
    }

    /// Asks its jobs to stop, all at once, and returns each one's verdict within `deadline`, by number, as
    /// [`AnyJob::stop`] does.
    ///
    /// Jobs that start in the group later are not affected.
    ///
    /// ```
    /// use bgjobs::{JobManager, StopReason};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let disk = jobs.group("disk");
    /// disk.set_limit(1)?;
    /// let copies = ["one", "two"].map(|name| disk.spawn_with(name, |job| Ok(job.sleep(Duration::MAX)?)));
    /// disk.stop("it is full", Duration::from_secs(5));
    /// let reason = copies[1].as_ref().unwrap().stop_reason().unwrap();
    /// assert_eq!(reason, StopReason::Group { group: "disk".into(), text: "it is full".into() });
    /// assert_eq!(reason.to_string(), "group disk was stopped: it is full");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stop(&self, reason: impl Into<Name>, deadline: Duration) -> Vec<Verdict> {
        let reason = StopReason::Group { group: self.name.clone(), text: reason.into() };
        stop_all(self.jobs(), reason, deadline)
    }

    fn set_paused(&self, paused: bool) -> bool {
        let (changes, actions) = lock(&self.engine.ledger).schedule.set_paused(self.id, paused);
        self.engine.carry_out(actions);
        changes
    }

    fn read<R>(&self, read: impl FnOnce(&Slots) -> R) -> R {
        read(lock(&self.engine.ledger).schedule.slots_of(self.id))
    }
}

impl PartialEq for Group {
    /// Whether both are the same group of the same manager.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && Arc::ptr_eq(&self.engine, &other.engine)
    }
}

impl Eq for Group {}

impl Hash for Group {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.id, Arc::as_ptr(&self.engine)).hash(state);
    }
}

/// `disk: 2 running, 3 waiting, limit 2, paused`.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (running, waiting, limit, paused) =
            self.read(|slots| (slots.taken, slots.waiting, slots.limit, slots.paused));
        write!(f, "{}: {running} running, {waiting} waiting, ", self.name)?;
        match limit {
            Some(limit) => write!(f, "limit {limit}")?,
            None => f.write_str("no limit")?,
        }
        f.write_str(if paused { ", paused" } else { "" })
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Group").field(&self.name).finish()
    }
}
