//! A test whose subject is a whole process: the test binary runs itself again with one test alone.

use std::{
    env, io,
    process::{Command, Stdio},
    time::Instant,
};

use crate::gate::{GUARD, wait_until};

/// Names the test whose scenario a child plays.
const VARIABLE: &str = "BGJOBS_TEST_CHILD";

/// How a child ended.
#[derive(Debug)]
pub(crate) struct End {
    /// None if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What the scenario said with [`say`].
    pub(crate) said: Vec<String>,
    /// What else came to its standard output, the lines of the test harness left out.
    pub(crate) noise: Vec<String>,
    /// Its standard error.
    pub(crate) stderr: String,
}

/// Plays `scenario` in a child process and says how that ended; in the child itself the answer is none.
pub(crate) fn run<F: FnOnce()>(scenario: F) -> Option<End> {
    // A closure is called `it::module::test::{{closure}}`, and the harness knows its test as `module::test`.
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
    wait_until("the child ends", || {
        if began.elapsed() > GUARD / 2 {
            child.kill().unwrap();
        }
        child.try_wait().unwrap().is_some()
    });
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let of_harness = |line: &&str| ["", "ok", "running 1 test"].contains(line) || line.starts_with("test ");
    let (said, noise) =
        stdout.lines().filter(|line| !of_harness(line)).partition::<Vec<_>, _>(|line| line.starts_with("> "));
    Some(End {
        code: output.status.code(),
        said: said.iter().map(|line| line[2..].to_owned()).collect(),
        noise: noise.into_iter().map(str::to_owned).collect(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Says something to the parent, from any thread of the child.
pub(crate) fn say(text: &str) {
    // One write, so that the harness's own output stays outside of the line.
    io::Write::write_all(&mut io::stdout().lock(), format!("\n> {text}\n").as_bytes()).unwrap();
}

impl End {
    /// Asserts that the child ended by itself with `code`, said `said` and that nothing else was printed.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, said: &[&str]) {
        assert_eq!(
            (self.code, &self.said[..]),
            (Some(code), &said.iter().map(|&s| s.to_owned()).collect::<Vec<_>>()[..]),
            "{self:?}"
        );
        assert!(self.noise.is_empty() && self.stderr.is_empty(), "{self:?}");
    }
}
