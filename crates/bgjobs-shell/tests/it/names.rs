//! Names: variables and functions of the prompt.

use expect_test::expect;

use crate::transcript::check;

#[test]
fn names_persist_from_line_to_line() {
    check(
        &["x = 3", "let y = x + 1", "x + y", "x += 10; x", "fn add(n) { x += n; x }", "add(5)", "x", "z"],
        expect![[r#"
            > x = 3
            > let y = x + 1
            > x + y
            7
            > x += 10; x
            13
            > fn add(n) { x += n; x }
            > add(5)
            18
            > x
            18
            > z
            Traceback (most recent call last):
              In[8], line 1
                z
                ^
            Variable not found: z
        "#]],
    );
}

#[test]
fn functions_see_names_as_they_are_when_called() {
    check(
        &[
            "x = 1",
            "fn f() { x }",
            "f()",
            "x = 2",
            "f()",
            "let g = |n| n * x",
            "x = 5",
            "g.call(3)",
            "fn f() { 'new one' }",
            "f()",
        ],
        expect![[r#"
            > x = 1
            > fn f() { x }
            > f()
            1
            > x = 2
            > f()
            2
            > let g = |n| n * x
            > x = 5
            > g.call(3)
            15
            > fn f() { 'new one' }
            > f()
            "new one"
        "#]],
    );
}

#[test]
fn functions_go_on_sharing_what_they_share() {
    check(
        &[
            "fn counter() { let n = 0; #{inc: || { n += 1; n }, get: || n} }",
            "c = counter()",
            "c.inc.call()",
            "c.inc.call()",
            "c.get.call()",
            "inc = c.inc; get = c.get;",
            "inc.call()",
            "get.call()",
        ],
        expect![[r#"
            > fn counter() { let n = 0; #{inc: || { n += 1; n }, get: || n} }
            > c = counter()
            > c.inc.call()
            1
            > c.inc.call()
            2
            > c.get.call()
            2
            > inc = c.inc; get = c.get;
            > inc.call()
            3
            > get.call()
            3
        "#]],
    );
}

#[test]
fn a_name_is_set_with_let_or_without() {
    check(
        &[
            "let a = 1; b = 2; const C = 3;",
            "[a, b, C]",
            "let d;",
            "d",
            "if true { let inner = 1; e = 2 }",
            "a = b = 1",
            "let f = f + 1",
            "a += 1; a",
            "fn g() { h = 1 }",
            "g()",
        ],
        expect![[r#"
            > let a = 1; b = 2; const C = 3;
            > [a, b, C]
            [1, 2, 3]
            > let d;
            > d
            > if true { let inner = 1; e = 2 }
            Traceback (most recent call last):
              In[5], line 1
                if true { let inner = 1; e = 2 }
                                         ^
            Variable not found: e
            > a = b = 1
            Traceback (most recent call last):
              In[6], line 1
                a = b = 1
                      ^
            Syntax error: Expecting ';' to terminate this statement
            > let f = f + 1
            Traceback (most recent call last):
              In[7], line 1
                let f = f + 1
                        ^
            Variable not found: f
            > a += 1; a
            2
            > fn g() { h = 1 }
            > g()
            Traceback (most recent call last):
              In[10], line 1
                g()
                ^
              In[9], line 1, in g
                fn g() { h = 1 }
                         ^
            Variable not found: h
        "#]],
    );
}

#[test]
fn the_effects_of_a_line_before_it_failed_stay() {
    check(
        &["x = 1; y = 2; 1 / 0; x = 3", "[x, y]", "xs = [1]", "xs.push(2); throw 'no'", "xs"],
        expect![[r#"
        > x = 1; y = 2; 1 / 0; x = 3
        Traceback (most recent call last):
          In[1], line 1
            x = 1; y = 2; 1 / 0; x = 3
                            ^
        Division by zero: 1 / 0
        > [x, y]
        [1, 2]
        > xs = [1]
        > xs.push(2); throw 'no'
        Traceback (most recent call last):
          In[4], line 1
            xs.push(2); throw 'no'
                        ^
        no
        > xs
        [1, 2]
    "#]],
    );
}

#[test]
fn a_line_ends_at_a_return() {
    check(
        &["x = 1; return x; x = 2", "x", "if x == 1 { return 'one' } 'other'"],
        expect![[r#"
        > x = 1; return x; x = 2
        1
        > x
        1
        > if x == 1 { return 'one' } 'other'
        "one"
    "#]],
    );
}

#[test]
fn a_last_semicolon_hides_the_value() {
    check(
        &["1 + 1", "1 + 1;", "()", "'text'", "'t'", "#{a: 1, \"b c\": [2.0, true]}", "|n| n", "fn f(a, b) {}", "f"],
        expect![[r#"
            > 1 + 1
            2
            > 1 + 1;
            > ()
            > 'text'
            "text"
            > 't'
            't'
            > #{a: 1, "b c": [2.0, true]}
            #{a: 1, "b c": [2.0, true]}
            > |n| n
            |n| ..
            > fn f(a, b) {}
            > f
            fn f(a, b)
        "#]],
    );
}

#[test]
fn functions_of_the_prompt_are_values() {
    check(
        &[
            "fn twice(f, x) { f.call(f.call(x)) }",
            "fn inc(n) { n + 1 }",
            "twice(inc, 1)",
            "[1, 2].map(inc)",
            "len = 3",
            "len",
        ],
        expect![[r#"
            > fn twice(f, x) { f.call(f.call(x)) }
            > fn inc(n) { n + 1 }
            > twice(inc, 1)
            3
            > [1, 2].map(inc)
            [2, 3]
            > len = 3
            > len
            3
        "#]],
    );
}

#[test]
fn using_a_variable_inside_its_own_method_is_an_error() {
    check(
        &[
            "xs = [3, 4]",
            "fn first() { xs[0] }",
            "xs.map(|x| x - first())",
            "xs.map(|x| x - xs[0])",
            "let first = xs[0]; xs.map(|x| x - first)",
        ],
        expect![[r#"
            > xs = [3, 4]
            > fn first() { xs[0] }
            > xs.map(|x| x - first())
            Traceback (most recent call last):
              In[3], line 1
                xs.map(|x| x - first())
                   ^
              In[3], line 1, in a closure
                xs.map(|x| x - first())
                               ^
              In[2], line 1, in first
                fn first() { xs[0] }
                             ^
            `xs` is in use: one of its methods is running; copy what the function needs before the call
            > xs.map(|x| x - xs[0])
            Traceback (most recent call last):
              In[4], line 1
                xs.map(|x| x - xs[0])
                   ^
            a variable that the function captured is in use: one of its methods is running; copy what the function needs before the call
            > let first = xs[0]; xs.map(|x| x - first)
            [0, 1]
        "#]],
    );
}

#[test]
fn the_values_shown_have_names() {
    check(
        &[
            "6 * 7",
            "_ + 1",
            "_1 + _2-1 - _1",
            "'hidden';",
            "x = 5",
            "_",
            "jobs.new('_ * 2').join(); jobs[0].result",
            "[1, 2]",
            "_.push(3)",
            "[_, _8]",
            "_4",
            "switch _1 { 1 => 'one', _ => 'other' }",
            "switch 7 { _   => _1 }",
            "for _ in 0..2 { print('again') }",
            "[1, 2].map(|_| 0)",
            "a__b = 3; _c = 4; a__b + _c",
        ],
        expect![[r#"
            > 6 * 7
            42
            > _ + 1
            43
            > _1 + _2-1 - _1
            42
            > 'hidden';
            > x = 5
            > _
            42
            > jobs.new('_ * 2').join(); jobs[0].result
            84
            > [1, 2]
            [1, 2]
            > _.push(3)
            > [_, _8]
            [[1, 2, 3], [1, 2]]
            > _4
            Traceback (most recent call last):
              In[11], line 1
                _4
                ^
            Variable not found: _4
            > switch _1 { 1 => 'one', _ => 'other' }
            "other"
            > switch 7 { _   => _1 }
            42
            > for _ in 0..2 { print('again') }
            again
            again
            > [1, 2].map(|_| 0)
            [0, 0]
            > a__b = 3; _c = 4; a__b + _c
            7
        "#]],
    );
}

#[test]
fn a_value_of_a_custom_type_is_shown_by_its_own_function() {
    check(
        &["0..5", "timestamp()", "blob(2)", "fn to_string(x) { throw 'no' }", "0..5"],
        expect![[r#"
        > 0..5
        0..5
        > timestamp()
        <timestamp>
        > blob(2)
        [0000]
        > fn to_string(x) { throw 'no' }
        > 0..5
        0..5
    "#]],
    );
}
