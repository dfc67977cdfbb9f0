//! A view of a job's log: which lines it shows, and how each reads.
//!
//! Knows nothing of how it is asked for, and of where it is shown.

use std::{ops::ControlFlow, time::Duration};

use bgjobs::{AnyJob, Context, Failure, Line, LogCursor, Stream, WaitError, one_line};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

use crate::{
    lang::Jobs,
    live::{LiveLines, Medium},
    log_filter::{LogFilter, LogPart},
};

/// The least time between two changes of an unfinished line.
const CHANGE_EVERY: Duration = Duration::from_millis(50);

/// What to show of a log; everything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogView {
    /// Which lines.
    pub(crate) filter: LogFilter,
    /// Whether each line is shown with its time.
    pub(crate) times: bool,
    /// Whether to continue with new lines until the job ends.
    pub(crate) follow: bool,
}

impl LogView {
    /// Prints the lines one by one, until the end or until `context` is asked to stop; all that was read counts as
    /// seen, even if a stop keeps it from being shown.
    ///
    /// # Errors
    ///
    /// [`Stopped`](bgjobs::Stopped) if it was asked to stop, or why it can't follow the job.
    pub(crate) fn print(
        &self,
        context: &Context,
        jobs: &Jobs,
        job: &AnyJob,
        lines: &mut LiveLines<'_>,
    ) -> Result<(), Failure> {
        let (cursor, pending) = self.filter.each(&job.log(), |part| {
            lines.end(Stream::Out, &self.part(&part, lines.medium));
            if context.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        jobs.note_looked(job, cursor.line());
        context.check()?;
        if self.follow {
            self.change(&pending, lines);
            return self.go_on(context, jobs, job, cursor, lines);
        }
        for line in pending {
            lines.end(Stream::Out, &self.line(&line, lines.medium));
        }
        Ok(())
    }

    /// Prints new lines from `cursor` on, until the job ends.
    fn go_on(
        &self,
        context: &Context,
        jobs: &Jobs,
        job: &AnyJob,
        mut cursor: LogCursor,
        lines: &mut LiveLines<'_>,
    ) -> Result<(), Failure> {
        loop {
            let reading = match context.follow(job, &mut cursor) {
                Ok(Some(reading)) => reading,
                Ok(None) => return Ok(()),
                Err(WaitError::Stopped(stopped)) => return Err(stopped.into()),
                Err(error) => return Err(error.into()),
            };
            jobs.note_looked(job, cursor.line());
            if reading.missed > 0 {
                lines.end(Stream::Out, &gone(reading.missed));
            }
            for line in reading.lines.iter().filter(|line| self.filter.wants_new(line)) {
                context.check()?;
                lines.end(Stream::Out, &self.line(line, lines.medium));
            }
            self.change(&reading.pending, lines);
            if reading.lines.is_empty() {
                // Nobody sees a bar that changes faster.
                context.sleep(CHANGE_EVERY)?;
            }
        }
    }

    /// Shows the unfinished lines, which may change.
    fn change(&self, pending: &[Line], lines: &mut LiveLines<'_>) {
        let wanted = pending.iter().filter(|line| self.filter.wants_new(line));
        let medium = lines.medium;
        lines.change(wanted.map(|line| self.line(line, medium)));
    }

    fn part(&self, part: &LogPart, medium: Medium) -> String {
        match part {
            LogPart::Gone(count) => gone(*count),
            LogPart::Unreadable(why) => format!("[can't read the log's file: {}]", one_line(why)),
            LogPart::Line(line) => self.line(line, medium),
        }
    }

    fn line(&self, line: &Line, medium: Medium) -> String {
        // Where both streams are shown, a mark distinguishes standard error.
        let mark = if self.filter.stream.is_none() && line.stream == Stream::Err { "! " } else { "" };
        let time = if self.times { format!("{} ", time(line, &Zoned::now())) } else { String::new() };
        format!("{time}{mark}{}", medium.shown(line))
    }
}

/// What stands where lines were dropped.
pub(crate) fn gone(count: u64) -> String {
    match count {
        1 => "[1 earlier line was dropped]".to_owned(),
        count => format!("[{count} earlier lines were dropped]"),
    }
}

/// When a line was written, in the time zone of `now`, with the date unless it is today's.
fn time(line: &Line, now: &Zoned) -> String {
    Timestamp::try_from(line.time()).map_or_else(|_| "?".to_owned(), |at| in_zone(at, now.time_zone(), now.date()))
}

fn in_zone(at: Timestamp, zone: &TimeZone, today: Date) -> String {
    let at = at.to_zoned(zone.clone());
    let form = if at.date() == today { "%H:%M:%S%.3f" } else { "%Y-%m-%d %H:%M:%S%.3f" };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use bgjobs::JobManager;
    use jiff::{civil::date, tz::offset};

    use super::*;

    #[test]
    fn read_lines_are_no_longer_new_even_if_the_view_was_interrupted() {
        type Look = fn(&LogView, &Context, &Jobs, &AnyJob, &mut LiveLines<'_>) -> Result<(), Failure>;
        let go_on: Look = |view, context, jobs, job, lines| view.go_on(context, jobs, job, LogCursor::default(), lines);
        for look in [LogView::print, go_on] {
            let manager = JobManager::new();
            let jobs = Jobs::new(manager.handle());
            let count = |job: &Context| {
                (1..=3).for_each(|n| job.print(n));
                Ok(())
            };
            let job = manager.spawn_with("count", count).unwrap();
            job.join().unwrap();
            assert_eq!(jobs.new_lines(&job), 3);

            let (tracked, looked_at, handle) = (jobs.clone(), AnyJob::clone(&job), manager.handle());
            let looking = manager.spawn_with("look", move |context| {
                let end_the_look =
                    |_: Stream, _: &str| drop(handle.get(context.id()).map(|own| own.ask_stop("Ctrl-C")));
                look(
                    &LogView::default(),
                    context,
                    &tracked,
                    &looked_at,
                    &mut LiveLines::new(Medium::default(), &end_the_look),
                )
            });
            assert!(looking.unwrap().join().is_err());
            assert_eq!(jobs.new_lines(&job), 0);
        }
    }

    #[test]
    fn times_are_in_the_users_zone_and_have_a_date_unless_it_is_today() {
        let zone = TimeZone::fixed(offset(2));
        let at = date(2026, 3, 1).at(12, 3, 21, 250_000_000).to_zoned(TimeZone::UTC).unwrap().timestamp();
        assert_eq!(in_zone(at, &zone, date(2026, 3, 1)), "14:03:21.250");
        assert_eq!(in_zone(at, &zone, date(2026, 3, 2)), "2026-03-01 14:03:21.250");
    }
}
