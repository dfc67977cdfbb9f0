//! Something to be evaluated: the names it starts from, its steps one by one, and what comes of it.

use std::{collections::BTreeMap, sync::Arc};

use bgjobs::{Context, Failure, Stream};
use rhai::{AST, Dynamic, FnPtr, ImmutableString};

use super::{
    captured::Kept,
    engine::evaluator,
    evaluation::{Evaluation, Output},
    failure,
    stack::Stack,
};
use crate::lang::{
    error::Result,
    jobs::{Done, Jobs, Own, post_mortem::PostMortem},
    left::Left,
    trace::program::{Program, Step},
    values::{compare::differs, language::Language, names::Names, value::Value},
};

/// Something to be evaluated, with all that it needs, to be sent to a thread; cheap to clone.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) what: What,
    pub(crate) names: Names,
    pub(crate) jobs: Jobs,
    pub(crate) language: Language,
}

/// What is to be evaluated.
#[derive(Clone)]
pub(crate) enum What {
    /// Statements.
    Statements(Arc<Program>),
    /// An expression that a program gave as a string.
    Expression(Arc<Program>),
    /// The call of a function value.
    Call {
        /// The function.
        function: Value,
        /// Its arguments.
        arguments: Vec<Value>,
    },
}

impl Work {
    /// Evaluates, on a thread with a stack of [`STACK_SIZE`](super::stack::STACK_SIZE) bytes.
    fn run(self, context: &Context, output: Output, left: &Left) -> Result<Done, Failure> {
        let before = self.names.clone();
        let expression = match &self.what {
            What::Expression(program) => Some(Arc::clone(program.source())),
            _ => None,
        };
        let evaluation = Evaluation::new(context.clone(), output, self.names, self.jobs, self.language, expression);
        let evaluation = Arc::new(evaluation);
        let asked = Arc::clone(&evaluation);
        let _located = context.locate(move || asked.place());
        let stack = Stack::here();
        let value = match self.what {
            What::Statements(program) | What::Expression(program) => run(&evaluation, stack, &program),
            What::Call { function, arguments } => call(&evaluation, stack, &function, &arguments),
        };
        let names = evaluation.cells().names().clone();
        let (value, post_mortem) = match value {
            Ok(value) => (Ok(value), None),
            Err(Died { failure, post_mortem }) => (Err(failure), post_mortem.map(Arc::new)),
        };
        left.set(names.clone(), post_mortem.clone());
        if value.is_err() && context.job().is_listed() {
            evaluation.jobs.note_dead(context.job(), post_mortem);
        }
        let value = value?;
        // The names of what the prompt waits for are its own names next, and told to nobody.
        let names = if context.job().is_listed() { own_names(&before, &names) } else { BTreeMap::new() };
        Ok(Done { value, names })
    }

    /// Evaluates what the prompt waits for: it prints to `output`, until it is sent to the background.
    pub(crate) fn in_foreground(self, context: &Context, output: &Output, left: &Left) -> Result<Done, Failure> {
        let (job, output) = (context.job().clone(), Arc::clone(output));
        let either = move |stream: Stream, text: &str| {
            if job.is_listed() {
                job.log().write(stream, &format!("{text}\n"));
            } else {
                output(stream, text);
            }
        };
        self.run(context, Arc::new(either), left)
    }

    /// Evaluates as a background job: what it prints goes to its log.
    pub(crate) fn in_background(self, context: &Context) -> Result<Done, Failure> {
        let log = context.log().clone();
        let output: Output = Arc::new(move |stream: Stream, text: &str| log.write(stream, &format!("{text}\n")));
        self.run(context, output, &Left::default())
    }
}

/// What a job set or changed for itself.
fn own_names(before: &Names, names: &Names) -> BTreeMap<ImmutableString, Own> {
    let own = |(name, value): (ImmutableString, Value)| {
        let known = before.variable(&name);
        // To use a value is not to change it.
        let differs = known.is_none_or(|known| differs(known.data(), value.data()));
        differs.then_some((name, Own { value, was_known: known.is_some() }))
    };
    names.changed_since(before).into_iter().filter_map(own).collect()
}

/// Why an evaluation has no value.
struct Died {
    failure: Failure,
    /// None if it failed in no code of the user's.
    post_mortem: Option<PostMortem>,
}

/// A stop that a `catch` held up at the last moment is a stop all the same.
fn unless_stopped(evaluation: &Evaluation, value: Value) -> Result<Value, Died> {
    if evaluation.context.is_stopping() && evaluation.calls.were_ended() {
        Err(Died { failure: failure::stopped(evaluation, Vec::new()), post_mortem: None })
    } else {
        Ok(value)
    }
}

/// Runs statements, each by itself, so that what one did stays if the next one fails.
fn run(evaluation: &Arc<Evaluation>, stack: Stack, program: &Program) -> Result<Value, Died> {
    program.define_in(evaluation.cells().names_mut());
    let engine = evaluator(evaluation, stack);
    let _inside = evaluation.calls.enter(Arc::clone(program.code()));
    let mut last = Value::plain(());
    for step in program.steps() {
        evaluation.calls.at(step.mark, 0);
        let knows = |name: &str| evaluation.cells().names().variable(name).is_some();
        let name = step.name_to_set(program, knows);
        let value = match &name {
            Some(_) => step.value_to_set(&engine),
            None => step.run(&engine),
        };
        let returned = name.is_none() && value.as_ref().is_ok_and(|value| !Step::goes_on(value));
        let (value, error) = match value {
            Ok(value) => (value, None),
            Err(error) => (Dynamic::UNIT, Some(error)),
        };
        let failed = error.as_ref().map(|_| evaluation.calls.take_failed());
        let kept = failed.map(|failed| Kept::new(failed, &mut evaluation.cells()));
        last = evaluation.cells().settle(value);
        if let Some((error, kept)) = error.zip(kept) {
            let (failure, levels) = failure::failure(*error, evaluation, Some(program.source()));
            let names = evaluation.cells().names().clone();
            return Err(Died { failure, post_mortem: kept.with_levels(levels, names) });
        }
        if let Some(name) = name {
            evaluation.cells().names_mut().set(name, std::mem::replace(&mut last, Value::plain(())));
        }
        if returned {
            break;
        }
    }
    unless_stopped(evaluation, last)
}

/// Calls a function value.
fn call(evaluation: &Arc<Evaluation>, stack: Stack, function: &Value, arguments: &[Value]) -> Result<Value, Died> {
    let engine = evaluator(evaluation, stack);
    let (function, arguments) = {
        let mut cells = evaluation.cells();
        let arguments: Vec<_> = arguments.iter().map(|argument| cells.wake(argument)).collect();
        (cells.wake(function).cast::<FnPtr>(), arguments)
    };
    let result = function.call::<Dynamic>(&engine, &AST::empty(), arguments);
    let value = result.map_err(|error| {
        let kept = Kept::new(evaluation.calls.take_failed(), &mut evaluation.cells());
        let (failure, levels) = failure::of_call(*error, evaluation, function.fn_name());
        // What the call changed of the names is theirs too.
        evaluation.cells().settle(Dynamic::UNIT);
        let names = evaluation.cells().names().clone();
        Died { failure, post_mortem: kept.with_levels(levels, names) }
    })?;
    let value = evaluation.cells().settle(value);
    unless_stopped(evaluation, value)
}
