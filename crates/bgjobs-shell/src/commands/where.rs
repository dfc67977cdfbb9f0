//! `where 3`: where a job is, without stopping it: its calls, its processes, or how it ended.

use std::{fmt::Write, iter, time::Duration};

use bgjobs::{AnyJob, Outcome, State};

use super::{
    meant::{meant, reply},
    processes,
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word},
};
use crate::{
    selection::{Selected, Selection},
    text::within,
};

pub(super) const WORD: Word = Word {
    name: "where",
    usage: "where [3]",
    help: "Shows where jobs are without stopping them: the calls they are in, with lines, and for how long;\n\
           for a job that has not started, what it waits for. Without a job: the newest that has not ended.",
    completion: Completion::Jobs(Fitting::Live),
    options: &[],
    read: |arguments| Ok(Box::new(Where(arguments.jobs()?))),
};

#[derive(Debug)]
pub(super) struct Where(pub(super) Option<Selection>);

impl Action for Where {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Selected { jobs, missing } =
            meant(session, self.0.as_ref(), Fitting::Live, "no job runs or is queued; `where 3` says how a job ended")?;
        let width = session.tracked().width.get();
        let shown: Vec<_> = jobs.iter().map(|job| of_job(job, width)).collect();
        reply(session, shown.join("\n"), &missing)
    }
}

/// How long a job must have been at a place before that is mentioned, so that no passing line is reported.
const WORTH_TELLING: Duration = Duration::from_millis(100);

/// Where a job is: the calls it is in, how it ended, or what it waits for.
fn of_job(job: &AnyJob, width: Option<usize>) -> String {
    let id = job.id();
    // First, because looking at processes takes time.
    let place = job.place();
    match (job.state(), job.times().ran()) {
        (State::Finished(outcome), _) => ended(job, outcome),
        // Its thread is on its way, which takes a moment.
        (State::Created, _) | (State::Running | State::Stopping, None) => format!("Job #{id} is starting."),
        (State::Queued, _) => {
            let why: Vec<_> =
                iter::once("has not started".to_owned()).chain(job.why().iter().map(ToString::to_string)).collect();
            format!("Job #{id} {}.", why.join("; "))
        }
        (state, Some(ran)) => {
            let asked = if state == State::Stopping { " and was asked to stop" } else { "" };
            let mut text = format!("Job #{id} has run for {ran:.1?}{asked}");
            match place {
                None => {
                    let _ = write!(text, "; {}.", waits(job).as_deref().unwrap_or("it does not say where it is"));
                }
                Some(place) => {
                    let there = place.waited();
                    let _ = write!(text, "; in {}", place.text);
                    if there >= WORTH_TELLING {
                        let _ = write!(text, " for {there:.1?}");
                    }
                    text.push_str(if place.frames.is_empty() && place.processes.is_empty() { "." } else { ":" });
                    for frame in &place.frames {
                        let _ = write!(text, "\n{}", within(frame, width));
                    }
                    text.push_str(&processes::tree(&place.processes));
                }
            }
            text
        }
    }
}

/// What a job without a place waits for, if it waits.
fn waits(job: &AnyJob) -> Option<String> {
    let why: Vec<_> = job.why().iter().map(ToString::to_string).collect();
    let text = why.join("; ");
    (!text.is_empty()).then(|| text.strip_prefix("it ").unwrap_or(&text).to_owned())
}

fn ended(job: &AnyJob, outcome: Outcome) -> String {
    let id = job.id();
    let times = job.times();
    let ago = times.finished.map(|at| at.elapsed()).unwrap_or_default();
    let ran = times.ran().map_or_else(|| ", before it started".to_owned(), |ran| format!(" after {ran:.1?}"));
    let message = job.failure().map(|failure| format!("{failure:#}")).unwrap_or_default();
    match outcome {
        Outcome::Done => format!("Job #{id} completed {ago:.1?} ago{ran}."),
        Outcome::Failed => format!("Job #{id} failed {ago:.1?} ago{ran}: {message}"),
        Outcome::Stopped => format!("Job #{id} was stopped {ago:.1?} ago{ran}: {message}"),
    }
}
