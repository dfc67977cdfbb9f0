//! Notices above the line: jobs that ended, and what happened while the user was away.
//!
//! The editor polls for them while it waits for keys, so no job waits for the terminal, and ends that come together are
//! reported together.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use reedline::{ExternalPrinter, Reedline};

use super::{alert::alert, colours, idle::IdleTimer, screen::Screen};
use crate::{lang::Jobs, notices, notify::Notifier};

/// How often the editor polls.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The least time between two notices; ends in between are gathered.
const GATHER: Duration = Duration::from_millis(250);

/// Moves the cursor back to where it was saved.
const RESTORE: &str = "\x1b8";

/// Clears the row: the editor fills it with spaces, which would wrap when the window gets narrower.
const CLEAR: &str = "\x1b[K";

/// Finds out what to report.
#[derive(Clone)]
pub(super) struct Announcer {
    pub(super) jobs: Jobs,
    pub(super) notifier: Notifier,
    pub(super) idle: IdleTimer,
}

impl Announcer {
    /// What is new, to be shown at once; if a long job ended, also sends the terminal an alert.
    pub(super) fn take(&self) -> Option<String> {
        let report = self.jobs.notices().report();
        if let Some(alert) = alert(self.notifier.get(), &report).filter(|_| !colours::is_plain()) {
            let mut out = io::stdout().lock();
            let _ = out.write_all(alert.as_bytes()).and_then(|()| out.flush());
        }
        let digest = self.idle.take_away_since().map(|since| self.jobs.digest(Some(since)));
        let digest = digest.filter(|digest| digest.ended().is_some());
        let digest = digest.map(|digest| format!("While you were away: {digest}"));
        let notice = (!report.is_empty()).then(|| notices::notice(&report));
        let announcer: Vec<_> = notice.into_iter().chain(digest).collect();
        (!announcer.is_empty()).then(|| announcer.join("\n"))
    }
}

/// An editor that prints what is new while it waits for keys.
pub(super) fn tell_above_the_line(editor: Reedline, announcer: Announcer, screen: Screen) -> Reedline {
    let printer = ExternalPrinter::default();
    let lines = printer.sender();
    let mut last: Option<Instant> = None;
    let look = move || {
        if last.is_some_and(|last| last.elapsed() < GATHER) {
            return;
        }
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns.max(1)));
        let Some((above, rows)) = screen.rows(columns) else { return };
        let Some(text) = announcer.take() else { return };
        last = Some(Instant::now());
        make_room(above, rows);
        // The editor prints it as soon as this function returns.
        let _ = lines.try_send(format!("{RESTORE}{CLEAR}{}", text.replace('\n', &format!("\n{CLEAR}"))));
    };
    editor.with_external_printer(printer).with_poll_interval(LOOK_EVERY).with_idle_callback(Box::new(look))
}

/// Clears the line from the screen; the editor paints it again below what it prints.
///
/// The editor first moves up by the number of rows that it believes the line takes, and clears the row it arrives at.
/// It counts bytes, and from the end of the line, so it is often wrong. It gets enough empty rows to be wrong in, and
/// the position where the prompt began is saved for the text.
fn make_room(above: usize, rows: usize) {
    let mut out = io::stdout().lock();
    let up = |rows: usize| if rows > 0 { format!("\x1b[{rows}A") } else { String::new() };
    let down = "\n".repeat(rows);
    // At the bottom of the screen the first move down scrolls; the second then does not.
    let _ = write!(out, "\r{}\x1b[J{down}{}\x1b7{down}", up(above), up(rows));
    let _ = out.flush();
}
