//! What a kept job printed, as it is read: from an offset on, with a count of what is gone.
//!
//! Knows nothing of how it is written.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::SystemTime,
};

use crate::{
    kept::private::{self, present},
    record::log::line::Stream,
};

/// The most that is read at once, in bytes; no record is as long.
const CHUNK: u64 = 256 * 1024;

/// A reader's position in the log of a kept job: an offset in bytes, counted from the start with all that was dropped.
///
/// The default is the start of the log. A cursor inside a line moves to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptCursor(pub(crate) u64);

impl KeptCursor {
    /// Creates a cursor at an offset that an earlier one had.
    #[must_use]
    pub const fn at(offset: u64) -> Self {
        Self(offset)
    }

    /// Where it is.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.0
    }
}

/// A piece of what a kept job printed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptLine {
    /// Where it begins in the log; reading from there on gives it again.
    pub at: KeptCursor,
    /// When it was printed.
    pub time: SystemTime,
    /// Which output it was written to.
    pub stream: Stream,
    /// The text, without the line break; it may hold control characters.
    pub text: String,
    /// Whether the line ends here; otherwise the next piece of the same stream goes on with it.
    pub is_whole: bool,
}

/// The result of [`KeptJob::read`](crate::KeptJob::read).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptReading {
    /// How many bytes before these lines are gone.
    pub dropped: u64,
    /// The lines, oldest first.
    pub lines: Vec<KeptLine>,
}

impl KeptReading {
    /// Returns whether there was nothing new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0
    }
}

/// Reads on in the segments of a folder, and moves the cursor; a part at a time.
pub(crate) fn read(folder: &Path, cursor: &mut KeptCursor) -> io::Result<KeptReading> {
    loop {
        let starts = starts(folder)?;
        let at = starts.partition_point(|&start| start <= cursor.0);
        let next = starts.get(at).copied();
        if let Some(start) = at.checked_sub(1).map(|at| starts[at]) {
            // It may have been dropped since it was listed.
            let Some(mut file) = present(private::open(&folder.join(start.to_string())), io::ErrorKind::NotFound)?
            else {
                continue;
            };
            let reading = read_segment(&mut file, start, next.is_some(), cursor)?;
            if !reading.is_empty() {
                return Ok(reading);
            }
        }
        let Some(next) = next else { return Ok(KeptReading::default()) };
        let dropped = next - cursor.0;
        cursor.0 = next;
        if dropped > 0 {
            return Ok(KeptReading { dropped, lines: Vec::new() });
        }
    }
}

/// Where the segments begin, in order.
fn starts(folder: &Path) -> io::Result<Vec<u64>> {
    let Some(entries) = present(fs::read_dir(folder), io::ErrorKind::NotFound)? else { return Ok(Vec::new()) };
    let mut starts: Vec<u64> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    starts.sort_unstable();
    Ok(starts)
}

/// Reads on in one segment; what is no record counts as dropped.
fn read_segment(file: &mut File, start: u64, is_over: bool, cursor: &mut KeptCursor) -> io::Result<KeptReading> {
    let mut reading = KeptReading::default();
    if cursor.0 - start > file.metadata()?.len() {
        return Ok(reading);
    }
    // One byte more, to see whether a line begins at the cursor.
    let before = u64::from(cursor.0 > start);
    file.seek(SeekFrom::Start(cursor.0 - start - before))?;
    let mut bytes = Vec::new();
    file.take(CHUNK + before).read_to_end(&mut bytes)?;
    let mut rest = &bytes[..];
    if before > 0 {
        let Some((first, others)) = rest.split_first() else { return Ok(reading) };
        rest = others;
        if *first != b'\n' {
            let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { return Ok(reading) };
            cursor.0 += end as u64 + 1;
            rest = &rest[end + 1..];
        }
    }
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let line = parse(*cursor, &rest[..end]);
        if line.is_none() && !reading.lines.is_empty() {
            return Ok(reading);
        }
        cursor.0 += end as u64 + 1;
        rest = &rest[end + 1..];
        match line {
            Some(line) => reading.lines.push(line),
            None => reading.dropped += end as u64 + 1,
        }
    }
    // The end of a record that the system did not take whole, or something that no keeper wrote.
    if reading.is_empty() && (is_over || rest.len() as u64 >= CHUNK) {
        reading.dropped += rest.len() as u64;
        cursor.0 += rest.len() as u64;
    }
    Ok(reading)
}

/// Reads a record, such as `2026-03-01T14:03:21.250000Z out hello`.
fn parse(at: KeptCursor, record: &[u8]) -> Option<KeptLine> {
    let (time, rest) = std::str::from_utf8(record).ok()?.split_once(' ')?;
    let (stream, text) = rest.split_once(' ')?;
    let (stream, is_whole) = stream.strip_suffix('+').map_or((stream, true), |stream| (stream, false));
    let stream = [Stream::Out, Stream::Err].into_iter().find(|known| known.to_string() == stream)?;
    Some(KeptLine { at, time: humantime::parse_rfc3339(time).ok()?, stream, text: text.to_owned(), is_whole })
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use std::{env, fmt::Write, time::Instant};

    use super::*;
    use crate::kept::log::Writer;

    /// What was read, as text, with `[N]` for a gap.
    fn texts(folder: &Path, cursor: &mut KeptCursor) -> String {
        let mut text = String::new();
        loop {
            let reading = read(folder, cursor).unwrap();
            if reading.is_empty() {
                return text;
            }
            if reading.dropped > 0 {
                write!(text, "[{}]", reading.dropped).unwrap();
            }
            for line in reading.lines {
                text.push_str(&line.text);
                text.push_str(if line.is_whole { "\n" } else { "" });
            }
        }
    }

    fn in_folder(name: &str, test: impl FnOnce(&Path)) {
        let folder = env::temp_dir().join(format!("bgjobs-reading-{name}-{}", std::process::id()));
        private::make_folder(&folder).unwrap();
        test(&folder);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_was_printed_is_read_back_wherever_it_was_cut() {
        in_folder("cuts", |folder| {
            let text = "one\n\n\r45%\rtwo\u{1b}[2J é\nthree";
            let mut writer = Writer::new(folder.to_owned());
            let mut cursor = KeptCursor::default();
            let mut seen = String::new();
            for character in text.chars() {
                writer.write(Stream::Out, character.encode_utf8(&mut [0; 4]));
                writer.write_unfinished(Instant::now() + std::time::Duration::from_secs(1));
                seen += &texts(folder, &mut cursor);
            }
            assert_eq!((&*seen, cursor.offset()), (text, writer.len()));
            assert_eq!(texts(folder, &mut KeptCursor::default()), text);
        });
    }

    #[test]
    fn a_long_log_keeps_its_beginning_and_its_end_and_counts_the_rest() {
        in_folder("long", |folder| {
            let mut writer = Writer::new(folder.to_owned());
            let line = format!("{}\n", "x".repeat(10_000));
            (0..4_000).for_each(|_| writer.write(Stream::Out, &line));
            writer.end();
            let (mut cursor, mut held, mut dropped) = (KeptCursor::default(), 0, 0);
            loop {
                let reading = read(folder, &mut cursor).unwrap();
                if reading.is_empty() {
                    break;
                }
                dropped += reading.dropped;
                held += reading.lines.len() as u64 * (writer.len() / 4_000);
            }
            assert_eq!((held + dropped, cursor.offset()), (writer.len(), writer.len()));
            assert!((12 << 20..17 << 20).contains(&held), "{held}");
        });
    }

    #[test]
    fn what_the_system_refused_to_write_is_a_gap() {
        in_folder("refused", |folder| {
            let mut writer = Writer::new(folder.to_owned());
            let away = folder.with_extension("away");
            fs::rename(folder, &away).unwrap();
            writer.write(Stream::Out, "one\n");
            fs::rename(away, folder).unwrap();
            let gap = writer.len();
            writer.write(Stream::Out, "two\n");
            assert_eq!(texts(folder, &mut KeptCursor::default()), format!("[{gap}]two\n"));
        });
    }

    #[test]
    fn a_line_of_any_length_is_read_back() {
        in_folder("endless", |folder| {
            let text = format!("{}\n", "é".repeat(100_000));
            let mut writer = Writer::new(folder.to_owned());
            writer.write(Stream::Err, &text);
            assert_eq!(texts(folder, &mut KeptCursor::default()), text);
        });
    }

    #[test]
    fn a_cursor_inside_a_line_moves_to_the_next_and_one_behind_the_end_stays() {
        in_folder("cursor", |folder| {
            let mut writer = Writer::new(folder.to_owned());
            writer.write(Stream::Out, "one\n");
            let second = writer.len();
            writer.write(Stream::Out, "two\n");
            for at in 1..=second {
                assert_eq!(texts(folder, &mut KeptCursor::at(at)), "two\n", "{at}");
            }
            let mut behind = KeptCursor::at(u64::MAX);
            assert_eq!((texts(folder, &mut behind), behind.offset()), (String::new(), u64::MAX));
        });
    }

    #[test]
    fn reading_from_where_a_line_begins_gives_it_again() {
        in_folder("again", |folder| {
            let mut writer = Writer::new(folder.to_owned());
            writer.write(Stream::Out, "one\ntwo\n");
            let lines = read(folder, &mut KeptCursor::default()).unwrap().lines;
            let again = read(folder, &mut { lines[1].at }).unwrap().lines;
            assert_eq!((lines[0].at.offset(), &lines[1..]), (0, &again[..]));
        });
    }

    #[test]
    fn what_is_no_record_counts_as_dropped() {
        in_folder("foreign", |folder| {
            let mut writer = Writer::new(folder.to_owned());
            writer.write(Stream::Out, "one\n");
            let mut text = fs::read(folder.join("0")).unwrap();
            text.extend_from_slice(
                b"garbage\n\xff\xfe\n2026-03-01T14:03:21Z out two\n2026-03-01T14:03:21Z in three\nhalf",
            );
            fs::write(folder.join("0"), &text).unwrap();
            fs::write(folder.join("1000"), "2026-03-01T14:03:21Z out four\n").unwrap();
            let mut cursor = KeptCursor::default();
            let gap = 1000 - text.len();
            assert_eq!(texts(folder, &mut cursor), format!("one\n[11]two\n[30][4][{gap}]four\n"));
        });
    }
}
