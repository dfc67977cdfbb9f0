//! The file that a log is written to, if one was asked for: private, new, bounded, given up at its first trouble.
//!
//! Knows nothing of jobs, and nothing of what a log keeps in memory.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use crate::{
    record::log::line::Line,
    system::sync::{AtomicBool, Mutex, Ordering},
};

/// The longest line of a file, in bytes: the longest line of a log, its stamp and its stream.
const LONGEST_LINE: u64 = 17 * 1024;

/// A file that takes lines until something goes wrong.
pub(crate) struct LogFile {
    /// Where it is, from the root: whoever reads it later may stand in another directory.
    pub(crate) path: PathBuf,
    pub(crate) writer: Mutex<Writer>,
    /// Whether the file there is this one; a reader asks without the writer's lock.
    made: AtomicBool,
}

/// What writes to the file.
pub(crate) struct Writer {
    file: State,
    /// How many bytes it may still get.
    room: u64,
}

enum State {
    /// It is not made yet.
    Wanted,
    Open(File),
    GivenUp,
}

impl LogFile {
    /// A file that is to be made, of `most_bytes` at most.
    pub(crate) fn new(path: &Path, most_bytes: u64) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let writer = Mutex::new(Writer { file: State::Wanted, room: most_bytes });
        Self { path, writer, made: AtomicBool::new(false) }
    }

    /// Makes the file, if that was not tried yet: a new one that only its owner can read. One that is there already is left
    /// as it is, and so is what a link points to.
    pub(crate) fn open(&self, writer: &mut Writer) -> io::Result<()> {
        if !matches!(writer.file, State::Wanted) {
            return Ok(());
        }
        writer.file = State::GivenUp;
        let mut options = OpenOptions::new();
        // `create_new` follows no link.
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        writer.file = State::Open(options.open(&self.path)?);
        self.made.store(true, Ordering::Release);
        Ok(())
    }

    /// The lines in the file from its beginning; none if there could be no such file.
    pub(crate) fn lines(&self) -> io::Result<Option<FileLines>> {
        let made = self.made.load(Ordering::Acquire);
        made.then(|| File::open(&self.path).map(|file| FileLines(BufReader::new(file)))).transpose()
    }
}

impl Writer {
    /// Whether it takes lines.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.file, State::Open(_))
    }

    /// Writes whole lines at once, so that a reader sees no half of them; at the first trouble the file is given up.
    pub(crate) fn write(&mut self, lines: &str) -> io::Result<()> {
        let State::Open(file) = &mut self.file else { return Ok(()) };
        let written = match self.room.checked_sub(lines.len() as u64) {
            Some(room) => {
                self.room = room;
                file.write_all(lines.as_bytes())
            }
            None => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is as large as it may get")),
        };
        written.inspect_err(|_| self.file = State::GivenUp)
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
        let mut writer = Writer { file: State::Open(file), room: 100 };
        assert!(writer.write("one\n").is_err());
        assert!(!writer.is_open());
        assert!(writer.write("two\n").is_ok(), "it is told once");
    }
}
