//! `why 3`: what jobs wait for.

use bgjobs::{AnyJob, State};

use super::Reply;

/// Tells of each job what it waits for.
pub(super) fn tell(jobs: &[AnyJob]) -> Reply {
    Reply::Shown(jobs.iter().map(of_job).collect::<Vec<_>>().join("\n"))
}

/// How a job is, and below it what it waits for.
pub(super) fn of_job(job: &AnyJob) -> String {
    let (state, why) = (job.state(), job.why());
    let status = match state {
        State::Finished(_) => return format!("Job #{} has ended, and waits for nothing: {job}", job.id()),
        State::Created => "starts",
        State::Queued => "is queued",
        State::Running => "runs",
        State::Stopping => "is stopping",
    };
    let nothing = if why.is_empty() { ", and waits for nothing" } else { "" };
    let first = format!("Job #{} {status}{nothing}: {job}", job.id());
    std::iter::once(first).chain(why.iter().map(|waiting| format!("  {waiting}"))).collect::<Vec<_>>().join("\n")
}
