//! Notices about jobs that ended: the original's report, and the names that each job changed for itself.

use std::fmt::Write;

use bgjobs::{AnyJob, Report};
use rhai::ImmutableString;

use super::jobs::Done;

/// How many names are shown.
const MOST_NAMES: usize = 5;

/// A report as text, every line ended by a line break.
///
/// A job works on its own copy of the prompt's names; the notice says so to anyone who expected otherwise.
#[must_use]
pub fn notice(report: &Report) -> String {
    let mut text = String::new();
    let Report { completed, dead } = report.clone();
    for group in [Report { completed, dead: Vec::new() }, Report { completed: Vec::new(), dead }] {
        let shown = group.to_string();
        let mut lines = shown.lines();
        text.extend(lines.next().map(|title| format!("{title}\n")));
        let mut jobs = group.completed.iter().chain(&group.dead);
        for line in lines {
            let own = jobs.next().and_then(own_names);
            // Writing to a string can't fail.
            let _ = writeln!(text, "{line}{}", own.map(|own| format!("\n  it {own}")).unwrap_or_default());
        }
    }
    text
}

/// The names that a job changed or set for itself, as a sentence without its subject.
pub(crate) fn own_names(job: &AnyJob) -> Option<String> {
    let id = job.id();
    let job = job.clone().downcast::<Done>().ok()?;
    let done = job.outcome()?.ok()?;
    let own = done.own_names();
    let (changed, set): (Vec<_>, Vec<_>) = own.iter().partition(|(_, own)| own.was_known);
    let names = |own: &[(&ImmutableString, _)]| {
        let mut names: Vec<_> = own.iter().take(MOST_NAMES).map(|(name, _)| name.to_string()).collect();
        if own.len() > MOST_NAMES {
            names.push(format!("{} more", own.len() - MOST_NAMES));
        }
        let last = names.pop();
        let last = last.unwrap_or_default();
        if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) }
    };
    let did = match (changed.is_empty(), set.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("changed its own copy of {}", names(&changed)),
        (true, false) => format!("set {} for itself", names(&set)),
        (false, false) => format!("changed its own copy of {} and set {} for itself", names(&changed), names(&set)),
    };
    Some(format!("{did}; see jobs[{id}].names"))
}
