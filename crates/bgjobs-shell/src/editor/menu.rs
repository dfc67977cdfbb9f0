//! The candidates for the word at the cursor, and which of them is in the line.
//!
//! Knows nothing of keys, and of what a candidate stands for.

use bgjobs::fitted;
use unicode_width::UnicodeWidthStr;

use super::picture::{Colour, Picture};

/// The most rows of candidates.
const MOST_ROWS: usize = 10;

/// How the candidate in the line is shown.
const CHOSEN: Colour = "7";

/// What the word at the cursor may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What is put in the line.
    pub(super) text: String,
    /// What it means, in one line; may be empty.
    pub(super) note: String,
}

impl Candidate {
    pub(super) fn new(text: impl Into<String>, note: impl Into<String>) -> Self {
        Self { text: text.into(), note: note.into() }
    }
}

impl From<String> for Candidate {
    fn from(text: String) -> Self {
        Self::new(text, "")
    }
}

/// Several candidates.
pub(super) struct Menu {
    candidates: Vec<Candidate>,
    chosen: Option<usize>,
    /// Where in the line the word begins.
    start: usize,
}

impl Menu {
    pub(super) fn new(candidates: Vec<Candidate>, start: usize) -> Self {
        Self { candidates, chosen: None, start }
    }

    /// Chooses the next candidate, or the one before; returns it, and where in the line its word begins.
    pub(super) fn choose(&mut self, is_forward: bool) -> (usize, &str) {
        let last = self.candidates.len() - 1;
        let chosen = match (self.chosen, is_forward) {
            (None, true) => 0,
            (Some(at), true) if at == last => 0,
            (Some(at), true) => at + 1,
            (None | Some(0), false) => last,
            (Some(at), false) => at - 1,
        };
        self.chosen = Some(chosen);
        (self.start, &self.candidates[chosen].text)
    }

    /// Whether a candidate is in the line.
    pub(super) fn has_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// Appends the candidates in columns, those around the chosen one, and how many there are besides; with notes, one a
    /// row.
    pub(super) fn show(&self, picture: &mut Picture, columns: usize) {
        let has_notes = self.candidates.iter().any(|candidate| !candidate.note.is_empty());
        // Notes need room beside the longest candidate.
        let most = if has_notes { columns / 2 } else { columns - 1 };
        let widths = self.candidates.iter().map(|candidate| candidate.text.width());
        let width = widths.max().unwrap_or_default().min(most) + 2;
        let in_row = if has_notes { 1 } else { (columns / width).max(1) };
        let row = self.chosen.unwrap_or_default() / in_row;
        let first = (row + 1).saturating_sub(MOST_ROWS) * in_row;
        let shown = self.candidates.iter().enumerate().skip(first).take(MOST_ROWS * in_row);
        for (at, Candidate { text, note }) in shown {
            if at % in_row == 0 {
                picture.push("", "\n");
            }
            let text = fitted(text, most);
            picture.push(if self.chosen == Some(at) { CHOSEN } else { "" }, &text);
            let room = columns.saturating_sub(width + 1);
            if !note.is_empty() && room > 0 || (at + 1) % in_row > 0 {
                picture.push("", &" ".repeat(width - text.width()));
                picture.push("", &fitted(note, room));
            }
        }
        let hidden = self.candidates.len().saturating_sub(MOST_ROWS * in_row);
        if hidden > 0 {
            picture.push("", "\n");
            picture.push("", &fitted(&format!("... and {hidden} more"), columns - 1));
        }
    }
}

/// The longest text that all begin with.
pub(super) fn common_beginning(candidates: &[Candidate]) -> &str {
    let Some((Candidate { text: first, .. }, rest)) = candidates.split_first() else { return "" };
    let ends = first.char_indices().map(|(at, _)| at).chain([first.len()]);
    let end = ends.take_while(|&end| rest.iter().all(|other| other.text.starts_with(&first[..end]))).last();
    &first[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<Candidate> {
        texts.iter().map(|&text| text.to_owned().into()).collect()
    }

    #[test]
    fn candidates_are_chosen_in_turn_both_ways() {
        let mut menu = Menu::new(texts(&["a", "b", "c"]), 4);
        let chosen = [true, true, true, true, false, false].map(|forward| menu.choose(forward).1.to_owned());
        assert_eq!(chosen, ["a", "b", "c", "a", "c", "b"]);
        assert_eq!(Menu::new(texts(&["a", "b"]), 4).choose(false), (4, "b"));
    }

    #[test]
    fn candidates_are_shown_in_columns_around_the_chosen_one() {
        let mut menu = Menu::new((10..40).map(|n| n.to_string().into()).collect(), 0);
        let rows = |menu: &Menu| {
            let mut picture = Picture::default();
            menu.show(&mut picture, 9);
            picture.layout(9).rows.iter().map(|row| row.replace("\x1b[K\r\n", "")).collect::<Vec<_>>()
        };
        assert_eq!(rows(&menu)[..3], ["", "10  11", "12  13"]);
        menu.choose(false);
        assert_eq!(rows(&menu)[9..], ["36  37", "38  \x1b[7m39\x1b[0m", "... and…"]);
    }

    #[test]
    fn candidates_and_notes_are_cut_to_the_row_by_the_columns_of_the_terminal() {
        let rows = |notes: &[(&str, &str)]| {
            let candidates = notes.iter().map(|&(text, note)| Candidate::new(text, note)).collect();
            let mut picture = Picture::default();
            Menu::new(candidates, 0).show(&mut picture, 12);
            picture.layout(12).rows.iter().map(|row| row.replace("\x1b[K\r\n", "")).collect::<Vec<_>>()
        };
        assert_eq!(rows(&[("a", "one"), ("bcd", "two words"), ("b", "")]), ["", "a    one", "bcd  two w…", "b"]);
        assert_eq!(rows(&[("a", "日本語文字"), ("日", "b")]), ["", "a   日本語…", "日  b"]);
        assert_eq!(rows(&[("日本語文字列", "b"), ("a", "c")]), ["", "日本…   b", "a       c"]);
        assert_eq!(rows(&[("日本語文字列", ""), ("a", "")]), ["", "日本語文字…", "a"]);
    }

    #[test]
    fn the_common_beginning_may_be_empty_or_whole() {
        for (list, common) in [(&["first", "fill"][..], "fi"), (&["é1", "é2"], "é"), (&["a", "b"], ""), (&["a"], "a")]
        {
            assert_eq!(common_beginning(&texts(list)), common);
        }
    }
}
