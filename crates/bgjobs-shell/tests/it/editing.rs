//! Keys that edit the line, and earlier lines.

use std::fs;

use crate::terminal::{Home, Terminal};

const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";
const ESC: &str = "\x1b";
const LAST_WORD: &str = "\x1b.";

/// A terminal whose startup file chooses the keys of vi, on a screen with nothing but the prompt.
fn with_vi(home: &Home) -> Terminal {
    fs::create_dir_all(home.0.join(".config/bgjobs")).expect("the folder was made for this test");
    fs::write(home.0.join(".config/bgjobs/init.rhai"), "edit_mode vi\n").expect("the folder was just made");
    Terminal::new(home)
}

/// Types keys one by one, as a person does: Esc and what follows at once would be Alt. Each Esc ends the insert mode.
fn type_one_by_one(terminal: &mut Terminal, keys: &[&str]) {
    let (bar, block) = ("\x1b[6 q", "\x1b[2 q");
    for key in keys {
        if *key == ESC {
            terminal.see_written_after(bar, block);
        }
        terminal.type_keys(key);
        if *key == ESC {
            terminal.see_written_after(block, bar);
        }
    }
}

#[test]
fn alt_dot_inserts_the_last_word_of_the_line_before_and_then_of_those_before_it() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("[1, 2].len()\r'alpha beta'\r6 * 7\r");
    terminal.see("Out[3]: 42\nIn [4]:");
    terminal.type_keys(&format!("8 * {LAST_WORD}"));
    terminal.see("In [4]: 8 * 7");
    terminal.type_keys(LAST_WORD);
    terminal.see("In [4]: 8 * 'alpha beta'");
    // There is none before the oldest.
    terminal.type_keys(&[LAST_WORD; 3].concat());
    terminal.see("In [4]: 8 * [1, 2].len()");
    // Another key ends it, and it begins anew.
    terminal.type_keys(&format!(" + {LAST_WORD}\r"));
    terminal.see("In [4]: 8 * [1, 2].len() + 7\nOut[4]: 23\nIn [5]:");
}

#[test]
fn up_moves_through_the_lines_of_an_entry_and_then_to_the_entry_before() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("'oldest'\r[1,\r2,\r3]\r[4,\r5]\r");
    terminal.see("Out[3]: [4, 5]\nIn [4]:");
    terminal.type_keys("\x0c");
    terminal.see_screen("In [4]:");
    terminal.type_keys(UP);
    terminal.see_screen("In [4]: [4,\n   ...: 5]");
    terminal.type_keys(&[UP, UP].concat());
    terminal.see_screen("In [4]: [1,\n   ...: 2,\n   ...: 3]");
    terminal.type_keys(&[UP, UP, UP].concat());
    terminal.see_screen("In [4]: 'oldest'");
    terminal.type_keys(DOWN);
    terminal.see_screen("In [4]: [1,\n   ...: 2,\n   ...: 3]");
    // What is changed in the middle counts, wherever the cursor is.
    terminal.type_keys(&format!("{UP}\x011\r"));
    terminal.see("Out[4]: [1, 12, 3]");
}

#[test]
fn alt_keys_that_were_typed_ahead_are_the_same_keys() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("!echo up; until [ -e go ]; do :; done # 7\r");
    terminal.see("# 7\nup");
    terminal.type_keys(&format!("6 * {LAST_WORD}\r"));
    fs::write(home.0.join("go"), "").expect("the folder was made for this test");
    terminal.see("In [2]: 6 * 7\nOut[2]: 42");
}

#[test]
fn what_is_selected_is_shown_and_typed_over() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("6 * 89\x1b[1;2D\x1b[1;2D");
    terminal.see_written("\x1b[7m89\x1b[0m");
    terminal.type_keys("7\r");
    terminal.see("In [1]: 6 * 7\nOut[1]: 42");
}

#[test]
fn the_keys_of_vi_edit_the_line_and_the_cursor_shows_the_mode() {
    let home = Home::new();
    let mut terminal = with_vi(&home);
    terminal.see_written("\x1b[6 q");
    terminal.type_keys("60 * 70");
    // Each line begins in insert mode, and where it ends the cursor is the user's own.
    type_one_by_one(&mut terminal, &[ESC, "hx", "0lx", "A", " + 1\r"]);
    terminal.see("In [1]: 6 * 0 + 1\nOut[1]: 1\nIn [2]:");
    assert!(terminal.written().contains("\x1b[0 q"), "{:?}", terminal.written());
    terminal.type_keys("one two three");
    type_one_by_one(&mut terminal, &[ESC, "bdw", "bcwtwice", ESC, "uu", "0i'", ESC, "A'\r"]);
    terminal.see("Out[2]: \"one two \"\nIn [3]:");
    type_one_by_one(&mut terminal, &["6 *", ESC, "a 7", ESC, "\r"]);
    terminal.see("Out[3]: 42\nIn [4]:");
}

#[test]
fn in_vi_history_and_search_are_at_hand_in_normal_mode() {
    let home = Home::new();
    let mut terminal = with_vi(&home);
    terminal.type_keys("6 * 7\r[1,\r2]\r");
    terminal.see("Out[2]: [1, 2]\nIn [3]:");
    type_one_by_one(&mut terminal, &["", ESC, "kkk"]);
    terminal.see("In [3]: 6 * 7");
    type_one_by_one(&mut terminal, &["jj", "/6 *"]);
    terminal.see("In [3] (search: 6 *) 6 * 7");
    // It ends where it began, in normal mode.
    terminal.type_keys("\rr8\r");
    terminal.see("Out[3]: 48\nIn [4]:");
    terminal.type_keys("\x12[1");
    terminal.see("In [4] (search: [1) [1,");
    terminal.type_keys("\r.len()\r");
    terminal.see("Out[4]: 2\nIn [5]:");
}

#[test]
fn in_vi_what_is_selected_is_deleted() {
    let home = Home::new();
    let mut terminal = with_vi(&home);
    terminal.type_keys("6 * 890");
    type_one_by_one(&mut terminal, &[ESC, "vh"]);
    terminal.see_written("\x1b[7m90\x1b[0m");
    terminal.type_keys("d");
    terminal.see("In [1]: 6 * 8");
    terminal.type_keys("r7\r");
    terminal.see("In [1]: 6 * 7\nOut[1]: 42");
}

#[test]
fn the_edit_mode_is_shown_and_changed_at_the_prompt() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("edit_mode\redit_mode nano\redit_mode vi\redit_mode\r");
    terminal.see("emacs\n");
    terminal.see("`nano` is no edit mode; there are emacs and vi\n");
    terminal.see("In [4]: edit_mode\nvi\nIn [5]:");
    terminal.type_keys("6 * 8");
    type_one_by_one(&mut terminal, &[ESC, "r7\r"]);
    terminal.see("Out[5]: 42\nIn [6]:");
    terminal.type_keys("edit_mode emacs\r6 * 8\x1b[D\x1b[3~7\r");
    terminal.see("Out[7]: 42");
}

#[test]
fn a_shell_that_is_asked_to_leave_gives_the_cursor_its_shape_back() {
    let home = Home::new();
    let mut terminal = with_vi(&home);
    terminal.see_written("\x1b[6 q");
    terminal.terminate();
    assert_eq!(terminal.end().code(), Some(143));
    assert!(terminal.written().rfind("\x1b[0 q") > terminal.written().rfind("\x1b[6 q"), "{:?}", terminal.written());
}
