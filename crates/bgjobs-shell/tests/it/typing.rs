//! The shell on a terminal: what is typed, and what the screen shows.

use std::fs;

use crate::terminal::{Home, Terminal};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const UP: &str = "\x1b[A";
const LEFT: &str = "\x1b[D";
const TAB: &str = "\t";

/// Makes jobs that run until a file called `go` exists.
const UNTIL_GO: &str = "fn until_go(n) { while !list_dir('.').contains('go') { sleep(0.01) } n }";

/// A terminal where job 0 runs until [`go`] is called, and the screen shows only the prompt.
fn with_job(home: &Home) -> Terminal {
    let mut terminal = Terminal::new(home);
    terminal.type_keys(&format!("{UNTIL_GO}\r"));
    terminal.see("In [2]:");
    terminal.type_keys("until_go(1) &\r");
    terminal.see("In [3]:");
    terminal.type_keys("\x0c");
    terminal.see_screen("In [3]:");
    terminal
}

fn go(home: &Home) {
    fs::write(home.0.join("go"), "").expect("the folder was made for this test");
}

#[test]
fn a_typed_line_is_answered() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("6 * 8{LEFT}4\x7f\x1b[3~7\r"));
    terminal.see_screen("In [1]: 6 * 7\nOut[1]: 42\nIn [2]:");
}

#[test]
fn a_line_continues_while_a_bracket_is_open() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("[1,\r");
    terminal.see("   ...:");
    terminal.type_keys("2]\r");
    terminal.see_screen("In [1]: [1,\n   ...: 2]\nOut[1]: [1, 2]\nIn [2]:");
}

#[test]
fn ctrl_c_stops_an_evaluation() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("print('it ' + 'runs'); loop {}\r");
    terminal.see("it runs");
    terminal.type_keys(CTRL_C);
    terminal.see("interrupted");
    terminal.see("In [2]:");
    terminal.type_keys("6 * 7\r");
    terminal.see("Out[2]: 42");
}

#[test]
fn ctrl_c_clears_a_line() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("never(");
    terminal.see("In [1]: never(");
    terminal.type_keys(CTRL_C);
    terminal.see_screen("In [1]: never(\nIn [1]:");
    terminal.type_keys("6 * 7\r");
    terminal.see("Out[1]: 42");
}

#[test]
fn a_notice_appears_above_the_line_being_typed() {
    let home = Home::new();
    let mut terminal = with_job(&home);
    terminal.type_keys("6 * 8");
    terminal.see("In [3]: 6 * 8");
    go(&home);
    terminal.see_screen("Completed jobs:\n0 : until_go(1)\nIn [3]: 6 * 8");
    terminal.type_keys("\x7f7\r");
    terminal.see_screen("Completed jobs:\n0 : until_go(1)\nIn [3]: 6 * 7\nOut[3]: 42\nIn [4]:");
}

#[test]
fn a_notice_preserves_a_multi_line_entry_wherever_the_cursor_is() {
    let home = Home::new();
    let mut terminal = with_job(&home);
    terminal.type_keys("[1,\r2,\r3");
    terminal.see("   ...: 3");
    terminal.type_keys(&format!("{UP}{UP}"));
    go(&home);
    terminal.see_screen("Completed jobs:\n0 : until_go(1)\nIn [3]: [1,\n   ...: 2,\n   ...: 3");
    terminal.type_keys("0");
    terminal.see_screen("Completed jobs:\n0 : until_go(1)\nIn [3]: [01,\n   ...: 2,\n   ...: 3");
}

#[test]
fn a_notice_preserves_a_wrapped_line_of_wide_characters() {
    let home = Home::new();
    let mut terminal = with_job(&home);
    let wide = "日本".repeat(20);
    terminal.type_keys(&format!("\"{wide}\"\x01"));
    let (first, second) = wide.split_at("日".len() * 35);
    let line = format!("In [3]: \"{first}\n{second}\"");
    terminal.see_screen(&line);
    go(&home);
    terminal.see_screen(&format!("Completed jobs:\n0 : until_go(1)\n{line}"));
}

#[test]
fn a_notice_at_the_bottom_of_the_screen_scrolls() {
    let home = Home::new();
    let mut terminal = with_job(&home);
    terminal.resize(6, 80);
    terminal.type_keys("for i in 0..4 { print(i) }\r");
    terminal.see("In [4]:");
    terminal.type_keys("[1,\r2");
    terminal.see_screen("0\n1\n2\n3\nIn [4]: [1,\n   ...: 2");
    go(&home);
    terminal.see_screen("2\n3\nCompleted jobs:\n0 : until_go(1)\nIn [4]: [1,\n   ...: 2");
}

#[test]
fn jobs_that_end_during_an_evaluation_are_reported_once_after_it() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("jobs.new('1').join(); print('joined')\r");
    let seen = "joined\nCompleted jobs:\n0 : 1\nIn [2]:";
    terminal.see(seen);
    terminal.type_keys("6 * 7\r");
    terminal.see_screen(&format!("In [1]: jobs.new('1').join(); print('joined')\n{seen} 6 * 7\nOut[2]: 42\nIn [3]:"));
}

#[test]
fn very_many_jobs_that_end_together_are_counted() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("for i in 0..1000 { jobs.new('1') }; for job in jobs.all.values() { job.join() }\r");
    terminal.see("\n1000 jobs have ended: 1000 done\nIn [2]:");
    terminal.type_keys("jobs\r");
    terminal.see("Completed jobs:\n... 981 more before; `jobs -a` lists all\n981 : 1\n");
    terminal.see("999 : 1\n\nIn [3]:");
    terminal.type_keys("\x0cjobs done\r");
    terminal.see("Completed jobs:\n... 981 more before; `-a` lists all\n981 : 1\n");
}

#[test]
fn a_narrower_window_preserves_the_line() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("\"a line of text");
    terminal.see("of text");
    terminal.resize(24, 40);
    terminal.type_keys(", longer than the new width\"");
    terminal.see_screen("In [1]: \"a line of text, longer than the\n new width\"");
    terminal.type_keys(".len()\r");
    terminal.see("Out[1]: 41");
}

#[test]
fn several_pasted_lines_are_one_entry() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("\x1b[200~fn f(n) {\n  n * 2\n}\nf(21)\x1b[201~");
    terminal.see_screen("In [1]: fn f(n) {\n   ...:   n * 2\n   ...: }\n   ...: f(21)");
    terminal.type_keys("\r");
    terminal.see("Out[1]: 42");
}

#[test]
fn ctrl_d_leaves() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(CTRL_D);
    assert!(terminal.end().success());
}

#[test]
fn ctrl_d_lists_running_jobs_first_and_stops_them_when_pressed_again() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("sleep(100000) &\r");
    terminal.see("In [2]:");
    terminal.type_keys(CTRL_D);
    terminal
        .see("1 job is running:\n0 : sleep(100000)\nCtrl-D again stops it and leaves; `wait` waits for it.\nIn [2]:");
    terminal.type_keys(CTRL_D);
    assert!(terminal.end().success());
}

#[test]
fn a_closed_window_ends_the_shell() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("loop {} &\r");
    terminal.see("In [2]:");
    terminal.close();
    assert_eq!(terminal.end().code(), Some(129));
}

#[test]
fn a_shell_asked_to_leave_restores_the_terminal() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("half a li");
    terminal.see("half a li");
    terminal.terminate();
    assert_eq!(terminal.end().code(), Some(143));
    let marks_pastes = terminal.written().rfind("\x1b[?2004h");
    assert!(terminal.written().rfind("\x1b[?2004l") > marks_pastes, "{:?}", terminal.written());
}

#[test]
fn a_window_that_shrinks_and_grows_shows_the_line_once() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("'one line'");
    terminal.see("'one line'");
    for columns in [30, 20, 40, 80] {
        terminal.resize(24, columns);
        terminal.see_screen("In [1]: 'one line'");
    }
}

#[test]
fn a_line_higher_than_the_window_is_shown_around_the_cursor() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 4, 20);
    terminal.type_keys("\x1b[200~[1,\n2,\n3,\n4,\n5,\n6\x1b[201~");
    terminal.see_screen("   ...: 3,\n   ...: 4,\n   ...: 5,\n   ...: 6");
    terminal.type_keys("\x1b[1;5H");
    terminal.see_screen("In [1]: [1,\n   ...: 2,\n   ...: 3,\n   ...: 4,");
    terminal.type_keys("\x1b[1;5F].len()\r");
    terminal.see("Out[1]: 6\nIn [2]:");
}

#[test]
fn an_earlier_line_is_searched_for() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("6 * 7\r'six'\r6 * 8\r");
    terminal.see("In [4]:");
    terminal.type_keys("\x126 *");
    terminal.see("In [4] (search: 6 *) 6 * 8");
    terminal.type_keys("\x12");
    terminal.see("In [4] (search: 6 *) 6 * 7");
    terminal.type_keys("\r");
    terminal.see("In [4]: 6 * 7");
    terminal.type_keys("\r");
    terminal.see("Out[4]: 42");
}

#[test]
fn tab_completes_a_name() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("unmistakable = 42\r");
    terminal.see("In [2]:");
    terminal.type_keys(&format!("unmis{TAB}"));
    terminal.see("In [2]: unmistakable");
    terminal.type_keys("\r");
    terminal.see("Out[2]: 42");
}

#[test]
fn tab_changes_nothing_where_nothing_fits() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("'zzz'.zz{TAB}{TAB}1\x08\x08\x08\x08 + 'y'\r"));
    terminal.see_screen("In [1]: 'zzz' + 'y'\nOut[1]: \"zzzy\"\nIn [2]:");
}

#[test]
fn tab_after_a_command_offers_its_options_and_live_jobs_with_their_names() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("jobs.new('1').join()\r");
    terminal.see("In [2]:");
    for name in ["fit", "load"] {
        terminal.type_keys(&format!("jobs.start(|| sleep(1000), [], #{{name: '{name}'}});\r"));
    }
    terminal.see("In [4]:");
    terminal.type_keys(&format!("kill {TAB}"));
    terminal.see("In [4]: kill\n1  fit\n2  load");
    terminal.type_keys(&format!("{TAB}{TAB}"));
    terminal.see("In [4]: kill 2");
    terminal.type_keys(&format!("\r{CTRL_C}notices {TAB}"));
    terminal.see("summary  one line for all that ended");
    terminal.type_keys(&format!("{CTRL_C}log 1 --f{TAB}"));
    terminal.see("log 1 --follow");
    terminal.type_keys(&format!("{CTRL_C}jobs.start(f, [], #{{pri{TAB}1, da{TAB}{TAB}{TAB}"));
    terminal.see("jobs.start(f, [], #{priority: 1, daemon: true");
    terminal.type_keys(&format!("{CTRL_C}kil{TAB}{CTRL_C}ex{TAB}"));
    terminal.see("exists   Whether there is a file or a directory at that path.\nexit     Leaves,");
}

#[test]
fn tab_shows_the_candidates() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("choice = #{first_of_all: 1, first_of_none: 2}\r");
    terminal.see("In [2]:");
    terminal.type_keys(&format!("choice.firs{TAB}"));
    terminal.see("In [2]: choice.first_of_");
    terminal.see("first_of_all   first_of_none");
    terminal.type_keys(&format!("{TAB}{TAB}"));
    terminal.see("In [2]: choice.first_of_none\nfirst_of_all   first_of_none");
    terminal.type_keys("\r\r");
    terminal.see("Out[2]: 2\nIn [3]:");
}
