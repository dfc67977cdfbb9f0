//! `limit io 2`: how many jobs of a group may run at once.

use bgjobs::{LimitError, one_line};

use super::{
    groups,
    word::{Action, CommandLine, Completion, Reply, Session, Word},
};

pub(super) const WORD: Word = Word {
    name: "limit",
    usage: "limit io 2",
    help: "Sets how many jobs of a group may run at once; the others wait. `limit io none` removes the limit.\n\
           A job that waits for another job lends its slot meanwhile.",
    completion: Completion::Groups { paused: None },
    options: &[],
    read: |arguments| {
        let (group, limit) = arguments
            .word()
            .zip(arguments.word())
            .ok_or("limit needs a group and a number, as in `limit io 2`; `limit io none` removes the limit")?;
        if group.is_empty() {
            return Err("a group needs a name, as in `limit io 2`".to_owned());
        }
        let most = match limit.as_str() {
            "none" => None,
            number => Some(number.parse().map_err(|_| {
                let (group, number) = (one_line(&group), one_line(number));
                format!("a limit is a number or none, as in `limit {group} 2` and `limit {group} none`, not `{number}`")
            })?),
        };
        Ok(Box::new(Limit { group, most }))
    },
};

#[derive(Debug)]
pub(super) struct Limit {
    pub(super) group: String,
    /// None removes the limit.
    pub(super) most: Option<usize>,
}

impl Action for Limit {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        if self.most == Some(0) {
            // A limit that is refused must not make the group.
            return Err(LimitError { group: self.group.clone().into() }.to_string());
        }
        let group = session.jobs().group(self.group.clone());
        group.set_limit(self.most).map_err(|error| error.to_string())?;
        Ok(groups::shown(&[group]))
    }
}
