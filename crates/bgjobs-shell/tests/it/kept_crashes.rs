//! SIGKILL to whatever has a part in a kept job, at any moment: afterwards all who look agree, nothing runs unseen, and
//! nothing that ended is called lost.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bgjobs::{KeptError, KeptId, KeptJobs, KeptState, LostReason};

use crate::kept::{Home, wait_until};

/// Which process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Keeper,
    Supervisor,
    Worker,
}

/// How many kills there are of each kind.
fn kills() -> u64 {
    if std::env::var_os("BGJOBS_PROVE").is_some() { 1_000 } else { 8 }
}

/// Numbers that look random, and are the same at each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Looks for as long as its job is there, as another program does, and panics at a contradiction: an end is final, and a job
/// that runs has not been lost before.
fn watch(jobs: &KeptJobs, seen: &mut BTreeMap<KeptId, KeptState>) {
    for job in jobs.all().unwrap() {
        let state = match job.state() {
            Ok(state) => state,
            // A keeper has swept it since.
            Err(KeptError::Unknown(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        let before = seen.insert(job.id(), state.clone());
        if let Some(before) = before {
            assert!(before == state || !before.is_over(), "{}: {before:?}, then {state:?}", job.id());
            assert!(!(before == KeptState::Running && state == KeptState::Starting));
        }
    }
}

/// A process of a job: its keeper, and what is below.
fn process(job: &Path, victim: Victim) -> Option<u32> {
    let run: serde_json::Value = serde_json::from_slice(&fs::read(job.join("run.json")).ok()?).ok()?;
    let child = |id: u32| {
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next()?.parse::<u32>().ok()
    };
    let keeper = u32::try_from(run["pid"].as_u64()?).ok()?;
    match victim {
        Victim::Keeper => Some(keeper),
        Victim::Supervisor => child(keeper),
        Victim::Worker => child(child(keeper)?),
    }
}

fn kill(id: u32) {
    let id = rustix::process::Pid::from_raw(id.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
}

fn wait(microseconds: u64) {
    let began = Instant::now();
    wait_until("the moment has come", || began.elapsed() >= Duration::from_micros(microseconds));
}

// Each kill takes the start of a program; the rest is the life of the jobs.
#[test]
fn a_starter_that_is_killed_leaves_a_whole_job_or_one_that_never_ran_or_none() {
    let (home, mut random) = (Home::new(), Random(1));
    let (mut done, mut never_ran) = (0, 0);
    for n in 0..kills() {
        let sign = home.join(format!("ran-{n}"));
        let mut starter =
            home.command(&["start", "--", "touch", sign.to_str().unwrap()]).stdout(Stdio::null()).spawn().unwrap();
        wait(random.below(25_000));
        starter.kill().unwrap();
        starter.wait().unwrap();
    }
    let jobs = home.jobs();
    let mut seen = BTreeMap::new();
    wait_until("all are over", || {
        watch(&jobs, &mut seen);
        seen.values().all(KeptState::is_over)
    });
    for state in seen.values() {
        match state {
            KeptState::Ended(end) if end.exit == Some(0) => done += 1,
            KeptState::Lost(LostReason::Starter) => never_ran += 1,
            other => panic!("{other:?}"),
        }
    }
    // The sweeps of those that ended remove old ones.
    let ran = (0..kills()).filter(|n| home.join(format!("ran-{n}")).exists()).count();
    assert!(ran >= done && (ran == done || kills() > 200), "{ran} ran, {done} done, {never_ran} never");
}

#[test]
fn of_a_job_whose_processes_are_killed_all_who_look_say_the_same_and_nothing_runs_on() {
    for victim in [Victim::Keeper, Victim::Supervisor, Victim::Worker] {
        let (home, mut random) = (Home::new(), Random(victim as u64));
        let jobs = home.jobs();
        thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let watcher = scope.spawn(|| {
                let (jobs, receiver) = (home.jobs(), receiver);
                let mut seen = BTreeMap::new();
                while receiver.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                    watch(&jobs, &mut seen);
                }
            });
            for _ in 0..kills() {
                let id = home.start("i=0; while [ $i -lt 300 ]; do echo $i; i=$((i + 1)); done; exit 3");
                let job = jobs.get(id.parse().unwrap()).unwrap();
                wait(random.below(25_000));
                if let Some(id) = process(&job.folder(), victim) {
                    kill(id);
                }
                let state = job.wait().unwrap();
                let agrees = match (victim, &state) {
                    // It had ended before.
                    (_, KeptState::Ended(end)) if end.exit == Some(3) => true,
                    (Victim::Worker, KeptState::Ended(end)) => end.signal == Some(9),
                    (Victim::Keeper, KeptState::Lost(reason)) => *reason == LostReason::Keeper,
                    (Victim::Supervisor, KeptState::Lost(reason)) => *reason == LostReason::Supervisor,
                    _ => false,
                };
                assert!(agrees, "{victim:?}: {state:?}");
                wait_until("nothing of it runs", || job.strays().is_empty());
                job.mark_seen();
            }
            drop(sender);
            watcher.join().unwrap();
        });
    }
}

#[test]
fn a_starter_that_is_killed_with_a_key_never_starts_the_job_twice() {
    let (home, mut random) = (Home::new(), Random(7));
    for n in 0..kills() {
        let sign = home.join(format!("ran-{n}"));
        let script = format!("echo ran >>{}", sign.display());
        let key = n.to_string();
        let words = ["start", "--key", &key, "--", "sh", "-c", &script];
        let mut starter: Command = home.command(&words);
        let mut starter = starter.stdout(Stdio::null()).spawn().unwrap();
        wait(random.below(25_000));
        starter.kill().unwrap();
        starter.wait().unwrap();
        let answer = home.run(&words);
        let waited = home.run(&["wait", answer.out().trim()]);
        assert_eq!(waited.code(), Some(0), "{} {}", waited.out(), waited.err());
        assert_eq!(fs::read_to_string(&sign).unwrap(), "ran\n");
    }
}
