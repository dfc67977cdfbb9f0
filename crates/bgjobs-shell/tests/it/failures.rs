//! Tracebacks and the texts of errors.

use bgjobs::{FailureKind, Frame};
use bgjobs_shell::Session;
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn a_failure_shows_the_users_functions_and_lines() {
    check(
        &[
            "fn c(n) {\n    let arr = [1];\n    arr[n / 0]\n}",
            "fn b(n) { let z = c(n * 2); z }",
            "fn a(y) {\n    // calls\n    b(y)\n}",
            "a(4) + 1",
            "jobs.new('a(4) + 1').join()",
            "jobs.traceback(0)",
            "jobs[0].result",
            "jobs.traceback()",
            "jobs.new(b, 1).join(); jobs[1].traceback()",
        ],
        expect![[r#"
            > fn c(n) {
                let arr = [1];
                arr[n / 0]
            }
            > fn b(n) { let z = c(n * 2); z }
            > fn a(y) {
                // calls
                b(y)
            }
            > a(4) + 1
            Traceback (most recent call last):
              In[4], line 1
                a(4) + 1
                ^
              In[3], line 3, in a
                b(y)
                ^
              In[2], line 1, in b
                fn b(n) { let z = c(n * 2); z }
                                  ^
              In[1], line 3, in c
                arr[n / 0]
                      ^
            Division by zero: 8 / 0
            > jobs.new('a(4) + 1').join()
            > jobs.traceback(0)
            Traceback (most recent call last):
              jobs[0], line 1
                a(4) + 1
                ^
              In[3], line 3, in a
                b(y)
                ^
              In[2], line 1, in b
                fn b(n) { let z = c(n * 2); z }
                                  ^
              In[1], line 3, in c
                arr[n / 0]
                      ^
            Division by zero: 8 / 0
            > jobs[0].result
            "<BackgroundJob died, call jobs.traceback() for details>"
            > jobs.traceback()
            Traceback for: <BackgroundJob #0: a(4) + 1>
            Traceback (most recent call last):
              jobs[0], line 1
                a(4) + 1
                ^
              In[3], line 3, in a
                b(y)
                ^
              In[2], line 1, in b
                fn b(n) { let z = c(n * 2); z }
                                  ^
              In[1], line 3, in c
                arr[n / 0]
                      ^
            Division by zero: 8 / 0

            > jobs.new(b, 1).join(); jobs[1].traceback()
            Traceback (most recent call last):
              In[2], line 1, in b
                fn b(n) { let z = c(n * 2); z }
                                  ^
              In[1], line 3, in c
                arr[n / 0]
                      ^
            Division by zero: 2 / 0
        "#]],
    );
}

#[test]
fn a_text_that_does_not_compile_fails_there_and_then() {
    check(
        &[
            "2 +",
            "jobs.new('2 +')",
            "jobs.new('(1 + (2 * ')",
            "x = ;",
            "fn f( {}",
            "a b",
            "'open",
            "let = 3",
            "fn g() { let }",
        ],
        expect![[r#"
            > 2 +
            Traceback (most recent call last):
              In[1], line 1
                2 +
                   ^
            Syntax error: Script is incomplete
            > jobs.new('2 +')
            Traceback (most recent call last):
              In[2], line 1
                jobs.new('2 +')
                     ^
              expression, line 1
                2 +
                   ^
            Syntax error: Script is incomplete
            > jobs.new('(1 + (2 * ')
            Traceback (most recent call last):
              In[3], line 1
                jobs.new('(1 + (2 * ')
                     ^
              expression, line 1
                (1 + (2 *
                          ^
            Syntax error: Script is incomplete
            > x = ;
            Traceback (most recent call last):
              In[4], line 1
                x = ;
                    ^
            Syntax error: Unexpected ';'
            > fn f( {}
            Traceback (most recent call last):
              In[5], line 1
                fn f( {}
                      ^
            Syntax error: Expecting ')' to close the parameters list of function 'f'
            > a b
            Traceback (most recent call last):
              In[6], line 1
                a b
                  ^
            Syntax error: Expecting ';' to terminate this statement
            > 'open
            Traceback (most recent call last):
              In[7], line 1
                'open
                ^
            Syntax error: Open string is not terminated
            > let = 3
            Traceback (most recent call last):
              In[8], line 1
                let = 3
                    ^
            Syntax error: Unexpected '='
            > fn g() { let }
            Traceback (most recent call last):
              In[9], line 1
                fn g() { let }
                             ^
            Syntax error: Expecting name of a variable
        "#]],
    );
}

#[test]
fn closures_are_named_readably() {
    check(
        &["[1, 2].map(|n| n / 0)", "f = |n| n.nothing(); f.call(1)", "jobs.new(f, 1).join(); jobs[0].traceback()"],
        expect![[r#"
            > [1, 2].map(|n| n / 0)
            Traceback (most recent call last):
              In[1], line 1
                [1, 2].map(|n| n / 0)
                       ^
              In[1], line 1, in a closure
                [1, 2].map(|n| n / 0)
                                 ^
            Division by zero: 1 / 0
            > f = |n| n.nothing(); f.call(1)
            Traceback (most recent call last):
              In[2], line 1
                f = |n| n.nothing(); f.call(1)
                                       ^
              In[2], line 1, in a closure
                f = |n| n.nothing(); f.call(1)
                          ^
            Function not found: nothing (int)
            > jobs.new(f, 1).join(); jobs[0].traceback()
            Traceback (most recent call last):
              In[2], line 1, in a closure
                f = |n| n.nothing(); f.call(1)
                          ^
            Function not found: nothing (int)
        "#]],
    );
}

#[test]
fn what_is_thrown_is_shown() {
    check(
        &["throw 'mine'", "throw 5", "throw ()", "throw #{code: 7}", "try { throw 'caught' } catch (e) { print(e) }"],
        expect![[r#"
            > throw 'mine'
            Traceback (most recent call last):
              In[1], line 1
                throw 'mine'
                ^
            mine
            > throw 5
            Traceback (most recent call last):
              In[2], line 1
                throw 5
                ^
            5
            > throw ()
            Traceback (most recent call last):
              In[3], line 1
                throw ()
                ^
            ()
            > throw #{code: 7}
            Traceback (most recent call last):
              In[4], line 1
                throw #{code: 7}
                ^
            #{code: 7}
            > try { throw 'caught' } catch (e) { print(e) }
            caught
        "#]],
    );
}

#[test]
fn wrong_calls_name_what_was_wrong() {
    check(
        &[
            "nothing",
            "nothing()",
            "[1][5]",
            "'abc'.nothing",
            "sleep(-1)",
            "sleep('a')",
            "read_file('/no/such/file')",
            "read_file('/')",
            "read_file(5)",
            "list_dir('/no/such/dir')",
            "1 + 'a'",
        ],
        expect![[r#"
            > nothing
            Traceback (most recent call last):
              In[1], line 1
                nothing
                ^
            Variable not found: nothing
            > nothing()
            Traceback (most recent call last):
              In[2], line 1
                nothing()
                ^
            Function not found: nothing ()
            > [1][5]
            Traceback (most recent call last):
              In[3], line 1
                [1][5]
                    ^
            Array index 5 out of bounds: only 1 element in array
            > 'abc'.nothing
            Traceback (most recent call last):
              In[4], line 1
                'abc'.nothing
                      ^
            Unknown property 'nothing' - a getter is not registered for type 'string'
            > sleep(-1)
            Traceback (most recent call last):
              In[5], line 1
                sleep(-1)
                ^
            sleep(-1): the time is in seconds, 0 or more, as 0.5 is
            > sleep('a')
            Traceback (most recent call last):
              In[6], line 1
                sleep('a')
                ^
            Function not found: sleep (char)
            > read_file('/no/such/file')
            Traceback (most recent call last):
              In[7], line 1
                read_file('/no/such/file')
                ^
            can't read `/no/such/file`: No such file or directory (os error 2)
            > read_file('/')
            Traceback (most recent call last):
              In[8], line 1
                read_file('/')
                ^
            can't read `/`: it is no regular file
            > read_file(5)
            Traceback (most recent call last):
              In[9], line 1
                read_file(5)
                ^
            read_file(5): a path is a string, not of the type int
            > list_dir('/no/such/dir')
            Traceback (most recent call last):
              In[10], line 1
                list_dir('/no/such/dir')
                ^
            can't list `/no/such/dir`: No such file or directory (os error 2)
            > 1 + 'a'
            Traceback (most recent call last):
              In[11], line 1
                1 + 'a'
                  ^
            Function not found: + (int, char)
        "#]],
    );
}

#[test]
fn a_map_in_pythons_spelling_is_told_with_the_way_out() {
    check(
        &["jobs.new('x + y', {\"x\": 1, \"y\": 2})", "jobs.new('x', #{'x': 1})", "m = {'x': [1, {'y': 2}]}"],
        expect![[r#"
            > jobs.new('x + y', {"x": 1, "y": 2})
            Traceback (most recent call last):
              In[1], line 1
                jobs.new('x + y', {"x": 1, "y": 2})
                                      ^
            Syntax error: Expecting ';' to terminate this statement; a map begins with `#`: write #{x: 1, y: 2}
            > jobs.new('x', #{'x': 1})
            <BackgroundJob #0: x>
            > m = {'x': [1, {'y': 2}]}
            Traceback (most recent call last):
              In[3], line 1
                m = {'x': [1, {'y': 2}]}
                        ^
            Syntax error: Expecting ';' to terminate this statement; a map begins with `#`: write #{x: [1, {'y': 2}]}
        "#]],
    );
}

#[test]
fn messages_name_types_as_a_person_would() {
    check(
        &[
            "c = shared(0); c.set()",
            "jobs['a']",
            "jobs['ab']",
            "1 + 'ab'.len",
            "1.5 - [1]",
            "read_file(1..3)",
            "to_json(c)",
            "c.wait(|v| c)",
            "(|x| x) + 1",
            "5.x",
            "for i in 5 {}",
            "-'a'",
            "throw 'i64'",
            "'ab'.repeat(3)",
            "eval(\"$\")",
        ],
        expect![[r#"
            > c = shared(0); c.set()
            Traceback (most recent call last):
              In[1], line 1
                c = shared(0); c.set()
                                 ^
            Function not found: set (shared)
            > jobs['a']
            Traceback (most recent call last):
              In[2], line 1
                jobs['a']
                    ^
            a job is found by its number, as in jobs[3], not by a value of the type char
            > jobs['ab']
            Traceback (most recent call last):
              In[3], line 1
                jobs['ab']
                    ^
            a job is found by its number, as in jobs[3], not by a value of the type string
            > 1 + 'ab'.len
            3
            > 1.5 - [1]
            Traceback (most recent call last):
              In[5], line 1
                1.5 - [1]
                    ^
            Function not found: - (float, array)
            > read_file(1..3)
            Traceback (most recent call last):
              In[6], line 1
                read_file(1..3)
                ^
            read_file(1..3): a path is a string, not of the type range
            > to_json(c)
            Traceback (most recent call last):
              In[7], line 1
                to_json(c)
                ^
            to_json(..): JSON has no values of the type shared
            > c.wait(|v| c)
            Traceback (most recent call last):
              In[8], line 1
                c.wait(|v| c)
                  ^
            a variable that the function captured is in use: a method of it is running; take out of it before what the function needs
            > (|x| x) + 1
            Traceback (most recent call last):
              In[9], line 1
                (|x| x) + 1
                        ^
            Function not found: + (function, int)
            > 5.x
            Traceback (most recent call last):
              In[10], line 1
                5.x
                  ^
            Unknown property 'x' - a getter is not registered for type 'int'
            > for i in 5 {}
            Traceback (most recent call last):
              In[11], line 1
                for i in 5 {}
                         ^
            Syntax error: Expecting an iterable value, not a number
            > -'a'
            Traceback (most recent call last):
              In[12], line 1
                -'a'
                ^
            Function not found: - (char)
            > throw 'i64'
            Traceback (most recent call last):
              In[13], line 1
                throw 'i64'
                ^
            i64
            > 'ab'.repeat(3)
            Traceback (most recent call last):
              In[14], line 1
                'ab'.repeat(3)
                     ^
            Function not found: repeat (string, int)
            > eval("$")
            Traceback (most recent call last):
              In[15], line 1
                eval("$")
                     ^
            '$' is a reserved symbol
        "#]],
    );
}

/// Starts an expression that says when it is ready, stops it, and tells in which functions and lines it was.
fn stop_of(session: &mut Session, expression: &str) -> Vec<String> {
    session.answer("ready = shared(0);");
    session.answer(&format!("j = jobs.new('{expression}'); ready.wait(|v| v == 1); j.stop();"));
    let job = session.jobs().all().pop().expect("it was started");
    let failure = job.failure().expect("it was stopped");
    assert_eq!(failure.kind(), FailureKind::Stop);
    let place = |frame: &Frame| {
        let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
        let function = frame.function.as_ref().map(|function| format!(" {function}")).unwrap_or_default();
        format!("{}{line}{function}", frame.source.as_deref().unwrap_or_default())
    };
    failure.frames().iter().map(place).collect()
}

#[test]
fn a_stop_shows_the_users_functions_and_lines() {
    let mut session = Seen::default().session();
    for line in [
        "fn spin() {\n    ready.set(1);\n    loop {}\n}",
        "fn nap() { ready.set(1); sleep(100000) }",
        "fn outer(n) {\n    let x = n;\n    spin()\n}",
        "fn deep(n) { if n == 0 { nap() } else { deep(n - 1) } }",
        "fn catches() { try { nap() } catch {} }",
    ] {
        session.answer(line);
    }
    assert_eq!(stop_of(&mut session, "outer(1)"), ["jobs[0]:1", "In[3]:3 outer", "In[1]:3 spin"]);
    let through_rust = ["jobs[1]:1", "jobs[1]:1 a closure", "In[3]:3 outer", "In[1]:3 spin"];
    assert_eq!(stop_of(&mut session, "[1].map(|n| outer(n))"), through_rust);
    let deep = stop_of(&mut session, "deep(500)");
    assert_eq!((deep[0].as_str(), deep[deep.len() - 1].as_str()), ("jobs[2]:1", "In[2]:1 nap"));
    assert!(deep.len() < 30 && deep.iter().any(|place| place.starts_with("... ")), "{deep:?}");
    // Nothing follows that could hear of the stop.
    assert_eq!(stop_of(&mut session, "catches()").len(), 0);
}

#[test]
fn a_string_is_shown_as_it_is_typed() {
    check(
        &[
            r#"["\x1b[2J", "é\u200b\U0001f468\U000e0001", "\x00\t\n\"'\\u{1}", '\n', '\'', #{"a b\x07": 1}]"#,
            r#"_1 == ["\x1b[2J", "é\u200b👨\U000e0001", "\x00\t\n\"'\\u{1}", '\n', '\'', #{"a b\x07": 1}]"#,
        ],
        expect![[r#"
            > ["\x1b[2J", "é\u200b\U0001f468\U000e0001", "\x00\t\n\"'\\u{1}", '\n', '\'', #{"a b\x07": 1}]
            ["\x1b[2J", "é\u200b👨\U000e0001", "\x00\t\n\"'\\u{1}", '\n', '\'', #{"a b\x07": 1}]
            > _1 == ["\x1b[2J", "é\u200b👨\U000e0001", "\x00\t\n\"'\\u{1}", '\n', '\'', #{"a b\x07": 1}]
            true
        "#]],
    );
}
