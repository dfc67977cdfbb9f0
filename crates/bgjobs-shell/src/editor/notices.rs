//! Notices above the line: jobs that ended, and what happened while the user was away.
//!
//! The editor asks for them while it waits for keys, so no job waits for the terminal.

use std::io::{self, Write};

use super::{alert::alert, idle::IdleTimer};
use crate::{colours, lang::Jobs, notices, notify::Notifier};

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
        let news: Vec<_> = notice.into_iter().chain(digest).collect();
        (!news.is_empty()).then(|| news.join("\n"))
    }
}
