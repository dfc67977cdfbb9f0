//! `fg 3`: looks at a job until it ends, and shows its value as that of a line.

use bgjobs::{AnyJob, LogCursor, Stream, Verdict, many_lines, one_line};

use super::{PATIENCE, Reply, shown, why};
use crate::{foreground::Waited, lang::own_names, render, session::Session};

/// Brings a job to the foreground, as line `number`.
pub(super) fn bring(session: &mut Session, number: usize, job: &AnyJob) -> Reply {
    let id = job.id();
    let (mut cursor, log) = (LogCursor::default(), job.log());
    let mut show = |session: &Session| {
        for line in log.read(&mut cursor).lines {
            session.print(line.stream, &many_lines(&line.text).to_string());
        }
        session.told().note_looked(job, cursor.line());
    };
    let mut is_told = false;
    let waited = session.wait_for(job, |session| {
        // Of one that has ended all is shown at once.
        if !job.is_finished() && !std::mem::replace(&mut is_told, true) {
            let waits = !job.why().is_empty();
            let text = if waits { why::of_job(job) } else { format!("Job #{id}: {}", one_line(job.name())) };
            session.print(Stream::Err, &text);
        }
        show(session);
    });
    match waited {
        Waited::Ended => {}
        Waited::Background => return Reply::Shown(render::sent(job)),
        Waited::Interrupted => {
            session.print(Stream::Err, &format!("stopping job #{id} ..."));
            let verdict = job.stop("interrupted", PATIENCE);
            if matches!(verdict, Verdict::StillRunning { .. }) {
                session.print(Stream::Err, &format!("Job #{id} {verdict}"));
            }
        }
    }
    show(session);
    let answer = session.outcome(job);
    if let Some(own) = own_names(job) {
        session.print(Stream::Err, &format!("Job #{id} {own}"));
    }
    session.told().note_seen(job);
    shown(session, number, &answer)
}
