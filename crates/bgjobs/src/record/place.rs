//! Where a body is in its code.
//!
//! Knows nothing of jobs.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{
    record::{
        frame::Frame,
        name::{Name, one_line},
    },
    system::process::Process,
};

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
