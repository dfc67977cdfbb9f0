//! `kill 3 5-7 running`: asks jobs to stop, and says of each what came of it.

use bgjobs::{AnyJob, Verdict, stop_all};

use super::{PATIENCE, Reply};
use crate::session::Session;

/// Stops jobs: all are asked at once, and together they are waited for as long as one.
pub(super) fn stop(session: &mut Session, jobs: &[AnyJob]) -> Reply {
    let verdicts = stop_all(jobs, "killed at the prompt", PATIENCE);
    for job in jobs {
        session.told().note_seen(job);
    }
    // Of several jobs those that had ended before are no news.
    let is_news = |verdict: &Verdict| jobs.len() == 1 || !matches!(verdict, Verdict::FinishedFirst { .. });
    let told = jobs.iter().zip(&verdicts).filter(|(_, verdict)| is_news(verdict));
    let told: Vec<_> = told.map(|(job, verdict)| format!("Job #{} {verdict}", job.id())).collect();
    Reply::Shown(if told.is_empty() { "all of them had ended before".to_owned() } else { told.join("\n") })
}
