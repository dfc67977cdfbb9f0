//! A line that was typed: it is compiled on the thread that evaluates it, which has the stack for deep texts.

use std::sync::Arc;

use bgjobs::{AnyJob, Context, Failure};
use rhai::{Dynamic, FnPtr};

use super::{
    evaluation::Output,
    failure, start,
    work::{What, Work},
};
use crate::lang::{
    jobs::{Done, Jobs},
    left::Left,
    read::source::Source,
    trace::program::Program,
    values::{language::Language, names::Names, value::Value},
};

/// What a prompt evaluates.
pub(crate) enum Line {
    /// A text.
    Text(Arc<Source>),
    /// A text for a background job, which is the value.
    Background(Arc<Source>),
    /// What functions of a value's own type say that it looks like.
    TextOf(Value),
}

impl Line {
    /// What the line shows as a job: its text.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Text(source) | Self::Background(source) => source.text.trim(),
            Self::TextOf(_) => "to_string",
        }
    }

    /// Evaluates, on a thread with a stack of [`STACK_SIZE`](super::stack::STACK_SIZE) bytes.
    ///
    /// As long as its job is in no list it prints to `output`, from then on to the job's log.
    pub(crate) fn run(
        self,
        context: &Context,
        output: &Output,
        (names, jobs, language): (Names, Jobs, Language),
        left: &Left,
    ) -> Result<Done, Failure> {
        let what = match self {
            Self::Text(source) => compile(&source).map(|program| What::Statements(Arc::new(program))),
            Self::Background(source) => {
                left.set(names.clone(), None);
                let job: AnyJob = start::typed(compile(&source)?, names, &jobs, language)?;
                return Ok(Done::of(Value::plain(Dynamic::from(job))));
            }
            Self::TextOf(value) => {
                let function = FnPtr::new("to_string").expect("it is the name of a function");
                Ok(What::Call { function: Value::plain(Dynamic::from(function)), arguments: vec![value] })
            }
        };
        match what {
            Ok(what) => Work { what, names, jobs, language }.in_foreground(context, output, left),
            Err(failure) => {
                left.set(names, None);
                Err(failure)
            }
        }
    }
}

fn compile(source: &Arc<Source>) -> Result<Program, Failure> {
    Program::statements(Arc::clone(source)).map_err(|refusal| failure::syntax(&refusal, source))
}
