//! What a command reads.
//!
//! Knows nothing of commands.

use std::{fs::File, io::PipeReader, os::fd::OwnedFd, sync::Arc};

use crate::command::keyboard::Keyboard;

/// What a [`Command`](crate::Command) reads; by default, nothing.
///
/// Each clone of a text is read from its start. Clones of a file or pipe share it, and what one has read is gone for the
/// others.
#[derive(Clone, Debug, Default)]
pub struct Input(pub(crate) Source);

#[derive(Clone, Debug, Default)]
pub(crate) enum Source {
    #[default]
    Empty,
    Text(Vec<u8>),
    Open(Arc<OwnedFd>),
    /// The command's own terminal.
    Keyboard(Keyboard),
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Source::Text(bytes))
    }
}

impl From<String> for Input {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

/// The command has a terminal then, even if no size was [chosen](crate::Command::terminal).
impl From<Keyboard> for Input {
    fn from(keyboard: Keyboard) -> Self {
        Self(Source::Keyboard(keyboard))
    }
}

impl From<OwnedFd> for Input {
    fn from(fd: OwnedFd) -> Self {
        Self(Source::Open(Arc::new(fd)))
    }
}

impl From<PipeReader> for Input {
    fn from(pipe: PipeReader) -> Self {
        OwnedFd::from(pipe).into()
    }
}

impl From<File> for Input {
    fn from(file: File) -> Self {
        OwnedFd::from(file).into()
    }
}
