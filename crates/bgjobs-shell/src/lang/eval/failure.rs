//! Rhai's errors as failures of jobs: a message, and frames that show the user's own functions and lines.

use std::sync::Arc;

use bgjobs::{Failure, Frame};
use rhai::{EvalAltResult, ImmutableString, ParseError};

use super::{
    evaluation::Evaluation,
    stack::{CALL_LEVELS, Stack},
};
use crate::lang::{
    read::source::Source,
    show,
    trace::frames::{Site, shortened, shown},
    values::{cell::Busy, names::Names, type_name::in_words},
};

/// How much is shown of what was thrown, in characters.
const LONGEST_MESSAGE: usize = 10_000;

/// A function that an error came through, which may be one in Rust, or the text outside of functions.
pub(crate) struct Level {
    /// None outside of functions.
    pub(crate) function: Option<ImmutableString>,
    /// Where it was.
    pub(crate) frame: Option<Frame>,
}

/// The failure of a text, or, without one, of a call; with all that it came through, outermost first.
pub(crate) fn failure(
    mut error: EvalAltResult,
    evaluation: &Evaluation,
    source: Option<&Arc<Source>>,
) -> (Failure, Vec<Level>) {
    let (mut frames, mut levels) = (Vec::new(), vec![Level { function: None, frame: None }]);
    let mut site = Site { source: source.cloned(), function: None };
    loop {
        let frame = site.frame(error.position(), |source| evaluation.title(source));
        if let (Some(level), Some(frame)) = (levels.last_mut(), &frame) {
            level.frame.get_or_insert_with(|| frame.clone());
        }
        frames.extend(frame);
        match error {
            EvalAltResult::ErrorInFunctionCall(function, source, inner, _) => {
                site = Site { source: evaluation.source(&source).or(site.source), function: shown(&function) };
                if !function.is_empty() {
                    levels.push(Level { function: Some(function.into()), frame: None });
                }
                error = *inner;
            }
            EvalAltResult::ErrorTerminated(token, _) if !token.is::<Stack>() => {
                return (stopped(evaluation, shortened(frames)), levels);
            }
            error => {
                let frames = shortened(frames);
                let failure = Failure::new(message(&error, evaluation.cells().names()));
                return (if frames.is_empty() { failure } else { failure.with_frames(frames) }, levels);
            }
        }
    }
}

/// That of a job that was asked to stop.
pub(crate) fn stopped(evaluation: &Evaluation, frames: Vec<Frame>) -> Failure {
    let reason = evaluation.context.job().stop_reason();
    let failure = Failure::stopped(reason.as_deref().unwrap_or_default());
    if frames.is_empty() { failure } else { failure.with_frames(frames) }
}

/// The failure of the call of a function; it shows at least where that is.
pub(crate) fn of_call(error: EvalAltResult, evaluation: &Evaluation, function: &str) -> (Failure, Vec<Level>) {
    let (failure, levels) = failure(error, evaluation, None);
    let cells = evaluation.cells();
    let Some((source, position)) = cells.names().place_of(function) else { return (failure, levels) };
    let site = Site { source: Some(Arc::clone(source)), function: shown(function) };
    let frames = site.frame(position, |source| source.name.to_string()).into_iter().collect();
    (failure.with_frames(frames), levels)
}

/// The failure of a text that did not compile.
pub(crate) fn syntax(error: &ParseError, source: &Arc<Source>) -> Failure {
    let site = Site { source: Some(Arc::clone(source)), function: None };
    let frames = site.frame(error.position(), |source| source.name.to_string()).into_iter().collect();
    Failure::new(format!("Syntax error: {}", error.err_type())).with_frames(frames)
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
