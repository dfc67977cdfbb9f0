//! Which jobs are meant: `3`, `5-7`, `running`, `fit*`, or several of these.
//!
//! Knows nothing of what is done with them.

use std::collections::BTreeMap;

use bgjobs::{AnyJob, Handle, JobId, Outcome, State, one_line};
use wildmatch::WildMatch;

/// The words for states.
pub(crate) const STATES: &[&str] =
    &["all", "running", "queued", "stopping", "finished", "completed", "dead", "failed", "stopped"];

/// Which jobs are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection(Vec<Item>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Number(JobId),
    Range(JobId, JobId),
    State(&'static str),
    /// A name, with `*` for any text and `?` for any character.
    Name(String),
}

impl Selection {
    /// Parses what was typed, one word per part.
    ///
    /// # Errors
    ///
    /// What is wrong with a part.
    pub(crate) fn parse<T: AsRef<str>>(parts: &[T]) -> Result<Self, String> {
        let parts = parts.iter().flat_map(|part| part.as_ref().split(','));
        parts.filter(|part| !part.is_empty()).map(Item::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The selected jobs, by number, each once.
    ///
    /// # Errors
    ///
    /// A part that selects no job.
    pub(crate) fn jobs(&self, handle: &Handle) -> Result<Vec<AnyJob>, String> {
        let mut jobs = BTreeMap::new();
        for item in &self.0 {
            jobs.extend(item.jobs(handle)?.into_iter().map(|job| (job.id(), job)));
        }
        Ok(jobs.into_values().collect())
    }

    /// The one job that is selected.
    ///
    /// # Errors
    ///
    /// As [`Self::jobs`], and if several jobs match.
    pub(crate) fn job(&self, handle: &Handle) -> Result<AnyJob, String> {
        match <[AnyJob; 1]>::try_from(self.jobs(handle)?) {
            Ok([job]) => Ok(job),
            Err(jobs) => Err(format!("{} jobs match, but only one is expected: give its number", jobs.len())),
        }
    }
}

impl Item {
    fn parse(text: &str) -> Result<Self, String> {
        // Any name at all.
        let text = if text == "*" { "all" } else { text };
        if let Some(&state) = STATES.iter().find(|&&state| state == text) {
            return Ok(Self::State(state));
        }
        // Other shells call it `%3`.
        let number = |text: &str| text.strip_prefix('%').unwrap_or(text).parse::<JobId>().ok();
        if let Some(id) = number(text) {
            return Ok(Self::Number(id));
        }
        let range = text.split_once("..").or_else(|| text.split_once('-'));
        match range.and_then(|(first, last)| Some((number(first)?, number(last)?))) {
            Some((first, last)) if first > last => {
                Err(format!("{} is not a range: the smaller number comes first, as in {last}-{first}", one_line(text)))
            }
            Some((first, last)) => Ok(Self::Range(first, last)),
            None => Ok(Self::Name(text.to_owned())),
        }
    }

    fn jobs(&self, handle: &Handle) -> Result<Vec<AnyJob>, String> {
        let all = |fits: &dyn Fn(&AnyJob) -> bool, none: String| {
            let jobs: Vec<_> = handle.all().into_iter().filter(fits).collect();
            if jobs.is_empty() { Err(none) } else { Ok(jobs) }
        };
        match self {
            &Self::Number(id) => handle.get(id).map(|job| vec![job]).map_err(|unknown| format!("{unknown:#}")),
            &Self::Range(first, last) => {
                all(&|job| (first..=last).contains(&job.id()), format!("there is no job from {first} to {last}"))
            }
            Self::State("all") => all(&|_| true, "there are no jobs".to_owned()),
            Self::State(state) => all(&|job| is_in(job, state), format!("there are no {state} jobs")),
            Self::Name(name) => {
                let pattern = WildMatch::new(name);
                let none = format!(
                    "no job is called {}; give a number, a range such as 5-7, a state such as running, or a name, with * for any text",
                    one_line(name)
                );
                all(&|job| pattern.matches(job.name()), none)
            }
        }
    }
}

/// Whether a job is in the state that a word names.
fn is_in(job: &AnyJob, word: &str) -> bool {
    match (word, job.state()) {
        ("running", state) => !state.is_finished(),
        ("queued", State::Created | State::Queued)
        | ("stopping", State::Stopping)
        | ("finished", State::Finished(_))
        | ("completed", State::Finished(Outcome::Done))
        | ("dead", State::Finished(Outcome::Failed | Outcome::Stopped))
        | ("failed", State::Finished(Outcome::Failed))
        | ("stopped", State::Finished(Outcome::Stopped)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use bgjobs::JobManager;

    use super::*;

    /// Jobs 0 `fit a` and 1 `fit b` done, 2 `load` failed, 3 `watch` running.
    fn jobs() -> JobManager {
        let jobs = JobManager::new();
        jobs.spawn("fit a", || ()).expect("it starts");
        jobs.spawn("fit b", || ()).expect("it starts");
        jobs.try_spawn("load", || Err::<(), _>(bgjobs::Failure::new("no rows"))).expect("it starts");
        jobs.wait_all().expect("they end");
        jobs.spawn_with("watch", |job| Ok(job.sleep(std::time::Duration::MAX)?)).expect("it starts");
        jobs
    }

    fn selected(jobs: &Handle, text: &str) -> Result<Vec<u64>, String> {
        let parts: Vec<_> = text.split(' ').collect();
        let jobs = Selection::parse(&parts)?.jobs(jobs)?;
        Ok(jobs.iter().map(|job| job.id().get()).collect())
    }

    #[test]
    fn numbers_ranges_states_and_names_select_jobs_in_order_and_once() {
        let jobs = jobs();
        for (text, expected) in [
            ("2", &[2][..]),
            ("%2 #0", &[0, 2]),
            ("3,1", &[1, 3]),
            ("1-2", &[1, 2]),
            ("1..9", &[1, 2, 3]),
            ("all", &[0, 1, 2, 3]),
            ("*", &[0, 1, 2, 3]),
            ("running", &[3]),
            ("finished", &[0, 1, 2]),
            ("completed", &[0, 1]),
            ("dead", &[2]),
            ("failed", &[2]),
            ("fit*", &[0, 1]),
            ("load", &[2]),
            ("?oad 0 0-1", &[0, 1, 2]),
        ] {
            assert_eq!(selected(&jobs, text).as_deref(), Ok(expected), "{text}");
        }
        jobs.get(3).expect("it runs").ask_stop("the end");
    }

    #[test]
    fn a_selection_without_jobs_is_an_error() {
        let jobs = jobs();
        for (text, expected) in [
            ("9", "Job #9 not found; the newest job is #3"),
            ("7-9", "there is no job from 7 to 9"),
            ("9-7", "9-7 is not a range: the smaller number comes first, as in 7-9"),
            ("stopped", "there are no stopped jobs"),
            (
                "fi\u{1b}",
                "no job is called fi\\u{1b}; give a number, a range such as 5-7, a state such as running, or a name, with * for any text",
            ),
        ] {
            assert_eq!(selected(&jobs, text).unwrap_err(), expected, "{text}");
        }
        jobs.get(3).expect("it runs").ask_stop("the end");
        for all in ["all", "*"] {
            assert_eq!(selected(&JobManager::new(), all).unwrap_err(), "there are no jobs");
        }
    }
}
