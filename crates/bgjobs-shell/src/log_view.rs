//! A look at the log of a job: which lines are wanted, and how each reads.
//!
//! Knows nothing of how it is asked for, and where it is shown.

use std::ops::ControlFlow;

use bgjobs::{AnyJob, Context, Failure, Line, LogCursor, Stream, WaitError, one_line};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

use crate::{
    lang::Jobs,
    log_filter::{Lines, Part},
};

/// What one wants to see of a log; by default all lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogView {
    /// Which lines.
    pub(crate) lines: Lines,
    /// Whether each is shown with its time.
    pub(crate) times: bool,
    /// Whether to go on with new lines until the job ends.
    pub(crate) follow: bool,
}

impl LogView {
    /// Prints what is wanted, line by line, until all is shown or `context` is asked to stop; what was read is no news any
    /// more, also if the user ends the look before it is shown.
    ///
    /// # Errors
    ///
    /// [`Stopped`](bgjobs::Stopped), if it was asked to stop, and what keeps it from following.
    pub(crate) fn print(
        &self,
        context: &Context,
        jobs: &Jobs,
        job: &AnyJob,
        print: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let cursor = self.lines.each(&job.log(), |part| {
            print(&self.part(&part));
            if context.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        jobs.note_looked(job, cursor.line());
        context.check()?;
        if self.follow { self.go_on(context, jobs, job, cursor, print) } else { Ok(()) }
    }

    /// Prints what is new from `cursor` on, until the job ends.
    fn go_on(
        &self,
        context: &Context,
        jobs: &Jobs,
        job: &AnyJob,
        mut cursor: LogCursor,
        print: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        loop {
            let reading = match context.follow(job, &mut cursor, None) {
                Ok(Some(reading)) => reading,
                Ok(None) => return Ok(()),
                Err(WaitError::Stopped(stopped)) => return Err(stopped.into()),
                Err(refusal) => return Err(refusal.into()),
            };
            jobs.note_looked(job, cursor.line());
            if reading.missed > 0 {
                print(&self.part(&Part::Gone(reading.missed)));
            }
            for line in reading.lines.into_iter().filter(|line| self.lines.wants_new(line)) {
                context.check()?;
                print(&self.part(&Part::Line(line)));
            }
        }
    }

    fn part(&self, part: &Part) -> String {
        match part {
            Part::Gone(1) => "[1 line made room for these]".to_owned(),
            Part::Gone(count) => format!("[{count} lines made room for these]"),
            Part::Unreadable(why) => format!("[the log's file can't be read: {}]", one_line(why)),
            Part::Line(line) => {
                // Where both are shown, what was written to standard error has a mark.
                let mark = if self.lines.stream.is_none() && line.stream == Stream::Err { "! " } else { "" };
                let time = if self.times { format!("{} ", time(line, &Zoned::now())) } else { String::new() };
                format!("{time}{mark}{}", one_line(&line.text))
            }
        }
    }
}

/// When a line was written, in the zone of `now`; with the date, if that is not today.
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
    fn what_was_read_is_no_news_any_more_though_the_look_is_ended() {
        type Look = fn(&LogView, &Context, &Jobs, &AnyJob, &dyn Fn(&str)) -> Result<(), Failure>;
        let go_on: Look = |view, context, jobs, job, print| view.go_on(context, jobs, job, LogCursor::default(), print);
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

            let (told, looked_at, handle) = (jobs.clone(), AnyJob::clone(&job), manager.handle());
            let looking = manager.spawn_with("look", move |context| {
                let end_the_look = |_: &str| drop(handle.get(context.id()).map(|own| own.ask_stop("Ctrl-C")));
                look(&LogView::default(), context, &told, &looked_at, &end_the_look)
            });
            assert!(looking.unwrap().join().is_err());
            assert_eq!(jobs.new_lines(&job), 0);
        }
    }

    #[test]
    fn the_time_of_a_line_is_that_of_the_user_s_zone_with_the_date_if_it_is_not_today() {
        let zone = TimeZone::fixed(offset(2));
        let at = date(2026, 3, 1).at(12, 3, 21, 250_000_000).to_zoned(TimeZone::UTC).unwrap().timestamp();
        assert_eq!(in_zone(at, &zone, date(2026, 3, 1)), "14:03:21.250");
        assert_eq!(in_zone(at, &zone, date(2026, 3, 2)), "2026-03-01 14:03:21.250");
    }
}
