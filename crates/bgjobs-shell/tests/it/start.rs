//! Starting jobs: expressions, functions, names, options, and calls that start nothing.

use expect_test::expect;

use crate::transcript::check;

#[test]
fn an_ampersand_sends_a_line_to_the_background() {
    check(
        &[
            "x = 1",
            "x + 1 &",
            "jobs[0].join(); jobs[0].result",
            "x = 5; y = x * 2 &",
            "jobs[1].join(); jobs[1].names",
            "x",
            "1 + &",
            "jobs",
        ],
        expect![[r#"
            > x = 1
            > x + 1 &
            <BackgroundJob #0: x + 1>
            > jobs[0].join(); jobs[0].result
            2
            > x = 5; y = x * 2 &
            <BackgroundJob #1: x = 5; y = x * 2>
            > jobs[1].join(); jobs[1].names
            #{x: 5, y: 10}
            > x
            1
            > 1 + &
            Traceback (most recent call last):
              In[7], line 1
                1 +
                   ^
            Syntax error: Script is incomplete
            > jobs
            Completed jobs:
            0 : x + 1
            1 : x = 5; y = x * 2
        "#]],
    );
}

#[test]
fn an_invalid_call_starts_nothing() {
    check(
        &[
            "jobs.new()",
            "jobs.new(5)",
            "jobs.new('let x = 1')",
            "jobs.new('1; 2')",
            "jobs.new('x = 1')",
            "jobs.new('1').num",
        ],
        expect![[r#"
            > jobs.new()
            Traceback (most recent call last):
              In[1], line 1
                jobs.new()
                     ^
            invalid args for new job
            > jobs.new(5)
            Traceback (most recent call last):
              In[2], line 1
                jobs.new(5)
                     ^
            invalid args for new job
            > jobs.new('let x = 1')
            Traceback (most recent call last):
              In[3], line 1
                jobs.new('let x = 1')
                     ^
              expression, line 1
                let x = 1
                ^
            Syntax error: Unexpected 'let'
            > jobs.new('1; 2')
            Traceback (most recent call last):
              In[4], line 1
                jobs.new('1; 2')
                     ^
              expression, line 1
                1; 2
                 ^
            Syntax error: Unexpected ';'
            > jobs.new('x = 1')
            Traceback (most recent call last):
              In[5], line 1
                jobs.new('x = 1')
                     ^
              expression, line 1
                x = 1
                  ^
            Syntax error: Unexpected '='
            > jobs.new('1').num
            0
        "#]],
    );
}

#[test]
fn an_expression_can_get_names_of_its_own() {
    check(
        &[
            "x = 100; y = 200",
            "fn sum() { x + y }",
            "jobs.new('x + y', #{x: 1, y: 2}).join(); jobs[0].result",
            "jobs.new('x + y + z', #{x: 1, y: 2, z: 3}, #{y: 20}).join(); jobs[1].result",
            "jobs.new('sum()', #{x: 1, y: 2}).join(); jobs[2].result",
            "jobs.new('x', #{y: 2}).join(); jobs[3].traceback()",
            "jobs.new('f.call(2)', #{f: |m| m * 5}).join(); jobs[4].result",
            "jobs.new('1', #{}, #{}, #{})",
            "jobs.new('x', [1])",
            "jobs.new('1').num",
        ],
        expect![[r#"
            > x = 100; y = 200
            > fn sum() { x + y }
            > jobs.new('x + y', #{x: 1, y: 2}).join(); jobs[0].result
            3
            > jobs.new('x + y + z', #{x: 1, y: 2, z: 3}, #{y: 20}).join(); jobs[1].result
            24
            > jobs.new('sum()', #{x: 1, y: 2}).join(); jobs[2].result
            3
            > jobs.new('x', #{y: 2}).join(); jobs[3].traceback()
            Traceback (most recent call last):
              jobs[3], line 1
                x
                ^
            Variable not found: x
            > jobs.new('f.call(2)', #{f: |m| m * 5}).join(); jobs[4].result
            10
            > jobs.new('1', #{}, #{}, #{})
            Traceback (most recent call last):
              In[8], line 1
                jobs.new('1', #{}, #{}, #{})
                     ^
            Expression jobs take at most 2 args (globals,locals)
            > jobs.new('x', [1])
            Traceback (most recent call last):
              In[9], line 1
                jobs.new('x', [1])
                     ^
            invalid args for new job: names go in a map, as in #{x: 1}, not as array
            > jobs.new('1').num
            5
        "#]],
    );
}

#[test]
fn a_job_can_get_options() {
    check(
        &[
            "fn slow(a, b) { [a, b] }",
            "j = jobs.start(slow, [1, #{daemon: true}], #{daemon: true, name: 'the slow one'})",
            "j.join(); [j, j.daemon, j.result]",
            "jobs.start(slow, [1, 2]).join(); [jobs[1], jobs[1].daemon, jobs[1].result]",
            "jobs.start('x + 1', [#{x: 1}], #{name: 'one more'}).join(); [jobs[2], jobs[2].result]",
            "jobs.start('2').join(); jobs[3].result",
            "arguments = [3, 4]; options = #{name: 'n'}; jobs.start(slow, arguments, options).join(); jobs[4].result",
            "jobs.new(slow, 1, #{daemon: true}).join(); [jobs[5].daemon, jobs[5].result]",
            "jobs.start()",
            "jobs.start(slow, 5)",
            "jobs.start(slow, #{daemon: true})",
            "jobs.start(slow, [1, 2], true)",
            "jobs.start(slow, [1, 2], #{deamon: true})",
            "jobs.start(slow, [1, 2], #{daemon: 1})",
            "jobs.start(slow, [1, 2], #{name: 1})",
            "jobs.new('1').num",
        ],
        expect![[r#"
            > fn slow(a, b) { [a, b] }
            > j = jobs.start(slow, [1, #{daemon: true}], #{daemon: true, name: 'the slow one'})
            > j.join(); [j, j.daemon, j.result]
            [<BackgroundJob #0: the slow one>, true, [1, #{daemon: true}]]
            > jobs.start(slow, [1, 2]).join(); [jobs[1], jobs[1].daemon, jobs[1].result]
            [<BackgroundJob #1: slow(1, 2)>, false, [1, 2]]
            > jobs.start('x + 1', [#{x: 1}], #{name: 'one more'}).join(); [jobs[2], jobs[2].result]
            [<BackgroundJob #2: one more>, 2]
            > jobs.start('2').join(); jobs[3].result
            2
            > arguments = [3, 4]; options = #{name: 'n'}; jobs.start(slow, arguments, options).join(); jobs[4].result
            [3, 4]
            > jobs.new(slow, 1, #{daemon: true}).join(); [jobs[5].daemon, jobs[5].result]
            [false, [1, #{daemon: true}]]
            > jobs.start()
            Traceback (most recent call last):
              In[9], line 1
                jobs.start()
                     ^
            invalid args for new job
            > jobs.start(slow, 5)
            Traceback (most recent call last):
              In[10], line 1
                jobs.start(slow, 5)
                     ^
            jobs.start(..): arguments go in an array, as in jobs.start(f, [5]), not as int
            > jobs.start(slow, #{daemon: true})
            Traceback (most recent call last):
              In[11], line 1
                jobs.start(slow, #{daemon: true})
                     ^
            jobs.start(..): arguments go in an array, as in jobs.start(f, [5]), not as map
            > jobs.start(slow, [1, 2], true)
            Traceback (most recent call last):
              In[12], line 1
                jobs.start(slow, [1, 2], true)
                     ^
            jobs.start(..): options go in a map, as in jobs.start(f, [5], #{daemon: true}), not as bool
            > jobs.start(slow, [1, 2], #{deamon: true})
            Traceback (most recent call last):
              In[13], line 1
                jobs.start(slow, [1, 2], #{deamon: true})
                     ^
            there is no option `deamon`; there are daemon: true, name: "text", log_file: "path", log_bytes: 100000, group: "io", priority: 1, delay: 5, after: [1, 2], after_ended: [1, 2], time_limit: 60, keep: true, retry: 3 and backoff: 1
            > jobs.start(slow, [1, 2], #{daemon: 1})
            Traceback (most recent call last):
              In[14], line 1
                jobs.start(slow, [1, 2], #{daemon: 1})
                     ^
            the option `daemon` must be true or false, not of type int
            > jobs.start(slow, [1, 2], #{name: 1})
            Traceback (most recent call last):
              In[15], line 1
                jobs.start(slow, [1, 2], #{name: 1})
                     ^
            the option `name` must be a string, not of type int
            > jobs.new('1').num
            6
        "#]],
    );
}

#[test]
fn python_syntax_gets_hints() {
    check(
        &[
            "jobs.new(slow, 5, kw={'z': 1}, daemon=True)",
            "jobs.new(slow, 5, daemon=True)",
            "jobs.new('myfunc(x, y, z=1)')",
            "jobs.new('slow(5)', daemon=True)",
            "x = 1; x == 1",
        ],
        expect![[r#"
            > jobs.new(slow, 5, kw={'z': 1}, daemon=True)
            Traceback (most recent call last):
              In[1], line 1
                jobs.new(slow, 5, kw={'z': 1}, daemon=True)
                                    ^
            Syntax error: `kw=`: arguments have no names, only an order; write jobs.new(slow, 5, value), or with options jobs.start(slow, [5, value], #{daemon: true})
            > jobs.new(slow, 5, daemon=True)
            Traceback (most recent call last):
              In[2], line 1
                jobs.new(slow, 5, daemon=True)
                                        ^
            Syntax error: `daemon=`: options go in a map; write jobs.start(slow, [5], #{daemon: true})
            > jobs.new('myfunc(x, y, z=1)')
            Traceback (most recent call last):
              In[3], line 1
                jobs.new('myfunc(x, y, z=1)')
                     ^
              expression, line 1
                myfunc(x, y, z=1)
                              ^
            Syntax error: `z=`: arguments have no names, only an order; write myfunc(x, y, value)
            > jobs.new('slow(5)', daemon=True)
            Traceback (most recent call last):
              In[4], line 1
                jobs.new('slow(5)', daemon=True)
                                          ^
            Syntax error: `daemon=`: options go in a map; write jobs.start('slow(5)', [], #{daemon: true})
            > x = 1; x == 1
            true
        "#]],
    );
}
