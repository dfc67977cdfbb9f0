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
            no job is called #{}; give a number, a range such as 5-7, a state such as running, or a name, with * for any text
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
            no job is called load; give a number, a range such as 5-7, a state such as running, or a name, with * for any text
        "#]],
    );
}

/// The output of a line's commands.
fn answered(session: &mut Session, line: &str) -> String {
    match shell::answer(session, line) {
        Reply::Nothing => String::new(),
        Reply::Shown(text) => text,
        Reply::Wrong(text) => format!("wrong: {text}"),
        Reply::Leave => "leaves".to_owned(),
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
    assert_eq!(answered(&mut session, "kill 3 9"), "wrong: Job #9 not found; the newest job is #3");
    assert_eq!(answered(&mut session, "fg 0-1"), "wrong: 2 jobs match, but only one is expected: give its number");
    assert_eq!(answered(&mut session, "wait all"), "");
    assert_eq!(answered(&mut session, "wait queued"), "wrong: there are no queued jobs");
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
