//! Which lines of a log are wanted: by age, number, stream and text.
//!
//! Knows nothing of how they are asked for and shown.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use bgjobs::{Line, Log, LogCursor, Stream, one_line};
use regex_lite::Regex;

/// Which lines of a log are wanted; all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogFilter {
    /// Only lines younger than this.
    pub(crate) since: Option<Duration>,
    /// Only this many of the newest matching lines.
    pub(crate) last: Option<usize>,
    /// Only lines of this stream.
    pub(crate) stream: Option<Stream>,
    /// Only lines in which this is found.
    pub(crate) pattern: Option<Pattern>,
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Reads a regular expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Regex::new(text)
            .map(Self)
            .map_err(|cause| format!("`/{}/` is not a regular expression: {cause}", one_line(text)))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// A part of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogPart {
    /// A line.
    Line(Line),
    /// This many lines stood here and are no longer available.
    Gone(u64),
    /// Why the log's file can't be read any further.
    Unreadable(String),
}

impl LogFilter {
    /// The matching lines, including those that only the log's file holds and the unfinished ones, and how many are gone.
    pub(crate) fn of(&self, log: &Log) -> (Vec<Line>, u64) {
        let (mut lines, mut gone) = (Vec::new(), 0);
        let (_, pending) = self.each(log, |part| {
            match part {
                LogPart::Line(line) => lines.push(line),
                LogPart::Gone(count) => gone = count,
                LogPart::Unreadable(_) => {}
            }
            ControlFlow::Continue(())
        });
        lines.extend(pending);
        (lines, gone)
    }

    /// Passes on the matching lines, including those that only the log's file holds, until `hand_on` breaks; returns
    /// where to read on, and the unfinished lines that match.
    pub(crate) fn each(
        &self,
        log: &Log,
        mut hand_on: impl FnMut(LogPart) -> ControlFlow<()>,
    ) -> (LogCursor, Vec<Line>) {
        let now = Instant::now();
        let mut cursor = LogCursor::default();
        let reading = log.read(&mut cursor);
        // Dropped lines are older than the oldest line in memory.
        let wants_older = reading.lines.first().is_none_or(|oldest| self.is_young(oldest, now));
        let pending = self.among(reading.pending, now);
        let ended = Self { last: self.last.map(|last| last - pending.len()), ..self.clone() };
        let newest = ended.among(reading.lines, now);
        let more = ended.last.map(|last| last - newest.len());
        let mut gone = if wants_older && more != Some(0) { reading.missed } else { 0 };
        let mut older = VecDeque::new();
        let mut trouble = None;
        let file = if gone > 0 { log.file_lines() } else { Ok(None) };
        let file = file.unwrap_or_else(|error| {
            trouble = Some(error);
            None
        });
        for line in file.into_iter().flatten().take(usize::try_from(gone).unwrap_or(usize::MAX)) {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    trouble = Some(error);
                    break;
                }
            };
            gone -= 1;
            if !self.wants(&line, now) {
                continue;
            }
            older.push_back(line);
            // How many of the older lines are wanted is known only at their end.
            if more.is_none_or(|more| older.len() > more)
                && let Some(first) = older.pop_front()
                && more.is_none()
                && hand_on(LogPart::Line(first)).is_break()
            {
                return (cursor, pending);
            }
        }
        let trouble = trouble.map(|error| LogPart::Unreadable(error.to_string()));
        let gone = Some(gone).filter(|&gone| gone > 0).map(LogPart::Gone);
        let (older, newest) = (older.into_iter().map(LogPart::Line), newest.into_iter().map(LogPart::Line));
        let _ = older.chain(trouble).chain(gone).chain(newest).try_for_each(hand_on);
        (cursor, pending)
    }

    /// Whether a new line is wanted.
    pub(crate) fn wants_new(&self, line: &Line) -> bool {
        self.stream.is_none_or(|stream| stream == line.stream)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.0.is_match(&line.text))
    }

    fn wants(&self, line: &Line, now: Instant) -> bool {
        self.is_young(line, now) && self.wants_new(line)
    }

    fn is_young(&self, line: &Line, now: Instant) -> bool {
        self.since.is_none_or(|age| now.saturating_duration_since(line.at) < age)
    }

    fn among(&self, mut lines: Vec<Line>, now: Instant) -> Vec<Line> {
        lines.retain(|line| self.wants(line, now));
        let more = lines.len().saturating_sub(self.last.unwrap_or(usize::MAX));
        lines.split_off(more)
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, ops::Deref, path::PathBuf, process};

    use bgjobs::{Config, JobManager, Options};

    use super::*;

    /// A log that holds few of its lines `0` to `999` in memory, and perhaps all of them in a file.
    struct Flooded {
        log: Log,
        file: Option<PathBuf>,
    }

    impl Deref for Flooded {
        type Target = Log;

        fn deref(&self) -> &Log {
            &self.log
        }
    }

    impl Drop for Flooded {
        fn drop(&mut self) {
            if let Some(file) = &self.file {
                let _ = fs::remove_file(file);
            }
        }
    }

    fn flooded(file: Option<&str>) -> Flooded {
        let file = file.map(|name| env::temp_dir().join(format!("bgjobs-lines-{name}-{}", process::id())));
        let jobs = JobManager::with_config(Config { log_bytes: 1_000, ..Config::default() });
        let body = |job: &bgjobs::Context| {
            (0..1_000).for_each(|n| job.print(n));
            Ok(())
        };
        let options = Options { log_file: file.clone(), ..Options::default() };
        let job = jobs.named("flood").with(options).spawn_with(body).expect("there are threads");
        job.join().expect("it can't fail");
        Flooded { log: job.log(), file }
    }

    /// The parts in short form.
    fn parts(lines: &LogFilter, log: &Log) -> Vec<String> {
        let mut parts = Vec::new();
        let (cursor, pending) = lines.each(log, |part| {
            parts.push(match part {
                LogPart::Line(line) => line.text,
                LogPart::Gone(count) => format!("{count} gone"),
                LogPart::Unreadable(_) => "unreadable".to_owned(),
            });
            ControlFlow::Continue(())
        });
        assert_eq!(cursor.line(), 1_000);
        parts.extend(pending.into_iter().map(|line| format!("{} pending", line.text)));
        parts
    }

    #[test]
    fn dropped_lines_are_counted_if_they_would_match() {
        let log = flooded(None);
        let held = log.tail(usize::MAX).len();
        let all = parts(&LogFilter::default(), &log);
        assert_eq!(all.len(), held + 1);
        assert_eq!((&*all[0], &*all[held]), (&*format!("{} gone", 1_000 - held), "999"));
        assert_eq!(parts(&LogFilter { last: Some(2), ..LogFilter::default() }, &log), ["998", "999"]);
        assert_eq!(parts(&LogFilter { since: Some(Duration::ZERO), ..LogFilter::default() }, &log), [""; 0]);
        assert_eq!(parts(&LogFilter { last: Some(0), ..LogFilter::default() }, &log), [""; 0]);
    }

    #[test]
    fn dropped_lines_are_read_from_the_file() {
        let log = flooded(Some("file"));
        let numbers = |range: std::ops::Range<u32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(parts(&LogFilter::default(), &log), numbers(0..1_000));
        assert_eq!(parts(&LogFilter { last: Some(100), ..LogFilter::default() }, &log), numbers(900..1_000));
        assert_eq!(
            parts(&LogFilter { since: Some(Duration::from_hours(1)), ..LogFilter::default() }, &log),
            numbers(0..1_000)
        );
        assert_eq!(parts(&LogFilter { stream: Some(Stream::Err), ..LogFilter::default() }, &log), [""; 0]);
        let pattern = Some(Pattern::parse("^(7|99.)$").expect("it is one"));
        assert_eq!(
            parts(&LogFilter { last: Some(3), pattern: pattern.clone(), ..LogFilter::default() }, &log),
            ["997", "998", "999"]
        );
        assert_eq!(parts(&LogFilter { pattern, ..LogFilter::default() }, &log)[..2], ["7", "990"]);
    }

    #[test]
    fn unfinished_lines_are_the_newest() {
        let log = flooded(None);
        log.write(Stream::Out, "half");
        let last = |last, stream| parts(&LogFilter { last: Some(last), stream, ..LogFilter::default() }, &log);
        assert_eq!(last(2, None), ["999", "half pending"]);
        assert_eq!(last(1, None), ["half pending"]);
        assert_eq!(last(0, None), [""; 0]);
    }

    #[test]
    fn a_break_ends_the_iteration() {
        for file in [None, Some("enough")] {
            let mut count = 0;
            let log = flooded(file);
            LogFilter::default().each(&log, |_| {
                count += 1;
                if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(count, 3);
        }
    }
}
