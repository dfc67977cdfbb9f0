//! A job's log, for Python.
//!
//! It does not know jobs.

use std::time::{Duration, UNIX_EPOCH};

use bgjobs::{LogCursor, Reading, Stream};
use pyo3::prelude::*;

/// What a job printed; empty before its start.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Log(pub(crate) Option<bgjobs::Log>);

/// When it was written, whether to standard error, the line, and whether it continues in the next.
type Line = (f64, bool, String, bool);

#[pymethods]
impl Log {
    /// Writes a text, to standard error if `err`; it may have several lines, the last of them unfinished. `at` is when it was
    /// printed, in seconds since the epoch, if not now.
    #[pyo3(signature = (err, text, at=None))]
    fn write(&self, err: bool, text: &str, at: Option<f64>) {
        let Some(log) = &self.0 else { return };
        let stream = if err { Stream::Err } else { Stream::Out };
        match at.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)) {
            Some(time) => log.write_at(time, stream, text),
            None => log.write(stream, text),
        }
    }

    /// Reads from a cursor, at first 0: returns the next cursor, how many lines were dropped unread, the lines, and the
    /// unfinished ones.
    fn read(&self, cursor: u64) -> (u64, u64, Vec<Line>, Vec<Line>) {
        let mut at = LogCursor::at(cursor);
        let reading = self.0.as_ref().map_or_else(Reading::default, |log| log.read(&mut at));
        (at.line(), reading.missed, lines(reading.lines), lines(reading.pending))
    }

    /// The newest lines, oldest first; the unfinished ones are the newest.
    fn tail(&self, count: usize) -> Vec<Line> {
        lines(self.0.as_ref().map_or_else(Vec::new, |log| log.tail(count)))
    }
}

fn lines(lines: Vec<bgjobs::Line>) -> Vec<Line> {
    let stamp = |line: bgjobs::Line| {
        let at = line.time().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        (at.as_secs_f64(), line.stream == Stream::Err, line.text, line.continues)
    };
    lines.into_iter().map(stamp).collect()
}
