//! Rhai's errors as failures of jobs: a message, and frames that show the user's own functions and lines.

use std::sync::Arc;

use bgjobs::{Failure, Frame};
use rhai::{EvalAltResult, ImmutableString, ParseError, Position};

use super::{
    evaluation::Evaluation,
    kind::in_words,
    live::Busy,
    names::Names,
    show,
    source::Source,
    stack::{CALL_LEVELS, Stack},
};

/// How many frames are shown from the beginning, and how many from the end.
const MOST_FRAMES: usize = 12;

/// How much is shown of what was thrown, in characters.
const LONGEST_MESSAGE: usize = 10_000;

/// How much of a line is shown, in characters.
const LONGEST_LINE: usize = 160;

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
                return stopped(evaluation, shortened(frames));
            }
            error => {
                let frames = shortened(frames);
                let failure = Failure::new(message(&error, evaluation.cells().names()));
                return if frames.is_empty() { failure } else { failure.with_frames(frames) };
            }
        }
    }
}

/// That of a job that was asked to stop.
pub(super) fn stopped(evaluation: &Evaluation, frames: Vec<Frame>) -> Failure {
    let reason = evaluation.context.job().stop_reason();
    let failure = Failure::stopped(reason.as_deref().unwrap_or_default());
    if frames.is_empty() { failure } else { failure.with_frames(frames) }
}

/// The first and the last of many frames.
fn shortened(mut frames: Vec<Frame>) -> Vec<Frame> {
    if frames.len() > 2 * MOST_FRAMES {
        let left_out = frames.len() - 2 * MOST_FRAMES;
        let note = Frame { source: Some(format!("... {left_out} more ...")), ..Frame::default() };
        frames.splice(MOST_FRAMES..MOST_FRAMES + left_out, [note]);
    }
    // A call by Rust code, as that of a function value by `map`, stands at the same place as the method.
    frames.dedup_by(|a, b| (&a.source, a.line, a.column) == (&b.source, b.line, b.column));
    frames
}

/// The failure of the call of a function; it shows at least where that is.
pub(super) fn of_call(error: EvalAltResult, evaluation: &Evaluation, function: &str) -> Failure {
    let failure = failure(error, evaluation, None);
    let cells = evaluation.cells();
    let Some((source, position)) = cells.names().place_of(function) else { return failure };
    let place = Place { source: Some(Arc::clone(source)), function: shown(function) };
    failure.with_frames(place.frame(position, |source| source.name.to_string()).into_iter().collect())
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
fn message(error: &EvalAltResult, names: &Names) -> String {
    match error {
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("Stack overflow: more than {CALL_LEVELS} calls inside each other")
        }
        EvalAltResult::ErrorTerminated(..) => {
            "Stack overflow: the calls inside each other need too much memory".to_owned()
        }
        EvalAltResult::ErrorDataRace(..) => format!("a variable that the function captured is in use: {Busy}"),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            not_found(signature, names).unwrap_or_else(|| in_words(&format!("Function not found: {signature}")))
        }
        EvalAltResult::ErrorRuntime(thrown, _) => {
            let text = match thrown.read_lock::<ImmutableString>() {
                Some(text) => text.to_string(),
                None => show::data(thrown, names),
            };
            match text.char_indices().nth(LONGEST_MESSAGE) {
                Some((place, _)) => format!("{} …", &text[..place]),
                None => text,
            }
        }
        _ => {
            let text = error.to_string();
            let position = error.position();
            in_words(if position.is_none() { &text } else { text.trim_end_matches(&format!(" ({position})")) })
        }
    }
}

/// Why a call found no function, if the name is known to the prompt.
fn not_found(signature: &str, names: &Names) -> Option<String> {
    let name = signature.split(" (").next()?;
    if names.variable(name).is_some_and(|value| value.data().is_fnptr()) {
        return Some(format!("`{name}` is a variable that holds a function: write {name}.call(..)"));
    }
    let parameters: Vec<_> = names.function(name)?.params.iter().map(ImmutableString::as_str).collect();
    let many = match parameters.len() {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    };
    Some(format!("`{name}` takes {many}: fn {name}({})", parameters.join(", ")))
}

/// The part of a long line around a column, and the column in it.
fn window(line: &str, column: usize) -> (Option<String>, Option<usize>) {
    let length = line.chars().count();
    if length <= LONGEST_LINE {
        return (Some(line.to_owned()), Some(column));
    }
    let start = column.saturating_sub(LONGEST_LINE / 2).min(length - LONGEST_LINE);
    let part: String = line.chars().skip(start).take(LONGEST_LINE).collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if start + LONGEST_LINE < length { "…" } else { "" });
    (Some(format!("{before}{part}{after}")), Some(column - start + before.chars().count()))
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
        let (text, column) = match source.line(line) {
            Some(text) => window(text, position.position().unwrap_or(1)),
            None => (None, position.position()),
        };
        Some(Frame {
            function: self.function.clone(),
            source: Some(title(source)),
            line: number(Some(line)),
            column: number(column),
            text,
        })
    }
}
