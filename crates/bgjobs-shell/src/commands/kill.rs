//! `kill 3 5-7 running`: asks jobs to stop, and says what happened to each.

use std::time::Duration;

use bgjobs::{Verdict, stop_all};

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};
use crate::selection::Selection;

/// How long a command waits for jobs that it has asked to stop.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

pub(super) const WORD: Word = Word {
    name: "kill",
    usage: "kill 3 5-7 running fit*",
    help: "Asks jobs to stop, kills their processes if they don't, and says what happened to each.\n\
           Jobs are given by number, by range, by state (running, queued, stopping, finished, completed,\n\
           dead, failed, stopped, all), or by name, with * for any text.",
    completion: Completion::Jobs,
    with_value: &[],
    read: |arguments| Ok(Box::new(Kill(arguments.jobs()?))),
};

#[derive(Debug)]
pub(super) struct Kill(pub(super) Selection);

impl Action for Kill {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let jobs = self.0.jobs(session.jobs())?;
        let verdicts = stop_all(&jobs, "killed at the prompt", PATIENCE);
        for job in &jobs {
            session.tracked().note_seen(job);
        }
        // Among several jobs, those that had already ended are not worth a line.
        let is_new = |verdict: &Verdict| jobs.len() == 1 || !matches!(verdict, Verdict::FinishedFirst { .. });
        let new = jobs.iter().zip(&verdicts).filter(|(_, verdict)| is_new(verdict));
        let lines: Vec<_> = new.map(|(job, verdict)| format!("Job #{} {verdict}", job.id())).collect();
        Ok(Reply::Shown(if lines.is_empty() { "all of them had already ended".to_owned() } else { lines.join("\n") }))
    }
}
