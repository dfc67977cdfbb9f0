//! What the object `jobs` can do, but for starting a job: the lists, and jobs by their numbers.

use std::fmt::{self, Display};

use bgjobs::{AnyJob, Outcome, State, UnknownJob};
use rhai::{Array, Dynamic, Module, export_module, exported_module};

use super::{Jobs, complain, number, print, print_traceback, value};
use crate::lang::{
    evaluation::{Evaluation, Result},
    functions::error,
};

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(of_jobs)
}

#[export_module]
mod of_jobs {
    use rhai::{Array, Map, NativeCallContext};

    use super::{
        AnyJob, Dynamic, Evaluation, Jobs, Outcome, Result, State, complain, error, list, number, print, print_status,
        print_traceback, value,
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
        print(&Evaluation::of(&context), jobs.handle.flush());
    }

    /// What `.status` of a job says before it starts.
    #[rhai_fn(get = "stat_created", pure)]
    pub(super) fn stat_created(_jobs: &mut Jobs) -> String {
        State::Created.status().to_owned()
    }

    /// What `.status` of a job says while it runs.
    #[rhai_fn(get = "stat_running", pure)]
    pub(super) fn stat_running(_jobs: &mut Jobs) -> String {
        State::Running.status().to_owned()
    }

    /// What `.status` of a job says that ended well.
    #[rhai_fn(get = "stat_completed", pure)]
    pub(super) fn stat_completed(_jobs: &mut Jobs) -> String {
        State::Finished(Outcome::Done).status().to_owned()
    }

    /// What `.status` of a job says that died.
    #[rhai_fn(get = "stat_dead", pure)]
    pub(super) fn stat_dead(_jobs: &mut Jobs) -> String {
        State::Finished(Outcome::Failed).status().to_owned()
    }

    /// The `.stat_code` of a job before it starts.
    #[rhai_fn(get = "stat_created_c", pure)]
    pub(super) fn stat_created_c(_jobs: &mut Jobs) -> i64 {
        State::Created.stat_code().into()
    }

    /// The `.stat_code` of a job while it runs.
    #[rhai_fn(get = "stat_running_c", pure)]
    pub(super) fn stat_running_c(_jobs: &mut Jobs) -> i64 {
        State::Running.stat_code().into()
    }

    /// The `.stat_code` of a job that ended well.
    #[rhai_fn(get = "stat_completed_c", pure)]
    pub(super) fn stat_completed_c(_jobs: &mut Jobs) -> i64 {
        State::Finished(Outcome::Done).stat_code().into()
    }

    /// The `.stat_code` of a job that died.
    #[rhai_fn(get = "stat_dead_c", pure)]
    pub(super) fn stat_dead_c(_jobs: &mut Jobs) -> i64 {
        State::Finished(Outcome::Failed).stat_code().into()
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

    /// The job.
    #[rhai_fn(index_get, pure, return_raw)]
    pub(super) fn get_same(jobs: &mut Jobs, job: AnyJob) -> Result<AnyJob> {
        get(jobs, number(&job))
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
            Ok(Ok(_)) => {}
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

fn list(jobs: Vec<AnyJob>) -> Array {
    jobs.into_iter().map(Dynamic::from).collect()
}

fn print_status(evaluation: &Evaluation) {
    print(evaluation, evaluation.jobs.handle.status());
    // Who has seen the lists need not be told any more.
    evaluation.jobs.notices().look();
}
