//! Rhai's errors as failures of jobs: a message, and frames with the user's own functions and lines.

use std::sync::Arc;

use bgjobs::{Failure, Frame, Stopped};
use rhai::{EvalAltResult, ImmutableString, ParseError};

use super::{
    evaluation::Evaluation,
    stack::{CALL_LEVELS, StackLimit},
};
use crate::lang::{
    error::Exit,
    read::source::Source,
    show,
    trace::frames::{Site, shortened, shown},
    values::{cell::Busy, language::Language, names::Names, type_name::reworded},
};
use crate::text::shortened as cut;

/// How much of a thrown value is shown, in characters.
const LONGEST_MESSAGE: usize = 10_000;

/// A call that an error came through: of the user's function, of one in Rust, or the text outside of functions.
pub(crate) struct Level {
    /// None outside of functions.
    pub(crate) function: Option<ImmutableString>,
    /// Where it was.
    pub(crate) frame: Option<Frame>,
}

/// Why an evaluation failed: the message and the frames of its failure, and the calls that the error came through.
pub(crate) struct Fault {
    pub(crate) message: String,
    /// Set if it was asked to stop.
    pub(crate) stopped: Option<Stopped>,
    /// Set if it asked to leave: the exit status.
    pub(crate) exit: Option<u8>,
    pub(crate) frames: Vec<Frame>,
    /// Outermost first.
    pub(crate) levels: Vec<Level>,
}

impl Fault {
    /// The fault behind an error in a text, or without one in a call.
    pub(crate) fn new(mut error: EvalAltResult, evaluation: &Evaluation, source: Option<&Arc<Source>>) -> Self {
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
                EvalAltResult::ErrorTerminated(token, _) if token.is::<Exit>() => {
                    let exit = Some(token.cast::<Exit>().0);
                    return Self { message: String::new(), stopped: None, exit, frames: Vec::new(), levels };
                }
                EvalAltResult::ErrorTerminated(token, _) if !token.is::<StackLimit>() => {
                    return Self { frames: shortened(frames), levels, ..Self::stopped(evaluation) };
                }
                error => {
                    let message = message(&error, evaluation.cells().names(), &evaluation.language);
                    return Self { message, stopped: None, exit: None, frames: shortened(frames), levels };
                }
            }
        }
    }

    /// The fault of a job that was asked to stop.
    pub(crate) fn stopped(evaluation: &Evaluation) -> Self {
        let stopped = evaluation.context.check().err();
        Self { message: String::new(), stopped, exit: None, frames: Vec::new(), levels: Vec::new() }
    }

    /// The fault behind an error in a call of a function; its frames at least show where the function is.
    pub(crate) fn of_call(error: EvalAltResult, evaluation: &Evaluation, function: &str) -> Self {
        let mut fault = Self::new(error, evaluation, None);
        let cells = evaluation.cells();
        if fault.frames.is_empty()
            && let Some((source, position)) = cells.names().definition(function)
        {
            let site = Site { source: Some(Arc::clone(source)), function: shown(function) };
            fault.frames.extend(site.frame(position, |source| source.name.to_string()));
        }
        fault
    }
}

/// The failure of a text that did not compile.
pub(crate) fn syntax(error: &ParseError, source: &Arc<Source>) -> Failure {
    let site = Site { source: Some(Arc::clone(source)), function: None };
    let frames = site.frame(error.position(), |source| source.name.to_string()).into_iter().collect();
    Failure::new(format!("Syntax error: {}", error.err_type())).with_frames(frames)
}

/// What went wrong, without where.
fn message(error: &EvalAltResult, names: &Names, language: &Language) -> String {
    match error {
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("Stack overflow: more than {CALL_LEVELS} nested calls")
        }
        EvalAltResult::ErrorTerminated(..) => "Stack overflow: the nested calls need too much memory".to_owned(),
        EvalAltResult::ErrorDataRace(..) => format!("a variable that the function captured is in use: {Busy}"),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => not_found(signature, names, language),
        EvalAltResult::ErrorRuntime(thrown, _) => {
            let text = match thrown.read_lock::<ImmutableString>() {
                Some(text) => text.to_string(),
                None => show::data(thrown, names),
            };
            cut(&text, LONGEST_MESSAGE, " …").into_owned()
        }
        _ => {
            let text = error.to_string();
            let position = error.position();
            reworded(if position.is_none() { &text } else { text.trim_end_matches(&format!(" ({position})")) })
        }
    }
}

/// Why a call found no function.
fn not_found(signature: &str, names: &Names, language: &Language) -> String {
    let name = signature.split(" (").next().unwrap_or(signature);
    called_otherwise(name, names).unwrap_or_else(|| {
        let text = reworded(&format!("Function not found: {signature}"));
        if language.has_function(name) { format!("{text}; `?{name}` says what it takes") } else { text }
    })
}

/// How a name of the prompt is called.
fn called_otherwise(name: &str, names: &Names) -> Option<String> {
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
