//! What a person sees: lines typed into a session, without a terminal.

use expect_test::expect;

use crate::transcript::check;

#[test]
fn names_stay_from_line_to_line() {
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
fn what_functions_share_they_go_on_sharing() {
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
fn a_job_is_an_expression_with_a_number() {
    check(
        &[
            "x = 20",
            "fn slow(n) { n * 2 }",
            "j = jobs.new('slow(x) + 2')",
            "j",
            "j.join()",
            "[j.num, j.status, j.stat_code, j.finished, j.result, j.is_alive()]",
            "jobs[0].result",
            "jobs.result(0)",
            "jobs.new(slow, 4).num",
            "jobs.new(|n| n * x, 21).num",
            "jobs[1].join(); jobs[2].join(5); [jobs[1].result, jobs[2].result]",
            "jobs()",
            "jobs.status()",
            "[jobs.running, jobs.completed, jobs.dead]",
            "jobs.flush()",
            "jobs.flush()",
            "jobs[0]",
        ],
        expect![[r#"
            > x = 20
            > fn slow(n) { n * 2 }
            > j = jobs.new('slow(x) + 2')
            > j
            <BackgroundJob #0: slow(x) + 2>
            > j.join()
            > [j.num, j.status, j.stat_code, j.finished, j.result, j.is_alive()]
            [0, "Completed", 2, true, 42, false]
            > jobs[0].result
            42
            > jobs.result(0)
            42
            > jobs.new(slow, 4).num
            1
            > jobs.new(|n| n * x, 21).num
            2
            > jobs[1].join(); jobs[2].join(5); [jobs[1].result, jobs[2].result]
            [8, 420]
            > jobs()
            Completed jobs:
            0 : slow(x) + 2
            1 : fn slow(n)
            2 : |n| ..

            > jobs.status()
            Completed jobs:
            0 : slow(x) + 2
            1 : fn slow(n)
            2 : |n| ..

            > [jobs.running, jobs.completed, jobs.dead]
            [[], [<BackgroundJob #0: slow(x) + 2>, <BackgroundJob #1: fn slow(n)>, <BackgroundJob #2: |n| ..>], []]
            > jobs.flush()
            Flushing 3 Completed jobs.
            > jobs.flush()
            No jobs to flush.
            > jobs[0]
            Traceback (most recent call last):
              In[17], line 1
                jobs[0]
                    ^
            Job #0 not found; it was removed or flushed
        "#]],
    );
}

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
            "[1, 2].map(|n| n / 0)",
            "jobs.new('2 +')",
            "2 +",
            "jobs.new(b, 1).join(); jobs[1].traceback()",
            "fn deep(n) { deep(n + 1) }",
            "deep(0)",
            "throw 'mine'",
            "jobs.new(5)",
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

            > [1, 2].map(|n| n / 0)
            Traceback (most recent call last):
              In[9], line 1
                [1, 2].map(|n| n / 0)
                       ^
              In[9], line 1, in a closure
                [1, 2].map(|n| n / 0)
                                 ^
            Division by zero: 1 / 0
            > jobs.new('2 +')
            Traceback (most recent call last):
              In[10], line 1
                jobs.new('2 +')
                     ^
              expression, line 1
                2 +
                   ^
            Syntax error: Script is incomplete
            > 2 +
            Traceback (most recent call last):
              In[11], line 1
                2 +
                   ^
            Syntax error: Script is incomplete
            > jobs.new(b, 1).join(); jobs[1].traceback()
            Traceback (most recent call last):
              In[2], line 1, in b
                fn b(n) { let z = c(n * 2); z }
                                  ^
              In[1], line 3, in c
                arr[n / 0]
                      ^
            Division by zero: 2 / 0
            > fn deep(n) { deep(n + 1) }
            > deep(0)
            Traceback (most recent call last):
              In[14], line 1
                deep(0)
                ^
            Stack overflow: more than 1000 calls inside each other
            > throw 'mine'
            Traceback (most recent call last):
              In[15], line 1
                throw 'mine'
                ^
            mine
            > jobs.new(5)
            Traceback (most recent call last):
              In[16], line 1
                jobs.new(5)
                     ^
            invalid args for new job
        "#]],
    );
}
