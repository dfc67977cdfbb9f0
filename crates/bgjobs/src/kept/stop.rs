//! The request to stop a kept job: a file that anybody may write, and of which the first counts.
//!
//! Knows nothing of how a command is ended.

use std::{
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use rustix::process::Signal;
use serde_json::json;

use crate::kept::{
    machine::Program,
    private,
    state::{self, RUN},
};

/// The name of the file.
const FILE: &str = "stop.json";

/// How long a command may take to end unless a request says otherwise.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// A request to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) reason: String,
    /// The time between SIGTERM and SIGKILL.
    pub(crate) grace: Duration,
}

impl Request {
    /// Writes it, unless there is one, and wakes the keeper, which would see it within a second anyway.
    pub(crate) fn make(&self, job: &Path) -> io::Result<()> {
        let at = private::stamp(SystemTime::now());
        let text = json!({"reason": self.reason, "grace": self.grace.as_secs_f64(), "at": at}).to_string();
        // On a full disk there is room for an empty file, which asks for a stop too.
        private::claim(&job.join(FILE), &text).or_else(|_| private::claim(&job.join(FILE), ""))?;
        if let Ok(Some(fields)) = private::fields(&job.join(RUN))
            && let Ok(keeper) = Program::read(&fields)
        {
            // While the lock is held, the keeper lives, so its ID is still its own.
            keeper.signal(Signal::TERM, || state::is_held(job).is_ok_and(|is_held| is_held));
        }
        Ok(())
    }

    /// Reads it; whatever the file holds, it asks for a stop.
    pub(crate) fn read(job: &Path) -> Option<Self> {
        let fields = private::fields(&job.join(FILE)).unwrap_or_else(|_| Some(private::Fields::new()))?;
        let grace = fields.get("grace").and_then(private::duration);
        let reason = private::text(&fields, "reason").unwrap_or_else(|_| "somebody asked for it".to_owned());
        Some(Self { reason, grace: grace.unwrap_or(GRACE) })
    }
}
