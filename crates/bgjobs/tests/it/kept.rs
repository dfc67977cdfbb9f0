//! Jobs that outlive the program: how they run, end, are read and stopped, and what is said when a process of theirs is
//! killed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use bgjobs::{
    JobManager, KeepError, KeepOptions, KeptCursor, KeptError, KeptJob, KeptJobs, KeptOutcome, KeptPayload, KeptState,
    LostReason, Outcome, Stream,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    child,
    gate::{GUARD, wait_until},
    supervised::{self, supervised},
};

/// A folder of kept jobs for one test.
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) kept: KeptJobs,
}

impl Store {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::at(env::temp_dir().join(format!("bgjobs-kept-{}-{number}", std::process::id())))
    }

    fn at(path: PathBuf) -> Self {
        drop(supervised());
        let kept = KeptJobs::open(&path).unwrap();
        Self { path, kept }
    }

    /// Starts a line of the system's shell.
    pub(crate) fn sh(&self, line: &str) -> KeptJob {
        self.start(line, KeepOptions::default())
    }

    fn start(&self, line: &str, options: KeepOptions) -> KeptJob {
        self.kept.start(["/bin/sh", "-c", line], options).unwrap()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for job in self.kept.all().unwrap_or_default() {
            let _ = job.ask_stop("the test is over", Duration::ZERO);
            let is_free = || job.remove().is_ok() || thread::panicking() || !job.folder().exists();
            wait_until("the job is gone", is_free);
        }
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Waits for the end of a job.
#[track_caller]
pub(crate) fn end(job: &KeptJob) -> KeptOutcome {
    match job.wait_timeout(GUARD).unwrap() {
        KeptState::Ended(end) => end,
        other => panic!("{other:?}"),
    }
}

/// What a job has printed so far, as it printed it.
pub(crate) fn printed(job: &KeptJob) -> String {
    let (mut cursor, mut text) = (KeptCursor::default(), String::new());
    loop {
        let reading = job.read(&mut cursor).unwrap();
        if reading.is_empty() {
            return text;
        }
        for line in reading.lines {
            text += &line.text;
            text += if line.is_whole { "\n" } else { "" };
        }
    }
}

#[track_caller]
fn wait_for(job: &KeptJob, text: &str) {
    wait_until("the command has printed its line", || printed(job).contains(text));
}

/// The process of a keeper.
pub(crate) fn keeper(job: &KeptJob) -> Pid {
    let text = fs::read_to_string(job.folder().join("run.json")).unwrap();
    let digits = text.split_once("\"pid\":").unwrap().1;
    Pid::from_raw(digits.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap())
}

/// The parent of a process.
fn parent(id: i32) -> Pid {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    Pid::from_raw(stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().parse().unwrap())
}

pub(crate) fn lives(id: i32) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_kept_job_ends_as_its_command_does() {
    let store = Store::new();
    let jobs = ["echo one", "exit 3", "kill -KILL $$"].map(|line| store.sh(line));
    let missing = store.kept.start(["no-such-program"], KeepOptions::default()).unwrap();
    let ends = [&jobs[0], &jobs[1], &jobs[2], &missing].map(end);
    let seen = ends.each_ref().map(|end| (end.outcome, end.exit, end.signal, &*end.message, end.code()));
    let why = "can't run `no-such-program`: No such file or directory (os error 2)";
    assert_eq!(
        seen,
        [
            (Outcome::Done, Some(0), None, "", 0),
            (Outcome::Failed, Some(3), None, "exit status 3", 3),
            (Outcome::Failed, None, Some(9), "ended by signal 9 (SIGKILL)", 137),
            (Outcome::Failed, None, None, why, 127),
        ]
    );
    assert_eq!(jobs.each_ref().map(|job| job.id().to_string()), ["k1", "k2", "k3"]);
}

#[test]
fn a_summary_tells_what_the_job_was_started_with() {
    let store = Store::new();
    let options = KeepOptions {
        name: Some("night".into()),
        key: Some("a/b".into()),
        time_limit: Some(Duration::from_secs(60)),
        folder: Some("/".into()),
        payload: None,
        environment: vec![("BGJOBS_TEST_SET".into(), Some("set".into())), ("PWD".into(), None)],
    };
    let named = store.start("echo $BGJOBS_TEST_SET in `pwd`", options).summary().unwrap();
    let plain = store.sh("exit 0").summary().unwrap();
    assert_eq!((&named.name, named.key.as_deref()), (&"night".into(), Some("a/b")));
    assert_eq!((named.time_limit, &*named.folder), (Some(Duration::from_secs(60)), Path::new("/")));
    assert_eq!(
        (&plain.name, &plain.command[..]),
        (&"/bin/sh -c 'exit 0'".into(), &["/bin/sh", "-c", "exit 0"].map(Into::into)[..])
    );
    assert_eq!(plain.folder, env::current_dir().unwrap());
    wait_for(&store.kept.get(named.id).unwrap(), "set in /\n");
}

#[test]
fn a_body_gets_its_payload_once_and_its_result_tells_how_the_job_ended() {
    let store = Store::new();
    // The payload is what comes before the exit of a script.
    let run = |body: &str| {
        let payload = KeptPayload { language: "sh 1".to_owned(), bytes: body.as_bytes().to_vec() };
        let options = KeepOptions { payload: Some(payload), ..KeepOptions::default() };
        let line = r#"cd "$BGJOBS_JOB"; body=$(cat payload); rm payload; eval "$body""#;
        store.start(line, options)
    };
    let gives = |head: &str| format!("printf '%s\nbytes' '{head}' > room; mv room result");
    let jobs = [
        gives(r#"{"state": "done", "text": "7"}"#),
        gives(r#"{"state": "failed", "text": "no rows"}"#),
        "exit 0".to_owned(),
        "exit 3".to_owned(),
        gives("7"),
    ]
    .map(|body| run(&body));
    let ends = jobs.each_ref().map(end);
    let seen = ends.each_ref().map(|end| (end.outcome, end.exit, &*end.message, end.value.as_deref(), end.code()));
    let nothing = "its process left without a result";
    assert_eq!(
        seen,
        [
            (Outcome::Done, Some(0), "", Some("7"), 0),
            (Outcome::Failed, Some(0), "no rows", None, 1),
            (Outcome::Failed, Some(0), nothing, None, 1),
            (Outcome::Failed, Some(3), "exit status 3", None, 3),
            (Outcome::Failed, Some(0), nothing, None, 1),
        ]
    );
    assert_eq!(jobs[0].summary().unwrap().language.as_deref(), Some("sh 1"));
    assert!(jobs.iter().all(|job| !job.folder().join("payload").exists()));
    let follower = JobManager::new().start(jobs[1].clone()).unwrap();
    assert_eq!(
        follower.join().unwrap_err().to_string(),
        "job #0 `/bin/sh -c 'cd \"$BGJOBS_JOB\"; body=$(ca…` failed: no rows"
    );
}

#[test]
fn the_size_of_a_job_is_what_its_files_take_of_the_disk() {
    let store = Store::new();
    let (small, large) = (store.sh("echo one"), store.sh("head -c 100000 /dev/zero | tr '\\0' x"));
    let sizes = [&small, &large].map(|job| {
        drop(end(job));
        job.size()
    });
    assert!(sizes[0] > 4_096 && sizes[1] > sizes[0] + 90_000, "{sizes:?}");
}

#[test]
fn a_job_goes_on_when_the_program_that_started_it_is_killed() {
    let path = env::temp_dir().join(format!("bgjobs-kept-killed-{}", std::process::id()));
    let Some(end_of_child) = child::run(|| {
        let parent = nix::unistd::getppid();
        let store = Store::at(env::temp_dir().join(format!("bgjobs-kept-killed-{parent}")));
        store.sh("echo up; while [ ! -e go ]; do sleep 0.01; done; echo $SECRET");
        kill(nix::unistd::getpid(), Signal::SIGKILL).unwrap();
    }) else {
        return;
    };
    assert_eq!(end_of_child.code, None);
    let store = Store::at(path);
    let job = store.kept.get("k1".parse().unwrap()).unwrap();
    wait_for(&job, "up\n");
    assert_eq!(job.state().unwrap(), KeptState::Running);
    job.ask_stop("enough", Duration::MAX).unwrap();
    assert_eq!(end(&job).to_string(), "stopped: enough");
}

#[test]
fn the_log_is_read_from_a_cursor_on_with_both_streams() {
    let store = Store::new();
    let job = store.sh("echo one; echo oops >&2; read x; printf 'two\\nthree'");
    end(&job);
    let mut cursor = KeptCursor::default();
    let first = job.read(&mut cursor).unwrap();
    let streams = |stream| first.lines.iter().filter(move |line| line.stream == stream).map(|line| &*line.text);
    assert!(streams(Stream::Out).eq(["one", "two", "three"]) && streams(Stream::Err).eq(["oops"]), "{first:?}");
    let is_whole = |text: &str| first.lines.iter().find(|line| line.text == text).unwrap().is_whole;
    assert_eq!((is_whole("two"), is_whole("three")), (true, false));
    assert!(job.read(&mut cursor).unwrap().is_empty());
    assert_eq!(end(&job).output, cursor.offset());
}

#[test]
fn the_beginning_of_a_line_is_read_before_its_end() {
    let store = Store::new();
    let job = store.sh("printf 'Password: '; sleep 1000");
    wait_for(&job, "Password: ");
    assert_eq!(job.state().unwrap(), KeptState::Running);
}

#[test]
fn a_stop_ends_the_command_with_its_descendants() {
    let store = Store::new();
    let job = store.sh(
        "trap '' TERM; (setsid sleep 1000 &); (setsid sh -c 'echo $$; sleep 1000' &); while sleep 0.01; do :; done",
    );
    wait_for(&job, "\n");
    let daemon = printed(&job).trim().parse().unwrap();
    job.ask_stop("enough", Duration::from_millis(20)).unwrap();
    let end = end(&job);
    assert_eq!((end.outcome, &*end.message, end.signal), (Outcome::Stopped, "enough", Some(9)));
    assert!(!lives(daemon));
}

#[test]
fn of_stops_at_the_same_time_the_first_counts_and_all_see_the_same_end() {
    let store = Store::new();
    let job = store.sh("echo up; sleep 1000");
    wait_for(&job, "up");
    let stop = |reason: &'static str| {
        let job = KeptJobs::open(&store.path).unwrap().get(job.id()).unwrap();
        job.ask_stop(reason, Duration::from_secs(10)).unwrap();
        (end(&job), printed(&job))
    };
    let seen: Vec<_> = thread::scope(|scope| {
        let reasons = ["one", "two", "three", "four"];
        let threads = reasons.map(|reason| scope.spawn(move || stop(reason)));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    assert!(seen.iter().all(|one| one == &seen[0]), "{seen:?}");
    assert!(["one", "two", "three", "four"].contains(&&*seen[0].0.message));
    job.ask_stop("late", Duration::ZERO).unwrap();
    assert_eq!(end(&job), seen[0].0);
}

#[test]
fn a_time_limit_stops_the_command() {
    let store = Store::new();
    let limit = |time_limit| KeepOptions { time_limit: Some(time_limit), ..KeepOptions::default() };
    let stopped = end(&store.start("sleep 1000", limit(Duration::from_millis(30))));
    assert_eq!(stopped.to_string(), "stopped: time limit of 30ms");
    assert_eq!(end(&store.start("exit 0", limit(Duration::MAX))).outcome, Outcome::Done);
}

#[test]
fn sigterm_without_a_request_is_told_as_a_logout_or_a_shutdown() {
    let store = Store::new();
    // A shutdown signals the keeper and the supervisor, in any order.
    for is_supervisors in [false, true] {
        let job = store.sh("echo $PPID; exec sleep 1000");
        wait_for(&job, "\n");
        let supervisor = Pid::from_raw(printed(&job).trim().parse().unwrap());
        kill(if is_supervisors { supervisor } else { keeper(&job) }, Signal::SIGTERM).unwrap();
        assert_eq!(end(&job).to_string(), "stopped: SIGTERM to its keeper, as at a logout or a shutdown");
    }
}

#[test]
fn a_key_starts_a_job_once() {
    let store = Store::new();
    let start =
        |key: &str| store.start("echo once", KeepOptions { key: Some(key.to_owned()), ..KeepOptions::default() });
    let raced: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|n| scope.spawn(move || start(["a", "b"][n % 2]).id())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!((0..6).all(|n| raced[n] == raced[n % 2]) && raced[0] != raced[1], "{raced:?}");
    assert_eq!(store.kept.all().unwrap().len(), 2);
    let first = start("a");
    end(&first);
    assert_eq!(start("a").id(), first.id());
    first.remove().unwrap();
    assert!(start("a").id() > raced[0].max(raced[1]));
}

#[test]
fn a_start_is_refused_with_the_reason() {
    let store = Store::new();
    let refusal = |words: &[&str], options: KeepOptions| {
        let error: KeepError = store.kept.start(words, options).unwrap_err();
        error.to_string()
    };
    let of_folder = KeepOptions { folder: Some("/no/such".into()), ..KeepOptions::default() };
    let of_key = KeepOptions { key: Some("x".repeat(81)), ..KeepOptions::default() };
    assert_eq!(refusal(&[], KeepOptions::default()), "a kept job needs a command");
    assert_eq!(refusal(&["ls"], of_folder), "can't run in `/no/such`: No such file or directory (os error 2)");
    assert!(refusal(&["ls"], of_key).ends_with("x` has 81 bytes: a key has 1 to 80"));
    let binary = std::os::unix::ffi::OsStringExt::from_vec(b"a\xff".to_vec());
    let error = store.kept.start([std::ffi::OsString::from("echo"), binary], KeepOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "`a\u{fffd}` is not Unicode, so a kept job can't have it: put it in a script");
    assert!(store.kept.all().unwrap().is_empty());
}

#[test]
fn a_job_has_ended_when_its_command_has_and_what_is_left_running_can_be_stopped() {
    let store = Store::new();
    let job = store.sh("(sleep 1000 & echo $!); exit 4");
    assert_eq!(end(&job).exit, Some(4));
    let left = printed(&job).trim().parse().unwrap();
    assert!(lives(left) && matches!(job.remove(), Err(KeptError::Running(_))));
    job.ask_stop("enough", Duration::from_secs(10)).unwrap();
    wait_until("what was left has ended", || !lives(left));
    assert_eq!(end(&job).exit, Some(4));
}

// The supervisor leaves the command a second to end.
#[test]
fn a_job_whose_keeper_is_killed_is_lost_and_its_command_ends() {
    let store = Store::new();
    let job = store.sh("trap '' TERM; (setsid sleep 1000 &); echo $$; while sleep 0.01; do :; done");
    wait_for(&job, "\n");
    let command = printed(&job).trim().parse().unwrap();
    kill(keeper(&job), Signal::SIGKILL).unwrap();
    assert_eq!(job.wait_timeout(GUARD).unwrap(), KeptState::Lost(LostReason::Keeper));
    wait_until("the command has ended", || !lives(command) && job.strays().is_empty());
    assert_eq!(job.state().unwrap(), KeptState::Lost(LostReason::Keeper));
}

#[test]
fn a_job_whose_supervisor_is_killed_is_lost_and_its_keeper_says_so() {
    let store = Store::new();
    let job = store.sh("echo $PPID $$; while sleep 0.01; do :; done");
    wait_for(&job, "\n");
    let ids: Vec<i32> = printed(&job).split_whitespace().map(|id| id.parse().unwrap()).collect();
    assert_eq!(parent(ids[0]), keeper(&job));
    kill(Pid::from_raw(ids[0]), Signal::SIGKILL).unwrap();
    assert_eq!(job.wait_timeout(GUARD).unwrap(), KeptState::Lost(LostReason::Supervisor));
    wait_until("the command has ended", || !lives(ids[1]));
}

#[test]
fn processes_that_lost_their_keeper_and_their_supervisor_are_found_and_killed() {
    let store = Store::new();
    let job = store.sh("echo $PPID; (setsid sleep 1000 &); exec sleep 1000");
    wait_for(&job, "\n");
    wait_until("both sleep", || job.strays().len() == 3);
    let supervisor = Pid::from_raw(printed(&job).trim().parse().unwrap());
    let keeper = keeper(&job);
    // A suspended keeper can't end the command when its supervisor is killed.
    kill(keeper, Signal::SIGSTOP).unwrap();
    let is_suspended = || fs::read_to_string(format!("/proc/{keeper}/stat")).unwrap().contains(") T ");
    wait_until("the keeper is suspended", is_suspended);
    kill(supervisor, Signal::SIGKILL).unwrap();
    kill(keeper, Signal::SIGKILL).unwrap();
    assert_eq!(job.wait_timeout(GUARD).unwrap(), KeptState::Lost(LostReason::Keeper));
    wait_until("the supervisor is gone", || job.strays().len() == 2);
    job.ask_stop("enough", Duration::ZERO).unwrap();
    assert_eq!(job.strays(), [0; 0]);
}

#[test]
fn a_bystander_with_the_id_of_a_dead_keeper_lives() {
    let store = Store::new();
    let job = store.sh("sleep 1000");
    let keeper = keeper(&job);
    kill(keeper, Signal::SIGKILL).unwrap();
    job.wait().unwrap();
    let mut bystander = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", bystander.id())).unwrap();
    let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap();
    let run = fs::read_to_string(job.folder().join("run.json")).unwrap();
    let boot = run.split_once("\"boot\":\"").unwrap().1.split('"').next().unwrap();
    let forged = format!("{{\"pid\":{},\"started\":{ticks},\"boot\":\"{boot}\",\"host\":\"x\"}}", bystander.id());
    fs::write(job.folder().join("run.json"), forged).unwrap();
    job.ask_stop("enough", Duration::ZERO).unwrap();
    assert_eq!(job.state().unwrap(), KeptState::Lost(LostReason::Keeper));
    assert!(bystander.try_wait().unwrap().is_none());
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn no_look_says_lost_while_jobs_end() {
    let store = Store::new();
    let jobs: Vec<_> = (0..10).map(|_| store.sh("exit 0")).collect();
    let mut looks = 0;
    wait_until("all have ended", || {
        let states: Vec<_> = jobs.iter().map(|job| job.state().unwrap()).collect();
        looks += states.len();
        assert!(!states.iter().any(|state| matches!(state, KeptState::Lost(_))), "{states:?}");
        states.iter().all(KeptState::is_over)
    });
    assert!(looks >= 10);
}

#[test]
fn in_a_manager_a_kept_job_is_a_job_like_any_other() {
    let store = Store::new();
    let jobs = supervised();
    let follow = |line: &str| jobs.start(store.sh(line)).unwrap();
    let [done, failed, signalled] = ["echo one; echo oops >&2; printf half", "exit 3", "kill -KILL $$"].map(follow);
    let missing = jobs.start(store.kept.start(["no-such-program"], KeepOptions::default()).unwrap()).unwrap();
    assert_eq!(done.join().unwrap(), &());
    assert_eq!(
        (supervised::printed(&done, Stream::Out), done.name()),
        (vec!["one".to_owned(), "half".to_owned()], &"/bin/sh -c 'echo one; echo oops >&2; printf half'".into())
    );
    assert_eq!(supervised::printed(&done, Stream::Err), ["oops"]);
    let why = [&failed, &signalled, &missing].map(|job| {
        job.wait().unwrap();
        job.failure().unwrap().message().to_owned()
    });
    assert_eq!(why[..2], ["exit status 3", "ended by signal 9 (SIGKILL)"]);
    assert!(why[2].starts_with("can't run `no-such-program`"), "{why:?}");
}

#[test]
fn a_stop_of_the_job_that_follows_stops_the_command_and_the_end_of_the_manager_does_not() {
    let store = Store::new();
    let kept = [store.sh("echo up; sleep 1000"), store.sh("echo up; sleep 1000")];
    let jobs = supervised();
    let [stopped, left] = kept.clone().map(|kept| jobs.named("follow").daemon().start(kept).unwrap());
    for job in [&stopped, &left] {
        wait_until("the log has the line", || supervised::printed(job, Stream::Out) == ["up"]);
    }
    assert!(matches!(stopped.stop("enough", GUARD), bgjobs::Verdict::Stopped { .. }));
    assert_eq!(end(&kept[0]).to_string(), "stopped: enough");
    drop(jobs);
    left.wait().unwrap();
    assert_eq!(kept[1].state().unwrap(), KeptState::Running);
}

#[test]
fn a_follower_says_when_somebody_else_has_stopped_the_command_or_it_is_lost() {
    let store = Store::new();
    let (stopped, lost) = (store.sh("sleep 1000"), store.sh("sleep 1000"));
    let jobs = supervised();
    let followers = [&stopped, &lost].map(|kept| jobs.start(kept.clone()).unwrap());
    stopped.ask_stop("enough", Duration::from_secs(10)).unwrap();
    kill(keeper(&lost), Signal::SIGKILL).unwrap();
    let why = followers.map(|job| {
        job.wait().unwrap();
        job.failure().unwrap().message().to_owned()
    });
    assert_eq!(why, ["stopped: enough", "lost: its keeper was killed"]);
}

/// A time so many hours ago, as files of jobs have it.
fn hours_ago(hours: u64) -> (SystemTime, String) {
    let time = SystemTime::now() - Duration::from_secs(hours * 3600);
    (time, humantime::format_rfc3339_micros(time).to_string())
}

/// Sets a field of a file of a job to a text.
fn forge(file: &Path, field: &str, text: &str) {
    let before = fs::read_to_string(file).unwrap();
    let (head, tail) = before.split_once(&format!("\"{field}\":\"")).unwrap();
    let rest = tail.split_once('"').unwrap().1;
    fs::write(file, format!("{head}\"{field}\":\"{text}\"{rest}")).unwrap();
}

#[test]
fn a_job_that_follows_a_kept_one_has_its_times_and_not_those_of_the_following() {
    let store = Store::new();
    let [ended, lost, running] = ["echo one; exit 3", "echo two", "sleep 1000"].map(|line| store.sh(line));
    let (created, created_text) = hours_ago(48);
    for job in [&ended, &lost] {
        end(job);
        let keeper = keeper(job).as_raw();
        wait_until("its keeper has left", || !lives(keeper));
    }
    wait_until("it runs", || running.state().unwrap() == KeptState::Running);
    for job in [&ended, &lost, &running] {
        forge(&job.folder().join("job.json"), "created", &created_text);
    }
    // It printed, and ended, an hour ago, after a few milliseconds.
    let (hour_ago, text) = hours_ago(1);
    forge(&ended.folder().join("outcome.json"), "ended", &text);
    let log = ended.folder().join("log/0");
    fs::write(&log, format!("{text} out one\n")).unwrap();
    fs::remove_file(lost.folder().join("outcome.json")).unwrap();
    for file in ["run.json", "log/0"] {
        let file = fs::File::options().write(true).open(lost.folder().join(file)).unwrap();
        file.set_modified(hour_ago).unwrap();
    }

    let jobs = JobManager::new();
    let [ended, lost] = [ended, lost].map(|job| jobs.start(job).unwrap());
    let running = jobs.named("running").daemon().start(running).unwrap();
    assert!(ended.wait().is_ok() && lost.wait().is_ok());
    let apart = |time: SystemTime, other: SystemTime| {
        let apart = time.duration_since(other).unwrap_or_else(|error| error.duration());
        assert!(apart < Duration::from_secs(60), "{apart:?}");
    };
    let summary = ended.summary();
    apart(summary.finished.unwrap(), hour_ago);
    apart(summary.started.unwrap(), hour_ago);
    assert_eq!(summary.created, summary.started.unwrap());
    assert!(summary.ran.unwrap() < GUARD);
    assert_eq!(ended.log().since(GUARD), []);
    apart(ended.log().tail(1)[0].time(), hour_ago);
    // Nobody saw the end of a lost job; but it printed something.
    let summary = lost.summary();
    apart(summary.started.unwrap(), created);
    apart(summary.finished.unwrap(), hour_ago);
    wait_until("it is followed", || running.times().ran().is_some_and(|ran| ran > Duration::from_secs(47 * 3600)));
    let timeline = jobs.timeline().text(80);
    assert!(timeline.starts_with("3 jobs in 48 h"), "{timeline}");
    running.stop("the test is over", GUARD);
    assert!(running.times().ran().unwrap() < GUARD, "its keeper knows better");
}
