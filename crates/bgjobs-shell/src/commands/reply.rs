//! The reply to a line at the prompt, as text.
//!
//! Knows nothing of where it is shown.

use bgjobs::{AnyJob, many_lines, one_line};

use crate::session::{Answer, Session};

/// The reply to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nothing,
    /// A value or a list.
    Shown(String),
    /// An error.
    Wrong(String),
    /// The user wants to leave.
    Leave,
}

impl Reply {
    /// The reply to an answer; `number` is the number shown before a value.
    pub(crate) fn new(session: &Session, answer: &Answer, number: Option<usize>) -> Self {
        match answer {
            Answer::Nothing => Self::Nothing,
            Answer::Value(value) => {
                let text = session.show(value);
                Self::Shown(number.map_or(text.clone(), |number| format!("Out[{number}]: {}", many_lines(&text))))
            }
            Answer::Sent(job) => Self::sent(job),
            Answer::Failed(failure) => Self::Wrong(failure.traceback().to_string()),
        }
    }

    /// The reply to a line that sends a job to the background.
    pub(super) fn sent(job: &AnyJob) -> Self {
        let id = job.id();
        Self::Shown(format!("Job #{id} goes on in the background: {}\nfg {id} brings it back.", one_line(job.name())))
    }
}
