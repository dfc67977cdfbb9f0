//! Python's keyword arguments, `f(5, z=1)`: how to write the call.
//!
//! Knows only the text, and where the error is.

use super::scan::{Kind, opening, scan};

/// The longest list of arguments that the hint repeats, in characters.
const LONGEST_CALL: usize = 80;

/// The hint, if the error is at the `=` of a keyword argument.
pub(crate) fn hint(scan: &[(char, Kind)], equals: usize) -> Option<String> {
    let is_code = |index: usize, wanted| scan.get(index) == Some(&(wanted, Kind::Code));
    if !is_code(equals, '=') || is_code(equals + 1, '=') {
        return None;
    }
    let text = |from: usize, to: usize| scan[from..to].iter().map(|&(c, _)| c).collect::<String>();
    let open = opening(&scan[..equals]).filter(|&open| scan[open].0 == '(')?;
    let inside = text(open + 1, equals);
    let (given, keyword) = inside.rsplit_once(',').unwrap_or(("", &inside));
    let (given, keyword) = (given.trim(), keyword.trim());
    if !rhai::is_valid_identifier(keyword) {
        return None;
    }
    let before = text(0, open);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let callee = &before[before.trim_end_matches(is_part).len()..];
    let given = if given.chars().count() > LONGEST_CALL { "f" } else { given };
    let is_option = matches!(keyword, "daemon" | "name");
    let option = if keyword == "name" { "#{name: \"text\"}" } else { "#{daemon: true}" };
    // What is started, and its arguments.
    let (what, arguments) = split(given);
    let what = if what.is_empty() { "f" } else { what };
    Some(match callee {
        "jobs.new" if is_option => {
            format!("`{keyword}=`: options go in a map; write jobs.start({what}, [{arguments}], {option})")
        }
        "jobs.start" if is_option => {
            let arguments = if arguments.is_empty() { "[]" } else { arguments };
            format!("`{keyword}=`: options go in a map; write jobs.start({what}, {arguments}, {option})")
        }
        "jobs.new" => {
            let arguments = if arguments.is_empty() { "value".to_owned() } else { format!("{arguments}, value") };
            format!(
                "`{keyword}=`: arguments have no names, only an order; write jobs.new({what}, {arguments}), \
                 or with options jobs.start({what}, [{arguments}], {option})"
            )
        }
        _ => {
            let given = if given.is_empty() { String::new() } else { format!("{given}, ") };
            format!("`{keyword}=`: arguments have no names, only an order; write {callee}({given}value)")
        }
    })
}

/// The text before the first comma outside of strings and brackets, and the text after it.
fn split(arguments: &str) -> (&str, &str) {
    let mut open = 0_usize;
    let mut bytes = 0;
    for (c, kind) in scan(arguments).chars {
        match c {
            _ if kind != Kind::Code => {}
            ',' if open == 0 => return (arguments[..bytes].trim(), arguments[bytes + 1..].trim()),
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        bytes += c.len_utf8();
    }
    (arguments, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::read::diagnostic::index_of;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let refusal = rhai::Engine::new_raw().compile(text.replace("new", "neu")).expect_err("Rhai does not know it");
        let scan = scan(text).chars;
        let place = index_of(refusal.position(), &scan).expect("Rhai says where");
        assert_eq!(hint(&scan, place).as_deref(), expected);
    }

    #[test]
    fn a_keyword_argument_gets_a_hint() {
        check(
            "jobs.new(slow, 5, daemon=True)",
            Some("`daemon=`: options go in a map; write jobs.start(slow, [5], #{daemon: true})"),
        );
        check(
            "x = 1;\njobs.new(\"f(x, (2))\", daemon=True)",
            Some("`daemon=`: options go in a map; write jobs.start(\"f(x, (2))\", [], #{daemon: true})"),
        );
        check(
            "jobs.start(slow, [5], name=1)",
            Some("`name=`: options go in a map; write jobs.start(slow, [5], #{name: \"text\"})"),
        );
        check(
            "jobs.new(f, kw=3)",
            Some(
                "`kw=`: arguments have no names, only an order; write jobs.new(f, value), \
                 or with options jobs.start(f, [value], #{daemon: true})",
            ),
        );
        check("g(f(5, z=1))", Some("`z=`: arguments have no names, only an order; write f(5, value)"));
        check("f(z=1)", Some("`z=`: arguments have no names, only an order; write f(value)"));
    }

    #[test]
    fn other_errors_get_no_hint() {
        for text in ["f(1 = 2)", "f(", "[a = 1]", "a = = 1", "f(\"a=1\" b)", "(", "f(1, \"x\"=1)"] {
            check(text, None);
        }
    }
}
