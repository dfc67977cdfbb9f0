//! Jobs under one limit, which can be paused together.
//!
//! Knows nothing of who is next; that is in `schedule.rs`.

use std::{fmt, sync::Arc};

use crate::{
    engine::{
        Engine,
        schedule::slots::{GroupId, Slots},
    },
    error::LimitError,
    record::name::Name,
    system::sync::lock,
};

/// Jobs of a manager under one name: they share a limit, and are paused and resumed together.
///
/// Made by [`Handle::group`](crate::Handle::group) at first use, and there for as long as its manager.
/// A job joins one by [`Options::group`](crate::Options::group).
/// Without a limit, which is how a group begins, its jobs start at once, as all others do.
///
/// A job that waits for another one of its manager, by [`join`](crate::Job::join), [`wait_all`](crate::wait_all) and
/// their kin, lends its place meanwhile, so that jobs which wait for jobs of their own full group go on.
/// When what it waited for has ended it has its place back before any other starts; if its own time is over, or it is
/// asked to stop, it goes on at once, and the group runs one more than its limit until another ends.
/// One that waits in any other way, by a channel or a future, keeps its place.
///
/// ```
/// use bgjobs::{JobManager, Options};
///
/// let jobs = JobManager::new();
/// let disk = jobs.group("disk");
/// disk.set_limit(2)?;
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
/// for _ in 0..5 {
///     let gate = gate.clone();
///     let options = Options { group: Some("disk".into()), ..Options::default() };
///     jobs.with(options).spawn("copy", move || gate.lock().unwrap().recv().is_ok())?;
/// }
/// assert_eq!((disk.running(), disk.waiting()), (2, 3));
/// assert_eq!(jobs.get(4)?.why()[0].to_string(), "group disk runs 2 jobs, its limit is 2; 2 wait before it");
/// drop(go);
/// jobs.wait_all(None)?;
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

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How many of its jobs may run at once; none if there is no limit.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.read(|slots| slots.limit)
    }

    /// Chooses how many of its jobs may run at once, or that there is no limit.
    ///
    /// Those that run go on, even if they are more.
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

    /// Lets none of its jobs start until [`resume`](Self::resume); those that run go on. True if that is a change.
    ///
    /// A manager that goes, or is shut down, pauses nothing: what waits is run and waited for.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn pause(&self) -> bool {
        self.set_paused(true)
    }

    /// Lets its jobs start again. True if that is a change.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn resume(&self) -> bool {
        self.set_paused(false)
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.read(|slots| slots.paused)
    }

    /// How many of its jobs run; one that lends its place while it waits for another is not counted.
    #[must_use]
    pub fn running(&self) -> usize {
        self.read(|slots| slots.taken)
    }

    /// How many of its jobs have not started.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.read(|slots| slots.waiting)
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

impl From<&Group> for Name {
    fn from(group: &Group) -> Self {
        group.name.clone()
    }
}

impl PartialEq for Group {
    /// Whether both are the same group of the same manager.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && Arc::ptr_eq(&self.engine, &other.engine)
    }
}

impl Eq for Group {}

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
