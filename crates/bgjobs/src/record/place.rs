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

/// Where a body is, or where it last said it was.
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
    /// A few words: what the body is doing, or the line.
    pub text: Name,
    /// The calls the body is in, outermost first; for a checkpoint, the line that made it.
    pub frames: Vec<Frame>,
    /// The processes of a command, each before its descendants.
    pub processes: Vec<Process>,
    /// Since when the body has been there, as far as is known.
    pub since: Instant,
}

impl Place {
    /// Creates a place as of now, with the innermost frame as its text.
    #[must_use]
    pub fn new(frames: Vec<Frame>) -> Self {
        let text = frames.last().map_or_else(|| "an unknown place".to_owned(), Frame::in_words);
        Self { text: text.into(), frames, processes: Vec::new(), since: Instant::now() }
    }

    /// The same place with what the body said it was doing there, unless the place says that itself.
    pub(crate) fn described(self, said: Name) -> Self {
        let is_plain = self.frames.last().is_some_and(|frame| *frame.in_words() == *self.text);
        if is_plain { Self { text: said, ..self } } else { self }
    }

    /// How long the body has been there.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

/// The text, followed by the line unless the text says it: `parsing (line 12 of src/load.rs)`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)?;
        match self.frames.last().map(Frame::in_words) {
            Some(line) if *line != *self.text => write!(f, " ({})", one_line(&line)),
            _ => Ok(()),
        }
    }
}
