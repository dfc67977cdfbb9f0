//! What the object `jobs` can do besides starting a job: lists, and jobs by number.

use std::fmt::{self, Display};

use bgjobs::{AnyJob, Outcome, State, UnknownJob, stop_all};
use rhai::{Array, Dynamic, FuncRegistration, Module, export_module, exported_module};

use super::original::{PATIENCE, REASON, complain, number, print, print_traceback, value};
use crate::{
    lang::{
        error::{Result, error},
        eval::evaluation::Evaluation,
        jobs::Jobs,
        values::type_name::{display_name, text},
    },
    selection::Selection,
};

/// The original's names for states; with `_c` appended, those of their codes.
const STATES: [(&str, State); 4] = [
    ("stat_created", State::Created),
    ("stat_running", State::Running),
    ("stat_completed", State::Finished(Outcome::Done)),
    ("stat_dead", State::Finished(Outcome::Failed)),
];

/// The module of these functions.
pub(super) fn module() -> Module {
    let mut module = exported_module!(of_jobs);
    for (name, state) in STATES {
        FuncRegistration::new_getter(name).set_into_module(&mut module, move |_: &mut Jobs| state.status().to_owned());
        FuncRegistration::new_getter(format!("{name}_c"))
            .set_into_module(&mut module, move |_: &mut Jobs| i64::from(state.stat_code()));
    }
    module
}

#[export_module]
mod of_jobs {
    use rhai::{Array, Map, NativeCallContext};

    use super::{
        AnyJob, Dynamic, Evaluation, Jobs, PATIENCE, REASON, Result, complain, display_name, error, list, number,
        print, print_status, print_traceback, selected, stop_all, text, value,
    };

    /// Prints all jobs: running, completed, dead.
    #[rhai_fn(name = "jobs")]
    pub(super) fn show(context: NativeCallContext<'_>) {
        print_status(&Evaluation::of(&context));
    }

    /// Prints all jobs: running, completed, dead.
    #[rhai_fn(pure)]
    pub(super) fn status(context: NativeCallContext<'_>, _jobs: &mut Jobs) {
        print_status(&Evaluation::of(&context));
    }

    /// Prints the jobs that ended since the last report; returns true if there were any.
    #[rhai_fn(pure)]
    pub(super) fn _status_new(context: NativeCallContext<'_>, jobs: &mut Jobs) -> Dynamic {
        let report = jobs.notices().report();
        print(&Evaluation::of(&context), &report);
        if report.is_empty() { Dynamic::UNIT } else { true.into() }
    }

    /// Removes all jobs that have ended.
    #[rhai_fn(pure)]
    pub(super) fn flush(context: NativeCallContext<'_>, jobs: &mut Jobs) {
        let flushed = jobs.handle.flush();
        jobs.forget_gone();
        print(&Evaluation::of(&context), flushed);
    }

    /// The jobs that have not ended.
    #[rhai_fn(get = "running", pure)]
    pub(super) fn running(jobs: &mut Jobs) -> Array {
        list(jobs.handle.running())
    }

    /// The jobs that succeeded.
    #[rhai_fn(get = "completed", pure)]
    pub(super) fn completed(jobs: &mut Jobs) -> Array {
        list(jobs.handle.completed())
    }

    /// The jobs that failed or were stopped.
    #[rhai_fn(get = "dead", pure)]
    pub(super) fn dead(jobs: &mut Jobs) -> Array {
        list(jobs.handle.dead())
    }

    /// All jobs, by number.
    #[rhai_fn(get = "all", pure)]
    pub(super) fn all(jobs: &mut Jobs) -> Map {
        jobs.handle.all().into_iter().map(|job| (job.id().to_string().into(), Dynamic::from(job))).collect()
    }

    /// The job of that number.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get(jobs: &mut Jobs, number: i64) -> Result<AnyJob> {
        Ok(jobs.get(number).map_err(|unknown| error(format!("{unknown:#}")))?)
    }

    /// The job of that number, which may be a string, as the keys of `jobs.all` are.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get_by_key(jobs: &mut Jobs, key: Dynamic) -> Result<AnyJob> {
        let Ok(key) = text(&key) else {
            let shown = display_name(key.type_name());
            return Err(
                error(format!("look up a job by its number, as in jobs[3], not by a value of type {shown}")).into()
            );
        };
        match key.parse() {
            Ok(number) => get(jobs, number),
            // Rhai asks for a property in the same way.
            Err(_) => Err(error(format!("`jobs` has no `{key}`; jobs[3] is a job, jobs.all has all of them")).into()),
        }
    }

    /// The job.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get_same(jobs: &mut Jobs, job: AnyJob) -> Result<AnyJob> {
        get(jobs, number(&job))
    }

    /// The selected jobs, as in `jobs.select("3 5-7 running fit*")` or `jobs.select([3, 5])`.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn select(jobs: &mut Jobs, what: Dynamic) -> Result<Array> {
        Ok(list(selected(jobs, &what).map_err(error)?))
    }

    /// Asks the selected jobs to stop, and says what happened to each; see `select`.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn stop(context: NativeCallContext<'_>, jobs: &mut Jobs, what: Dynamic) -> Result<Array> {
        stop_why(context, jobs, what, REASON)
    }

    /// Asks the selected jobs to stop for that reason, and says what happened to each; see `select`.
    #[rhai_fn(name = "stop", pure, return_raw)]
    pub(super) fn stop_why(
        context: NativeCallContext<'_>,
        jobs: &mut Jobs,
        what: Dynamic,
        reason: &str,
    ) -> Result<Array> {
        let selected = selected(jobs, &what).map_err(|cause| error(format!("{cause}; no job was asked to stop")))?;
        Evaluation::of(&context).may_wait()?;
        let verdicts = stop_all(&selected, reason.to_owned(), PATIENCE);
        for job in &selected {
            jobs.note_read(job);
        }
        let lines = selected.iter().zip(verdicts).map(|(job, verdict)| format!("Job #{} {verdict}", job.id()).into());
        Ok(lines.collect())
    }

    /// The value of the job of that number.
    #[rhai_fn(pure)]
    pub(super) fn result(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) -> Dynamic {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number) {
            Ok(job) => value(&evaluation, &job),
            Err(unknown) => {
                complain(&evaluation, &unknown);
                Dynamic::UNIT
            }
        }
    }

    /// Prints the tracebacks of all dead jobs.
    #[rhai_fn(name = "traceback", pure)]
    pub(super) fn all_tracebacks(context: NativeCallContext<'_>, jobs: &mut Jobs) {
        jobs.handle.dead().iter().for_each(|job| jobs.note_read(job));
        print(&Evaluation::of(&context), jobs.handle.tracebacks());
    }

    /// Prints the traceback of the dead job of that number.
    #[rhai_fn(pure)]
    pub(super) fn traceback(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number) {
            Ok(job) => print_traceback(&evaluation, &job),
            Err(unknown) => complain(&evaluation, &unknown),
        }
    }

    /// Prints the traceback of the dead job.
    #[rhai_fn(name = "traceback", pure)]
    pub(super) fn traceback_of(context: NativeCallContext<'_>, jobs: &mut Jobs, job: AnyJob) {
        traceback(context, jobs, number(&job));
    }

    /// Removes the job of that number, which must have ended.
    #[rhai_fn(pure)]
    pub(super) fn remove(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number).map(|job| jobs.handle.remove(job.id())) {
            Ok(Ok(_)) => jobs.forget_gone(),
            Ok(Err(cause)) => complain(&evaluation, &cause),
            Err(unknown) => complain(&evaluation, &unknown),
        }
    }

    /// Removes the job, which must have ended.
    #[rhai_fn(name = "remove", pure)]
    pub(super) fn remove_this(context: NativeCallContext<'_>, jobs: &mut Jobs, job: AnyJob) {
        remove(context, jobs, number(&job));
    }
}

impl Jobs {
    /// The job of that number, which may be any integer.
    fn get(&self, number: i64) -> Result<AnyJob, Unknown> {
        let unknown = |job| Unknown { number, job };
        let id = u64::try_from(number).map_err(|_| unknown(None))?;
        self.handle.get(id).map_err(|cause| unknown(Some(cause)))
    }
}

/// No job has that number.
struct Unknown {
    number: i64,
    /// None for a number that no job can have.
    job: Option<UnknownJob>,
}

impl Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.job {
            Some(unknown) => unknown.fmt(f),
            None => write!(f, "Job #{} not found", self.number),
        }
    }
}

/// The jobs that a text, a number, or an array of these selects.
fn selected(jobs: &Jobs, what: &Dynamic) -> Result<Vec<AnyJob>, String> {
    let part = |what: &Dynamic| match what.read_lock::<AnyJob>() {
        Some(job) => job.id().to_string(),
        None => what.to_string(),
    };
    let parts: Vec<_> = match what.read_lock::<Array>() {
        Some(all) => all.iter().map(part).collect(),
        None => part(what).split_whitespace().map(str::to_owned).collect(),
    };
    Selection::parse(&parts).and_then(|selection| selection.find(&jobs.handle, |_| None).all())
}

fn list(jobs: Vec<AnyJob>) -> Array {
    jobs.into_iter().map(Dynamic::from).collect()
}

fn print_status(evaluation: &Evaluation) {
    print(evaluation, evaluation.jobs.handle.status());
    // The list shows every end, so their notices are dropped.
    evaluation.jobs.notices().look();
}
