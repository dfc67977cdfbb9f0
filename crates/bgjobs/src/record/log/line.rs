//! A line that a job printed, and its form in a file.
//!
//! Knows nothing of logs and jobs.

use std::{
    fmt::{self, Write},
    time::{Instant, SystemTime},
};

use crate::system::wall_clock::{moment_of, time_of};

/// The output that a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line of a [`Log`](crate::Log).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// When its first character was written.
    pub at: Instant,
    /// Which output it was written to.
    pub stream: Stream,
    /// The text as it was written, without the line break.
    ///
    /// It may hold control characters: [`coloured`](crate::coloured) escapes all but colours, [`one_line`](crate::one_line)
    /// escapes these too.
    pub text: String,
    /// Whether the line was too long to stay whole, and goes on in the next line of its stream.
    pub continues: bool,
}

impl Line {
    /// A whole line that begins now.
    pub(crate) fn new(stream: Stream, text: String) -> Self {
        Self::begun(None, stream, text)
    }

    /// A whole line that begins at a moment, or now.
    pub(crate) fn begun(at: Option<Instant>, stream: Stream, text: String) -> Self {
        Self { at: at.unwrap_or_else(Instant::now), stream, text, continues: false }
    }

    /// The time of day at which its first character was written.
    ///
    /// If the clock was set or the machine slept since, earlier times are converted by the clock as it is now.
    ///
    /// ```
    /// use bgjobs::JobManager;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let before = SystemTime::now();
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("greet", |job| Ok(job.print("hello")))?;
    /// job.join()?;
    ///
    /// let line = &job.log().tail(1)[0];
    /// assert!(before - Duration::from_secs(1) < line.time() && line.time() < SystemTime::now() + Duration::from_secs(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn time(&self) -> SystemTime {
        time_of(self.at)
    }

    /// Appends the line to the text of a file, as `2026-03-01T14:03:21.250000Z out hello`; one that continues has `out+`.
    pub(crate) fn record(&self, text: &mut String) {
        let time = humantime::format_rfc3339_micros(self.time());
        let mark = if self.continues { "+" } else { "" };
        writeln!(text, "{time} {}{mark} {}", self.stream, self.text).expect("writing to a string never fails");
    }

    /// Parses a line of a file; `None` if it does not have that form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (time, rest) = text.split_once(' ')?;
        let (stream, text) = rest.split_once(' ')?;
        let (stream, continues) = stream.strip_suffix('+').map_or((stream, false), |stream| (stream, true));
        let stream = [Stream::Out, Stream::Err].into_iter().find(|known| known.to_string() == stream)?;
        let time: SystemTime = humantime::parse_rfc3339(time).ok()?;
        Some(Self { at: moment_of(time), stream, text: text.to_owned(), continues })
    }
}

/// `out` or `err`.
impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Out => "out",
            Self::Err => "err",
        })
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_is_read_back_as_it_was_written() {
        for (stream, text, continues) in
            [(Stream::Out, "hello  there ", false), (Stream::Err, "", true), (Stream::Out, "+ a\r\u{1b}[2J é", true)]
        {
            let line = Line { continues, ..Line::new(stream, text.to_owned()) };
            let mut written = String::new();
            line.record(&mut written);
            let read = Line::parse(written.strip_suffix('\n').expect("a line ends")).expect("it was just written");
            assert_eq!((read.stream, &*read.text, read.continues), (stream, text, continues));
            let apart = line.at.saturating_duration_since(read.at);
            assert!(apart < Duration::from_micros(1), "{apart:?}");
        }
    }

    #[test]
    fn text_in_another_form_is_rejected() {
        for text in
            ["", "hello", "2026-03-01T14:03:21Z", "2026-03-01T14:03:21Z out", "2026-03-01T14:03:21Z in a", "x out a"]
        {
            assert_eq!(Line::parse(text), None, "{text:?}");
        }
    }
}
