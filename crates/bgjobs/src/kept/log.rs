//! What a kept job printed, as its keeper writes it: records in segments, of which the first and the newest stay.
//!
//! Knows nothing of processes, nor of readers.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use crate::{kept::private, record::log::line::Stream};

/// The folder of the segments, in that of a job.
pub(crate) const FOLDER: &str = "log";

/// How long a segment may get before the next one begins, in bytes.
const SEGMENT: u64 = 4 << 20;

/// How many segments stay beside the first.
const NEWEST: usize = 3;

/// The longest text of a record, in bytes; a longer line takes several.
const LONGEST: usize = 16 * 1024;

/// How many bytes of records are written at once: what the system does not take whole is lost.
const PORTION: usize = 32 * 1024;

/// For so long a line may be unfinished before its beginning is written.
const PATIENCE: Duration = Duration::from_millis(200);

/// Writes the log of a job.
pub(crate) struct Writer {
    folder: PathBuf,
    /// The newest segment, and where it begins.
    file: Option<(File, u64)>,
    /// Where the next record begins.
    offset: u64,
    /// Where the segments after the first begin.
    segments: VecDeque<u64>,
    /// The unfinished line of each stream.
    open: [Open; 2],
    unwritten: String,
}

#[derive(Default)]
struct Open {
    text: String,
    since: Option<Instant>,
}

impl Writer {
    /// A writer into an empty folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        let open = Default::default();
        Self { folder, file: None, offset: 0, segments: VecDeque::new(), open, unwritten: String::new() }
    }

    /// A writer that goes on in a folder whose log is `offset` bytes long.
    pub(crate) fn after(folder: PathBuf, offset: u64) -> Self {
        let names = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let mut segments: Vec<u64> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
        segments.sort_unstable();
        let newest = segments.last().and_then(|&start| {
            Some((fs::File::options().append(true).open(folder.join(start.to_string())).ok()?, start))
        });
        let segments = segments.into_iter().filter(|&start| start > 0).collect();
        Self { file: newest, offset, segments, ..Self::new(folder) }
    }

    /// Writes what was printed elsewhere at some time.
    pub(crate) fn repeat(&mut self, time: SystemTime, stream: Stream, text: &str, is_whole: bool) {
        let mut rest = text;
        loop {
            let at = (0..=LONGEST.min(rest.len())).rev().find(|&at| rest.is_char_boundary(at)).unwrap_or_default();
            let (piece, more) = rest.split_at(at);
            let sign = if is_whole && more.is_empty() { "" } else { "+" };
            writeln!(self.unwritten, "{} {stream}{sign} {piece}", private::stamp(time)).expect("it is a string");
            if more.is_empty() {
                break;
            }
            rest = more;
        }
        self.append();
    }

    /// The length of the log, with all that was dropped.
    pub(crate) fn len(&self) -> u64 {
        self.offset
    }

    /// Writes the lines that `text` completes.
    pub(crate) fn write(&mut self, stream: Stream, text: &str) {
        for piece in text.split_inclusive('\n') {
            let open = &mut self.open[stream as usize];
            open.since.get_or_insert_with(Instant::now);
            open.text.push_str(piece);
            while self.open[stream as usize].text.len() > LONGEST {
                self.record(stream, LONGEST);
            }
            if piece.ends_with('\n') {
                self.record(stream, usize::MAX);
            }
        }
        self.append();
    }

    /// When [`write_unfinished`](Self::write_unfinished) has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.open.iter().filter_map(|open| open.since).min().map(|since| since + PATIENCE)
    }

    /// Writes the beginnings of lines that have waited long enough for their ends.
    pub(crate) fn write_unfinished(&mut self, now: Instant) {
        for stream in [Stream::Out, Stream::Err] {
            if self.open[stream as usize].since.is_some_and(|since| since + PATIENCE <= now) {
                self.record(stream, usize::MAX);
            }
        }
        self.append();
    }

    /// Writes what is left.
    pub(crate) fn end(&mut self) {
        for stream in [Stream::Out, Stream::Err] {
            if self.open[stream as usize].since.is_some() {
                self.record(stream, usize::MAX);
            }
        }
        self.append();
    }

    /// Makes a record of an open line, of `most` bytes at most.
    fn record(&mut self, stream: Stream, most: usize) {
        let open = &mut self.open[stream as usize];
        let whole = |&at: &usize| open.text.is_char_boundary(at);
        let at = (0..=most.min(open.text.len())).rev().find(whole).unwrap_or_default();
        let rest = open.text.split_off(at);
        let text = std::mem::replace(&mut open.text, rest);
        open.since = open.since.filter(|_| !open.text.is_empty());
        let time = private::stamp(SystemTime::now());
        // A `+` says that the line goes on.
        let (sign, text) = text.strip_suffix('\n').map_or(("+", &*text), |line| ("", line));
        writeln!(self.unwritten, "{time} {stream}{sign} {text}").expect("writing to a string never fails");
        if self.unwritten.len() >= PORTION {
            self.append();
        }
    }

    /// Appends the records to the newest segment, or to a new one. What the system refuses is a gap in the offsets.
    fn append(&mut self) {
        let records = std::mem::take(&mut self.unwritten);
        if records.is_empty() {
            return;
        }
        if self.file.as_ref().is_none_or(|(_, start)| self.offset - start >= SEGMENT) {
            self.file = self.begin_segment().ok().map(|file| (file, self.offset));
        }
        if let Some((file, start)) = &mut self.file
            && file.write_all(records.as_bytes()).is_err()
        {
            let _ = file.set_len(self.offset - *start);
            self.file = None;
        }
        self.offset += records.len() as u64;
    }

    fn begin_segment(&mut self) -> io::Result<File> {
        let file = private::make_file(&self.folder.join(self.offset.to_string()))?;
        if self.offset > 0 {
            self.segments.push_back(self.offset);
        }
        if self.segments.len() > NEWEST
            && let Some(oldest) = self.segments.pop_front()
        {
            let _ = fs::remove_file(self.folder.join(oldest.to_string()));
        }
        Ok(file)
    }
}
