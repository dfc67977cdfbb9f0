//! The reply to a line at the prompt, as text.
//!
//! Knows nothing of where it is shown.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

use bgjobs::{AnyJob, CommandError, many_lines, one_line};

use crate::{
    session::{Answer, Session},
    text::{prose, within},
};

/// The reply to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nothing,
    /// A list, or what a command tells.
    Shown(String),
    /// A value.
    Value(String),
    /// An error.
    Wrong(String),
    /// A command of the system's shell failed, with this exit status.
    Failed(String, u8),
    /// The user wants to leave, perhaps with an exit status.
    Leave(Option<u8>),
}

/// How the value of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueView {
    /// With the number of the line.
    Numbered(usize),
    Alone,
    /// Not at all, as in a file.
    Hidden,
}

impl Reply {
    /// The reply to an answer.
    pub(crate) fn new(session: &Session, answer: &Answer, view: ValueView) -> Self {
        match answer {
            Answer::Nothing => Self::Nothing,
            Answer::Value(value) => match view {
                ValueView::Numbered(number) => {
                    Self::Value(format!("Out[{number}]: {}", many_lines(&session.show(value))))
                }
                ValueView::Alone => Self::Value(session.show(value)),
                ValueView::Hidden => Self::Nothing,
            },
            Answer::Sent(job) => Self::sent(job),
            Answer::Failed(failure) => {
                let text = within(&failure.traceback(), session.tracked().width.get());
                match failure.error().and_then(|error| error.downcast_ref()) {
                    Some(CommandError::Ended(status)) => Self::Failed(text, exit_status(*status)),
                    _ => Self::Wrong(text),
                }
            }
            Answer::Leave(status) => Self::Leave(Some(*status)),
        }
    }

    /// As it is shown on a terminal of so many columns, or elsewhere: a value is left as it is.
    pub(crate) fn within(self, width: Option<usize>) -> Self {
        let prose = |text: String| prose(&text, width).into_owned();
        match self {
            Self::Shown(text) => Self::Shown(prose(text)),
            Self::Wrong(text) => Self::Wrong(prose(text)),
            Self::Failed(text, status) => Self::Failed(prose(text), status),
            other => other,
        }
    }

    /// The reply to a line that sends a job to the background.
    pub(super) fn sent(job: &AnyJob) -> Self {
        let id = job.id();
        Self::Shown(format!("Job #{id} goes on in the background: {}\nfg {id} brings it back.", one_line(job.name())))
    }
}

/// The exit status that stands for that of a command: after a signal 128 and its number, as in other shells.
fn exit_status(status: ExitStatus) -> u8 {
    let number = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
    u8::try_from(number).unwrap_or(1)
}
