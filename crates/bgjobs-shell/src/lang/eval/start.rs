//! Starts background jobs: what `jobs.new(..)` and a line with an `&` do.

use std::{collections::BTreeMap, sync::Arc};

use bgjobs::{AnyJob, Body, Command, Failure, Name, Options, Retry, SpawnError};
use rhai::{Dynamic, EvalAltResult, FnPtr, Map, Position};

use super::{
    evaluation::Evaluation,
    work::{Target, Work},
};
use crate::{
    environment::Environment,
    lang::{
        error::{Result, error},
        jobs::{Jobs, Origin, OriginCode},
        read::source::Source,
        show,
        trace::program::Program,
        values::{
            cell::Busy,
            cells::Cells,
            language::Language,
            names::Names,
            type_name::{display_name, text},
            value::Value,
        },
    },
};

/// The original's error for arguments that it does not understand.
const INVALID: &str = "invalid args for new job";

/// What can be chosen for a job in addition to what it runs.
#[derive(Default)]
pub(crate) struct StartOptions {
    pub(crate) options: Options,
    /// Its name, instead of its text or its function.
    pub(crate) name: Option<String>,
    /// How often it is tried if it fails; none tries it once.
    pub(crate) retry: Option<Retry>,
}

/// Starts a job from the arguments of `jobs.new(..)`.
pub(crate) fn start(
    evaluation: &Evaluation,
    arguments: impl IntoIterator<Item = Dynamic>,
    options: StartOptions,
) -> Result<AnyJob> {
    let mut arguments = arguments.into_iter();
    let Some(first) = arguments.next() else { return Err(error(INVALID).into()) };
    if first.is_fnptr() {
        return call(evaluation, first, arguments, options);
    }
    match text(&first) {
        Ok(text) => expression(evaluation, &text, &arguments.collect::<Vec<_>>(), options),
        Err(_) => Err(error(INVALID).into()),
    }
}

/// Starts an expression, which has to compile now.
fn expression(evaluation: &Evaluation, text: &str, given: &[Dynamic], options: StartOptions) -> Result<AnyJob> {
    if given.len() > 2 {
        return Err(error("Expression jobs take at most 2 args (globals,locals)").into());
    }
    let program =
        Program::compile_expression(Source::new(evaluation.jobs.name_expression(), text)).map_err(|cause| {
            let source = Source::new("expression", text);
            evaluation.keep(&source);
            let inner = Box::new(EvalAltResult::ErrorParsing(*cause.0, cause.1));
            Box::new(EvalAltResult::ErrorInFunctionCall(String::new(), source.name.to_string(), inner, Position::NONE))
        })?;
    let mut cells = evaluation.cells();
    // A function value that the job returns must be known here too.
    program.define_in(cells.names_mut());
    let names = if given.is_empty() { cells.snapshot() } else { given_names(&mut cells, given)? };
    let given = given.iter().map(|names| cells.freeze(names.clone()).map_err(busy)).collect::<Result<_, _>>()?;
    drop(cells);
    let environment = names.environment.clone();
    let job = spawn(work(evaluation, Target::Expression(Arc::new(program)), names), text.to_owned(), options)
        .map_err(|cause| error(format!("{cause:#}")))?;
    let code = OriginCode::Expression { text: text.into(), given };
    evaluation.jobs.note_origin(&job, Origin { code, environment });
    Ok(job)
}

/// The names of an expression that was given maps of them: later maps hide earlier ones; the prompt's functions stay.
fn given_names(cells: &mut Cells, given: &[Dynamic]) -> Result<Names> {
    let mut variables = BTreeMap::new();
    for names in given {
        let Some(names) = names.read_lock::<Map>() else {
            let kind = display_name(names.type_name());
            return Err(error(format!("{INVALID}: names go in a map, as in #{{x: 1}}, not as {kind}")).into());
        };
        for (name, value) in &*names {
            variables.insert(name.as_str().into(), cells.freeze(value.clone()).map_err(busy)?);
        }
    }
    Ok(cells.names().with_variables(variables))
}

/// Starts a call of a function.
fn call(
    evaluation: &Evaluation,
    function: Dynamic,
    arguments: impl Iterator<Item = Dynamic>,
    options: StartOptions,
) -> Result<AnyJob> {
    let mut cells = evaluation.cells();
    let name = function.read_lock::<FnPtr>().map(|function| show::function(&function, cells.names()));
    let function = cells.freeze(function).map_err(busy)?;
    let arguments: Vec<_> = arguments.map(|argument| cells.freeze(argument).map_err(busy)).collect::<Result<_, _>>()?;
    let names = cells.snapshot();
    drop(cells);
    let environment = names.environment.clone();
    let code = OriginCode::Call { function: function.clone(), arguments: arguments.clone() };
    let job = spawn(work(evaluation, Target::Call { function, arguments }, names), name.unwrap_or_default(), options)
        .map_err(|cause| error(format!("{cause:#}")))?;
    evaluation.jobs.note_origin(&job, Origin { code, environment });
    Ok(job)
}

fn busy(_: Busy) -> EvalAltResult {
    error(format!("a variable that the function captured is in use: {Busy}"))
}

/// Notes the origin of a line that was sent to the background.
pub(crate) fn note_sent(job: &AnyJob, jobs: &Jobs, environment: Environment) {
    let code = OriginCode::Expression { text: (**job.name()).into(), given: Vec::new() };
    jobs.note_origin(job, Origin { code, environment });
}

/// Starts a program under its own text.
pub(crate) fn typed(program: Program, names: Names, jobs: &Jobs, language: Language) -> Result<AnyJob, Failure> {
    let name = program.source().text.trim().to_owned();
    let environment = names.environment.clone();
    let work = Work { target: Target::Statements(Arc::new(program)), names, jobs: jobs.clone(), language };
    let job = spawn(work, name, StartOptions::default())?;
    note_sent(&job, jobs, environment);
    Ok(job)
}

/// Starts a command that was typed; the value is its job.
pub(crate) fn start_command(line: &str, jobs: &Jobs, environment: &Environment) -> Result<Value, SpawnError> {
    let job = command(jobs, Command::shell(line), line, environment, StartOptions::default())?;
    Ok(Value::plain(Dynamic::from(job)))
}

/// Starts a command of the system's shell under its own text.
pub(crate) fn command(
    jobs: &Jobs,
    command: Command,
    line: &str,
    environment: &Environment,
    options: StartOptions,
) -> Result<AnyJob, SpawnError> {
    let name = Name::from(options.name.unwrap_or_else(|| line.to_owned()));
    let command = environment.command(command);
    let spawner = jobs.handle.named(name).with(options.options);
    let job = match options.retry {
        None => spawner.start(command),
        Some(retry) => spawner.retry(retry).spawn_with(move |context| command.clone().call(context)),
    }?;
    note_command(&job, jobs, line, environment.clone());
    Ok(AnyJob::clone(&job))
}

/// Notes the origin of a line for the system's shell that was sent to the background.
pub(crate) fn note_command(job: &AnyJob, jobs: &Jobs, line: &str, environment: Environment) {
    jobs.note_origin(job, Origin { code: OriginCode::Command { line: line.into() }, environment });
}

fn spawn(work: Work, name: String, options: StartOptions) -> Result<AnyJob, SpawnError> {
    let handle = work.jobs.handle.clone();
    let name = Name::from(options.name.unwrap_or(name));
    let spawner = handle.named(name).with(options.options);
    let job = match options.retry {
        None => spawner.spawn_with(|context| work.in_background(context)),
        // Each attempt begins with the names as they were at the start.
        Some(retry) => spawner.retry(retry).spawn_with(move |context| work.clone().in_background(context)),
    };
    job.map(|job| AnyJob::clone(&job))
}

/// Work for a job that an evaluation starts.
fn work(evaluation: &Evaluation, target: Target, names: Names) -> Work {
    Work { target, names, jobs: evaluation.jobs.clone(), language: evaluation.language.clone() }
}
