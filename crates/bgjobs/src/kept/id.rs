//! The number of a kept job.
//!
//! Knows nothing of folders.

use std::{error::Error, fmt, str::FromStr};

use crate::record::name::one_line;

/// The number of a kept job in its folder; no two jobs of a folder ever have the same.
///
/// It reads as `k12`, and is typed as `k12` or `12`.
///
/// ```
/// use bgjobs::KeptId;
///
/// let id: KeptId = "k12".parse()?;
/// assert_eq!((id, id.to_string()), ("12".parse()?, "k12".to_owned()));
/// assert_eq!("last".parse::<KeptId>().unwrap_err().to_string(), "`last` is no kept job: write k12, for example");
/// # Ok::<(), bgjobs::ParseKeptIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptId(pub(crate) u64);

/// `k12`.
impl fmt::Display for KeptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("k{}", self.0))
    }
}

impl FromStr for KeptId {
    type Err = ParseKeptIdError;

    fn from_str(text: &str) -> Result<Self, ParseKeptIdError> {
        let digits = text.strip_prefix('k').unwrap_or(text);
        // `parse` alone would accept a sign.
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
        number.map(Self).ok_or_else(|| ParseKeptIdError(text.to_owned()))
    }
}

/// A text that is not the number of a kept job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseKeptIdError(String);

impl fmt::Display for ParseKeptIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no kept job: write k12, for example", one_line(&self.0))
    }
}

impl Error for ParseKeptIdError {}
