//! `edit_mode vi`: whose keys the prompt has.

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};
use crate::edit_mode::EditMode;

pub(super) const WORD: Word = Word {
    name: "edit_mode",
    usage: "edit_mode [vi]",
    help: "Shows or sets whose keys the prompt has, those of emacs or of vi. In vi, each line begins in insert mode;\n\
           the cursor is a bar there, and a block in the others. In ~/.config/bgjobs/init.rhai it holds for all shells.",
    completion: Completion::Choices(&[
        ("emacs", "Ctrl-A and Ctrl-E, Alt-B and Alt-F, Ctrl-K and Ctrl-Y"),
        ("vi", "Esc, then h j k l, w b e, d c y p, u, . and /"),
    ]),
    options: &[],
    read: |arguments| Ok(Box::new(SetEditMode(arguments.word().map(|word| word.parse()).transpose()?))),
};

/// Changes the setting, or shows it.
#[derive(Debug)]
struct SetEditMode(Option<EditMode>);

impl Action for SetEditMode {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Some(mode) = self.0 else { return Ok(Reply::Shown(session.edit_mode.get().to_string())) };
        session.edit_mode.set(mode);
        Ok(Reply::Nothing)
    }
}
