//! What a program has changed of the terminal, so that it can be undone and done again; and which of its output is for a
//! log.
//!
//! Knows escape sequences, and nothing of jobs.

use std::{collections::BTreeMap, mem};

/// The modes that change to another screen and back.
const ALTERNATE: [&str; 3] = ["47", "1047", "1049"];

/// The modes that are set at the start: the cursor is shown, lines wrap.
const SET_AT_START: [&str; 2] = ["7", "25"];

/// The longest sequence that is kept until its end comes.
const LONGEST: usize = 4096;

/// What the output of one program has done to the terminal.
#[derive(Default)]
pub(crate) struct Screen {
    /// The modes that are not as at the start, and whether they are set.
    modes: BTreeMap<String, bool>,
    /// Whether rows were kept from scrolling.
    has_margins: bool,
    /// Whether the keypad sends sequences.
    has_keypad: bool,
    /// A sequence whose end has not come.
    begun: String,
    is_in_line: bool,
}

impl Screen {
    /// Notes output; returns what of it is for a log: no other screen, and of the sequences only colours.
    pub(crate) fn take(&mut self, text: &str) -> String {
        let mut log = String::new();
        for c in text.chars() {
            if !self.begun.is_empty() || c == '\x1b' {
                self.begun.push(c);
                if self.begun.len() > LONGEST {
                    // A picture, for example: all but its end is of no interest.
                    self.begun.truncate(2);
                } else if is_whole(&self.begun) {
                    let sequence = mem::take(&mut self.begun);
                    self.obey(&sequence);
                    if sequence.ends_with('m') && sequence.starts_with("\x1b[") && !self.is_alternate() {
                        log.push_str(&sequence);
                    }
                }
            } else {
                if self.is_alternate() {
                    continue;
                }
                log.push(c);
                if !matches!(c, '\r' | '\x07') {
                    self.is_in_line = c != '\n';
                }
            }
        }
        log.replace("\r\n", "\n")
    }

    /// Undoes everything, shows the key that was pressed, and goes to a line of its own.
    pub(crate) fn leave(&mut self, key: &str) -> String {
        let mut text = String::new();
        if self.has_margins {
            // Without the other two, the cursor would move.
            text.push_str("\x1b7\x1b[r\x1b8");
        }
        if self.has_keypad {
            text.push_str("\x1b>");
        }
        text.extend(self.modes.iter().map(|(mode, is_set)| format!("\x1b[?{mode}{}", if *is_set { 'l' } else { 'h' })));
        text.push_str("\x1b[0m");
        text.push_str(key);
        // A line that ended in raw mode left the cursor in its column.
        text.push('\r');
        if mem::take(&mut self.is_in_line) || !key.is_empty() {
            text.push('\n');
        }
        text
    }

    /// Does again what [`leave`](Self::leave) has undone.
    pub(crate) fn come_back(&self) -> String {
        let modes = self.modes.iter().map(|(mode, is_set)| format!("\x1b[?{mode}{}", if *is_set { 'h' } else { 'l' }));
        modes.chain(self.has_keypad.then(|| "\x1b=".to_owned())).collect()
    }

    fn is_alternate(&self) -> bool {
        ALTERNATE.iter().any(|&mode| self.modes.contains_key(mode))
    }

    fn obey(&mut self, sequence: &str) {
        match sequence {
            "\x1b=" => self.has_keypad = true,
            "\x1b>" => self.has_keypad = false,
            "\x1b[r" => self.has_margins = false,
            _ => {}
        }
        if sequence.starts_with("\x1b[") && sequence.ends_with('r') && sequence.contains(';') {
            self.has_margins = true;
        }
        let Some(modes) = sequence.strip_prefix("\x1b[?") else { return };
        let is_set = sequence.ends_with('h');
        if !is_set && !sequence.ends_with('l') {
            return;
        }
        for mode in modes[..modes.len() - 1].split(';') {
            if is_set == SET_AT_START.contains(&mode) {
                self.modes.remove(mode);
            } else {
                self.modes.insert(mode.to_owned(), is_set);
            }
        }
    }
}

/// Whether an escape sequence has its end.
fn is_whole(sequence: &str) -> bool {
    let mut chars = sequence.chars().skip(1);
    let last = sequence.chars().next_back().unwrap_or_default();
    match chars.next() {
        None => false,
        Some('[') => sequence.len() > 2 && ('@'..='~').contains(&last),
        // Titles and the like.
        Some(']' | 'P' | '_' | '^' | 'X') => last == '\x07' || sequence.ends_with("\x1b\\"),
        Some(' '..='/') => ('0'..='~').contains(&last),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A screen after this output, and what of it is for a log, wherever the output is cut.
    fn after(text: &str) -> (Screen, String) {
        let (mut screen, mut log) = (Screen::default(), String::new());
        for c in text.chars() {
            log.push_str(&screen.take(&c.to_string()));
        }
        assert_eq!(Screen::default().take(text), log.replace("\r\n", "\n"));
        (screen, log)
    }

    #[test]
    fn what_another_screen_shows_is_not_for_a_log() {
        let (_, log) = after("before\n\x1b[?1049h\x1b[2Jediting\n\x1b[31m~\x1b[?1049lafter\n");
        assert_eq!(log, "before\nafter\n");
    }

    #[test]
    fn of_the_sequences_colours_are_for_a_log() {
        let (_, log) = after("\x1b[1;31mred\x1b[0m\x1b[K \x1b]0;title\x07a\x1b]8;;x\x1b\\b\x1b(Bc\x1b[?25l\n");
        assert_eq!(log, "\x1b[1;31mred\x1b[0m abc\n");
    }

    #[test]
    fn a_picture_is_not_for_a_log_however_long_it_is() {
        let (_, log) = after(&format!("a\x1b_G{}\x1b\\b\n", "A".repeat(LONGEST * 3)));
        assert_eq!(log, "ab\n");
    }

    #[test]
    fn all_that_was_changed_is_undone_and_done_again() {
        let (mut screen, _) = after("\x1b[?1049h\x1b[?1h\x1b=\x1b[?25l\x1b[?1000;1006h\x1b[1;23r");
        assert_eq!(
            screen.leave(""),
            "\x1b7\x1b[r\x1b8\x1b>\x1b[?1l\x1b[?1000l\x1b[?1006l\x1b[?1049l\x1b[?25h\x1b[0m\r"
        );
        assert_eq!(screen.come_back(), "\x1b[?1h\x1b[?1000h\x1b[?1006h\x1b[?1049h\x1b[?25l\x1b=");
    }

    #[test]
    fn a_program_that_tidies_up_leaves_nothing_to_undo() {
        let (mut screen, _) = after("\x1b[?1049h\x1b[?25l\x1b=text\x1b>\x1b[?25h\x1b[?1049l\r\n");
        assert_eq!(screen.leave(""), "\x1b[0m\r");
        assert_eq!(screen.leave("^Z"), "\x1b[0m^Z\r\n");
        assert_eq!(after("half a line").0.leave(""), "\x1b[0m\r\n");
    }
}
