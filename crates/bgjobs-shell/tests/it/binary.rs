//! The binary without a terminal: output, exit status, and the end.

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

/// A file of the test, removed at its end.
pub(crate) struct Script(std::path::PathBuf);

impl Script {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bgjobs-shell-{name}-{}", std::process::id()));
        std::fs::write(&path, text).expect("the directory for temporary files can be written");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
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
fn a_program_that_can_not_write_fails_with_its_own_line() {
    for line in ["!/bin/cat /etc/passwd >&-", "!/bin/cat /etc/passwd >/dev/full"] {
        let output = Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(["-c", line]).output();
        let output = output.expect("the shell was built");
        let told = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = told.lines().collect();
        let is_told = matches!(lines[..], [cause, "exit status 1"] if cause.contains("cat: "));
        assert!(is_told && output.status.code() == Some(1), "{line}: {told}");
    }
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
