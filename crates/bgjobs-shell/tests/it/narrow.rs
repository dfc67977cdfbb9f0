//! What a narrow terminal shows: lines are cut or broken by its columns.

use crate::terminal::{Home, Terminal};

#[test]
fn a_long_line_of_source_is_cut_around_its_caret() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 40);
    let line = "let whole = [1, 2, 3]; let parts = whole.len(); whole[0] / (parts - 3) + whole[1] * 2";
    terminal.type_keys(&format!("fn f() {{ {line} }}\rjobs.new(f).join()\r"));
    terminal.see("In [3]:");
    for shows in ["jobs.traceback(0)", "debug 0"] {
        terminal.type_keys(&format!("\x0c{shows}\r"));
        terminal.see("\n    ….len(); whole[0] / (parts - 3) + w…\n                      ^\n");
    }
    terminal.type_keys("quit\r");
    terminal.see("In [");
    terminal.type_keys(&format!("\x0c{line}\r"));
    terminal.see("\n    ….len(); whole[0] / (parts - 3) + w…\n                      ^\nDivision by zero: 1 / 0");
}

#[test]
fn what_failed_in_a_sweep_and_why_is_told_between_words() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 40);
    terminal.type_keys("fn f(n) { if n % 9 == 5 { throw `no rows in part ${n} of the table of last year` } }\r");
    terminal.see("In [2]:");
    terminal.type_keys("\x0cfor n in 0..30 { jobs.new(f, n) }; for job in jobs.all.values() { job.join() }\r");
    terminal.see("30 jobs have ended: 27 done, 3 failed\n  (#5; #14; #23); `jobs failed` says why\nIn [3]:");
    terminal.type_keys("\x0cjobs failed\r");
    terminal.see("no rows in part 5\n      of the table of last year\n14 : f(14)");
}
