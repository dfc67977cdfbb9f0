//! The number of a job.

use std::{error::Error, fmt, str::FromStr};

/// The number of a job, counted from 0 in the order of starting and never reused.
///
/// An [unlisted](crate::Options::unlisted) job has no number until it is listed: its ID is shown as `-` and finds no
/// job.
///
/// ```
/// use bgjobs::JobId;
///
/// let id: JobId = "#4".parse()?;
/// assert_eq!(id, JobId::from(4));
/// assert_eq!(id.to_string(), "4");
/// assert_eq!("four".parse::<JobId>().unwrap_err().to_string(), "`four` is not a job number; write 4 or #4");
/// # Ok::<(), bgjobs::ParseJobIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

impl JobId {
    /// The ID of a job without a number.
    pub(crate) const NONE: Self = Self(u64::MAX);

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for JobId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE { f.write_str("-") } else { self.0.fmt(f) }
    }
}

impl FromStr for JobId {
    type Err = ParseJobIdError;

    fn from_str(text: &str) -> Result<Self, ParseJobIdError> {
        let number = text.strip_prefix('#').unwrap_or(text);
        // A sign is not part of a job number, although `u64` accepts one.
        let parsed = number.parse().ok().filter(|_| !number.starts_with('+'));
        parsed.map(Self).ok_or_else(|| ParseJobIdError { text: text.to_owned() })
    }
}

/// A text is not a job number.
#[derive(Clone, PartialEq, Eq)]
pub struct ParseJobIdError {
    text: String,
}

impl fmt::Display for ParseJobIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a job number; write 4 or #4", crate::record::name::one_line(&self.text))
    }
}

/// As `main` prints it.
impl fmt::Debug for ParseJobIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Error for ParseJobIdError {}
