//! `quit` and `exit`.

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "quit",
    usage: "quit",
    help: "Leaves; if jobs still run, shows them first. Ctrl-D does the same.",
    completion: Completion::Nothing,
    with_value: &[],
    read: |_| Ok(Box::new(Leave)),
};

pub(super) const EXIT: Word = Word { name: "exit", usage: "exit", ..WORD };

/// Leaves the shell, or only the debugger.
#[derive(Debug)]
pub(super) struct Leave;

impl Action for Leave {
    fn run(&self, _: &mut Session, _: CommandLine) -> Result<Reply, String> {
        Ok(Reply::Leave)
    }

    fn run_in_debugger(&self, session: &mut Session) -> Option<Reply> {
        session.leave_debugger();
        Some(Reply::Nothing)
    }
}
