//! The prompt's functions in Rust.

use std::{
    fs,
    time::{Duration, Instant},
};

use bgjobs_shell::Answer;
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn a_command_returns_its_status_and_both_outputs() {
    check(
        &[
            "sh('echo out; echo err >&2; exit 3')",
            "sh('cat')",
            "sh('kill -9 $$')",
            "sh('printf \"\\\\377\"').out",
            "sh('nothing_of_that_name 2>/dev/null').status",
            "sh(5)",
            "sh('a\\0b')",
        ],
        expect![[r#"
            > sh('echo out; echo err >&2; exit 3')
            #{err: "err\n", out: "out\n", status: 3}
            > sh('cat')
            #{err: "", out: "", status: 0}
            > sh('kill -9 $$')
            #{err: "", out: "", status: -9}
            > sh('printf "\\377"').out
            "�"
            > sh('nothing_of_that_name 2>/dev/null').status
            127
            > sh(5)
            Traceback (most recent call last):
              In[6], line 1
                sh(5)
                ^
            sh(5): a command must be a string, not of type int
            > sh('a\0b')
            Traceback (most recent call last):
              In[7], line 1
                sh('a\0b')
                      ^
            Syntax error: Invalid escape sequence: '\0'
        "#]],
    );
}

/// A pipe holds about 64 KiB: reading one output after the other would wait forever.
#[test]
fn a_command_can_print_a_lot_to_both_outputs() {
    check(
        &["r = sh('head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero')", "[r.status, r.out.len(), r.err.len()]"],
        expect![[r#"
            > r = sh('head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero')
            > [r.status, r.out.len(), r.err.len()]
            [0, 3000000, 3000000]
        "#]],
    );
}

#[test]
fn a_command_that_prints_forever_is_stopped() {
    check(
        &["sh('cat /dev/zero')", "sh('cat /dev/zero >&2')"],
        expect![[r#"
        > sh('cat /dev/zero')
        Traceback (most recent call last):
          In[1], line 1
            sh('cat /dev/zero')
            ^
        `cat /dev/zero` printed more than 64 MB and was stopped; redirect its output to a file with >
        > sh('cat /dev/zero >&2')
        Traceback (most recent call last):
          In[2], line 1
            sh('cat /dev/zero >&2')
            ^
        `cat /dev/zero >&2` printed more than 64 MB and was stopped; redirect its output to a file with >
    "#]],
    );
}

#[test]
fn a_command_that_detaches_is_left_alone() {
    check(
        &["sh('sleep 100 >/dev/null 2>&1 & kill $!').status"],
        expect![[r#"
        > sh('sleep 100 >/dev/null 2>&1 & kill $!').status
        0
    "#]],
    );
}

#[test]
fn a_stopped_command_ends_with_all_its_processes() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-group-{}", std::process::id()));
    let seen = Seen::default();
    let mut session = seen.session();
    session.set("path", path.to_string_lossy().into_owned());
    // The first process detaches, and its child holds the outputs open.
    session.answer("j = jobs.new(|p| sh(\"trap '' TERM; sleep 1000 & echo $! >\" + p + \"; wait\"), path)");
    let deadline = Instant::now() + Duration::from_secs(20);
    let child = loop {
        match fs::read_to_string(&path) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => assert!(Instant::now() < deadline, "the command should have begun"),
        }
        std::thread::yield_now();
    };
    fs::remove_file(&path).expect("it was just read");
    session.answer("j.stop(); j.join()");
    let Answer::Value(status) = session.answer("j.status") else { panic!("it has a status") };
    assert_eq!(session.show(&status), "\"Dead (Stopped), call jobs.traceback() for details\"");
    let is_alive = || fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while is_alive() {
        assert!(Instant::now() < deadline, "the child should have ended");
        std::thread::yield_now();
    }
}

#[test]
fn files_are_written_and_read() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-files-{}", std::process::id()));
    let seen = Seen::default();
    let mut session = seen.session();
    session.set("path", path.to_string_lossy().into_owned());
    for line in [
        "exists(path)",
        "write_file(path, 'one\\n')",
        "append_file(path, 'x')",
        "[exists(path), file_size(path), read_file(path)]",
        "write_file(path, 'new')",
        "append_file(path, ' too')",
        "read_file(path)",
        "write_file('/', 'x')",
        "write_file('/no/such/dir/file', 'x')",
        "write_file(path, 5)",
    ] {
        seen.type_line(&mut session, line);
    }
    fs::remove_file(&path).expect("it was written");
    expect![[r#"
        > exists(path)
        false
        > write_file(path, 'one\n')
        > append_file(path, 'x')
        > [exists(path), file_size(path), read_file(path)]
        [true, 5, "one\nx"]
        > write_file(path, 'new')
        > append_file(path, ' too')
        > read_file(path)
        "new too"
        > write_file('/', 'x')
        Traceback (most recent call last):
          In[8], line 1
            write_file('/', 'x')
            ^
        can't write `/`: it is not a regular file
        > write_file('/no/such/dir/file', 'x')
        Traceback (most recent call last):
          In[9], line 1
            write_file('/no/such/dir/file', 'x')
            ^
        can't write `/no/such/dir/file`: No such file or directory (os error 2)
        > write_file(path, 5)
        Traceback (most recent call last):
          In[10], line 1
            write_file(path, 5)
            ^
        can't write `FILE`: only text can be written, not a value of type int; to_json(..) makes text
    "#]]
    .assert_eq(&seen.take().replace(&*path.to_string_lossy(), "FILE"));
}

#[test]
fn json_round_trips() {
    check(
        &[
            "to_json(#{a: [1, 2.5, true, ()], b: 'te\"xt'})",
            "[1, 'a'].to_json()",
            "parse_json('{\"a\": [1, 2.5, null, true], \"b\": \"x\"}')",
            "parse_json('[1, -5, 99999999999999999999, 18446744073709551615]')",
            "parse_json('5')",
            "parse_json(to_json([1, #{}])) == [1, #{}]",
            "parse_json('{')",
            "to_json([|x| x])",
            "text = ''; for i in 0..100000 { text += '[' } parse_json(text)",
        ],
        expect![[r#"
            > to_json(#{a: [1, 2.5, true, ()], b: 'te"xt'})
            "{\"a\":[1,2.5,true,null],\"b\":\"te\\\"xt\"}"
            > [1, 'a'].to_json()
            "[1,\"a\"]"
            > parse_json('{"a": [1, 2.5, null, true], "b": "x"}')
            #{a: [1, 2.5, (), true], b: "x"}
            > parse_json('[1, -5, 99999999999999999999, 18446744073709551615]')
            [1, -5, 1e20, 1.8446744073709552e19]
            > parse_json('5')
            5
            > parse_json(to_json([1, #{}])) == [1, #{}]
            true
            > parse_json('{')
            Traceback (most recent call last):
              In[7], line 1
                parse_json('{')
                ^
            invalid JSON: EOF while parsing an object at line 1 column 1
            > to_json([|x| x])
            Traceback (most recent call last):
              In[8], line 1
                to_json([|x| x])
                ^
            to_json(..): JSON has no values of type function
            > text = ''; for i in 0..100000 { text += '[' } parse_json(text)
            Traceback (most recent call last):
              In[9], line 1
                text = ''; for i in 0..100000 { text += '[' } parse_json(text)
                                                              ^
            invalid JSON: recursion limit exceeded at line 1 column 128
        "#]],
    );
}

#[test]
fn random_numbers_stay_in_their_ranges() {
    check(
        &[
            "xs = []; for i in 0..200 { xs.push(random(1..=6)) } [1, 2, 3, 4, 5, 6].all(|n| n in xs) && xs.all(|n| n >= 1 && n <= 6)",
            "x = random(); x >= 0.0 && x < 1.0",
            "random(3..4)",
            "ys = [1, 2, 3]; ys.shuffle(); ys.sort(); ys",
            "pick([7])",
            "random(4..4)",
            "pick([])",
        ],
        expect![[r#"
            > xs = []; for i in 0..200 { xs.push(random(1..=6)) } [1, 2, 3, 4, 5, 6].all(|n| n in xs) && xs.all(|n| n >= 1 && n <= 6)
            true
            > x = random(); x >= 0.0 && x < 1.0
            true
            > random(3..4)
            3
            > ys = [1, 2, 3]; ys.shuffle(); ys.sort(); ys
            [1, 2, 3]
            > pick([7])
            7
            > random(4..4)
            Traceback (most recent call last):
              In[6], line 1
                random(4..4)
                ^
            random(4..4): there is no number in this range
            > pick([])
            Traceback (most recent call last):
              In[7], line 1
                pick([])
                ^
            pick([]): there is no item to pick
        "#]],
    );
}

#[test]
fn the_time_and_the_environment_can_be_read() {
    check(
        &[
            "now() > 1.7e9",
            "t = timestamp(); t.elapsed >= 0.0",
            "env('NO_SUCH_NAME_HERE')",
            "type_of(env('PATH'))",
            "env(5)",
        ],
        expect![[r#"
            > now() > 1.7e9
            true
            > t = timestamp(); t.elapsed >= 0.0
            true
            > env('NO_SUCH_NAME_HERE')
            > type_of(env('PATH'))
            "string"
            > env(5)
            Traceback (most recent call last):
              In[5], line 1
                env(5)
                ^
            env(5): a name must be a string, not of type int
        "#]],
    );
}
