//! Commands that leave their program while they run, and become kept jobs.

use std::{env, fs, io::Write, time::Duration};

use bgjobs::{Command, CommandError, Handover, KeepError, KeptJobs, KeptState, LostReason, Stream, TerminalSize};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    child,
    gate::{GUARD, wait_until},
    kept::{Store, end, keeper, lives, printed},
    supervised::{self, supervised},
};

#[test]
fn a_command_that_is_taken_over_goes_on_with_its_log_and_its_exit_status() {
    let store = Store::new();
    let (jobs, handover, gate) = (supervised(), Handover::new(), store.path.join("gate"));
    // Half a line, and half a character of it.
    let line = format!(
        "echo one; echo oops >&2; printf 'caf\\303'; until [ -e '{0}' ]; do sleep 0.01; done; printf '\\251\\n'; exit 3",
        gate.display()
    );
    let job = jobs.start(Command::shell(line).handover(&handover)).unwrap();
    wait_until("it has printed", || job.log().pending().iter().any(|line| line.text == "caf"));
    let kept = store.kept.take_over(&handover, "build").unwrap();
    assert_eq!((kept.state().unwrap(), printed(&kept)), (KeptState::Running, "one\noops\ncaf".to_owned()));
    let summary = kept.summary().unwrap();
    assert_eq!((&*summary.name, &summary.command[..2]), ("build", &["/bin/sh".to_owned(), "-c".to_owned()][..]));
    assert_eq!(summary.folder, env::current_dir().unwrap());
    assert!(matches!(store.kept.take_over(&handover, "again"), Err(KeepError::CantLeave)));

    fs::write(gate, "").unwrap();
    assert_eq!((end(&kept).exit, printed(&kept)), (Some(3), "one\noops\ncafé\n".to_owned()));
    job.wait().unwrap();
    assert_eq!(job.failure().unwrap().message(), "exit status 3");
    assert_eq!(
        (supervised::printed(&job, Stream::Out), supervised::printed(&job, Stream::Err)),
        (vec!["one".to_owned(), "café".to_owned()], vec!["oops".to_owned()])
    );
}

#[test]
fn a_command_that_was_taken_over_outlives_sigkill_of_its_program_and_can_be_stopped() {
    let path = env::temp_dir().join(format!("bgjobs-kept-left-{}", std::process::id()));
    // The child finds the parent's folder.
    let Some(ended) = child::run(|| {
        let folder = env::temp_dir().join(format!("bgjobs-kept-left-{}", nix::unistd::getppid()));
        let (jobs, handover) = (supervised(), Handover::new());
        let job = jobs.start(Command::shell("(setsid sleep 1000 &); echo $$; sleep 1000").handover(&handover)).unwrap();
        wait_until("it has printed", || job.log().len() == 1);
        let kept = KeptJobs::open(&folder).unwrap().take_over(&handover, "left").unwrap();
        child::say(&kept.id().to_string());
        kill(Pid::this(), Signal::SIGKILL).unwrap();
    }) else {
        return;
    };
    assert_eq!((ended.code, &ended.messages[..]), (None, &["k1".to_owned()][..]), "{ended:?}");
    let kept = KeptJobs::open(&path).unwrap().get("k1".parse().unwrap()).unwrap();
    let command = printed(&kept).trim().parse().unwrap();
    assert_eq!((kept.state().unwrap(), lives(command)), (KeptState::Running, true));
    kept.ask_stop("enough", Duration::from_secs(10)).unwrap();
    assert_eq!(end(&kept).message, "enough");
    wait_until("the command and its descendants have ended", || !lives(command) && kept.remove().is_ok());
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn the_job_of_a_command_that_was_taken_over_stops_it_and_its_managers_end_does_not() {
    let store = Store::new();
    let start = |handover: &Handover| {
        let jobs = supervised();
        let job = jobs.named("sleep").daemon().start(Command::shell("echo $$; sleep 1000").handover(handover)).unwrap();
        wait_until("it has printed", || job.log().len() == 1);
        (jobs, job)
    };
    let [stopped, left] = [Handover::new(), Handover::new()];
    let (jobs, job) = start(&stopped);
    let kept = store.kept.take_over(&stopped, "stopped").unwrap();
    job.stop("enough", GUARD);
    assert_eq!(end(&kept).message, "enough");
    drop(jobs);

    let (jobs, _) = start(&left);
    let kept = store.kept.take_over(&left, "left").unwrap();
    drop(jobs);
    assert_eq!(kept.state().unwrap(), KeptState::Running);
    // Its processes end with their keeper.
    let command = printed(&kept).trim().parse().unwrap();
    kill(keeper(&kept), Signal::SIGKILL).unwrap();
    assert_eq!(kept.wait_timeout(GUARD).unwrap(), KeptState::Lost(LostReason::Keeper));
    wait_until("the command has ended", || !lives(command));
}

#[test]
fn a_command_that_can_not_leave_goes_on_as_before() {
    let store = Store::new();
    let jobs = supervised();
    let refuse = |handover: &Handover| {
        let error = store.kept.take_over(handover, "x").unwrap_err();
        assert!(matches!(error, KeepError::CantLeave), "{error}");
    };
    let handovers = [(); 4].map(|()| Handover::new());
    refuse(&handovers[0]);
    let done = jobs.start(Command::shell("exit 0").handover(&handovers[0])).unwrap();
    done.join().unwrap();
    refuse(&handovers[0]);
    let at_terminal = Command::shell("echo up; read x").terminal(TerminalSize::default());
    let (reader, mut writer) = std::io::pipe().unwrap();
    let at_terminal = jobs.start(at_terminal.input(reader).handover(&handovers[1])).unwrap();
    wait_until("it has printed", || at_terminal.log().len() == 1);
    refuse(&handovers[1]);
    writer.write_all(b"\n").unwrap();
    at_terminal.join().unwrap();
    // More than a pipe holds.
    let fed = Command::shell("echo up; read x; read x; until [ -e \"$0\" ]; do sleep 0.01; done; wc -c");
    let gate = store.path.join("gate");
    let fed = fed.arg(gate.to_str().unwrap()).input("x\n".repeat(200_000)).handover(&handovers[2]);
    let fed = jobs.start(fed).unwrap();
    wait_until("it has printed", || fed.log().len() == 1);
    refuse(&handovers[2]);
    fs::write(gate, "").unwrap();
    fed.join().unwrap();
    assert!(store.kept.all().unwrap().is_empty());
    // A keeper that can't be started leaves no job behind.
    let running = Command::shell("echo up; sleep 1000").handover(&handovers[3]);
    let running = jobs.named("sleep").daemon().start(running).unwrap();
    wait_until("it has printed", || running.log().len() == 1);
    fs::write(store.path.join("next"), "soon").unwrap();
    let error = store.kept.take_over(&handovers[3], "x").unwrap_err().to_string();
    assert!(error.contains("holds no number"), "{error}");
    fs::write(store.path.join("next"), "").unwrap();
    let kept = store.kept.take_over(&handovers[3], "x").unwrap();
    running.stop("enough", GUARD);
    assert_eq!(end(&kept).message, "enough");
    let failure = running.failure().unwrap();
    assert!(failure.error().is_none_or(|error| error.downcast_ref::<CommandError>().is_none()));
}
