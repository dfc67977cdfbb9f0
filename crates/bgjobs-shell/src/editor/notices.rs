//! Notices above the line that is being typed.
//!
//! The editor looks for them now and then while it waits for keys, so no job waits for the terminal, and what ends
//! at the same time is told at once.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use bgjobs::Report;
use reedline::{ExternalPrinter, Reedline};

use super::screen::Painted;
use crate::{lang::Jobs, render};

/// How often the editor looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long jobs are gathered that end one after another.
const GATHER: Duration = Duration::from_millis(250);

/// The cursor goes back to where it was saved.
const RESTORE: &str = "\x1b8";

/// The row is empty: the editor fills it with spaces, which a window that gets narrower would wrap.
const CLEAR: &str = "\x1b[K";

/// An editor that tells of ended jobs while it waits for keys.
pub(super) fn tell_above_the_line(editor: Reedline, jobs: Jobs, painted: Painted) -> Reedline {
    let printer = ExternalPrinter::default();
    let lines = printer.sender();
    let mut last: Option<Instant> = None;
    let look = move || {
        if last.is_some_and(|last| last.elapsed() < GATHER) {
            return;
        }
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns.max(1)));
        let Some((above, rows)) = painted.rows(columns) else { return };
        let Some(text) = shown(&jobs.notices().report()) else { return };
        last = Some(Instant::now());
        make_room(above, rows);
        // The editor takes it as soon as this function returns.
        let _ = lines.try_send(format!("{RESTORE}{CLEAR}{}", text.replace('\n', &format!("\n{CLEAR}"))));
    };
    editor.with_external_printer(printer).with_poll_interval(LOOK_EVERY).with_idle_callback(Box::new(look))
}

/// What is told of the jobs that ended.
pub(super) fn shown(report: &Report) -> Option<String> {
    (!report.is_empty()).then(|| render::notice(report))
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
