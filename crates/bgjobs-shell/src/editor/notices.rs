//! Notices above the line: jobs that ended, and what happened while the user was away.
//!
//! The editor asks for them while it waits for keys, so no job waits for the terminal.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bgjobs_cli::colours;

use super::{alert::alert, idle::IdleTimer};
use crate::{
    consoles::Consoles, gathering::Gathering, lang::Jobs, notice_mode::NoticeMode, notify::Notify, setting::Setting,
    terminal::size, text::prose,
};

/// Finds out what to report.
#[derive(Clone)]
pub(super) struct Announcer {
    pub(super) jobs: Jobs,
    pub(super) notifier: Setting<Notify>,
    pub(super) mode: Setting<NoticeMode>,
    pub(super) idle: IdleTimer,
    pub(super) gathering: Arc<Mutex<Gathering>>,
    pub(super) consoles: Consoles,
}

impl Announcer {
    /// What is new and should be shown while the user types, when ends that come together are gathered.
    pub(super) fn take_due(&self) -> Option<String> {
        let all_ended = || self.jobs.handle.running().is_empty();
        let gathering = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = gathering.is_due(Instant::now(), all_ended);
        drop(gathering);
        if is_due { self.take() } else { None }
    }

    /// What is new, to be shown at once; if a long job ended, also sends the terminal an alert.
    pub(super) fn take(&self) -> Option<String> {
        let report = self.jobs.notices().report();
        let columns = usize::from(size().0);
        if let Some(alert) = alert(self.notifier.get(), &report).filter(|_| !colours::is_plain()) {
            let mut out = io::stdout().lock();
            let _ = out.write_all(alert.as_bytes()).and_then(|()| out.flush());
        }
        let digest = self.idle.take_away_since().map(|since| self.jobs.digest(Some(since)));
        let digest = digest.filter(|digest| digest.ended().is_some());
        let digest = digest.map(|digest| format!("While you were away: {digest}"));
        let notice = if report.is_empty() {
            None
        } else {
            let running = self.jobs.handle.running().len();
            let mut gathering = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
            gathering.tell(&report, running, (self.mode.get(), columns), Instant::now())
        };
        let news: Vec<_> = notice.into_iter().chain(digest).chain(self.consoles.take_wants()).collect();
        let width = io::stdout().is_terminal().then_some(columns);
        (!news.is_empty()).then(|| prose(&news.join("\n"), width).into_owned())
    }
}
