//! Work: what to evaluate, with which names; and its evaluation, statement by statement.

use std::sync::{Arc, Mutex};

use bgjobs::{Context, Failure};
use rhai::{AST, Dynamic, FnPtr};

use super::{captured::CapturedFrames, engine::evaluator, evaluation::Evaluation, failure::Fault, stack::StackLimit};
use crate::lang::{
    jobs::{Died, Done, Jobs, post_mortem::PostMortem},
    output::Output,
    trace::program::{Program, Statement},
    values::{language::Language, names::Names, value::Value},
};

/// What to evaluate, with everything it needs on another thread; cheap to clone.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) target: Target,
    pub(crate) names: Names,
    pub(crate) jobs: Jobs,
    pub(crate) language: Language,
}

/// What to evaluate.
#[derive(Clone)]
pub(crate) enum Target {
    /// Statements.
    Statements(Arc<Program>),
    /// An expression that was given as a string.
    Expression(Arc<Program>),
    /// A call of a function value.
    Call {
        /// The function.
        function: Value,
        /// Its arguments.
        arguments: Vec<Value>,
    },
}

/// Why an evaluation failed, and what can be examined of it: nothing if no code of the user's was running.
type Failed = Box<(Fault, Option<PostMortem>)>;

impl Work {
    /// Evaluates and prints to `output`, on a thread with a stack of [`STACK_SIZE`](super::stack::STACK_SIZE) bytes.
    pub(crate) fn run(self, context: &Context, output: Output) -> Result<Done, Failure> {
        let before = self.names.clone();
        let expression = match &self.target {
            Target::Expression(program) => Some(Arc::clone(program.source())),
            _ => None,
        };
        let evaluation = Evaluation::new(context.clone(), output, self.names, self.jobs, self.language, expression);
        let evaluation = Arc::new(evaluation);
        let located = Arc::clone(&evaluation);
        let _located = context.locate(move || located.place());
        let stack = StackLimit::here();
        let value = match self.target {
            Target::Statements(program) | Target::Expression(program) => run(&evaluation, stack, &program),
            Target::Call { function, arguments } => call(&evaluation, stack, &function, &arguments),
        };
        let after = evaluation.cells().names().clone();
        let is_line = !context.job().is_listed();
        match value {
            Ok(value) if is_line => Ok(Done::of_line(value, before, after)),
            Ok(value) => Ok(Done::of_job(value, &before, &after)),
            Err(failed) => {
                let (Fault { message, stopped, exit, frames, .. }, post_mortem) = *failed;
                let captured = post_mortem.map(|post_mortem| Arc::new(Mutex::new(Some(Arc::new(post_mortem)))));
                let died = Died { message, stopped, exit, names: is_line.then_some(after), captured };
                if !is_line {
                    evaluation.jobs.note_dead(&died);
                }
                Err(died.into_failure(frames))
            }
        }
    }

    /// Evaluates as a background job: it prints to its log, and where its session echoes jobs.
    pub(crate) fn in_background(self, context: &Context) -> Result<Done, Failure> {
        let (log, echo) = (context.log().clone(), self.jobs.echo());
        let print = move |stream, text: &str| {
            log.write(stream, text);
            if let Some(echo) = &echo {
                echo(stream, text);
            }
        };
        self.run(context, Arc::new(print))
    }
}

/// A stop that a `catch` intercepted at the last moment is still a stop.
fn unless_stopped(evaluation: &Evaluation, value: Value) -> Result<Value, Failed> {
    if evaluation.context.is_stopping() && evaluation.call_stack.was_terminated() {
        Err(Box::new((Fault::stopped(evaluation), None)))
    } else {
        Ok(value)
    }
}

/// Evaluates statements one by one, so that the effects of one remain if the next one fails.
fn run(evaluation: &Arc<Evaluation>, stack: StackLimit, program: &Program) -> Result<Value, Failed> {
    program.define_in(evaluation.cells().names_mut());
    let engine = evaluator(evaluation, stack);
    let _inside = evaluation.call_stack.enter(Arc::clone(program.code()));
    let mut last = Value::plain(());
    for statement in program.statements() {
        evaluation.call_stack.at(statement.probe, 0);
        let knows = |name: &str| evaluation.cells().names().variable(name).is_some();
        let name = statement.name_to_set(program, knows);
        let value = match &name {
            Some(_) => statement.value_to_set(&engine),
            None => statement.run(&engine),
        };
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                return Err(failed(evaluation, || Fault::new(*error, evaluation, Some(program.source()))));
            }
        };
        let returned = name.is_none() && !Statement::continues(&value);
        last = evaluation.cells().refreeze(value);
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
fn call(
    evaluation: &Arc<Evaluation>,
    stack: StackLimit,
    function: &Value,
    arguments: &[Value],
) -> Result<Value, Failed> {
    let engine = evaluator(evaluation, stack);
    let (function, arguments) = {
        let mut cells = evaluation.cells();
        let arguments: Vec<_> = arguments.iter().map(|argument| cells.thaw(argument)).collect();
        (cells.thaw(function).cast::<FnPtr>(), arguments)
    };
    let result = function.call::<Dynamic>(&engine, &AST::empty(), arguments);
    let value =
        result.map_err(|error| failed(evaluation, || Fault::of_call(*error, evaluation, function.fn_name())))?;
    let value = evaluation.cells().refreeze(value);
    unless_stopped(evaluation, value)
}

/// Ends the statement that failed; what it changed of the names stays changed.
fn failed(evaluation: &Evaluation, fault: impl FnOnce() -> Fault) -> Failed {
    let captured = CapturedFrames::new(evaluation.call_stack.take_captured(), &mut evaluation.cells());
    evaluation.cells().refreeze(Dynamic::UNIT);
    let mut fault = fault();
    let names = evaluation.cells().names().clone();
    let post_mortem = captured.into_post_mortem(std::mem::take(&mut fault.levels), names);
    Box::new((fault, post_mortem))
}
