//! What a key does, as emacs or vi has it.
//!
//! Knows nothing of the line. The editing asks which mode of vi counts, because it says where the cursor may rest.

use std::sync::{Arc, Mutex, PoisonError};

use crossterm::{cursor::SetCursorStyle, event::Event};
use reedline::{
    EditMode as ReedlineMode, Emacs, KeyCode, KeyModifiers, Keybindings, PromptEditMode, PromptViMode, ReedlineEvent,
    ReedlineRawEvent, Vi, default_emacs_keybindings, default_vi_insert_keybindings, default_vi_normal_keybindings,
    default_vi_visual_keybindings,
};

use crate::{edit_mode::EditMode, setting::Setting};

/// The name that events have for our menu.
const MENU: &str = "completions";

/// The keys of the line editor.
pub(super) struct Keymap {
    chosen: Setting<EditMode>,
    emacs: Emacs,
    vi: Vi,
    told: Told,
}

/// The mode, as the editing is told of it.
#[derive(Clone)]
struct Told(Arc<Mutex<PromptEditMode>>);

impl Keymap {
    pub(super) fn new(chosen: Setting<EditMode>) -> Self {
        let (mut emacs, mut insert, mut normal) =
            (default_emacs_keybindings(), default_vi_insert_keybindings(), default_vi_normal_keybindings());
        add_own(&mut emacs);
        add_own(&mut insert);
        normal.add_binding(KeyModifiers::NONE, KeyCode::Char('/'), ReedlineEvent::SearchHistory);
        Self {
            chosen,
            emacs: Emacs::new(emacs),
            vi: Vi::new(insert, normal, default_vi_visual_keybindings()),
            told: Told(Arc::new(Mutex::new(PromptEditMode::Emacs))),
        }
    }

    /// Tells the editing the mode.
    pub(super) fn for_editing(&self) -> Box<dyn ReedlineMode> {
        Box::new(self.told.clone())
    }

    /// What an event does to the line; none for one that concerns nobody.
    pub(super) fn parse(&mut self, event: Event) -> Option<ReedlineEvent> {
        let event = ReedlineRawEvent::try_from(event).ok()?;
        let event = self.mode().parse_event(event);
        self.tell();
        Some(event)
    }

    /// What is typed next is text; returns the mode until now.
    pub(super) fn insert(&mut self) -> PromptEditMode {
        let mode = self.mode().edit_mode();
        self.switch(PromptEditMode::Vi(PromptViMode::Insert));
        mode
    }

    /// Changes to another mode of vi.
    pub(super) fn switch(&mut self, mode: PromptEditMode) {
        let _ = self.vi.handle_mode_specific_event(ReedlineEvent::SwitchMode(mode));
        self.tell();
    }

    /// How the cursor shows the mode: not in emacs, whose cursor is the user's own.
    pub(super) fn cursor(&mut self) -> SetCursorStyle {
        match self.mode().edit_mode() {
            PromptEditMode::Vi(PromptViMode::Insert) => SetCursorStyle::SteadyBar,
            PromptEditMode::Vi(_) => SetCursorStyle::SteadyBlock,
            _ => SetCursorStyle::DefaultUserShape,
        }
    }

    fn mode(&mut self) -> &mut dyn ReedlineMode {
        match self.chosen.get() {
            EditMode::Emacs => &mut self.emacs,
            EditMode::Vi => &mut self.vi,
        }
    }

    fn tell(&mut self) {
        let mode = self.mode().edit_mode();
        *self.told.0.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }
}

/// Adds the keys that are ours wherever text is typed.
fn add_own(keys: &mut Keybindings) {
    let complete = vec![ReedlineEvent::MenuNext, ReedlineEvent::Menu(MENU.to_owned())];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    keys.add_binding(KeyModifiers::ALT, KeyCode::Char('.'), last_word());
}

/// The event that inserts the last word of an earlier line.
pub(super) fn last_word() -> ReedlineEvent {
    ReedlineEvent::ExecuteHostCommand("last word".to_owned())
}

impl ReedlineMode for Told {
    fn parse_event(&mut self, _: ReedlineRawEvent) -> ReedlineEvent {
        ReedlineEvent::None
    }

    fn edit_mode(&self) -> PromptEditMode {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
