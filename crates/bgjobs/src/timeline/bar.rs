//! One job as it is drawn: from when to when it waited and ran, and how it ended.
//!
//! Knows nothing of pictures.

use std::time::{Duration, SystemTime};

use crate::{
    job::{html::duration, summary::Summary},
    record::{
        id::JobId,
        state::{Outcome, State},
    },
};

/// One job as it is drawn; its times count from the start of the timeline.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub(super) id: JobId,
    /// Harmless to a terminal, in one line.
    pub(super) name: String,
    pub(super) created: Duration,
    /// When its body began; none if it has not.
    pub(super) began: Option<Duration>,
    /// When it ended; now, if it has not.
    pub(super) ended: Duration,
    pub(super) end: End,
}

/// How a job ended, or that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Failed,
    Stopped,
    Running,
    Waiting,
}

impl End {
    pub(super) const ALL: [Self; 5] = [Self::Done, Self::Failed, Self::Stopped, Self::Running, Self::Waiting];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Running => "running",
            Self::Waiting => "waiting",
        }
    }

    /// What stands before the time that a job ran, so that colour is not all that tells the ends apart.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Failed => "✗ ",
            Self::Stopped => "■ ",
            Self::Running => "▶ ",
            Self::Done | Self::Waiting => "",
        }
    }
}

impl Bar {
    pub(super) fn new(job: &Summary, start: SystemTime, now: SystemTime) -> Self {
        // The clock may have been set back meanwhile.
        let since = |time: SystemTime| time.duration_since(start).unwrap_or_default();
        let created = since(job.created);
        let began = job.started.map(|began| since(began).max(created));
        let ended = since(job.finished.unwrap_or(now)).max(began.unwrap_or(created));
        let end = match (job.state, began) {
            (State::Finished(Outcome::Done), _) => End::Done,
            (State::Finished(Outcome::Failed), _) => End::Failed,
            (State::Finished(Outcome::Stopped), _) => End::Stopped,
            (_, Some(_)) => End::Running,
            (_, None) => End::Waiting,
        };
        Self { id: job.id, name: job.name.to_string(), created, began, ended, end }
    }

    /// When it waited.
    pub(super) fn wait(&self) -> (Duration, Duration) {
        (self.created, self.began.unwrap_or(self.ended))
    }

    /// When its body ran, if it did.
    pub(super) fn run(&self) -> Option<(Duration, Duration)> {
        self.began.map(|began| (began, self.ended))
    }

    /// The mark of its end and the time that it ran; the time that it waited, if it never began.
    pub(super) fn label(&self) -> String {
        let mark = self.end.mark();
        match self.run() {
            Some((began, ended)) => format!("{mark}{}", duration(ended.saturating_sub(began))),
            None => format!("{mark}waited {}", duration(self.ended.saturating_sub(self.created))),
        }
    }

    /// All of it in a sentence, apart from the name.
    pub(super) fn story(&self) -> String {
        let (from, to) = self.wait();
        let ran = self.run().map(|(began, ended)| format!(", ran {}", duration(ended.saturating_sub(began))));
        format!("waited {}{}, {}", duration(to.saturating_sub(from)), ran.unwrap_or_default(), self.end.word())
    }
}
