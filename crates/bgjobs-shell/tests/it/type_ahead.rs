//! What is typed while something else runs, on a terminal that answers no questions.

use std::fs;

use crate::terminal::{Home, Terminal};

/// A line that runs until a file called `go` exists.
const UNTIL_GO: &str = "print('it ' + 'runs'); while !list_dir('.').contains('go') { sleep(0.01) }";

/// A command that ends at a request only once a file called `go` exists.
const STUBBORN: &str = "!trap '' TERM; echo it runs; while [ ! -e go ]; do sleep 0.01; done";

const FIVE_LINES: &str = "x = 1\rx += 10\rx += 100\r!echo $((x + 1)) and\\\r more\rx\r";

fn go(home: &Home) {
    fs::write(home.0.join("go"), "").expect("the folder was made for this test");
}

#[test]
fn lines_typed_while_a_line_runs_are_all_answered() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("{UNTIL_GO}\r"));
    terminal.see("it runs");
    terminal.type_keys(FIVE_LINES);
    go(&home);
    terminal.see("1 and more\n");
    terminal.see("Out[6]: 111\nIn [7]:");
}

#[test]
fn lines_typed_while_a_command_runs_are_all_answered() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("{STUBBORN}\r"));
    terminal.see("sleep 0.01; done\nit runs");
    terminal.type_keys(FIVE_LINES);
    go(&home);
    terminal.see("Out[6]: 111\nIn [7]:");
}

#[test]
fn lines_typed_while_a_job_is_followed_are_all_answered() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("{STUBBORN} &\rfg 0\r"));
    terminal.see("sleep 0.01; done\nit runs");
    terminal.type_keys(FIVE_LINES);
    go(&home);
    terminal.see("Out[7]: 111\nIn [8]:");
}

// It takes as long as a command may take to end at a request.
#[test]
fn lines_typed_while_a_job_is_killed_are_all_answered() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("{STUBBORN} &\r"));
    terminal.see("In [2]:");
    terminal.type_keys("kill 0\r");
    terminal.see("In [2]: kill 0\n");
    terminal.type_keys(FIVE_LINES);
    terminal.see("Out[7]: 111\nIn [8]:");
}

#[test]
fn a_function_pasted_while_a_line_runs_is_one_entry() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("{UNTIL_GO}\r"));
    terminal.see("it runs");
    terminal.type_keys("fn f(n) {\n  n * 2\n}\nf(21)\n");
    go(&home);
    terminal.see("In [2]: fn f(n) {\n   ...:   n * 2\n   ...: }\nIn [3]: f(21)\nOut[3]: 42\nIn [4]:");
}

#[test]
fn many_lines_at_once_are_all_answered_whatever_ends_them() {
    for end in ["\r", "\n"] {
        let home = Home::new();
        let mut terminal = Terminal::new(&home);
        let lines: Vec<_> = (0..200).map(|n| format!("n = {n}{end}")).collect();
        terminal.type_keys(&format!("{}n{end}", lines.concat()));
        terminal.see("Out[201]: 199\nIn [202]:");
    }
}

#[test]
fn keys_typed_ahead_edit_the_next_line() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    // Ctrl-D lists what runs, and what follows it is typed at the next prompt.
    terminal.type_keys("sleep(100000) &\r\x046 * 8\x1b[D4\x7f\x1b[3~7\r\x1b[A\r");
    terminal.see("1 job is running:\n0 : sleep(100000)\n");
    terminal.see("In [2]: 6 * 7\nOut[2]: 42\nIn [3]: 6 * 7\nOut[3]: 42\nIn [4]:");
}

#[test]
fn the_terminal_is_asked_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("[1,\r2]\r!echo x\rjobs.ne\t\r");
    terminal.see("In [4]:");
    let questions = ["\x1b[6n", "\x1b[5n", "\x1b[c", "\x1b[?u"];
    assert!(!questions.iter().any(|question| terminal.written().contains(question)), "{:?}", terminal.written());
}
