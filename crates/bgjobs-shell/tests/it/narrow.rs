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

#[test]
fn what_the_shell_says_breaks_between_words_and_values_stay_whole() {
    let home = Home::new();
    std::fs::create_dir_all(home.0.join(".config/bgjobs")).expect("the folder is new");
    std::fs::write(home.0.join(".config/bgjobs/init.rhai"), "notify ding\n").expect("the folder is new");
    let mut terminal = Terminal::of_size(&home, 24, 40);
    terminal.see("line 1: `ding` is not a kind of alert;\n  use bell, osc9");
    terminal.see("`help` shows what can be typed, Ctrl-D\n  leaves.\nIn [1]:");
    for (line, told) in [
        ("notify ding", "`ding` is not a kind of alert; use bell,\n  osc9 or osc777, each with a least run\n  time"),
        (
            "throw 'no rows in part 5 of the table of last year'",
            "^\nno rows in part 5 of the table of last\n  year\nIn [",
        ),
        ("sleep(5) &&", "Syntax error: Script is incomplete\n"),
        ("jobs.new('1').join(); jobs.traceback(0)", "job #0 is completed; only a job that\n  died has a traceback\n"),
        ("jobs.new('sleep(100)').time_limit", "Unknown property 'time_limit' - a getter\n  is not registered"),
        ("where", "Job #1 has run for "),
        (
            "kill one two 5",
            "\nJob #5 not found; the newest job is #1;\n  there is no job or group one or two;\n  give a number",
        ),
    ] {
        terminal.type_keys(&format!("\x0c{line}\r"));
        terminal.see(told);
    }
    terminal.type_keys("\x0cjobs.new('/* a job with a long name */ print(1)').join()\r\x0clog\r");
    terminal.see("\n#2 /* a job with a long name */\n  print(1):\n1\nIn [");
    terminal.type_keys("\x0chelp log_bytes\r");
    terminal.see("from\n  now on; the newest lines stay. The\n  option log_bytes");
    terminal.type_keys("\x0c'one two three four fivesixseven eight nine'\r");
    terminal.see(": \"one two three four fivesixseve\nn eight nine\"");
}

#[test]
fn what_goes_to_a_file_is_not_broken() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 24, 40);
    let shell = env!("CARGO_BIN_EXE_bgjobs");
    terminal.type_keys(&format!("!{shell} -c 'notify ding' 2>told; {shell} -c 'help kill' >>told\r"));
    terminal.see("In [2]:");
    let told = std::fs::read_to_string(home.0.join("told")).expect("it was written");
    assert!(told.contains("use bell, osc9 or osc777, each with a least run time if you like (bell:30s), or off\n"));
    assert!(told.contains("kills their processes if they don't, and says what happened to each.\n"), "{told}");
}
