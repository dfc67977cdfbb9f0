//! Background jobs as in the original.

use std::sync::{Arc, Barrier};

use bgjobs_shell::{
    Session,
    rhai::{FuncRegistration, Module},
};
use expect_test::expect;

use crate::transcript::{Seen, check};

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
            1 : slow(4)
            2 : (|n| ..)(21)

            > jobs.status()
            Completed jobs:
            0 : slow(x) + 2
            1 : slow(4)
            2 : (|n| ..)(21)

            > [jobs.running, jobs.completed, jobs.dead]
            [[], [<BackgroundJob #0: slow(x) + 2>, <BackgroundJob #1: slow(4)>, <BackgroundJob #2: (|n| ..)(21)>], []]
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
fn a_running_job_says_so() {
    check(
        &[
            "j = jobs.new('sleep(1000)'); while j.stat_code == 0 { sleep(0.001) }",
            "[j.status, j.stat_code, j.finished, j.result, j.is_alive()]",
            "j.join(0.01)",
            "jobs",
            "jobs.remove(0)",
            "jobs.remove(j)",
            "jobs.flush()",
            "j.traceback()",
            "j.stop().starts_with('stopped at line 1 of jobs[0] after ')",
            "[j.status, j.stat_code, j.finished, j.result, j.is_alive()]",
            "jobs[0].traceback()",
        ],
        expect![[r#"
            > j = jobs.new('sleep(1000)'); while j.stat_code == 0 { sleep(0.001) }
            > [j.status, j.stat_code, j.finished, j.result, j.is_alive()]
            ["Running", 1, false, "<BackgroundJob has not completed>", true]
            > j.join(0.01)
            > jobs
            Running jobs:
            0 : sleep(1000)
            > jobs.remove(0)
            ! Job #0 is still running, it can not be removed.
            > jobs.remove(j)
            ! Job #0 is still running, it can not be removed.
            > jobs.flush()
            No jobs to flush.
            > j.traceback()
            ! job #0 is running; only a job that died has a traceback
            > j.stop().starts_with('stopped at line 1 of jobs[0] after ')
            true
            > [j.status, j.stat_code, j.finished, j.result, j.is_alive()]
            ["Dead (Stopped), call jobs.traceback() for details", -1, (), "<BackgroundJob died, call jobs.traceback() for details>", false]
            > jobs[0].traceback()
            Traceback (most recent call last):
              jobs[0], line 1
                sleep(1000)
                ^
            stopped: on request
        "#]],
    );
}

#[test]
fn unknown_numbers_are_reported_as_in_the_original() {
    check(
        &[
            "jobs[0]",
            "jobs.new('1').join()",
            "jobs[99]",
            "jobs[-1]",
            "jobs.result(99)",
            "jobs.traceback(99)",
            "jobs.remove(99)",
            "jobs.remove(0)",
            "jobs.remove(0)",
            "jobs[0]",
        ],
        expect![[r#"
            > jobs[0]
            Traceback (most recent call last):
              In[1], line 1
                jobs[0]
                    ^
            Job #0 not found; no job was started yet
            > jobs.new('1').join()
            > jobs[99]
            Traceback (most recent call last):
              In[3], line 1
                jobs[99]
                    ^
            Job #99 not found; the newest job is #0
            > jobs[-1]
            Traceback (most recent call last):
              In[4], line 1
                jobs[-1]
                    ^
            Job #-1 not found
            > jobs.result(99)
            ! Job #99 not found
            > jobs.traceback(99)
            ! Job #99 not found
            > jobs.remove(99)
            ! Job #99 not found
            > jobs.remove(0)
            > jobs.remove(0)
            ! Job #0 not found
            > jobs[0]
            Traceback (most recent call last):
              In[10], line 1
                jobs[0]
                    ^
            Job #0 not found; it was removed or flushed
        "#]],
    );
}

#[test]
fn every_end_is_reported_once() {
    check(
        &[
            "jobs._status_new()",
            "jobs.new('1 + 1').join(); jobs.new('1 / 0').join();",
            "jobs._status_new()",
            "jobs._status_new()",
            "jobs.new('2 + 2').join(); jobs.status()",
            "jobs._status_new()",
        ],
        expect![[r#"
            > jobs._status_new()
            > jobs.new('1 + 1').join(); jobs.new('1 / 0').join();
            > jobs._status_new()
            Completed jobs:
            0 : 1 + 1

            Dead, call jobs.traceback() for details jobs:
            1 : 1 / 0

            true
            > jobs._status_new()
            > jobs.new('2 + 2').join(); jobs.status()
            Completed jobs:
            0 : 1 + 1
            2 : 2 + 2

            Dead jobs:
            1 : 1 / 0

            > jobs._status_new()
        "#]],
    );
}

#[test]
fn jobs_are_listed_by_state_and_number() {
    check(
        &[
            "fn fail() { throw 'no rows' }",
            "jobs.new('1 + 1').join(); jobs.new(fail).join(); jobs.new('sleep(1000)');",
            "jobs()",
            "[jobs.running, jobs.completed, jobs.dead]",
            "jobs.all",
            "jobs[jobs[1]].num",
            "jobs.traceback(1)",
            "jobs.traceback(jobs[1])",
            "jobs.flush()",
            "jobs.flush()",
            "jobs()",
            "jobs[2].stop();",
        ],
        expect![[r#"
            > fn fail() { throw 'no rows' }
            > jobs.new('1 + 1').join(); jobs.new(fail).join(); jobs.new('sleep(1000)');
            > jobs()
            Running jobs:
            2 : sleep(1000)

            Completed jobs:
            0 : 1 + 1

            Dead jobs:
            1 : fail()

            > [jobs.running, jobs.completed, jobs.dead]
            [[<BackgroundJob #2: sleep(1000)>], [<BackgroundJob #0: 1 + 1>], [<BackgroundJob #1: fail()>]]
            > jobs.all
            #{"0": <BackgroundJob #0: 1 + 1>, "1": <BackgroundJob #1: fail()>, "2": <BackgroundJob #2: sleep(1000)>}
            > jobs[jobs[1]].num
            1
            > jobs.traceback(1)
            Traceback (most recent call last):
              In[1], line 1, in fail
                fn fail() { throw 'no rows' }
                            ^
            no rows
            > jobs.traceback(jobs[1])
            Traceback (most recent call last):
              In[1], line 1, in fail
                fn fail() { throw 'no rows' }
                            ^
            no rows
            > jobs.flush()
            Flushing 1 Completed job.
            Flushing 1 Dead job.
            > jobs.flush()
            No jobs to flush.
            > jobs()
            Running jobs:
            2 : sleep(1000)

            > jobs[2].stop();
        "#]],
    );
}

#[test]
fn what_a_job_prints_goes_to_its_log() {
    check(
        &[
            "fn talk() { print(\"a\\nb\"); debug(1); print('done') }",
            "j = jobs.new(talk); j.join()",
            "j.log",
            "print(j)",
            "debug(j)",
            "talk()",
        ],
        expect![[r#"
            > fn talk() { print("a\nb"); debug(1); print('done') }
            > j = jobs.new(talk); j.join()
            > j.log
            ["a", "b", "In[1], line 1, position 28: 1", "done"]
            > print(j)
            talk()
            > debug(j)
            ! In[5], line 1, position 1: <BackgroundJob #0: talk()>
            > talk()
            a
            b
            ! In[1], line 1, position 28: 1
            done
        "#]],
    );
}

#[test]
fn a_job_has_its_own_copy_of_the_names() {
    check(
        &[
            "xs = [1]; n = 0;",
            "fn grow() { xs.push(2); n += 1; xs.len() + n }",
            "jobs.new(grow).join(); jobs.new(grow).join();",
            "[jobs[0].result, jobs[1].result, xs, n]",
            "jobs[1].names",
            "x = 5; jobs.new('x').join(); x = 6; jobs[2].result",
        ],
        expect![[r#"
            > xs = [1]; n = 0;
            > fn grow() { xs.push(2); n += 1; xs.len() + n }
            > jobs.new(grow).join(); jobs.new(grow).join();
            > [jobs[0].result, jobs[1].result, xs, n]
            [3, 3, [1], 0]
            > jobs[1].names
            #{n: 1, xs: [1, 2]}
            > x = 5; jobs.new('x').join(); x = 6; jobs[2].result
            5
        "#]],
    );
}

#[test]
fn a_job_can_start_jobs_and_return_them() {
    check(
        &[
            "j = jobs.new('jobs.new(\"20 + 1\")')",
            "j.join(); k = j.result; k.join(); k.result",
            "jobs.new('|n| n * 2').join()",
            "jobs[2].result.call(21)",
        ],
        expect![[r#"
            > j = jobs.new('jobs.new("20 + 1")')
            > j.join(); k = j.result; k.join(); k.result
            21
            > jobs.new('|n| n * 2').join()
            > jobs[2].result.call(21)
            42
        "#]],
    );
}

#[test]
fn closures_run_as_jobs_with_their_own_captured_variables() {
    check(
        &[
            "fn counter() { let n = 10; || { n += 1; n } }",
            "c = counter(); c.call()",
            "jobs.new(c).join(); jobs.new(c).join(); [jobs[0].result, jobs[1].result]",
            "c.call()",
            "files = ['a', 'bb', 'ccc']; count = files.len();",
            "started = files.map(|file| jobs.new(|f| `${f}`.len() + count, file)); started.for_each(|| this.join());",
            "started.map(|job| job.result)",
        ],
        expect![[r#"
            > fn counter() { let n = 10; || { n += 1; n } }
            > c = counter(); c.call()
            11
            > jobs.new(c).join(); jobs.new(c).join(); [jobs[0].result, jobs[1].result]
            [12, 12]
            > c.call()
            12
            > files = ['a', 'bb', 'ccc']; count = files.len();
            > started = files.map(|file| jobs.new(|f| `${f}`.len() + count, file)); started.for_each(|| this.join());
            > started.map(|job| job.result)
            [4, 5, 6]
        "#]],
    );
}

/// The two wait for each other, so they end only if both run.
#[test]
fn two_jobs_run_at_once_while_the_prompt_answers() {
    let meeting = Arc::new(Barrier::new(2));
    let mut module = Module::new();
    FuncRegistration::new("meet").set_into_module(&mut module, move || {
        meeting.wait();
    });
    let mut session = Session::with_functions(Arc::new(|_, _| {}), [module]);
    let seen = Seen::default();
    for line in ["a = jobs.new('meet()'); 6 * 7", "b = jobs.new('meet()'); a.join(); b.join(); [a.status, b.status]"] {
        seen.type_line(&mut session, line);
    }
    expect![[r#"
        > a = jobs.new('meet()'); 6 * 7
        42
        > b = jobs.new('meet()'); a.join(); b.join(); [a.status, b.status]
        ["Completed", "Completed"]
    "#]]
    .assert_eq(&seen.take());
}

#[test]
fn the_prompt_answers_while_ten_jobs_spin() {
    let mut session = Session::new(Arc::new(|_, _| {}));
    let seen = Seen::default();
    let lines = [
        "fn spin() { while true {} }",
        "for n in 0..10 { jobs.new(spin); }",
        "6 * 7",
        "jobs.running.len()",
        "for job in jobs.running { job.stop(); }",
        "[jobs.running.len(), jobs.dead.len()]",
    ];
    for line in lines {
        seen.type_line(&mut session, line);
    }
    expect![[r#"
        > fn spin() { while true {} }
        > for n in 0..10 { jobs.new(spin); }
        > 6 * 7
        42
        > jobs.running.len()
        10
        > for job in jobs.running { job.stop(); }
        > [jobs.running.len(), jobs.dead.len()]
        [0, 10]
    "#]]
    .assert_eq(&seen.take());
}
