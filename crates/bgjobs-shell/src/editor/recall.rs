//! Earlier lines: a walk through them, a search, their last words, and the one that a typed beginning hints at.
//!
//! Knows nothing of keys.

use reedline::{FileBackedHistory, History, HistoryItem, SearchQuery};

/// The lines of this shell and of earlier ones.
pub(super) struct Recall {
    history: FileBackedHistory,
    walk: Option<Walk>,
}

/// A walk through the lines that begin with what was typed.
struct Walk {
    /// The newest first; before them all, what was typed.
    lines: Vec<String>,
    at: usize,
}

impl Recall {
    pub(super) fn new(history: FileBackedHistory) -> Self {
        Self { history, walk: None }
    }

    /// Adds a line, and saves it, unless it begins with a space: it may hold a secret. That lines can't be saved was reported at the start.
    pub(super) fn add(&mut self, line: &str) {
        self.walk = None;
        if line.starts_with(' ') {
            return;
        }
        let _ = self.history.save(HistoryItem::from_command_line(line));
        let _ = self.history.sync();
    }

    /// The next older line that begins as the typed one.
    pub(super) fn older(&mut self, typed: &str) -> Option<String> {
        let walk = self.walk.get_or_insert_with(|| {
            let mut lines = vec![typed.to_owned()];
            lines.extend(found(&self.history, all_with_prefix(typed)));
            lines.dedup();
            Walk { lines, at: 0 }
        });
        let line = walk.lines.get(walk.at + 1)?.clone();
        walk.at += 1;
        Some(line)
    }

    /// The next newer line, and at last what was typed.
    pub(super) fn newer(&mut self) -> Option<String> {
        let walk = self.walk.as_mut()?;
        walk.at = walk.at.checked_sub(1)?;
        walk.lines.get(walk.at).cloned()
    }

    /// Ends a walk, because the line has changed.
    pub(super) fn end_walk(&mut self) {
        self.walk = None;
    }

    /// The `nth` newest of the lines that contain a text.
    pub(super) fn containing(&self, text: &str, nth: usize) -> Option<String> {
        let mut lines = found(&self.history, SearchQuery::all_that_contain_rev(text.to_owned()));
        lines.dedup();
        lines.into_iter().nth(nth).filter(|_| !text.is_empty())
    }

    /// The last word of a line, the `nth` newest that has one.
    pub(super) fn last_word(&self, nth: usize) -> Option<String> {
        let lines = found(&self.history, all_with_prefix(""));
        lines.iter().filter_map(|line| last_word(line)).nth(nth).map(str::to_owned)
    }

    /// How the newest line that begins as the typed one goes on.
    pub(super) fn hint(&self, typed: &str) -> Option<String> {
        let query = SearchQuery::last_with_prefix(typed.to_owned(), None);
        let line = found(&self.history, query).pop().filter(|_| !typed.is_empty())?;
        line.strip_prefix(typed).filter(|rest| !rest.is_empty()).map(str::to_owned)
    }
}

/// The last word of a line: quotes and brackets hold a word together, and the sign for the background is none.
fn last_word(line: &str) -> Option<&str> {
    let without_sign = line.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '&' | ';'));
    let line = if without_sign.ends_with('\\') { line.trim_end() } else { without_sign };
    let (mut start, mut quote, mut depth) = (0, None, 0_usize);
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (_, '\\') => drop(chars.next()),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && c.is_whitespace() => start = at + c.len_utf8(),
            _ => {}
        }
    }
    let word = if quote.is_none() && depth == 0 { &line[start..] } else { line.split_whitespace().next_back()? };
    let word = if word.len() == line.len() { word.trim_start_matches('!') } else { word };
    (!word.is_empty()).then_some(word)
}

fn all_with_prefix(prefix: &str) -> SearchQuery {
    SearchQuery { limit: None, ..SearchQuery::last_with_prefix(prefix.to_owned(), None) }
}

fn found(history: &FileBackedHistory, query: SearchQuery) -> Vec<String> {
    history.search(query).unwrap_or_default().into_iter().map(|item| item.command_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(lines: &[&str]) -> Recall {
        let mut recall = Recall::new(FileBackedHistory::new(100).expect("it is no file"));
        for line in lines {
            recall.add(line);
        }
        recall
    }

    #[test]
    fn a_walk_leads_back_to_what_was_typed() {
        let mut recall = recall(&["a1", "b", "a2", "a2"]);
        assert_eq!(recall.older("a").as_deref(), Some("a2"));
        assert_eq!(recall.older("a2").as_deref(), Some("a1"));
        assert_eq!(recall.older("a1"), None);
        assert_eq!(recall.newer().as_deref(), Some("a2"));
        assert_eq!(recall.newer().as_deref(), Some("a"));
        assert_eq!(recall.newer(), None);
        recall.end_walk();
        assert_eq!(recall.older("").as_deref(), Some("a2"));
    }

    #[test]
    fn a_line_that_begins_with_a_space_is_not_kept() {
        assert_eq!(recall(&["a", " secret"]).older("").as_deref(), Some("a"));
    }

    #[test]
    fn the_last_words_are_those_of_the_newest_lines() {
        let recall = recall(&["log 3", "&", "!vi notes.txt", " !cat secret", "fit(50) &"]);
        let words: Vec<_> = (0..4).map_while(|nth| recall.last_word(nth)).collect();
        assert_eq!(words, ["fit(50)", "notes.txt", "3"]);
    }

    #[test]
    fn quotes_and_brackets_hold_a_word_together() {
        for (line, word) in [
            ("!cat 'alpha file.txt'", "'alpha file.txt'"),
            (r"!cat alpha\ file.txt", r"alpha\ file.txt"),
            ("x = fit(3, \"a b\");", "fit(3, \"a b\")"),
            ("fn f(n) {\n  n * 2\n}", "{\n  n * 2\n}"),
            ("!echo don't", "don't"),
            ("!echo ) (a b", "b"),
            ("!make &", "make"),
            (r"!find . -exec cat {} \;", r"\;"),
            ("\u{e9} \u{65e5}\u{672c} ", "\u{65e5}\u{672c}"),
        ] {
            assert_eq!(last_word(line), Some(word), "{line}");
        }
        for line in ["", " ", "!", "& ;", "\n"] {
            assert_eq!(last_word(line), None, "{line}");
        }
    }

    #[test]
    fn a_search_finds_the_newest_first() {
        let recall = recall(&["make a", "ls", "make b"]);
        assert_eq!(recall.containing("ake", 0).as_deref(), Some("make b"));
        assert_eq!(recall.containing("ake", 1).as_deref(), Some("make a"));
        assert_eq!(recall.containing("ake", 2), None);
        assert_eq!(recall.containing("", 0), None);
    }

    #[test]
    fn a_typed_beginning_hints_at_the_newest_such_line() {
        let recall = recall(&["make a", "make b", "ls"]);
        assert_eq!(recall.hint("make").as_deref(), Some(" b"));
        assert_eq!(recall.hint("ls"), None);
        assert_eq!(recall.hint(""), None);
    }
}
