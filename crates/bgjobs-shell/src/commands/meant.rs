//! The jobs that a command means: those that follow its word, or the newest that fits.
//!
//! Knows none of the words.

use bgjobs::Stream;

use super::{fitting::Fitting, reply::Reply};
use crate::{
    selection::{Selected, Selection},
    session::Session,
};

/// The selected jobs; without a selection the newest that `fits`, or if none does the error `none`.
pub(super) fn meant(
    session: &Session,
    selection: Option<&Selection>,
    fits: Fitting,
    none: &str,
) -> Result<Selected, String> {
    let Some(selection) = selection else {
        let newest = session.jobs().all().into_iter().rev().find(|job| fits.fits(job, session.tracked()));
        let jobs = vec![newest.ok_or(none)?];
        return Ok(Selected { jobs, missing: Vec::new() });
    };
    let selected = session.select(selection);
    // With nothing found there is nothing to do before the error.
    if selected.jobs.is_empty() {
        selected.all().map(|jobs| Selected { jobs, missing: Vec::new() })
    } else {
        Ok(selected)
    }
}

/// Shows what was done with the jobs that were found; then the parts that select none are an error.
pub(super) fn reply(session: &Session, shown: String, missing: &[String]) -> Result<Reply, String> {
    if missing.is_empty() {
        return Ok(Reply::Shown(shown));
    }
    session.print(Stream::Out, &shown);
    Err(missing.join("\n"))
}
