//! `kill 3 5-7 running`: asks jobs to stop, and says of each what came of it.

use std::time::Instant;

use bgjobs::{AnyJob, Verdict};

use super::{PATIENCE, Reply};
use crate::session::Session;

/// Why a job is stopped.
const REASON: &str = "killed at the prompt";

/// Stops jobs: all are asked at once, and together they are waited for as long as one.
pub(super) fn stop(session: &mut Session, jobs: &[AnyJob]) -> Reply {
    let asked = Instant::now();
    for job in jobs {
        job.ask_stop(REASON);
    }
    let verdicts: Vec<_> = jobs
        .iter()
        .map(|job| {
            let verdict = job.stop(REASON, PATIENCE.saturating_sub(asked.elapsed()));
            session.told().note_seen(job);
            (job, verdict)
        })
        .collect();
    // Of several jobs those that had ended before are no news.
    let is_news = |verdict: &Verdict| jobs.len() == 1 || !matches!(verdict, Verdict::FinishedFirst { .. });
    let told = verdicts.iter().filter(|(_, verdict)| is_news(verdict));
    let told: Vec<_> = told.map(|(job, verdict)| format!("Job #{} {verdict}", job.id())).collect();
    if told.is_empty() {
        Reply::Shown("all of them had ended before".to_owned())
    } else {
        Reply::Shown(told.join("\n"))
    }
}
