//! The startup file that the book shows.

use std::{fs, process::Command};

use crate::terminal::{Home, Terminal};

#[test]
fn the_startup_file_in_the_book_works() {
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/shell.md");
    let book = fs::read_to_string(book).expect("the book is in the repository");
    let (_, section) = book.split_once("## The startup file").expect("it has such a section");
    let (_, block) = section.split_once("```sh\n").expect("the section shows a file");
    let (script, _) = block.split_once("```").expect("the block ends");
    let home = Home::new();
    let made = Command::new("/bin/sh").args(["-c", script]).env("HOME", &home.0).status();
    assert!(made.expect("the system has a shell").success());
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("largest([3, 9, 4])\r");
    terminal.see("Out[1]: 9");
    // Nothing before this line: no error.
    assert!(terminal.written().starts_with("`help` shows what can be typed"), "{}", terminal.written());
}
