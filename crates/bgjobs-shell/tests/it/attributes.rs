//! The attributes that the original's jobs have.

use bgjobs_shell::shell;
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn a_job_knows_what_it_was_started_with() {
    check(
        &[
            "j = jobs.new('x + y', #{x: 1}, #{y: 2})",
            "[j.expression, j.glob, j.loc, j.func, j.args]",
            "j = jobs.new('1', #{x: 1}); [j.glob, j.loc]",
            "fn add(a, b) { a + b }",
            "k = jobs.new(add, 1, [2])",
            "[k.expression, k.glob, k.loc, k.func, k.args]",
            "k.func.call(3, 4)",
            "1 + 1 &",
            "jobs[3].expression",
            "fn spin() { loop {} } j = jobs.new(spin); while j.status == 'Created' { sleep(0.001) } i = j.ident; j.stop(); [i > 0, j.ident]",
            "`${j}`",
            "j.to_debug()",
            "for n in 0..4 { jobs[n].join() } jobs.flush(); k.args",
        ],
        expect![[r#"
            > j = jobs.new('x + y', #{x: 1}, #{y: 2})
            > [j.expression, j.glob, j.loc, j.func, j.args]
            ["x + y", #{x: 1}, #{y: 2}, (), ()]
            > j = jobs.new('1', #{x: 1}); [j.glob, j.loc]
            [#{x: 1}, #{x: 1}]
            > fn add(a, b) { a + b }
            > k = jobs.new(add, 1, [2])
            > [k.expression, k.glob, k.loc, k.func, k.args]
            [(), (), (), fn add(a, b), [1, [2]]]
            > k.func.call(3, 4)
            7
            > 1 + 1 &
            <BackgroundJob #3: 1 + 1>
            > jobs[3].expression
            "1 + 1"
            > fn spin() { loop {} } j = jobs.new(spin); while j.status == 'Created' { sleep(0.001) } i = j.ident; j.stop(); [i > 0, j.ident]
            [true, ()]
            > `${j}`
            "spin()"
            > j.to_debug()
            "<BackgroundJob #4: spin()>"
            > for n in 0..4 { jobs[n].join() } jobs.flush(); k.args
            Flushing 3 Completed jobs.
            Flushing 2 Dead jobs.
        "#]],
    );
}

#[test]
fn an_end_that_was_shown_is_not_reported_again() {
    let seen = Seen::default();
    let mut session = seen.session();
    for line in ["x = 1", "x = 2; 42 &", "fg 0", "sleep(100000) &", "kill 1", "1 / 0 &", "wait"] {
        shell::answer(&mut session, line);
    }
    expect![[r#"
        Dead, call jobs.traceback() for details jobs:
        2 : 1 / 0

    "#]]
    .assert_eq(&session.report().to_string());
    expect![[r#"
        ! Job #0 changed its own copy of x; see jobs[0].names
    "#]]
    .assert_eq(&seen.take());
}

#[test]
fn a_loop_over_all_jobs_has_their_numbers() {
    check(
        &[
            "for n in 1..=2 { jobs.new(`${n} * 7`).join() }",
            "for n in jobs.all { print([n, jobs[n].result]) }",
            "jobs.len",
            "jobs['7']",
            "jobs[0].ran < 100.0",
        ],
        expect![[r#"
            > for n in 1..=2 { jobs.new(`${n} * 7`).join() }
            > for n in jobs.all { print([n, jobs[n].result]) }
            ["0", 7]
            ["1", 14]
            > jobs.len
            Traceback (most recent call last):
              In[3], line 1
                jobs.len
                    ^
            `jobs` has no `len`; jobs[3] is a job, jobs.all has all of them
            > jobs['7']
            Traceback (most recent call last):
              In[4], line 1
                jobs['7']
                    ^
            Job #7 not found; the newest job is #1
            > jobs[0].ran < 100.0
            true
        "#]],
    );
}

#[test]
fn the_state_of_a_job_is_one_word() {
    check(
        &[
            "gate = shared(0); jobs.new('1').join(); jobs.new('1 / 0').join();",
            "jobs.start(|| gate.wait(|n| n > 0), [], #{group: 'g'}).stop(); jobs.group('g').pause();",
            "jobs.start(|| 1, [], #{group: 'g'});",
            "jobs.all.values().map(|job| job.state)",
            "jobs[3].stop();",
        ],
        expect![[r#"
            > gate = shared(0); jobs.new('1').join(); jobs.new('1 / 0').join();
            > jobs.start(|| gate.wait(|n| n > 0), [], #{group: 'g'}).stop(); jobs.group('g').pause();
            > jobs.start(|| 1, [], #{group: 'g'});
            > jobs.all.values().map(|job| job.state)
            ["done", "failed", "stopped", "queued"]
            > jobs[3].stop();
        "#]],
    );
}

#[test]
fn a_character_in_single_quotes_is_a_text() {
    check(
        &["jobs.new('1 + 1').stop('x').len() > 1", "jobs.group('g')", "progress(1, 2, 'x'); parse_json('5')"],
        expect![[r#"
            > jobs.new('1 + 1').stop('x').len() > 1
            true
            > jobs.group('g')
            <group g: 0 running, 0 waiting, no limit>
            > progress(1, 2, 'x'); parse_json('5')
            5
        "#]],
    );
}
