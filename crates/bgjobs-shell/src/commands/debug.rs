//! `debug 3`: opens the debugger on a job that died, or on the last line that failed; and the debugger's views.

use bgjobs::{Failure, Outcome, State, many_lines, one_line};

use super::word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word};
use crate::{
    debugger::Debugger,
    lang::{self, DeadFrame, Names},
    selection::Selection,
    text::{shortened, within},
};

/// How much of a value a list of names shows, in characters.
const LONGEST_VALUE: usize = 200;

/// What can be typed in the debugger.
const HINT: &str = "up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.";

/// The debugger's own words, in addition to those of the prompt.
pub(crate) const WORDS: [&str; 5] = ["up", "down", "frames", "bt", "locals"];

pub(super) const HELP: &str = "\
up           goes to the frame that called this one
down         goes back to the frame that was called
frames, bt   shows all frames, outermost first, with a > at this one
locals       shows the names of this frame; a name alone shows its whole value
any line     is evaluated with the names of this frame, and changes nothing outside
quit         leaves, as Ctrl-D does
The other commands work here too; `help kill` explains one.";

pub(super) const WORD: Word = Word {
    name: "debug",
    usage: "debug [3]",
    help: "Opens a prompt in the frame where a job died, or where the last line failed, with the names of that frame.\n\
           There: up, down, frames (bt), locals, or any line, which changes nothing outside. quit or Ctrl-D leaves.",
    completion: Completion::Jobs(Fitting::Debuggable),
    options: &[],
    read: |arguments| Ok(Box::new(Debug(arguments.jobs()?))),
};

/// Debugs a dead job, or the last line that failed.
#[derive(Debug)]
struct Debug(Option<Selection>);

impl Action for Debug {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let (title, what, failure, post_mortem) = if let Some(selection) = &self.0 {
            let job = session.select(selection).one()?;
            let post_mortem = session.tracked().post_mortem(&job).map_err(|error| error.to_string())?;
            session.tracked().note_seen(&job);
            let how = if job.state() == State::Finished(Outcome::Stopped) { "was stopped" } else { "failed" };
            (job.id().to_string(), format!("Job #{} {how}", job.id()), job.failure(), post_mortem)
        } else {
            let (failure, post_mortem) =
                session.failed().ok_or("no line has failed; `debug 3` debugs a job that died")?;
            (String::new(), "The line failed".to_owned(), Some(failure), post_mortem)
        };
        let message = failure.as_ref().map(Failure::message).unwrap_or_default();
        let debugger = Debugger::new(title, post_mortem);
        let reply =
            format!("{what}: {}\n{}\n{HINT}", many_lines(message), here(&debugger, session.tracked().width.get()));
        session.debugger = Some(debugger);
        Ok(Reply::Shown(reply))
    }
}

/// The current frame, with its names.
pub(crate) fn here(debugger: &Debugger, width: Option<usize>) -> String {
    let frame = debugger.frame().map(|frame| shown(frame, width)).unwrap_or_default();
    format!("{frame}\n{}", locals(debugger))
}

fn shown(frame: &DeadFrame, width: Option<usize>) -> String {
    match (&frame.frame, &frame.function) {
        (Some(frame), _) => within(frame, width),
        (None, Some(function)) => format!("  in {}", one_line(function)),
        (None, None) => "  outside of functions".to_owned(),
    }
}

/// All frames, outermost first, with a mark at the current one.
pub(crate) fn frames(debugger: &Debugger, width: Option<usize>) -> String {
    let mut lines = Vec::new();
    for (place, (frame, is_here)) in debugger.frames().enumerate() {
        if let Some((count, _)) = debugger.left_out().filter(|&(_, before)| before == place) {
            lines.push(format!("  ... {count} more ..."));
        }
        let text = shown(frame, width);
        lines.push(if is_here { format!("> {}", text.trim_start()) } else { text });
    }
    lines.join("\n")
}

/// The names of the current frame itself, with their current values.
pub(crate) fn locals(debugger: &Debugger) -> String {
    let Some(frame) = debugger.frame().filter(|frame| !frame.variables.is_empty()) else {
        return "  (no names of its own)".to_owned();
    };
    let names = debugger.names();
    let line = |name: &str| format!("  {name} = {}", value(name, &names));
    frame.variables.keys().map(|name| line(name)).collect::<Vec<_>>().join("\n")
}

fn value(name: &str, names: &Names) -> String {
    let Some(value) = names.variable(name) else { return "(too large to capture)".to_owned() };
    shortened(&one_line(&lang::show(value, names)).to_string(), LONGEST_VALUE, " …").into_owned()
}
