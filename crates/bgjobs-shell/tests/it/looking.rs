//! The words that look at jobs: the list, a log, the digest, the alert setting.

use std::time::Duration;

use bgjobs::Options;
use bgjobs_shell::{Session, shell};
use expect_test::{Expect, expect};

use crate::transcript::Seen;

/// Types a line as at a prompt.
fn type_line(seen: &Seen, session: &mut Session, line: &str) {
    seen.add(&format!("> {line}"));
    let reply = shell::answer(session, line);
    if let Some((_, text)) = shell::stream(&reply) {
        seen.add(text);
    }
}

/// Types lines into a new session, and compares what is shown, except for times, with what is expected.
#[expect(clippy::needless_pass_by_value, reason = "as in expect-test")]
#[track_caller]
fn check(typed: &[&str], expected: Expect) {
    let seen = Seen::default();
    let mut session = seen.session();
    for line in typed {
        type_line(&seen, &mut session, line);
    }
    // The end of the session waits for its jobs.
    for job in session.jobs().running() {
        job.ask_stop("the test is over");
    }
    expected.assert_eq(&without_times(&seen.take()));
}

/// Replaces times that a test cannot know by `TIME`.
fn without_times(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ';', ':', '\n']);
        let is_time = bare.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok())
            || bare.len() == "14:03:21.250".len() && bare.matches(':').count() == 2;
        if is_time { word.replace(bare, "TIME") } else { word.to_owned() }
    };
    text.split_inclusive(' ')
        .map(|piece| {
            let (bare, end) = piece.strip_suffix(' ').map_or((piece, ""), |bare| (bare, " "));
            bare.split_inclusive('\n').map(word).collect::<String>() + end
        })
        .collect()
}

#[test]
fn the_list_shows_how_far_a_command_is_by_the_bar_that_it_prints() {
    let seen = Seen::default();
    let mut session = seen.session();
    type_line(&seen, &mut session, r#"j = jobs.sh("printf '\\r 10%%\\r 43%%|####      |'; exec sleep 1000");"#);
    type_line(&seen, &mut session, "while j.summary().progress?.done != 43 { sleep(0.001) }");
    seen.take();
    type_line(&seen, &mut session, "jobs");
    let list = without_times(&seen.take());
    session.jobs().running()[0].ask_stop("the test is over");
    assert!(list.contains("\n    TIME, 43%, about TIME left"), "{list}");
}

const WORK: &str =
    "fn work(up) { print('begun'); progress(1, 4, 'fitting'); print('50%\\r25%'); up.set(1); sleep(1000) }";

#[test]
fn the_list_shows_each_running_jobs_progress_and_new_lines() {
    check(
        &[
            WORK,
            "fn load() { print('rows'); throw 'no rows' }",
            "up = shared(0); jobs.new(work, up); up.wait(|v| v == 1);",
            "jobs.new('sleep(1000)'); jobs.new(load).join(); jobs.new('6 * 7').join();",
            "fn sleeps(n) { jobs[n].summary().place == 'native function `sleep`' }",
            "while !sleeps(0) || !sleeps(1) { sleep(0.001) }",
            "jobs",
            "log 0",
            "log 2",
            "jobs",
            "jobs.status()",
        ],
        expect![[r#"
            > fn work(up) { print('begun'); progress(1, 4, 'fitting'); print('50%\r25%'); up.set(1); sleep(1000) }
            > fn load() { print('rows'); throw 'no rows' }
            > up = shared(0); jobs.new(work, up); up.wait(|v| v == 1);
            > jobs.new('sleep(1000)'); jobs.new(load).join(); jobs.new('6 * 7').join();
            > fn sleeps(n) { jobs[n].summary().place == 'native function `sleep`' }
            > while !sleeps(0) || !sleeps(1) { sleep(0.001) }
            > jobs
            Running jobs:
            0 : work(<shared>)
                TIME, fitting, 25%, about TIME left, native function `sleep`
                2 new lines, the last: 25%
            1 : sleep(1000)
                TIME, native function `sleep`

            Completed jobs:
            3 : 6 * 7

            Dead jobs:
            2 : load()
                failed after TIME: no rows
                1 new line: rows

            > log 0
            begun
            25%
            > log 2
            rows
            > jobs
            Running jobs:
            0 : work(<shared>)
                TIME, fitting, 25%, about TIME left, native function `sleep`
                last line: 25%
            1 : sleep(1000)
                TIME, native function `sleep`

            Completed jobs:
            3 : 6 * 7

            Dead jobs:
            2 : load()
                failed after TIME: no rows

            > jobs.status()
            Running jobs:
            0 : work(<shared>)
            1 : sleep(1000)

            Completed jobs:
            3 : 6 * 7

            Dead jobs:
            2 : load()

        "#]],
    );
}

#[test]
fn a_log_is_filtered_and_its_streams_are_marked() {
    check(
        &[
            "fn talk() { print('one'); debug('two'); print('three\\x1b[2J'); }",
            "jobs.new(talk).join()",
            "log 0",
            "log 0 -n 2",
            "log 0 --err",
            "log 0 --out -t",
            "log 0 --since 1h -n 1 -t",
            "log 0 --since 0",
            "jobs.new('6 * 7').join()",
            "log all -n 1",
            "log 1",
        ],
        expect![[r#"
            > fn talk() { print('one'); debug('two'); print('three\x1b[2J'); }
            > jobs.new(talk).join()
            > log 0
            one
            ! In[1], line 1, position 27: "two"
            three\u{1b}[2J
            > log 0 -n 2
            ! In[1], line 1, position 27: "two"
            three\u{1b}[2J
            > log 0 --err
            In[1], line 1, position 27: "two"
            > log 0 --out -t
            TIME one
            TIME three\u{1b}[2J
            > log 0 --since 1h -n 1 -t
            TIME three\u{1b}[2J
            > log 0 --since 0
            > jobs.new('6 * 7').join()
            > log all -n 1
            #0 talk():
            three\u{1b}[2J
            #1 6 * 7:
            > log 1
        "#]],
    );
}

#[test]
fn wrong_arguments_of_log_are_errors() {
    check(
        &["jobs.new('1').join(); jobs.new('2').join()", "log 7", "log all -f", "log 0 -x", "notify ding", "jobs -x"],
        expect![[r#"
            > jobs.new('1').join(); jobs.new('2').join()
            > log 7
            Job #7 not found; the newest job is #1
            > log all -f
            2 jobs match, but only one can be followed: give its number
            > log 0 -x
            log has no option -x; see `help log`
            > notify ding
            `ding` is not a kind of alert; use bell, osc9 or osc777, each with a least run time if you like (bell:30s), or off
            > jobs -x
            jobs has no option -x; see `help jobs`
        "#]],
    );
}

#[test]
fn a_followed_log_is_shown_until_the_job_ends() {
    check(
        &[
            "ready = shared(0);",
            "fn talk(ready) { print('one'); ready.wait(|v| v == 1); debug('two'); print('three') }",
            "jobs.new(talk, ready); jobs.new(|ready| { sleep(0.05); ready.set(1) }, ready);",
            "log 0 -f",
            "jobs[1].join(); jobs[0].status",
            "jobs",
            "log 0 -f --err",
        ],
        expect![[r#"
            > ready = shared(0);
            > fn talk(ready) { print('one'); ready.wait(|v| v == 1); debug('two'); print('three') }
            > jobs.new(talk, ready); jobs.new(|ready| { sleep(0.05); ready.set(1) }, ready);
            > log 0 -f
            one
            ! In[2], line 1, position 56: "two"
            three
            > jobs[1].join(); jobs[0].status
            Out[5]: "Completed"
            > jobs
            Completed jobs:
            0 : talk(<shared>)
            1 : (|ready| ..)(<shared>)

            > log 0 -f --err
            In[2], line 1, position 56: "two"
        "#]],
    );
}

#[test]
fn an_interrupt_while_following_ends_the_view_and_not_the_job() {
    let seen = Seen::default();
    let mut session = seen.session();
    type_line(&seen, &mut session, "jobs.new('sleep(1000)');");
    let stopper = session.stopper();
    let interrupt = std::thread::spawn(move || {
        while !stopper.stop("interrupted") {
            std::thread::yield_now();
        }
    });
    type_line(&seen, &mut session, "log 0 -f");
    interrupt.join().expect("it can't fail");
    let job = session.jobs().get(0).expect("it was started");
    assert!(!job.is_finished());
    job.ask_stop("the test is over");
    expect![[r#"
        > jobs.new('sleep(1000)');
        > log 0 -f
    "#]]
    .assert_eq(&seen.take());
}

#[test]
fn jobs_are_listed_as_json() {
    let seen = Seen::default();
    let mut session = seen.session();
    type_line(&seen, &mut session, "jobs --json");
    type_line(&seen, &mut session, "jobs.new('print(1)').join()");
    assert_eq!(seen.take(), "> jobs --json\n[]\n> jobs.new('print(1)').join()\n");
    let shell::Reply::Value(text) = shell::answer(&mut session, "jobs -j") else { panic!("it is shown") };
    let jobs: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        (&jobs[0]["name"], &jobs[0]["state"], &jobs[0]["lines"]),
        (&"print(1)".into(), &"done".into(), &1.into())
    );
}

#[test]
fn the_size_of_logs_holds_for_later_jobs_that_have_none_of_their_own() {
    check(
        &[
            "fn flood() { for n in 0..100 { print(n) } }",
            "log_bytes",
            "jobs.start(flood).join()",
            "log_bytes 1",
            "log_bytes",
            "jobs.start(flood).join()",
            "jobs.new('flood()').join()",
            "jobs.sh('seq 100').join()",
            "job = jobs.start(flood, [], #{log_bytes: 100000}); job.join()",
            "[0, 1, 2, 3, 4].map(|id| jobs[id].missed)",
            "log_bytes 0",
        ],
        expect![[r#"
            > fn flood() { for n in 0..100 { print(n) } }
            > log_bytes
            1048576
            > jobs.start(flood).join()
            > log_bytes 1
            > log_bytes
            1
            > jobs.start(flood).join()
            > jobs.new('flood()').join()
            > jobs.sh('seq 100').join()
            > job = jobs.start(flood, [], #{log_bytes: 100000}); job.join()
            > [0, 1, 2, 3, 4].map(|id| jobs[id].missed)
            Out[10]: [0, 99, 99, 99, 0]
            > log_bytes 0
            `0` is not a number of bytes from 1, such as 4000000
        "#]],
    );
}

#[test]
fn the_digest_and_the_alert_setting_can_be_shown_at_any_time() {
    check(
        &[
            "digest",
            "jobs.new('print(1)').join()",
            "digest",
            "notify",
            "notify osc9:90",
            "notify",
            "notify off",
            "notify",
        ],
        expect![[r#"
            > digest
            no jobs
            > jobs.new('print(1)').join()
            > digest
            1 done, 1 with unread output (#0)
            > notify
            bell:10s
            > notify osc9:90
            > notify
            osc9:1m30s
            > notify off
            > notify
            off
        "#]],
    );
}

#[test]
fn lines_that_fg_showed_are_no_longer_new() {
    check(
        &["jobs.new('print(1)').join()", "jobs", "fg 0", "jobs"],
        expect![[r#"
        > jobs.new('print(1)').join()
        > jobs
        Completed jobs:
        0 : print(1)
            1 new line: 1

        > fg 0
        1
        > jobs
        Completed jobs:
        0 : print(1)

    "#]],
    );
}

#[test]
fn a_list_is_cut_to_its_columns() {
    let seen = Seen::default();
    let mut session = seen.session();
    session.set_columns(40);
    type_line(
        &seen,
        &mut session,
        "jobs.new(|| for n in 0..1 { print('日本語日本語日本語日本語日本語日本語日本語日本語') }).join()",
    );
    type_line(&seen, &mut session, "jobs");
    expect![[r#"
        > jobs.new(|| for n in 0..1 { print('日本語日本語日本語日本語日本語日本語日本語日本語') }).join()
        > jobs
        Completed jobs:
        0 : || ..
            1 new line: 日本語日本語日本語日本…

    "#]]
    .assert_eq(&seen.take());
}

#[test]
fn a_list_is_of_the_jobs_that_are_asked_for_and_says_why_they_died() {
    check(
        &[
            "fn fit(a, b) { if a == 2 { throw 'no rows\\nat all' } a + b }",
            "for n in 1..=3 { jobs.new(fit, n, 0.5).join() }",
            "slow = jobs.start('sleep(1000)', [], #{delay: 1000}); slow.stop();",
            "jobs failed",
            "jobs 0 2",
            "jobs fit* stopped",
            "jobs slow",
            "jobs 1 9",
            "jobs queued",
            "jobs --json 9",
        ],
        expect![[r#"
            > fn fit(a, b) { if a == 2 { throw 'no rows\nat all' } a + b }
            > for n in 1..=3 { jobs.new(fit, n, 0.5).join() }
            > slow = jobs.start('sleep(1000)', [], #{delay: 1000}); slow.stop();
            > jobs failed
            Dead jobs:
            1 : fit(2, 0.5)
                failed after TIME: no rows

            > jobs 0 2
            Completed jobs:
            0 : fit(1, 0.5)
            2 : fit(3, 0.5)

            > jobs fit* stopped
            Completed jobs:
            0 : fit(1, 0.5)
            2 : fit(3, 0.5)

            Dead jobs:
            1 : fit(2, 0.5)
                failed after TIME: no rows
            3 : sleep(1000)
                stopped before it started: on request

            > jobs slow
            Dead jobs:
            3 : sleep(1000)
                stopped before it started: on request

            > jobs 1 9
            Dead jobs:
            1 : fit(2, 0.5)
                failed after TIME: no rows

            Job #9 not found; the newest job is #3
            > jobs queued
            there are no queued jobs
            > jobs --json 9
            Job #9 not found; the newest job is #3
        "#]],
    );
}

#[test]
fn a_group_of_many_jobs_takes_one_line_unless_it_is_asked_for() {
    check(
        &[
            "io = jobs.group('io'); io.limit = 1; gate = shared(0)",
            "fn step(n) { if n > 0 { gate.wait(|v| v > 0); } if n > 6 { throw `row ${n}` } }",
            "for n in 0..20 { jobs.start(step, [n], #{group: io}) } jobs.new('1').join(); jobs[0].join()",
            "while jobs[1].status != 'Running' {}",
            "jobs",
            "gate.set(1); for n in jobs.all { jobs[n].join() }",
            "jobs",
            "to_json(jobs.select('io').len())",
        ],
        expect![[r#"
            > io = jobs.group('io'); io.limit = 1; gate = shared(0)
            > fn step(n) { if n > 0 { gate.wait(|v| v > 0); } if n > 6 { throw `row ${n}` } }
            > for n in 0..20 { jobs.start(step, [n], #{group: io}) } jobs.new('1').join(); jobs[0].join()
            > while jobs[1].status != 'Running' {}
            > jobs
            Running jobs:
            io : 1 running, 18 queued; `jobs io` lists them

            Completed jobs:
            0 : step(0)
            20 : 1

            > gate.set(1); for n in jobs.all { jobs[n].join() }
            > jobs
            Completed jobs:
            0 : step(0)
            1 : step(1)
            2 : step(2)
            3 : step(3)
            4 : step(4)
            5 : step(5)
            6 : step(6)
            20 : 1

            Dead jobs:
            io : 13 failed (#7 step(7): row 7; #8 step(8): row 8; #9 step(9): row 9; 10 more); `jobs io` lists them

            > to_json(jobs.select('io').len())
            Out[8]: "20"
        "#]],
    );
    let mut session = Seen::default().session();
    session.answer("for n in 0..20 { jobs.start('1', [], #{group: 'io'}).join() }");
    for (line, count) in [("jobs", 2), ("jobs io", 21), ("jobs -a", 21)] {
        let shell::Reply::Shown(list) = shell::answer(&mut session, line) else { panic!("it is shown") };
        assert_eq!(list.lines().count(), count, "{line}: {list}");
    }
}

#[test]
fn a_list_longer_than_the_screen_is_cut_with_a_count() {
    let seen = Seen::default();
    let mut session = seen.session();
    session.set_rows(Some(12));
    session.answer("for n in 0..100 { jobs.new(`${n}`).join() }; jobs.new('1 / 0').join();");
    type_line(&seen, &mut session, "jobs");
    expect![[r#"
        > jobs
        Completed jobs:
        ... 96 more before; `jobs -a` lists all
        96 : 96
        97 : 97
        98 : 98
        99 : 99

        Dead jobs:
        100 : 1 / 0
            failed after TIME: Division by zero: 1 / 0

    "#]]
    .assert_eq(&without_times(&seen.take()));
    let shell::Reply::Shown(list) = shell::answer(&mut session, "jobs -a") else { panic!("it is shown") };
    assert_eq!(list.lines().count(), 105);
}

#[test]
fn the_list_shows_what_a_job_waits_for_and_a_pending_stop() {
    let seen = Seen::default();
    let mut session = seen.session();
    let jobs = session.jobs().clone();
    let later = Options { delay: Some(Duration::from_secs(1_000)), ..Options::default() };
    jobs.named("later").with(later).spawn(|| ()).expect("there are threads");
    let disk = jobs.group("disk");
    disk.pause();
    let copy = Options { group: Some("disk".into()), ..Options::default() };
    jobs.named("copy").with(copy).spawn(|| ()).expect("there are threads");
    let (up, is_up) = std::sync::mpsc::channel();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let deaf = jobs.spawn("deaf", move || {
        up.send(()).expect("the test waits for it");
        let _ = gate.recv();
    });
    is_up.recv().expect("it tells");
    deaf.expect("there are threads").ask_stop("no need");
    type_line(&seen, &mut session, "jobs");
    drop(go);
    disk.resume();
    for job in jobs.running() {
        job.ask_stop("the test is over");
    }
    expect![[r#"
        > jobs
        Running jobs:
        0 : later
            has waited TIME, starts in TIME
        1 : copy
            has waited TIME, group disk is paused
        2 : deaf
            TIME, asked to stop (no need)

    "#]]
    .assert_eq(&without_times(&seen.take()));
}

#[test]
fn dropped_lines_are_shown_from_the_file_or_counted() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-flood-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let seen = Seen::default();
    let mut session = seen.session();
    session.set("path", path.to_string_lossy().into_owned());
    type_line(
        &seen,
        &mut session,
        "fn flood() { let x = ''; x.pad(8000, 'x'); for n in 0..200 { print(`${n} ${x}`) } }",
    );
    type_line(&seen, &mut session, "jobs.start(flood, [], #{log_file: path}).join(); jobs.new(flood).join()");
    let mut first_and_count = |line: &str| {
        seen.take();
        type_line(&seen, &mut session, line);
        let text = seen.take();
        let first = text.lines().nth(1).unwrap_or_default();
        (first.split(" x").next().unwrap_or_default().to_owned(), text.lines().count() - 1)
    };
    assert_eq!(first_and_count("log 0"), ("0".to_owned(), 200));
    assert_eq!(first_and_count("log 0 -n 180"), ("20".to_owned(), 180));
    let (first, count) = first_and_count("log 1");
    assert_eq!(first, format!("[{} earlier lines were dropped]", 201 - count));
    std::fs::remove_file(&path).expect("it was written");
    let (trouble, left) = first_and_count("log 0");
    assert!(trouble.starts_with("[can't read the log's file: "), "{trouble}");
    assert_eq!(left, count + 1, "what is in memory is shown anyway");
}

#[test]
fn the_timeline_is_shown_or_saved_in_the_form_of_the_files_ending() {
    let seen = Seen::default();
    let mut session = seen.session();
    let folder = std::env::temp_dir().join(format!("bgjobs-shell-timeline-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the directory for temporary files can be written");
    for line in
        [&format!("cd '{}'", folder.display()), "jobs.new('1 + 1').join()", "timeline run.svg", "timeline run.json"]
    {
        type_line(&seen, &mut session, line);
    }
    let start = |file: &str| std::fs::read_to_string(folder.join(file)).expect("it was saved")[..5].to_owned();
    assert_eq!((&*start("run.svg"), &*start("run.json")), ("<svg ", "{\"dis"), "{}", seen.take());
    type_line(&seen, &mut session, "timeline");
    let shown = seen.take();
    assert!(shown.contains("1 job in ") && shown.contains("\n#0 1 + 1 "), "{shown}");
    for (line, told) in [
        ("timeline run.png", "run.png`: end the name in .svg for a picture, or in .json for a trace"),
        ("timeline none/run.svg", "none/run.svg`: No such file or directory"),
    ] {
        type_line(&seen, &mut session, line);
        let shown = seen.take();
        assert!(shown.contains("timeline: ") && shown.contains(told), "{shown}");
    }
    std::fs::remove_dir_all(folder).expect("it is ours");
}

#[test]
fn a_very_long_line_is_shown_in_parts_with_a_mark() {
    let seen = Seen::default();
    let mut session = seen.session();
    shell::answer(&mut session, "let s = ''; s.pad(20000, 'x'); jobs.start(|| print(s), []).join()");
    shell::answer(&mut session, "log 0");
    let shown = seen.take();
    assert_eq!(shown.matches('x').count(), 20_000);
    assert!(shown.contains("x …\nx"), "{shown}");
}
