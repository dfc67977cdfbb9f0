//! A line that was typed: it is compiled on the thread that evaluates it, which has the stack for deep texts.

use std::sync::Arc;

use bgjobs::{AnyJob, Context, Failure};
use rhai::{Dynamic, FnPtr};

use super::{
    evaluation::Output,
    failure,
    jobs::Jobs,
    language::Language,
    names::Names,
    program::Program,
    source::Source,
    start,
    value::Value,
    work::{Ended, What, Work},
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
    /// Evaluates, on a thread with a stack of [`STACK_SIZE`](super::STACK_SIZE) bytes.
    pub(crate) fn run(self, context: &Context, output: Output, names: Names, jobs: Jobs, language: Language) -> Ended {
        let what = match self {
            Self::Text(source) => compile(&source).map(What::Statements),
            Self::Background(source) => {
                let job = compile(&source).and_then(|program| start::typed(program, names.clone(), &jobs, language));
                return Ended { value: job.map(|job: AnyJob| Value::plain(Dynamic::from(job))), names };
            }
            Self::TextOf(value) => {
                let function = FnPtr::new("to_string").expect("it is the name of a function");
                Ok(What::Call { function: Value::plain(Dynamic::from(function)), arguments: vec![value] })
            }
        };
        match what {
            Ok(what) => Work { what, names, jobs, language }.run(context, output),
            Err(failure) => Ended { value: Err(failure), names },
        }
    }
}

fn compile(source: &Arc<Source>) -> Result<Program, Failure> {
    Program::statements(Arc::clone(source)).map_err(|refusal| failure::syntax(&refusal, source))
}
