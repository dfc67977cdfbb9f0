//! The value that some code ends in: what it begins with, and the path from there.
//!
//! Knows nothing of which values exist.

use crate::lang::{Kind, Root, Segment, is_of_word, opening};

/// The code before a dot, if a dot is the last code.
pub(super) fn dotted(code: &[(char, Kind)]) -> Option<&[(char, Kind)]> {
    let code = without(code, '.')?;
    // Two dots make a range.
    without(code, '.').is_none().then(|| without(code, '?').unwrap_or(code))
}

/// The code before a character, if that is the last code.
pub(super) fn without(code: &[(char, Kind)], last: char) -> Option<&[(char, Kind)]> {
    let end = code.iter().rposition(|&(c, kind)| kind == Kind::Code && !c.is_whitespace())?;
    // Only white space and comments may follow it.
    let is_last = code[end..].iter().all(|(_, kind)| !matches!(kind, Kind::Quoted(_)));
    (is_last && code[end].0 == last).then(|| &code[..end])
}

/// A value: what it begins with, and the path from there to it.
pub(super) type Path = (Root, Vec<Segment>);

/// The value at the end of the code.
pub(super) fn path(mut code: &[(char, Kind)]) -> Option<Path> {
    let mut path = Vec::new();
    let from = |root, mut path: Vec<_>| {
        path.reverse();
        Some((root, path))
    };
    loop {
        if let Some(inside) = without(code, ']') {
            let open = opening(inside).filter(|&open| inside[open].0 == '[')?;
            if !ends_in_value(&inside[..open]) {
                return from(Root::Array, path);
            }
            path.push(segment(&inside[open + 1..]));
            code = &inside[..open];
            continue;
        }
        if let Some(inside) = without(code, '}') {
            let before = &inside[..opening(inside).filter(|&open| inside[open].0 == '{')?];
            return before.ends_with(&[('#', Kind::Code)]).then(|| from(Root::Map, path)).flatten();
        }
        if matches!(code.last(), Some((_, Kind::Quoted(_)))) {
            return from(Root::String, path);
        }
        let called = match without(code, ')') {
            Some(inside) => Some(&inside[..opening(inside).filter(|&open| inside[open].0 == '(')?]),
            None => None,
        };
        let (before, name) = last_name(called.unwrap_or(code))?;
        let Some(value) = dotted(before) else {
            return from(if called.is_some() { Root::Call(name) } else { Root::Name(name) }, path);
        };
        path.push(if called.is_some() { Segment::Call(name) } else { Segment::Name(name) });
        code = value;
    }
}

/// The name that the code ends in, and the code before it.
fn last_name(code: &[(char, Kind)]) -> Option<(&[(char, Kind)], String)> {
    let start = code.iter().rposition(|&(c, kind)| kind != Kind::Code || !is_of_word(c)).map_or(0, |index| index + 1);
    let name: String = code[start..].iter().map(|(c, _)| c).collect();
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then(|| (&code[..start], name))
}

/// The function whose first argument begins at the end of the code; none if it is a method.
pub(super) fn callee(code: &[(char, Kind)]) -> Option<String> {
    let (before, name) = last_name(without(code, '(')?)?;
    dotted(before).is_none().then_some(name)
}

/// Whether a bracket after this code takes an item of a value.
fn ends_in_value(code: &[(char, Kind)]) -> bool {
    let last = code.iter().rfind(|(c, kind)| *kind != Kind::Comment && !c.is_whitespace());
    last.is_some_and(|&(c, kind)| kind != Kind::Code || is_of_word(c) || matches!(c, ')' | ']' | '}' | '?'))
}

/// The path segment in brackets.
fn segment(inside: &[(char, Kind)]) -> Segment {
    let text: String = inside.iter().map(|(c, _)| c).collect();
    let text = text.trim();
    if let Ok(index) = text.parse() {
        return Segment::Index(index);
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    match quoted {
        Some(key) if !key.contains(['"', '\'', '\\']) => Segment::Name(key.to_owned()),
        _ => Segment::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scan;

    #[track_caller]
    fn check(text: &str, root: Root, segments: &[Segment]) {
        let code = scan(text).chars;
        let code = dotted(&code).expect("it ends in a dot");
        assert_eq!(path(code), Some((root, segments.to_vec())), "{text}");
    }

    fn name(name: &str) -> Root {
        Root::Name(name.to_owned())
    }

    #[test]
    fn a_path_begins_with_a_name() {
        let named = |name: &str| Segment::Name(name.to_owned());
        for (text, root, segments) in [
            ("jobs.", "jobs", &[][..]),
            ("jobs?.", "jobs", &[]),
            ("x = f(a.b.", "a", &[named("b")]),
            ("jobs[0].", "jobs", &[Segment::Index(0)]),
            ("jobs[j].", "jobs", &[Segment::Unknown]),
            ("jobs[list[0]].", "jobs", &[Segment::Unknown]),
            ("a[\"b\"].c[1].", "a", &[named("b"), named("c"), Segment::Index(1)]),
            ("a['b]'].", "a", &[named("b]")]),
        ] {
            check(text, name(root), segments);
        }
    }

    #[test]
    fn a_path_begins_with_what_is_written_out() {
        for (text, root) in [
            ("\"abc\".", Root::String),
            ("f('a' + `b`.", Root::String),
            ("[1, [2]].", Root::Array),
            ("x = [1].", Root::Array),
            ("f(#{a: 1}.", Root::Map),
        ] {
            check(text, root, &[]);
        }
    }

    #[test]
    fn a_path_leads_through_calls() {
        let called = |name: &str| Segment::Call(name.to_owned());
        for (text, root, segments) in [
            ("f().", Root::Call("f".to_owned()), &[][..]),
            ("x = f(g(1), [2])[0].", Root::Call("f".to_owned()), &[Segment::Index(0)]),
            ("jobs.new(f, ')').", name("jobs"), &[called("new")]),
            ("jobs.sh('a', #{b: 1}).log(1).", name("jobs"), &[called("sh"), called("log")]),
            ("'a'.to_upper().", Root::String, &[called("to_upper")]),
        ] {
            check(text, root, segments);
        }
    }

    #[test]
    fn the_function_of_a_first_argument_is_known() {
        for (text, function) in
            [("env(", Some("env")), ("f(set_env( ", Some("set_env")), ("x.env(", None), ("(", None), ("f(1, ", None)]
        {
            assert_eq!(callee(&scan(text).chars).as_deref(), function, "{text}");
        }
    }
}
