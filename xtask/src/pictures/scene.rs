//! The sessions in the pictures: the lines to type and the texts to wait for.
//!
//! It knows the programs' commands; it does not know how terminals work.

use super::{screen::Screen, svg::Caption, terminal::Terminal};

/// A session at a prompt. Its last screen becomes the picture.
pub(super) struct Scene {
    pub(super) caption: Caption<'static>,
    /// The program's arguments.
    pub(super) arguments: &'static [&'static str],
    lines: &'static [Line],
    /// The line at which the picture ends: typed, but not entered.
    last: Line,
}

/// A line to type.
struct Line {
    text: &'static str,
    /// A text to wait for when the line is typed, before Enter is pressed.
    notice: Option<&'static str>,
}

const fn line(text: &'static str) -> Line {
    Line { text, notice: None }
}

pub(super) const SHELL: Scene = Scene {
    caption: Caption {
        window: "bgjobs",
        title: "The bgjobs shell",
        description: "Two jobs start in the background with an ampersand. A notice about the shorter one appears. The \
                      where command shows the line that the other job is running, and the kill command stops it. The \
                      notice about a third job appears above a line that is half typed.",
    },
    arguments: &[],
    lines: &[
        line("fn fit(n) { sleep(n); n * n }"),
        line("fit(3600) &"),
        line("fit(1.2) &"),
        Line { text: "where 0", notice: Some("Completed jobs:") },
        line("kill 0"),
        line("fit(1.1) &"),
    ],
    last: Line { text: "jobs[2].res", notice: Some("2 : fit(1.1)") },
};

pub(super) const IPYTHON: Scene = Scene {
    caption: Caption {
        window: "IPython",
        title: "bgjobs in IPython",
        description: "Two jobs start in the background with the bg magic. A notice about the shorter one appears above \
                      the line being typed. The log magic shows what it printed, and the kill magic stops the other \
                      job.",
    },
    arguments: &["-m", "IPython", "--no-banner", "--no-confirm-exit", "--HistoryManager.enabled=False"],
    lines: &[
        line("%load_ext bgjobs"),
        line("from time import sleep"),
        line("def fit(n): print(f'fitting {n}'); sleep(n); return n * n"),
        line("%bg --process fit(3600)"),
        line("%bg fit(1.2)"),
        Line { text: "%log 1", notice: Some("Completed jobs:") },
        line("%kill 0"),
    ],
    last: line(""),
};

impl Scene {
    /// Types all lines; returns the screen once the last of them is typed.
    pub(super) fn play(&self, terminal: &mut Terminal) -> Result<Screen, String> {
        for (number, line) in (1..).zip(self.lines) {
            line.type_at(number, terminal)?;
            terminal.type_keys("\r")?;
        }
        self.last.type_at(self.lines.len() + 1, terminal)?;
        terminal.screen()
    }
}

impl Line {
    /// Types the line at the prompt of that number, and waits for the notice.
    fn type_at(&self, number: usize, terminal: &mut Terminal) -> Result<(), String> {
        terminal.wait_for(&prompt(number))?;
        terminal.type_keys(self.text)?;
        terminal.wait_for(format!("{} {}", prompt(number), self.text).trim_end())?;
        self.notice.map_or(Ok(()), |notice| terminal.wait_for(notice))
    }
}

fn prompt(number: usize) -> String {
    format!("In [{number}]:")
}
