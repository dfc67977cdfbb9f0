//! Folders of jobs that something has broken at random: no look panics, hangs or takes long, and each error is one line.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use bgjobs::{KeepOptions, KeptCursor, KeptJob, KeptJobs, Retention};
use nix::sys::stat::Mode;

use crate::{
    gate::wait_until,
    kept::{Store, end},
    kept_crowds::copy,
    support::long_proofs,
};

/// Numbers that look random, and are the same at each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// What takes the place of a part of a file.
const PARTS: [&[u8]; 14] = [
    b"",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551615",
    b"\"\"",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"\x1b[2J",
    b"\n",
    b"\0",
    b" out+ ",
    b"9999-12-31T23:59:59Z",
];

/// Breaks a file or what is in it.
fn break_file(path: &Path, random: &mut Random) {
    let is_plain = path.symlink_metadata().is_ok_and(|data| data.is_file());
    let text = if is_plain { fs::read(path).unwrap() } else { Vec::new() };
    let (from, to) = (random.below(text.len() + 1), random.below(text.len() + 1));
    let part = PARTS[random.below(PARTS.len())];
    let gone = || drop(fs::remove_file(path).or_else(|_| fs::remove_dir_all(path)));
    match random.below(10) {
        0 => gone(),
        1 => {
            gone();
            let _ = fs::create_dir(path);
        }
        2 => {
            gone();
            let _ = symlink(["/dev/zero", "/", "missing"][random.below(3)], path);
        }
        3 => {
            gone();
            let _ = nix::unistd::mkfifo(path, Mode::S_IRWXU);
        }
        4 if is_plain => drop(fs::write(path, &text[..from])),
        5 if is_plain => drop(fs::write(path, [&text[from..], &text[..from]].concat())),
        // A segment of the log moves.
        6 if path.ends_with("log/0") => {
            let _ = fs::rename(path, path.with_file_name(["1", "18446744073709551615", "x", "007"][random.below(4)]));
        }
        // Nothing is written through a link.
        _ if !is_plain => {}
        _ => drop(fs::write(path, [&text[..from.min(to)], part, &text[from.max(to)..]].concat())),
    }
}

/// Does all that can be done with a job, and checks what is said.
fn look(job: &KeptJob) {
    let check = |error: String| assert!(!error.contains(char::is_control), "{error:?}");
    let _ = job.state().map_err(|error| check(error.to_string()));
    let _ = job.result().map_err(|error| check(error.to_string()));
    if let Ok(summary) = job.summary().map_err(|error| check(error.to_string())) {
        let _ = (format!("{summary:?}"), summary.state.is_over());
    }
    let mut cursor = KeptCursor::default();
    for turn in 0.. {
        assert!(turn < 1_000, "it reads for ever");
        match job.read(&mut cursor) {
            Ok(reading) if reading.is_empty() => break,
            Ok(_) => {}
            Err(error) => {
                check(error.to_string());
                break;
            }
        }
    }
    job.mark_seen();
    let _ = job.ask_stop("enough", std::time::Duration::ZERO).map_err(|error| check(error.to_string()));
}

#[test]
fn a_folder_that_is_broken_in_any_way_is_told_in_a_line_and_can_be_removed() {
    let cases = if long_proofs() { 20_000 } else { 400 };
    let store = Store::new();
    let job = store.sh("echo one; echo two >&2; printf half");
    end(&job);
    wait_until("its keeper has left", || store.kept.live().unwrap().is_empty());
    fs::write(job.folder().join("result"), "{\"state\": \"done\", \"text\": \"7\"}\nbytes").unwrap();
    fs::write(job.folder().join("stop.json"), "{\"reason\": \"enough\", \"grace\": 1.0}").unwrap();
    let files = ["job.json", "outcome.json", "run.json", "lock", "log", "log/0", "result", "stop.json", "seen"];
    let mut random = Random(1);
    for case in 0..cases {
        let broken = store.path.join("2");
        copy(&job.folder(), &broken);
        for _ in 0..=random.below(3) {
            break_file(&broken.join(files[random.below(files.len())]), &mut random);
        }
        let Ok(job) = store.kept.get("k2".parse().unwrap()) else { panic!("case {case}: it is gone") };
        look(&job);
        if case % 20 == 0 {
            store.kept.sweep(Retention { jobs: 2, output: 0 }).unwrap();
        }
        if let Err(error) = job.remove() {
            panic!("case {case}: {error}");
        }
    }
}

// Each case that can be mended starts a job.
#[test]
fn a_folder_of_all_that_is_broken_in_any_way_is_told_in_a_line_or_goes_on() {
    let cases = if long_proofs() { 2_000 } else { 30 };
    let mut random = Random(2);
    let check = |error: String| assert!(!error.contains(char::is_control), "{error:?}");
    let mut started = 0;
    for _ in 0..cases {
        let store = Store::new();
        let options = || KeepOptions { key: Some("key".to_owned()), ..KeepOptions::default() };
        end(&store.kept.start(["true"], options()).unwrap());
        wait_until("its keeper has left", || store.kept.live().unwrap().is_empty());
        fs::write(store.path.join("retention.json"), "{\"jobs\": 10}").unwrap();
        let files = ["format", "next", "keys/key", "live", "keys", "retention.json", "live/1", "3"];
        for _ in 0..=random.below(2) {
            break_file(&store.path.join(files[random.below(files.len())]), &mut random);
        }
        let tried = KeptJobs::open(PathBuf::from(&*store.path)).map_err(|error| check(error.to_string()));
        let Ok(kept) = tried else { continue };
        let _ = (kept.all(), kept.live(), kept.retention(), kept.sweep(Retention::default()));
        match kept.start(["true"], options()) {
            Ok(job) => {
                drop(job.wait());
                started += 1;
            }
            Err(error) => check(error.to_string()),
        }
    }
    assert!(started > 0, "most of it does no harm");
}
