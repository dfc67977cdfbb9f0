//! The file that a job's log is also written to, if its options name one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bgjobs::{Config, Context, Job, JobManager, Options, SpawnError, Stream};

use crate::logs::texts;

/// A new temporary folder, removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("bgjobs-log-files-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a job whose log is written to `path`, and returns it once it has ended.
fn run(config: Config, path: &Path, body: fn(&Context)) -> Job<()> {
    let jobs = JobManager::with_config(config);
    let job = jobs.named("print").with(Options { log_file: Some(path.to_owned()), ..Options::default() }).spawn_with(
        move |job| {
            body(job);
            Ok(())
        },
    );
    let job = job.unwrap();
    job.join().unwrap();
    job
}

fn flood(job: &Context) {
    (0..1_000).for_each(|n| job.print(n));
}

#[test]
fn the_file_has_every_line_with_its_time_and_stream_including_unfinished_ones() {
    let folder = Folder::new();
    let path = folder.0.join("job.log");
    let job = run(Config::default(), &path, |job| {
        job.print("one\ntwo");
        job.log().write(Stream::Err, "oops\n");
        job.log().write(Stream::Out, "half");
    });
    let text = fs::read_to_string(&path).unwrap();
    let after_time: Vec<_> = text.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
    assert_eq!(after_time, ["out one", "out two", "err oops", "out half"]);
    let read: Vec<_> = job.log().file_lines().unwrap().unwrap().map(Result::unwrap).collect();
    for (read, line) in read.iter().zip(job.log().tail(usize::MAX)) {
        assert_eq!((read.stream, &read.text), (line.stream, &line.text));
    }
}

#[test]
fn lines_evicted_from_memory_are_read_from_the_file_in_order() {
    let folder = Folder::new();
    let config = Config { log_bytes: 1_000, ..Config::default() };
    let job = run(config, &folder.0.join("job.log"), flood);
    assert!(texts(&job).len() < 20);
    let read = job.log().file_lines().unwrap().unwrap().map(|line| line.unwrap().text);
    assert!(read.eq((0..1_000).map(|n| n.to_string())));
}

#[test]
fn a_silent_job_has_an_empty_file_and_a_log_without_a_file_has_none() {
    let folder = Folder::new();
    let path = folder.0.join("job.log");
    let job = run(Config::default(), &path, |_| ());
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    assert_eq!(job.log().file_lines().unwrap().unwrap().count(), 0);
    let jobs = JobManager::new();
    assert!(jobs.spawn("none", || ()).unwrap().log().file_lines().unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.0.join("job.log");
    run(Config::default(), &path, flood);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Why a job with this log file did not start; nothing is left of it.
fn refusal(path: &Path, options: Options) -> String {
    let jobs = JobManager::new();
    let refused = jobs.named("print").with(options).log_file(path).spawn(|| ()).unwrap_err();
    assert!(matches!(&refused, SpawnError::LogFile { path: named, .. } if named == path), "{refused}");
    assert!(jobs.all().is_empty());
    assert_eq!(jobs.spawn("next", || ()).unwrap().id(), 0.into());
    format!("{refused:#}")
}

#[test]
fn a_job_whose_file_exists_does_not_start_and_leaves_it_untouched() {
    let folder = Folder::new();
    let path = folder.0.join("mine.txt");
    fs::write(&path, "mine").unwrap();
    for options in [
        Options::default(),
        Options { fresh_thread: true, ..Options::default() },
        Options { delay: Some(Duration::ZERO), ..Options::default() },
    ] {
        let text = refusal(&path, options);
        let start =
            format!("can't create the log file `{}`; name a new file in a folder that exists: ", path.display());
        assert!(text.starts_with(&start), "{text}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_not_followed() {
    let folder = Folder::new();
    let (link, target) = (folder.0.join("link"), folder.0.join("target"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    refusal(&link, Options::default());
    assert!(!target.exists());
}

#[test]
fn a_job_whose_file_has_no_folder_does_not_start() {
    let folder = Folder::new();
    let text = refusal(&folder.0.join("missing/job.log"), Options::default());
    assert!(text.contains("missing/job.log`") && text.contains("No such file or directory"), "{text}");
}

#[test]
fn a_job_that_does_not_start_for_another_reason_leaves_no_file() {
    let folder = Folder::new();
    let path = folder.0.join("job.log");
    let jobs = JobManager::new();
    let late = jobs.handle();
    drop(jobs);
    assert!(matches!(late.named("late").log_file(&path).spawn(|| ()), Err(SpawnError::ShutDown)));
    assert!(matches!(late.named("late").log_file(&path).host(), Err(SpawnError::ShutDown)));
    assert!(!path.exists());
}

#[test]
fn a_full_file_is_reported_once_and_the_job_goes_on() {
    let folder = Folder::new();
    let path = folder.0.join("job.log");
    let job = run(Config { log_file_bytes: 400, ..Config::default() }, &path, flood);
    assert!(fs::metadata(&path).unwrap().len() <= 400);
    let start = format!("could not write the log file {}: ", path.display());
    let notice = start + "it has reached its size limit; later lines are in memory only";
    assert_eq!(texts(&job).iter().filter(|line| **line == notice).count(), 1);
    assert_eq!(job.log().len(), 1_001);
    // The lines in the file are whole and in order.
    let read: Vec<_> = job.log().file_lines().unwrap().unwrap().map(|line| line.unwrap().text).collect();
    assert!(read.len() > 5 && read.iter().enumerate().all(|(n, text)| *text == n.to_string()), "{read:?}");
}

#[test]
fn a_file_changed_or_removed_by_someone_else_is_an_error_only_for_its_reader() {
    let folder = Folder::new();
    let path = folder.0.join("job.log");
    let job = run(Config::default(), &path, |job| job.print("one"));
    let lines = || job.log().file_lines().unwrap().unwrap();
    for foreign in ["hello\n".to_owned(), "x".repeat(100_000)] {
        fs::write(&path, foreign).unwrap();
        assert_eq!(lines().next().unwrap().unwrap_err().to_string(), "somebody else has written to it");
    }
    fs::write(&path, "2026-03-01T14:03:21.250000Z out one\n2026-03-01T14:03:21.25").unwrap();
    assert_eq!(lines().count(), 1, "a full disk may have cut the last line");
    fs::remove_file(&path).unwrap();
    assert!(job.log().file_lines().is_err());
    assert_eq!(texts(&job), ["one"]);
}
