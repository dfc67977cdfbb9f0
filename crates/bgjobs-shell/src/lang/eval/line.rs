//! A line from the prompt: it is compiled on the thread that evaluates it, whose stack is large enough for deep texts.

use std::sync::Arc;

use bgjobs::{AnyJob, Context, Failure};
use rhai::{Dynamic, FnPtr};

use super::{
    failure, start,
    work::{Target, Work},
};
use crate::lang::{
    jobs::{Done, Jobs},
    output::Output,
    read::source::Source,
    trace::program::Program,
    values::{language::Language, names::Names, value::Value},
};

/// What the prompt evaluates.
pub(crate) enum Line {
    /// A text.
    Text(Arc<Source>),
    /// A text for a background job; the value is the job.
    Background(Arc<Source>),
    /// A call of a function value with arguments.
    Call(Value, Vec<Value>),
}

impl Line {
    /// A call of the function of this name with one argument.
    pub(crate) fn call(function: &'static str, argument: Value) -> Self {
        let function = FnPtr::new(function).expect("it is the name of a function");
        Self::Call(Value::plain(Dynamic::from(function)), vec![argument])
    }

    /// The name of the line's job: its text.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Text(source) | Self::Background(source) => source.text.trim().to_owned(),
            Self::Call(function, _) => {
                function.data().read_lock::<FnPtr>().map_or_else(String::new, |function| function.fn_name().to_owned())
            }
        }
    }

    /// Evaluates and prints to `output`, on a thread with a stack of [`STACK_SIZE`](super::stack::STACK_SIZE) bytes.
    pub(crate) fn run(
        self,
        context: &Context,
        output: Output,
        (names, jobs, language): (Names, Jobs, Language),
    ) -> Result<Done, Failure> {
        let target = match self {
            Self::Text(source) => Target::Statements(Arc::new(compile(&source)?)),
            Self::Background(source) => {
                let job: AnyJob = start::typed(compile(&source)?, names.clone(), &jobs, language)?;
                return Ok(Done::of_line(Value::plain(Dynamic::from(job)), names.clone(), names));
            }
            Self::Call(function, arguments) => Target::Call { function, arguments },
        };
        Work { target, names, jobs, language }.run(context, output)
    }
}

fn compile(source: &Arc<Source>) -> Result<Program, Failure> {
    Program::compile_statements(Arc::clone(source)).map_err(|error| failure::syntax(&error, source))
}
