//! Whose keys the prompt has, those of emacs or of vi.
//!
//! Knows nothing of what a key does.

use std::{fmt, str::FromStr};

use bgjobs::one_line;

/// Whose keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EditMode {
    #[default]
    Emacs,
    Vi,
}

const NAMES: [(&str, EditMode); 2] = [("emacs", EditMode::Emacs), ("vi", EditMode::Vi)];

impl FromStr for EditMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.into_iter().find(|(name, _)| *name == text.trim());
        found
            .map(|(_, mode)| mode)
            .ok_or_else(|| format!("`{}` is no edit mode; there are emacs and vi", one_line(text)))
    }
}

/// In the form that is parsed.
impl fmt::Display for EditMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.into_iter().find(|(_, mode)| mode == self).map_or("", |(name, _)| name))
    }
}
