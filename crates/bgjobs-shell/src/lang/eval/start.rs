//! Starts background jobs: what `jobs.new(..)` and a line with an `&` do.

use std::{collections::BTreeMap, sync::Arc};

use bgjobs::{AnyJob, Body, Command, CommandError, Context, Failure, Handover, Name, SpawnError};
use rhai::{Dynamic, EvalAltResult, FnPtr, Map, Position};

#[cfg(target_os = "linux")]
use super::keep::{Keeping, start_in as keep};
use super::{
    evaluation::Evaluation,
    work::{Target, Work},
};
use crate::{
    environment::Environment,
    lang::{
        error::{Result, error},
        jobs::{Jobs, Origin, OriginCode, StartOptions},
        label,
        output::{LineBuffer, Output},
        read::source::Source,
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
    #[cfg(target_os = "linux")]
    if options.keep {
        return keep(evaluation, Keeping::text(program.source(), &names), names.environment, options);
    }
    let code = OriginCode::Expression { text: text.into(), given };
    spawn(evaluation, Target::Expression(Arc::new(program)), names, text.to_owned(), code, options)
}

/// The names of an expression that was given maps of them: later maps hide earlier ones; the prompt's functions stay.
pub(super) fn given_names(cells: &mut Cells, given: &[Dynamic]) -> Result<Names> {
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
    let arguments: Vec<_> = arguments.collect();
    let name = function.read_lock::<FnPtr>().map(|function| label::call(&function, &arguments, cells.names()));
    let function = cells.freeze(function).map_err(busy)?;
    let arguments = arguments.into_iter().map(|argument| cells.freeze(argument).map_err(busy));
    let arguments: Vec<_> = arguments.collect::<Result<_, _>>()?;
    let names = cells.snapshot();
    drop(cells);
    #[cfg(target_os = "linux")]
    if options.keep {
        let keeping = Keeping::call(&function, &arguments, &names, name.unwrap_or_default());
        return keep(evaluation, keeping, names.environment, options);
    }
    let code = OriginCode::Call { function: function.clone(), arguments: arguments.clone() };
    spawn(evaluation, Target::Call { function, arguments }, names, name.unwrap_or_default(), code, options)
}

fn busy(_: Busy) -> EvalAltResult {
    error(format!("a variable that the function captured is in use: {Busy}"))
}

/// Starts a program under its own text.
pub(crate) fn typed(program: Program, names: Names, jobs: &Jobs, language: Language) -> Result<AnyJob, Failure> {
    let name = program.source().text.trim().to_owned();
    let code = OriginCode::Expression { text: name.as_str().into(), given: Vec::new() };
    let work = Work { target: Target::Statements(Arc::new(program)), names, jobs: jobs.clone(), language };
    Ok(spawn_work(work, name, code, StartOptions::default())?)
}

/// Starts a command that was typed; the value is its job.
pub(crate) fn start_command(line: &str, jobs: &Jobs, environment: &Environment) -> Result<Value, SpawnError> {
    let job = command(jobs, environment.shell_line(line), line, environment.clone(), StartOptions::default())?;
    Ok(Value::plain(Dynamic::from(job)))
}

/// Starts a command of the system's shell under its own text.
pub(crate) fn command(
    jobs: &Jobs,
    command: Command,
    line: &str,
    environment: Environment,
    options: StartOptions,
) -> Result<AnyJob, SpawnError> {
    let name = Name::from(options.name.clone().unwrap_or_else(|| line.to_owned()));
    let handover = Handover::new();
    let (there, echo) = (environment.command(command.clone()).handover(&handover), jobs.echo());
    let body = move |context: &Context| run_command(there.clone(), context, echo.as_ref());
    let spawner = jobs.handle.named(name).with(jobs.with_settings(options.options.clone()));
    let job = match options.retry {
        None => spawner.spawn_with(body),
        Some(retry) => spawner.retry(retry).spawn_with(body),
    }?;
    let code = OriginCode::Command { line: line.into(), command, handover };
    jobs.note_origin(&job, Origin { code, environment, options });
    Ok(AnyJob::clone(&job))
}

/// Runs a command as a background job: it prints to its log and to `echo`.
fn run_command(command: Command, context: &Context, echo: Option<&Output>) -> Result<(), Failure> {
    let Some(echo) = echo else { return command.call(context) };
    let mut lines = LineBuffer::default();
    let status = command.run_alone(context, |stream, text| {
        context.log().write(stream, text);
        lines.push(stream, text, echo);
        Ok(())
    });
    lines.end(echo);
    let status = status?;
    if status.success() { Ok(()) } else { Err(Failure::from_error(CommandError::Ended(status))) }
}

/// Notes the origin of a line that was sent to the background.
pub(crate) fn note_sent(job: &AnyJob, jobs: &Jobs, environment: Environment) {
    let code = OriginCode::Expression { text: (**job.name()).into(), given: Vec::new() };
    jobs.note_origin(job, Origin { code, environment, options: StartOptions::default() });
}

/// Notes the origin of a line for the system's shell that was sent to the background.
pub(crate) fn note_command(job: &AnyJob, jobs: &Jobs, line: &str, environment: Environment) {
    let (command, handover) = (environment.shell_line(line), Handover::new());
    let code = OriginCode::Command { line: line.into(), command, handover };
    jobs.note_origin(job, Origin { code, environment, options: StartOptions::default() });
}

/// Starts a job for an evaluation.
pub(super) fn spawn(
    evaluation: &Evaluation,
    target: Target,
    names: Names,
    name: String,
    code: OriginCode,
    options: StartOptions,
) -> Result<AnyJob> {
    let work = Work { target, names, jobs: evaluation.jobs.clone(), language: evaluation.language.clone() };
    Ok(spawn_work(work, name, code, options).map_err(|cause| error(format!("{cause:#}")))?)
}

fn spawn_work(work: Work, name: String, code: OriginCode, options: StartOptions) -> Result<AnyJob, SpawnError> {
    let (jobs, environment) = (work.jobs.clone(), work.names.environment.clone());
    let name = Name::from(options.name.clone().unwrap_or(name));
    let spawner = jobs.handle.named(name).with(jobs.with_settings(options.options.clone()));
    let job = match options.retry {
        None => spawner.spawn_with(|context| work.in_background(context)),
        // Each attempt begins with the names as they were at the start.
        Some(retry) => spawner.retry(retry).spawn_with(move |context| work.clone().in_background(context)),
    }?;
    jobs.note_origin(&job, Origin { code, environment, options });
    Ok(AnyJob::clone(&job))
}
