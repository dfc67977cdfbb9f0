//! Compares a committed picture with a new one.
//!
//! It knows that only times may differ between two runs; it does not know how a picture is drawn.

use super::svg;

/// The units of a time.
const UNITS: [&str; 6] = ["ns", "µs", "ms", "s", "m", "h"];

/// Replaces every time before a comparison.
const TIME: char = '\u{0}';

/// The rows that differ between a committed picture and a new one; `None` if only times differ.
pub(super) fn difference(committed: &str, new: &str) -> Option<String> {
    if without_times(committed) == without_times(new) {
        return None;
    }
    let (old, new) = (svg::text(committed), svg::text(new));
    let is_in = |row: &String, rows: &[String]| rows.iter().any(|other| without_times(other) == without_times(row));
    let gone = old.iter().filter(|row| !is_in(row, &new)).map(|row| format!("- {row}\n"));
    let come = new.iter().filter(|row| !is_in(row, &old)).map(|row| format!("+ {row}\n"));
    let rows: String = gone.chain(come).collect();
    Some(if rows.is_empty() {
        "the rows are the same; their order, their colours, the description or the frame differ\n".to_owned()
    } else {
        rows
    })
}

/// Replaces each time, and the spaces that pad it, by [`TIME`].
fn without_times(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let continues_word =
            left.chars().next_back().is_some_and(|last| last.is_alphanumeric() || "._#".contains(last));
        let length = if first.is_ascii_digit() && !continues_word { time_length(rest) } else { None };
        let Some(length) = length else {
            left.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let before = left.trim_end_matches(' ').len();
        let is_padded = before < left.len();
        left.truncate(before);
        // `1m 2s` is one time.
        if !left.ends_with(TIME) {
            left.extend(is_padded.then_some(' '));
            left.push(TIME);
        }
        rest = &rest[length..];
    }
    left
}

/// The length of the time at the start of `text`, such as `2.1ms` or `98 ms`.
fn time_length(text: &str) -> Option<usize> {
    let number = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let space = usize::from(text[number..].starts_with(' '));
    let unit = &text[number + space..];
    let length = unit.find(|character: char| !character.is_alphanumeric()).unwrap_or(unit.len());
    UNITS.contains(&&unit[..length]).then_some(number + space + length)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            screen::{Colour, Run, Screen, Style},
            svg::{Caption, draw},
        },
        *,
    };

    fn picture(rows: &[&str], colour: Colour) -> String {
        let row = |text: &&str| vec![Run { text: (*text).to_owned(), style: Style { colour, marks: Vec::new() } }];
        let caption = Caption { window: "window", title: "title", description: "description" };
        draw(&Screen { rows: rows.iter().map(row).collect() }, 40, caption)
    }

    #[track_caller]
    fn check(committed: &[&str], new: &[&str], expected: Option<&str>) {
        let [committed, new] = [committed, new].map(|rows| picture(rows, Colour::Plain));
        assert_eq!(difference(&committed, &new).as_deref(), expected);
    }

    #[test]
    fn times_may_differ() {
        check(&["Job #0 stopped after 2.1ms"], &["Job #0 stopped after 527.2µs"], None);
        check(&["Job #0 stopped after 98 ms."], &["Job #0 stopped after 3 ms."], None);
        check(&["0  12.1s  fit(3)", "1   1.2s  fit(3)"], &["0   2.1s  fit(3)", "1  11.2s  fit(3)"], None);
        check(&["for 1m 2s, then"], &["for 59.3s, then"], None);
    }

    #[test]
    fn a_changed_screen_is_refused() {
        check(
            &["In [1]: fit(3) &", "Job #0 stopped after 2ms"],
            &["In [1]: fit(4) &", "Job #0 stopped after 3ms"],
            Some("- In [1]: fit(3) &\n+ In [1]: fit(4) &\n"),
        );
        check(&["2.1ms"], &["2.1 mm"], Some("- 2.1ms\n+ 2.1 mm\n"));
        check(&["#2s"], &["#3s"], Some("- #2s\n+ #3s\n"));
        check(&["a < b"], &["a < b", "c & d"], Some("+ c & d\n"));
    }

    #[test]
    fn a_changed_order_or_colour_is_refused() {
        let expected =
            Some("the rows are the same; their order, their colours, the description or the frame differ\n".to_owned());
        check(&["a", "b"], &["b", "a"], expected.as_deref());
        assert_eq!(difference(&picture(&["a"], Colour::Plain), &picture(&["a"], Colour::Red)), expected);
    }

    #[test]
    fn an_empty_file_is_refused() {
        assert_eq!(difference("", &picture(&["a"], Colour::Plain)).as_deref(), Some("+ a\n"));
    }
}
