//! `wait 3 5-7`: waits until jobs have ended.

use bgjobs::AnyJob;

use super::{
    meant::meant,
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word},
};
use crate::{foreground::WaitEnd, selection::Selection};

pub(super) const WORD: Word = Word {
    name: "wait",
    usage: "wait [3 5-7]",
    help: "Waits for jobs, or for all jobs but daemons. Ctrl-C or Ctrl-Z ends the wait.",
    completion: Completion::Jobs(Fitting::Live),
    options: &[],
    read: |arguments| Ok(Box::new(Wait(arguments.jobs()?))),
};

/// Waits for some jobs, or for all but daemons.
#[derive(Debug)]
pub(super) struct Wait(pub(super) Option<Selection>);

impl Action for Wait {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let has_ended = |job: &AnyJob| session.wait_for(job, |_| {}) == WaitEnd::Ended;
        match &self.0 {
            Some(selection) => {
                let selected = meant(session, Some(selection), Fitting::Live, "")?;
                if selected.jobs.iter().all(has_ended) {
                    selected.all()?;
                }
            }
            // Looked up again each time, because a job may start others.
            None => while session.awaited().next().is_some_and(|job| has_ended(&job)) {},
        }
        Ok(Reply::Nothing)
    }
}
