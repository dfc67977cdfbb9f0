//! `kill 3 5-7 running`: asks jobs to stop, and says what happened to each.

use std::time::Duration;

use bgjobs::{AnyJob, Verdict, stop_all};

use super::{
    meant::{meant, reply},
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word},
};
use crate::selection::{Selected, Selection};

/// How long a command waits for jobs that it has asked to stop.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How many jobs are named that stopped.
const NAMED: usize = 10;

pub(super) const WORD: Word = Word {
    name: "kill",
    usage: "kill [3 5-7 running fit*]",
    help: "Asks jobs to stop, kills their processes if they don't, and says what happened to each.\n\
           Jobs are given by number, by range, by state (running, queued, stopping, finished, done, failed,\n\
           stopped, all), by group, by name, with * for any text, or by a variable that holds them.\n\
           Without any, the newest that has not ended is meant.",
    completion: Completion::Jobs(Fitting::Live),
    options: &[],
    read: |arguments| Ok(Box::new(Kill(arguments.jobs()?))),
};

#[derive(Debug)]
pub(super) struct Kill(pub(super) Option<Selection>);

impl Action for Kill {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Selected { jobs, missing } = meant(session, self.0.as_ref(), Fitting::Live, "no job runs or is queued")?;
        let verdicts = stop_all(&jobs, "killed at the prompt", PATIENCE);
        for job in &jobs {
            session.tracked().note_seen(job);
        }
        reply(session, told(&jobs, &verdicts), &missing)
    }
}

/// What happened to each job; of many only those that go on are named.
fn told(jobs: &[AnyJob], verdicts: &[Verdict]) -> String {
    // Among several jobs, those that had already ended are not worth a line.
    let is_new = |verdict: &Verdict| jobs.len() == 1 || !matches!(verdict, Verdict::FinishedFirst { .. });
    let new: Vec<_> = jobs.iter().zip(verdicts).filter(|(_, verdict)| is_new(verdict)).collect();
    if new.is_empty() {
        return "all of them had already ended".to_owned();
    }
    let is_named = |verdict: &Verdict| new.len() <= NAMED || matches!(verdict, Verdict::StillRunning { .. });
    let (named, others): (Vec<_>, Vec<_>) = new.iter().partition(|(_, verdict)| is_named(verdict));
    // Some may have heard the stop and ended with a value.
    let did =
        if others.iter().all(|(_, verdict)| matches!(verdict, Verdict::Stopped { .. })) { "stopped" } else { "ended" };
    let count = (!others.is_empty()).then(|| format!("{} jobs {did}", others.len()));
    let lines = named.into_iter().map(|(job, verdict)| format!("Job #{} {verdict}", job.id()));
    count.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}
