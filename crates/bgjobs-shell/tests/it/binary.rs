//! The binary without a terminal.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
};

use expect_test::{Expect, expect};

/// Runs the shell with lines from a pipe, and compares the exit code and both outputs.
#[expect(clippy::needless_pass_by_value, reason = "as in expect-test")]
#[track_caller]
pub(crate) fn check(arguments: &[&str], input: impl AsRef<[u8]>, expected: Expect) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bgjobs"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell was built for this test");
    let mut pipe = child.stdin.take().expect("it was asked for");
    // A shell that leaves early does not read everything.
    let _ = pipe.write_all(input.as_ref());
    drop(pipe);
    let output = child.wait_with_output().expect("the child is still there");
    let mut seen = format!("exit {}\n", output.status.code().unwrap_or(-1));
    for (name, text) in [("out", &output.stdout), ("err", &output.stderr)] {
        let _ = write!(seen, "-- {name}\n{}", String::from_utf8_lossy(text));
    }
    // A file of a test has another name each time.
    let file = arguments.first().filter(|argument| argument.starts_with('/')).unwrap_or(&"\0");
    expected.assert_eq(&seen.replace(file, "FILE").replace('\r', "\\r").replace('\x1b', "\\e"));
}

#[test]
fn lines_from_a_pipe_are_evaluated_as_if_typed() {
    check(
        &[],
        "x = 20\nfn double(n) {\n    n * 2\n}\ndouble(x) + 2\n\nprint('hello')\n'hidden';\ndouble(21) &\njobs[0].join()\njobs[0].result\n",
        expect![[r#"
            exit 0
            -- out
            Out[3]: 42
            hello
            Out[6]: <BackgroundJob #0: double(21)>
            Out[8]: 42
            -- err
            Completed jobs:
            0 : double(21)
        "#]],
    );
}

#[test]
fn what_a_job_prints_comes_after_the_value_of_the_line_that_started_it() {
    check(
        &[],
        "print('one') &\nwait\n!echo two &\nwait\n!echo three & #{name: 'third'}\nwait\nrerun 0\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: <BackgroundJob #0: print('one')>
            one
            Out[3]: <BackgroundJob #1: echo two>
            two
            Out[5]: <BackgroundJob #2: third>
            three
            Out[7]: <BackgroundJob #3: print('one')>
            one
            -- err
            Completed jobs:
            0 : print('one')
            Completed jobs:
            1 : echo two
            Completed jobs:
            2 : third
            Completed jobs:
            3 : print('one')
        "#]],
    );
}

#[test]
fn a_failed_line_changes_the_exit_code() {
    check(
        &[],
        "1 / 0\n1 + 1\n",
        expect![[r#"
        exit 1
        -- out
        Out[2]: 2
        -- err
        Traceback (most recent call last):
          In[1], line 1
            1 / 0
              ^
        Division by zero: 1 / 0
    "#]],
    );
    check(
        &[],
        "jobs[7]\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          In[1], line 1
            jobs[7]
                ^
        Job #7 not found; no job was started yet
    "#]],
    );
    check(
        &[],
        "kill 7\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Job #7 not found; no job was started yet
    "#]],
    );
}

#[test]
fn a_job_that_died_unread_changes_the_exit_code() {
    check(
        &[],
        "jobs.new('1 / 0');\n",
        expect![[r#"
            exit 1
            -- out
            -- err
            Traceback for: <BackgroundJob #0: 1 / 0>
            Traceback (most recent call last):
              jobs[0], line 1
                1 / 0
                  ^
            Division by zero: 1 / 0
        "#]],
    );
    check(
        &[],
        "j = jobs.new('1 / 0'); j.join(); j.traceback(); jobs.flush(); jobs._status_new();\n",
        expect![[r#"
        exit 0
        -- out
        Traceback (most recent call last):
          jobs[0], line 1
            1 / 0
              ^
        Division by zero: 1 / 0
        Flushing 1 Dead job.
        Dead, call jobs.traceback() for details jobs:
        0 : 1 / 0

        -- err
    "#]],
    );
}

#[test]
fn a_job_stopped_on_request_is_not_a_failure() {
    check(
        &[],
        "sleep(100000) &\njobs[0].stop();\njobs[0].status\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: <BackgroundJob #0: sleep(100000)>
            Out[3]: "Dead (Stopped), call jobs.traceback() for details"
            -- err
        "#]],
    );
}

#[test]
fn the_end_of_the_pipe_waits_for_the_jobs() {
    check(
        &[],
        "j = jobs.new('sleep(0.2)');\n",
        expect![[r#"
            exit 0
            -- out
            -- err
            Completed jobs:
            0 : sleep(0.2)
        "#]],
    );
    check(
        &[],
        "sleep(0.2); 42 &\nwait\njobs\njobs[0].result\n",
        expect![[r#"
        exit 0
        -- out
        Out[1]: <BackgroundJob #0: sleep(0.2); 42>
        Completed jobs:
        0 : sleep(0.2); 42

        Out[4]: 42
        -- err
        Completed jobs:
        0 : sleep(0.2); 42
    "#]],
    );
}

#[test]
fn commands_work_in_a_pipe() {
    check(
        &[],
        "gate = shared(0)\ngate.wait(|v| v == 1); print('working'); 42 &\ngate.set(1); jobs[0].join()\nfg 0\nlog 0\nwait 0\nfg\nlog = 5\nlog\nkill 0\nexit\nnever\n",
        expect![[r#"
            exit 1
            -- out
            Out[2]: <BackgroundJob #0: gate.wait(|v| v == 1); print('working'); 42>
            working
            Out[4]: 42
            working
            Out[9]: 5
            Job #0 had completed before
            -- err
            Completed jobs:
            0 : gate.wait(|v| v == 1); print('working'); 42
            no job runs or is queued; `fg 3` shows the value of one that has ended
        "#]],
    );
}

#[test]
fn an_unfinished_last_line_is_an_error() {
    check(
        &[],
        "fn f() {\n",
        expect![[r#"
            exit 1
            -- out
            -- err
            Traceback (most recent call last):
              In[1], line 1
                fn f() {
                        ^
            Syntax error: Expecting '}' to terminate this block
        "#]],
    );
    check(
        &[],
        "fn f() {\n    1\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          In[1], line 2
            1
             ^
        Syntax error: Expecting '}' to close the '{' of line 1
    "#]],
    );
}

#[test]
fn a_text_on_the_command_line_is_evaluated() {
    check(
        &["-c", "6 * 7"],
        "",
        expect![[r#"
        exit 0
        -- out
        42
        -- err
    "#]],
    );
    check(
        &["-c", "6 *"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          -c, line 1
            6 *
               ^
        Syntax error: Script is incomplete
    "#]],
    );
    check(
        &["--wrong"],
        "",
        expect![[r#"
            exit 2
            -- out
            -- err
            bgjobs: invalid option '--wrong'

            Usage: bgjobs [FILE [ARGUMENT]... | [--json] -c TEXT]
                   bgjobs start | ps | wait | log | result | stop | rm | sweep | mcp

            A prompt whose every line can run in the background. Without arguments it reads lines
            from the terminal, after those of ~/.config/bgjobs/init.rhai, or from a pipe as if they
            were typed. `help` at the prompt says more.

              FILE         evaluates a file, which takes what the prompt takes; `args` holds the arguments
              -c TEXT      evaluates a text as a line at the prompt, and shows its value
              --json       with -c, shows the value as JSON, a job with everything known about it
              --help       shows this
              --version    shows the version

            On Linux, `bgjobs start -- make -j2` starts a command that goes on without this terminal,
            and the other words look at such jobs or end them: `bgjobs wait --help` says more.
            `bgjobs mcp` lets agents do so. A file of such a name is run as `bgjobs ./start`.
        "#]],
    );
}

#[test]
fn the_json_option_shows_the_value_as_json() {
    check(
        &["--json", "-c", "#{b: [1, 2.5, ()], a: 'x'}"],
        "",
        expect![[r#"
        exit 0
        -- out
        {"a":"x","b":[1,2.5,null]}
        -- err
    "#]],
    );
    check(
        &["-c", "x = 1;", "--json"],
        "",
        expect![[r#"
        exit 0
        -- out
        null
        -- err
    "#]],
    );
    check(
        &["--json", "-c", "1 / 0"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          -c, line 1
            1 / 0
              ^
        Division by zero: 1 / 0
    "#]],
    );
    check(
        &["--json", "-c", "|x| x"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        JSON has no values of type function
    "#]],
    );
    check(
        &["--json", "-c", "jobs"],
        "",
        expect![[r#"
        exit 0
        -- out
        []
        -- err
    "#]],
    );
    check(
        &["--json", "-c", "wait 1"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        `wait 1` is a command, and has no value to show as JSON
    "#]],
    );
    check(
        &["--json", "-c", "j = jobs.new('1 / 0'); j.join(); parse_json(to_json(jobs.dead))[0].failure.message"],
        "",
        expect![[r#"
            exit 1
            -- out
            "Division by zero: 1 / 0"
            -- err
            Traceback for: <BackgroundJob #0: 1 / 0>
            Traceback (most recent call last):
              jobs[0], line 1
                1 / 0
                  ^
            Division by zero: 1 / 0
        "#]],
    );
    for wrong in [&["--json"][..], &["--json", "file"], &["-c", "1", "-c", "2"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(wrong).output().expect("the shell was built");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_text_on_the_command_line_is_a_line_at_the_prompt() {
    check(
        &["-c", "6 * 7 &"],
        "",
        expect![[r#"
            exit 0
            -- out
            <BackgroundJob #0: 6 * 7>
            -- err
        "#]],
    );
    check(
        &["-c", "6 * 7;"],
        "",
        expect![[r#"
        exit 0
        -- out
        -- err
    "#]],
    );
    check(
        &["-c", "kill 3"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Job #3 not found; no job was started yet
    "#]],
    );
    check(
        &["-c", "?env"],
        "",
        expect![[r#"
            exit 0
            -- out
            fn env(name)
                The value of an environment variable, or `()` if it is not set.
            -- err
        "#]],
    );
}

#[test]
fn a_byte_order_mark_is_ignored() {
    check(
        &[],
        "\u{feff}jobs\n1 + 1\n",
        expect![[r#"
        exit 0
        -- out
        Out[2]: 2
        -- err
    "#]],
    );
    let path = std::env::temp_dir().join(format!("bgjobs-shell-mark-{}", std::process::id()));
    std::fs::write(&path, "\u{feff}#!/usr/bin/env bgjobs\nprint(1 + 1);\n").expect("the directory can be written");
    let run = Command::new(env!("CARGO_BIN_EXE_bgjobs")).arg(&path).output().expect("the shell was built");
    std::fs::remove_file(&path).expect("it was just made");
    assert_eq!((String::from_utf8_lossy(&run.stdout).as_ref(), run.status.code()), ("2\n", Some(0)));
}

#[test]
fn an_open_bracket_of_a_command_and_an_open_string_take_no_further_lines() {
    check(
        &[],
        "log /(/\n1 + 1\n[\"abc\n2 + 2\njobs.sh('');\n",
        expect![[r#"
        exit 1
        -- out
        Out[2]: 2
        Out[4]: 4
        -- err
        log: `/(/` is not a regular expression: found open group without closing ')'
        Traceback (most recent call last):
          In[3], line 1
            ["abc
             ^
        Syntax error: Open string is not terminated
        Traceback (most recent call last):
          In[5], line 1
            jobs.sh('');
                 ^
        jobs.sh(..) needs a command, as in jobs.sh("make")
    "#]],
    );
}

#[test]
fn a_dash_and_a_number_are_not_a_job() {
    check(
        &[],
        "kill -1\nkill -9 3\n",
        expect![[r#"
            exit 1
            -- out
            -- err
            kill has no option -1; see `help kill`
            kill has no option -9; see `help kill`
        "#]],
    );
}

#[test]
fn wrong_calls_of_the_users_functions_show_their_parameters() {
    check(
        &[],
        "fn two(a, b) { a }\nf = |x| x\nf(1)\ntwo(1)\ntwo()\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          In[3], line 1
            f(1)
            ^
        `f` is a variable that holds a function: write f.call(..)
        Traceback (most recent call last):
          In[4], line 1
            two(1)
            ^
        `two` takes 2 arguments: fn two(a, b)
        Traceback (most recent call last):
          In[5], line 1
            two()
            ^
        `two` takes 2 arguments: fn two(a, b)
    "#]],
    );
}

#[test]
fn the_originals_words_for_states_work() {
    check(
        &[],
        "j = jobs.new('1 + 1'); j.join(); j.strform\n[jobs.stat_created, jobs.stat_running, jobs.stat_completed, \
         jobs.stat_dead]\n[jobs.stat_created_c, jobs.stat_running_c, jobs.stat_completed_c, jobs.stat_dead_c]\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: "1 + 1"
            Out[2]: ["Created", "Running", "Completed", "Dead (Exception), call jobs.traceback() for details"]
            Out[3]: [0, 1, 2, -1]
            -- err
            Completed jobs:
            0 : 1 + 1
        "#]],
    );
}

#[test]
fn a_line_of_invalid_utf_8_fails_alone() {
    check(
        &[],
        b"1 + 1\n\xff\n2 + 2\n",
        expect![[r#"
        exit 1
        -- out
        Out[1]: 2
        Out[3]: 4
        -- err
        Traceback (most recent call last):
          In[2], line 1
            �
            ^
        Syntax error: Unexpected '�'
    "#]],
    );
}

#[test]
fn a_file_can_begin_with_a_shebang() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-script-{}", std::process::id()));
    std::fs::write(&path, "#!/usr/bin/env bgjobs\nprint(1 + 1);\n").expect("the directory can be written");
    let run = Command::new(env!("CARGO_BIN_EXE_bgjobs")).arg(&path).output().expect("the shell was built");
    std::fs::remove_file(&path).expect("it was just made");
    assert_eq!((String::from_utf8_lossy(&run.stdout).as_ref(), run.status.code()), ("2\n", Some(0)));
}

#[test]
fn the_end_resumes_paused_groups() {
    for end in ["", "quit\n"] {
        check(
            &[],
            format!("io = jobs.group('io'); io.pause()\njobs.start('6 * 7', [], #{{group: 'io'}});\n{end}"),
            expect![[r#"
                exit 0
                -- out
                -- err
                Completed jobs:
                0 : 6 * 7
            "#]],
        );
    }
    check(
        &["-c", "io = jobs.group('io'); io.pause(); jobs.start('print(42)', [], #{group: io});"],
        "",
        expect![[r#"
            exit 0
            -- out
            42
            -- err
        "#]],
    );
}

/// A file of the test, removed at its end.
struct Script(std::path::PathBuf);

impl Script {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bgjobs-shell-{name}-{}", std::process::id()));
        std::fs::write(&path, text).expect("the directory for temporary files can be written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("its name is plain")
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The exit status of the shell with these arguments and this input.
fn status(arguments: &[&str], input: &str) -> Option<i32> {
    let script = Script::new(&format!("input-{}", arguments.len() + input.len()), input);
    let input = std::fs::File::open(&script.0).expect("it was just made");
    let output = Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(arguments).stdin(input).output();
    output.expect("the shell was built").status.code()
}

#[test]
fn a_file_takes_the_lines_of_a_prompt() {
    let script = Script::new(
        "prompt",
        "// a comment\nfn slow(n) {\n    n * 2\n}\nx = [1, 2]\n    .map(|n| n + 1)\n!echo from the system\nslow(21) &\nwait\nprint(x)\n\
         jobs[0].result\nprint(jobs[0].result)\ncd /\n!pwd\n!true &\nfg 0\n",
    );
    check(
        &[script.path()],
        "",
        expect![[r#"
            exit 0
            -- out
            from the system
            [2, 3]
            42
            /
            42
            -- err
        "#]],
    );
}

#[test]
fn a_line_that_fails_ends_a_file_and_shows_its_place() {
    let script = Script::new("fails", "!true\n\nfn f() {\n  1 / 0\n}\nf()\nprint('never')\n");
    check(
        &[script.path()],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          FILE, line 6
            f()
            ^
          FILE, line 4, in f
            1 / 0
              ^
        Division by zero: 1 / 0
    "#]],
    );
    let script = Script::new("command", "!exit 3\nprint('never')\n");
    check(
        &[script.path()],
        "",
        expect![[r#"
        exit 3
        -- out
        -- err
        FILE, line 1: exit status 3
    "#]],
    );
}

// Each line is a process.
#[test]
fn exit_and_a_failing_command_set_the_status() {
    let script = Script::new(
        "exit",
        "print(1);\nfn leave() { try { exit(3) } catch { print('no catch') } }\nleave();\nprint('never');\n",
    );
    check(
        &[script.path()],
        "",
        expect![[r#"
        exit 3
        -- out
        1
        -- err
    "#]],
    );
    for (text, expected) in [
        ("exit(3)", 3),
        ("exit 3", 3),
        ("quit", 0),
        ("!exit 3", 3),
        ("!kill -TERM $$", 143),
        ("1 / 0", 1),
        ("exit(300)", 1),
        ("jobs.new('exit(3)').join()", 1),
        ("6 * 7", 0),
    ] {
        assert_eq!(status(&["-c", text], ""), Some(expected), "-c {text}");
        assert_eq!(status(&[], &format!("{text}\n")), Some(expected), "{text} from a pipe");
    }
    assert_eq!(status(&["--json", "-c", "exit(3)"], ""), Some(3));
    assert_eq!(status(&[], "1 / 0\n!exit 4\n6 * 7\n"), Some(4), "that of the last failure");
    assert_eq!(status(&[], "1 / 0\nexit(0)\n"), Some(0), "what was asked for");
}

#[test]
fn a_program_has_the_output_of_its_jobs_and_the_tracebacks_of_those_that_died() {
    check(
        &[],
        "fn f() { print('hello'); 1 / 0 }\nj = jobs.new(f);\n",
        expect![[r#"
            exit 1
            -- out
            hello
            -- err
            Traceback for: <BackgroundJob #0: f()>
            Traceback (most recent call last):
              In[1], line 1, in f
                fn f() { print('hello'); 1 / 0 }
                                           ^
            Division by zero: 1 / 0
        "#]],
    );
    check(
        &["-c", "!echo hello; printf half; echo oops >&2; exit 3 &"],
        "",
        expect![[r#"
            exit 1
            -- out
            <BackgroundJob #0: echo hello; printf half; echo oops >&2; exit 3>
            hello
            half
            -- err
            oops
            Traceback for: <BackgroundJob #0: echo hello; printf half; echo oops >&2; exit 3>
            exit status 3
        "#]],
    );
    let script = Script::new("output", "for n in 0..12 { jobs.new(`print(${n}) / 0`).join() }\n");
    let output = Command::new(env!("CARGO_BIN_EXE_bgjobs")).arg(script.path()).output().expect("the shell was built");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((String::from_utf8_lossy(&output.stdout).lines().count(), output.status.code()), (12, Some(1)));
    assert_eq!(told.matches("Traceback for: <BackgroundJob #").count(), 10, "{told}");
    assert!(told.ends_with("\nand 2 more jobs died\n"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_can_not_be_written_is_an_error() {
    let all =
        [&["--json", "-c", "[1, 2]"][..], &["-c", "print(1)"], &["-c", "!echo 1"], &["--help"], &["ps", "--help"]];
    for arguments in all {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(arguments).stdout(full).output();
        let output = output.expect("the shell was built");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "bgjobs: can't write the output: No space left on device (os error 28)\n",
            "{arguments:?}"
        );
        assert!(!output.status.success(), "{arguments:?}");
    }
}

/// Runs a text under limits that `ulimit` sets.
#[cfg(target_os = "linux")]
fn limited(limits: &str, text: &str) -> String {
    let line = format!("{limits}; exec \"$0\" -c \"$1\"");
    let output = Command::new("/bin/sh").args(["-c", &line, env!("CARGO_BIN_EXE_bgjobs"), text]).output();
    let output = output.expect("the system has a shell");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_file_at_the_limit_on_file_sizes_does_not_end_the_shell() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-limit-{}", std::process::id()));
    let text = format!(
        "j = jobs.start(|| for n in 0..200 {{ print(`a line of a log, number ${{n}}`) }}, [], #{{log_file: '{}'}}); \
         j.join(); print(j.status); print(j.log.filter(|line| line.starts_with('a line')).len())",
        path.display()
    );
    let seen = limited("ulimit -f 8", &text);
    let _ = std::fs::remove_file(&path);
    assert!(seen.ends_with("Completed\n200\n"), "{seen}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_shell_may_open_more_files_than_the_soft_limit_and_its_commands_may_not() {
    let text = "limits = read_file('/proc/self/limits').split('\\n').filter(|line| line.starts_with('Max open files'))\n\
                print(limits[0].split()[3])\n\
                !ulimit -Sn; ulimit -Hn";
    assert_eq!(limited("ulimit -Sn 200; ulimit -Hn 300", text), "300\n200\n300\n");
}

#[test]
fn a_long_end_says_once_what_it_waits_for() {
    let gate = Script::new("gate", "");
    let text = format!("jobs.start(|| while exists('{}') {{ sleep(0.01) }}, [], #{{name: 'gated'}});", gate.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_bgjobs"))
        .args(["-c", &text])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell was built for this test");
    let mut told = String::new();
    let mut lines = BufReader::new(child.stderr.take().expect("it was asked for"));
    lines.read_line(&mut told).expect("it says something");
    drop(gate);
    lines.read_to_string(&mut told).expect("it ends");
    assert_eq!(told, "waiting for 1 job: 0 : gated; Ctrl-C stops it\n");
    assert!(child.wait().expect("it is still there").success());
}

#[test]
fn wait_includes_jobs_that_start_meanwhile() {
    check(
        &[],
        "fn second() { sleep(0.05) } fn first() { sleep(0.05); jobs.new(second) }\njobs.new(first);\nwait\njobs[1].status\n",
        expect![[r#"
            exit 0
            -- out
            Out[4]: "Completed"
            -- err
            Completed jobs:
            0 : first()
            1 : second()
        "#]],
    );
}
