//! `resume io`: starts the jobs of a paused group again.

use super::{
    groups,
    word::{Action, CommandLine, Completion, Reply, Session, Word},
};

pub(super) const WORD: Word = Word {
    name: "resume",
    usage: "resume io",
    help: "Starts the jobs of paused groups again.",
    completion: Completion::Groups { paused: Some(true) },
    options: &[],
    read: |arguments| Ok(Box::new(Resume(arguments.groups()?))),
};

#[derive(Debug)]
pub(super) struct Resume(pub(super) Vec<String>);

impl Action for Resume {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        groups::for_each(session, &self.0, |group| {
            group.resume();
        })
    }
}
