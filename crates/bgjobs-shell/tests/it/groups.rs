//! Groups, order and retries, from programs and from commands.

use std::{
    thread,
    time::{Duration, Instant},
};

use bgjobs_shell::{
    Session,
    shell::{self, Reply},
};
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn a_program_limits_and_pauses_groups() {
    check(
        &[
            "io = jobs.group('io'); io.limit = 1; io.pause()",
            "io",
            "fn seven() { 7 }",
            "for n in 0..2 { jobs.start(seven, [], #{group: 'io', name: `copy ${n}`}) }; jobs.start(seven, [], #{group: io, priority: 1, name: 'first'})",
            "[io.running, io.waiting, io.limit, io.paused, io.name, jobs[0].group, jobs[0].status]",
            "jobs[1].why()",
            "jobs.group('net').set_limit(3); jobs.groups",
            "io.limit = (); io.limit",
            "io.limit = 1; io.resume(); jobs[0].join(); jobs[1].join(); [jobs[1].why(), jobs[2].result, jobs.new('1').group]",
            "`${io}`",
        ],
        expect![[r#"
            > io = jobs.group('io'); io.limit = 1; io.pause()
            > io
            <group io: 0 running, 0 waiting, limit 1, paused>
            > fn seven() { 7 }
            > for n in 0..2 { jobs.start(seven, [], #{group: 'io', name: `copy ${n}`}) }; jobs.start(seven, [], #{group: io, priority: 1, name: 'first'})
            <BackgroundJob #2: first>
            > [io.running, io.waiting, io.limit, io.paused, io.name, jobs[0].group, jobs[0].status]
            [0, 3, 1, true, "io", "io", "Queued"]
            > jobs[1].why()
            ["group io is paused; resume it"]
            > jobs.group('net').set_limit(3); jobs.groups
            [<group io: 0 running, 3 waiting, limit 1, paused>, <group net: 0 running, 0 waiting, limit 3>]
            > io.limit = (); io.limit
            > io.limit = 1; io.resume(); jobs[0].join(); jobs[1].join(); [jobs[1].why(), jobs[2].result, jobs.new('1').group]
            [[], 7, ()]
            > `${io}`
            "<group io: 0 running, 0 waiting, limit 1>"
        "#]],
    );
}

#[test]
fn a_program_orders_jobs_and_limits_their_time() {
    check(
        &[
            "held = shared(0); fn load() { throw 'no rows' } fn hold(held) { held.wait(|v| v == 1) }",
            "first = jobs.start(hold, [held]); while first.status != 'Running' { sleep(0.001) }",
            "jobs.start('1', [], #{after: first}); jobs.start(load, [], #{after: [0, jobs[1]]}); jobs.start('3', [], #{after_ended: 2}); jobs.start('4', [], #{after: 2})",
            "[jobs[1].why(), jobs[3].why()]",
            "held.set(1); jobs[3].join(); jobs[4].join(); [jobs[1].result, jobs[3].result, jobs[4].status]",
            "jobs.traceback(4)",
            "t = now(); late = jobs.start('now()', [], #{delay: 0.05}); late.join(); late.result - t >= 0.05",
            "slow = jobs.start('sleep(1000)', [], #{time_limit: 0.03}); slow.join(); [slow.stop_reason, slow.status]",
        ],
        expect![[r#"
            > held = shared(0); fn load() { throw 'no rows' } fn hold(held) { held.wait(|v| v == 1) }
            > first = jobs.start(hold, [held]); while first.status != 'Running' { sleep(0.001) }
            > jobs.start('1', [], #{after: first}); jobs.start(load, [], #{after: [0, jobs[1]]}); jobs.start('3', [], #{after_ended: 2}); jobs.start('4', [], #{after: 2})
            <BackgroundJob #4: 4>
            > [jobs[1].why(), jobs[3].why()]
            [["it starts after job #0 (hold(<shared>), running) is done"], ["it starts after job #2 (load(), queued) has ended"]]
            > held.set(1); jobs[3].join(); jobs[4].join(); [jobs[1].result, jobs[3].result, jobs[4].status]
            [1, 3, "Dead (Exception), call jobs.traceback() for details"]
            > jobs.traceback(4)
            job #2 failed, so this one did not start
            caused by: no rows
            > t = now(); late = jobs.start('now()', [], #{delay: 0.05}); late.join(); late.result - t >= 0.05
            true
            > slow = jobs.start('sleep(1000)', [], #{time_limit: 0.03}); slow.join(); [slow.stop_reason, slow.status]
            ["time limit of 30ms", "Dead (Stopped), call jobs.traceback() for details"]
        "#]],
    );
}

#[test]
fn a_program_retries_a_job_and_reads_every_attempt() {
    check(
        &[
            "n = shared(0); fn fetch(n) { n.update(|v| v + 1); if n.get() < 3 { throw `no answer ${n.get()}` } n.get() }",
            "j = jobs.start(fetch, [n], #{retry: 5, backoff: 0.001}); j.join(); j.result",
            "j.attempts.map(|a| [a.number, a.failure, a.seconds >= 0.0])",
            "fn grow(x) { x.push(2); throw `x is ${x}` } k = jobs.start(grow, [[1]], #{retry: 2, backoff: 0}); k.join(); k.attempts.map(|a| a.failure)",
            "c = jobs.sh('cat; exit 3', #{input: \"it\", retry: 2, backoff: 0, group: 'io'}); c.join(); [c.attempts.map(|a| a.failure), c.log, c.group]",
            "fn fail() { throw 'no' } slow = jobs.start(fail, [], #{retry: 2, backoff: 1000}); while slow.attempts.len() == 0 { sleep(0.001) }",
            "slow.stop('enough'); slow.stop_reason",
            "jobs.new('1').attempts",
        ],
        expect![[r#"
            > n = shared(0); fn fetch(n) { n.update(|v| v + 1); if n.get() < 3 { throw `no answer ${n.get()}` } n.get() }
            > j = jobs.start(fetch, [n], #{retry: 5, backoff: 0.001}); j.join(); j.result
            3
            > j.attempts.map(|a| [a.number, a.failure, a.seconds >= 0.0])
            [[1, "no answer 1", true], [2, "no answer 2", true], [3, (), true]]
            > fn grow(x) { x.push(2); throw `x is ${x}` } k = jobs.start(grow, [[1]], #{retry: 2, backoff: 0}); k.join(); k.attempts.map(|a| a.failure)
            ["x is [1, 2]", "x is [1, 2]"]
            > c = jobs.sh('cat; exit 3', #{input: "it", retry: 2, backoff: 0, group: 'io'}); c.join(); [c.attempts.map(|a| a.failure), c.log, c.group]
            [["exit status 3", "exit status 3"], ["itit"], "io"]
            > fn fail() { throw 'no' } slow = jobs.start(fail, [], #{retry: 2, backoff: 1000}); while slow.attempts.len() == 0 { sleep(0.001) }
            > slow.stop('enough'); slow.stop_reason
            "enough"
            > jobs.new('1').attempts
            []
        "#]],
    );
}

#[test]
fn wrong_options_and_limits_are_errors() {
    let mut session = Seen::default().session();
    let mut wrong = |line: &str| {
        let answer = answered(&mut session, line);
        answer.lines().last().unwrap_or_default().to_owned()
    };
    let options = [
        "deamon: true",
        "daemon: 1",
        "name: 1",
        "name: ' '",
        "group: 1",
        "group: ''",
        "priority: 'high'",
        "priority: 3000000000",
        "delay: 'soon'",
        "delay: -1",
        "delay: 1e30",
        "delay: 1e300",
        "delay: 1000000000000000",
        "delay: 0.0/0.0",
        "delay: -1e300",
        "after: 'load'",
        "after: -1",
        "after: 5",
        "after: [0, 5]",
        "after_ended: [#{}]",
        "time_limit: ()",
        "time_limit: 0",
        "time_limit: 1e-12",
        "time_limit: 1e300",
        "retry: 0",
        "retry: 99999999999999",
        "retry: 0.5",
        "backoff: 1",
        "retry: 2, backoff: -1",
        "retry: 2, backoff: 1e30",
    ];
    let told: String =
        options.iter().map(|option| wrong(&format!("jobs.start('1', [], #{{{option}}})")) + "\n").collect();
    expect![[r#"
        there is no option `deamon`; there are daemon: true, name: "text", log_file: "path", log_bytes: 100000, group: "io", priority: 1, delay: 5, after: [1, 2], after_ended: [1, 2], time_limit: 60, keep: true, retry: 3 and backoff: 1
        the option `daemon` must be true or false, not of type int
        the option `name` must be a string, not of type int
        the option `name` must not be empty: the lists would show nothing
        the option `group` must be the name of a group, such as "io", not of type int
        the option `group` must be the name of a group, such as "io", and not empty
        the option `priority` must be a whole number: the higher, the sooner, not of type string
        the option `priority` must be a number from -2147483647 to 2147483647, not 3000000000
        the option `delay` must be a time in seconds, such as 0.5, not of type string
        the option `delay` must be a time in seconds, 0 or more, not -1
        the option `delay` is too long; it is a time in seconds, at most 3153600000 (100 years), not 1e30
        the option `delay` is too long; it is a time in seconds, at most 3153600000 (100 years), not 1e300
        the option `delay` is too long; it is a time in seconds, at most 3153600000 (100 years), not 1e15
        the option `delay` must be a time in seconds, 0 or more, not NaN
        the option `delay` must be a time in seconds, 0 or more, not -1e300
        the option `after` must be a job, its number, or an array of these, such as [1, 2], not of type string
        Job #-1 not found
        a job can't start after job #5; name one that is in the lists: Job #5 not found; no job was started yet
        a job can't start after job #0; name one that is in the lists: Job #0 not found; no job was started yet
        the option `after_ended` must be a job, its number, or an array of these, such as [1, 2], not of type map
        the option `time_limit` must be a time in seconds, such as 0.5, not of type ()
        with a `time_limit` of 0 the job would be stopped at once; leave it out for no limit
        with a `time_limit` of 0.000000000001 the job would be stopped at once; leave it out for no limit
        the option `time_limit` is too long; it is a time in seconds, at most 3153600000 (100 years), not 1e300
        the option `retry` must be a number of tries from 1 to 4294967295, not 0
        the option `retry` must be a number of tries from 1 to 4294967295, not 99999999999999
        the option `retry` must be a number of tries, such as 3, not of type float
        the option `backoff` is the pause before a `retry`, as in #{retry: 3, backoff: 1}
        the option `backoff` must be a time in seconds, 0 or more, not -1
        the option `backoff` is too long; it is a time in seconds, at most 3153600000 (100 years), not 1e30
    "#]].assert_eq(&told);
    let limits =
        ["g = jobs.group('io'); g.limit = 0", "g.limit = -1", "g.set_limit('two')", "jobs.group('')", "jobs.group(1)"];
    let told: String = limits.iter().map(|line| wrong(line) + "\n").collect();
    expect![[r#"
        with a limit of 0 no job of group io would ever start; pause the group instead
        the limit of a group must be 1 or more, not -1
        the limit of a group must be a number of jobs, or () for no limit, not of type string
        a group needs a name, as in jobs.group("io")
        a group needs a name, as in jobs.group("io"), not of type int
    "#]]
    .assert_eq(&told);
    // Nothing was started.
    assert_eq!(answered(&mut session, "jobs.all.len()"), "Out[36]: 0");
}

/// The output of a line's commands.
fn answered(session: &mut Session, line: &str) -> String {
    match shell::answer(session, line) {
        Reply::Nothing => String::new(),
        Reply::Shown(text) | Reply::Value(text) | Reply::Wrong(text) | Reply::Failed(text, _) => text,
        Reply::Leave(_) => "leaves".to_owned(),
    }
}

#[test]
fn commands_limit_pause_and_explain() {
    let mut session = Seen::default().session();
    let mut seen = Vec::new();
    for line in [
        "groups",
        "limit io 0",
        "pause io",
        "limit io 1",
        "pause io",
        "held = shared(0); for n in 0..3 { jobs.start('held.wait(|v| v == 1)', [#{held: held}], #{group: 'io', name: `copy ${n}`}) }",
        "jobs.start('1', [], #{after: 2, name: 'fit\\u001b'}); jobs.start('2', [], #{delay: 86400}); jobs.start('jobs[2].join()')",
        "why 0",
        "limit io 2",
        "resume io nte",
        "resume io",
        "while jobs[5].why().is_empty() || jobs[1].status != 'Running' { sleep(0.001) }",
        "why 2 3 1 5",
        "groups",
        "limit io none",
        "limit 'two words' 3",
        "groups",
        "held.set(1); jobs[3].join()",
        "why 3",
        "kill 4",
        "why 9",
    ] {
        seen.push(format!("> {line}"));
        let shown = answered(&mut session, line);
        // A stop takes a different time each time.
        let known = |line: &str| match line.split_once(" stopped after") {
            Some((job, _)) => format!("{job} stopped"),
            None => line.to_owned(),
        };
        seen.extend(shown.lines().map(known));
    }
    expect![[r#"
        > groups
        there are no groups; jobs.start(f, [5], #{group: "io"}) makes one
        > limit io 0
        with a limit of 0 no job of group io would ever start; pause the group instead
        > pause io
        there is no group io; `groups` lists the groups, `limit io 2` makes one
        > limit io 1
        io: 0 running, 0 waiting, limit 1
        > pause io
        io: 0 running, 0 waiting, limit 1, paused
        > held = shared(0); for n in 0..3 { jobs.start('held.wait(|v| v == 1)', [#{held: held}], #{group: 'io', name: `copy ${n}`}) }
        > jobs.start('1', [], #{after: 2, name: 'fit\u001b'}); jobs.start('2', [], #{delay: 86400}); jobs.start('jobs[2].join()')
        Out[7]: <BackgroundJob #5: jobs[2].join()>
        > why 0
        Job #0 is queued: copy 0
          group io is paused; resume it
        > limit io 2
        io: 0 running, 3 waiting, limit 2, paused
        > resume io nte
        there is no group nte; `groups` lists the groups, `limit nte 2` makes one
        > resume io
        io: 2 running, 1 waiting, limit 2
        > while jobs[5].why().is_empty() || jobs[1].status != 'Running' { sleep(0.001) }
        > why 2 3 1 5
        Job #1 runs, and waits for nothing: copy 1
        Job #2 is queued: copy 2
          group io runs 2 jobs, its limit is 2; it is next
        Job #3 is queued: fit\u{1b}
          it starts after job #2 (copy 2, queued) is done
        Job #5 runs: jobs[2].join()
          it waits for the end of job #2 (copy 2, queued)
        > groups
        io: 2 running, 1 waiting, limit 2
        > limit io none
        io: 3 running, 0 waiting, no limit
        > limit 'two words' 3
        two words: 0 running, 0 waiting, limit 3
        > groups
        io: 3 running, 0 waiting, no limit
        two words: 0 running, 0 waiting, limit 3
        > held.set(1); jobs[3].join()
        > why 3
        Job #3 has ended, and waits for nothing: fit\u{1b}
        > kill 4
        Job #4 stopped
        > why 9
        Job #9 not found; the newest job is #5
    "#]].assert_eq(&(seen.join("\n") + "\n"));
}

#[test]
fn the_rest_of_a_delay_is_shown() {
    let mut session = Seen::default().session();
    session.answer("jobs.start('1', [], #{delay: 1000000})");
    let told = answered(&mut session, "why 0");
    let (first, second) = told.split_once("\n  it starts in ").expect("it starts later");
    assert_eq!(first, "Job #0 is queued: 1");
    let seconds: f64 = second.strip_suffix('s').and_then(|seconds| seconds.parse().ok()).expect("seconds");
    assert!((999_000.0..=1_000_000.0).contains(&seconds), "{told}");
    answered(&mut session, "kill 0");
}

#[test]
fn fg_of_a_queued_job_shows_what_it_waits_for() {
    let seen = Seen::default();
    let mut session = seen.session();
    session.answer("jobs.group('io').pause(); jobs.start('6 * 7', [], #{group: 'io'});");
    let jobs = session.jobs().clone();
    let reader = thread::spawn(move || {
        let (began, mut text) = (Instant::now(), String::new());
        while text.is_empty() && began.elapsed() < Duration::from_secs(10) {
            thread::yield_now();
            text = seen.take();
        }
        jobs.group("io").resume();
        text
    });
    assert_eq!(answered(&mut session, "fg 0"), "Out[2]: 42");
    expect![[r#"
        ! Job #0 is queued: 6 * 7
          group io is paused; resume it
    "#]]
    .assert_eq(&reader.join().unwrap());
}
