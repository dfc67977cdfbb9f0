//! What a body says of itself while it runs: how far it is, and where.
//!
//! Knows nothing of jobs.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{
    frame::Frame,
    name::{Name, one_line},
    process::Process,
};

/// How far a body says that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// How much there is to do in all, if that is known.
    pub total: Option<u64>,
    /// What is being done.
    pub text: Option<Name>,
}

impl Progress {
    /// How long the rest will take, if it goes on as it went in `elapsed`; none if nothing is done yet, or if it is not
    /// known how much there is to do.
    ///
    /// ```
    /// use bgjobs::Progress;
    /// use std::time::Duration;
    ///
    /// let progress = Progress { done: 25, total: Some(100), text: None };
    /// assert_eq!(progress.remaining(Duration::from_secs(10)), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn remaining(&self, elapsed: Duration) -> Option<Duration> {
        let left = self.total?.saturating_sub(self.done);
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let ratio = left as f64 / self.done as f64;
        // Nothing done makes it infinite, or no number; what is longer than can be told is not told either.
        Duration::try_from_secs_f64(elapsed.as_secs_f64() * ratio).ok()
    }
}

/// Where a body is, or last said that it was.
///
/// ```
/// use bgjobs::{Frame, Place};
///
/// let frame = Frame { function: Some("fit".into()), line: Some(3), ..Frame::default() };
/// let place = Place { text: "reading".into(), ..Place::new(vec![frame.clone()]) };
/// assert_eq!(place.to_string(), "reading (line 3 of fit)");
/// assert_eq!(Place::new(vec![frame]).to_string(), "line 3 of fit");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In a few words: what is being done, or the line.
    pub text: Name,
    /// The calls that it is in, outermost first; of a checkpoint the line that said it.
    pub frames: Vec<Frame>,
    /// The processes of a command, each before those that came of it.
    pub processes: Vec<Process>,
    /// Since when it has been there, as far as that is known.
    pub since: Instant,
}

impl Place {
    /// A place where a body is from now on, in the words of the innermost frame.
    #[must_use]
    pub fn new(frames: Vec<Frame>) -> Self {
        let text = frames.last().map_or_else(|| "an unknown place".to_owned(), Frame::in_words);
        Self { text: text.into(), frames, processes: Vec::new(), since: Instant::now() }
    }

    /// How long it has been there.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

/// The text, and the line where it is if the text does not say it: `parsing (line 12 of src/load.rs)`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)?;
        match self.frames.last().map(Frame::in_words) {
            Some(line) if *line != *self.text => write!(f, " ({})", one_line(&line)),
            _ => Ok(()),
        }
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_estimated_only_where_something_is_known() {
        let rest = |done, total| Progress { done, total, text: None }.remaining(Duration::from_secs(10));
        assert_eq!(rest(1, Some(3)), Some(Duration::from_secs(20)));
        assert_eq!(rest(3, Some(3)), Some(Duration::ZERO));
        assert_eq!(rest(4, Some(3)), Some(Duration::ZERO));
        assert_eq!(rest(1, None), None);
        assert_eq!(rest(0, Some(3)), None);
        assert_eq!(rest(0, Some(0)), None);
        assert_eq!(rest(1, Some(u64::MAX)), None, "longer than can be told");
    }
}
