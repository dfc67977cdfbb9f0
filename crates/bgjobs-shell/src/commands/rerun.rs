//! `rerun 3`: starts jobs again.

use super::{
    meant::meant,
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word},
};
use crate::selection::Selection;

pub(super) const WORD: Word = Word {
    name: "rerun",
    usage: "rerun [3 failed]",
    help: "Starts jobs again, as new jobs with the code, the arguments and the options that they were given,\n\
           in the folder of their start. Names and functions are those of now, so a mended function counts.\n\
           They do not wait again for a time or for other jobs. Without a job: the newest that has ended.\n\
           In programs: jobs[3].rerun().",
    completion: Completion::Jobs(Fitting::Ended),
    options: &[],
    read: |arguments| Ok(Box::new(Rerun(arguments.jobs()?))),
};

#[derive(Debug)]
struct Rerun(Option<Selection>);

impl Action for Rerun {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let jobs = meant(session, self.0.as_ref(), Fitting::Ended, "no job has ended")?.all()?;
        let answer = session.rerun(&jobs);
        Ok(Reply::new(session, &answer, line.view))
    }
}
