//! Input that means no good: it ends in a clean error, and the prompt goes on.

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

/// The message of a line that must fail.
#[track_caller]
fn message(session: &mut Session, line: &str) -> String {
    match session.answer(line) {
        Answer::Failed(failure) => failure.message().to_owned(),
        answer => panic!("it should have failed: {answer:?}"),
    }
}

#[test]
fn endless_recursion_ends() {
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
            Stack overflow: more than 1000 calls inside each other
            > jobs.new(deep, 0).join(); jobs[0].traceback()
            Traceback (most recent call last):
              In[1], line 1, in deep
                fn deep(n) { deep(n + 1) }
                           ^
            Stack overflow: more than 1000 calls inside each other
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
              ... 726 more ...
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
              In[4], line 1, in a
                fn a(n) { [n].map(|m| a(m + 1)) }
                              ^
            Stack overflow: more than 1000 calls inside each other
        "#]],
    );
}

/// Blocks in each call take more stack than calls alone.
#[test]
fn deep_blocks_in_deep_calls_end() {
    let mut session = quiet();
    session.answer(&format!("fn f(n) {{ {} f(n + 1) {} }}", "if true {".repeat(300), "}".repeat(300)));
    assert_eq!(message(&mut session, "f(0)"), "Stack overflow: the calls inside each other need too much memory");
}

#[test]
fn deep_brackets_are_refused() {
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
fn control_characters_are_shown_harmlessly() {
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
            "\u{1b}[2J"
            > j = jobs.new('"[2J"')
            > j.join(); j.result
            "\u{1b}[2J"
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
