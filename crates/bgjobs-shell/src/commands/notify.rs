//! `notify bell:30s`: how the user is alerted when a long job ends.

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};
use crate::notify::Notify;

pub(super) const WORD: Word = Word {
    name: "notify",
    usage: "notify [bell:30s]",
    help: "Shows or sets how the terminal alerts you when a long job ends: bell,\n\
           osc9 or osc777 (desktop notifications, if the terminal supports them),\n\
           each with the least time such a job runs, 10s by default; or off.\n\
           BGJOBS_NOTIFY=osc9:1m in the environment sets it for all shells.",
    completion: Completion::Choices(&[
        ("bell", "rings the terminal's bell"),
        ("osc9", "a desktop notification: iTerm2, Windows Terminal, kitty, foot, WezTerm"),
        ("osc777", "a desktop notification: urxvt, foot, Ghostty"),
        ("off", "no alert"),
    ]),
    options: &[],
    read: |arguments| Ok(Box::new(SetNotify(arguments.word().map(|word| word.parse()).transpose()?))),
};

/// Changes the setting, or shows it.
#[derive(Debug)]
struct SetNotify(Option<Notify>);

impl Action for SetNotify {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Some(notify) = self.0 else { return Ok(Reply::Shown(session.notifier.get().to_string())) };
        session.notifier.set(notify);
        Ok(Reply::Nothing)
    }
}
