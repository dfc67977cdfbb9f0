//! Tests of a whole process: the test binary starts itself again to run a single test.

use std::{
    env, io,
    process::{Command, Stdio},
    time::Instant,
};

use crate::gate::{GUARD, wait_until};

/// The environment variable that names the test whose scenario the child runs.
const VARIABLE: &str = "BGJOBS_TEST_CHILD";

/// How a child ended.
#[derive(Debug)]
pub(crate) struct End {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What the scenario printed with [`say`].
    pub(crate) messages: Vec<String>,
    /// The rest of its standard output, without the lines of the test harness.
    pub(crate) noise: Vec<String>,
    /// Its standard error.
    pub(crate) stderr: String,
}

/// Runs `scenario` in a child process and returns how that ended; in the child itself it returns `None`.
pub(crate) fn run<F: FnOnce()>(scenario: F) -> Option<End> {
    // The type of a closure is named `it::module::test::{{closure}}`; the harness calls its test `module::test`.
    let path = std::any::type_name::<F>();
    let test = path.trim_start_matches("it::").trim_end_matches("::{{closure}}");
    if env::var(VARIABLE).is_ok_and(|name| name == test) {
        scenario();
        return None;
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, test)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    wait_until("the child has ended", || {
        if began.elapsed() > GUARD / 2 {
            child.kill().unwrap();
        }
        child.try_wait().unwrap().is_some()
    });
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let of_harness = |line: &&str| ["", "ok", "running 1 test"].contains(line) || line.starts_with("test ");
    let (messages, noise) =
        stdout.lines().filter(|line| !of_harness(line)).partition::<Vec<_>, _>(|line| line.starts_with("> "));
    Some(End {
        code: output.status.code(),
        messages: messages.iter().map(|line| line[2..].to_owned()).collect(),
        noise: noise.into_iter().map(str::to_owned).collect(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Prints a line for the parent; any thread of the child may call it.
pub(crate) fn say(text: &str) {
    // A single write, so that the harness's own output can't end up inside the line.
    io::Write::write_all(&mut io::stdout().lock(), format!("\n> {text}\n").as_bytes()).unwrap();
}

impl End {
    /// Asserts that the child exited with `code` and printed exactly `messages` with [`say`] and nothing else.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, messages: &[&str]) {
        assert_eq!(
            (self.code, &self.messages[..]),
            (Some(code), &messages.iter().map(|&s| s.to_owned()).collect::<Vec<_>>()[..]),
            "{self:?}"
        );
        assert!(self.noise.is_empty() && self.stderr.is_empty(), "{self:?}");
    }
}
