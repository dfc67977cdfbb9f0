//! The shell without a terminal: lines from a pipe, a file, one expression.
//!
//! Values go to standard output, errors and notices to standard error. At the end it waits for the jobs.

use std::{
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

use bgjobs::Stream;

use crate::{
    commands::is_whole,
    foreground::WaitEnd,
    lang::notice,
    notices,
    session::{Answer, Session},
    shell::{self, Reply},
    signals::Interrupted,
};

/// The exit code of a process whose reader has gone away, as if SIGPIPE had ended it.
const BROKEN_PIPE: i32 = 128 + 13;

/// How long the shell waits for jobs at its end before it says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// Some editors put it at the start of a file; it only says that the text is UTF-8.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Writes a text and a line break.
pub(crate) fn write(stream: Stream, text: &str) {
    // In one write, or a key that is echoed meanwhile would land before the line break.
    print(stream, &format!("{text}\n"));
}

/// Writes a text at once; if nobody reads any more, ends the process, as programs in a pipe do.
pub(crate) fn print(stream: Stream, text: &str) {
    let mut out: Box<dyn Write> = match stream {
        Stream::Out => Box::new(io::stdout().lock()),
        Stream::Err => Box::new(io::stderr().lock()),
    };
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        std::process::exit(BROKEN_PIPE);
    }
}

/// Evaluates lines as if they were typed; true if none failed.
///
/// # Errors
///
/// The input can't be read.
pub(crate) fn lines(session: &mut Session, mut input: impl BufRead, interrupted: &Interrupted) -> io::Result<bool> {
    let mut good = true;
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
            write(Stream::Err, &failure.traceback().to_string());
            false
        }
        Answer::Nothing | Answer::Value(_) | Answer::Sent(_) => true,
    }
}

/// Shows a reply; true if it is not an error.
pub(crate) fn show(reply: &Reply) -> bool {
    if let Some((stream, shown)) = shell::stream(reply) {
        write(stream, shown);
    }
    !matches!(reply, Reply::Wrong(_))
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
    while let Some(job) = session.awaited().next() {
        if interrupted.is_set() || session.wait_for(&job, &mut look) == WaitEnd::Interrupted {
            break;
        }
    }
    tell(session, verbosity);
    session.tracked().unread().is_empty()
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

/// Reports the jobs that have ended.
fn tell(session: &Session, verbosity: Verbosity) {
    let mut report = session.report();
    if verbosity == Verbosity::Failures {
        report.completed.clear();
    }
    if !report.is_empty() {
        write(Stream::Err, notice(&report).trim_end());
    }
}
