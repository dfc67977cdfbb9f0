//! Python's `{"x": 1}`, which Rhai reads as a block of statements: how to write it as a map.
//!
//! Knows only the text, and where the error is.

use super::scan::{Kind, opening};

/// The longest map that the hint repeats, in characters.
const LONGEST_MAP: usize = 80;

type Scanned<'a> = &'a [(char, Kind)];

/// The hint, if the error is at the first colon of a map.
pub(crate) fn hint(scan: Scanned<'_>, colon: usize) -> Option<String> {
    let is_code = |index: usize, wanted| scan.get(index) == Some(&(wanted, Kind::Code));
    if !is_code(colon, ':') || is_code(colon + 1, ':') {
        return None;
    }
    let open = opening(&scan[..colon]).filter(|&open| scan[open].0 == '{')?;
    key(&scan[open + 1..colon])?;
    // A pasted map may be huge.
    let part = &scan[open..scan.len().min(open + 2 * LONGEST_MAP)];
    let map = map(part).map(|(map, _)| map).filter(|map| map.chars().count() <= LONGEST_MAP);
    Some(format!("a map begins with `#`: write {}", map.unwrap_or_else(|| "#{x: 1}".to_owned())))
}

/// The map at the start of a text, in Rhai's form, and how many characters it has in the text.
fn map(scan: Scanned<'_>) -> Option<(String, usize)> {
    let close = (1..scan.len()).find(|&end| scan[end] == ('}', Kind::Code) && opening(&scan[1..end]).is_none())?;
    let entries = split(&scan[1..close], ',').into_iter().filter(|entry| !trim(entry).is_empty());
    let entries = entries.map(|entry| match split(entry, ':')[..] {
        [name, inside] => Some(format!("{}: {}", key(name)?, value(inside))),
        _ => None,
    });
    let entries = entries.collect::<Option<Vec<_>>>()?;
    Some((format!("#{{{}}}", entries.join(", ")), close + 1))
}

/// A value, with any maps inside it in Rhai's form.
fn value(scan: Scanned<'_>) -> String {
    let mut text = String::new();
    let mut rest = trim(scan);
    while let [(c, kind), after @ ..] = rest {
        let inner = if (*c, *kind) == ('{', Kind::Code) && !text.ends_with('#') { map(rest) } else { None };
        if let Some((map, length)) = inner {
            text.push_str(&map);
            rest = &rest[length..];
        } else {
            text.push(*c);
            rest = after;
        }
    }
    text
}

/// A key: a string, a name or a number.
fn key(scan: Scanned<'_>) -> Option<String> {
    let whole: String = trim(scan).iter().map(|&(c, _)| c).collect();
    let is_string = whole.len() > 1 && trim(scan).iter().all(|(_, kind)| matches!(kind, Kind::Quoted(_)));
    let name = if is_string { &whole[1..whole.len() - 1] } else { &whole };
    if rhai::is_valid_identifier(name) {
        return Some(name.to_owned());
    }
    (is_string || name.parse::<f64>().is_ok()).then(|| format!("{name:?}"))
}

/// The parts between the separators outside of brackets.
fn split(scan: Scanned<'_>, at: char) -> Vec<Scanned<'_>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, &(c, kind)) in scan.iter().enumerate() {
        if c == at && kind == Kind::Code && opening(&scan[start..index]).is_none() {
            parts.push(&scan[start..index]);
            start = index + 1;
        }
    }
    parts.push(&scan[start..]);
    parts
}

fn trim(scan: Scanned<'_>) -> Scanned<'_> {
    let is_space = |&(c, _): &(char, Kind)| c.is_whitespace();
    let start = scan.iter().position(|c| !is_space(c)).unwrap_or(scan.len());
    let end = scan.iter().rposition(|c| !is_space(c)).map_or(start, |last| last + 1);
    &scan[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::read::scan::scan;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let scan = scan(text).chars;
        let colon = scan.iter().position(|&c| c == (':', Kind::Code)).expect("there is a colon");
        let expected = expected.map(|map| format!("a map begins with `#`: write {map}"));
        assert_eq!(hint(&scan, colon), expected);
    }

    #[test]
    fn a_python_dict_gets_a_hint() {
        check("{\"x\": 1}", Some("#{x: 1}"));
        check("jobs.new('x', {'x': f(1, 2), \"y z\": [3, 4],})", Some("#{x: f(1, 2), \"y z\": [3, 4]}"));
        check("m = {a: {1: \"b: c\"}}", Some("#{a: #{\"1\": \"b: c\"}}"));
        check("{x: [1, {'y': f(|z| { z })}, #{a: 1}], z: {}}", Some("#{x: [1, #{y: f(|z| { z })}, #{a: 1}], z: #{}}"));
        check("{\"x\": 1", Some("#{x: 1}"));
        check(&format!("{{x: {}}}", "y".repeat(100)), Some("#{x: 1}"));
    }

    #[test]
    fn other_colons_get_no_hint() {
        for text in ["{ a::b }", "x: 1", "(x: 1)", "{ f(x): 1 }", "{ : 1 }"] {
            check(text, None);
        }
    }
}
