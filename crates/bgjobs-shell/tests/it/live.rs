//! Output as it comes: unfinished lines, and lines that change, on a terminal and elsewhere.

use std::fs;

use expect_test::expect;

use crate::{
    binary,
    terminal::{Home, Terminal},
};

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// Shell code that waits until the file `go` exists.
const WAIT: &str = "while ! test -e go; do sleep 0.01; done";

/// Lets commands go on that wait.
fn go(home: &Home) {
    fs::write(home.0.join("go"), "").expect("the folder was made for this test");
}

#[test]
fn a_question_of_the_foreground_is_visible_before_its_line_ends() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("!printf 'Overwrite? '; {WAIT}; printf yes\r"));
    terminal.see("\nOverwrite?");
    go(&home);
    terminal.see("\nOverwrite? yes\nIn [2]:");
}

#[test]
fn a_bar_in_the_foreground_is_one_line_that_changes() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("!printf '10%%\\r20%%'; {WAIT}; printf '\\r100%%\\n'\r"));
    terminal.see("\n20%");
    go(&home);
    terminal.see("\n100%\nIn [2]:");
    assert!(!terminal.screen().contains("20%\n"), "{}", terminal.screen());
}

#[test]
fn fg_and_log_f_show_the_unfinished_line_of_a_job_and_change_it_in_place() {
    let home = Home::new();
    for (follow, shown, prefix) in [("fg 0", "fg 0\nJob #0: ", ""), ("log 0 -f", "log 0 -f", "! ")] {
        let _ = fs::remove_file(home.0.join("go"));
        let mut terminal = Terminal::new(&home);
        terminal.type_keys(&format!("!echo up >&2; printf '10%%\\r20%%' >&2; {WAIT}; printf '\\r100%%\\n' >&2 &\r"));
        terminal.see("Out[1]: <BackgroundJob #0");
        terminal.type_keys(&format!("{follow}\r"));
        terminal.see(shown);
        terminal.see(&format!("\n{prefix}up\n{prefix}20%"));
        go(&home);
        terminal.see(&format!("\n{prefix}up\n{prefix}100%\n"));
    }
}

#[test]
fn the_wait_for_a_job_can_end_in_the_middle_of_its_line() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("!printf 'Overwrite? '; {WAIT} &\r"));
    terminal.see("Out[1]:");
    terminal.type_keys("fg 0\r");
    terminal.see("\nOverwrite?");
    terminal.type_keys(CTRL_Z);
    terminal.see("\nOverwrite? ^Z\nJob #0 goes on in the background");
    terminal.type_keys("log 0 -f\r");
    terminal.see("log 0 -f\nOverwrite?");
    terminal.type_keys(CTRL_C);
    terminal.see("log 0 -f\nOverwrite? ^C\nIn [4]:");
}

#[test]
fn what_was_printed_before_ctrl_z_is_in_the_log_and_fg_does_not_show_it_again() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("fn fit(n) { print('begun'); sleep(n); n * n }\rfit(50)\r");
    terminal.see("\nbegun");
    terminal.type_keys(CTRL_Z);
    terminal.see("Job #0 goes on in the background: fit(50)");
    terminal.type_keys("jobs\r");
    terminal.see("last line: begun");
    terminal.type_keys("fg 0\r");
    terminal.see("fg 0\nJob #0: fit(50)");
    terminal.type_keys(CTRL_Z);
    terminal.see("fg 0\nJob #0: fit(50)\n^Z\nJob #0 goes on");
    terminal.type_keys("log 0\r");
    terminal.see("log 0\nbegun\nIn [6]:");
}

#[test]
fn the_newest_line_of_a_job_is_the_unfinished_one() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys(&format!("!echo up; printf '10%%\\r20%%'; {WAIT} &\r"));
    terminal.see("Out[1]:");
    terminal.type_keys("while jobs[0].pending == [] { sleep(0.01) }\r");
    terminal.see("In [3]:");
    terminal.type_keys("[jobs[0].log, jobs[0].pending, jobs[0].log(#{last: 1})]\r");
    terminal.see(r#"Out[3]: [["up", "20%"], ["20%"], ["20%"]]"#);
    terminal.type_keys("log 0 -n 1\r");
    terminal.see("log 0 -n 1\n20%\nIn [5]:");
    terminal.type_keys("jobs\r");
    terminal.see("last line: 20%");
    terminal.type_keys("?0\r");
    terminal.see("    up\n    20%\n");
}

#[test]
fn colours_are_shown_on_a_terminal_unless_unwanted_and_never_in_lists() {
    let home = Home::new();
    for (no_color, shown) in [("", "\x1b[31mred \\u{1b}[2J!\x1b[0m"), ("1", "red \\u{1b}[2J!")] {
        let mut terminal = Terminal::with(&home, &[("TERM", "xterm-256color"), ("NO_COLOR", no_color)]);
        terminal.type_keys("!printf '\\033[31mred \\033[2J!\\n' &\r");
        terminal.see("Completed jobs:");
        terminal.type_keys("jobs\r");
        terminal.see("1 new line: red \\u{1b}[2J!");
        for line in ["fg 0", "log 0"] {
            terminal.type_keys(&format!("{line}\r"));
            terminal.see(&format!("{line}\nred \\u{{1b}}[2J!\n"));
        }
        assert_eq!(terminal.written().matches(shown).count(), 2 + usize::from(no_color == "1"), "{no_color}");
    }
    // The output of a job is passed on as it is; a view of its log is not.
    binary::check(
        &[],
        "!printf '\\033[31mred\\033[0m\\n' &\nwait\nfg 0\nlog 0\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: <BackgroundJob #0: printf '\033[31mred\033[0m\n'>
            \e[31mred\e[0m
            red
            -- err
            Completed jobs:
            0 : printf '\033[31mred\033[0m\n'
        "#]],
    );
}

#[test]
fn without_a_terminal_an_unfinished_line_is_shown_as_it_was_printed() {
    binary::check(
        &[],
        "!printf 'a\\nb'\n!printf 'c\\rd\\n' &\nwait\nfg 0\nlog 0\n!printf 'no end' >&2\n",
        expect![[r#"
            exit 0
            -- out
            a
            b
            Out[2]: <BackgroundJob #0: printf 'c\rd\n'>
            c\rd
            d
            -- err
            Completed jobs:
            0 : printf 'c\rd\n'
            no end
        "#]],
    );
}
