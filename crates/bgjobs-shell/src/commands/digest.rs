//! `digest`: one line about all jobs.

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "digest",
    usage: "digest",
    help: "Shows in one line what ended, what failed and why, which jobs have unread output,\n\
           and what still runs. After a minute without a key in which jobs ended, it appears\n\
           by itself at the next key; BGJOBS_AWAY=5m, or off, sets another time.",
    completion: Completion::Nothing,
    options: &[],
    read: |_| Ok(Box::new(ShowDigest)),
};

#[derive(Debug)]
struct ShowDigest;

impl Action for ShowDigest {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        Ok(Reply::Shown(session.tracked().digest(None).to_string()))
    }
}
