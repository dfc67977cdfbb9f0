//! Commands whose supervisor a host starts, and for which it waits itself.

use std::{
    env,
    ffi::OsString,
    fs, io,
    os::{
        fd::OwnedFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{self, Child, Command, Stdio},
    time::Duration,
};

use bgjobs::{
    AnyJob, CommandError, FailureKind, HostedCommand, Input, JobManager, Stream, Supervisor, Turn, supervise_command,
};
use rustix::event::{PollFd, PollFlags, poll};

use crate::gate::{GUARD, wait_until};

const VARIABLE: &str = "BGJOBS_TEST_SUPERVISES";

/// The supervisor that [`supervisor`] starts: the test binary, which runs this test alone.
#[test]
fn a_supervisor_runs_the_words_that_it_is_given() {
    let words = || env::args_os().skip_while(|word| word != "--").skip(1);
    match env::var(VARIABLE).as_deref() {
        Ok("starts") => supervise_command(words()),
        Ok("forks") => fork_and_attend(words()),
        _ => {}
    }
    let (_jobs, job, turn) = begun();
    let (mut command, socket) = open(Some(&turn), Input::default());
    assert_eq!((command.id(), job.place()), (None, None));
    let mut supervisor = supervisor(socket, "echo out; echo err >&2; exit 3");
    command.supervised_by(supervisor.id());
    let (out, err) = attend(&mut command);
    assert_eq!((&*out, &*err), ("out\n", "err\n"));
    assert!(command.id().is_some() && command.has_ended());
    assert_eq!(command.outcome().unwrap().code(), Some(3));
    supervisor.wait().unwrap();
    turn.end(Ok(()));
}

fn begun() -> (JobManager, AnyJob, Turn) {
    let jobs = JobManager::new();
    let hosted = jobs.named("command").daemon().host().unwrap();
    let job = hosted.job();
    (jobs, job, hosted.begin().unwrap())
}

fn open(turn: Option<&Turn>, input: Input) -> (HostedCommand, OwnedFd) {
    let (mut command, socket) = HostedCommand::open("command", input, GUARD).unwrap();
    if let Some(turn) = turn {
        command.become_body(turn.context());
    }
    (command, socket)
}

fn supervisor(socket: OwnedFd, line: &str) -> Child {
    of(line, "starts", socket).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn of(line: &str, how: &str, socket: OwnedFd) -> Command {
    let test = "hosted_commands::a_supervisor_runs_the_words_that_it_is_given";
    let mut supervisor = Command::new(env::current_exe().unwrap());
    supervisor.args([test, "--exact", "--nocapture", "--", "/bin/sh", "-c", line]).env(VARIABLE, how).stdin(socket);
    supervisor
}

/// A supervisor whose fork becomes the command.
fn fork_and_attend(mut words: impl Iterator<Item = OsString>) -> ! {
    let supervisor = Supervisor::receive().unwrap();
    let (alarm, ring) = io::pipe().unwrap();
    match fork::fork().unwrap() {
        fork::Fork::Child => {
            supervisor.report_start(process::id());
            drop((supervisor, alarm));
            // The command rings the alarm if it writes there.
            let mut command = Command::new(words.next().unwrap());
            panic!("{}", command.args(words).process_group(0).stdin(OwnedFd::from(ring)).exec());
        }
        fork::Fork::Parent(command) => {
            drop(ring);
            supervisor.attend(command.cast_unsigned(), alarm.into());
            // Otherwise it would end what this process starts next.
            let names = || fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path().join("comm"));
            let attends = |name| fs::read_to_string(name).is_ok_and(|name| name == "bgjobs command\n");
            wait_until("the supervisor's thread has ended", || !names().any(attends));
            process::exit(0)
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_supervisor_may_fork_the_command_itself() {
    let (mut command, mut streams) = HostedCommand::open_for_fork("command", GUARD).unwrap();
    let (err, out, socket) = (streams.pop().unwrap(), streams.pop().unwrap(), streams.pop().unwrap());
    let mut supervisor = of("echo fork of $PPID; exit 3", "forks", socket).stdout(out).stderr(err).spawn().unwrap();
    let (out, err) = attend(&mut command);
    assert!(out.ends_with(&format!("fork of {}\n", supervisor.id())), "{out} {err}");
    assert_eq!(command.outcome().unwrap().code(), Some(3));
    assert!(supervisor.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn an_alarm_of_the_supervisor_ends_the_command() {
    let (mut command, mut streams) = HostedCommand::open_for_fork("command", Duration::ZERO).unwrap();
    let (err, out, socket) = (streams.pop().unwrap(), streams.pop().unwrap(), streams.pop().unwrap());
    let mut supervisor = of("echo alarm >&0; sleep 1000", "forks", socket).stdout(out).stderr(err).spawn().unwrap();
    attend(&mut command);
    assert_eq!(command.outcome().unwrap().signal(), Some(9));
    supervisor.wait().unwrap();
}

/// Waits until there is something to do.
fn wait(command: &HostedCommand) {
    let mut fds: Vec<_> = command.readable().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    fds.extend(command.writable().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::OUT)));
    let limit = GUARD.try_into().unwrap();
    assert!(poll(&mut fds, Some(&limit)).unwrap() > 0, "nothing happens");
}

/// Waits for the end; returns what the command has printed.
fn attend(command: &mut HostedCommand) -> (String, String) {
    let [mut out, mut err] = [String::new(), String::new()];
    let mut print = |stream, text: &str| if stream == Stream::Err { &mut err } else { &mut out }.push_str(text);
    while !command.advance(&mut print) {
        wait(command);
    }
    (out, err)
}

#[test]
fn a_long_input_is_fed_while_the_host_waits() {
    let (_jobs, _, turn) = begun();
    let text = "line\n".repeat(50_000);
    let (mut command, socket) = open(Some(&turn), text.clone().into());
    let mut supervisor = supervisor(socket, "cat");
    assert_eq!(attend(&mut command).0, text);
    assert!(command.outcome().unwrap().success());
    supervisor.wait().unwrap();
}

#[test]
fn a_stop_of_the_job_ends_the_command_which_is_the_place_of_the_job_until_then() {
    let (_jobs, job, turn) = begun();
    let (mut command, socket) = open(Some(&turn), Input::default());
    let mut supervisor = supervisor(socket, "echo up; sleep 1000; true");
    command.supervised_by(supervisor.id());
    let mut out = String::new();
    // What it prints may arrive before the message that it has started.
    while !command.advance(|_, text| out.push_str(text)) && (out.is_empty() || command.id().is_none()) {
        wait(&command);
    }
    if cfg!(target_os = "linux") {
        let processes = job.place().unwrap().processes;
        assert_eq!(Some(processes[0].id), command.id());
    }
    job.ask_stop("enough");
    attend(&mut command);
    assert_eq!(command.outcome().unwrap_err().kind(), FailureKind::Stop);
    supervisor.wait().unwrap();
    assert_eq!(job.place(), None);
}

#[test]
fn a_host_may_end_the_command_without_a_stop() {
    let (_jobs, _, turn) = begun();
    let (mut command, socket) = open(Some(&turn), Input::default());
    let mut supervisor = supervisor(socket, "sleep 1000");
    command.end(GUARD);
    attend(&mut command);
    assert!(!command.outcome().unwrap().success());
    supervisor.wait().unwrap();
}

#[test]
fn a_host_may_interrupt_the_command_and_a_later_order_only_shortens_the_grace() {
    let (mut command, socket) = open(None, Input::default());
    let mut supervisor = supervisor(socket, "trap 'echo interrupted' INT; echo up; while :; do sleep 0.01; done");
    let mut out = String::new();
    let mut wait_for = |command: &mut HostedCommand, text: &str| {
        loop {
            assert!(!command.advance(|_, piece| out.push_str(piece)), "it has ended: {out}");
            if out.ends_with(text) {
                return;
            }
            wait(command);
        }
    };
    wait_for(&mut command, "up\n");
    command.interrupt(GUARD);
    wait_for(&mut command, "interrupted\n");
    assert!(!command.has_ended());
    command.interrupt(Duration::ZERO);
    attend(&mut command);
    assert_eq!(command.outcome().unwrap().signal(), Some(9));
    supervisor.wait().unwrap();
}

#[test]
fn a_dropped_command_ends() {
    let (_jobs, _, turn) = begun();
    let (command, socket) = open(Some(&turn), Input::default());
    let mut supervisor = supervisor(socket, "sleep 1000");
    drop(command);
    supervisor.wait().unwrap();
}

#[test]
fn a_command_whose_supervisor_is_killed_is_lost() {
    let (_jobs, _, turn) = begun();
    let (mut command, socket) = open(Some(&turn), Input::default());
    let mut supervisor = supervisor(socket, "sleep 1000");
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    attend(&mut command);
    let failure = command.outcome().unwrap_err();
    assert!(matches!(failure.error().unwrap().downcast_ref(), Some(CommandError::Lost)), "{failure}");
}
