//! What a job printed: lines in order, timestamped, bounded, and read through cursors that remove nothing.
//!
//! Knows nothing of jobs.

pub(crate) mod cursor;
pub(crate) mod file;
pub(crate) mod line;
pub(crate) mod ring;
pub(crate) mod unfinished;

use std::{
    fmt, fs, io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    record::log::{
        cursor::{LogCursor, Reading},
        file::{FileLines, LogFile, refusal},
        line::{Line, Stream},
        ring::Ring,
    },
    system::{
        sync::{Mutex, Parker, lock},
        wall_clock::moment_of,
    },
};

/// The lines that a job printed.
///
/// Cheap to clone; all clones share one log.
/// It holds a bounded number of bytes ([`Config::log_bytes`](crate::Config::log_bytes)). When it is full, new lines
/// push out the oldest, and a reader learns how many it missed.
///
/// What was printed since the last line break is [pending](Self::pending). A progress bar is one line that changes: text
/// after a carriage return restarts the unfinished line, `ESC[A` (the cursor up) and `ESC[2K` drop it, and what is written
/// further up takes the place of what stood there, if that was also written after a move up.
///
/// ```
/// use bgjobs::{JobManager, LogCursor};
///
/// let jobs = JobManager::new();
/// let job = jobs.spawn_with("greet", |job| {
///     job.print("hello");
///     job.print("goodbye");
///     Ok(())
/// })?;
/// job.join()?;
///
/// let mut cursor = LogCursor::default();
/// let lines: Vec<_> = job.log().read(&mut cursor).lines.into_iter().map(|line| line.text).collect();
/// assert_eq!(lines, ["hello", "goodbye"]);
/// assert!(job.log().read(&mut cursor).lines.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    ring: Mutex<Ring>,
    /// The file, if there is one. Its writer's lock is taken before the ring's, so lines have the same order in both.
    /// Readers never take it, so a slow disk delays none of them.
    file: Option<LogFile>,
}

impl Log {
    /// Creates a log that holds `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Inner { ring: Mutex::new(Ring::new(limit)), file: None }))
    }

    /// Creates a log whose lines also go to a new file of `most_bytes` at most. The disk may be slow.
    pub(crate) fn with_file(limit: usize, path: &Path, most_bytes: u64) -> io::Result<Self> {
        let file = Some(LogFile::create(path, most_bytes)?);
        Ok(Self(Arc::new(Inner { ring: Mutex::new(Ring::new(limit)), file })))
    }

    /// Removes the file of a job that never started.
    pub(crate) fn remove_file(&self) {
        if let Some(file) = &self.0.file {
            // It is new and empty; if it can't be removed, that does no harm.
            let _ = fs::remove_file(&file.path);
        }
    }

    /// Writes `text` to `stream`; it may hold several lines, and the last may be unfinished.
    ///
    /// A line longer than 16 KiB is split: it [continues](Line::continues) in the next.
    pub fn write(&self, stream: Stream, text: &str) {
        self.change(|ring| ring.write(stream, text, None));
    }

    /// Writes as [`write`](Self::write) does what was printed at another time, for a body that follows other work.
    ///
    /// ```
    /// use bgjobs::{JobManager, Stream};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let noon = SystemTime::now() - Duration::from_secs(3600);
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("read on", move |job| Ok(job.log().write_at(noon, Stream::Out, "begun\n")))?;
    /// job.join()?;
    /// assert!(job.log().since(Duration::from_secs(60)).is_empty());
    /// assert_eq!(job.log().since(Duration::from_secs(7200))[0].text, "begun");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_at(&self, time: SystemTime, stream: Stream, text: &str) {
        let at = moment_of(time);
        self.change(|ring| ring.write(stream, text, Some(at)));
    }

    /// Changes the ring, then wakes the listeners, and writes new lines to the file.
    fn change(&self, change: impl FnOnce(&mut Ring)) {
        let mut writer = self.0.file.as_ref().map(|file| (file, lock(&file.writer)));
        let mut ring = lock(&self.0.ring);
        ring.unwritten = writer.as_ref().filter(|(_, writer)| writer.is_open()).map(|_| String::new());
        change(&mut ring);
        let unwritten = ring.unwritten.take();
        let awoken = ring.listeners.clone();
        drop(ring);
        for parker in awoken {
            parker.unpark();
        }
        if let Some((lines, (file, writer))) = unwritten.zip(writer.as_mut())
            && let Err(cause) = writer.write(&lines)
        {
            lock(&self.0.ring).tell(refusal(&file.path, &cause));
        }
    }

    /// Reads everything after `cursor`, and moves it to the end.
    #[must_use]
    pub fn read(&self, cursor: &mut LogCursor) -> Reading {
        let ring = lock(&self.0.ring);
        let missed = ring.first.saturating_sub(cursor.next);
        let known = cursor.next.saturating_sub(ring.first);
        let skip = usize::try_from(known).unwrap_or(usize::MAX);
        let lines: Vec<_> = ring.lines.iter().skip(skip).cloned().collect();
        *cursor = LogCursor::end_of(&ring);
        Reading { lines, missed, pending: ring.pending() }
    }

    /// Reads the unfinished lines, oldest first: what was printed since the last line break, such as a question or a
    /// progress bar; of bars below each other, those that may still change. They end at the latest when the job does.
    ///
    /// ```
    /// use bgjobs::{JobManager, LogCursor, Stream};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("fit", |job| {
    ///     job.log().write(Stream::Out, "10%\r20%");
    ///     assert_eq!(job.log().pending()[0].text, "20%");
    ///     Ok(job.log().write(Stream::Out, "\r100%\n"))
    /// })?;
    /// job.join()?;
    /// assert!(job.log().pending().is_empty());
    /// assert_eq!(job.log().read(&mut LogCursor::default()).lines[0].text, "100%");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pending(&self) -> Vec<Line> {
        lock(&self.0.ring).pending()
    }

    /// Reads the newest `count` lines, oldest first; the [unfinished](Self::pending) ones are the newest.
    #[must_use]
    pub fn tail(&self, count: usize) -> Vec<Line> {
        let ring = lock(&self.0.ring);
        let pending = ring.pending();
        let older = count.saturating_sub(pending.len());
        let lines = ring.lines.iter().skip(ring.lines.len().saturating_sub(older)).cloned();
        let newest = pending.len().saturating_sub(count);
        lines.chain(pending.into_iter().skip(newest)).collect()
    }

    /// Reads the lines that were started within the last `age`, oldest first, with the [unfinished](Self::pending) ones.
    ///
    /// ```
    /// use bgjobs::JobManager;
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("greet", |job| Ok(job.print("hello")))?;
    /// job.join()?;
    /// assert_eq!(job.log().since(Duration::from_secs(3600))[0].text, "hello");
    /// assert!(job.log().since(Duration::ZERO).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn since(&self, age: Duration) -> Vec<Line> {
        // No line is older than the first moment the steady clock can express.
        let oldest = Instant::now().checked_sub(age);
        let ring = lock(&self.0.ring);
        let lines = ring.lines.iter().cloned().chain(ring.pending());
        lines.filter(|line| oldest.is_none_or(|oldest| line.at > oldest)).collect()
    }

    /// Reads the log's file from its start, including lines the log itself has dropped; `None` if the log has no file.
    ///
    /// The file holds all lines in order, up to the first error if there was one; see
    /// [`Options::log_file`](crate::Options::log_file).
    ///
    /// # Errors
    ///
    /// The system's error if the file can't be opened. Each item is an error if its line can't be read.
    ///
    /// ```
    /// use bgjobs::{Config, JobManager, Options};
    ///
    /// let folder = std::env::temp_dir();
    /// let path = folder.join(format!("bgjobs-doc-{}.log", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// let jobs = JobManager::with_config(Config { log_bytes: 1_000, ..Config::default() });
    /// let to_file = Options { log_file: Some(path.clone()), ..Options::default() };
    /// let job = jobs.named("count").with(to_file).spawn_with(|job| Ok((0..1_000).for_each(|n| job.print(n))))?;
    /// job.join()?;
    ///
    /// assert!(job.log().tail(usize::MAX).len() < 20);
    /// let lines = job.log().file_lines()?.unwrap().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!((lines.len(), &*lines[7].text), (1_000, "7"));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn file_lines(&self) -> io::Result<Option<FileLines>> {
        self.0.file.as_ref().map(LogFile::lines).transpose()
    }

    /// How many lines have ended, including dropped ones.
    #[must_use]
    pub fn len(&self) -> u64 {
        lock(&self.0.ring).next()
    }

    /// Returns whether no line has ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is something that a reader at `cursor` has not seen.
    pub(crate) fn has_news(&self, cursor: LogCursor) -> bool {
        let end = LogCursor::end_of(&lock(&self.0.ring));
        end.next > cursor.next || end.pending != cursor.pending
    }

    /// Ends the unfinished lines, as the end of a job does.
    pub(crate) fn end(&self) {
        self.change(Ring::end);
    }

    /// Wakes `parker` when there is something new, until the returned listener is dropped.
    pub(crate) fn listen<'a>(&'a self, parker: &'a Arc<Parker>) -> LogListener<'a> {
        lock(&self.0.ring).listeners.push(Arc::clone(parker));
        LogListener { log: self, parker }
    }
}

/// Registers a thread that a log wakes when there is something new, until this is dropped.
pub(crate) struct LogListener<'a> {
    log: &'a Log,
    parker: &'a Arc<Parker>,
}

impl Drop for LogListener<'_> {
    fn drop(&mut self) {
        lock(&self.log.0.ring).listeners.retain(|listener| !Arc::ptr_eq(listener, self.parker));
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("len", &self.len()).finish()
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::{Log, lock};
    use crate::record::log::{cursor::LogCursor, line::Stream, ring::LINE_COST, unfinished::LONGEST_LINE};

    fn texts(log: &Log, cursor: &mut LogCursor) -> Vec<String> {
        log.read(cursor).lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_line_is_pending_until_it_ends() {
        let (log, mut cursor) = (Log::new(1 << 20), LogCursor::default());
        let pending = || log.pending().into_iter().map(|line| line.text).collect::<Vec<_>>();
        log.write(Stream::Out, "a");
        assert!(texts(&log, &mut cursor).is_empty());
        assert_eq!(pending(), ["a"]);
        log.write(Stream::Out, "b\n\nc");
        assert_eq!(texts(&log, &mut cursor), ["ab", ""]);
        assert_eq!(pending(), ["c"]);
        log.end();
        assert_eq!(texts(&log, &mut cursor), ["c"]);
        assert!(pending().is_empty());
    }

    #[test]
    fn the_newest_lines_include_the_unfinished_ones() {
        let log = Log::new(1 << 20);
        let tail = |count| log.tail(count).into_iter().map(|line| line.text).collect::<Vec<_>>();
        log.write(Stream::Out, "1\n2\n");
        log.write(Stream::Err, "error");
        log.write(Stream::Out, "out");
        assert_eq!(tail(usize::MAX), ["1", "2", "error", "out"]);
        assert_eq!(tail(3), ["2", "error", "out"]);
        assert_eq!(tail(1), ["out"]);
        assert_eq!(tail(0), [""; 0]);
    }

    #[test]
    fn a_reader_has_news_when_an_unfinished_line_comes_changes_or_goes() {
        let (log, mut cursor) = (Log::new(1 << 20), LogCursor::default());
        for text in ["a", "b", "\r\u{1b}[K", "c\n", "d", "\u{1b}[A"] {
            assert!(!log.has_news(cursor));
            log.write(Stream::Err, text);
            assert!(log.has_news(cursor), "{text:?}");
            let _ = log.read(&mut cursor);
        }
        log.write(Stream::Err, "\n");
        assert!(!log.has_news(cursor), "it only came down again");
        assert!(!log.has_news(LogCursor::at(1)), "nothing is unfinished");
    }

    #[test]
    fn the_two_streams_do_not_split_each_others_lines() {
        let (log, mut cursor) = (Log::new(1 << 20), LogCursor::default());
        log.write(Stream::Out, "one ");
        log.write(Stream::Err, "oops\n");
        log.write(Stream::Out, "two\n");
        let lines = log.read(&mut cursor).lines;
        let seen: Vec<_> = lines.iter().map(|line| (line.stream, line.text.as_str())).collect();
        assert_eq!(seen, [(Stream::Err, "oops"), (Stream::Out, "one two")]);
    }

    #[test]
    fn bars_that_have_ended_come_before_the_next_line_of_the_other_stream() {
        let (log, mut cursor) = (Log::new(1 << 20), LogCursor::default());
        log.write(Stream::Err, "\r0%\n\rinner\u{1b}[A\r50%\n\rinner\u{1b}[A");
        log.write(Stream::Out, "a message\n");
        log.write(Stream::Err, "\r100%\n");
        assert_eq!(texts(&log, &mut cursor), ["0%", "a message"]);
        log.write(Stream::Out, "the end\n");
        assert_eq!(texts(&log, &mut cursor), ["100%", "the end"]);
    }

    #[test]
    fn a_full_log_drops_its_oldest_lines_and_says_how_many_a_reader_missed() {
        let (log, mut cursor) = (Log::new(3 * (LINE_COST + 1)), LogCursor::default());
        log.write(Stream::Out, "1\n");
        assert_eq!(texts(&log, &mut cursor), ["1"]);
        log.write(Stream::Out, "2\n3\n4\n5\n6\n");
        let reading = log.read(&mut cursor);
        assert_eq!(reading.missed, 2);
        assert_eq!(reading.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["4", "5", "6"]);
        assert_eq!(log.len(), 6);
    }

    #[test]
    fn reading_takes_nothing_from_another_reader() {
        let log = Log::new(1 << 20);
        log.write(Stream::Out, "x\n");
        let (mut one, mut two) = (LogCursor::default(), LogCursor::default());
        assert_eq!(texts(&log, &mut one), ["x"]);
        assert_eq!(texts(&log, &mut two), ["x"]);
        assert_eq!(log.tail(5).len(), 1);
    }

    #[test]
    fn a_short_line_written_over_a_long_one_takes_the_memory_of_a_short_one() {
        let log = Log::new(1 << 20);
        log.write(Stream::Out, &format!("{}\rx\n", "y".repeat(LONGEST_LINE)).repeat(10));
        let capacities: Vec<_> = lock(&log.0.ring).lines.iter().map(|line| line.text.capacity()).collect();
        assert_eq!(capacities, [1; 10]);
    }

    #[test]
    fn an_endless_line_is_split_so_that_memory_stays_bounded() {
        let (log, mut cursor) = (Log::new(4 * LONGEST_LINE), LogCursor::default());
        log.write(Stream::Out, &"é".repeat(LONGEST_LINE));
        let lines = texts(&log, &mut cursor);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_LINE]);
        log.write(Stream::Out, "\nx\n");
        let continues: Vec<_> = log.tail(usize::MAX).iter().map(|line| line.continues).collect();
        assert_eq!(continues, [true, false, false]);
        for _ in 0..100 {
            log.write(Stream::Out, &"x".repeat(LONGEST_LINE));
        }
        let held = log.read(&mut LogCursor::default()).lines;
        let held: usize = held.iter().map(|line| line.text.len() + LINE_COST).sum();
        assert!(held <= 4 * LONGEST_LINE, "{held}");
    }
}
