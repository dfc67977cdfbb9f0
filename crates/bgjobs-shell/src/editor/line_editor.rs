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
use reedline::{EditCommand, FileBackedHistory, Reedline, ReedlineEvent};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    completer::Completions,
    highlight::Colours,
    keymap::{self, Keymap},
    line_view::LineView,
    menu::{Menu, common_beginning},
    notices::Announcer,
    painter::Painter,
    picture::{Colour, Picture},
    prompt::LinePrompt,
    recall::Recall,
    search::{Search, Step},
};
use crate::{
    commands::is_whole,
    edit_mode::EditMode,
    keys,
    setting::Setting,
    terminal::{RawMode, shape_cursor},
};

/// How often it looks for notices.
const LOOK_EVERY: Duration = Duration::from_millis(50);

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
    keymap: Keymap,
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
    /// Until another key is pressed.
    last_word: Option<LastWord>,
}

/// A word of an earlier line that stands before the cursor.
struct LastWord {
    /// How many newer lines were passed over.
    passed: usize,
    len: usize,
}

impl LineEditor {
    pub(super) fn new(
        history: FileBackedHistory,
        completions: Completions,
        colours: Option<Colours>,
        announcer: Option<Announcer>,
        edit_mode: Setting<EditMode>,
    ) -> Self {
        let keymap = Keymap::new(edit_mode);
        Self {
            text: Reedline::create().with_edit_mode(keymap.for_editing()),
            keymap,
            recall: Recall::new(history),
            completions,
            colours,
            painter: Painter::new(announcer.is_none()),
            announcer,
            typed_ahead: VecDeque::new(),
            menu: None,
            search: None,
            last_word: None,
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
        self.keymap.insert();
        self.replace("", 0);
        let mut looked = Instant::now();
        let mut is_painted = false;
        loop {
            // Keys that wait are handled first: what they lead to is painted at once.
            if self.typed_ahead.is_empty() && !event::poll(Duration::ZERO)? {
                if !std::mem::replace(&mut is_painted, true) {
                    if self.announcer.is_some() {
                        shape_cursor(self.keymap.cursor())?;
                    }
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
            let Some(event) = self.keymap.parse(event) else { continue };
            is_painted = false;
            if let Effect::Ended(entry) = self.handle(event)? {
                (self.menu, self.search, self.last_word) = (None, None, None);
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
        let last_word = self.last_word.take();
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
            E::Multiple(events) => {
                let mut effect = Effect::None;
                for event in events {
                    match self.handle(event)? {
                        Effect::None => {}
                        Effect::Done => effect = Effect::Done,
                        ended @ Effect::Ended(_) => return Ok(ended),
                    }
                }
                Ok(effect)
            }
            E::SwitchMode(mode) => {
                self.keymap.switch(mode);
                Ok(Effect::Done)
            }
            E::MenuNext | E::MenuDown | E::MenuRight => Ok(self.choose(true)),
            E::MenuPrevious | E::MenuUp | E::MenuLeft => Ok(self.choose(false)),
            event if self.search_on(&event) => Ok(Effect::Done),
            E::Menu(_) => Ok(self.complete()),
            E::Enter if self.menu.take().is_some_and(|menu| menu.has_chosen()) => Ok(Effect::Done),
            event if event == keymap::last_word() => Ok(self.insert_last_word(last_word)),
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
            E::SearchHistory => self.search = Some(Search::new(self.keymap.insert())),
            E::ClearScreen => self.painter.clear_screen()?,
            E::Resize(columns, rows) => self.painter.resize(columns, rows),
            E::Esc if self.text.current_selection().is_none() => {}
            // The cursor rests where the mode lets it, with nothing selected.
            E::Esc | E::Repaint => self.change(&[C::MoveToPosition { position: at, select: false }]),
            _ => return Ok(Effect::None),
        }
        Ok(Effect::Done)
    }

    /// Moves in the line or changes it; a change ends a walk through earlier ones.
    fn change(&mut self, commands: &[EditCommand]) {
        let before = self.text.current_buffer_contents().to_owned();
        self.text.run_edit_commands(commands);
        if self.text.current_buffer_contents() != before {
            self.recall.end_walk();
        }
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

    /// Inserts the last word of the newest line, or in its place that of the line before.
    fn insert_last_word(&mut self, last: Option<LastWord>) -> Effect {
        let (passed, len) = last.as_ref().map_or((0, 0), |last| (last.passed + 1, last.len));
        let Some(word) = self.recall.last_word(passed) else {
            self.last_word = last;
            return Effect::None;
        };
        self.insert_at(self.text.current_insertion_point() - len, &word);
        (self.menu, self.last_word) = (None, Some(LastWord { passed, len: word.len() }));
        Effect::Done
    }

    /// What an event does to a search: true if that is all.
    fn search_on(&mut self, event: &ReedlineEvent) -> bool {
        let Some(search) = &mut self.search else { return false };
        let step = search.take(event, &self.recall);
        if let ReedlineEvent::Resize(columns, rows) = event {
            self.painter.resize(*columns, *rows);
        }
        if step != Step::GoesOn
            && let Some(search) = self.search.take()
        {
            // Esc has chosen a mode itself.
            if *event != ReedlineEvent::Esc {
                self.keymap.switch(search.mode.clone());
            }
            if let Some(line) = search.found(&self.recall) {
                self.replace(&line, line.len());
            }
        }
        step != Step::EndsBefore
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
            let found = search.found(&self.recall);
            picture.push(colour(PROMPT), &prompt.searching(search.term(), found.is_some()));
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
        let selected = self.text.current_selection().filter(|_| !is_final);
        let selected = selected.map_or(0..0, |(start, end)| start..end);
        let dots = (colour(PROMPT), prompt.dots());
        LineView { pieces: colours(line), cursor, selected, dots }.show(&mut picture);
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
