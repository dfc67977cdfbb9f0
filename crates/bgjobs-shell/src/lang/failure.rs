//! Rhai's errors as failures of jobs: a message, and frames that show the user's own functions and lines.

use std::sync::Arc;

use bgjobs::{Failure, Frame};
use rhai::{EvalAltResult, ParseError, Position};

use super::{engine::CALL_LEVELS, evaluation::Evaluation, source::Source, stack::Stack};

/// The failure of a text, or, without one, of a call.
pub(super) fn failure(mut error: EvalAltResult, evaluation: &Evaluation, source: Option<&Arc<Source>>) -> Failure {
    let mut frames = Vec::new();
    let mut place = Place { source: source.cloned(), function: None };
    loop {
        frames.extend(place.frame(error.position(), |source| evaluation.title(source)));
        match error {
            EvalAltResult::ErrorInFunctionCall(function, source, inner, _) => {
                place = Place { source: evaluation.source(&source).or(place.source), function: shown(&function) };
                error = *inner;
            }
            EvalAltResult::ErrorTerminated(token, _) if !token.is::<Stack>() => {
                let reason = evaluation.context.job().stop_reason();
                return Failure::stopped(reason.as_deref().unwrap_or_default()).with_frames(frames);
            }
            error => {
                // A call by Rust code, as that of a function value by `map`, stands at the same place as the method.
                frames.dedup_by(|a, b| (&a.source, a.line, a.column) == (&b.source, b.line, b.column));
                return Failure::new(message(&error)).with_frames(frames);
            }
        }
    }
}

/// The failure of a text that did not compile.
pub(super) fn syntax(error: &ParseError, source: &Arc<Source>) -> Failure {
    let place = Place { source: Some(Arc::clone(source)), function: None };
    let frames = place.frame(error.position(), |source| source.name.to_string()).into_iter().collect();
    Failure::new(format!("Syntax error: {}", error.err_type())).with_frames(frames)
}

/// What a function is called in tracebacks.
fn shown(function: &str) -> Option<String> {
    match function {
        "" => None,
        _ if function.starts_with("anon$") => Some("a closure".to_owned()),
        _ => Some(function.to_owned()),
    }
}

/// What went wrong, without where.
fn message(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("Stack overflow: more than {CALL_LEVELS} calls inside each other")
        }
        EvalAltResult::ErrorTerminated(..) => {
            "Stack overflow: the calls inside each other need too much memory".to_owned()
        }
        EvalAltResult::ErrorRuntime(thrown, _) if !thrown.is_unit() => thrown.to_string(),
        _ => {
            let text = error.to_string();
            let position = error.position();
            if position.is_none() { text } else { text.trim_end_matches(&format!(" ({position})")).to_owned() }
        }
    }
}

struct Place {
    source: Option<Arc<Source>>,
    function: Option<String>,
}

impl Place {
    /// The frame of a position, if there is one to show; `title` is what its source is called.
    fn frame(&self, position: Position, title: impl Fn(&Arc<Source>) -> String) -> Option<Frame> {
        let source = self.source.as_ref()?;
        let number = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
        let line = position.line()?;
        Some(Frame {
            function: self.function.clone(),
            source: Some(title(source)),
            line: number(Some(line)),
            column: number(position.position()),
            text: source.line(line).map(str::to_owned),
        })
    }
}
