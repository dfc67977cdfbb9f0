//! Messages for people who know Python and have never seen Rust.

use expect_test::expect;

use crate::transcript::check;

#[test]
fn a_python_dict_gets_a_hint() {
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
            Syntax error: Expecting ';' to terminate this statement; a map begins with `#`: write #{x: [1, #{y: 2}]}
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
        ],
        expect![[r#"
            > c = shared(0); c.set()
            Traceback (most recent call last):
              In[1], line 1
                c = shared(0); c.set()
                                 ^
            Function not found: set (shared); `?set` says what it takes
            > jobs['a']
            Traceback (most recent call last):
              In[2], line 1
                jobs['a']
                    ^
            `jobs` has no `a`; jobs[3] is a job, jobs.all has all of them
            > jobs['ab']
            Traceback (most recent call last):
              In[3], line 1
                jobs['ab']
                    ^
            `jobs` has no `ab`; jobs[3] is a job, jobs.all has all of them
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
            read_file(..): a path must be a string, not of type range
            > to_json(c)
            Traceback (most recent call last):
              In[7], line 1
                to_json(c)
                ^
            to_json(..): JSON has no values of type shared
            > c.wait(|v| c)
            Traceback (most recent call last):
              In[8], line 1
                c.wait(|v| c)
                  ^
            a variable that the function captured is in use: one of its methods is running; copy what the function needs before the call
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
        "#]],
    );
}

#[test]
fn rhai_messages_use_the_prompts_names_of_types() {
    check(
        &["'ab'.repeat(3)", "eval(\"$\")"],
        expect![[r#"
        > 'ab'.repeat(3)
        Traceback (most recent call last):
          In[1], line 1
            'ab'.repeat(3)
                 ^
        Function not found: repeat (string, int)
        > eval("$")
        Traceback (most recent call last):
          In[2], line 1
            eval("$")
                 ^
        '$' is a reserved symbol
    "#]],
    );
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

#[test]
fn a_wrong_call_says_where_to_look() {
    check(
        &["jobs.sh()", "env()", "nothing()"],
        expect![[r#"
        > jobs.sh()
        Traceback (most recent call last):
          In[1], line 1
            jobs.sh()
                 ^
        sh(..): a command must be a string, not of type jobs
        > env()
        Traceback (most recent call last):
          In[2], line 1
            env()
            ^
        Function not found: env (); `?env` says what it takes
        > nothing()
        Traceback (most recent call last):
          In[3], line 1
            nothing()
            ^
        Function not found: nothing ()
    "#]],
    );
}
