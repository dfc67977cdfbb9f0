//! The messages of JSON-RPC 2.0, one a line.
//!
//! Knows nothing of methods.

use serde_json::{Value as Json, json};

/// The codes of errors, as JSON-RPC numbers them.
pub(super) const NO_JSON: i32 = -32700;
pub(super) const NO_REQUEST: i32 = -32600;
pub(super) const NO_METHOD: i32 = -32601;
pub(super) const INVALID_PARAMETERS: i32 = -32602;
pub(super) const INTERNAL: i32 = -32603;

/// What asks for an answer.
pub(super) struct Request {
    /// A number or a text.
    pub(super) id: Json,
    pub(super) method: String,
    pub(super) parameters: Json,
}

/// Why there is no answer.
pub(super) struct Refusal {
    code: i32,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn reply(&self, id: &Json) -> Json {
        json!({"jsonrpc": "2.0", "id": id, "error": {"code": self.code, "message": self.message}})
    }
}

/// Reads a message; `None` if it asks for no answer: a notification, or an answer itself.
pub(super) fn read(line: &[u8]) -> Result<Option<Request>, Refusal> {
    let mut message: Json =
        serde_json::from_slice(line).map_err(|error| Refusal::new(NO_JSON, format!("this is no JSON: {error}")))?;
    let wrong = |text: &str| Err(Refusal::new(NO_REQUEST, text));
    if !message.is_object() {
        return wrong("a message is an object; batches are not supported");
    }
    if message["jsonrpc"] != "2.0" {
        return wrong("`jsonrpc` is not \"2.0\"");
    }
    let (id, method) = (message.get("id").cloned(), message.get("method").cloned());
    match (id, method) {
        (None, Some(Json::String(_))) => Ok(None),
        (Some(_), None) if message.get("result").or(message.get("error")).is_some() => Ok(None),
        (Some(id @ (Json::Number(_) | Json::String(_))), Some(Json::String(method))) => {
            Ok(Some(Request { id, method, parameters: message["params"].take() }))
        }
        (_, Some(Json::String(_))) => wrong("`id` is neither a number nor a text"),
        _ => wrong("`method` is no text"),
    }
}
