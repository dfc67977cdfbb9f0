//! Commands in the foreground that have the user's terminal.

use std::fs;

use crate::terminal::{Home, Terminal};

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// A command that says so, runs on until a file called `go` exists, and then reads.
const READS_LATER: &str = "!echo up; until [ -e go ]; do :; done; echo on; read a; echo got $a";

fn go(home: &Home) {
    fs::write(home.0.join("go"), "").expect("the folder was made for this test");
}

#[test]
fn a_command_has_the_terminal() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!test -t 0 && test -t 1 && test -t 2 && stty size </dev/tty\r");
    terminal.see("24 80\nIn [2]:");
    terminal.type_keys("!echo up; read a; echo \"got $a\"\r");
    terminal.see("\nup");
    terminal.type_keys("wrong\x15one\r");
    terminal.see("one\ngot one\nIn [3]:");
}

#[test]
fn what_is_typed_behind_a_command_is_for_the_command_and_the_rest_for_the_prompt() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!read a; read b; echo \"got $a, $b\"\rone\rtwo\r6 * 7\r6 *");
    terminal.see("got one, two\nIn [2]: 6 * 7\nOut[2]: 42\nIn [3]: 6 *");
    terminal.type_keys(" 8\r");
    terminal.see("Out[3]: 48");
}

#[test]
fn what_a_command_leaves_unread_is_for_the_next_line_and_the_next_command() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!echo up; until [ -e go ]; do :; done\r");
    terminal.see("done\nup");
    terminal.type_keys("!read a; echo \"got $a\"\rone\r6 * 7\r");
    go(&home);
    terminal.see("got one\nIn [3]: 6 * 7\nOut[3]: 42\nIn [4]:");
}

#[test]
fn ctrl_c_reaches_the_command_alone() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!trap 'echo caught' INT; echo up; until read a; do :; done; echo got $a\r");
    terminal.see("\nup");
    terminal.type_keys(CTRL_C);
    terminal.see("caught");
    terminal.type_keys("x\r");
    terminal.see("got x\nIn [2]:");
    terminal.type_keys("!echo up; read a\r");
    terminal.see("read a\nup");
    terminal.type_keys(CTRL_C);
    terminal.see("ended by signal 2 (SIGINT)\nIn [3]:");
}

#[test]
fn after_ctrl_z_a_command_runs_on_until_it_reads_and_fg_serves_it() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys(&format!("{READS_LATER}\r"));
    terminal.see("\nup");
    terminal.type_keys(CTRL_Z);
    terminal.see("fg 0 brings it back.\nIn [2]:");
    go(&home);
    terminal.see("Job #0 waits for the terminal, which `fg 0` gives it: echo up;");
    terminal.type_keys("jobs\r");
    terminal.see("s, waits for the terminal, process ");
    terminal.type_keys("\x0cfg 0\r");
    terminal.see("fg 0\non");
    terminal.type_keys("it\r");
    terminal.see("it\ngot it\nIn [4]:");
    terminal.type_keys("log 0\r");
    terminal.see("log 0\nup\non\nit\ngot it\nIn [5]:");
}

#[test]
fn another_screen_is_left_and_come_back_to_and_is_not_in_the_log() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys(
        "!echo before; printf '\\033[?1049h\\033[H\\033[?25lediting'; read a; printf '\\033[?1049l'; echo after\r",
    );
    terminal.see_screen("editing");
    terminal.type_keys(CTRL_Z);
    terminal.see("before\n");
    terminal.see("Job #0 waits for the terminal");
    assert!(!terminal.screen().contains("\nediting"), "{}", terminal.screen());
    terminal.type_keys("fg 0\r");
    terminal.see_screen("");
    terminal.type_keys("\r");
    terminal.see("after\nIn [3]:");
    terminal.type_keys("\x0clog 0\r");
    terminal.see("log 0\nbefore\nafter\nIn [4]:");
}

#[test]
fn the_terminal_is_as_it_was_after_a_command_that_was_killed() {
    // The command, and then its supervisor.
    for victim in ["$$", "$PPID"] {
        let home = Home::new();
        let mut terminal = Terminal::of_size(&home, 24, 80);
        terminal.type_keys(&format!(
            "!stty -echo raw; printf '\\033[?1049h\\033[?25l\\033[2;5rediting'; kill -9 {victim}; sleep 100\r"
        ));
        terminal.see("In [2]:");
        assert!(!terminal.screen().contains("\nediting"), "{}", terminal.screen());
        assert!(!terminal.hides_cursor());
        terminal.type_keys("print('x'); sleep(0.05)\r6 * 7\r");
        terminal.see("\nx\n");
        terminal.see("Out[3]: 42\nIn [4]:");
    }
}

#[test]
fn the_prompt_begins_in_the_first_column_whatever_mode_a_command_leaves() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!stty raw; echo 'no return'\r");
    terminal.see("'no return'\nno return\nIn [2]:");
    terminal.type_keys("6 * 7\r");
    terminal.see("\nIn [2]: 6 * 7\nOut[2]: 42\nIn [3]:");
    terminal.type_keys("\x0c!stty raw; echo 'no return'; exit 3\r");
    terminal.see_screen("In [3]: !stty raw; echo 'no return'; exit 3\nno return\nexit status 3\nIn [4]:");
}

#[test]
fn a_command_follows_the_size_of_the_window() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.01; done\r");
    terminal.see("\nup");
    // What is typed is echoed once the command has its terminal.
    terminal.type_keys("x");
    terminal.see("\nup\nx");
    terminal.resize(30, 100);
    terminal.see("30 100");
}

#[test]
fn a_shell_asked_to_leave_restores_the_terminal_that_a_command_has() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!printf '\\033[?1049hediting'; read a\r");
    terminal.see_screen("editing");
    terminal.terminate();
    assert_eq!(terminal.end().code(), Some(143));
    assert!(terminal.screen().starts_with("In [1]: !printf"), "{}", terminal.screen());
}

#[test]
fn a_command_in_the_background_reads_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!test -t 0 || cat; echo read &\r");
    terminal.see("Completed jobs:\n0 : test -t 0 || cat; echo read\nIn [2]:");
}
