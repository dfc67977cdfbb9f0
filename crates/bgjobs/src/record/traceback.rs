//! A failure as text for people.
//!
//! Knows nothing of how a failure comes about.

use std::fmt;

use crate::record::{
    failure::{Failure, FailureKind},
    name::many_lines,
};

/// How many frames a traceback shows at its start, and how many at its end.
const SHOWN_FRAMES: usize = 16;

impl Failure {
    /// The failure as text for people: the frames, the message and the causes.
    #[must_use]
    pub fn traceback(&self) -> Traceback {
        Traceback(self.clone())
    }
}

/// A failure as text: the frames from the start of the body to the failure, the message, the causes.
///
/// Control characters are escaped, except for line breaks and tabs.
/// With a width, as in `{traceback:80}`, a line of source that is wider is cut around the place of the failure.
/// Of more than 32 frames, for example after a deep recursion, the middle is left out; [`Failure::frames`] has them all.
#[derive(Clone)]
pub struct Traceback(Failure);

impl Traceback {
    /// The failure it shows.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.0
    }
}

impl fmt::Display for Traceback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = &self.0;
        let frames = failure.frames();
        if !frames.is_empty() {
            writeln!(f, "Traceback (most recent call last):")?;
        }
        let left_out = frames.len().saturating_sub(2 * SHOWN_FRAMES);
        for (index, frame) in frames.iter().enumerate() {
            if left_out == 0 || !(SHOWN_FRAMES..SHOWN_FRAMES + left_out).contains(&index) {
                frame.fmt(f)?;
                f.write_str("\n")?;
            } else if index == SHOWN_FRAMES {
                writeln!(f, "  ... {left_out} more ...")?;
            }
        }
        match (failure.kind(), failure.location()) {
            (FailureKind::Panic, Some(location)) => write!(f, "panicked at {location}: ")?,
            (FailureKind::Panic, None) => f.write_str("panicked: ")?,
            (FailureKind::Stop, _) => f.write_str("stopped: ")?,
            (FailureKind::Error, _) => {}
        }
        write!(f, "{}", many_lines(failure.message()))?;
        for cause in failure.causes() {
            write!(f, "\ncaused by: {}", many_lines(&cause.to_string()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Traceback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
