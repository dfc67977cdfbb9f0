//! The user's own settings on a terminal: the history, and colours.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::terminal::{Home, Terminal};

const UP: &str = "\x1b[A";
const TERM: (&str, &str) = ("TERM", "xterm-256color");

/// Ends the shell.
fn leave(mut terminal: Terminal) {
    terminal.type_keys("\x04");
    assert!(terminal.end().success());
}

#[test]
fn the_first_line_says_how_to_get_help() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    assert!(terminal.written().starts_with("`help` shows what can be typed, Ctrl-D leaves."));
    terminal.type_keys("hlep\r");
    terminal.see("Variable not found: hlep\ndid you mean `help`?\nIn [2]:");
}

#[test]
fn the_history_is_private_and_persistent_and_has_no_line_that_begins_with_a_space() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("[1,\r2]\r");
    terminal.see("In [2]:");
    terminal.type_keys(" secret = 1\r");
    terminal.see("In [3]:");
    leave(terminal);
    let folder = home.0.join(".local/state/bgjobs");
    let mode = |path| fs::metadata(path).expect("it was made").permissions().mode() & 0o777;
    assert_eq!((mode(folder.clone()), mode(folder.join("history"))), (0o700, 0o600));

    let mut terminal = Terminal::new(&home);
    terminal.type_keys(UP);
    terminal.see_screen("In [1]: [1,\n   ...: 2]");
    terminal.type_keys("\r");
    terminal.see("Out[1]: [1, 2]");
    terminal.see("In [2]:");
    leave(terminal);
}

#[test]
fn the_history_is_where_the_user_wants_such_files() {
    let home = Home::new();
    let place = home.0.join("elsewhere");
    leave(Terminal::with(&home, &[TERM, ("XDG_STATE_HOME", &place.to_string_lossy())]));
    assert!(place.join("bgjobs/history").exists());
}

#[test]
fn two_shells_preserve_each_others_history() {
    let home = Home::new();
    let mut first = Terminal::new(&home);
    let mut second = Terminal::new(&home);
    first.type_keys("1 + 1\r");
    first.see("In [2]:");
    second.type_keys("2 + 2\r");
    second.see("In [2]:");
    first.type_keys("3 + 3\r");
    first.see("In [3]:");
    leave(second);
    leave(first);
    let saved = fs::read_to_string(home.0.join(".local/state/bgjobs/history")).expect("it was saved");
    assert_eq!(saved, "1 + 1\n2 + 2\n3 + 3\n");
}

#[test]
fn a_line_is_saved_before_it_is_evaluated() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("print('it ' + 'runs'); loop {}\r");
    terminal.see("it runs");
    let saved = fs::read_to_string(home.0.join(".local/state/bgjobs/history")).expect("it was saved");
    assert_eq!(saved, "print('it ' + 'runs'); loop {}\n");
}

#[test]
fn an_unwritable_history_is_reported_once_and_does_no_harm() {
    let home = Home::new();
    fs::write(home.0.join("file"), "").expect("the folder was made for this test");
    let place = home.0.join("file/below");
    let mut terminal = Terminal::with(&home, &[TERM, ("XDG_STATE_HOME", &place.to_string_lossy())]);
    terminal.type_keys("6 * 7\r");
    terminal.see("Out[1]: 42");
    terminal.type_keys(UP);
    terminal.see("In [2]: 6 * 7");
    let count = terminal.written().matches("the history will not be saved:").count();
    assert_eq!(count, 1, "{}", terminal.screen());
}

#[test]
fn colours_are_shown_unless_the_user_wants_none() {
    let shows_colours = |variables: &[(&str, &str)]| {
        let home = Home::new();
        let mut terminal = Terminal::with(&home, variables);
        terminal.type_keys("6 * 7\r");
        terminal.see("Out[1]: 42\nIn [2]:");
        // How escape sequences for colours end.
        let written = terminal.written();
        written.split("\x1b[").skip(1).any(|rest| {
            let number = rest.split('m').next().unwrap_or_default();
            number.len() < 12 && number.split(';').any(|part| part.len() == 2 && part.starts_with(['3', '9']))
        })
    };
    assert!(shows_colours(&[TERM]));
    assert!(shows_colours(&[TERM, ("NO_COLOR", "")]));
    assert!(!shows_colours(&[TERM, ("NO_COLOR", "1")]));
}

#[test]
fn a_dumb_terminal_is_enough() {
    for variables in [&[("TERM", "dumb")][..], &[]] {
        let home = Home::new();
        let mut terminal = Terminal::with(&home, variables);
        terminal.type_keys("jobs.new('1').join(); 6 * 8\x1b[D4\x7f\x1b[3~7\r");
        terminal.see("Out[1]: 42");
        terminal.see("Completed jobs:\n0 : 1\nIn [2]:");
        terminal.type_keys("[1,\r2]\r");
        terminal.see("In [2]: [1,\n   ...: 2]\nOut[2]: [1, 2]\nIn [3]:");
        assert!(!terminal.written().contains('\x1b'), "{:?}", terminal.written());
    }
}
