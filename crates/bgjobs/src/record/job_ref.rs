//! Which job a caller means: by its number, or by a handle that also says whose job it is.
//!
//! Knows nothing of managers: an owner is an address.

use std::{
    any::Any,
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

use crate::record::{Shared, id::JobId};

/// Which job is meant, as an argument: a number, or a job in hand.
///
/// A number means the job of that number in the manager that is asked. A job in hand is that very job, so a manager
/// refuses another one's job instead of taking its own job of the same number.
/// You rarely name this type: a [`JobId`], a number, a [`Job`](crate::Job) and an [`AnyJob`](crate::AnyJob) convert into
/// it.
///
/// ```
/// use bgjobs::JobManager;
///
/// let (jobs, others) = (JobManager::new(), JobManager::new());
/// jobs.spawn("fit", || 42)?.wait()?;
/// let other = others.spawn("load", || 7)?;
/// let error = jobs.remove(&other).unwrap_err();
/// assert_eq!(format!("{error:#}"), "Job #0 not found; it belongs to another manager");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct JobRef(Inner);

#[derive(Clone)]
enum Inner {
    Number(JobId),
    InHand {
        record: Shared,
        /// What owns the job, known by its address.
        owner: Arc<dyn Any + Send + Sync>,
    },
}

/// It only points at the owner, and a record may be used after a panic.
impl UnwindSafe for Inner {}
impl RefUnwindSafe for Inner {}

impl JobRef {
    pub(crate) fn in_hand(record: Shared, owner: Arc<dyn Any + Send + Sync>) -> Self {
        Self(Inner::InHand { record, owner })
    }

    /// The job's number.
    #[must_use]
    pub fn id(&self) -> JobId {
        match &self.0 {
            Inner::Number(id) => *id,
            Inner::InHand { record, .. } => record.core().id(),
        }
    }

    /// The record of a job in hand.
    pub(crate) fn record(&self) -> Option<&Shared> {
        if let Inner::InHand { record, .. } = &self.0 { Some(record) } else { None }
    }

    /// Whether it is a job in hand whose owner isn't at this address.
    pub(crate) fn is_foreign(&self, address: usize) -> bool {
        matches!(&self.0, Inner::InHand { owner, .. } if Arc::as_ptr(owner).addr() != address)
    }
}

impl From<JobId> for JobRef {
    fn from(id: JobId) -> Self {
        Self(Inner::Number(id))
    }
}

impl From<u64> for JobRef {
    fn from(number: u64) -> Self {
        JobId::from(number).into()
    }
}

impl fmt::Debug for JobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JobRef").field(&self.id()).finish()
    }
}
