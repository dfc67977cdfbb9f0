//! What the user is told without asking: of jobs that ended, and of what happened while nobody was there.
//!
//! The editor looks for them now and then while it waits for keys, so no job waits for the terminal, and what ends
//! at the same time is told at once.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use reedline::{ExternalPrinter, Reedline};

use super::{alert::call, colours, idle::Presence, screen::Painted};
use crate::{digest::Digest, lang::Jobs, notify::Notifier, render};

/// How often the editor looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long jobs are gathered that end one after another.
const GATHER: Duration = Duration::from_millis(250);

/// The cursor goes back to where it was saved.
const RESTORE: &str = "\x1b8";

/// The row is empty: the editor fills it with spaces, which a window that gets narrower would wrap.
const CLEAR: &str = "\x1b[K";

/// What the user is to be told.
#[derive(Clone)]
pub(super) struct News {
    pub(super) jobs: Jobs,
    pub(super) notifier: Notifier,
    pub(super) presence: Presence,
}

impl News {
    /// What is new, to be shown at once; for a long job, the terminal is asked to call the user.
    pub(super) fn take(&self) -> Option<String> {
        let report = self.jobs.notices().report();
        if let Some(call) = call(self.notifier.get(), &report).filter(|_| !colours::is_plain()) {
            let mut out = io::stdout().lock();
            let _ = out.write_all(call.as_bytes()).and_then(|()| out.flush());
        }
        let digest = self.presence.take_return().map(|since| Digest::new(&self.jobs, Some(since)));
        let digest = digest.filter(|digest| !digest.is_quiet());
        let digest = digest.map(|digest| format!("While you were away: {digest}"));
        let notice = (!report.is_empty()).then(|| render::notice(&report));
        let news: Vec<_> = notice.into_iter().chain(digest).collect();
        (!news.is_empty()).then(|| news.join("\n"))
    }
}

/// An editor that tells what is new while it waits for keys.
pub(super) fn tell_above_the_line(editor: Reedline, news: News, painted: Painted) -> Reedline {
    let printer = ExternalPrinter::default();
    let lines = printer.sender();
    let mut last: Option<Instant> = None;
    let look = move || {
        if last.is_some_and(|last| last.elapsed() < GATHER) {
            return;
        }
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns.max(1)));
        let Some((above, rows)) = painted.rows(columns) else { return };
        let Some(text) = news.take() else { return };
        last = Some(Instant::now());
        make_room(above, rows);
        // The editor takes it as soon as this function returns.
        let _ = lines.try_send(format!("{RESTORE}{CLEAR}{}", text.replace('\n', &format!("\n{CLEAR}"))));
    };
    editor.with_external_printer(printer).with_poll_interval(LOOK_EVERY).with_idle_callback(Box::new(look))
}

/// Takes the line off the screen; the editor paints it again below what it prints.
///
/// The editor first goes up by as many rows as it believes that the line takes, and wipes the row it comes to. It
/// counts bytes, and from the end of the line, so it is often wrong: it gets as many empty rows to err in, and the
/// place where the prompt began is saved for what it prints.
fn make_room(above: usize, rows: usize) {
    let mut out = io::stdout().lock();
    let up = |rows: usize| if rows > 0 { format!("\x1b[{rows}A") } else { String::new() };
    let down = "\n".repeat(rows);
    // At the bottom of the screen the first way down scrolls; the second then does not.
    let _ = write!(out, "\r{}\x1b[J{down}{}\x1b7{down}", up(above), up(rows));
    let _ = out.flush();
}
