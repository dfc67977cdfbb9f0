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
        &["x = 1", "fn f() { x }", "f()", "x = 2", "f()", "let g = |n| n * x", "x = 5", "g.call(3)", "fn f() { 'new one' }", "f()"],
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
            Traceback (most recent call last):
              In[3], line 1
                j = jobs.new('slow(x) + 2')
                         ^
            Function not found: new (Fn, &str | ImmutableString | String)
            > j
            Traceback (most recent call last):
              In[4], line 1
                j
                ^
            Variable not found: j
            > j.join()
            Traceback (most recent call last):
              In[5], line 1
                j.join()
                ^
            Variable not found: j
            > [j.num, j.status, j.stat_code, j.finished, j.result, j.is_alive()]
            Traceback (most recent call last):
              In[6], line 1
                [j.num, j.status, j.stat_code, j.finished, j.result, j.is_alive()]
                 ^
            Variable not found: j
            > jobs[0].result
            Traceback (most recent call last):
              In[7], line 1
                jobs[0].result
                    ^
            Indexer unavailable: Fn [i64]
            > jobs.result(0)
            Traceback (most recent call last):
              In[8], line 1
                jobs.result(0)
                     ^
            Function not found: result (Fn, i64)
            > jobs.new(slow, 4).num
            Traceback (most recent call last):
              In[9], line 1
                jobs.new(slow, 4).num
                     ^
            Function not found: new (Fn, Fn, i64)
            > jobs.new(|n| n * x, 21).num
            Traceback (most recent call last):
              In[10], line 1
                jobs.new(|n| n * x, 21).num
                     ^
            Function not found: new (Fn, Fn, i64)
            > jobs[1].join(); jobs[2].join(5); [jobs[1].result, jobs[2].result]
            Traceback (most recent call last):
              In[11], line 1
                jobs[1].join(); jobs[2].join(5); [jobs[1].result, jobs[2].result]
                    ^
            Indexer unavailable: Fn [i64]
            > jobs()
            > jobs.status()
            Traceback (most recent call last):
              In[13], line 1
                jobs.status()
                     ^
            Function not found: status (Fn)
            > [jobs.running, jobs.completed, jobs.dead]
            Traceback (most recent call last):
              In[14], line 1
                [jobs.running, jobs.completed, jobs.dead]
                      ^
            Unknown property 'running' - a getter is not registered for type 'Fn'
            > jobs.flush()
            Traceback (most recent call last):
              In[15], line 1
                jobs.flush()
                     ^
            Function not found: flush (Fn)
            > jobs.flush()
            Traceback (most recent call last):
              In[16], line 1
                jobs.flush()
                     ^
            Function not found: flush (Fn)
            > jobs[0]
            Traceback (most recent call last):
              In[17], line 1
                jobs[0]
                    ^
            Indexer unavailable: Fn [i64]
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
            Traceback (most recent call last):
              In[5], line 1
                jobs.new('a(4) + 1').join()
                     ^
            Function not found: new (Fn, &str | ImmutableString | String)
            > jobs.traceback(0)
            Traceback (most recent call last):
              In[6], line 1
                jobs.traceback(0)
                     ^
            Function not found: traceback (Fn, i64)
            > jobs[0].result
            Traceback (most recent call last):
              In[7], line 1
                jobs[0].result
                    ^
            Indexer unavailable: Fn [i64]
            > jobs.traceback()
            Traceback (most recent call last):
              In[8], line 1
                jobs.traceback()
                     ^
            Function not found: traceback (Fn)
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
            Function not found: new (Fn, &str | ImmutableString | String)
            > 2 +
            Traceback (most recent call last):
              In[11], line 1
                2 +
                   ^
            Syntax error: Script is incomplete
            > jobs.new(b, 1).join(); jobs[1].traceback()
            Traceback (most recent call last):
              In[12], line 1
                jobs.new(b, 1).join(); jobs[1].traceback()
                     ^
            Function not found: new (Fn, Fn, i64)
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
            Function not found: new (Fn, i64)
        "#]],
    );
}
