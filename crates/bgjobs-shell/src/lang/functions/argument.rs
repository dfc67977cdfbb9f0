//! A string that is passed to a function.
//!
//! Knows none of the functions.

use rhai::Dynamic;

use crate::lang::{
    error::{Result, error},
    values::type_name::text,
};

/// The string that was passed to a function; `what` it is there for an error.
pub(super) fn string(function: &str, what: &str, value: &Dynamic) -> Result<String> {
    Ok(text(value).map_err(|kind| {
        // Other values are long, or have no text.
        let is_short = value.is_int() || value.is_float() || value.is_bool() || value.is_unit();
        let shown = if is_short { value.to_string() } else { "..".to_owned() };
        error(format!("{function}({shown}): {what} must be a string, not of type {kind}"))
    })?)
}
