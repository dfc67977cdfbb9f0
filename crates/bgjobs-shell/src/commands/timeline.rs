//! `timeline` and `timeline run.svg`: who waited and ran when.

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "timeline",
    usage: "timeline [run.svg]",
    help: "Shows who waited (a thin line) and ran (a thick one) when; ✗ failed, ■ stopped, ▶ running.\n\
           Of more than 60 jobs it shows how many waited, ran, failed and were stopped at each moment.\n\
           With the name of a file it saves the timeline: a picture if that ends in .svg,\n\
           a trace for https://ui.perfetto.dev or chrome://tracing if it ends in .json.",
    completion: Completion::Folders,
    options: &[],
    read: |arguments| Ok(Box::new(ShowTimeline { file: arguments.word() })),
};

#[derive(Debug)]
struct ShowTimeline {
    file: Option<String>,
}

impl Action for ShowTimeline {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let timeline = session.jobs().timeline();
        let Some(file) = &self.file else { return Ok(Reply::Shown(timeline.text(session.columns()))) };
        let path = session.environment().resolve_typed(file)?;
        timeline.save(path).map_err(|error| format!("timeline: {error}"))?;
        Ok(Reply::Nothing)
    }
}
