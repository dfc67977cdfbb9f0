//! `pause io`: starts no more jobs of a group.

use super::{
    groups,
    word::{Action, CommandLine, Completion, Reply, Session, Word},
};

pub(super) const WORD: Word = Word {
    name: "pause",
    usage: "pause io",
    help: "Starts no more jobs of the groups until `resume io`; jobs that already run continue.",
    completion: Completion::Groups { paused: Some(false) },
    options: &[],
    read: |arguments| Ok(Box::new(Pause(arguments.groups()?))),
};

#[derive(Debug)]
pub(super) struct Pause(pub(super) Vec<String>);

impl Action for Pause {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        groups::for_each(session, &self.0, |group| {
            group.pause();
        })
    }
}
