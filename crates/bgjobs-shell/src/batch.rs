//! The shell without a terminal: lines from a pipe, a file, one expression.
//!
//! Values go to standard output, errors and notices to standard error; the end waits for the jobs.

use std::{
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

use bgjobs::Stream;

use crate::{
    commands::is_whole,
    foreground::Waited,
    lang::notice,
    render,
    session::{Answer, Session},
    shell::{self, Reply},
    signals::Interrupted,
};

/// What a process ends with whose reader has gone away, as if by the signal of that name.
const BROKEN_PIPE: i32 = 128 + 13;

/// How long the end waits for jobs before it says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// Stands before some texts, and says only that they are in UTF-8.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Writes a text and a line break; without a reader the process ends, as others in a pipe do.
pub(crate) fn write(stream: Stream, text: &str) {
    // At once, or a key that is pressed meanwhile is seen between the text and its end.
    let line = format!("{text}\n");
    let written = match stream {
        Stream::Out => io::stdout().lock().write_all(line.as_bytes()),
        Stream::Err => io::stderr().lock().write_all(line.as_bytes()),
    };
    if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        std::process::exit(BROKEN_PIPE);
    }
}

/// Evaluates lines as if they were typed; true if none failed.
///
/// # Errors
///
/// That of the input.
pub(crate) fn lines(session: &mut Session, mut input: impl BufRead, interrupted: &Interrupted) -> io::Result<bool> {
    let mut good = true;
    let mut text = String::new();
    loop {
        let mut line = Vec::new();
        let at_end = input.read_until(b'\n', &mut line)? == 0;
        // What is no text fails in its own line, not in all that follow.
        let line = String::from_utf8_lossy(&line);
        text.push_str(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line));
        if !at_end && !is_whole(&text) {
            continue;
        }
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        tell(session, News::All);
        let reply = shell::answer(session, &std::mem::take(&mut text));
        good &= show(&reply);
        if at_end || reply == Reply::Leave || interrupted.is_set() {
            return Ok(good);
        }
    }
}

/// Evaluates the text of a file; true if it did not fail.
pub(crate) fn file(session: &mut Session, name: &str, text: &str) -> bool {
    match session.run(name, text) {
        Answer::Failed(failure) => {
            write(Stream::Err, &render::failure(&failure));
            false
        }
        Answer::Nothing | Answer::Value(_) | Answer::Sent(_) => true,
    }
}

/// Evaluates one text as a line at the prompt, and shows its value without a number; true if it did not fail.
pub(crate) fn expression(session: &mut Session, text: &str) -> bool {
    show(&shell::answer_alone(session, "-c", text))
}

/// Evaluates one text, and shows its value as JSON; true if it did not fail.
pub(crate) fn json(session: &mut Session, text: &str) -> bool {
    show(&shell::answer_as_json(session, "-c", text))
}

/// Shows a reply; true if nothing went wrong.
fn show(reply: &Reply) -> bool {
    if let Some((stream, shown)) = shell::stream(reply) {
        write(stream, shown);
    }
    !matches!(reply, Reply::Wrong(_))
}

/// Of which ends one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Of all.
    All,
    /// Of those of jobs that died.
    Deaths,
}

/// Waits for the jobs that are to be waited for, and tells of those that ended; true if no job died unread.
///
/// From now on no group stays paused, for nobody is left to resume it.
pub(crate) fn finish(session: &mut Session, news: News, interrupted: &Interrupted) -> bool {
    let began = Instant::now();
    let mut is_told = false;
    let mut look = |session: &Session| {
        resume_all(session);
        tell(session, news);
        if !is_told && began.elapsed() > PATIENCE {
            is_told = true;
            tell_awaited(session);
        }
    };
    resume_all(session);
    while let Some(job) = session.awaited().next() {
        if interrupted.is_set() || session.wait_for(&job, &mut look) == Waited::Interrupted {
            break;
        }
    }
    tell(session, news);
    session.told().unread().is_empty()
}

fn resume_all(session: &Session) {
    for group in session.jobs().groups() {
        group.resume();
    }
}

/// Tells why the shell has not ended.
fn tell_awaited(session: &Session) {
    let jobs: Vec<_> = session.awaited().collect();
    if !jobs.is_empty() {
        write(Stream::Err, &render::awaited(&jobs));
    }
}

/// Tells of the jobs that have ended.
fn tell(session: &Session, news: News) {
    let mut report = session.report();
    if news == News::Deaths {
        report.completed.clear();
    }
    if !report.is_empty() {
        write(Stream::Err, notice(&report).trim_end());
    }
}
