//! The same rules in the simplest form, for tests: a whole text, part by part.

use std::{cmp::Reverse, collections::BTreeMap};

use proptest::prelude::*;

use super::tests::lines;

/// What a text is made of.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(&'static str),
    Colour(&'static str),
    Return,
    Break,
    Up(usize),
    EraseRight,
    EraseAll,
}

impl Part {
    fn written(&self) -> String {
        match self {
            Self::Text(text) | Self::Colour(text) => (*text).to_owned(),
            Self::Return => "\r".to_owned(),
            Self::Break => "\n".to_owned(),
            Self::Up(1) => "\x1b[A".to_owned(),
            Self::Up(count) => format!("\x1b[{count}A"),
            Self::EraseRight => "\x1b[K".to_owned(),
            Self::EraseAll => "\x1b[2K".to_owned(),
        }
    }
}

/// The lines that a whole text leaves, finished and unfinished: the rule, applied part by part.
fn model(parts: &[Part]) -> (Vec<String>, Vec<String>) {
    let (mut finished, mut above) = (Vec::new(), 0);
    // What was written of the line, and the colours that wait for its first character.
    let (mut line, mut start, mut at_start) = (None::<String>, String::new(), true);
    let mut rows = BTreeMap::new();
    for part in parts {
        match part {
            Part::Text(text) => {
                let before = if at_start { std::mem::take(&mut start) } else { line.take().unwrap_or_default() };
                (line, at_start) = (Some(before + text), false);
            }
            Part::Colour(colour) if at_start => start += colour,
            Part::Colour(colour) => line.get_or_insert_default().push_str(colour),
            Part::Return => at_start = true,
            Part::EraseRight if !at_start => {}
            Part::EraseRight | Part::EraseAll => {
                rows.remove(&Reverse(above));
                (line, at_start) = (None, true);
            }
            Part::Up(count) => {
                if line.take().is_some() {
                    rows.remove(&Reverse(above));
                }
                (above, at_start) = (above + count, true);
            }
            Part::Break if above > 0 => {
                if let Some(line) = line.take() {
                    rows.insert(Reverse(above), line + &std::mem::take(&mut start));
                }
                (above, at_start) = (above - 1, true);
            }
            Part::Break => {
                finished.extend(std::mem::take(&mut rows).into_values());
                finished.push(line.take().unwrap_or_default() + &std::mem::take(&mut start));
                at_start = true;
            }
        }
    }
    (finished, rows.into_values().chain(line).collect())
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        4 => prop_oneof![Just("a"), Just("é€"), Just("50%"), Just("[A"), Just("😀")].prop_map(Part::Text),
        2 => prop_oneof![Just("\x1b[31m"), Just("\x1b[0m"), Just("\x1b[?25l")].prop_map(Part::Colour),
        3 => Just(Part::Return),
        3 => Just(Part::Break),
        1 => (1_usize..4).prop_map(Part::Up),
        1 => Just(Part::EraseRight),
        1 => Just(Part::EraseAll),
    ];
    prop::collection::vec(part, 0..30)
}

proptest! {
    #[test]
    fn lines_are_those_of_the_model_wherever_the_text_is_cut(parts in parts(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let text: String = parts.iter().map(Part::written).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.retain(|&cut| text.is_char_boundary(cut));
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]);
        prop_assert_eq!(lines(pieces), model(&parts));
    }
}
