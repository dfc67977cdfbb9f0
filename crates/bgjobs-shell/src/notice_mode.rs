//! Which notices the user wants of jobs that ended.
//!
//! Knows nothing of how they read.

use std::{fmt, str::FromStr};

use bgjobs::one_line;

/// Which notices are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NoticeMode {
    /// A line for each job, and one for all of a sweep.
    #[default]
    Each,
    /// One line for all that ended.
    Summary,
    /// None.
    Quiet,
}

const NAMES: [(&str, NoticeMode); 3] =
    [("each", NoticeMode::Each), ("summary", NoticeMode::Summary), ("quiet", NoticeMode::Quiet)];

impl FromStr for NoticeMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.into_iter().find(|(name, _)| *name == text.trim());
        found
            .map(|(_, mode)| mode)
            .ok_or_else(|| format!("`{}` is no kind of notices; there are each, summary and quiet", one_line(text)))
    }
}

/// In the form that is parsed.
impl fmt::Display for NoticeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.into_iter().find(|(_, mode)| mode == self).map_or("", |(name, _)| name))
    }
}
