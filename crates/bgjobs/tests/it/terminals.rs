//! Commands on a pseudo-terminal.

use bgjobs::{Command, Stream, TerminalSize, Verdict};

use crate::{
    gate::{GUARD, wait_until},
    supervised::{printed, supervised},
};

const SIZE: TerminalSize = TerminalSize { rows: 33, columns: 101 };

#[test]
fn both_outputs_of_a_command_are_a_terminal_of_the_requested_size() {
    let jobs = supervised();
    let script = "test -t 1 && test -t 2 && echo both; stty size <&1; test -t 0 || echo no input; echo oops >&2";
    let job = jobs.start(Command::shell(script).terminal(SIZE)).unwrap();
    job.join().unwrap();
    assert_eq!(printed(&job, Stream::Out), ["both", "33 101", "no input", "oops"]);
    let job = jobs.start(Command::shell("test -t 1 || test -t 2 || echo none")).unwrap();
    job.join().unwrap();
    assert_eq!(printed(&job, Stream::Out), ["none"]);
}

#[test]
fn a_command_on_a_terminal_is_in_the_foreground_of_its_controlling_terminal() {
    let jobs = supervised();
    // Only the foreground may change the terminal's modes; other processes would be suspended.
    let job =
        jobs.start(Command::shell("stty -a </dev/tty >/dev/null && stty -echo </dev/tty && echo mine").terminal(SIZE));
    let job = job.unwrap();
    job.join().unwrap();
    assert_eq!(printed(&job, Stream::Out), ["mine"]);
    let job = jobs.start(Command::shell("(: </dev/tty) 2>&1 | grep -o 'No such device'")).unwrap();
    job.wait().unwrap();
    assert_eq!(printed(&job, Stream::Out).len(), usize::from(cfg!(target_os = "linux")));
}

#[test]
fn a_command_on_a_terminal_can_be_stopped_like_any_other() {
    let jobs = supervised();
    let job = jobs.start(Command::shell("echo up; cat /dev/tty").terminal(SIZE)).unwrap();
    wait_until("the command is up", || !job.log().is_empty());
    assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
}
