//! The result of an evaluation: a value and the names after it, or why it failed and what can be examined of it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{Failure, Frame, Stopped};
use rhai::ImmutableString;

use super::post_mortem::PostMortem;
use crate::lang::values::{compare::differs, names::Names, value::Value};

/// The result of an evaluation that succeeded.
pub(crate) struct Done {
    /// Its value.
    pub(crate) value: Value,
    names: DoneNames,
}

enum DoneNames {
    /// The names before and after a line that the prompt waited for.
    Line { before: Names, after: Names },
    /// The names that a background job set or changed for itself.
    Job(BTreeMap<ImmutableString, OwnName>),
}

/// A name that a job set or changed.
#[derive(Clone)]
pub(crate) struct OwnName {
    pub(crate) value: Value,
    /// Whether the job started with a value of that name.
    pub(crate) was_known: bool,
}

impl Done {
    /// The result of a line that the prompt waited for.
    pub(crate) fn of_line(value: Value, before: Names, after: Names) -> Self {
        Self { value, names: DoneNames::Line { before, after } }
    }

    /// The result of a background job; it refers to no names but those it changed.
    pub(crate) fn of_job(value: Value, before: &Names, after: &Names) -> Self {
        Self { value, names: DoneNames::Job(own_names(before, after)) }
    }

    /// The names of the prompt after this line; none for a background job.
    pub(crate) fn names(&self) -> Option<&Names> {
        match &self.names {
            DoneNames::Line { after, .. } => Some(after),
            DoneNames::Job(_) => None,
        }
    }

    /// The names that the job set or changed for itself.
    pub(crate) fn own_names(&self) -> Cow<'_, BTreeMap<ImmutableString, OwnName>> {
        match &self.names {
            // A line that was sent to the background after its last statement, just before its end.
            DoneNames::Line { before, after } => Cow::Owned(own_names(before, after)),
            DoneNames::Job(own) => Cow::Borrowed(own),
        }
    }
}

fn own_names(before: &Names, after: &Names) -> BTreeMap<ImmutableString, OwnName> {
    let own = |(name, value): (ImmutableString, Value)| {
        let known = before.variable(&name);
        // Using a value does not change it.
        let differs = known.is_none_or(|known| differs(known.data(), value.data()));
        differs.then_some((name, OwnName { value, was_known: known.is_some() }))
    };
    after.changed_since(before).into_iter().filter_map(own).collect()
}

/// Why an evaluation failed, and what can be examined of it: the error of its [`Failure`].
pub(crate) struct Died {
    pub(crate) message: String,
    /// Set if it was asked to stop.
    pub(crate) stopped: Option<Stopped>,
    /// Set if it asked to leave: the exit status.
    pub(crate) exit: Option<u8>,
    /// The names after a line that the prompt waited for.
    pub(crate) names: Option<Names>,
    /// None if it failed in no code of the user's.
    pub(crate) captured: Option<Arc<Captured>>,
}

/// The captured frames of a failed evaluation; none once they are dropped to save memory.
pub(crate) type Captured = Mutex<Option<Arc<PostMortem>>>;

impl Died {
    /// Makes it a failure with these frames.
    pub(crate) fn into_failure(self, frames: Vec<Frame>) -> Failure {
        let failure = Failure::from_error(self);
        if frames.is_empty() { failure } else { failure.with_frames(frames) }
    }

    /// Why an evaluation failed, if the failure is that of an evaluation.
    pub(crate) fn of(failure: &Failure) -> Option<&Self> {
        failure.error()?.downcast_ref()
    }

    /// What can be examined, if that has not been dropped.
    pub(crate) fn post_mortem(&self) -> Option<Arc<PostMortem>> {
        self.captured.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Died {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Died").field(&self.message).finish()
    }
}

impl fmt::Display for Died {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Died {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.stopped.as_ref().map(|stopped| stopped as _)
    }
}
