//! Commands whose supervisor a host starts, and for which it waits itself.

use std::{
    env,
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use bgjobs::{
    AnyJob, CommandError, Context, FailureKind, HostedCommand, Input, JobManager, Stream, Turn, supervise_command,
};
use rustix::event::{PollFd, PollFlags, poll};

use crate::gate::GUARD;

const VARIABLE: &str = "BGJOBS_TEST_SUPERVISES";

/// The supervisor that [`supervisor`] starts: the test binary, which runs this test alone.
#[test]
fn a_supervisor_runs_the_words_that_it_is_given() {
    if env::var_os(VARIABLE).is_some() {
        supervise_command(env::args_os().skip_while(|word| word != "--").skip(1));
    }
    let (_jobs, job, turn) = begun();
    let (mut command, socket) = open(turn.context(), Input::default());
    assert_eq!((command.id(), job.place()), (None, None));
    let mut supervisor = supervisor(socket, "echo out; echo err >&2; exit 3");
    command.supervised_by(supervisor.id());
    let (out, err) = attend(&mut command);
    assert_eq!((&*out, &*err), ("out\n", "err\n"));
    assert!(command.id().is_some());
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

fn open(job: Context, input: Input) -> (HostedCommand, OwnedFd) {
    HostedCommand::open(job, "command", input, GUARD).unwrap()
}

fn supervisor(socket: OwnedFd, line: &str) -> Child {
    let test = "hosted_commands::a_supervisor_runs_the_words_that_it_is_given";
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--", "/bin/sh", "-c", line])
        .env(VARIABLE, "1")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
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
    let (mut command, socket) = open(turn.context(), text.clone().into());
    let mut supervisor = supervisor(socket, "cat");
    assert_eq!(attend(&mut command).0, text);
    assert!(command.outcome().unwrap().success());
    supervisor.wait().unwrap();
}

#[test]
fn a_stop_of_the_job_ends_the_command_which_is_the_place_of_the_job_until_then() {
    let (_jobs, job, turn) = begun();
    let (mut command, socket) = open(turn.context(), Input::default());
    let mut supervisor = supervisor(socket, "echo up; sleep 1000; true");
    command.supervised_by(supervisor.id());
    let mut out = String::new();
    while !command.advance(|_, text| out.push_str(text)) && out.is_empty() {
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
    let (mut command, socket) = open(turn.context(), Input::default());
    let mut supervisor = supervisor(socket, "sleep 1000");
    command.end();
    attend(&mut command);
    assert!(!command.outcome().unwrap().success());
    supervisor.wait().unwrap();
}

#[test]
fn a_dropped_command_ends() {
    let (_jobs, _, turn) = begun();
    let (command, socket) = open(turn.context(), Input::default());
    let mut supervisor = supervisor(socket, "sleep 1000");
    drop(command);
    supervisor.wait().unwrap();
}

#[test]
fn a_command_whose_supervisor_is_killed_is_lost() {
    let (_jobs, _, turn) = begun();
    let (mut command, socket) = open(turn.context(), Input::default());
    let mut supervisor = supervisor(socket, "sleep 1000");
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    attend(&mut command);
    let failure = command.outcome().unwrap_err();
    assert!(matches!(failure.error().unwrap().downcast_ref(), Some(CommandError::Lost)), "{failure}");
}
