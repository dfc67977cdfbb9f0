//! `debug 3`: a prompt in the frame where an evaluation failed, until it is left.

use bgjobs::{AnyJob, Failure, Outcome, State, many_lines, one_line};

use super::{Reply, carry_out};
use crate::{
    commands::{Command, begins_arguments},
    debugger::Debugger,
    lang::{DeadFrame, Names},
    render,
    session::{Answer, Session},
};

/// How much of a value is shown in a list of names, in characters.
const LONGEST_VALUE: usize = 200;

/// What can be typed there.
const HINT: &str = "up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.";

/// The words that count only there, beside those of the prompt.
const WORDS: [&str; 5] = ["up", "down", "frames", "bt", "locals"];

const HELP: &str = "\
up           goes to the frame that called this one
down         goes back to the frame that was called
frames, bt   shows all frames, outermost first, with a > at this one
locals       shows the names of this frame; a name alone shows its value whole
any line     is evaluated with the names of this frame, and changes nothing outside
quit         leaves, as Ctrl-D does
`help kill` and the like tell of the other commands, which can be typed here too.";

/// Begins to look around in a dead job.
pub(super) fn job(session: &mut Session, job: &AnyJob) -> Reply {
    match session.told().post_mortem(job) {
        Err(refusal) => Reply::Wrong(refusal.to_string()),
        Ok(post_mortem) => {
            let id = job.id();
            session.told().note_seen(job);
            session.debug(Debugger::new(id.to_string(), post_mortem));
            let how = if job.state() == State::Finished(Outcome::Stopped) { "was stopped" } else { "died" };
            begun(session, &format!("Job #{id} {how}"), job.failure().as_ref())
        }
    }
}

/// Begins to look around in the last line that failed.
pub(super) fn line(session: &mut Session) -> Reply {
    match session.failed().cloned() {
        None => Reply::Wrong("no line has failed; `debug 3` looks at a job that died".to_owned()),
        Some((failure, post_mortem)) => {
            session.debug(Debugger::new(String::new(), post_mortem));
            begun(session, "The line failed", Some(&failure))
        }
    }
}

fn begun(session: &Session, what: &str, failure: Option<&Failure>) -> Reply {
    let message = failure.map(|failure| many_lines(failure.message()).to_string()).unwrap_or_default();
    Reply::Shown(format!("{what}: {message}\n{}\n{HINT}", here(session)))
}

/// Answers a line that is typed while one looks around.
pub(super) fn answer(session: &mut Session, line: &str) -> Reply {
    let Some(debugger) = session.debugger_mut() else { return Reply::Nothing };
    let names = debugger.names();
    let is_variable = |name: &str| names.variable(name).is_some();
    match line.trim() {
        word if is_variable(word) => {}
        "up" if debugger.up() => return Reply::Shown(here(session)),
        "down" if debugger.down() => return Reply::Shown(here(session)),
        "up" => return Reply::Wrong("this is the outermost frame; down goes back".to_owned()),
        "down" => return Reply::Wrong("this is the innermost frame, where it failed; up goes to the call".to_owned()),
        "frames" | "bt" => return Reply::Shown(frames(debugger)),
        "locals" => return Reply::Shown(locals(debugger)),
        line => {
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if WORDS.contains(&word) && !is_variable(word) && begins_arguments(rest.trim_start()) {
                return Reply::Wrong(format!("{word} takes nothing behind it; `help` shows what can be typed here"));
            }
        }
    }
    match Command::parse(line, is_variable) {
        Some(Ok(Command::Help(None))) => Reply::Shown(HELP.to_owned()),
        Some(Ok(Command::Help(Some(word)))) if WORDS.contains(&word.as_str()) => Reply::Shown(HELP.to_owned()),
        Some(Ok(Command::Leave)) => {
            session.leave_debugger();
            Reply::Nothing
        }
        Some(Ok(command)) => {
            let number = session.number();
            session.skip();
            carry_out(session, number, &command)
        }
        Some(Err(refusal)) => Reply::Wrong(refusal),
        None => match session.answer_in_frame(line) {
            Answer::Nothing => Reply::Nothing,
            Answer::Value(value) => Reply::Shown(many_lines(&session.show(&value)).to_string()),
            Answer::Sent(job) => Reply::Shown(render::sent(&job)),
            Answer::Failed(failure) => Reply::Wrong(render::failure(&failure)),
        },
    }
}

/// The frame that is looked at, with its names.
fn here(session: &Session) -> String {
    let Some(debugger) = session.debugger() else { return String::new() };
    let frame = debugger.frame().map(shown).unwrap_or_default();
    format!("{frame}\n{}", locals(debugger))
}

fn shown(frame: &DeadFrame) -> String {
    match (&frame.frame, &frame.function) {
        (Some(frame), _) => frame.to_string(),
        (None, Some(function)) => format!("  in {}", one_line(function)),
        (None, None) => "  outside of functions".to_owned(),
    }
}

/// All frames, outermost first; the one that is looked at has a mark.
fn frames(debugger: &Debugger) -> String {
    let mut lines = Vec::new();
    for (place, (frame, is_here)) in debugger.frames().enumerate() {
        if let Some((count, _)) = debugger.left_out().filter(|&(_, before)| before == place) {
            lines.push(format!("  ... {count} more ..."));
        }
        let text = shown(frame);
        lines.push(if is_here { format!("> {}", text.trim_start()) } else { text });
    }
    lines.join("\n")
}

/// The own names of the frame that is looked at, as they are now.
fn locals(debugger: &Debugger) -> String {
    let Some(frame) = debugger.frame().filter(|frame| !frame.variables.is_empty()) else {
        return "  (no names of its own)".to_owned();
    };
    let names = debugger.names();
    let line = |name: &str| format!("  {name} = {}", value(name, &names));
    frame.variables.keys().map(|name| line(name)).collect::<Vec<_>>().join("\n")
}

fn value(name: &str, names: &Names) -> String {
    let Some(value) = names.variable(name) else { return "(too large to be kept)".to_owned() };
    let text = one_line(&crate::lang::show(value, names)).to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
