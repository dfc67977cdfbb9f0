//! A look at the log of a job, as `log 3 -f --since 5m` asks for it.
//!
//! Knows what can be asked and how a line reads; where it is shown is its caller's affair.

use std::{io, ops::ControlFlow, time::Duration};

use bgjobs::{AnyJob, Context, Failure, Line, LogCursor, Stream, WaitError, one_line};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

use crate::lang::{Jobs, Lines, Part};

/// What one wants to see of a log; by default all lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogView {
    lines: Lines,
    /// Whether each line is shown with its time.
    times: bool,
    /// Whether to go on with new lines until the job ends.
    follow: bool,
}

/// What can be chosen, for the person who chose otherwise.
const CHOICES: &str = "log takes -f (follow), -n 20 (the last 20), --since 5m, --out, --err and -t (times)";

impl LogView {
    /// Reads what stands behind the job: `-f`, `-n 20`, `--since 5m`, `--out`, `--err`, `-t`.
    ///
    /// # Errors
    ///
    /// What is wrong with them, and what there is.
    pub(crate) fn parse<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut view = Self::default();
        let mut flags = flags.into_iter();
        while let Some(flag) = flags.next() {
            let (flag, inside) = match flag.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
                _ => (flag, None),
            };
            let mut value = |example: &str| {
                inside.or_else(|| flags.next()).ok_or_else(|| format!("{flag} wants a value, as in `{flag} {example}`"))
            };
            match flag {
                "-f" | "--follow" => view.follow = true,
                "-t" | "--times" => view.times = true,
                "--out" => view.lines.stream = Some(Stream::Out),
                "--err" => view.lines.stream = Some(Stream::Err),
                "-n" | "--last" => {
                    let count = value("20")?;
                    let wrong = |_| format!("`{flag} {}`: that is no number of lines, as 20 is", one_line(count));
                    view.lines.last = Some(count.parse().map_err(wrong)?);
                }
                "--since" => {
                    let age = value("5m")?;
                    let wrong = || format!("`{flag} {}`: that is no time, as 30s, 5m and 2h are", one_line(age));
                    view.lines.since = Some(duration(age).ok_or_else(wrong)?);
                }
                _ => return Err(format!("`{}` is unknown: {CHOICES}", one_line(flag))),
            }
        }
        Ok(view)
    }

    /// Prints what is wanted, line by line, until all is shown or `context` is asked to stop; what was shown is no news any
    /// more.
    ///
    /// # Errors
    ///
    /// That of the log's file; [`Stopped`](bgjobs::Stopped), if it was asked to stop.
    pub(crate) fn print(
        &self,
        context: &Context,
        jobs: &Jobs,
        job: &AnyJob,
        print: &dyn Fn(&str),
    ) -> Result<(), Failure> {
        let trouble =
            |error: io::Error| Failure::new(format!("the log file of job #{} can't be read: {error}", job.id()));
        let cursor = self
            .lines
            .each(&job.log(), |part| {
                print(&self.part(&part));
                if context.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .map_err(trouble)?;
        context.check()?;
        jobs.note_looked(job, cursor.line());
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
            if reading.missed > 0 {
                print(&self.part(&Part::Gone(reading.missed)));
            }
            for line in reading.lines.into_iter().filter(|line| self.lines.wants_new(line)) {
                print(&self.part(&Part::Line(line)));
            }
            jobs.note_looked(job, cursor.line());
        }
    }

    fn part(&self, part: &Part) -> String {
        match part {
            Part::Gone(1) => "[1 line made room for these]".to_owned(),
            Part::Gone(count) => format!("[{count} lines made room for these]"),
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

/// A time as people write it: `30s`, `5m`, `1h 30m`, or seconds alone.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::offset};

    use super::*;

    fn parse(flags: &str) -> Result<LogView, String> {
        LogView::parse(flags.split_whitespace())
    }

    #[test]
    fn flags_say_what_is_wanted() {
        let minutes = |count| Some(Duration::from_mins(count));
        assert_eq!(parse(""), Ok(LogView::default()));
        let lines = Lines { since: minutes(5), last: Some(20), stream: Some(Stream::Err) };
        let all = LogView { lines, times: true, follow: true };
        assert_eq!(parse("-f -t -n 20 --since 5m --err"), Ok(all.clone()));
        assert_eq!(parse("--follow --times --last=20 --since=300 --err"), Ok(all));
        assert_eq!(parse("--since 1h30m").map(|view| view.lines.since), Ok(minutes(90)));
        assert_eq!(parse("--err --out").map(|view| view.lines.stream), Ok(Some(Stream::Out)));
    }

    #[test]
    fn what_is_wrong_with_a_flag_is_told_with_the_way_out() {
        for (flags, told) in [
            ("-n", "-n wants a value, as in `-n 20`"),
            ("-n many", "`-n many`: that is no number of lines, as 20 is"),
            ("-n -1", "`-n -1`: that is no number of lines, as 20 is"),
            ("--since", "--since wants a value, as in `--since 5m`"),
            ("--since 5x", "`--since 5x`: that is no time, as 30s, 5m and 2h are"),
            ("--since=", "`--since `: that is no time, as 30s, 5m and 2h are"),
            ("-x", &format!("`-x` is unknown: {CHOICES}")),
            ("7", &format!("`7` is unknown: {CHOICES}")),
            ("\u{1b}", &format!("`\\u{{1b}}` is unknown: {CHOICES}")),
        ] {
            assert_eq!(parse(flags).unwrap_err(), told, "{flags}");
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
