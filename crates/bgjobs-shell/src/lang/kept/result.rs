//! What comes back from another process: a value, or where an evaluation failed.
//!
//! Knows nothing of what was evaluated.

use bgjobs::{Failure, Frame};
use rhai::FnPtr;
use serde_json::{Value as Json, json};

use super::tagged;
use crate::lang::values::value::{Captures, Value};

/// A value.
///
/// # Errors
///
/// What the value holds that can't leave this process.
pub(crate) fn of_value(value: &Value) -> Result<Vec<u8>, String> {
    // One that captured something, or has no name, means nothing without the names of this process.
    let mut named = |pointer: &FnPtr| {
        if pointer.is_anonymous() || pointer.is_curried() {
            return Err("a function that only this process has".to_owned());
        }
        Ok(json!({"function": pointer.fn_name()}))
    };
    let value = tagged::write(value.data(), &mut named)?;
    Ok(json!({"value": value}).to_string().into_bytes())
}

/// Where an evaluation failed; the message is told elsewhere.
pub(crate) fn of_failure(failure: &Failure) -> Vec<u8> {
    json!({"frames": failure.frames()}).to_string().into_bytes()
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Given {
    Value(Value),
    /// The frames of a failure.
    Frames(Vec<Frame>),
}

/// Reads what comes back; `None` if it was not written like this.
pub(crate) fn given(bytes: &[u8]) -> Option<Given> {
    let json: Json = serde_json::from_slice(bytes).ok()?;
    if let Some(value) = json.get("value") {
        let mut named = |json: &Json| FnPtr::new(json.get("function")?.as_str()?).ok();
        return Some(Given::Value(Value::new(tagged::read(value, &mut named)?, Captures::Nothing)));
    }
    let text = |frame: &Json, name: &str| frame.get(name).and_then(Json::as_str).map(str::to_owned);
    let number = |frame: &Json, name: &str| frame.get(name).and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok());
    let frame = |frame: &Json| Frame {
        function: text(frame, "function"),
        source: text(frame, "source"),
        line: number(frame, "line"),
        column: number(frame, "column"),
        text: text(frame, "text"),
    };
    Some(Given::Frames(json.get("frames")?.as_array()?.iter().map(frame).collect()))
}
