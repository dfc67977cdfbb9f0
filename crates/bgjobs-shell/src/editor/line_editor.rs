//! Reads one line from the terminal: keys, what they do to the line, and what is painted.
//!
//! Knows nothing of how a line is evaluated. What was typed while another line ran comes first, key by key, so none of it
//! is lost; and the terminal is asked nothing.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use crossterm::event::{self, Event};
use reedline::{
    EditCommand, EditMode, Emacs, FileBackedHistory, KeyCode, KeyModifiers, Reedline, ReedlineEvent, ReedlineRawEvent,
    default_emacs_keybindings,
};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    completer::Completions,
    highlight::Colours,
    menu::{Menu, common_beginning},
    notices::Announcer,
    painter::Painter,
    picture::{Colour, Picture},
    prompt::LinePrompt,
    recall::Recall,
};
use crate::{commands::is_whole, keys, terminal::RawMode};

/// How often it looks for notices.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The name that the editor's events have for our menu.
const MENU: &str = "completions";

/// The colours of the prompt and of a hint.
const PROMPT: Colour = "92";
const HINT: Colour = "37";

/// What the user entered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Line(String),
    CtrlC,
    CtrlD,
}

/// What an event has done.
enum Effect {
    /// Nothing: it means something only elsewhere.
    None,
    Done,
    Ended(Entry),
}

/// The line editor.
pub(super) struct LineEditor {
    keys: Emacs,
    /// The text and the cursor. It edits, and neither reads nor paints.
    text: Reedline,
    recall: Recall,
    completions: Completions,
    /// None for a terminal without colours. Hints need them too, or they would look like typed text.
    colours: Option<Colours>,
    painter: Painter,
    /// None for a terminal that can't show lines above the typed one.
    announcer: Option<Announcer>,
    /// What was typed at a command that did not read it.
    typed_ahead: VecDeque<Event>,
    menu: Option<Menu>,
    search: Option<Search>,
}

/// A search for an earlier line.
#[derive(Default)]
struct Search {
    term: String,
    /// How many newer lines are passed over.
    passed: usize,
}

impl LineEditor {
    pub(super) fn new(
        history: FileBackedHistory,
        completions: Completions,
        colours: Option<Colours>,
        announcer: Option<Announcer>,
    ) -> Self {
        let mut keys = default_emacs_keybindings();
        let complete = vec![ReedlineEvent::MenuNext, ReedlineEvent::Menu(MENU.to_owned())];
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
        keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
        Self {
            keys: Emacs::new(keys),
            text: Reedline::create(),
            recall: Recall::new(history),
            completions,
            colours,
            painter: Painter::new(announcer.is_none()),
            announcer,
            typed_ahead: VecDeque::new(),
            menu: None,
            search: None,
        }
    }

    /// Takes what was typed before, and is not to be read from the terminal any more.
    pub(super) fn type_ahead(&mut self, keys: &[u8]) {
        self.typed_ahead.extend(keys::from_bytes(keys));
    }

    /// What of it no line has used.
    pub(super) fn take_typed_ahead(&mut self) -> Vec<u8> {
        self.typed_ahead.drain(..).flat_map(|event| keys::to_bytes(&event).into_bytes()).collect()
    }

    /// Reads a line; one that is evaluated next is already in the history.
    pub(super) fn read_line(&mut self, prompt: &LinePrompt, note_key: impl Fn()) -> io::Result<Entry> {
        let _raw = RawMode::enter(self.announcer.is_some())?;
        self.painter.begin()?;
        self.replace("", 0);
        let mut looked = Instant::now();
        let mut is_painted = false;
        loop {
            // Keys that wait are handled first: what they lead to is painted at once.
            if self.typed_ahead.is_empty() && !event::poll(Duration::ZERO)? {
                if !std::mem::replace(&mut is_painted, true) {
                    self.painter.paint(self.picture(prompt, false))?;
                }
                let is_ready = event::poll(LOOK_EVERY)?;
                if looked.elapsed() >= LOOK_EVERY {
                    looked = Instant::now();
                    is_painted &= !self.tell()?;
                }
                if !is_ready {
                    continue;
                }
            }
            let event = match self.typed_ahead.pop_front() {
                Some(event) => event,
                None => event::read()?,
            };
            if !matches!(event, Event::Resize(..)) {
                note_key();
            }
            let Ok(event) = ReedlineRawEvent::try_from(event) else { continue };
            is_painted = false;
            let event = self.keys.parse_event(event);
            if let Effect::Ended(entry) = self.handle(event)? {
                (self.menu, self.search) = (None, None);
                self.painter.finish(self.picture(prompt, true))?;
                if let Entry::Line(line) = &entry {
                    self.recall.add(line);
                }
                self.recall.end_walk();
                return Ok(entry);
            }
        }
    }

    /// Shows what is new above the line; true if anything is.
    fn tell(&mut self) -> io::Result<bool> {
        let Some(text) = self.announcer.as_ref().and_then(Announcer::take_due) else { return Ok(false) };
        self.painter.show_above(&text).map(|()| true)
    }

    fn handle(&mut self, event: ReedlineEvent) -> io::Result<Effect> {
        use ReedlineEvent as E;
        match event {
            E::UntilFound(events) => {
                for event in events {
                    match self.handle(event)? {
                        Effect::None => {}
                        effect => return Ok(effect),
                    }
                }
                Ok(Effect::None)
            }
            E::MenuNext | E::MenuDown | E::MenuRight => Ok(self.choose(true)),
            E::MenuPrevious | E::MenuUp | E::MenuLeft => Ok(self.choose(false)),
            event if self.search_on(&event) => Ok(Effect::Done),
            E::Menu(_) => Ok(self.complete()),
            E::Enter if self.menu.take().is_some_and(|menu| menu.has_chosen()) => Ok(Effect::Done),
            event => {
                let effect = self.edit(event)?;
                if !matches!(effect, Effect::None) {
                    self.menu = None;
                }
                Ok(effect)
            }
        }
    }

    /// Does what neither the menu nor a search takes.
    fn edit(&mut self, event: ReedlineEvent) -> io::Result<Effect> {
        use EditCommand as C;
        use ReedlineEvent as E;
        let line = self.text.current_buffer_contents().to_owned();
        let at = self.text.current_insertion_point();
        match event {
            E::CtrlC => return Ok(Effect::Ended(Entry::CtrlC)),
            E::CtrlD if line.is_empty() => return Ok(Effect::Ended(Entry::CtrlD)),
            E::CtrlD => self.change(&[C::Delete]),
            E::Enter if is_whole(&line) => return Ok(Effect::Ended(Entry::Line(line))),
            E::Enter => self.change(&[C::InsertNewline]),
            E::Edit(commands) => self.change(&commands),
            E::HistoryHintComplete | E::HistoryHintWordComplete => {
                let Some(hint) = self.hint() else { return Ok(Effect::None) };
                let is_word = event == E::HistoryHintWordComplete;
                let taken = if is_word { first_word(&hint) } else { &hint };
                self.change(&[C::InsertString(taken.to_owned())]);
            }
            E::Left => self.change(&[C::MoveLeft { select: false }]),
            E::Right => self.change(&[C::MoveRight { select: false }]),
            E::ToStart => self.change(&[C::MoveToStart { select: false }]),
            E::ToEnd => self.change(&[C::MoveToEnd { select: false }]),
            E::Up if line[..at].contains('\n') => self.change(&[C::MoveLineUp { select: false }]),
            E::Down if line[at..].contains('\n') => self.change(&[C::MoveLineDown { select: false }]),
            E::Up | E::PreviousHistory => match self.recall.older(&line) {
                Some(line) => self.replace(&line, line.len()),
                None => return Ok(Effect::None),
            },
            E::Down | E::NextHistory => match self.recall.newer() {
                Some(line) => self.replace(&line, line.len()),
                None => return Ok(Effect::None),
            },
            E::SearchHistory => self.search = Some(Search::default()),
            E::ClearScreen => self.painter.clear_screen()?,
            E::Resize(columns, rows) => self.painter.resize(columns, rows),
            E::Esc | E::Repaint => {}
            _ => return Ok(Effect::None),
        }
        Ok(Effect::Done)
    }

    /// Changes the line, which ends a walk through earlier ones.
    fn change(&mut self, commands: &[EditCommand]) {
        self.recall.end_walk();
        self.text.run_edit_commands(commands);
    }

    /// Replaces the whole line.
    fn replace(&mut self, line: &str, cursor: usize) {
        self.text.run_edit_commands(&[
            EditCommand::Clear,
            EditCommand::InsertString(line.to_owned()),
            EditCommand::MoveToPosition { position: cursor, select: false },
        ]);
    }

    /// Completes the word at the cursor as far as its candidates agree, and opens the menu if there are several.
    fn complete(&mut self) -> Effect {
        let line = self.text.current_buffer_contents().to_owned();
        let at = self.text.current_insertion_point();
        let Some((start, candidates)) = self.completions.complete(&line, at) else { return Effect::None };
        // The first half of what stands for one character is none.
        let common = match &*candidates {
            [only] => &only.text,
            _ => common_beginning(&candidates).trim_end_matches('\\'),
        };
        if common.len() > at - start {
            self.insert_at(start, common);
        }
        self.menu = (candidates.len() > 1).then(|| Menu::new(candidates, start));
        Effect::Done
    }

    /// Puts the next candidate, or the one before, in the line.
    fn choose(&mut self, is_forward: bool) -> Effect {
        let Some(mut menu) = self.menu.take() else { return Effect::None };
        let (start, chosen) = menu.choose(is_forward);
        self.insert_at(start, chosen);
        self.menu = Some(menu);
        Effect::Done
    }

    /// Replaces what is between `start` and the cursor.
    fn insert_at(&mut self, start: usize, word: &str) {
        let line = self.text.current_buffer_contents();
        let line = format!("{}{word}{}", &line[..start], &line[self.text.current_insertion_point()..]);
        self.replace(&line, start + word.len());
        self.recall.end_walk();
    }

    /// What an event does to a search: true if that is all.
    fn search_on(&mut self, event: &ReedlineEvent) -> bool {
        use ReedlineEvent as E;
        let Some(search) = &mut self.search else { return false };
        match event {
            E::Edit(commands) => {
                for command in commands {
                    match command {
                        EditCommand::InsertChar(c) => search.term.push(*c),
                        EditCommand::InsertString(text) => search.term.push_str(text),
                        EditCommand::Backspace => drop(search.term.pop()),
                        _ => return self.end_search(),
                    }
                }
                search.passed = 0;
            }
            E::SearchHistory | E::Up if self.recall.containing(&search.term, search.passed + 1).is_some() => {
                search.passed += 1;
            }
            E::Down => search.passed = search.passed.saturating_sub(1),
            E::SearchHistory | E::Up | E::Resize(..) | E::Repaint => {}
            E::Enter | E::Esc => return !self.end_search(),
            _ => return self.end_search(),
        }
        if let E::Resize(columns, rows) = event {
            self.painter.resize(*columns, *rows);
        }
        true
    }

    /// Takes what was found into the line; false, because the event that ends a search goes on.
    fn end_search(&mut self) -> bool {
        let search = self.search.take().unwrap_or_default();
        if let Some(line) = self.recall.containing(&search.term, search.passed) {
            self.replace(&line, line.len());
        }
        false
    }

    /// What the line may go on with, if the cursor is at its end.
    fn hint(&self) -> Option<String> {
        let line = self.text.current_buffer_contents();
        let is_shown =
            self.colours.is_some() && self.menu.is_none() && self.text.current_insertion_point() == line.len();
        self.recall.hint(line).filter(|_| is_shown)
    }

    /// What the terminal is to show; at the end of the entry, the line alone.
    fn picture(&self, prompt: &LinePrompt, is_final: bool) -> Picture {
        let mut picture = Picture::default();
        let colour = |colour| if self.colours.is_some() { colour } else { "" };
        let plain = |line: &str| vec![("", line.to_owned())];
        let colours = |line: &str| self.colours.as_ref().map_or_else(|| plain(line), |colours| colours.of(line));
        if let Some(search) = &self.search {
            let found = self.recall.containing(&search.term, search.passed);
            picture.push(colour(PROMPT), &prompt.searching(&search.term, found.is_some()));
            picture.set_cursor();
            let found = found.unwrap_or_default();
            for (colour, piece) in colours(&found) {
                picture.push(colour, &piece);
            }
            return picture;
        }
        picture.push(colour(PROMPT), prompt.text());
        let line = self.text.current_buffer_contents();
        let cursor = if is_final { line.len() } else { self.text.current_insertion_point() };
        picture.set_cursor();
        let mut at = 0;
        for (piece_colour, piece) in colours(line) {
            for part in piece.split_inclusive('\n') {
                let before = cursor.checked_sub(at).filter(|&before| before <= part.len());
                let (before, after) = part.split_at(before.unwrap_or_default());
                picture.push(piece_colour, before);
                if cursor >= at && cursor <= at + part.len() {
                    picture.set_cursor();
                }
                picture.push(piece_colour, after);
                at += part.len();
                if part.ends_with('\n') {
                    picture.push(colour(PROMPT), prompt.dots());
                    if cursor == at {
                        picture.set_cursor();
                    }
                }
            }
        }
        if let Some(hint) = self.hint().filter(|_| !is_final) {
            picture.push(HINT, &hint);
        }
        if let Some(menu) = &self.menu {
            menu.show(&mut picture, self.painter.columns());
        }
        picture
    }
}

/// The first word of a text, with the spaces before it.
fn first_word(text: &str) -> &str {
    let mut ends = text.split_word_bound_indices().map(|(at, word)| (at + word.len(), word));
    let end = ends.find(|(_, word)| !word.trim().is_empty()).map_or(text.len(), |(end, _)| end);
    &text[..end]
}
