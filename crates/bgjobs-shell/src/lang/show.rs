//! Values as text, in the form in which they are typed.

use std::fmt::{self, Write};

use bgjobs::{AnyJob, Group};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{
    jobs::Jobs,
    values::{names::Names, shared::SharedValue, value::Value},
};

/// How many items of a list are shown.
const MOST_ITEMS: usize = 1_000;

/// How many levels of nested lists are shown.
const MOST_LEVELS: usize = 50;

/// The level at which a shared value begins; its own lists are shown in the remaining levels.
const INSIDE_SHARED: usize = MOST_LEVELS - 10;

/// A value as text: strings in quotes, functions with the names of their parameters.
#[must_use]
pub fn show(value: &Value, names: &Names) -> String {
    data(value.data(), names)
}

/// Whether only a function of the value's own type can show it.
pub(crate) fn is_opaque(value: &Value) -> bool {
    let data = value.data();
    let known = data.is_unit()
        || data.is_bool()
        || data.is_int()
        || data.is_float()
        || data.is_char()
        || data.is_string()
        || data.is_array()
        || data.is_map()
        || data.is_blob()
        || data.is_fnptr()
        || data.is::<AnyJob>()
        || data.is::<Group>()
        || data.is::<Jobs>()
        || data.is::<SharedValue>();
    !known
}

/// A value in use as text.
pub(super) fn data(value: &Dynamic, names: &Names) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_value(&mut text, value, names, 0);
    text
}

/// A function value as text.
pub(super) fn function(function: &FnPtr, names: &Names) -> String {
    let name = function.fn_name();
    let known = names.function(name);
    let parameters = known.map(|known| known.params.iter().skip(function.curry().len()).map(ImmutableString::as_str));
    let parameters = parameters.map(|parameters| parameters.collect::<Vec<_>>().join(", "));
    match (function.is_anonymous(), parameters) {
        (true, parameters) => format!("|{}| ..", parameters.unwrap_or_default()),
        (false, Some(parameters)) => format!("fn {name}({parameters})"),
        (false, None) => format!("fn {name}"),
    }
}

fn write_value(out: &mut String, value: &Dynamic, names: &Names, level: usize) -> fmt::Result {
    if level > MOST_LEVELS {
        return out.write_char('…');
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        write_quoted(out, &format!("{:?}", text.as_str()))
    } else if let Ok(character) = value.as_char() {
        write_quoted(out, &format!("{character:?}"))
    } else if let Some(array) = value.read_lock::<Array>() {
        write_items(out, ("[", "]"), array.len(), array.iter(), |out, item| write_value(out, item, names, level + 1))
    } else if let Some(map) = value.read_lock::<Map>() {
        write_items(out, ("#{", "}"), map.len(), map.iter(), |out, (key, item)| {
            if rhai::is_valid_identifier(key) {
                write!(out, "{key}: ")?;
            } else {
                write_quoted(out, &format!("{:?}", key.as_str()))?;
                out.write_str(": ")?;
            }
            write_value(out, item, names, level + 1)
        })
    } else if let Some(pointer) = value.read_lock::<FnPtr>() {
        out.write_str(&function(&pointer, names))
    } else if let Some(job) = value.read_lock::<AnyJob>() {
        write!(out, "{:?}", *job)
    } else if let Some(group) = value.read_lock::<Group>() {
        write!(out, "<group {}>", *group)
    } else if let Some(shared) = value.read_lock::<SharedValue>() {
        // A shared value may contain itself, or many may contain each other.
        let level = if level < INSIDE_SHARED { INSIDE_SHARED } else { MOST_LEVELS };
        out.write_str("shared(")?;
        write_value(out, shared.value().data(), names, level + 1)?;
        out.write_char(')')
    } else if let Some(jobs) = value.read_lock::<Jobs>() {
        out.write_str(jobs.handle.status().to_string().trim_end())
    } else if value.is_unit() {
        out.write_str("()")
    } else {
        write!(out, "{value}")
    }
}

/// Writes a text that Rust has quoted, with Rhai's escapes for invisible characters.
fn write_quoted(out: &mut String, quoted: &str) -> fmt::Result {
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some('0')) => {
                rest.next();
                out.write_str("\\x00")?;
            }
            ('\\', Some('u')) => {
                let number: String = rest.by_ref().skip(2).take_while(|&c| c != '}').collect();
                match number.len() {
                    ..=2 => write!(out, "\\x{number:0>2}")?,
                    3..=4 => write!(out, "\\u{number:0>4}")?,
                    _ => write!(out, "\\U{number:0>8}")?,
                }
            }
            ('\\', Some(escaped)) => {
                rest.next();
                write!(out, "\\{escaped}")?;
            }
            _ => out.write_char(c)?,
        }
    }
    Ok(())
}

fn write_items<T>(
    out: &mut String,
    (open, close): (&str, &str),
    count: usize,
    items: impl Iterator<Item = T>,
    mut write_item: impl FnMut(&mut String, T) -> fmt::Result,
) -> fmt::Result {
    out.write_str(open)?;
    for (index, item) in items.take(MOST_ITEMS).enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        write_item(out, item)?;
    }
    if count > MOST_ITEMS {
        write!(out, ", … {} more", count - MOST_ITEMS)?;
    }
    out.write_str(close)
}
