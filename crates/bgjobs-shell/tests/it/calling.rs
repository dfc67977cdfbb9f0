//! Alerts for a user who looks elsewhere, and the digest for one who comes back, on a terminal.

use crate::terminal::{Home, Terminal};

const TERM: (&str, &str) = ("TERM", "xterm-256color");

/// Everything that the shell wrote until a job of that name had ended.
fn written_at_the_end_of(name: &str, variables: &[(&str, &str)]) -> String {
    let home = Home::new();
    let mut terminal = Terminal::with(&home, variables);
    terminal.type_keys(&format!("jobs.start('6 * 7', [], #{{name: \"{name}\"}});\r"));
    terminal.see("In [2]:");
    terminal.type_keys("1 + 1\r");
    terminal.see("Completed jobs:");
    terminal.see("In [3]:");
    terminal.written()
}

#[test]
fn the_end_of_a_long_job_alerts_the_user_as_chosen() {
    let name = "a;b\\x07c";
    let shown = r"a;b\u{7}c";
    for (setting, mark) in [
        ("bell:0", "\x07".to_owned()),
        ("osc9:0", format!("\x1b]9;Job #0 done after 0.0s: {shown}\x07")),
        ("osc777:0", format!("\x1b]777;notify;bgjobs;Job #0 done after 0.0s: {}\x07", shown.replace(';', ","))),
    ] {
        let written = written_at_the_end_of(name, &[TERM, ("BGJOBS_NOTIFY", setting)]);
        assert_eq!(written.matches('\x07').count(), 1, "{setting}: {written:?}");
        // A slow machine may need tenths of a second.
        let (start, end) = mark.split_once("0.0s").unwrap_or((&mark, ""));
        assert!(written.contains(start) && written.contains(end), "{setting}: {written:?}");
    }
}

#[test]
fn no_alert_for_short_jobs_by_choice_or_on_plain_terminals() {
    for variables in [
        &[TERM][..],
        &[TERM, ("BGJOBS_NOTIFY", "off")],
        &[TERM, ("BGJOBS_NOTIFY", "osc9:1h")],
        &[("TERM", "dumb"), ("BGJOBS_NOTIFY", "osc9:0")],
    ] {
        let written = written_at_the_end_of("short", variables);
        assert!(!written.contains('\x07'), "{variables:?}: {written:?}");
    }
}

#[test]
fn an_invalid_setting_is_reported_once_and_ignored() {
    let home = Home::new();
    let mut terminal = Terminal::with(&home, &[TERM, ("BGJOBS_NOTIFY", "ding"), ("BGJOBS_AWAY", "soon")]);
    terminal.see("BGJOBS_NOTIFY: `ding` is not a kind of alert;");
    terminal.see("BGJOBS_AWAY: `soon` is not a time, such as 60s or 5m, or off");
    terminal.type_keys("notify\r");
    terminal.see("bell:10s");
}

#[test]
fn the_first_key_after_a_pause_shows_what_happened() {
    let home = Home::new();
    let mut terminal = Terminal::with(&home, &[TERM, ("BGJOBS_AWAY", "0")]);
    terminal.type_keys("fn load() { print('rows'); throw 'no rows' }\r");
    terminal.see("In [2]:");
    terminal.type_keys("jobs.new(load);\r");
    terminal.see("0 : load()");
    terminal.type_keys("1");
    terminal.see("While you were away: 1 failed (#0 load(): no rows), 1 with unread output (#0)");
    // The line goes on.
    terminal.type_keys(" + 1\r");
    terminal.see("Out[3]: 2");
    assert_eq!(terminal.written().matches("While you were away").count(), 1, "{}", terminal.screen());
}

#[test]
fn notices_are_as_the_user_wants_them() {
    let home = Home::new();
    let mut terminal = Terminal::with(&home, &[TERM, ("BGJOBS_NOTICES", "summary")]);
    terminal.type_keys("jobs.new('1').join(); jobs.new('1 / 0').join()\r");
    terminal.see("2 jobs have ended: 1 done, 1 failed (#1); `jobs failed` says why\nIn [2]:");
    terminal.type_keys("notices quiet\r");
    terminal.see("In [3]:");
    terminal.type_keys("jobs.new('2').join()\r");
    terminal.see("In [4]:");
    terminal.type_keys("notices\r");
    terminal.see("quiet\nIn [5]:");
    assert!(!terminal.written().contains("2 : 2"), "{}", terminal.screen());
}

#[test]
fn nothing_is_shown_if_nothing_ended_or_it_is_disabled() {
    for away in ["0", "off"] {
        let home = Home::new();
        let mut terminal = Terminal::with(&home, &[TERM, ("BGJOBS_AWAY", away)]);
        if away == "off" {
            terminal.type_keys("jobs.new('1').join();\r");
            terminal.see("Completed jobs:");
            terminal.see("In [2]:");
        }
        terminal.type_keys("6 * 7\r");
        terminal.see("]: 42");
        assert!(!terminal.written().contains("While you were away"), "{}", terminal.screen());
    }
}

#[test]
fn ctrl_c_ends_the_view_of_a_followed_log_and_the_job_continues() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("fn tick() { print('begun'); sleep(1000) }\r");
    terminal.see("In [2]:");
    terminal.type_keys("jobs.new(tick);\r");
    terminal.see("In [3]:");
    terminal.type_keys("log 0 -f\r");
    terminal.see("\nbegun");
    terminal.type_keys("\x03");
    terminal.see("In [4]:");
    terminal.type_keys("jobs\r");
    terminal.see("Running jobs:\n0 : tick()\n");
    terminal.see("\n    last line: begun");
}
