//! Starting a background job from a program: what `jobs.new(..)` does.

use std::{collections::BTreeMap, sync::Arc};

use bgjobs::{AnyJob, Body, Command, Failure, Name, Options, Retry, SpawnError};
use rhai::{Dynamic, EvalAltResult, FnPtr, Map, Position};

use super::{
    evaluation::Evaluation,
    work::{What, Work},
};
use crate::lang::{
    error::{Result, error},
    jobs::{Jobs, Started},
    read::source::Source,
    show,
    trace::program::Program,
    values::{
        cell::Busy,
        cells::Cells,
        language::Language,
        names::Names,
        type_name::{text, word},
        value::Value,
    },
};

/// What the original says to a call that it does not understand.
const INVALID: &str = "invalid args for new job";

/// What is chosen for a job beside what it runs.
#[derive(Default)]
pub(crate) struct Choices {
    pub(crate) options: Options,
    /// What it shows in place of its text or its function.
    pub(crate) name: Option<String>,
    /// How often it is tried if it fails; none is once.
    pub(crate) retry: Option<Retry>,
}

/// Starts a job from the arguments of `jobs.new(..)`.
pub(crate) fn start(
    evaluation: &Evaluation,
    arguments: impl IntoIterator<Item = Dynamic>,
    choices: Choices,
) -> Result<AnyJob> {
    let mut arguments = arguments.into_iter();
    let Some(first) = arguments.next() else { return Err(error(INVALID).into()) };
    if first.is_fnptr() {
        return call(evaluation, first, arguments, choices);
    }
    match text(&first) {
        Ok(text) => expression(evaluation, &text, &arguments.collect::<Vec<_>>(), choices),
        Err(_) => Err(error(INVALID).into()),
    }
}

/// Starts an expression, which must compile here and now.
fn expression(evaluation: &Evaluation, text: &str, given: &[Dynamic], choices: Choices) -> Result<AnyJob> {
    if given.len() > 2 {
        return Err(error("Expression jobs take at most 2 args (globals,locals)").into());
    }
    let program = Program::expression(Source::new(evaluation.jobs.name_expression(), text)).map_err(|refusal| {
        let source = Source::new("expression", text);
        evaluation.keep(&source);
        let inner = Box::new(EvalAltResult::ErrorParsing(*refusal.0, refusal.1));
        Box::new(EvalAltResult::ErrorInFunctionCall(String::new(), source.name.to_string(), inner, Position::NONE))
    })?;
    let mut cells = evaluation.cells();
    // A function value that the job returns is at home here too.
    program.define_in(cells.names_mut());
    let names = if given.is_empty() { cells.snapshot() } else { given_names(&mut cells, given)? };
    let given = given.iter().map(|names| cells.rest(names.clone()).map_err(busy)).collect::<Result<_, _>>()?;
    drop(cells);
    let job = spawn(work(evaluation, What::Expression(Arc::new(program)), names), text.to_owned(), choices)
        .map_err(|refusal| error(refusal.to_string()))?;
    evaluation.jobs.note_started(&job, Started::Expression { text: text.into(), given });
    Ok(job)
}

/// The names of an expression that was given maps of them: the later ones hide the earlier, and the prompt's functions
/// stay.
fn given_names(cells: &mut Cells, given: &[Dynamic]) -> Result<Names> {
    let mut variables = BTreeMap::new();
    for names in given {
        let Some(names) = names.read_lock::<Map>() else {
            let kind = word(names.type_name());
            return Err(error(format!("{INVALID}: names are given in a map, as in #{{x: 1}}, not as {kind}")).into());
        };
        for (name, value) in &*names {
            variables.insert(name.as_str().into(), cells.rest(value.clone()).map_err(busy)?);
        }
    }
    Ok(cells.names().with_variables(variables))
}

/// Starts the call of a function.
fn call(
    evaluation: &Evaluation,
    function: Dynamic,
    arguments: impl Iterator<Item = Dynamic>,
    choices: Choices,
) -> Result<AnyJob> {
    let mut cells = evaluation.cells();
    let name = function.read_lock::<FnPtr>().map(|function| show::function(&function, cells.names()));
    let function = cells.rest(function).map_err(busy)?;
    let arguments: Vec<_> = arguments.map(|argument| cells.rest(argument).map_err(busy)).collect::<Result<_, _>>()?;
    let names = cells.snapshot();
    drop(cells);
    let started = Started::Call { function: function.clone(), arguments: arguments.clone() };
    let job = spawn(work(evaluation, What::Call { function, arguments }, names), name.unwrap_or_default(), choices)
        .map_err(|refusal| error(refusal.to_string()))?;
    evaluation.jobs.note_started(&job, started);
    Ok(job)
}

fn busy(_: Busy) -> EvalAltResult {
    error(format!("a variable that the function captured is in use: {Busy}"))
}

/// Notes what a line was that the prompt waited for, and that was sent to the background.
pub(crate) fn note_sent(job: &AnyJob, jobs: &Jobs) {
    jobs.note_started(job, Started::Expression { text: (**job.name()).into(), given: Vec::new() });
}

/// Starts a program under its own text.
pub(crate) fn typed(program: Program, names: Names, jobs: &Jobs, language: Language) -> Result<AnyJob, Failure> {
    let name = program.source().text.trim().to_owned();
    let text = name.as_str().into();
    let work = Work { what: What::Statements(Arc::new(program)), names, jobs: jobs.clone(), language };
    let job = spawn(work, name, Choices::default())?;
    jobs.note_started(&job, Started::Expression { text, given: Vec::new() });
    Ok(job)
}

/// Starts a command that was typed; its job is the value.
pub(crate) fn start_command(line: &str, jobs: &Jobs) -> Result<Value, SpawnError> {
    let job = command(jobs, Command::shell(line), line, Choices::default())?;
    Ok(Value::plain(Dynamic::from(job)))
}

/// Starts a command of the system's shell under its own text.
pub(crate) fn command(jobs: &Jobs, command: Command, line: &str, choices: Choices) -> Result<AnyJob, SpawnError> {
    let name = Name::from(choices.name.unwrap_or_else(|| line.to_owned()));
    let spawner = jobs.handle.with(choices.options);
    let job = match choices.retry {
        None => spawner.spawn_with(name, |context| command.call(context)),
        Some(retry) => spawner.retry(name, retry, move |context| command.clone().call(context)),
    }?;
    jobs.note_started(&job, Started::Command { line: line.into() });
    Ok(AnyJob::clone(&job))
}

/// Notes what a line for the system's shell was that the prompt waited for, and that was sent to the background.
pub(crate) fn note_command(job: &AnyJob, jobs: &Jobs) {
    jobs.note_started(job, Started::Command { line: (**job.name()).into() });
}

fn spawn(work: Work, name: String, choices: Choices) -> Result<AnyJob, SpawnError> {
    let handle = work.jobs.handle.clone();
    let name = Name::from(choices.name.unwrap_or(name));
    let spawner = handle.with(choices.options);
    let job = match choices.retry {
        None => spawner.spawn_with(name, |context| work.in_background(context)),
        // Each attempt begins with the names as they were at the start.
        Some(retry) => spawner.retry(name, retry, move |context| work.clone().in_background(context)),
    };
    job.map(|job| AnyJob::clone(&job))
}

/// Something to be evaluated with the functions and jobs of an evaluation.
fn work(evaluation: &Evaluation, what: What, names: Names) -> Work {
    Work { what, names, jobs: evaluation.jobs.clone(), language: evaluation.language.clone() }
}
