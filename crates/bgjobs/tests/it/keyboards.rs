//! Commands whose terminal has a user.

use std::{
    fs,
    path::PathBuf,
    process,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{AnyJob, Command, CommandError, Job, JobManager, Keyboard, KeyboardEvent, TerminalSize, Verdict};

use crate::{
    gate::{GUARD, wait_until},
    supervised::supervised,
};

/// A user, with what the command did with the keyboard.
struct User {
    keyboard: Keyboard,
    events: Arc<Mutex<Vec<KeyboardEvent>>>,
}

impl User {
    fn new() -> Self {
        let events: Arc<Mutex<Vec<_>>> = Arc::default();
        let told = Arc::clone(&events);
        let keyboard = Keyboard::new(move |event| told.lock().unwrap_or_else(PoisonError::into_inner).push(event));
        Self { keyboard, events }
    }

    /// Starts a script, and waits until it has printed `up`.
    fn start(&self, jobs: &JobManager, script: &str) -> Job<()> {
        let command = Command::shell(script).terminal(TerminalSize::default()).input(self.keyboard.clone());
        let job = jobs.start(command).unwrap();
        see(&job, "up");
        job
    }

    fn types(&self, keys: &str) {
        let mut keys = keys.as_bytes();
        while !keys.is_empty() {
            keys = &keys[self.keyboard.type_bytes(keys).unwrap()..];
        }
    }

    fn events(&self) -> Vec<KeyboardEvent> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Waits until a job has printed a line; the echo of a key may precede it.
fn see(job: &AnyJob, text: &str) {
    wait_until(text, || job.log().tail(100).iter().any(|line| line.text.trim_end().ends_with(text)));
}

/// A file that is not there yet.
fn gate(name: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("bgjobs-keyboard-{name}-{}", process::id()));
    let _ = fs::remove_file(&file);
    file
}

#[test]
fn a_command_reads_what_is_typed_at_its_terminal() {
    let (jobs, user) = (supervised(), User::new());
    let job =
        user.start(&jobs, "test -t 0 && test -t 1 && echo up; read a; echo got $a; read b </dev/tty; echo and $b");
    user.types("one\r");
    see(&job, "got one");
    user.types("two\r");
    job.join().unwrap();
    see(&job, "and two");
}

#[test]
fn ctrl_c_reaches_the_command() {
    let (jobs, user) = (supervised(), User::new());
    let job = user.start(&jobs, "echo up; read a");
    user.types("\x03");
    assert!(job.join().is_err());
    let failure = job.failure().unwrap();
    let error = failure.error().unwrap().downcast_ref::<CommandError>().unwrap();
    assert_eq!(error.to_string(), "ended by signal 2 (SIGINT)");
    let job = user.start(&jobs, "trap 'echo caught' INT; echo up; until read a; do :; done; echo got $a");
    user.types("\x03");
    see(&job, "caught");
    user.types("x\r");
    see(&job, "got x");
}

#[test]
fn after_ctrl_z_a_command_runs_on_until_it_reads_and_goes_on_when_it_is_served() {
    let (jobs, user, file) = (supervised(), User::new(), gate("reads"));
    // No other process: a fork that Ctrl-Z suspends before it becomes one would keep its parent from being suspended.
    let script = format!("echo up; until [ -e {} ]; do :; done; echo on; read a; echo got $a", file.display());
    let job = user.start(&jobs, &script);
    user.types("\x1a");
    wait_until("it has given the keyboard up", || user.events() == [KeyboardEvent::GivenUp]);
    fs::write(&file, "").unwrap();
    see(&job, "on");
    wait_until("it reads", || user.events() == [KeyboardEvent::GivenUp, KeyboardEvent::Wanted]);
    user.keyboard.serve();
    user.types("x\r");
    job.join().unwrap();
    see(&job, "got x");
    fs::remove_file(&file).unwrap();
}

#[test]
fn ctrl_z_is_up_to_the_command_only_if_it_reads_keys_itself() {
    for key in ["\x1a", "\x1c"] {
        let (jobs, user) = (supervised(), User::new());
        let job = user.start(&jobs, "trap '' TSTP; echo up; while :; do sleep 0.01; done");
        user.types(key);
        wait_until("it has given the keyboard up", || user.events() == [KeyboardEvent::GivenUp]);
        assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
    }

    let (jobs, user) = (supervised(), User::new());
    let script = "stty raw; echo up; dd bs=1 count=1 2>/dev/null | od -An -tx1; kill -TSTP $$; echo on; read a";
    let job = user.start(&jobs, script);
    user.types("\x1a");
    see(&job, " 1a");
    wait_until("it reads", || user.events() == [KeyboardEvent::GivenUp, KeyboardEvent::Wanted]);
    see(&job, "on");
    assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
}

#[test]
fn a_command_that_waits_for_its_keyboard_can_be_stopped() {
    let (jobs, user) = (supervised(), User::new());
    let job = user.start(&jobs, "echo up; read a; echo never");
    user.types("\x1a");
    wait_until("it reads", || user.events().contains(&KeyboardEvent::Wanted));
    assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
}

#[test]
fn what_a_command_leaves_unread_comes_back() {
    let (jobs, user, file) = (supervised(), User::new(), gate("unread"));
    let job = user.start(&jobs, &format!("echo up; read a; until [ -e {} ]; do sleep 0.01; done", file.display()));
    user.types("one\rtwo\rthr");
    fs::write(&file, "").unwrap();
    job.join().unwrap();
    assert_eq!(user.keyboard.take_unread(), b"two\nthr");
    assert_eq!(user.keyboard.take_unread(), b"");
    assert_eq!(user.keyboard.type_bytes(b"x").unwrap(), 0);
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_command_hears_of_another_size_of_its_terminal() {
    let (jobs, user) = (supervised(), User::new());
    let job = user.start(&jobs, "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.01; done");
    // Only a command that has its terminal hears of it.
    user.types("x");
    user.keyboard.resize(TerminalSize { rows: 10, columns: 33 });
    job.join().unwrap();
    see(&job, "10 33");
}
