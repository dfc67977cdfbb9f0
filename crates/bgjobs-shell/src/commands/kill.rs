//! `kill 3 5-7 running`: asks jobs to stop, and says what happened to each.

use std::time::Duration;

use bgjobs::{Verdict, stop_all};

use super::{
    meant::{is_alive, meant, reply},
    word::{Action, CommandLine, Completion, Reply, Session, Word},
};
use crate::selection::{Selected, Selection};

/// How long a command waits for jobs that it has asked to stop.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

pub(super) const WORD: Word = Word {
    name: "kill",
    usage: "kill [3 5-7 running fit*]",
    help: "Asks jobs to stop, kills their processes if they don't, and says what happened to each.\n\
           Jobs are given by number, by range, by state (running, queued, stopping, finished, done, failed,\n\
           stopped, all), by group, by name, with * for any text, or by a variable that holds them.\n\
           Without any, the newest that has not ended is meant.",
    completion: Completion::Jobs,
    with_value: &[],
    read: |arguments| Ok(Box::new(Kill(arguments.jobs()?))),
};

#[derive(Debug)]
pub(super) struct Kill(pub(super) Option<Selection>);

impl Action for Kill {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Selected { jobs, missing } = meant(session, self.0.as_ref(), is_alive, "no job runs or is queued")?;
        let verdicts = stop_all(&jobs, "killed at the prompt", PATIENCE);
        for job in &jobs {
            session.tracked().note_seen(job);
        }
        // Among several jobs, those that had already ended are not worth a line.
        let is_new = |verdict: &Verdict| jobs.len() == 1 || !matches!(verdict, Verdict::FinishedFirst { .. });
        let new = jobs.iter().zip(&verdicts).filter(|(_, verdict)| is_new(verdict));
        let lines: Vec<_> = new.map(|(job, verdict)| format!("Job #{} {verdict}", job.id())).collect();
        let ended = || "all of them had already ended".to_owned();
        reply(session, if lines.is_empty() { ended() } else { lines.join("\n") }, &missing)
    }
}
