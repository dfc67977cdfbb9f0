//! Starting a background job from a program: `jobs.new(..)`.

use std::{collections::BTreeMap, sync::Arc};

use bgjobs::{AnyJob, Context, Failure, Name, Options, SpawnError, Stream};
use rhai::{Dynamic, EvalAltResult, FnPtr, ImmutableString, Position};

use super::{
    cells::Busy,
    evaluation::{Evaluation, Output, Result, What, Work},
    failure,
    functions::error,
    names::Names,
    program::Program,
    show,
    source::Source,
    value::Value,
};

/// What a background job leaves behind.
pub(super) struct Done {
    /// Its value.
    pub(super) value: Value,
    /// The names that it set or changed, for itself.
    pub(super) names: BTreeMap<ImmutableString, Value>,
}

/// Starts a job from the arguments of `jobs.new(..)`.
pub(super) fn start(evaluation: &Evaluation, arguments: &mut dyn Iterator<Item = Dynamic>) -> Result<AnyJob> {
    let Some(first) = arguments.next() else { return Err(error("invalid args for new job").into()) };
    if first.is_fnptr() {
        return call(evaluation, first, arguments);
    }
    // A single character in single quotes is a character in Rhai, and an expression here.
    match first.as_char().map(String::from).or_else(|_| first.into_string()) {
        Ok(text) => expression(evaluation, &text),
        Err(_) => Err(error("invalid args for new job").into()),
    }
}

/// Starts an expression, which must compile here and now.
fn expression(evaluation: &Evaluation, text: &str) -> Result<AnyJob> {
    let program = Program::expression(Source::new(evaluation.jobs.name_expression(), text)).map_err(|refusal| {
        let source = Source::new("expression", text);
        evaluation.keep(&source);
        let inner = Box::new(EvalAltResult::ErrorParsing(*refusal.0, refusal.1));
        Box::new(EvalAltResult::ErrorInFunctionCall(String::new(), source.name.to_string(), inner, Position::NONE))
    })?;
    let mut cells = evaluation.cells();
    // A function value that the job returns is at home here too.
    cells.names_mut().define(program.functions(), program.source());
    let names = cells.snapshot();
    drop(cells);
    spawn(evaluation, text.to_owned(), What::Expression(program), names)
        .map_err(|refusal| error(refusal.to_string()).into())
}

/// Starts the call of a function.
fn call(evaluation: &Evaluation, function: Dynamic, arguments: &mut dyn Iterator<Item = Dynamic>) -> Result<AnyJob> {
    let mut cells = evaluation.cells();
    let name = function.read_lock::<FnPtr>().map(|function| show::function(&function, cells.names()));
    let busy = |Busy| error(format!("a variable that the function captured is in use: {}", failure::IN_USE));
    let function = cells.rest(function).map_err(busy)?;
    let arguments = arguments.map(|argument| cells.rest(argument).map_err(busy)).collect::<Result<_, _>>()?;
    let names = cells.snapshot();
    drop(cells);
    spawn(evaluation, name.unwrap_or_default(), What::Call { function, arguments }, names)
        .map_err(|refusal| error(refusal.to_string()).into())
}

/// Starts what was typed with a `&` behind it.
pub(super) fn statements(evaluation: &Evaluation, program: Program) -> Result<AnyJob, Failure> {
    let name = program.source().text.trim().to_owned();
    let names = evaluation.cells().names().clone();
    spawn(evaluation, name, What::Statements(program), names).map_err(Failure::from)
}

fn spawn(evaluation: &Evaluation, name: String, what: What, names: Names) -> Result<AnyJob, SpawnError> {
    let work = Work { what, names, jobs: evaluation.jobs.clone(), language: evaluation.language.clone() };
    let job = evaluation
        .jobs
        .handle
        .with(Options::default())
        .spawn_with(Name::from(name), |context| work.in_background(context));
    job.map(|job| AnyJob::clone(&job))
}

impl Work {
    /// Evaluates as a background job: what it prints goes to its log.
    pub(super) fn in_background(self, context: &Context) -> Result<Done, Failure> {
        let before = self.names.clone();
        let log = context.log().clone();
        let output: Output = Arc::new(move |stream: Stream, text: &str| log.write(stream, &format!("{text}\n")));
        let ended = self.run(context, output);
        let names = ended.names.changed_since(&before);
        ended.value.map(|value| Done { value, names })
    }
}
