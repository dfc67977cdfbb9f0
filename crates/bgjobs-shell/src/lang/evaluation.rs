//! One evaluation: what its engine and the functions that it calls share.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use bgjobs::{Context, Failure, Stream};
use rhai::{AST, Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position};

use super::{
    calls::Calls,
    cells::{Busy, Cells},
    engine::evaluator,
    failure,
    functions::error,
    jobs::Jobs,
    language::Language,
    names::Names,
    program::{Program, Step},
    source::Source,
    stack::Stack,
    start,
    value::Value,
};

/// Where an evaluation prints: each call is one line or several, without the last line break.
pub type Output = Arc<dyn Fn(Stream, &str) + Send + Sync>;

/// What Rhai functions return that may fail.
pub(super) type Result<T, E = Box<EvalAltResult>> = std::result::Result<T, E>;

/// Something to be evaluated, with all that it needs, to be sent to a thread.
pub(crate) struct Work {
    pub(crate) what: What,
    pub(crate) names: Names,
    pub(crate) jobs: Jobs,
    pub(crate) language: Language,
}

/// What is to be evaluated.
pub(crate) enum What {
    /// A text that was typed.
    Text(Arc<Source>),
    /// A text that was typed to be evaluated by a background job, which is the value.
    Background(Arc<Source>),
    /// Statements.
    Statements(Program),
    /// An expression that a program gave as a string.
    Expression(Program),
    /// The call of a function value.
    Call {
        /// The function.
        function: Value,
        /// Its arguments.
        arguments: Vec<Value>,
    },
}

/// How an evaluation ended.
pub(crate) struct Ended {
    /// The value of the last statement, or why there is none.
    pub(crate) value: Result<Value, Failure>,
    /// The names, as far as it came.
    pub(crate) names: Names,
}

impl What {
    /// What functions of the value's own type say that it looks like.
    pub(crate) fn text_of(value: &Value) -> Self {
        let function = FnPtr::new("to_string").expect("it is the name of a function");
        Self::Call { function: Value::plain(Dynamic::from(function)), arguments: vec![value.clone()] }
    }
}

impl Work {
    /// Evaluates, on a thread with a stack of [`STACK_SIZE`](super::STACK_SIZE) bytes.
    pub(crate) fn run(self, context: &Context, output: Output) -> Ended {
        let evaluation = Arc::new(Evaluation {
            context: context.clone(),
            output,
            jobs: self.jobs,
            language: self.language,
            cells: Mutex::new(Cells::new(self.names)),
            failed: Mutex::default(),
            stack: Stack::here(),
            updating: AtomicBool::new(false),
            calls: Calls::default(),
            expression: match &self.what {
                What::Expression(program) => Some(Arc::clone(program.source())),
                _ => None,
            },
        });
        let value = match self.what {
            What::Text(source) => compile(&source).and_then(|program| evaluation.run(&program)),
            What::Background(source) => compile(&source)
                .and_then(|program| start::statements(&evaluation, program))
                .map(|job| Value::plain(Dynamic::from(job))),
            What::Statements(program) | What::Expression(program) => evaluation.run(&program),
            What::Call { function, arguments } => evaluation.call(&function, &arguments),
        };
        let names = evaluation.cells().names().clone();
        Ended { value, names }
    }
}

fn compile(source: &Arc<Source>) -> Result<Program, Failure> {
    Program::statements(Arc::clone(source)).map_err(|refusal| failure::syntax(&refusal, source))
}

/// One evaluation while it runs.
pub(super) struct Evaluation {
    pub(super) context: Context,
    pub(super) jobs: Jobs,
    pub(super) language: Language,
    output: Output,
    /// Held for a moment only, and never while Rhai runs.
    cells: Mutex<Cells>,
    /// Texts that did not compile, for the traceback that shows them.
    failed: Mutex<Vec<Arc<Source>>>,
    stack: Stack,
    /// Whether the function of an `update` of a shared value runs.
    updating: AtomicBool,
    /// The functions that it is in.
    pub(super) calls: Calls,
    /// The text that has no name but that of its job.
    expression: Option<Arc<Source>>,
}

impl Evaluation {
    /// The evaluation that calls a function.
    pub(super) fn of(context: &NativeCallContext<'_>) -> Arc<Self> {
        let tag = context.tag().and_then(|tag| tag.clone().try_cast::<Arc<Self>>());
        tag.expect("every engine that evaluates carries its evaluation")
    }

    /// The names while it runs.
    pub(super) fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a line, or several.
    pub(super) fn print(&self, stream: Stream, text: &str) {
        (self.output)(stream, text);
    }

    /// Whether it may wait for others, who might wait for it.
    ///
    /// # Errors
    ///
    /// Not while the function of an `update` runs.
    pub(super) fn may_wait(&self) -> Result<()> {
        if self.updating.load(Ordering::Relaxed) {
            let text = "inside update(..) of a shared value no job and no other shared value can be waited for, \
                        set or updated: two might wait for each other for ever; do it before or after";
            return Err(error(text).into());
        }
        Ok(())
    }

    /// A stop that a `catch` held up at the last moment is a stop all the same.
    fn unless_stopped(&self, value: Value) -> Result<Value, Failure> {
        if self.context.is_stopping() && self.calls.were_ended() {
            Err(failure::stopped(self, Vec::new()))
        } else {
            Ok(value)
        }
    }

    pub(super) fn set_updating(&self, updating: bool) {
        self.updating.store(updating, Ordering::Relaxed);
    }

    /// Keeps a text that did not compile, for the traceback.
    pub(super) fn keep(&self, source: &Arc<Source>) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(source));
    }

    /// The text of that name, if it is still known.
    pub(super) fn source(&self, name: &str) -> Option<Arc<Source>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let found = failed.iter().rev().find(|source| source.name == name).cloned();
        drop(failed);
        found.or_else(|| self.cells().names().source(name).cloned())
    }

    /// What a text is called in tracebacks.
    pub(super) fn title(&self, source: &Arc<Source>) -> String {
        match &self.expression {
            Some(own) if Arc::ptr_eq(own, source) => format!("jobs[{}]", self.context.id()),
            _ => source.name.to_string(),
        }
    }

    /// What a name stands for that is not a local variable.
    pub(super) fn variable(&self, name: &str) -> Result<Option<Dynamic>> {
        let mut cells = self.cells();
        match cells.variable(name) {
            Some(Ok(variable)) => return Ok(Some(variable)),
            Some(Err(Busy)) => {
                let text = format!("`{name}` is in use: {}", failure::IN_USE);
                return Err(EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into());
            }
            None => {}
        }
        if name == "jobs" {
            return Ok(Some(Dynamic::from(self.jobs.clone())));
        }
        let is_function = cells.names().function(name).is_some() || self.language.has_function(name);
        Ok(if is_function { FnPtr::new(name).ok().map(Dynamic::from) } else { None })
    }

    /// Runs statements, each by itself, so that what one did stays if the next one fails.
    fn run(self: &Arc<Self>, program: &Program) -> Result<Value, Failure> {
        program.define_in(self.cells().names_mut());
        let engine = evaluator(self, self.stack);
        let mut last = Value::plain(());
        for step in program.steps() {
            let knows = |name: &str| self.cells().names().variable(name).is_some();
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
            last = self.cells().settle(value);
            if let Some(error) = error {
                return Err(failure::failure(*error, self, Some(program.source())));
            }
            if let Some(name) = name {
                self.cells().names_mut().set(name, std::mem::replace(&mut last, Value::plain(())));
            }
            if returned {
                break;
            }
        }
        self.unless_stopped(last)
    }

    /// Calls a function value.
    fn call(self: &Arc<Self>, function: &Value, arguments: &[Value]) -> Result<Value, Failure> {
        let engine = evaluator(self, self.stack);
        let (function, arguments) = {
            let mut cells = self.cells();
            let arguments: Vec<_> = arguments.iter().map(|argument| cells.wake(argument)).collect();
            (cells.wake(function).cast::<FnPtr>(), arguments)
        };
        let result = function.call::<Dynamic>(&engine, &AST::empty(), arguments);
        let value = result.map_err(|error| failure::of_call(*error, self, function.fn_name()))?;
        let value = self.cells().settle(value);
        self.unless_stopped(value)
    }
}
