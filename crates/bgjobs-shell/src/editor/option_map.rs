//! Whether the end of a text stands in a map of options, and where in it.
//!
//! Knows nothing of which options exist.

use crate::lang::{Kind, is_of_word, opening};

/// A place in a map of options.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The name of an option of a map that the function or the option `taker` takes.
    Name { taker: String },
    /// The value of an option, or an item of an array that is its value.
    Value { option: String },
}

/// The place at the end of some code; `taker` takes a map that the code begins with.
pub(super) fn place(code: &[(char, Kind)], taker: Option<&str>) -> Option<Place> {
    let open = opening(code)?;
    let (before, inside) = (&code[..open], &code[open + 1..]);
    let entry = entry(inside)?;
    match code[open].0 {
        '[' if entry.is_empty() => place(before, taker).filter(|place| matches!(place, Place::Value { .. })),
        '{' => {
            let before = before.strip_suffix(&[('#', Kind::Code)])?;
            let taker = map_taker(before, taker)?;
            match entry.split_once(':') {
                None if entry.is_empty() => Some(Place::Name { taker }),
                Some((option, "")) => Some(Place::Value { option: option.trim_end().to_owned() }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What stands after the last comma; none if that has strings or brackets.
fn entry(inside: &[(char, Kind)]) -> Option<String> {
    let mut entry = Some(String::new());
    let mut depth = 0_usize;
    for &(c, kind) in inside {
        match (kind, c) {
            (Kind::Comment, _) => {}
            (Kind::Code, ',') if depth == 0 => entry = Some(String::new()),
            (Kind::Code, '(' | '[' | '{') => (depth, entry) = (depth + 1, None),
            (Kind::Code, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (Kind::Quoted(_), _) => entry = None,
            (Kind::Code, c) => {
                if let Some(entry) = &mut entry {
                    entry.push(c);
                }
            }
        }
    }
    entry.map(|entry| entry.trim().to_owned())
}

/// The name of the method or the option that takes a map after this code.
fn map_taker(before: &[(char, Kind)], taker: Option<&str>) -> Option<String> {
    let Some(open) = opening(before) else {
        let is_start = before.iter().all(|(c, _)| c.is_whitespace());
        return taker.filter(|_| is_start).map(str::to_owned);
    };
    if before[open].0 != '(' {
        return match place(before, taker)? {
            Place::Value { option } => Some(option),
            Place::Name { .. } => None,
        };
    }
    let call: String = before[..open].iter().map(|(c, _)| c).collect();
    let name = call.trim_end_matches(is_of_word).len();
    call[..name].ends_with('.').then(|| call[name..].to_owned())
}
