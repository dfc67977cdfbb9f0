//! `why 3`: what a job waits for.

use bgjobs::{AnyJob, State};

use super::{
    meant::{meant, reply},
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word},
};
use crate::selection::{Selected, Selection};

pub(super) const WORD: Word = Word {
    name: "why",
    usage: "why [3]",
    help: "Shows what jobs wait for: a slot in their group, a time, other jobs, a thread.\n\
           Without a job: the newest that has not ended.\n\
           Jobs wait if they are started with options, as in\n\
           jobs.start(f, [5], #{group: \"io\", priority: 1, delay: 5, after: [1, 2], time_limit: 60, retry: 3})\n\
           where after: [1, 2] requires both to end well, and after_ended: [1, 2] only that they end.",
    completion: Completion::Jobs(Fitting::Live),
    options: &[],
    read: |arguments| Ok(Box::new(Why(arguments.jobs()?))),
};

#[derive(Debug)]
struct Why(Option<Selection>);

impl Action for Why {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Selected { jobs, missing } = meant(session, self.0.as_ref(), Fitting::Live, "no job runs or is queued")?;
        reply(session, jobs.iter().map(of_job).collect::<Vec<_>>().join("\n"), &missing)
    }
}

/// The state of a job, and below it what it waits for.
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
