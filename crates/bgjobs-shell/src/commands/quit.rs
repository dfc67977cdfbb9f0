//! `quit` and `exit`.

use bgjobs::one_line;

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "quit",
    usage: "quit [3]",
    help: "Leaves, with an exit status if you like; if jobs still run, shows them first. Ctrl-D does the same.\n\
           In programs: exit(3).",
    completion: Completion::Nothing,
    options: &[],
    read: |arguments| {
        let wrong = |word: &String| format!("`{}` is not an exit status, a number from 0 to 255", one_line(word));
        let status = arguments.word().map(|word| word.parse().map_err(|_| wrong(&word)));
        Ok(Box::new(Leave(status.transpose()?)))
    },
};

pub(super) const EXIT: Word = Word { name: "exit", usage: "exit [3]", ..WORD };

/// Leaves the shell, or only the debugger.
#[derive(Debug)]
pub(super) struct Leave(pub(super) Option<u8>);

impl Action for Leave {
    fn run(&self, _: &mut Session, _: CommandLine) -> Result<Reply, String> {
        Ok(Reply::Leave(self.0))
    }

    fn run_in_debugger(&self, session: &mut Session) -> Option<Reply> {
        session.leave_debugger();
        Some(Reply::Nothing)
    }
}
