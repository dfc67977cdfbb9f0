//! `notices summary`: which notices are shown when jobs end.

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};
use crate::notice_mode::NoticeMode;

pub(super) const WORD: Word = Word {
    name: "notices",
    usage: "notices [each]",
    help: "Shows or sets which notices appear when jobs end: each (a line for each job, but one for many that\n\
           end together), summary (one line for all that ended) or quiet (none; `jobs` and `digest` show them).\n\
           BGJOBS_NOTICES=summary in the environment sets it for all shells; `notify` is about the bell.",
    completion: Completion::Choices(&[
        ("each", "a line for each job, but one for many that end together"),
        ("summary", "one line for all that ended"),
        ("quiet", "none"),
    ]),
    options: &[],
    read: |arguments| Ok(Box::new(SetNotices(arguments.word().map(|word| word.parse()).transpose()?))),
};

/// Changes the setting, or shows it.
#[derive(Debug)]
struct SetNotices(Option<NoticeMode>);

impl Action for SetNotices {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let Some(mode) = self.0 else { return Ok(Reply::Shown(session.notice_mode.get().to_string())) };
        session.notice_mode.set(mode);
        Ok(Reply::Nothing)
    }
}
