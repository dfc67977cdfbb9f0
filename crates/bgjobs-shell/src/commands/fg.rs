//! `fg 3`: follows a job until it ends, then shows its value like that of a line.

use bgjobs::{AnyJob, LogCursor, Stream, Verdict, one_line};

use super::{
    kill::PATIENCE,
    meant::meant,
    why,
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, ValueView, Word},
};
use crate::{foreground::WaitEnd, lang::own_names, live::LiveLines, log_view, selection::Selection};

pub(super) const WORD: Word = Word {
    name: "fg",
    usage: "fg [3]",
    help: "Waits for a job, showing what it prints, from the first line that you have not\n\
           seen, and then its value.\n\
           Ctrl-C stops the job, Ctrl-Z (or Ctrl-\\) sends it back to the background.\n\
           Without a job: the newest that has not ended.",
    completion: Completion::Jobs(Fitting::Live),
    options: &[],
    read: |arguments| Ok(Box::new(Foreground(arguments.jobs()?))),
};

#[derive(Debug)]
pub(super) struct Foreground(pub(super) Option<Selection>);

impl Action for Foreground {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let none = "no job runs or is queued; `fg 3` shows the value of one that has ended";
        let job = &meant(session, self.0.as_ref(), Fitting::Live, none)?.one()?;
        let id = job.id();
        let (mut cursor, log) = (LogCursor::at(session.tracked().lines_read(job)), job.log());
        let print = |stream, text: &str| session.write(stream, text);
        let mut lines = LiveLines::new(session.medium(), &print);
        let mut show = |session: &Session| {
            let reading = log.read(&mut cursor);
            let medium = lines.medium;
            if reading.missed > 0 {
                lines.end(Stream::Err, &log_view::gone(reading.missed));
            }
            // What is echoed is shown already.
            for line in reading.lines.iter().filter(|_| !session.tracked().has_echo()) {
                lines.end(line.stream, &medium.shown(line));
            }
            lines.change(reading.pending.iter().map(|line| medium.shown(line)));
            session.tracked().note_looked(job, cursor.line());
        };
        // Without a number, it has to say which job is meant.
        let mut is_announced = self.0.is_none();
        let announce = || {
            if self.0.is_none() {
                session.print(Stream::Err, &announcement(job));
            }
        };
        #[cfg(feature = "terminal")]
        if let Some(console) = session.consoles.as_ref().and_then(|consoles| consoles.of(job)) {
            announce();
            show(session);
            let typed_ahead = std::mem::take(&mut session.typed_ahead);
            let served = console.serve(typed_ahead, || session.wait_for(job, |_| {}));
            let (end, typed_ahead) = served.map_err(|error| format!("can't use the terminal: {error}"))?;
            session.typed_ahead = typed_ahead;
            // The rest was on the terminal.
            session.tracked().note_looked(job, job.printed());
            return Ok(match end {
                WaitEnd::Ended => ended(session, job, line),
                WaitEnd::Background | WaitEnd::Interrupted => Reply::sent(job),
            });
        }
        let look = |session: &Session| {
            // A job that has ended needs no announcement: everything is shown at once.
            if !job.is_finished() && !std::mem::replace(&mut is_announced, true) {
                session.print(Stream::Err, &announcement(job));
            }
            show(session);
        };
        let end = session.begin_wait_for(job, announce, look);
        match end {
            WaitEnd::Ended => {}
            WaitEnd::Background => return Ok(Reply::sent(job)),
            WaitEnd::Interrupted => {
                session.print(Stream::Err, &format!("stopping job #{id} ..."));
                let verdict = job.stop("interrupted", PATIENCE);
                if matches!(verdict, Verdict::StillRunning { .. }) {
                    session.print(Stream::Err, &format!("Job #{id} {verdict}"));
                }
            }
        }
        show(session);
        Ok(ended(session, job, line))
    }
}

/// Which job is followed, and what it waits for.
fn announcement(job: &AnyJob) -> String {
    let waits = !job.why().is_empty();
    if waits { why::of_job(job) } else { format!("Job #{}: {}", job.id(), one_line(job.name())) }
}

/// The value of a job that has ended, like that of a line.
fn ended(session: &mut Session, job: &AnyJob, line: CommandLine) -> Reply {
    let answer = session.outcome(job);
    if let Some(own) = own_names(job) {
        session.print(Stream::Err, &format!("Job #{} {own}", job.id()));
    }
    session.tracked().note_seen(job);
    // It was asked for.
    let view = if line.view == ValueView::Hidden { ValueView::Alone } else { line.view };
    Reply::new(session, &answer, view)
}
