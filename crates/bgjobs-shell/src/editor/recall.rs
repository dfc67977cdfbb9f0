//! Earlier lines: a walk through them, a search, and the one that a typed beginning hints at.
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
            let begins = SearchQuery { limit: None, ..SearchQuery::last_with_prefix(typed.to_owned(), None) };
            let mut lines = vec![typed.to_owned()];
            lines.extend(found(&self.history, begins));
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

    /// How the newest line that begins as the typed one goes on.
    pub(super) fn hint(&self, typed: &str) -> Option<String> {
        let query = SearchQuery::last_with_prefix(typed.to_owned(), None);
        let line = found(&self.history, query).pop().filter(|_| !typed.is_empty())?;
        line.strip_prefix(typed).filter(|rest| !rest.is_empty()).map(str::to_owned)
    }
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
