//! The names of the pictures.
//!
//! It does not know how they are drawn.

use std::fmt;

/// A picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Picture {
    Shell,
    IPython,
}

impl Picture {
    /// Its name on the command line, which is also its file's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::IPython => "ipython",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Shell, Self::IPython].into_iter().find(|picture| picture.name() == name)
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shell => "the shell",
            Self::IPython => "IPython",
        })
    }
}

/// What to do with a new picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// Replace the committed one.
    Draw,
    /// Compare it with the committed one.
    Check,
}
