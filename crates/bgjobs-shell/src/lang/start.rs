//! Starting a background job from a program: what `jobs.new(..)` does.

use std::{collections::BTreeMap, sync::Arc};

use bgjobs::{AnyJob, Context, Failure, Name, Options, SpawnError, Stream};
use rhai::{Dynamic, EvalAltResult, FnPtr, ImmutableString, Map, Position};

use super::{
    cells::{Busy, Cells},
    evaluation::{Evaluation, Output, Result, What, Work},
    failure,
    functions::{error, text},
    jobs::Started,
    kind::word,
    names::Names,
    program::Program,
    show,
    source::Source,
    value::{Value, differs},
};

/// What the original says to a call that it does not understand.
const INVALID: &str = "invalid args for new job";

/// What a background job leaves behind.
pub(super) struct Done {
    /// Its value.
    pub(super) value: Value,
    /// The names that it set or changed, for itself.
    pub(super) names: BTreeMap<ImmutableString, Own>,
}

/// What a job has under a name that it set or changed.
pub(super) struct Own {
    pub(super) value: Value,
    /// Whether the job was started with a value of that name.
    pub(super) was_known: bool,
}

/// What is chosen for a job beside what it runs.
#[derive(Default)]
pub(super) struct Choices {
    pub(super) options: Options,
    /// What it shows in place of its text or its function.
    pub(super) name: Option<String>,
}

/// Starts a job from the arguments of `jobs.new(..)`.
pub(super) fn start(
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
    let job = spawn(evaluation, text.to_owned(), What::Expression(program), names, choices)
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
    let job = spawn(evaluation, name.unwrap_or_default(), What::Call { function, arguments }, names, choices)
        .map_err(|refusal| error(refusal.to_string()))?;
    evaluation.jobs.note_started(&job, started);
    Ok(job)
}

fn busy(_: Busy) -> EvalAltResult {
    error(format!("a variable that the function captured is in use: {}", failure::IN_USE))
}

/// Starts what was typed with a `&` behind it.
pub(super) fn statements(evaluation: &Evaluation, program: Program) -> Result<AnyJob, Failure> {
    let name = program.source().text.trim().to_owned();
    let names = evaluation.cells().names().clone();
    let text = name.as_str().into();
    let job = spawn(evaluation, name, What::Statements(program), names, Choices::default())?;
    evaluation.jobs.note_started(&job, Started::Expression { text, given: Vec::new() });
    Ok(job)
}

fn spawn(
    evaluation: &Evaluation,
    name: String,
    what: What,
    names: Names,
    choices: Choices,
) -> Result<AnyJob, SpawnError> {
    let work = Work { what, names, jobs: evaluation.jobs.clone(), language: evaluation.language.clone() };
    let job = evaluation
        .jobs
        .handle
        .with(choices.options)
        .spawn_with(Name::from(choices.name.unwrap_or(name)), |context| work.in_background(context));
    job.map(|job| AnyJob::clone(&job))
}

impl Work {
    /// Evaluates as a background job: what it prints goes to its log.
    pub(super) fn in_background(self, context: &Context) -> Result<Done, Failure> {
        let before = self.names.clone();
        let log = context.log().clone();
        let output: Output = Arc::new(move |stream: Stream, text: &str| log.write(stream, &format!("{text}\n")));
        let ended = self.run(context, output);
        let own = |(name, value): (ImmutableString, Value)| {
            let known = before.variable(&name);
            // To use a value is not to change it.
            let differs = known.is_none_or(|known| differs(known.data(), value.data()));
            differs.then_some((name, Own { value, was_known: known.is_some() }))
        };
        let names = ended.names.changed_since(&before).into_iter().filter_map(own).collect();
        ended.value.map(|value| Done { value, names })
    }
}
