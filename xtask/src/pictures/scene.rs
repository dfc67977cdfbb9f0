//! What is typed for each picture, and what must be seen meanwhile.
//!
//! It knows the words of the programs; it does not know how keys reach them.

use super::{screen::Screen, svg::Caption, terminal::Terminal};

/// A session at a prompt, whose last screen is drawn.
pub(super) struct Scene {
    pub(super) caption: Caption<'static>,
    /// The program's arguments.
    pub(super) arguments: &'static [&'static str],
    lines: &'static [Line],
}

/// A line that is typed.
struct Line {
    text: &'static str,
    /// What must appear before the line is entered.
    notice: Option<&'static str>,
}

const fn line(text: &'static str) -> Line {
    Line { text, notice: None }
}

pub(super) const SHELL: Scene = Scene {
    caption: Caption {
        window: "bgjobs",
        title: "The bgjobs shell",
        description: "A function is started twice in the background. The shorter job's end is told above the line that is \
                      being typed; where shows the line that the other job is at, and kill stops it.",
    },
    arguments: &[],
    lines: &[
        line("fn fit(n) { sleep(n); n * n }"),
        line("fit(3600) &"),
        line("fit(1.2) &"),
        Line { text: "where 0", notice: Some("Completed jobs:") },
        line("kill 0"),
        line("jobs[1].result"),
    ],
};

pub(super) const IPYTHON: Scene = Scene {
    caption: Caption {
        window: "IPython",
        title: "bgjobs in IPython",
        description: "The magic bg starts a function twice in the background, and the prompt stays free. The shorter job's \
                      end is told above the prompt; log shows what it printed, and kill stops the other job.",
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
};

impl Scene {
    /// Types all lines; returns the screen with the prompt after the last.
    pub(super) fn play(&self, terminal: &mut Terminal) -> Result<Screen, String> {
        for (number, line) in (1..).zip(self.lines) {
            terminal.wait_for(&prompt(number))?;
            terminal.type_keys(line.text)?;
            if let Some(notice) = line.notice {
                terminal.wait_for(notice)?;
            }
            terminal.type_keys("\r")?;
        }
        terminal.wait_for(&prompt(self.lines.len() + 1))?;
        terminal.screen()
    }
}

fn prompt(number: usize) -> String {
    format!("In [{number}]:")
}
