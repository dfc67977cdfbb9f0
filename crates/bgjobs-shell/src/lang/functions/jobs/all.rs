//! What the object `jobs` can do, but for starting a job: the lists, and jobs by their numbers.

use std::fmt::{self, Display};

use bgjobs::{AnyJob, Outcome, State, UnknownJob, stop_all};
use rhai::{Array, Dynamic, FuncRegistration, Module, export_module, exported_module};

use super::{PATIENCE, REASON, complain, number, print, print_traceback, value};
use crate::{
    lang::{
        error::{Result, error},
        eval::evaluation::Evaluation,
        jobs::Jobs,
        values::type_name::word,
    },
    selection::Selection,
};

/// The original's names for where a job is; with `_c` behind them, those of the codes.
const STATES: [(&str, State); 4] = [
    ("stat_created", State::Created),
    ("stat_running", State::Running),
    ("stat_completed", State::Finished(Outcome::Done)),
    ("stat_dead", State::Finished(Outcome::Failed)),
];

/// The functions as a module.
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
        AnyJob, Dynamic, Evaluation, Jobs, PATIENCE, REASON, Result, complain, error, list, number, print,
        print_status, print_traceback, selected, stop_all, value, word,
    };

    /// Prints all jobs: the running, the completed, the dead.
    #[rhai_fn(name = "jobs")]
    pub(super) fn show(context: NativeCallContext<'_>) {
        print_status(&Evaluation::of(&context));
    }

    /// Prints all jobs: the running, the completed, the dead.
    #[rhai_fn(pure)]
    pub(super) fn status(context: NativeCallContext<'_>, _jobs: &mut Jobs) {
        print_status(&Evaluation::of(&context));
    }

    /// Prints the jobs that ended since this was last told; returns true if there were any.
    #[rhai_fn(pure)]
    pub(super) fn _status_new(context: NativeCallContext<'_>, jobs: &mut Jobs) -> Dynamic {
        let report = jobs.notices().report();
        print(&Evaluation::of(&context), &report);
        if report.is_empty() { Dynamic::UNIT } else { true.into() }
    }

    /// Forgets all jobs that have ended.
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

    /// The jobs that ended well.
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

    /// A job has a number, even where a map has a text.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get_wrong(_jobs: &mut Jobs, job: Dynamic) -> Result<AnyJob> {
        let shown = word(job.type_name());
        Err(error(format!("a job is found by its number, as in jobs[3], not by a value of the type {shown}")).into())
    }

    /// The job.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get_same(jobs: &mut Jobs, job: AnyJob) -> Result<AnyJob> {
        get(jobs, number(&job))
    }

    /// The jobs that are meant, as in `jobs.select("3 5-7 running fit*")` or `jobs.select([3, 5])`.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn select(jobs: &mut Jobs, what: Dynamic) -> Result<Array> {
        Ok(list(selected(jobs, &what)?))
    }

    /// Asks the jobs to stop that are meant, and says what came of each; see `select`.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn stop(context: NativeCallContext<'_>, jobs: &mut Jobs, what: Dynamic) -> Result<Array> {
        stop_why(context, jobs, what, REASON)
    }

    /// Asks the jobs to stop that are meant, for that reason, and says what came of each; see `select`.
    #[rhai_fn(name = "stop", pure, return_raw)]
    pub(super) fn stop_why(
        context: NativeCallContext<'_>,
        jobs: &mut Jobs,
        what: Dynamic,
        reason: &str,
    ) -> Result<Array> {
        let selected = selected(jobs, &what)?;
        Evaluation::of(&context).may_wait()?;
        let verdicts = stop_all(&selected, reason.to_owned(), PATIENCE);
        for job in &selected {
            jobs.note_read(job);
        }
        let told = selected.iter().zip(verdicts).map(|(job, verdict)| format!("Job #{} {verdict}", job.id()).into());
        Ok(told.collect())
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

    /// Forgets the job of that number, which must have ended.
    #[rhai_fn(pure)]
    pub(super) fn remove(context: NativeCallContext<'_>, jobs: &mut Jobs, number: i64) {
        let evaluation = Evaluation::of(&context);
        match jobs.get(number).map(|job| jobs.handle.remove(job.id())) {
            Ok(Ok(_)) => jobs.forget_gone(),
            Ok(Err(refusal)) => complain(&evaluation, &refusal),
            Err(unknown) => complain(&evaluation, &unknown),
        }
    }

    /// Forgets the job, which must have ended.
    #[rhai_fn(name = "remove", pure)]
    pub(super) fn remove_this(context: NativeCallContext<'_>, jobs: &mut Jobs, job: AnyJob) {
        remove(context, jobs, number(&job));
    }
}

impl Jobs {
    /// The job of that number, which a program may give in any way.
    fn get(&self, number: i64) -> Result<AnyJob, Unknown> {
        let refused = |job| Unknown { number, job };
        let id = u64::try_from(number).map_err(|_| refused(None))?;
        self.handle.get(id).map_err(|unknown| refused(Some(unknown)))
    }
}

/// There is no job of a number.
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

/// The jobs that a text, a number or several of these mean.
fn selected(jobs: &Jobs, what: &Dynamic) -> Result<Vec<AnyJob>> {
    let part = |what: &Dynamic| match what.read_lock::<AnyJob>() {
        Some(job) => job.id().to_string(),
        None => what.to_string(),
    };
    let parts: Vec<_> = match what.read_lock::<Array>() {
        Some(all) => all.iter().map(part).collect(),
        None => part(what).split_whitespace().map(str::to_owned).collect(),
    };
    let selected = Selection::parse(&parts).and_then(|selection| selection.jobs(&jobs.handle));
    Ok(selected.map_err(error)?)
}

fn list(jobs: Vec<AnyJob>) -> Array {
    jobs.into_iter().map(Dynamic::from).collect()
}

fn print_status(evaluation: &Evaluation) {
    print(evaluation, evaluation.jobs.handle.status());
    // Who has seen the lists need not be told any more.
    evaluation.jobs.notices().look();
}
