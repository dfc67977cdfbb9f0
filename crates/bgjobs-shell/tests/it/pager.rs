//! Logs and lists that are longer than the screen.

use std::process::{Command, Stdio};

use crate::terminal::{Home, Terminal};

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// A terminal with a log of as many lines, whose pager is this; the screen shows only the prompt of line 4.
fn with_log(home: &Home, lines: usize, pager: &str) -> Terminal {
    let mut terminal = Terminal::of_size(home, 24, 80);
    terminal.type_keys(&format!("set_env('PAGER', `{pager}`)\r"));
    terminal.type_keys("fn lines(n) { for i in 1..=n { print('line ' + i) } }\r");
    terminal.type_keys(&format!("lines({lines}) &\r"));
    terminal.see(&format!("Completed jobs:\n0 : lines({lines})\nIn [4]:"));
    terminal.type_keys("\x0c");
    terminal.see_screen("In [4]:");
    terminal
}

#[test]
fn a_log_longer_than_the_screen_is_shown_in_the_pager_and_a_shorter_one_is_not() {
    let home = Home::new();
    let mut terminal = with_log(&home, 22, "sed s/^/paged:/");
    terminal.type_keys("log 0\r");
    terminal.see("In [4]: log 0\nline 1\n");
    terminal.see("line 22\nIn [5]:");
    terminal.type_keys("lines(23) &\r");
    terminal.see("Completed jobs:\n1 : lines(23)\nIn [6]:");
    terminal.type_keys("log 1\r");
    terminal.see("paged:line 23\nIn [7]:");
    terminal.type_keys("\x0clog 1 -n 5\r");
    terminal.see("In [7]: log 1 -n 5\nline 19\n");
    // A line may take several rows.
    terminal.type_keys("x = ''; x.pad(80 * 23, 'x'); print(x); loop {}\r");
    terminal.see(&"x".repeat(80));
    terminal.type_keys(&format!("{CTRL_Z}log 2\r"));
    terminal.see_written("paged:xxx");
}

#[test]
fn all_jobs_are_listed_in_the_pager_and_a_list_that_fits_is_cut() {
    let home = Home::new();
    let mut terminal = with_log(&home, 1, "sed s/^/paged:/");
    terminal.type_keys("for i in 0..30 { jobs.new('1') }; for job in jobs.all.values() { job.join() }\r");
    terminal.see("In [5]:");
    terminal.type_keys("jobs -a\r");
    terminal.see("paged:30 : 1\n");
    terminal.type_keys("\x0cjobs\r");
    terminal.see("more before; `jobs -a` lists all\n");
}

#[test]
fn a_value_a_help_or_a_timeline_longer_than_the_screen_is_shown_in_the_pager() {
    let home = Home::new();
    let mut terminal = with_log(&home, 1, "sed s/^/paged:/ | cut -c 1-40 | tail -n 2");
    let mut count = 4;
    for (line, told) in [
        ("let a = []; for n in 0..1000 { a.push(n) }; a", "paged:Out[4]: [0, 1, 2"),
        ("let s = ''; s.pad(3000, 'x'); s", "paged:Out[5]: \"xxx"),
        ("for i in 0..30 { jobs.new('1') }; for job in jobs.all.values() { job.join() }", ""),
        ("timeline", "paged:#30 1"),
        ("jobs -a", "paged:30 : 1"),
        ("help kill", "In [9]: help kill\nkill ["),
        ("?log", "paged:"),
        ("6 * 7", "Out[11]: 42"),
    ] {
        terminal.type_keys(&format!("\x0c{line}\r"));
        count += 1;
        terminal.see(&format!("In [{count}]:"));
        assert!(terminal.screen().contains(told), "{line}: {}", terminal.screen());
    }
}

#[test]
fn what_is_typed_ahead_is_not_for_the_pager() {
    let home = Home::new();
    let mut terminal = with_log(&home, 100, "cat >/dev/null; echo pa''ged; head -n 1 </dev/tty");
    terminal.type_keys("sleep(0.2)\rlog 0\rprint('then ' + 'this')\r");
    terminal.see("line 100\nIn [6]: print('then ' + 'this')\nthen this\nIn [7]:");
    assert!(!terminal.written().contains("paged"), "{}", terminal.written());
}

#[test]
fn without_a_pager_everything_is_shown_at_once() {
    for (pager, told) in [("", "line 1\r\n"), ("missing-pager", "missing-pager: ")] {
        let home = Home::new();
        let mut terminal = with_log(&home, 100, pager);
        terminal.type_keys("log 0\r");
        terminal.see("line 99\nline 100\nIn [5]:");
        assert!(terminal.written().contains(told), "{:?}", terminal.written());
    }
}

#[test]
fn ctrl_z_gives_the_prompt_back_from_a_pager_and_ctrl_c_is_for_the_pager() {
    let home = Home::new();
    let pager = "trap 'echo caught' INT; stty -echo </dev/tty; printf paging; while :; do read a </dev/tty; done";
    let mut terminal = with_log(&home, 100, pager);
    terminal.type_keys("log 0\r");
    terminal.see("paging");
    terminal.type_keys(CTRL_C);
    terminal.see("pagingcaught");
    terminal.type_keys(CTRL_Z);
    terminal.see("In [5]:");
    // The terminal echoes again what is typed while a line runs.
    terminal.type_keys("print('it ' + 'runs'); loop {}\r");
    terminal.see("it runs");
    terminal.type_keys("echoed");
    terminal.see("it runs\nechoed");
    terminal.type_keys(CTRL_C);
    terminal.see("In [6]:");
}

#[test]
fn what_is_not_shown_when_the_user_leaves_the_pager_is_left_out() {
    let home = Home::new();
    let mut terminal = with_log(&home, 10_000, "head -n 2");
    terminal.type_keys("log 0\r");
    terminal.see_screen("In [4]: log 0\nline 1\nline 2\nIn [5]:");
}

#[test]
fn without_a_terminal_there_is_no_pager() {
    let text = "fn lines(n) { for i in 1..=n { print('line ' + i) } }\nlines(100) &\nwait\nlog 0\njobs -a";
    let output = Command::new(env!("CARGO_BIN_EXE_bgjobs"))
        .args(["-c", text])
        .env("PAGER", "sed s/^/paged:/")
        .stdin(Stdio::null())
        .output()
        .expect("the shell was built for this test");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("line 100\n") && !shown.contains("paged"), "{shown}");
}

#[test]
fn what_a_job_prints_drives_no_terminal_in_the_pager() {
    let home = Home::new();
    let mut terminal = with_log(&home, 1, "cat");
    terminal.type_keys("fn all(n) { for i in 1..=n { print(\"\\x1b[31mred\\x1b]0;title\\x07\\x1b[2J \" + i) } }\r");
    terminal.type_keys("all(50) &\r");
    terminal.see("1 : all(50)\nIn [6]:");
    terminal.type_keys("log 1\r");
    terminal.see("red\\u{1b}]0;title\\u{7}\\u{1b}[2J 50\nIn [7]:");
    terminal.see_written("\x1b[31mred\\u{1b}]0;title\\u{7}\\u{1b}[2J 50\x1b[0m");
    assert!(!terminal.written().contains("\x1b]0;"), "{:?}", terminal.written());
}

#[test]
fn less_is_the_pager_where_no_other_is_named() {
    if !Command::new("less").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return;
    }
    let home = Home::new();
    let mut terminal = with_log(&home, 100, "");
    terminal.type_keys("set_env('PAGER', ())\r\x0clog 0\r");
    terminal.see("line 23\n:");
    terminal.type_keys(" ");
    terminal.see("line 46\n:");
    terminal.type_keys("q");
    terminal.see("In [6]:");
    terminal.type_keys("6 * 7\r");
    terminal.see("Out[6]: 42");
}
