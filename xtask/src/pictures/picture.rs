//! The pictures by their names.
//!
//! It knows nothing of how they are made.

use std::fmt;

/// A picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Picture {
    Shell,
    IPython,
}

impl Picture {
    /// Its name on the command line, and of its file.
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

/// What is done with a new picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// The committed one is replaced.
    Draw,
    /// The committed one is compared with it.
    Check,
}
