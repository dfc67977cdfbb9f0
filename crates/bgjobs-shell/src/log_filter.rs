//! Which lines of a log are wanted: of what age, how many, of which stream.
//!
//! Knows nothing of how they are asked for and shown.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use bgjobs::{Line, Log, LogCursor, Stream};

/// Which lines of a log are wanted; by default all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Those begun since so long ago only.
    pub(crate) since: Option<Duration>,
    /// The newest so many only, of those that are wanted otherwise.
    pub(crate) last: Option<usize>,
    /// Those of this stream only.
    pub(crate) stream: Option<Stream>,
}

/// A part of a log, as it is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A line.
    Line(Line),
    /// So many lines stood here, and are to be had nowhere.
    Gone(u64),
    /// The log's file can't be read on; why.
    Unreadable(String),
}

impl Lines {
    /// The wanted lines that the log holds in memory.
    pub(crate) fn of(&self, log: &Log) -> Vec<Line> {
        self.among(log.tail(usize::MAX), Instant::now())
    }

    /// Hands on the wanted lines, those too that only the log's file holds, as long as `hand_on` goes on; returns where to
    /// read on.
    pub(crate) fn each(&self, log: &Log, mut hand_on: impl FnMut(Part) -> ControlFlow<()>) -> LogCursor {
        let now = Instant::now();
        let mut cursor = LogCursor::default();
        let reading = log.read(&mut cursor);
        // What made room is older than the oldest line here.
        let wants_older = reading.lines.first().is_none_or(|oldest| self.is_young(oldest, now));
        let newest = self.among(reading.lines, now);
        let more = self.last.map(|last| last - newest.len());
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
            // How many of these are wanted shows at their end.
            if more.is_none_or(|more| older.len() > more)
                && let Some(first) = older.pop_front()
                && more.is_none()
                && hand_on(Part::Line(first)).is_break()
            {
                return cursor;
            }
        }
        let trouble = trouble.map(|error| Part::Unreadable(error.to_string()));
        let gone = Some(gone).filter(|&gone| gone > 0).map(Part::Gone);
        let (older, newest) = (older.into_iter().map(Part::Line), newest.into_iter().map(Part::Line));
        let _ = older.chain(trouble).chain(gone).chain(newest).try_for_each(hand_on);
        cursor
    }

    /// Whether a line that is new is wanted.
    pub(crate) fn wants_new(&self, line: &Line) -> bool {
        self.stream.is_none_or(|stream| stream == line.stream)
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

    /// A log that holds few of its lines `0` to `999` in memory, and perhaps all in a file.
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
        let job = jobs.with(options).spawn_with("flood", body).expect("there are threads");
        job.join().expect("it can't fail");
        Flooded { log: job.log(), file }
    }

    /// What is handed on, in few words.
    fn parts(lines: Lines, log: &Log) -> Vec<String> {
        let mut parts = Vec::new();
        let cursor = lines.each(log, |part| {
            parts.push(match part {
                Part::Line(line) => line.text,
                Part::Gone(count) => format!("{count} gone"),
                Part::Unreadable(_) => "unreadable".to_owned(),
            });
            ControlFlow::Continue(())
        });
        assert_eq!(cursor.line(), 1_000);
        parts
    }

    #[test]
    fn lines_that_made_room_are_counted_unless_nobody_wants_them() {
        let log = flooded(None);
        let kept = log.tail(usize::MAX).len();
        let all = parts(Lines::default(), &log);
        assert_eq!(all.len(), kept + 1);
        assert_eq!((&*all[0], &*all[kept]), (&*format!("{} gone", 1_000 - kept), "999"));
        assert_eq!(parts(Lines { last: Some(2), ..Lines::default() }, &log), ["998", "999"]);
        assert_eq!(parts(Lines { since: Some(Duration::ZERO), ..Lines::default() }, &log), [""; 0]);
        assert_eq!(parts(Lines { last: Some(0), ..Lines::default() }, &log), [""; 0]);
    }

    #[test]
    fn lines_that_made_room_are_read_from_the_file() {
        let log = flooded(Some("file"));
        let numbers = |range: std::ops::Range<u32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(parts(Lines::default(), &log), numbers(0..1_000));
        assert_eq!(parts(Lines { last: Some(100), ..Lines::default() }, &log), numbers(900..1_000));
        assert_eq!(parts(Lines { since: Some(Duration::from_hours(1)), ..Lines::default() }, &log), numbers(0..1_000));
        assert_eq!(parts(Lines { stream: Some(Stream::Err), ..Lines::default() }, &log), [""; 0]);
    }

    #[test]
    fn whoever_has_seen_enough_gets_no_more() {
        for file in [None, Some("enough")] {
            let mut count = 0;
            let log = flooded(file);
            Lines::default().each(&log, |_| {
                count += 1;
                if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(count, 3);
        }
    }
}
