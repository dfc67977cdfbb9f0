//! Starts a job again, with what it was given.

use std::sync::Arc;

use bgjobs::{AnyJob, Options};

use super::{
    evaluation::Evaluation,
    start::{command, given_names, spawn},
    work::Target,
};
use crate::lang::{
    error::{Result, error},
    jobs::{OriginCode, StartOptions},
    read::source::Source,
    trace::program::Program,
};

/// Starts a job again: its code, arguments and options, in the folder of its start, with the names and functions of now.
///
/// It does not wait again for a time or for other jobs, and it has no log file, because that of the first still exists.
pub(crate) fn again(evaluation: &Evaluation, job: &AnyJob) -> Result<AnyJob> {
    let unknown = || error(format!("this shell did not start job #{}, so it can't start it again", job.id()));
    let origin = evaluation.jobs.origin(job).ok_or_else(unknown)?;
    let given = origin.options.options.clone();
    let options = StartOptions {
        options: Options { delay: None, after: Vec::new(), log_file: None, ..given },
        ..origin.options.clone()
    };
    let name = (**job.name()).to_owned();
    let environment = origin.environment.clone();
    match &origin.code {
        OriginCode::Expression { text, given } => {
            let source = Source::new(evaluation.jobs.name_expression(), &**text);
            // It compiled when it was first started.
            let program = Program::compile_statements(source).map_err(|cause| error(cause.to_string()))?;
            let mut cells = evaluation.cells();
            // As at its first start.
            program.define_in(cells.names_mut());
            let maps: Vec<_> = given.iter().map(|names| cells.thaw(names)).collect();
            let mut names = if maps.is_empty() { cells.snapshot() } else { given_names(&mut cells, &maps)? };
            drop(cells);
            names.environment = environment;
            let code = OriginCode::Expression { text: Arc::clone(text), given: given.clone() };
            spawn(evaluation, Target::Expression(Arc::new(program)), names, name, code, options)
        }
        OriginCode::Call { function, arguments } => {
            let mut names = evaluation.cells().snapshot();
            names.environment = environment;
            let (function, arguments) = (function.clone(), arguments.clone());
            let code = OriginCode::Call { function: function.clone(), arguments: arguments.clone() };
            spawn(evaluation, Target::Call { function, arguments }, names, name, code, options)
        }
        OriginCode::Kept(number) => Err(error(match number.get() {
            Some(kept) => format!("job #{} follows {kept}: `attach {kept}` follows it again", job.id()),
            None => format!("job #{} has not started what it was to keep", job.id()),
        })
        .into()),
        OriginCode::Command { line, command: of_job, .. } => {
            let job = command(&evaluation.jobs, of_job.clone(), line, environment, options);
            Ok(job.map_err(|cause| error(format!("{cause:#}")))?)
        }
    }
}
