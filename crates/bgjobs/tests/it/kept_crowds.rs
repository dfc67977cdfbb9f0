//! Many at once with jobs that outlive the program: starts with the same keys, sweeps beside readers, floods of output.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use bgjobs::{KeepOptions, KeptCursor, KeptError, KeptId, KeptJob, Outcome, Retention};

use crate::{
    gate::wait_until,
    kept::{Store, end},
    support::long_proofs,
};

/// Copies the folder of a job that has ended, as that of another number.
pub(crate) fn copy(job: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(job).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

// Each job is three processes.
#[test]
fn starts_at_the_same_time_get_a_number_each_and_one_for_each_key() {
    const STARTERS: usize = 6;
    let rounds = if long_proofs() { 15 } else { 2 };
    let store = Store::new();
    let start = |key: Option<String>| {
        let options = KeepOptions { key, ..KeepOptions::default() };
        store.kept.start(["true"], options).unwrap().id()
    };
    let started: Vec<Vec<(KeptId, KeptId)>> = thread::scope(|scope| {
        let starter =
            |_| scope.spawn(|| (0..rounds).map(|round| (start(None), start(Some(round.to_string())))).collect());
        let starters: Vec<_> = (0..STARTERS).map(starter).collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });
    let plain: BTreeSet<_> = started.iter().flatten().map(|(plain, _)| *plain).collect();
    assert_eq!(plain.len(), STARTERS * rounds, "no number is given twice");
    for round in 0..rounds {
        let keyed: BTreeSet<_> = started.iter().map(|started| started[round].1).collect();
        assert!(keyed.len() == 1 && plain.is_disjoint(&keyed), "{keyed:?}");
    }
    assert_eq!(store.kept.all().unwrap().len(), (STARTERS + 1) * rounds);
}

#[test]
fn who_reads_beside_a_sweep_finds_a_job_whole_or_not_at_all() {
    let count = if long_proofs() { 5_000 } else { 300 };
    let store = Store::new();
    let job = store.sh("echo one; echo two");
    end(&job);
    wait_until("its keeper has left", || store.kept.live().unwrap().is_empty());
    (2..count).for_each(|number| copy(&job.folder(), &store.path.join(number.to_string())));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut looks = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        for job in store.kept.all().unwrap() {
                            look(&job);
                            looks += 1;
                        }
                    }
                    looks
                })
            })
            .collect();
        for jobs in (0..count).rev().step_by(50) {
            store.kept.sweep(Retention { jobs, output: (jobs * 20) as u64 }).unwrap();
        }
        store.kept.sweep(Retention { jobs: 0, output: 0 }).unwrap();
        is_over.store(true, Ordering::Relaxed);
        let looks: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(looks > 0);
    });
    assert!(store.kept.all().unwrap().is_empty());
}

/// Reads all of a job that may be removed meanwhile.
fn look(job: &KeptJob) {
    let is_gone = |error: &KeptError| assert!(matches!(error, KeptError::Unknown(_)), "{error}");
    match job.summary() {
        Ok(summary) => assert_eq!(summary.command[2], "echo one; echo two"),
        Err(error) => return is_gone(&error),
    }
    let (mut cursor, mut seen) = (KeptCursor::default(), 0);
    loop {
        match job.read(&mut cursor) {
            Ok(reading) if reading.is_empty() => break,
            Ok(reading) => {
                seen += reading.lines.len();
                assert!(seen <= 2 && (reading.dropped == 0 || seen == 0), "{reading:?}");
            }
            Err(error) => return is_gone(&error),
        }
    }
}

#[test]
fn of_a_flood_of_output_the_beginning_and_the_end_stay_and_the_rest_is_counted() {
    let bytes: u64 = if long_proofs() { 360_000_000 } else { 24_000_000 };
    let store = Store::new();
    let job = store.sh(&format!("yes {} | head -c {bytes}", "x".repeat(199)));
    let lines = bytes / 200;
    let ended = end(&job);
    assert_eq!((ended.outcome, ended.output % lines), (Outcome::Done, 0));
    let (mut cursor, mut got, mut dropped) = (KeptCursor::default(), 0, 0);
    loop {
        let reading = job.read(&mut cursor).unwrap();
        if reading.is_empty() {
            break;
        }
        got += reading.lines.len() as u64;
        dropped += reading.dropped;
    }
    assert_eq!(got * (ended.output / lines) + dropped, ended.output);
    let on_disk: u64 =
        fs::read_dir(job.folder().join("log")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(dropped > 0 && on_disk < 17 << 20, "{on_disk} bytes are on the disk");
    // Somebody who follows sees the same numbers, however late.
    assert_eq!((job.wait_timeout(Duration::ZERO).unwrap(), cursor.offset()), (job.state().unwrap(), ended.output));
}
