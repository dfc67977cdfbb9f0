//! Programs that people use at a terminal, on a wide and on a narrow one; each test is skipped where its program is missing.

use std::{
    env, fs,
    io::{self, Write},
    process::Command,
};

use crate::terminal::{Home, Terminal, unwrapped};

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// The widths that each is tried in.
const COLUMNS: [u16; 2] = [80, 40];

/// Whether a program can be started.
fn is_there(program: &str, argument: &str) -> bool {
    let is_there = Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success());
    if !is_there {
        let _ = writeln!(io::stderr(), "skipped: `{program} {argument}` does not work here");
    }
    is_there
}

#[test]
fn vi_edits_a_file_with_a_look_at_the_jobs_between() {
    if !is_there("vi", "--version") {
        return;
    }
    for columns in COLUMNS {
        let home = Home::new();
        let mut terminal = Terminal::of_size(&home, 24, columns);
        terminal.type_keys("!vi notes\r");
        terminal.see("~\n~\n~");
        terminal.type_keys("ione\rtwo\x1b");
        terminal.see("one\ntwo\n~");
        terminal.type_keys(CTRL_Z);
        terminal.see_as_part("Job #0 waits for the terminal, which `fg 0` gives it: vi notes", unwrapped);
        assert!(!terminal.screen().contains("~\n~"), "{}", terminal.screen());
        terminal.type_keys("jobs\r");
        terminal.see_as_part("0 : vi notes", unwrapped);
        terminal.type_keys("fg\r");
        terminal.see("one\ntwo\n~");
        terminal.type_keys("Othree\x1b:wq\r");
        terminal.see("In [4]:");
        assert_eq!(fs::read_to_string(home.0.join("notes")).ok().as_deref(), Some("one\nthree\ntwo\n"));
        terminal.type_keys("6 * 7\r");
        terminal.see("Out[4]: 42");
    }
}

#[test]
fn less_pages_and_comes_back() {
    if !is_there("less", "--version") {
        return;
    }
    for columns in COLUMNS {
        let home = Home::new();
        let lines: Vec<_> = (1..=100).map(|n| format!("line {n}\n")).collect();
        fs::write(home.0.join("lines"), lines.concat()).expect("the folder was made for this test");
        let mut terminal = Terminal::of_size(&home, 24, columns);
        terminal.type_keys("!less lines\r");
        terminal.see("line 23\n");
        terminal.type_keys(" ");
        terminal.see("line 46\n");
        terminal.type_keys(CTRL_Z);
        terminal.see_as_part("which `fg 0` gives it: less lines", unwrapped);
        terminal.type_keys("fg 0\r");
        terminal.see("line 46\n");
        terminal.type_keys("G");
        terminal.see("line 100\n");
        terminal.type_keys("q");
        terminal.see("In [3]:");
    }
}

#[test]
fn top_goes_on_where_it_was() {
    if !is_there("top", "-v") {
        return;
    }
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    terminal.type_keys("!top -d 0.2\r");
    terminal.see("PID USER");
    terminal.type_keys(CTRL_Z);
    terminal.see("which `fg 0` gives it: top");
    terminal.type_keys("\x0c");
    terminal.see_screen("In [2]:");
    terminal.type_keys("fg\r");
    terminal.see("PID USER");
    // The clock in its first line goes on once it has the terminal; it forgets what was typed before.
    let first = |screen: &str| screen.lines().next().unwrap_or_default().to_owned();
    let then = first(&terminal.screen());
    terminal.see_as_part("true", |screen| (first(screen) != then).to_string());
    terminal.type_keys("q");
    terminal.see("In [3]:");
}

#[cfg(target_os = "linux")]
#[test]
fn the_prompt_of_python_is_told_to_wait_though_it_does_not_read_yet() {
    if !is_there("python3", "-cimport readline") {
        return;
    }
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 80);
    let python = env::var("PYENV_ROOT").map_or_else(|_| String::new(), |root| format!("PYENV_ROOT='{root}' "));
    terminal.type_keys(&format!("!{python}PYTHON_BASIC_REPL=1 python3 -q\r"));
    terminal.see("\n>>>");
    terminal.type_keys("n = 6\r");
    terminal.see("n = 6\n>>>");
    terminal.type_keys(CTRL_Z);
    terminal.see("Job #0 goes on in the background:");
    terminal.see("Job #0 waits for the terminal, which `fg 0` gives it:");
    terminal.type_keys("jobs\r");
    terminal.see("s, waits for the terminal, process ");
    terminal.type_keys("fg\rn * 7\r");
    terminal.see("42\n>>>");
    terminal.type_keys("\x04");
    terminal.see("In [4]:");
}

#[test]
fn a_password_is_not_shown_and_ctrl_c_leaves_its_prompt() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 120);
    let asks = "!stty -echo; printf 'Password: '; read p; stty echo; echo; echo ${#p} keys\r";
    terminal.type_keys(asks);
    terminal.see("\nPassword:");
    terminal.type_keys("secret\r");
    terminal.see("6 keys\nIn [2]:");
    assert!(!terminal.written().contains("secret"), "{:?}", terminal.written());
    terminal.type_keys("\x0c");
    terminal.see_screen("In [2]:");
    terminal.type_keys(asks);
    terminal.see("${#p} keys\nPassword:");
    terminal.type_keys(CTRL_C);
    terminal.see("In [3]:");
    terminal.type_keys("6 * 7\r");
    terminal.see("In [3]: 6 * 7\nOut[3]: 42");
}
