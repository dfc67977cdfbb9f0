//! Lines for the system's shell: `!make` and `!make &`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use expect_test::expect;

use crate::{
    binary::check,
    terminal::{Home, Terminal},
};

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

#[test]
fn a_line_after_an_exclamation_mark_runs_and_shows_its_output() {
    check(
        &[],
        "!echo out; echo err >&2\n!printf 'no end'\n!cat\n!echo a \\\n  b\n! exit 3\n!kill $$\n!\n1 + 1\n",
        expect![[r#"
            exit 1
            -- out
            out
            no end
            a b
            Out[8]: 2
            -- err
            err
            exit status 3
            ended by signal 15 (SIGTERM)
            ! needs a command for the system's shell, as in `!ls`
        "#]],
    );
}

#[test]
fn a_final_ampersand_makes_it_a_background_job() {
    check(
        &[],
        "!echo one; exit 3 &\n_.join()\n[_.command, _.exit_status]\nlog 0\n!echo 'no job &'\nwait\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: <BackgroundJob #0: echo one; exit 3>
            one
            Out[3]: ["echo one; exit 3", 3]
            one
            no job &
            -- err
            Traceback for: <BackgroundJob #0: echo one; exit 3>
            exit status 3
        "#]],
    );
}

#[test]
fn options_after_the_ampersand_are_those_of_a_job() {
    check(
        &[],
        concat!(
            "!test \"a \\\\ b\" = 'a \\ b' & #{name: \"compare\", log_bytes: 1000}\n",
            "_.join()\n[_1.command, _1.exit_status]\n",
            "!true & #{nam: 1}\n!true & #{log_file: '/missing/file'}\n!true & #{\n"
        ),
        expect![[r#"
            exit 1
            -- out
            Out[1]: <BackgroundJob #0: compare>
            Out[3]: ["test \"a \\\\ b\" = 'a \\ b'", 0]
            -- err
            Completed jobs:
            0 : compare
            Traceback (most recent call last):
              !, line 1
                jobs.sh("true", #{nam: 1})
                     ^
            there is no option `nam`; there are daemon: true, name: "text", log_file: "path", log_bytes: 100000, group: "io", priority: 1, delay: 5, after: [1, 2], after_ended: [1, 2], time_limit: 60, keep: true, retry: 3, backoff: 1, input: "text", dir: "path", env: #{LANG: "C"}, terminal: true and grace: 5
            Traceback (most recent call last):
              !, line 1
                jobs.sh("true", #{log_file: '/missing/file'})
                     ^
            can't create the log file `/missing/file`; name a new file in a folder that exists: No such file or directory (os error 2)
        "#]],
    );
}

#[test]
fn a_single_line_can_be_for_the_system_or_ask_for_its_help() {
    check(
        &["-c", "help !"],
        "",
        expect![[r#"
            exit 0
            -- out
            !make -j2 [&]
            Runs a line in the system's shell (/bin/sh), which has the terminal: !vi x, !less, !python3.
            With an & it is a background job with an empty input. Any exit status but 0 is a failure.
            Ctrl-C interrupts it. Ctrl-Z gives the prompt back: it runs on until it reads the terminal, and
            fg 3 returns to it. What it leaves running becomes a job of its own. A \ at the end continues
            the line. set_env("BGJOBS_SHELL", "/bin/bash") chooses the shell for later commands.
            !make -j2 & #{log_file: "make.log"} starts one with options, jobs.sh("make -j2", #{..})
            does so from a program: `?sh` lists them.
            -- err
        "#]],
    );
    check(
        &["-c", "!echo $((6 * 7))"],
        "",
        expect![[r#"
        exit 0
        -- out
        42
        -- err
    "#]],
    );
}

/// More than a log holds.
#[test]
fn all_of_a_long_output_is_shown() {
    let shell = Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(["-c", "!seq 1 200000"]).output();
    let output = String::from_utf8(shell.expect("the shell was built for this test").stdout).expect("these are digits");
    let numbers = output.lines().map(|line| line.parse::<u32>().expect("this is a number"));
    assert!(numbers.eq(1..=200_000));
}

/// The processes that have an environment variable which only one test sets.
fn bearers(mark: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("the system is Linux").flatten().map(|entry| entry.path());
    let bears = |path: &PathBuf| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).split('\0').any(|variable| variable == mark)
    };
    processes.filter(bears).count()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_when_the_shell_is_killed() {
    let name = "BGJOBS_TEST_SHELL";
    let mark = std::process::id().to_string();
    let mut shell = Command::new(env!("CARGO_BIN_EXE_bgjobs"))
        .env(name, &mark)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the shell was built for this test");
    let mut pipe = shell.stdin.take().expect("it was asked for");
    let lines = "!trap '' TERM; (setsid sleep 1000 &); sleep 1000 &\n!(setsid sleep 1000 &); echo up; cat /dev/zero >/dev/null\n";
    pipe.write_all(lines.as_bytes()).expect("it reads all");
    let mut output = BufReader::new(shell.stdout.take().expect("it was asked for")).lines();
    while output.next().expect("it says that it is up").expect("it is text") != "up" {}
    let mark = format!("{name}={mark}");
    let deadline = Instant::now() + Duration::from_secs(20);
    // The shell, two supervisors, two shells, a daemon and a sleep, `cat` and a daemon.
    while bearers(&mark) < 9 {
        assert!(Instant::now() < deadline, "all should be up, not {}", bearers(&mark));
        std::thread::yield_now();
    }
    shell.kill().expect("it runs");
    shell.wait().expect("it is ours");
    while bearers(&mark) > 0 {
        assert!(Instant::now() < deadline, "all should be gone, not {} left", bearers(&mark));
        std::thread::yield_now();
    }
}

#[test]
fn on_a_terminal_output_comes_at_once_and_ctrl_c_stops_it() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("!echo up; sleep 1000\r");
    terminal.see_screen("In [1]: !echo up; sleep 1000\nup");
    terminal.type_keys(CTRL_C);
    terminal.see_screen("In [1]: !echo up; sleep 1000\nup\n^C\nended by signal 2 (SIGINT)\nIn [2]:");
}

#[test]
fn ctrl_z_sends_it_to_the_background_and_its_log_has_all_that_it_printed() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("!echo up; while ! test -e go; do sleep 0.01; done; echo gone on\r");
    terminal.see("\nup");
    terminal.type_keys(CTRL_Z);
    terminal.see("Job #0 goes on in the background: echo up; while");
    terminal.see("In [2]:");
    terminal.type_keys("!touch go\r");
    terminal.see("Completed jobs:\n0 : echo up");
    terminal.type_keys("[jobs[0].log, jobs[0].exit_status]\r");
    terminal.see("Out[3]: [[\"up\", \"gone on\"], 0]");
}

#[test]
fn a_line_for_the_system_needs_no_balanced_brackets_and_completes_files() {
    let home = Home::new();
    fs::write(home.0.join("found.txt"), "in the file\n").expect("the folder was made for this test");
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("!echo ')}' '('\r");
    terminal.see_screen("In [1]: !echo ')}' '('\n)} (\nIn [2]:");
    terminal.type_keys("!cat fou\t\r");
    terminal.see("In [2]: !cat found.txt\nin the file\nIn [3]:");
}

#[test]
fn tab_quotes_a_file_with_spaces_so_that_the_shell_means_it() {
    let home = Home::new();
    for name in ["alpha file.txt", "alpine.txt"] {
        fs::write(home.0.join(name), format!("in {name}\n")).expect("the folder was made for this test");
    }
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("!cat alpha\t\r");
    terminal.see_screen("In [1]: !cat alpha\\ file.txt\nin alpha file.txt\nIn [2]:");
    terminal.type_keys("!cat 'alp\tha\t\r");
    terminal.see("In [2]: !cat 'alpha file.txt'\nin alpha file.txt\nIn [3]:");
}
