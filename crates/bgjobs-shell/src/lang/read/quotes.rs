//! Strings in single quotes, which Rhai does not have.
//!
//! They are swapped for strings in double quotes, character by character, so that lines and columns stay right;
//! [`restore`] undoes what the swap had to hide inside a string. A single character in single quotes remains what it is
//! in Rhai: a character.

use super::scan::{Kind, scan};

/// Replaces `"` inside a string in single quotes.
const DOUBLE_QUOTE: char = '\u{f8f0}';
/// Replaces the `\` of `\'`, which Rhai does not accept in double quotes.
const NOTHING: char = '\u{f8f1}';

/// Swaps the strings in single quotes.
pub(crate) fn swap(text: &str) -> String {
    if !text.contains('\'') {
        return text.to_owned();
    }
    let scan = scan(text).chars;
    let mut out: Vec<char> = scan.iter().map(|&(c, _)| c).collect();
    let mut index = 0;
    while let Some(start) = scan[index..].iter().position(|&(_, kind)| kind == Kind::Quoted('\'')) {
        let start = index + start;
        let length = length_of_string(&out[start..]);
        index = start + length;
        let is_key = out[index..].iter().find(|c| !c.is_whitespace()) == Some(&':');
        swap_one(&mut out[start..index], is_key);
    }
    out.into_iter().collect()
}

/// The length of the string in single quotes at the start of `text`; the whole length if it is not closed.
fn length_of_string(text: &[char]) -> usize {
    let mut escaped = false;
    let closing = text.iter().skip(1).position(|&c| {
        let closes = !escaped && matches!(c, '\'' | '\n');
        escaped = c == '\\' && !escaped;
        closes
    });
    closing.map_or(text.len(), |index| index + 2)
}

/// Swaps one string, given with its quotes; the key of a map is never a character.
fn swap_one(string: &mut [char], is_key: bool) {
    let closed = string.len() > 1 && string.ends_with(&['\'']);
    let is_character = match string {
        [_, _, _] => true,
        [_, '\\', 'x' | 'u' | 'U', ..] => {
            string.len() <= 12 && string[3..string.len() - 1].iter().all(char::is_ascii_hexdigit)
        }
        [_, '\\', _, _] => true,
        _ => false,
    };
    if !closed || is_character && !is_key {
        return;
    }
    let last = string.len() - 1;
    (string[0], string[last]) = ('"', '"');
    let mut index = 1;
    while index < last {
        match string[index] {
            '"' => string[index] = DOUBLE_QUOTE,
            '\\' => {
                match string[index + 1] {
                    '\'' => string[index] = NOTHING,
                    '"' => (string[index], string[index + 1]) = (NOTHING, DOUBLE_QUOTE),
                    _ => {}
                }
                index += 1;
            }
            _ => {}
        }
        index += 1;
    }
}

/// Restores the characters of a string that [`swap`] hid.
pub(crate) fn restore(string: &str) -> Option<String> {
    let hidden = |c| c == DOUBLE_QUOTE || c == NOTHING;
    string.contains(hidden).then(|| string.replace(DOUBLE_QUOTE, "\"").replace(NOTHING, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, swapped: &str) {
        let got = swap(text);
        assert_eq!(got.chars().count(), text.chars().count(), "columns must stay right");
        assert_eq!(restore(&got).unwrap_or(got), swapped);
    }

    #[test]
    fn single_quoted_strings_become_double_quoted() {
        check("jobs.new('slow(5)')", "jobs.new(\"slow(5)\")");
        check("'ab' + 'cd'", "\"ab\" + \"cd\"");
        check("''", "\"\"");
        check("f('say \"hi\"')", "f(\"say \"hi\"\")");
        check("#{'a': 'b'}", "#{\"a\": 'b'}");
        check(r"'it\'s'", "\"it's\"");
        check(r"'a\nb\\'", r#""a\nb\\""#);
    }

    #[test]
    fn characters_and_other_strings_are_unchanged() {
        for same in [
            "'a'",
            r"'\n'",
            r"'\''",
            r"'\x41'",
            r"'\u2764'",
            "\"it's\"",
            "// it's 'so'",
            "`it's ${'x'}`",
            "'open",
            "a + b",
        ] {
            check(same, same);
        }
    }

    #[test]
    fn code_in_a_back_quoted_string_is_swapped() {
        check("`it's ${f('ab')} 'so'`", "`it's ${f(\"ab\")} 'so'`");
    }
}
