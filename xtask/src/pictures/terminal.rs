//! Runs a program on a pseudo-terminal: types keys, and reads the screen from a terminal emulator.
//!
//! It does not know the programs.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pty},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::screen::{Colour, Mark, Run, Screen, Style};

pub(super) const ROWS: u16 = 24;
pub(super) const COLUMNS: u16 = 72;

/// The deadline for a text to appear, so that nothing hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// After this long without output the screen counts as complete.
const QUIET: Duration = Duration::from_millis(200);

/// Answers the program's queries for the cursor position.
#[derive(Default)]
struct Answers(String);

impl vt100::Callbacks for Answers {
    fn unhandled_csi(&mut self, screen: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        if (params, c) == (&[&[6]], 'n') {
            let (row, column) = screen.cursor_position();
            let _ = write!(self.0, "\x1b[{};{}R", row + 1, column + 1);
        }
    }
}

/// A program and its terminal.
pub(super) struct Terminal {
    pty: Pty,
    child: Child,
    parser: vt100::Parser<Answers>,
}

impl Terminal {
    /// Starts a program in an empty home folder, with none of the user's settings.
    pub(super) fn start(program: &Path, arguments: &[&str], home: &Path) -> Result<Self, String> {
        let size = |length| NonZeroU16::new(length).ok_or("a screen has rows and columns");
        let parser = vt100::Parser::new_with_callbacks(size(ROWS)?, size(COLUMNS)?, 0, Answers::default());
        let (pty, its_side) =
            pty_process::blocking::open().map_err(|error| format!("could not open a pseudo-terminal: {error}"))?;
        pty.resize(Size::new(ROWS, COLUMNS)).map_err(|error| format!("could not set the terminal's size: {error}"))?;
        let command = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs([("TERM", "xterm-256color"), ("LANG", "C.UTF-8")])
            .envs([("HOME", home), ("IPYTHONDIR", home)])
            .current_dir(home);
        let child = command.spawn(its_side).map_err(|error| {
            format!("could not start {}: {error}\nhint: `cargo xtask pictures` builds it", program.display())
        })?;
        Ok(Self { pty, child, parser })
    }

    /// Types keys.
    pub(super) fn type_keys(&mut self, keys: &str) -> Result<(), String> {
        self.pty.write_all(keys.as_bytes()).map_err(|error| format!("could not type `{keys}`: {error}"))
    }

    /// Waits until a text is on the screen.
    pub(super) fn wait_for(&mut self, text: &str) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !self.parser.screen().contents().contains(text) {
            if Instant::now() > deadline || !self.read(QUIET).is_open {
                return Err(format!("`{text}` did not appear; the screen shows\n{}", self.parser.screen().contents()));
            }
        }
        Ok(())
    }

    /// The screen, once the program has stopped writing.
    pub(super) fn screen(&mut self) -> Result<Screen, String> {
        let deadline = Instant::now() + PATIENCE;
        while self.read(QUIET).has_written && Instant::now() < deadline {}
        read_screen(self.parser.screen())
    }

    /// Waits up to `time` for output and processes it.
    fn read(&mut self, time: Duration) -> Reading {
        let timeout = Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&self.pty, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Reading { has_written: false, is_open: true },
            Err(Errno::INTR) => return Reading { has_written: true, is_open: true },
            _ => {}
        }
        let mut bytes = [0; 4096];
        let Ok(count @ 1..) = self.pty.read(&mut bytes) else { return Reading { has_written: false, is_open: false } };
        self.parser.process(&bytes[..count]);
        let answers = std::mem::take(&mut self.parser.callbacks_mut().0);
        Reading { has_written: true, is_open: self.pty.write_all(answers.as_bytes()).is_ok() }
    }
}

/// The result of a read.
struct Reading {
    has_written: bool,
    is_open: bool,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Turns the emulator's cells into data.
fn read_screen(screen: &vt100::Screen) -> Result<Screen, String> {
    let mut rows = Vec::new();
    for row in 0..ROWS {
        let mut cells = Vec::new();
        for column in 0..COLUMNS {
            let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
            if cell.bgcolor() != vt100::Color::Default || cell.inverse() {
                return Err(format!(
                    "the cell at row {row}, column {column} has a background, which pictures can't show"
                ));
            }
            let text = if cell.has_contents() { cell.contents() } else { " " };
            cells.push(Run { text: text.to_owned(), style: style(cell, screen.cursor_position() == (row, column)) });
        }
        rows.push(cells);
    }
    Ok(Screen::new(rows))
}

fn style(cell: &vt100::Cell, is_cursor: bool) -> Style {
    let colour = match cell.fgcolor() {
        vt100::Color::Default => Colour::Plain,
        vt100::Color::Idx(index) => Colour::of_palette(index),
        vt100::Color::Rgb(red, green, blue) => Colour::of_light(red, green, blue),
    };
    let marks = [
        (cell.bold(), Mark::Bold),
        (cell.dim(), Mark::Dim),
        (cell.italic(), Mark::Italic),
        (cell.underline(), Mark::Underlined),
        (is_cursor, Mark::Cursor),
    ];
    Style { colour, marks: marks.into_iter().filter_map(|(is_set, mark)| is_set.then_some(mark)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shown(written: &str) -> Result<Screen, String> {
        let mut parser = vt100::Parser::new(
            NonZeroU16::new(ROWS).expect("a screen has rows"),
            NonZeroU16::new(COLUMNS).expect("a screen has columns"),
            0,
        );
        parser.process(written.as_bytes());
        read_screen(parser.screen())
    }

    #[test]
    fn cells_are_read_with_their_style() {
        let screen = shown("\x1b[1;32mIn\x1b[0m 字 \x1b[3;4mx\x1b[0m").expect("it has no background");
        let parts = |run: &Run| (run.text.clone(), run.style.clone());
        let style = |colour, marks: &[Mark]| Style { colour, marks: marks.to_vec() };
        let expected = [
            ("In", style(Colour::Green, &[Mark::Bold])),
            (" 字 ", style(Colour::Plain, &[])),
            ("x", style(Colour::Plain, &[Mark::Italic, Mark::Underlined])),
            (" ", style(Colour::Plain, &[Mark::Cursor])),
        ];
        let expected = expected.map(|(text, style)| (text.to_owned(), style));
        assert_eq!(screen.rows[0].iter().map(parts).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_cell_with_a_background_is_refused() {
        let expected = Err("the cell at row 0, column 1 has a background, which pictures can't show".to_owned());
        assert_eq!(shown("a\x1b[41mb"), expected);
        assert_eq!(shown("a\x1b[7mb"), expected);
    }
}
