//! The user's startup file.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::terminal::{Home, Terminal, unwrapped};

/// A user's home with this startup file.
fn home_with(text: &str) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.0.join(".config/bgjobs")).expect("the folder was made for this test");
    fs::write(home.0.join(".config/bgjobs/init.rhai"), text).expect("the folder was just made");
    home
}

#[test]
fn what_the_startup_file_defines_and_sets_holds_at_the_prompt() {
    let home = home_with(
        "#!/usr/bin/env bgjobs\nfn double(n) {\n    n * 2\n}\nprice = 10\nset_env(\"LANG\", \"C\")\nlimit net 2\n\
         notices summary\nnotify bell:30s\n[price]\n",
    );
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("[double(price), env('LANG'), jobs.group('net').limit]\rnotices\rnotify\r_2\r");
    terminal.see("Out[1]: [20, \"C\", 2]");
    terminal.see("summary\n");
    terminal.see("bell:30s\n");
    // Its values are not those of lines at the prompt.
    terminal.see("Variable not found: _2");
}

#[test]
fn the_startup_file_is_read_line_by_line_and_shows_only_what_it_prints() {
    let home =
        home_with("fn a() { b() }\nfn b() { 42 }\nx = [\n    a()]\npwd\nlimit net 2\nx\nprint(x)\n!echo hello\n");
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("_\r");
    terminal.see_screen(
        "[42]\nhello\n`help` shows what can be typed, Ctrl-D leaves.\nIn [1]: _\n\
         Traceback (most recent call last):\n  In[1], line 1\n    _\n    ^\nVariable not found: _\nIn [2]:",
    );
}

#[test]
fn an_error_in_the_startup_file_shows_its_place_and_the_prompt_appears() {
    for (text, error) in [
        ("x = 1\n\nlimit net\n", "~/.config/bgjobs/init.rhai, line 3: limit needs a group and a number, as in `limit"),
        ("notices quiet\nx = 1 / 0\n", "  ~/.config/bgjobs/init.rhai, line 2\n    x = 1 / 0\n"),
        ("x = (1\n", "  ~/.config/bgjobs/init.rhai, line"),
        ("!exit 3\n", "~/.config/bgjobs/init.rhai, line 1: exit status 3\n"),
    ] {
        let home = home_with(text);
        let terminal = Terminal::new(&home);
        let seen = terminal.written().replace('\r', "").replace(&*home.0.to_string_lossy(), "~");
        assert!(unwrapped(&seen).contains(&unwrapped(error)), "{seen}");
        assert!(seen.contains("`help` shows what can be typed"), "{seen}");
    }
}

#[test]
fn a_startup_file_that_can_not_be_read_is_reported() {
    let home = Home::new();
    fs::create_dir_all(home.0.join(".config/bgjobs/init.rhai")).expect("the folder was made for this test");
    let terminal = Terminal::new(&home);
    let seen = terminal.written().replace(&*home.0.to_string_lossy(), "~");
    assert!(seen.starts_with("can't read the startup file `~/.config/bgjobs/init.rhai`: Is a directory"), "{seen}");
}

#[test]
fn the_startup_file_is_where_the_user_wants_such_files() {
    let home = home_with("place = 'home'");
    let config = home.0.join("elsewhere");
    fs::create_dir_all(config.join("bgjobs")).expect("the folder was made for this test");
    fs::write(config.join("bgjobs/init.rhai"), "place = 'elsewhere'").expect("the folder was just made");
    for (config, place) in [(&*config.to_string_lossy(), "Out[1]: \"elsewhere\""), ("/dev/null", "not found: place")] {
        let mut terminal = Terminal::with(&home, &[("TERM", "xterm-256color"), ("XDG_CONFIG_HOME", config)]);
        terminal.type_keys("place\r");
        terminal.see(place);
    }
}

#[test]
fn the_environment_overrides_the_startup_file() {
    let home = home_with("notices summary\n");
    let mut terminal = Terminal::with(&home, &[("TERM", "xterm-256color"), ("BGJOBS_NOTICES", "quiet")]);
    terminal.type_keys("notices\r");
    terminal.see("quiet\n");
}

#[test]
fn a_startup_file_can_leave_and_its_endless_loop_can_be_stopped() {
    let home = home_with("print('it runs'); loop {}\nprint('never')\n");
    let mut terminal = Terminal::before_prompt(&home);
    terminal.see("it runs");
    terminal.type_keys("\x03");
    terminal.see("In [1]:");
    let home = home_with("exit 3\n");
    let mut terminal = Terminal::before_prompt(&home);
    assert_eq!(terminal.end().code(), Some(3));
}

#[test]
fn only_a_prompt_on_a_terminal_has_the_startup_file() {
    let home = home_with("print('hello')");
    fs::write(home.0.join("file"), "").expect("the folder was made for this test");
    for arguments in [&["-c", "()"][..], &["file"], &[]] {
        let output = Command::new(env!("CARGO_BIN_EXE_bgjobs"))
            .args(arguments)
            .env("HOME", &home.0)
            .env_remove("XDG_CONFIG_HOME")
            .current_dir(&home.0)
            .stdin(Stdio::null())
            .output()
            .expect("the shell was built for this test");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
    }
}

#[test]
fn the_log_of_a_line_sent_to_the_background_holds_what_the_startup_file_says() {
    let home = home_with("log_bytes 1\n");
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("for n in 0..9 { print(n) } print('do' + 'ne'); loop {}\r");
    terminal.see("done");
    terminal.type_keys("\x1a");
    terminal.see("Job #0 goes on in the background");
    terminal.type_keys("[jobs[0].log, jobs[0].missed]\r");
    terminal.see("Out[2]: [[\"done\"], 9]");
    terminal.type_keys("kill 0\r");
    terminal.see("In [4]:");
}
