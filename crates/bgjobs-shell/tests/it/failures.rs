//! Tracebacks and error messages.

use expect_test::expect;

use crate::transcript::check;

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
fn a_text_that_does_not_compile_fails_at_once() {
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
fn closures_have_readable_names() {
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
fn thrown_values_are_shown() {
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
fn wrong_calls_say_what_is_wrong() {
    check(
        &[
            "nothing",
            "nothing()",
            "[1][5]",
            "'abc'.nothing",
            "sleep(-1)",
            "sleep(1e300)",
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
            sleep(-1): the time must be in seconds, 0 or more, such as 0.5
            > sleep(1e300)
            Traceback (most recent call last):
              In[6], line 1
                sleep(1e300)
                ^
            sleep(1e300): the time is too long; it is in seconds, at most 1e19
            > sleep('a')
            Traceback (most recent call last):
              In[7], line 1
                sleep('a')
                ^
            Function not found: sleep (char); `?sleep` says what it takes
            > read_file('/no/such/file')
            Traceback (most recent call last):
              In[8], line 1
                read_file('/no/such/file')
                ^
            can't read `/no/such/file`: No such file or directory (os error 2)
            > read_file('/')
            Traceback (most recent call last):
              In[9], line 1
                read_file('/')
                ^
            can't read `/`: it is not a regular file
            > read_file(5)
            Traceback (most recent call last):
              In[10], line 1
                read_file(5)
                ^
            read_file(5): a path must be a string, not of type int
            > list_dir('/no/such/dir')
            Traceback (most recent call last):
              In[11], line 1
                list_dir('/no/such/dir')
                ^
            can't list `/no/such/dir`: No such file or directory (os error 2)
            > 1 + 'a'
            Traceback (most recent call last):
              In[12], line 1
                1 + 'a'
                  ^
            Function not found: + (int, char)
        "#]],
    );
}
