//! Several jobs at once: selected and stopped, from programs and from commands.

use bgjobs_shell::{
    Session,
    shell::{self, Reply},
};
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn a_program_selects_jobs_and_stops_them() {
    check(
        &[
            "for n in 0..3 { jobs.start('shared(0).wait(|v| v == 1)', [], #{name: `watch ${n}`}) }; jobs.new('42').join()",
            "jobs.select('watch* 3')",
            "jobs.stop('0-1').len()",
            "jobs.select('stopped').len() + jobs.select('running').len()",
            "jobs[2].stop('no more mail'); jobs[2].stop_reason",
            "jobs[3].stop_reason",
            "jobs.select('9')",
            "jobs.select([0, jobs[2], 'watch 1'])",
            "jobs.select(#{})",
            "jobs.select('7-5')",
            "jobs.stop('load')",
        ],
        expect![[r#"
            > for n in 0..3 { jobs.start('shared(0).wait(|v| v == 1)', [], #{name: `watch ${n}`}) }; jobs.new('42').join()
            > jobs.select('watch* 3')
            [<BackgroundJob #0: watch 0>, <BackgroundJob #1: watch 1>, <BackgroundJob #2: watch 2>, <BackgroundJob #3: 42>]
            > jobs.stop('0-1').len()
            2
            > jobs.select('stopped').len() + jobs.select('running').len()
            3
            > jobs[2].stop('no more mail'); jobs[2].stop_reason
            "no more mail"
            > jobs[3].stop_reason
            > jobs.select('9')
            Traceback (most recent call last):
              In[7], line 1
                jobs.select('9')
                     ^
            Job #9 not found; the newest job is #3
            > jobs.select([0, jobs[2], 'watch 1'])
            [<BackgroundJob #0: watch 0>, <BackgroundJob #1: watch 1>, <BackgroundJob #2: watch 2>]
            > jobs.select(#{})
            Traceback (most recent call last):
              In[9], line 1
                jobs.select(#{})
                     ^
            there is no job or group #{}; give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text
            > jobs.select('7-5')
            Traceback (most recent call last):
              In[10], line 1
                jobs.select('7-5')
                     ^
            7-5 is not a range: the smaller number comes first, as in 5-7
            > jobs.stop('load')
            Traceback (most recent call last):
              In[11], line 1
                jobs.stop('load')
                     ^
            there is no job or group load; give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text; no job was asked to stop
        "#]],
    );
}

/// The output of a line's commands.
fn answered(session: &mut Session, line: &str) -> String {
    match shell::answer(session, line) {
        Reply::Nothing => String::new(),
        Reply::Shown(text) | Reply::Value(text) => text,
        Reply::Wrong(text) | Reply::Failed(text, _) => format!("wrong: {text}"),
        Reply::Leave(_) => "leaves".to_owned(),
    }
}

#[test]
fn kill_takes_several_jobs_and_reports_each() {
    let mut session = Seen::default().session();
    session.answer("for n in 0..3 { jobs.start('sleep(1000)', [], #{name: `watch ${n}`}) }; jobs.new('42').join()");
    let killed = answered(&mut session, "kill 0 watch*1");
    let lines: Vec<_> = killed.lines().map(|line| line.split(" after ").next().unwrap_or_default()).collect();
    assert_eq!(lines.len(), 2, "{killed}");
    assert!(lines[0].starts_with("Job #0 stopped") && lines[1].starts_with("Job #1 stopped"), "{killed}");
    assert!(answered(&mut session, "kill all").starts_with("Job #2 stopped"));
    assert_eq!(answered(&mut session, "kill all"), "all of them had already ended");
    assert_eq!(answered(&mut session, "kill 3"), "Job #3 had completed before");
    assert_eq!(answered(&mut session, "kill running"), "wrong: there are no running jobs");
    assert_eq!(answered(&mut session, "fg 0-1"), "wrong: 2 jobs match, but only one is expected: give its number");
    assert_eq!(answered(&mut session, "wait all"), "");
    assert_eq!(answered(&mut session, "wait queued"), "wrong: there are no queued jobs");
}

#[test]
fn kill_stops_the_jobs_that_are_there_and_names_the_others() {
    let seen = Seen::default();
    let mut session = seen.session();
    session.answer("for n in 0..2 { jobs.start('sleep(1000)', [], #{name: `watch ${n}`}) }");
    assert_eq!(answered(&mut session, "kill 0 1 9"), "wrong: Job #9 not found; the newest job is #1");
    let killed = seen.take();
    let lines: Vec<_> = killed.lines().collect();
    assert!(lines[0].starts_with("Job #0 stopped") && lines[1].starts_with("Job #1 stopped"), "{killed}");
    assert_eq!(
        answered(&mut session, "kill 8 9"),
        "wrong: Job #8 not found; the newest job is #1; Job #9 not found; the newest job is #1"
    );
    assert_eq!(answered(&mut session, "wait 0 9"), "wrong: Job #9 not found; the newest job is #1");
    assert_eq!(answered(&mut session, "log 0 9"), "wrong: Job #9 not found; the newest job is #1");
}

#[test]
fn many_jobs_that_stop_are_counted() {
    let mut session = Seen::default().session();
    session.answer("for n in 0..30 { jobs.new('sleep(1000)') }");
    assert_eq!(answered(&mut session, "kill all"), "30 jobs stopped");
}

#[test]
fn running_queued_and_the_name_of_a_group_mean_what_they_say() {
    let mut session = Seen::default().session();
    session.answer("io = jobs.group('io'); io.limit = 1; gate = shared(0)");
    session.answer("for n in 0..3 { jobs.start(|| gate.wait(|v| v > n), [], #{group: 'io'}) }");
    session.answer("while jobs[0].status != 'Running' {}");
    let killed = answered(&mut session, "kill running");
    assert!(killed.starts_with("Job #0 stopped") && killed.lines().count() == 1, "{killed}");
    let killed = answered(&mut session, "kill io");
    assert!(killed.contains("Job #1 stopped") && killed.contains("Job #2 stopped"), "{killed}");
    assert_eq!(answered(&mut session, "kill queued"), "wrong: there are no queued jobs");
}

#[test]
fn a_command_takes_a_variable_that_holds_jobs() {
    let seen = Seen::default();
    let mut session = seen.session();
    session.answer("x = jobs.sh('echo of x'); x.join(); y = [jobs.new('sleep(1000)'), jobs.new('sleep(1000)')];");
    assert_eq!(answered(&mut session, "log x"), "");
    assert_eq!(seen.take(), "of x\n");
    assert_eq!(answered(&mut session, "kill y").lines().count(), 2);
    session.answer("z = 5;");
    assert!(answered(&mut session, "log z").starts_with("wrong: there is no job or group z;"));
}

#[test]
fn without_a_number_the_newest_job_that_fits_is_meant_and_named() {
    let seen = Seen::default();
    let mut session = seen.session();
    for none in ["kill", "where", "why", "fg", "log", "rerun"] {
        assert!(answered(&mut session, none).starts_with("wrong: no job "), "{none}");
    }
    session.answer("jobs.new('print(1)').join(); jobs.new('2').join(); jobs.new('sleep(1000)'); jobs.new('3').join()");
    assert_eq!((answered(&mut session, "log").as_str(), seen.take().as_str()), ("", "#0 print(1):\n1\n"));
    assert!(answered(&mut session, "where").starts_with("Job #2 "));
    assert!(answered(&mut session, "why").starts_with("Job #2 "));
    assert!(answered(&mut session, "kill").starts_with("Job #2 stopped"));
    session.answer("jobs.new('6 * 7', #{}); jobs.select('all')[4].join()");
    assert_eq!(answered(&mut session, "rerun"), "Out[13]: <BackgroundJob #5: 6 * 7>");
}

#[test]
fn a_job_runs_again_with_what_it_was_given_and_the_functions_of_now() {
    check(
        &[
            "fn fit(a, b) { throw 'no rows' }",
            "j = jobs.start(fit, [1, 2], #{name: 'one', retry: 2, backoff: 0.001, group: 'io'}); j.join(); j.status",
            "fn fit(a, b) { [a, b, x] }; x = 3;",
            "k = j.rerun(); k.join(); [k.num, k.name, k.result, k.args, k.group, k.attempts.len()]",
            "e = jobs.new('[x, y]', #{x: 1, y: 2}); f = e.rerun(); f.join(); [f.result, f.expression]",
            "cd('/'); c = jobs.sh('pwd; cat; echo $A', #{input: 'in', env: #{A: 'a'}}); c.join(); cd('/tmp')",
            "d = c.rerun(); d.join(); [d.log, d.command, d.folder, pwd()]",
            "late = jobs.start('1', [], #{delay: 1000}); late.stop(); again = late.rerun(); again.join(); again.result",
        ],
        expect![[r#"
            > fn fit(a, b) { throw 'no rows' }
            > j = jobs.start(fit, [1, 2], #{name: 'one', retry: 2, backoff: 0.001, group: 'io'}); j.join(); j.status
            "Dead (Exception), call jobs.traceback() for details"
            > fn fit(a, b) { [a, b, x] }; x = 3;
            > k = j.rerun(); k.join(); [k.num, k.name, k.result, k.args, k.group, k.attempts.len()]
            [1, "one", [1, 2, 3], [1, 2], "io", 1]
            > e = jobs.new('[x, y]', #{x: 1, y: 2}); f = e.rerun(); f.join(); [f.result, f.expression]
            [[1, 2], "[x, y]"]
            > cd('/'); c = jobs.sh('pwd; cat; echo $A', #{input: 'in', env: #{A: 'a'}}); c.join(); cd('/tmp')
            > d = c.rerun(); d.join(); [d.log, d.command, d.folder, pwd()]
            [["/", "ina"], "pwd; cat; echo $A", "/", "/tmp"]
            > late = jobs.start('1', [], #{delay: 1000}); late.stop(); again = late.rerun(); again.join(); again.result
            1
        "#]],
    );
}

#[test]
fn help_explains_a_command() {
    let mut session = Seen::default().session();
    expect![[r#"
        wait [3 5-7]
        Waits for jobs, or for all jobs but daemons. Ctrl-C or Ctrl-Z ends the wait."#]]
    .assert_eq(&answered(&mut session, "help wait"));
    assert!(
        answered(&mut session, "help x").starts_with("wrong: nothing is known about x; `help` shows what can be typed")
    );
    assert!(answered(&mut session, "help").contains("jobs.new("));
}
