//! The shell without a terminal: lines from a pipe, a file, one expression.
//!
//! Values go to standard output, errors and notices to standard error. At the end it waits for the jobs.

use std::{
    fs,
    io::{self, BufRead},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bgjobs::{Report, Stream};
pub(crate) use bgjobs_cli::output::{is_lost as has_lost_output, print, write};

use crate::{
    commands::is_whole,
    foreground::WaitEnd,
    lang::notice,
    notices,
    session::{Answer, Session},
    shell::{self, Reply},
    signals::Interrupted,
};

/// The exit code of a process that Ctrl-C has ended.
pub(crate) const INTERRUPTED: u8 = 130;

/// How long the shell waits for jobs at its end before it says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it looks whether a job has started that will outlive it.
const PAUSE: Duration = Duration::from_millis(50);

/// How many tracebacks are shown at once.
const MOST_TRACEBACKS: usize = 10;

/// Some editors put it at the start of a file; it only says that the text is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How lines ended that were evaluated without a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All were evaluated, or one failed; with the exit status.
    Done(u8),
    /// One asked to leave with this exit status.
    Left(u8),
}

/// Evaluates lines as if they were typed; the exit status is that of the last failure.
///
/// # Errors
///
/// The input can't be read.
pub(crate) fn lines(session: &mut Session, mut input: impl BufRead, interrupted: &Interrupted) -> io::Result<End> {
    let mut status = 0;
    let mut text = String::new();
    loop {
        let mut line = Vec::new();
        let at_end = input.read_until(b'\n', &mut line)? == 0;
        // Invalid UTF-8 makes its own line fail, not all that follow.
        let line = String::from_utf8_lossy(&line);
        text.push_str(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line));
        if !at_end && !is_whole(&text) {
            continue;
        }
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        tell(session, Verbosity::All);
        let reply = shell::answer(session, &std::mem::take(&mut text));
        status = show(&reply).unwrap_or(status);
        session.tracked().release_echo();
        match reply {
            Reply::Leave(Some(status)) => return Ok(End::Left(status)),
            Reply::Leave(None) => return Ok(End::Done(status)),
            _ if at_end || interrupted.is_set() => return Ok(End::Done(status)),
            _ => {}
        }
    }
}

/// Reads a file that is to be evaluated.
///
/// # Errors
///
/// It can't be read as text.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    // A first line for the system, such as `#!/usr/bin/env bgjobs`, becomes a comment.
    Ok(if text.starts_with("#!") { format!("//{text}") } else { text.to_owned() })
}

/// Evaluates the text of a file as one program; if it has lines that only a prompt understands, line by line, until
/// one fails.
pub(crate) fn file(session: &mut Session, name: &str, text: &str, interrupted: &Interrupted) -> End {
    if has_lines_for_prompt(session, text) {
        return by_line(session, name, text, interrupted, shell::answer_in_file);
    }
    match session.run(name, text) {
        Answer::Failed(failure) => {
            write(Stream::Err, &failure.traceback().to_string());
            End::Done(1)
        }
        Answer::Leave(status) => End::Left(status),
        Answer::Nothing | Answer::Value(_) | Answer::Sent(_) => End::Done(0),
    }
}

/// Evaluates a text on the command line, and shows its value.
pub(crate) fn text(session: &mut Session, name: &str, text: &str, interrupted: &Interrupted) -> End {
    if has_lines_for_prompt(session, text) {
        return by_line(session, name, text, interrupted, shell::answer_alone);
    }
    end(&shell::answer_alone(session, name, text))
}

/// Shows the only reply.
pub(crate) fn end(reply: &Reply) -> End {
    match (show(reply), reply) {
        (_, Reply::Leave(status)) => End::Left(status.unwrap_or(0)),
        (failed, _) => End::Done(failed.unwrap_or(0)),
    }
}

/// Evaluates the lines of a text one by one, until one fails or Ctrl-C is pressed.
pub(crate) fn by_line(
    session: &mut Session,
    name: &str,
    text: &str,
    interrupted: &Interrupted,
    answer: fn(&mut Session, &str, &str) -> Reply,
) -> End {
    for (before, line) in whole_lines(text) {
        // A line that is evaluated hears it itself.
        if interrupted.is_set() {
            write(Stream::Err, &format!("{name}, line {}: interrupted", before + 1));
            return End::Done(INTERRUPTED);
        }
        // Tracebacks show the line's number in the text.
        let reply = answer(session, name, &format!("{}{line}", "\n".repeat(before)));
        let failed = show(&reply);
        session.tracked().release_echo();
        match (failed, reply) {
            (_, Reply::Leave(status)) => return End::Left(status.unwrap_or(0)),
            (Some(status), _) => return End::Done(status),
            _ => {}
        }
    }
    End::Done(0)
}

fn has_lines_for_prompt(session: &Session, text: &str) -> bool {
    whole_lines(text).iter().any(|(_, line)| shell::is_for_prompt(session, line))
}

/// The lines of a text as they would be entered at a prompt, each with the number of lines before it.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut line, mut before) = (Vec::new(), String::new(), 0);
    let mut parts = text.split_inclusive('\n').enumerate().peekable();
    while let Some((number, part)) = parts.next() {
        line.push_str(part);
        if is_whole(&line) && !parts.peek().is_some_and(|(_, next)| continues(next)) {
            lines.push((before, std::mem::take(&mut line).trim_end().to_owned()));
            before = number + 1;
        }
    }
    // One that is not closed fails when it is evaluated.
    lines.push((before, line.trim_end().to_owned()));
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

/// Whether a line goes on with the expression or the block of the line before it.
fn continues(line: &str) -> bool {
    let line = line.trim_start();
    let is_word = |word: &str| {
        line.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    line.starts_with('.') || line.starts_with("?.") || is_word("else") || is_word("catch")
}

/// Shows a reply; if it is an error, returns its exit status.
pub(crate) fn show(reply: &Reply) -> Option<u8> {
    if let Some((stream, shown)) = shell::stream(reply) {
        write(stream, shown);
    }
    match reply {
        Reply::Wrong(_) => Some(1),
        Reply::Failed(_, status) => Some(*status),
        Reply::Nothing | Reply::Shown(_) | Reply::Value(_) | Reply::Leave(_) => None,
    }
}

/// Which ends of jobs are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// All.
    All,
    /// Only those of jobs that died.
    Failures,
}

/// Waits for all jobs but daemons, and reports the ends; true if no job died unread.
///
/// It resumes paused groups, because nobody is left to do so.
pub(crate) fn finish(session: &mut Session, verbosity: Verbosity, interrupted: &Interrupted) -> bool {
    let began = Instant::now();
    let mut is_told = false;
    let mut look = |session: &Session| {
        resume_all(session);
        tell(session, verbosity);
        if !is_told && began.elapsed() > PATIENCE {
            is_told = true;
            tell_awaited(session);
        }
    };
    resume_all(session);
    while !interrupted.is_set() {
        if let Some(job) = session.awaited().next() {
            if session.wait_for(&job, &mut look) == WaitEnd::Interrupted {
                break;
            }
        } else if session.has_to_start_kept() {
            thread::sleep(PAUSE);
            look(session);
        } else {
            break;
        }
    }
    tell(session, verbosity);
    let is_good = session.tracked().unread().is_empty();
    session.leave_kept();
    is_good
}

fn resume_all(session: &Session) {
    for group in session.jobs().groups() {
        group.resume();
    }
}

/// Says why the shell has not ended.
fn tell_awaited(session: &Session) {
    let jobs: Vec<_> = session.awaited().collect();
    if !jobs.is_empty() {
        write(Stream::Err, &notices::awaited(&jobs));
    }
}

/// Reports the jobs that have ended: of those that died, why, because there may be no line that asks.
fn tell(session: &Session, verbosity: Verbosity) {
    let Report { completed, dead } = session.report();
    if verbosity == Verbosity::All && !completed.is_empty() {
        write(Stream::Err, notice(&Report { completed, dead: Vec::new() }).trim_end());
    }
    let unread: Vec<_> = dead.into_iter().filter(|job| !session.tracked().is_read(job)).collect();
    for job in unread.iter().take(MOST_TRACEBACKS) {
        if let Some(failure) = job.failure() {
            write(Stream::Err, &format!("Traceback for: {job:?}\n{}", failure.traceback()));
        }
    }
    if unread.len() > MOST_TRACEBACKS {
        write(Stream::Err, &format!("and {} more jobs died", unread.len() - MOST_TRACEBACKS));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn ctrl_c_between_two_lines_ends_a_file() {
        let printed: Arc<Mutex<String>> = Arc::default();
        let seen = Arc::clone(&printed);
        let mut session = Session::new(Arc::new(move |_, text| seen.lock().unwrap().push_str(text)));
        let interrupted = Interrupted::default();
        let mut run = || by_line(&mut session, "file", "\nprint(1)\n", &interrupted, shell::answer_in_file);
        assert_eq!(run(), End::Done(0));
        interrupted.set();
        assert_eq!(run(), End::Done(INTERRUPTED));
        assert_eq!(*printed.lock().unwrap(), "1\n");
    }

    #[test]
    fn lines_are_entered_whole_and_keep_their_numbers() {
        let lines = whole_lines("a\n\nfn f() {\n  1\n}\n!b \\\n c\nx\n  .y()\nif z {\n}\nelse {}\nelsewhere\nf(\n");
        let seen: Vec<_> = lines.iter().map(|(before, line)| (*before, line.as_str())).collect();
        assert_eq!(
            seen,
            [
                (0, "a"),
                (2, "fn f() {\n  1\n}"),
                (5, "!b \\\n c"),
                (7, "x\n  .y()"),
                (9, "if z {\n}\nelse {}"),
                (12, "elsewhere"),
                (13, "f(")
            ]
        );
    }
}
