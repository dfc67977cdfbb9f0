//! The file that a log is written to, if one was asked for: private, new, bounded, given up at its first trouble.
//!
//! Knows nothing of jobs, and nothing of what a log keeps in memory.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use crate::{line::Line, sync::Mutex};

/// The longest line of a file, in bytes: the longest line of a log, its stamp and its stream.
const LONGEST_LINE: u64 = 17 * 1024;

/// A file that takes lines until something goes wrong.
pub(crate) struct LogFile {
    /// Where it is, from the root.
    pub(crate) path: PathBuf,
    pub(crate) writer: Mutex<Writer>,
}

/// What writes to the file.
pub(crate) struct Writer {
    /// None once it is given up.
    file: Option<File>,
    /// How many bytes it may still get.
    room: u64,
}

impl LogFile {
    /// Makes a new file that only its owner can read; one that is there already is left as it is, and so is what a link
    /// points to.
    pub(crate) fn create(path: &Path, most_bytes: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        // `create_new` follows no link.
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // Whoever reads it later may stand in another directory.
        let path = std::path::absolute(path)?;
        Ok(Self { path, writer: Mutex::new(Writer { file: Some(file), room: most_bytes }) })
    }
}

impl Writer {
    /// Whether it takes lines.
    pub(crate) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Writes whole lines at once, so that a reader sees no half of them; at the first trouble the file is given up.
    pub(crate) fn write(&mut self, lines: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = match self.room.checked_sub(lines.len() as u64) {
            Some(room) => {
                self.room = room;
                file.write_all(lines.as_bytes())
            }
            None => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is as large as it may get")),
        };
        written.inspect_err(|_| self.file = None)
    }
}

/// What is told in the log when its file can't be made or written.
pub(crate) fn refusal(path: &Path, cause: &io::Error) -> String {
    format!("the log file {} takes no lines: {cause}; what follows is kept in memory only", path.display())
}

/// The lines of a log's file, oldest first; made by [`Log::file_lines`](crate::Log::file_lines).
///
/// It ends where the file ends; a line that is no line of a log is an error.
#[derive(Debug)]
pub struct FileLines(BufReader<File>);

impl FileLines {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(BufReader::new(File::open(path)?)))
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut text = Vec::new();
        self.0.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)?;
        let foreign = || io::Error::new(io::ErrorKind::InvalidData, "somebody else has written to it");
        match text.pop() {
            None => Ok(None),
            Some(b'\n') => {
                let line = str::from_utf8(&text).ok().and_then(Line::parse);
                line.map(Some).ok_or_else(foreign)
            }
            // A full disk may cut the last line.
            Some(_) if (text.len() as u64) < LONGEST_LINE - 1 => Ok(None),
            Some(_) => Err(foreign()),
        }
    }
}

impl Iterator for FileLines {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_given_up_at_its_first_trouble() {
        // It is open for reading only.
        let file = File::open(std::env::current_exe().expect("a test is a program")).expect("it can be read");
        let mut writer = Writer { file: Some(file), room: 100 };
        assert!(writer.write("one\n").is_err());
        assert!(!writer.is_open());
        assert!(writer.write("two\n").is_ok(), "it is told once");
    }
}
