//! Lines from a pipe.

use expect_test::expect;

use crate::binary::check;

#[test]
fn lines_from_a_pipe_are_evaluated_as_if_typed() {
    check(
        &[],
        "x = 20\nfn double(n) {\n    n * 2\n}\ndouble(x) + 2\n\nprint('hello')\n'hidden';\ndouble(21) &\njobs[0].join()\njobs[0].result\n",
        expect![[r#"
            exit 0
            -- out
            Out[3]: 42
            hello
            Out[6]: <BackgroundJob #0: double(21)>
            Out[8]: 42
            -- err
            Completed jobs:
            0 : double(21)
        "#]],
    );
}

#[test]
fn what_a_job_prints_comes_after_the_value_of_the_line_that_started_it() {
    check(
        &[],
        "print('one') &\nwait\n!echo two &\nwait\n!echo three & #{name: 'third'}\nwait\nrerun 0\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: <BackgroundJob #0: print('one')>
            one
            Out[3]: <BackgroundJob #1: echo two>
            two
            Out[5]: <BackgroundJob #2: third>
            three
            Out[7]: <BackgroundJob #3: print('one')>
            one
            -- err
            Completed jobs:
            0 : print('one')
            Completed jobs:
            1 : echo two
            Completed jobs:
            2 : third
            Completed jobs:
            3 : print('one')
        "#]],
    );
}

#[test]
fn a_failed_line_changes_the_exit_code() {
    check(
        &[],
        "1 / 0\n1 + 1\n",
        expect![[r#"
        exit 1
        -- out
        Out[2]: 2
        -- err
        Traceback (most recent call last):
          In[1], line 1
            1 / 0
              ^
        Division by zero: 1 / 0
    "#]],
    );
    check(
        &[],
        "jobs[7]\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          In[1], line 1
            jobs[7]
                ^
        Job #7 not found; no job was started yet
    "#]],
    );
    check(
        &[],
        "kill 7\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Job #7 not found; no job was started yet
    "#]],
    );
}

#[test]
fn a_job_that_died_unread_changes_the_exit_code() {
    check(
        &[],
        "jobs.new('1 / 0');\n",
        expect![[r#"
            exit 1
            -- out
            -- err
            Traceback for: <BackgroundJob #0: 1 / 0>
            Traceback (most recent call last):
              jobs[0], line 1
                1 / 0
                  ^
            Division by zero: 1 / 0
        "#]],
    );
    check(
        &[],
        "j = jobs.new('1 / 0'); j.join(); j.traceback(); jobs.flush(); jobs._status_new();\n",
        expect![[r#"
        exit 0
        -- out
        Traceback (most recent call last):
          jobs[0], line 1
            1 / 0
              ^
        Division by zero: 1 / 0
        Flushing 1 Dead job.
        Dead, call jobs.traceback() for details jobs:
        0 : 1 / 0

        -- err
    "#]],
    );
}

#[test]
fn a_job_stopped_on_request_is_not_a_failure() {
    check(
        &[],
        "sleep(100000) &\njobs[0].stop();\njobs[0].status\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: <BackgroundJob #0: sleep(100000)>
            Out[3]: "Dead (Stopped), call jobs.traceback() for details"
            -- err
        "#]],
    );
}

#[test]
fn the_end_of_the_pipe_waits_for_the_jobs() {
    check(
        &[],
        "j = jobs.new('sleep(0.2)');\n",
        expect![[r#"
            exit 0
            -- out
            -- err
            Completed jobs:
            0 : sleep(0.2)
        "#]],
    );
    check(
        &[],
        "sleep(0.2); 42 &\nwait\njobs\njobs[0].result\n",
        expect![[r#"
        exit 0
        -- out
        Out[1]: <BackgroundJob #0: sleep(0.2); 42>
        Completed jobs:
        0 : sleep(0.2); 42

        Out[4]: 42
        -- err
        Completed jobs:
        0 : sleep(0.2); 42
    "#]],
    );
}

#[test]
fn commands_work_in_a_pipe() {
    check(
        &[],
        "gate = shared(0)\ngate.wait(|v| v == 1); print('working'); 42 &\ngate.set(1); jobs[0].join()\nfg 0\nlog 0\nwait 0\nfg\nlog = 5\nlog\nkill 0\nexit\nnever\n",
        expect![[r#"
            exit 1
            -- out
            Out[2]: <BackgroundJob #0: gate.wait(|v| v == 1); print('working'); 42>
            working
            Out[4]: 42
            working
            Out[9]: 5
            Job #0 had completed before
            -- err
            Completed jobs:
            0 : gate.wait(|v| v == 1); print('working'); 42
            no job runs or is queued; `fg 3` shows the value of one that has ended
        "#]],
    );
}

#[test]
fn an_unfinished_last_line_is_an_error() {
    check(
        &[],
        "fn f() {\n",
        expect![[r#"
            exit 1
            -- out
            -- err
            Traceback (most recent call last):
              In[1], line 1
                fn f() {
                        ^
            Syntax error: Expecting '}' to terminate this block
        "#]],
    );
    check(
        &[],
        "fn f() {\n    1\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          In[1], line 2
            1
             ^
        Syntax error: Expecting '}' to close the '{' of line 1
    "#]],
    );
}

#[test]
fn an_open_bracket_of_a_command_and_an_open_string_take_no_further_lines() {
    check(
        &[],
        "log /(/\n1 + 1\n[\"abc\n2 + 2\njobs.sh('');\n",
        expect![[r#"
        exit 1
        -- out
        Out[2]: 2
        Out[4]: 4
        -- err
        log: `/(/` is not a regular expression: found open group without closing ')'
        Traceback (most recent call last):
          In[3], line 1
            ["abc
             ^
        Syntax error: Open string is not terminated
        Traceback (most recent call last):
          In[5], line 1
            jobs.sh('');
                 ^
        jobs.sh(..) needs a command, as in jobs.sh("make")
    "#]],
    );
}

#[test]
fn a_dash_and_a_number_are_not_a_job() {
    check(
        &[],
        "kill -1\nkill -9 3\n",
        expect![[r#"
            exit 1
            -- out
            -- err
            kill has no option -1; see `help kill`
            kill has no option -9; see `help kill`
        "#]],
    );
}

#[test]
fn wrong_calls_of_the_users_functions_show_their_parameters() {
    check(
        &[],
        "fn two(a, b) { a }\nf = |x| x\nf(1)\ntwo(1)\ntwo()\n",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          In[3], line 1
            f(1)
            ^
        `f` is a variable that holds a function: write f.call(..)
        Traceback (most recent call last):
          In[4], line 1
            two(1)
            ^
        `two` takes 2 arguments: fn two(a, b)
        Traceback (most recent call last):
          In[5], line 1
            two()
            ^
        `two` takes 2 arguments: fn two(a, b)
    "#]],
    );
}

#[test]
fn the_originals_words_for_states_work() {
    check(
        &[],
        "j = jobs.new('1 + 1'); j.join(); j.strform\n[jobs.stat_created, jobs.stat_running, jobs.stat_completed, \
         jobs.stat_dead]\n[jobs.stat_created_c, jobs.stat_running_c, jobs.stat_completed_c, jobs.stat_dead_c]\n",
        expect![[r#"
            exit 0
            -- out
            Out[1]: "1 + 1"
            Out[2]: ["Created", "Running", "Completed", "Dead (Exception), call jobs.traceback() for details"]
            Out[3]: [0, 1, 2, -1]
            -- err
            Completed jobs:
            0 : 1 + 1
        "#]],
    );
}

#[test]
fn a_line_of_invalid_utf_8_fails_alone() {
    check(
        &[],
        b"1 + 1\n\xff\n2 + 2\n",
        expect![[r#"
        exit 1
        -- out
        Out[1]: 2
        Out[3]: 4
        -- err
        Traceback (most recent call last):
          In[2], line 1
            �
            ^
        Syntax error: Unexpected '�'
    "#]],
    );
}

#[test]
fn wait_includes_jobs_that_start_meanwhile() {
    check(
        &[],
        "fn second() { sleep(0.05) } fn first() { sleep(0.05); jobs.new(second) }\njobs.new(first);\nwait\njobs[1].status\n",
        expect![[r#"
            exit 0
            -- out
            Out[4]: "Completed"
            -- err
            Completed jobs:
            0 : first()
            1 : second()
        "#]],
    );
}
