//! Which jobs a word is useful for: the newest of them is meant when none is given, and completion offers no others.
//!
//! Knows none of the words.

use bgjobs::AnyJob;

use crate::lang::Jobs;

/// Which jobs a word is useful for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fitting {
    Any,
    /// Those that have not ended.
    Live,
    Ended,
    /// Those that have printed something.
    Printed,
    /// Those that the debugger can open.
    Debuggable,
}

impl Fitting {
    pub(crate) fn fits(self, job: &AnyJob, jobs: &Jobs) -> bool {
        match self {
            Self::Any => true,
            Self::Live => !job.is_finished(),
            Self::Ended => job.is_finished(),
            Self::Printed => job.printed() > 0,
            Self::Debuggable => job.is_finished() && jobs.post_mortem(job).is_ok(),
        }
    }
}
