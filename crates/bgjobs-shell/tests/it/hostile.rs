//! Hostile input: it ends in a clean error, and the prompt goes on.

use std::sync::Arc;

use bgjobs_shell::{
    Answer, Session,
    rhai::{FuncRegistration, Module},
};
use expect_test::expect;

use crate::transcript::check;

fn quiet() -> Session {
    Session::new(Arc::new(|_, _| {}))
}

/// The message of a line that has to fail.
#[track_caller]
fn message(session: &mut Session, line: &str) -> String {
    match session.answer(line) {
        Answer::Failed(failure) => failure.message().to_owned(),
        answer => panic!("it should have failed: {answer:?}"),
    }
}

#[test]
fn endless_recursion_ends_in_an_error() {
    check(
        &[
            "fn deep(n) { deep(n + 1) }",
            "deep(0)",
            "jobs.new(deep, 0).join(); jobs[0].traceback()",
            "fn a(n) { [n].map(|m| a(m + 1)) }",
            "a(0)",
        ],
        expect![[r#"
            > fn deep(n) { deep(n + 1) }
            > deep(0)
            Traceback (most recent call last):
              In[2], line 1
                deep(0)
                ^
              In[1], line 1, in deep
                fn deep(n) { deep(n + 1) }
                             ^
              ... 977 more ...
              In[1], line 1, in deep
                fn deep(n) { deep(n + 1) }
                             ^
            Stack overflow: more than 1000 nested calls
            > jobs.new(deep, 0).join(); jobs[0].traceback()
            Traceback (most recent call last):
              In[1], line 1, in deep
                fn deep(n) { deep(n + 1) }
                             ^
              ... 975 more ...
              In[1], line 1, in deep
                fn deep(n) { deep(n + 1) }
                             ^
            Stack overflow: more than 1000 nested calls
            > fn a(n) { [n].map(|m| a(m + 1)) }
            > a(0)
            Traceback (most recent call last):
              In[5], line 1
                a(0)
                ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              ... 727 more ...
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
              In[4], line 1, in a closure
                fn a(n) { [n].map(|m| a(m + 1)) }
                                      ^
            Stack overflow: more than 1000 nested calls
        "#]],
    );
}

#[test]
fn an_overflow_of_the_stack_can_be_caught() {
    let mut session = quiet();
    session.answer("fn deep() { deep() }");
    let Answer::Value(caught) = session.answer("x = 1; try { deep() } catch { x = 7 } x") else { panic!("it goes on") };
    assert_eq!(session.show(&caught), "7");
}

/// Blocks in every call take more stack than calls alone.
#[test]
fn deep_blocks_in_deep_calls_end_in_an_error() {
    let mut session = quiet();
    session.answer(&format!("fn f(n) {{ {} f(n + 1) {} }}", "if true {".repeat(300), "}".repeat(300)));
    assert_eq!(message(&mut session, "f(0)"), "Stack overflow: the nested calls need too much memory");
}

#[test]
fn deep_brackets_are_rejected() {
    let mut session = quiet();
    for (open, close) in
        [("(", ")"), ("[", "]"), ("#{a: ", "}"), ("!", ""), ("f(", ")"), ("if true {", "}"), ("|x| ", "")]
    {
        let text = format!("q = {}1{}", open.repeat(20_000), close.repeat(20_000));
        assert_eq!(message(&mut session, &text), "Syntax error: Expression exceeds maximum complexity", "{open}");
    }
    assert!(matches!(session.answer(&format!("1{}", "+1".repeat(900))), Answer::Value(_)), "long sums are not deep");
}

#[test]
fn a_deep_value_is_shown_in_part() {
    let mut session = quiet();
    let answer = session.answer("a = []; for i in 0..1000 { a = [a] } a");
    let Answer::Value(value) = answer else { panic!("it has a value: {answer:?}") };
    assert!(session.show(&value).contains("[…]"));
}

#[test]
fn a_long_value_is_shown_in_part() {
    let mut session = quiet();
    let answer = session.answer("a = []; a.pad(5000, 7); a");
    let Answer::Value(value) = answer else { panic!("it has a value: {answer:?}") };
    assert!(session.show(&value).ends_with(", 7, … 4000 more]"));
}

#[test]
fn a_function_in_rust_that_panics_is_a_failure() {
    let mut module = Module::new();
    FuncRegistration::new("burst").set_into_module(&mut module, || -> i64 { panic!("no such luck") });
    let mut session = Session::with_functions(Arc::new(|_, _| {}), [module]);
    session.answer("x = 5; y = [1]");
    assert_eq!(message(&mut session, "y.push(burst())"), "no such luck");
    session.answer("j = jobs.new('burst()'); j.join()");
    assert_eq!(
        message(&mut session, "if j.status.starts_with('Dead') { throw j.status }"),
        "Dead (Exception), call jobs.traceback() for details"
    );
    let answer = session.answer("x + y.len()");
    let Answer::Value(value) = answer else { panic!("the prompt goes on: {answer:?}") };
    assert_eq!(session.show(&value), "6");
}

#[test]
fn control_characters_are_escaped() {
    check(
        &[
            "x = \"\u{1b}[2J\"",
            "x",
            "j = jobs.new('\"\u{1b}[2J\"')",
            "j.join(); j.result",
            "jobs()",
            "throw \"\u{1b}[2J\"",
        ],
        expect![[r#"
            > x = "[2J"
            > x
            "\x1b[2J"
            > j = jobs.new('"[2J"')
            > j.join(); j.result
            "\x1b[2J"
            > jobs()
            Completed jobs:
            0 : "\u{1b}[2J"

            > throw "[2J"
            Traceback (most recent call last):
              In[6], line 1
                throw "\u{1b}[2J"
                ^
            \u{1b}[2J
        "#]],
    );
}

#[test]
fn anything_can_be_thrown() {
    check(
        &[
            "throw #{code: 7}",
            "throw ()",
            "throw |x| x",
            "fn f(a) {} throw f",
            "j = jobs.new('1'); j.join(); throw j",
            "throw [1, 'a', \"\u{1b}[2J\"]",
            "throw #{\"\u{1b}[2J\": shared(1)}",
            "throw jobs",
            "x = 0; try { throw #{code: 7} } catch (e) { x = e.code } x",
        ],
        expect![[r#"
            > throw #{code: 7}
            Traceback (most recent call last):
              In[1], line 1
                throw #{code: 7}
                ^
            #{code: 7}
            > throw ()
            Traceback (most recent call last):
              In[2], line 1
                throw ()
                ^
            ()
            > throw |x| x
            Traceback (most recent call last):
              In[3], line 1
                throw |x| x
                ^
            |x| ..
            > fn f(a) {} throw f
            Traceback (most recent call last):
              In[4], line 1
                fn f(a) {} throw f
                           ^
            fn f(a)
            > j = jobs.new('1'); j.join(); throw j
            Traceback (most recent call last):
              In[5], line 1
                j = jobs.new('1'); j.join(); throw j
                                             ^
            <BackgroundJob #0: 1>
            > throw [1, 'a', "[2J"]
            Traceback (most recent call last):
              In[6], line 1
                throw [1, 'a', "\u{1b}[2J"]
                ^
            [1, 'a', "\x1b[2J"]
            > throw #{"[2J": shared(1)}
            Traceback (most recent call last):
              In[7], line 1
                throw #{"\u{1b}[2J": shared(1)}
                ^
            #{"\x1b[2J": shared(1)}
            > throw jobs
            Traceback (most recent call last):
              In[8], line 1
                throw jobs
                ^
            Completed jobs:
            0 : 1
            > x = 0; try { throw #{code: 7} } catch (e) { x = e.code } x
            7
        "#]],
    );
    let mut session = quiet();
    assert!(message(&mut session, "xs = []; xs.pad(100000, 7); throw xs").len() < 10_000);
    assert!(message(&mut session, "s = 'ab'; s.pad(1000000, 'x'); throw s").len() < 20_000);
}

#[test]
fn huge_literals_are_rejected_or_become_values() {
    check(
        &["99999999999999999999", "-9223372036854775808", "0xffffffffffffffff", "1e400", "9223372036854775807 + 1"],
        expect![[r#"
            > 99999999999999999999
            1e20
            > -9223372036854775808
            -9223372036854775808
            > 0xffffffffffffffff
            -1
            > 1e400
            inf
            > 9223372036854775807 + 1
            Traceback (most recent call last):
              In[5], line 1
                9223372036854775807 + 1
                                    ^
            Addition overflow: 9223372036854775807 + 1
        "#]],
    );
    let mut session = quiet();
    session.answer(&format!("s = \"{}\"", "x".repeat(500_000)));
    let Answer::Value(length) = session.answer("s.len()") else { panic!("it has a length") };
    assert_eq!(session.show(&length), "500000");
    session.answer(&format!("xs = [{}]", "1,".repeat(20_000)));
    let Answer::Value(length) = session.answer("xs.len()") else { panic!("it has a length") };
    assert_eq!(session.show(&length), "20000");
    for text in ["9".repeat(50_000), "a".repeat(50_000), format!("\"{}", "b".repeat(50_000))] {
        session.answer(&text);
    }
    assert!(matches!(session.answer("1"), Answer::Value(_)), "the prompt goes on");
}

#[test]
fn a_job_that_prints_forever_has_only_its_last_lines_in_memory() {
    let mut session = quiet();
    session.answer("fn talk() { let n = 0; loop { print(`line ${n}`); n += 1 } }");
    session.answer("j = jobs.start(talk, [], #{daemon: true}); while j.log.len() == 0 { sleep(0.01) }");
    session.answer("while j.log[0] == 'line 0' { sleep(0.01) } j.stop(); j.join()");
    let Answer::Value(bytes) = session.answer("n = 0; for line in j.log { n += line.len() } n <= 1048576") else {
        panic!("it has a log");
    };
    assert_eq!(session.show(&bytes), "true");
}

#[test]
fn control_characters_in_output_and_names_are_escaped() {
    check(
        &[
            "j = jobs.start('print(\"\u{1b}[2J\")', [], #{name: \"\u{1b}]0;x\u{7}\"}); j.join(); j",
            "j.log",
            "no\u{1b}[2Jname",
            "m = #{\"\u{1b}[2J\": 1}; m",
            "m.missing.more",
            "jobs.new('\u{1b}[2J')",
        ],
        expect![[r#"
            > j = jobs.start('print("[2J")', [], #{name: "]0;x"}); j.join(); j
            <BackgroundJob #0: \u{1b}]0;x\u{7}>
            > j.log
            ["\x1b[2J"]
            > no[2Jname
            Traceback (most recent call last):
              In[3], line 1
                no\u{1b}[2Jname
                  ^
            Syntax error: Unexpected '\u{1b}'
            > m = #{"[2J": 1}; m
            #{"\x1b[2J": 1}
            > m.missing.more
            Traceback (most recent call last):
              In[5], line 1
                m.missing.more
                          ^
            Unknown property 'more' - a getter is not registered for type '()'
            > jobs.new('[2J')
            Traceback (most recent call last):
              In[6], line 1
                jobs.new('\u{1b}[2J')
                     ^
              expression, line 1
                \u{1b}[2J
                ^
            Syntax error: Unexpected '\u{1b}'
        "#]],
    );
}

#[test]
fn a_value_that_would_not_fit_in_memory_is_rejected() {
    check(
        &[
            "\"a\".pad(1 << 62, \"b\")",
            "s = 'ab'; s.pad(1 << 40, 'x')",
            "s.pad(5, '')",
            "xs = [1]; xs.pad(1 << 40, ())",
            "xs.pad(1000, 0); xs.pad(1 << 20, xs)",
            "blob(1 << 62)",
            "blob(1 << 40, 7)",
            "b = blob(2, 258); b.pad(1 << 40, 7)",
            "b.pad(4, 511); b",
            "b.pad(-1, 0); b.len()",
            "s.pad(7, 'xyz'); s",
            "s.pad(9, '-'); s",
            "xs = [1]; xs.pad(3, 'ab'); xs.pad(0, 1); xs",
            "blob(-1).len() + blob().len()",
        ],
        expect![[r#"
            > "a".pad(1 << 62, "b")
            Traceback (most recent call last):
              In[1], line 1
                "a".pad(1 << 62, "b")
                    ^
            pad(..): 4611686018427387904 characters need too much memory; at most 67108864 are allowed
            > s = 'ab'; s.pad(1 << 40, 'x')
            Traceback (most recent call last):
              In[2], line 1
                s = 'ab'; s.pad(1 << 40, 'x')
                            ^
            pad(..): 1099511627776 characters need too much memory; at most 67108864 are allowed
            > s.pad(5, '')
            Traceback (most recent call last):
              In[3], line 1
                s.pad(5, '')
                  ^
            pad(..): an empty string can't make a string longer
            > xs = [1]; xs.pad(1 << 40, ())
            Traceback (most recent call last):
              In[4], line 1
                xs = [1]; xs.pad(1 << 40, ())
                             ^
            pad(..): 1099511627776 such items need too much memory; at most 16777216 are allowed
            > xs.pad(1000, 0); xs.pad(1 << 20, xs)
            Traceback (most recent call last):
              In[5], line 1
                xs.pad(1000, 0); xs.pad(1 << 20, xs)
                                    ^
            pad(..): 1048576 such items need too much memory; at most 16760 are allowed
            > blob(1 << 62)
            Traceback (most recent call last):
              In[6], line 1
                blob(1 << 62)
                ^
            blob(..): 4611686018427387904 bytes need too much memory; at most 268435456 are allowed
            > blob(1 << 40, 7)
            Traceback (most recent call last):
              In[7], line 1
                blob(1 << 40, 7)
                ^
            blob(..): 1099511627776 bytes need too much memory; at most 268435456 are allowed
            > b = blob(2, 258); b.pad(1 << 40, 7)
            Traceback (most recent call last):
              In[8], line 1
                b = blob(2, 258); b.pad(1 << 40, 7)
                                    ^
            pad(..): 1099511627776 bytes need too much memory; at most 268435456 are allowed
            > b.pad(4, 511); b
            [0202ffff]
            > b.pad(-1, 0); b.len()
            4
            > s.pad(7, 'xyz'); s
            "abxyzxy"
            > s.pad(9, '-'); s
            "abxyzxy--"
            > xs = [1]; xs.pad(3, 'ab'); xs.pad(0, 1); xs
            [1, "ab", "ab"]
            > blob(-1).len() + blob().len()
            0
        "#]],
    );
}
