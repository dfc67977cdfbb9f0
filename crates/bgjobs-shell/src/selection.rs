//! Which jobs are meant: `3`, `5-7`, `running`, `fit*`, or several of these.
//!
//! Knows nothing of what is done with them.

use std::collections::BTreeMap;

use bgjobs::{AnyJob, Handle, JobId, Outcome, State, one_line};
use wildmatch::WildMatch;

/// The words for states; `completed` and `dead` are the original's.
const STATES: &[&str] =
    &["all", "running", "queued", "stopping", "finished", "done", "failed", "stopped", "completed", "dead"];

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

/// The jobs that a selection finds.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    /// By number, each once.
    pub(crate) jobs: Vec<AnyJob>,
    /// What to say of each part that selects none.
    pub(crate) missing: Vec<String>,
}

impl Selection {
    /// Parses what was typed, one word per part.
    ///
    /// # Errors
    ///
    /// What is wrong with a part.
    pub(crate) fn parse<T: AsRef<str>>(parts: &[T]) -> Result<Self, String> {
        // It would mean any job, or the newest.
        if parts.iter().any(|part| part.as_ref().trim_matches(',').is_empty()) {
            return Err(format!("an empty name selects no job; {HOW}"));
        }
        let parts = parts.iter().flat_map(|part| part.as_ref().split(','));
        parts.filter(|part| !part.is_empty()).map(Item::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The selected jobs; a name in `variables` means the jobs that it returns.
    pub(crate) fn find(&self, handle: &Handle, variables: impl Fn(&str) -> Option<Vec<AnyJob>>) -> Selected {
        let (mut jobs, mut missing, mut unknown) = (BTreeMap::new(), Vec::new(), Vec::new());
        for item in &self.0 {
            let held = if let Item::Name(name) = item { variables(name) } else { None };
            match (held.map_or_else(|| item.jobs(handle), Ok), item) {
                (Ok(found), _) => jobs.extend(found.into_iter().map(|job| (job.id(), job))),
                (Err(name), Item::Name(_)) => unknown.push(name),
                (Err(none), _) => missing.push(none),
            }
        }
        if !unknown.is_empty() {
            missing.push(format!("there is no job or group {}; {HOW}", unknown.join(" or ")));
        }
        Selected { jobs: jobs.into_values().collect(), missing }
    }
}

impl Selected {
    /// The jobs, if each part selects any.
    ///
    /// # Errors
    ///
    /// The parts that select none.
    pub(crate) fn all(self) -> Result<Vec<AnyJob>, String> {
        if self.missing.is_empty() { Ok(self.jobs) } else { Err(self.missing.join("; ")) }
    }

    /// The one job that is selected.
    ///
    /// # Errors
    ///
    /// As [`Self::all`], and if several jobs match.
    pub(crate) fn one(self) -> Result<AnyJob, String> {
        match <[AnyJob; 1]>::try_from(self.all()?) {
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

    /// The jobs, or what to say if there are none: of a name, only the name.
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
            Self::State(state) => all(&|job| is_in(job.state(), state), format!("there are no {state} jobs")),
            Self::Name(name) => {
                let pattern = WildMatch::new(name);
                all(&|job| names(job).any(|name| pattern.matches(name)), one_line(name).to_string())
            }
        }
    }
}

/// How jobs are selected, for a sentence.
const HOW: &str =
    "give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text";

/// What a job is called: its name, the function that it calls, and its group.
pub(crate) fn names(job: &AnyJob) -> impl Iterator<Item = &str> {
    let name: &str = job.name();
    let function = name.split_once('(').map(|(function, _)| function);
    [Some(name), function, job.group().map(|group| &**group)].into_iter().flatten()
}

/// The words that select a job in a state.
#[cfg(feature = "terminal")]
pub(crate) fn states<'a>(state: State) -> impl Iterator<Item = &'a str> {
    STATES.iter().filter(move |word| **word == "all" || is_in(state, word)).map(|&word| word as &'a str)
}

/// Whether a word names a state.
fn is_in(state: State, word: &str) -> bool {
    matches!(
        (word, state),
        // A created job is on its way to a thread, which takes microseconds.
        ("running", State::Created | State::Running | State::Stopping)
            | ("queued", State::Queued)
            | ("stopping", State::Stopping)
            | ("finished", State::Finished(_))
            | ("done" | "completed", State::Finished(Outcome::Done))
            | ("dead", State::Finished(Outcome::Failed | Outcome::Stopped))
            | ("failed", State::Finished(Outcome::Failed))
            | ("stopped", State::Finished(Outcome::Stopped))
    )
}

#[cfg(test)]
mod tests {
    use bgjobs::JobManager;

    use super::*;

    /// Jobs 0 `fit(1)` and 1 `fit(2)` done, 2 `load` failed, 3 `watch` running, 4 `next` queued in the group `disk`.
    fn jobs() -> JobManager {
        let jobs = JobManager::new();
        jobs.spawn("fit(1)", || ()).expect("it starts");
        jobs.spawn("fit(2)", || ()).expect("it starts");
        jobs.try_spawn("load", || Err::<(), _>(bgjobs::Failure::new("no rows"))).expect("it starts");
        jobs.wait_all().expect("they end");
        jobs.spawn_with("watch", |job| Ok(job.sleep(std::time::Duration::MAX)?)).expect("it starts");
        let disk = jobs.group("disk");
        disk.pause();
        disk.spawn("next", || ()).expect("it is queued");
        jobs
    }

    fn selected(jobs: &Handle, text: &str) -> Result<Vec<u64>, String> {
        let parts: Vec<_> = text.split(' ').collect();
        let jobs = Selection::parse(&parts)?.find(jobs, |_| None).all()?;
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
            ("1..9", &[1, 2, 3, 4]),
            ("all", &[0, 1, 2, 3, 4]),
            ("*", &[0, 1, 2, 3, 4]),
            ("running", &[3]),
            ("queued", &[4]),
            ("disk", &[4]),
            ("finished", &[0, 1, 2]),
            ("done", &[0, 1]),
            ("completed", &[0, 1]),
            ("dead", &[2]),
            ("failed", &[2]),
            ("fit*", &[0, 1]),
            ("fit", &[0, 1]),
            ("load", &[2]),
            ("?oad 0 0-1", &[0, 1, 2]),
        ] {
            assert_eq!(selected(&jobs, text).as_deref(), Ok(expected), "{text}");
        }
        end(&jobs);
    }

    /// Lets the manager end.
    fn end(jobs: &JobManager) {
        jobs.get(3).expect("it runs").ask_stop("the end");
    }

    #[test]
    fn what_is_there_is_found_beside_what_is_not() {
        let jobs = jobs();
        let one = jobs.get(1).expect("it is known");
        let variables = |name: &str| (name == "x").then(|| vec![one.clone()]);
        let found = Selection::parse(&["0", "x", "9", "stopped"]).expect("it can be read").find(&jobs, variables);
        assert_eq!(found.jobs.iter().map(|job| job.id().get()).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(found.missing, ["Job #9 not found; the newest job is #4", "there are no stopped jobs"]);
        end(&jobs);
    }

    #[test]
    fn a_selection_without_jobs_is_an_error() {
        let jobs = jobs();
        for (text, expected) in [
            ("9", "Job #9 not found; the newest job is #4"),
            ("7-9", "there is no job from 7 to 9"),
            ("9-7", "9-7 is not a range: the smaller number comes first, as in 7-9"),
            ("stopped", "there are no stopped jobs"),
            (
                "make 9 test",
                "Job #9 not found; the newest job is #4; there is no job or group make or test; give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text",
            ),
            (
                "fi\u{1b}",
                "there is no job or group fi\\u{1b}; give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text",
            ),
        ] {
            assert_eq!(selected(&jobs, text).unwrap_err(), expected, "{text}");
        }
        end(&jobs);
        for all in ["all", "*"] {
            assert_eq!(selected(&JobManager::new(), all).unwrap_err(), "there are no jobs");
        }
    }
}
