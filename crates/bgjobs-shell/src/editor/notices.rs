//! Notices above the line that is being typed.
//!
//! The thread of a job only rings: the editor's printer may block, and takes nothing while no line is read.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use bgjobs::{Report, Stream};
use reedline::ExternalPrinter;

use crate::{batch::write, lang::Jobs};

/// Tells of ended jobs while a line is read.
pub(super) struct Notifier {
    reading: Arc<AtomicBool>,
}

impl Notifier {
    /// Starts to listen; what it tells goes to the printer.
    pub(super) fn start(jobs: Jobs) -> io::Result<(Self, ExternalPrinter<String>)> {
        let printer = ExternalPrinter::default();
        let (bell, ringing) = sync_channel::<()>(1);
        // A bell that rings already need not ring twice.
        jobs.notices().wake(move || _ = bell.try_send(()));
        let reading = Arc::new(AtomicBool::new(false));
        let (shared, lines) = (Arc::clone(&reading), printer.sender());
        std::thread::Builder::new().name("notices".into()).spawn(move || tell(&jobs, &ringing, &shared, &lines))?;
        Ok((Self { reading }, printer))
    }

    /// Tells of what has ended, and then, above the line, of what ends while `read` reads it.
    pub(super) fn while_reading<T>(&self, report: impl FnOnce() -> Report, read: impl FnOnce() -> T) -> T {
        // In this order nothing falls between the two.
        self.reading.store(true, Ordering::SeqCst);
        if let Some(text) = shown(&report()) {
            write(Stream::Out, &text);
        }
        let line = read();
        self.reading.store(false, Ordering::SeqCst);
        line
    }
}

fn tell(jobs: &Jobs, ringing: &Receiver<()>, reading: &AtomicBool, lines: &SyncSender<String>) {
    while ringing.recv().is_ok() {
        // What ends while no line is read waits for the next one.
        if !reading.load(Ordering::SeqCst) {
            continue;
        }
        if let Some(text) = shown(&jobs.notices().report())
            && lines.send(text).is_err()
        {
            return;
        }
    }
}

fn shown(report: &Report) -> Option<String> {
    (!report.is_empty()).then(|| report.to_string().trim_end().to_owned())
}
