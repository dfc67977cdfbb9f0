//! `bgjobs start` and the words that follow: jobs that outlive the shell and the terminal.

use std::{
    env, fs,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use bgjobs::{KeptJob, KeptJobs};
use expect_test::{Expect, expect};

/// A wait of this length means a hang: no machine is that slow.
const GUARD: Duration = Duration::from_mins(1);

/// The home of kept jobs for one test, which ends those that are left.
pub(crate) struct Home(PathBuf);

/// What the binary answered.
pub(crate) struct Answer(Output);

impl Home {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let home = Self(env::temp_dir().join(format!("bgjobs-shell-kept-{}-{number}", std::process::id())));
        fs::create_dir(&home.0).unwrap();
        home
    }

    /// The binary with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgjobs"));
        command.args(words).env("XDG_STATE_HOME", &self.0).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Answer {
        Answer(self.command(words).output().expect("the shell was built for this test"))
    }

    /// Starts a line of the system's shell, and returns its number.
    pub(crate) fn start(&self, line: &str) -> String {
        let answer = self.run(&["start", "--", "sh", "-c", line]);
        assert_eq!(answer.code(), Some(0), "{}", answer.err());
        answer.out().trim().to_owned()
    }

    pub(crate) fn jobs(&self) -> KeptJobs {
        KeptJobs::open(self.0.join("bgjobs/kept")).unwrap()
    }

    fn job(&self, id: &str) -> KeptJob {
        self.jobs().get(id.parse().unwrap()).unwrap()
    }

    /// Waits until a job has printed a text.
    pub(crate) fn see(&self, id: &str, text: &str) {
        wait_until("it has printed", || self.run(&["log", id]).out().contains(text));
    }
}

impl Deref for Home {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for job in self.jobs().all().unwrap() {
            let _ = job.ask_stop("the test is over", Duration::ZERO);
            wait_until("the job is gone", || job.remove().is_ok() || !job.folder().exists() || thread::panicking());
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Answer {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }
}

#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < GUARD, "timed out waiting until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs words one after the other, and compares all answers, without times.
#[expect(clippy::needless_pass_by_value, reason = "as in expect-test")]
fn check(home: &Home, lines: &[&[&str]], expected: Expect) {
    let timeless = |line: &str| line.split_whitespace().map(without_time).collect::<Vec<_>>().join(" ");
    let mut seen = Vec::new();
    for words in lines {
        let answer = home.run(words);
        // The usage may follow an error.
        let (out, error) = (answer.out(), answer.err());
        let (typed, code) = (format!("$ {}", words.join(" ")), format!("= {}", answer.code().unwrap()));
        let shown = out.lines().chain(error.lines().take(1));
        seen.extend([&*typed].into_iter().chain(shown).chain([&*code]).map(timeless));
    }
    expected.assert_eq(&(seen.join("\n") + "\n"));
}

/// A word, or what stands for a time.
fn without_time(word: &str) -> &str {
    let is_time = word.strip_suffix('s').is_some_and(|number| number.contains('.') && number.parse::<f64>().is_ok());
    if is_time { "TIME" } else { word }
}

#[test]
fn the_exit_status_of_a_wait_tells_how_the_job_stands() {
    let home = Home::new();
    // Its second job runs until it is stopped; a wait of one second is in the interface.
    let lines: [&[&str]; 11] = [
        &["start", "--", "sh", "-c", "exit 3"],
        &["wait", "k1"],
        &["start", "--name", "night", "sleep", "1000"],
        &["wait", "2", "--for", "0s"],
        &["wait", "k2", "--for", "1s"],
        &["stop", "k2"],
        &["wait", "k2"],
        &["wait", "k9"],
        &["wait", "last"],
        &["start", "--", "no-such-program"],
        &["wait", "k3"],
    ];
    check(
        &home,
        &lines,
        expect![[r#"
            $ start -- sh -c exit 3
            k1
            = 0
            $ wait k1
            k1 exit status 3, after TIME sh -c 'exit 3'
            = 3
            $ start --name night sleep 1000
            k2
            = 0
            $ wait 2 --for 0s
            k2 running for TIME night
            = 124
            $ wait k2 --for 1s
            k2 running for TIME night
            = 124
            $ stop k2
            k2 stopped: bgjobs stop, after TIME night
            = 0
            $ wait k2
            k2 stopped: bgjobs stop, after TIME night
            = 130
            $ wait k9
            bgjobs wait: there is no kept job k9
            = 2
            $ wait last
            bgjobs wait: `last` is no kept job: write k12, for example
            = 2
            $ start -- no-such-program
            k3
            = 0
            $ wait k3
            k3 can't run `no-such-program`: No such file or directory (os error 2) no-such-program
            = 127
        "#]],
    );
}

#[test]
fn json_tells_a_commands_own_124_from_that_of_a_job_that_runs() {
    let home = Home::new();
    let (own, running) = (home.start("exit 124"), home.start("sleep 1000"));
    let wait = |id: &str| {
        let answer = home.run(&["wait", id, "--for", "5s", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&answer.out()).unwrap();
        (answer.code(), json["state"].clone(), json["exit"].clone())
    };
    assert_eq!(wait(&own), (Some(124), "failed".into(), 124.into()));
    home.job(&running).ask_stop("enough", Duration::from_secs(10)).unwrap();
    assert_eq!(wait(&running), (Some(130), "stopped".into(), serde_json::Value::Null));
}

#[test]
fn a_lost_job_is_told_with_125_and_a_broken_one_with_a_line() {
    let home = Home::new();
    let (lost, broken) = (home.start("exit 0"), home.start("exit 0"));
    for id in [&lost, &broken] {
        home.job(id).wait().unwrap();
    }
    let folder = home.job(&lost).folder();
    wait_until("its keeper has left", || fs::read_dir(home.join("bgjobs/kept/live")).unwrap().count() == 0);
    fs::remove_file(folder.join("outcome.json")).unwrap();
    fs::write(home.job(&broken).folder().join("job.json"), "{").unwrap();
    let answer = home.run(&["wait", &lost]);
    assert_eq!((answer.code(), answer.out().lines().count()), (Some(125), 1));
    assert!(answer.out().contains("lost: its keeper was killed"), "{}", answer.out());
    let mut stray = Command::new("sleep").arg("1000").env("BGJOBS_JOB", &folder).spawn().unwrap();
    let text = format!("1 process of it still runs: bgjobs stop {lost} ends it\n");
    // A new process shows its environment a moment after its start.
    wait_until("the process is found", || home.run(&["wait", &lost]).out().ends_with(&text));
    home.run(&["stop", &lost]);
    assert!(!stray.wait().unwrap().success());
    let answer = home.run(&["wait", &broken]);
    assert_eq!((answer.code(), answer.err().lines().count()), (Some(2), 1));
    let answer = home.run(&["ps"]);
    assert_eq!((answer.code(), answer.out().lines().count()), (Some(0), 2));
    let json: serde_json::Value = serde_json::from_str(&home.run(&["ps", "--json"]).out()).unwrap();
    assert_eq!([&json[0]["state"], &json[1]["state"]], ["lost", "broken"]);
}

#[test]
fn a_key_starts_one_job_and_other_words_are_refused_with_the_way_out() {
    let home = Home::new();
    let lines: [&[&str]; 10] = [
        &["start", "--key", "night", "--", "sleep", "1000"],
        &["start", "--key", "night", "--", "sleep", "1000"],
        &["rm", "k1"],
        &["stop", "k1"],
        &["result", "k1", "--json", "k2"],
        &["rm", "k1"],
        &["ps"],
        &["start", "--time-limit", "soon", "--", "true"],
        &["start", "--key", "", "--", "true"],
        &["sweep", "--output", "much"],
    ];
    check(
        &home,
        &lines,
        expect![[r#"
            $ start --key night -- sleep 1000
            k1
            = 0
            $ start --key night -- sleep 1000
            k1
            = 0
            $ rm k1
            bgjobs rm: k1 still runs: stop k1 ends it
            = 2
            $ stop k1
            k1 stopped: bgjobs stop, after TIME sleep 1000
            = 0
            $ result k1 --json k2
            bgjobs result: unexpected argument "k2"
            = 2
            $ rm k1
            = 0
            $ ps
            No kept jobs
            = 0
            $ start --time-limit soon -- true
            bgjobs start: `soon` is no time: write 30s, 5m or 1h30m
            = 2
            $ start --key -- true
            bgjobs start: the key `` has 0 bytes: a key has 1 to 80
            = 2
            $ sweep --output much
            bgjobs sweep: `much` is no size: write 500M or 2G
            = 2
        "#]],
    );
}

#[test]
fn the_log_goes_on_from_a_cursor_and_is_what_was_printed() {
    let home = Home::new();
    let id = home.start("printf 'one\\ntwo\\33[2J\\nhalf'");
    home.job(&id).wait().unwrap();
    let first = home.run(&["log", &id, "--from", "0"]);
    assert_eq!(first.out(), "one\ntwo\u{1b}[2J\nhalf");
    let (option, cursor) = first.err().trim().split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let second = home.run(&["log", &id, &option, &cursor]);
    assert_eq!((second.out(), second.err()), (String::new(), first.err()));
    assert_eq!(home.run(&["log", &id]).err(), "");
}

#[test]
fn two_programs_follow_and_stop_a_job_and_see_the_same() {
    let home = Home::new();
    let id = home.start("echo up; while sleep 0.01; do echo more; done");
    home.see(&id, "more");
    let spawn = |words: &[&str]| home.command(words).stdout(Stdio::piped()).spawn().unwrap();
    let followers = [spawn(&["log", &id, "-f"]), spawn(&["log", &id, "-f"])];
    let stops = [spawn(&["stop", &id]), spawn(&["stop", &id])];
    let outputs = |children: [Child; 2]| children.map(|child| child.wait_with_output().unwrap());
    let [one, two] = outputs(followers);
    assert_eq!((&one.stdout, one.status.code()), (&two.stdout, Some(0)));
    assert!(one.stdout.starts_with(b"up\nmore\n"));
    let [one, two] = outputs(stops);
    assert_eq!((one.stdout, one.status.code()), (two.stdout, Some(0)));
}

#[test]
fn a_clock_that_was_set_back_harms_no_job_and_no_look() {
    let home = Home::new();
    let gate = home.join("gate");
    let id = home.start(&format!("echo one; until [ -e {} ]; do sleep 0.01; done", gate.display()));
    home.see(&id, "one\n");
    let job = home.job(&id);
    // As if all had happened a century ahead, before the clock was set back.
    let later = |path: &Path| {
        let text = fs::read_to_string(path).unwrap().replace("\"20", "\"21");
        fs::write(path, text.replacen("20", "21", usize::from(path.ends_with("log/0")))).unwrap();
        let future = std::time::SystemTime::now() + Duration::from_hours(24 * 365);
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_times(fs::FileTimes::new().set_modified(future))
            .unwrap();
    };
    later(&job.folder().join("job.json"));
    later(&job.folder().join("log/0"));
    assert!(home.run(&["ps"]).out().contains("running for 0.0s"));
    assert_eq!((home.run(&["wait", &id, "--for", "0s"]).code(), &*home.run(&["log", &id]).out()), (Some(124), "one\n"));
    fs::write(gate, "").unwrap();
    let waited = home.run(&["wait", &id]);
    assert!(waited.code() == Some(0) && waited.out().contains("done, after"), "{}", waited.out());
    let swept = home.run(&["sweep", "--jobs", "0", "--output", "0"]);
    assert_eq!(swept.out(), "Removed 1 job, and the output of 0 jobs\n");
}

#[test]
fn each_word_has_its_help_and_the_programs_help_names_them() {
    let home = Home::new();
    let help = home.run(&["--help"]).out();
    for word in ["start", "ps", "wait", "log", "result", "stop", "rm", "sweep", "mcp"] {
        let answer = home.run(&[word, "--help"]);
        assert!(answer.out().starts_with(&format!("Usage: bgjobs {word}")) && answer.code() == Some(0));
        assert!(answer.out().lines().all(|line| line.len() <= 90) && help.contains(word), "{word}");
        let wrong = home.run(&[word, "--wrong"]);
        assert!(wrong.err().contains("invalid option '--wrong'") && wrong.code() == Some(2), "{}", wrong.err());
    }
}
