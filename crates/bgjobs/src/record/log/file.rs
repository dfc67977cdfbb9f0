//! The file that a log is written to on request: private, new, bounded, and abandoned at the first error.
//!
//! Knows nothing of jobs, nor of what a log holds in memory.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use crate::{record::log::line::Line, system::sync::Mutex};

/// The longest line of a file, in bytes: the longest line of a log with its sequences, its timestamp and its stream.
const LONGEST_LINE: u64 = 18 * 1024;

/// A file that accepts lines until something goes wrong.
pub(crate) struct LogFile {
    /// An absolute path, because the working directory may have changed when the file is read.
    pub(crate) path: PathBuf,
    pub(crate) writer: Mutex<Writer>,
}

/// Writes to the file.
pub(crate) struct Writer {
    /// None once it is abandoned.
    file: Option<File>,
    /// How many more bytes may be written.
    room: u64,
}

impl LogFile {
    /// Creates a file of `most_bytes` at most, which only its owner can read.
    ///
    /// A file or link that already exists is an error; neither it nor its target is changed.
    pub(crate) fn create(path: &Path, most_bytes: u64) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let mut options = OpenOptions::new();
        // `create_new` follows no link.
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = Some(options.open(&path)?);
        Ok(Self { path, writer: Mutex::new(Writer { file, room: most_bytes }) })
    }

    /// The lines in the file from its start.
    pub(crate) fn lines(&self) -> io::Result<FileLines> {
        File::open(&self.path).map(|file| FileLines(BufReader::new(file)))
    }
}

impl Writer {
    /// Whether it accepts lines.
    pub(crate) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Writes whole lines at once, so readers see no partial line; the first error abandons the file.
    pub(crate) fn write(&mut self, lines: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = match self.room.checked_sub(lines.len() as u64) {
            Some(room) => {
                self.room = room;
                file.write_all(lines.as_bytes())
            }
            None => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has reached its size limit")),
        };
        written.inspect_err(|_| self.file = None)
    }
}

/// The line in the log when its file can't be written.
pub(crate) fn refusal(path: &Path, cause: &io::Error) -> String {
    format!("could not write the log file {}: {cause}; later lines are in memory only", path.display())
}

/// An iterator over the lines of a log's file, oldest first; see [`Log::file_lines`](crate::Log::file_lines).
///
/// It ends at the end of the file. A line that no log wrote is an error.
#[derive(Debug)]
pub struct FileLines(BufReader<File>);

impl FileLines {
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
            // A full disk may cut off the last line.
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
    fn a_file_is_abandoned_at_its_first_error() {
        // The file is open for reading only.
        let file = File::open(std::env::current_exe().expect("a test is an executable")).expect("it can be read");
        let mut writer = Writer { file: Some(file), room: 100 };
        assert!(writer.write("one\n").is_err());
        assert!(!writer.is_open());
        assert!(writer.write("two\n").is_ok(), "the error is reported once");
    }
}
