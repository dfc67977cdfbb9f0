//! Commands on a pseudo-terminal.

use bgjobs::{Command, Stream, TerminalSize, Verdict};

use crate::{
    gate::{GUARD, wait_until},
    supervised::{printed, supervised},
};

const SIZE: TerminalSize = TerminalSize { rows: 33, columns: 101 };

#[test]
fn a_command_on_a_terminal_finds_one_of_the_size_asked_for_on_both_outputs() {
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
fn the_terminal_is_the_controlling_one_and_the_command_is_in_its_foreground() {
    let jobs = supervised();
    // Only the foreground may change the terminal's modes; others are suspended.
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
fn a_command_on_a_terminal_is_stopped_as_any_other() {
    let jobs = supervised();
    let job = jobs.start(Command::shell("echo up; cat /dev/tty").terminal(SIZE)).unwrap();
    wait_until("it is up", || !job.log().is_empty());
    assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
}
