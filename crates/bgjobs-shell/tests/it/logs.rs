//! What jobs print, as programs read it, and jobs as data.

use std::fs;

use expect_test::expect;

use crate::transcript::{Seen, check};

const TALK: &str = "fn talk() { print('one'); debug('two'); print('three'); }";

#[test]
fn lines_of_a_log_are_filtered_by_stream_number_and_age() {
    check(
        &[
            TALK,
            "j = jobs.new(talk); j.join()",
            "j.log",
            "j.log(#{stream: 'out'})",
            "j.log(#{stream: \"err\"}).len()",
            "j.log(#{last: 1})",
            "j.log(#{stream: 'out', last: 1, since: 3600})",
            "j.log(#{since: 0})",
            "j.log(#{last: 0})",
        ],
        expect![[r#"
            > fn talk() { print('one'); debug('two'); print('three'); }
            > j = jobs.new(talk); j.join()
            > j.log
            ["one", "In[1], line 1, position 27: \"two\"", "three"]
            > j.log(#{stream: 'out'})
            ["one", "three"]
            > j.log(#{stream: "err"}).len()
            1
            > j.log(#{last: 1})
            ["three"]
            > j.log(#{stream: 'out', last: 1, since: 3600})
            ["three"]
            > j.log(#{since: 0})
            []
            > j.log(#{last: 0})
            []
        "#]],
    );
}

#[test]
fn a_wrong_filter_is_an_error() {
    check(
        &[
            "j = jobs.new('1'); j.join()",
            "j.log(#{sinc: 5})",
            "j.log(#{since: 'now'})",
            "j.log(#{since: -1})",
            "j.log(#{last: -1})",
            "j.log(#{last: 1.5})",
            "j.log(#{stream: 'both'})",
            "j.lines(#{stream: [1]})",
        ],
        expect![[r#"
            > j = jobs.new('1'); j.join()
            > j.log(#{sinc: 5})
            Traceback (most recent call last):
              In[2], line 1
                j.log(#{sinc: 5})
                  ^
            there is no option `sinc`; there are since: 30, last: 20 and stream: "err"
            > j.log(#{since: 'now'})
            Traceback (most recent call last):
              In[3], line 1
                j.log(#{since: 'now'})
                  ^
            log(..): `since` must be a time in seconds, 0 or more, not "now"
            > j.log(#{since: -1})
            Traceback (most recent call last):
              In[4], line 1
                j.log(#{since: -1})
                  ^
            log(..): `since` must be a time in seconds, 0 or more, not -1
            > j.log(#{last: -1})
            Traceback (most recent call last):
              In[5], line 1
                j.log(#{last: -1})
                  ^
            log(..): `last` must be a number of lines, 0 or more, not -1
            > j.log(#{last: 1.5})
            Traceback (most recent call last):
              In[6], line 1
                j.log(#{last: 1.5})
                  ^
            log(..): `last` must be a number of lines, 0 or more, not 1.5
            > j.log(#{stream: 'both'})
            Traceback (most recent call last):
              In[7], line 1
                j.log(#{stream: 'both'})
                  ^
            log(..): `stream` must be "out" or "err", not "both"
            > j.lines(#{stream: [1]})
            Traceback (most recent call last):
              In[8], line 1
                j.lines(#{stream: [1]})
                  ^
            lines(..): `stream` must be "out" or "err", not of type array
        "#]],
    );
}

#[test]
fn lines_as_data_have_a_time_and_a_stream() {
    check(
        &[
            TALK,
            "j = jobs.new(talk); j.join()",
            "j.lines.map(|line| [line.stream, line.text])",
            "j.lines(#{stream: 'err'})[0].keys()",
            "j.lines[0].time.len()",
        ],
        expect![[r#"
            > fn talk() { print('one'); debug('two'); print('three'); }
            > j = jobs.new(talk); j.join()
            > j.lines.map(|line| [line.stream, line.text])
            [["out", "one"], ["err", "In[1], line 1, position 27: \"two\""], ["out", "three"]]
            > j.lines(#{stream: 'err'})[0].keys()
            ["continues", "stream", "text", "time"]
            > j.lines[0].time.len()
            27
        "#]],
    );
}

#[test]
fn a_log_holds_as_much_as_its_job_allows_and_says_what_it_dropped() {
    check(
        &[
            "fn flood() { for n in 0..100 { print(n) } }",
            "j = jobs.start(flood, [], #{log_bytes: 1000}); j.join()",
            "[j.log.len() < 20, j.log.len() + j.missed, j.lines.len() == j.log.len()]",
            "jobs.sh('seq 100', #{log_bytes: 1}).join(); [jobs[1].log, jobs[1].missed]",
            "jobs.start(flood, [], #{log_bytes: 0})",
            "jobs.start(flood, [], #{log_bytes: 'all'})",
        ],
        expect![[r#"
            > fn flood() { for n in 0..100 { print(n) } }
            > j = jobs.start(flood, [], #{log_bytes: 1000}); j.join()
            > [j.log.len() < 20, j.log.len() + j.missed, j.lines.len() == j.log.len()]
            [true, 100, true]
            > jobs.sh('seq 100', #{log_bytes: 1}).join(); [jobs[1].log, jobs[1].missed]
            [["100"], 99]
            > jobs.start(flood, [], #{log_bytes: 0})
            Traceback (most recent call last):
              In[5], line 1
                jobs.start(flood, [], #{log_bytes: 0})
                     ^
            the option `log_bytes` must be 1 byte or more, not 0
            > jobs.start(flood, [], #{log_bytes: 'all'})
            Traceback (most recent call last):
              In[6], line 1
                jobs.start(flood, [], #{log_bytes: 'all'})
                     ^
            the option `log_bytes` must be a number of bytes, such as 100000, not of type string
        "#]],
    );
}

#[test]
fn all_views_of_a_log_with_a_file_have_all_lines() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-log-views-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    let seen = Seen::default();
    let mut session = seen.session();
    session.set("path", path.to_string_lossy().into_owned());
    for line in [
        "j = jobs.sh('seq 1000', #{log_file: path, log_bytes: 1000}); j.join()",
        "[j.log.len(), j.lines.len(), j.missed, j.log(#{last: 500})[0], j.log[999]]",
        "jobs.sh('true', #{log_file: path})",
        "jobs.sh('true', #{log_file: '/missing/file'})",
    ] {
        seen.type_line(&mut session, line);
    }
    expect![[r#"
        > j = jobs.sh('seq 1000', #{log_file: path, log_bytes: 1000}); j.join()
        > [j.log.len(), j.lines.len(), j.missed, j.log(#{last: 500})[0], j.log[999]]
        [1000, 1000, 0, "501", "1000"]
        > jobs.sh('true', #{log_file: path})
        Traceback (most recent call last):
          In[3], line 1
            jobs.sh('true', #{log_file: path})
                 ^
        can't create the log file `PATH`; name a new file in a folder that exists: File exists (os error 17)
        > jobs.sh('true', #{log_file: '/missing/file'})
        Traceback (most recent call last):
          In[4], line 1
            jobs.sh('true', #{log_file: '/missing/file'})
                 ^
        can't create the log file `/missing/file`; name a new file in a folder that exists: No such file or directory (os error 2)
    "#]].assert_eq(&seen.take().replace(&*path.to_string_lossy(), "PATH"));
    fs::remove_file(&path).expect("it was written");
}

#[test]
fn the_log_of_a_job_is_written_to_a_file_on_request() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-log-file-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    let seen = Seen::default();
    let mut session = seen.session();
    session.set("path", path.to_string_lossy().into_owned());
    for line in [
        TALK,
        "j = jobs.start(talk, [], #{log_file: path}); j.join()",
        "read_file(path).split('\\n').filter(|line| line != '').map(|line| line.split(' ')[1])",
        "jobs.start(talk, [], #{log_file: 5})",
    ] {
        seen.type_line(&mut session, line);
    }
    expect![[r#"
        > fn talk() { print('one'); debug('two'); print('three'); }
        > j = jobs.start(talk, [], #{log_file: path}); j.join()
        > read_file(path).split('\n').filter(|line| line != '').map(|line| line.split(' ')[1])
        ["out", "err", "out"]
        > jobs.start(talk, [], #{log_file: 5})
        Traceback (most recent call last):
          In[4], line 1
            jobs.start(talk, [], #{log_file: 5})
                 ^
        the option `log_file` must be the path of a new file, not of type int
    "#]]
    .assert_eq(&seen.take());
    fs::remove_file(&path).expect("it was written");
}

#[test]
fn a_job_reports_its_progress() {
    check(
        &[
            "j = jobs.new('progress(3, 10)'); j.join()",
            "j.summary().progress",
            "j = jobs.new('progress(3, 10, \"fitting\")'); j.join()",
            "j.summary().progress",
            "progress(-1)",
            "progress(1, -1)",
        ],
        expect![[r#"
            > j = jobs.new('progress(3, 10)'); j.join()
            > j.summary().progress
            #{done: 3, text: (), total: 10}
            > j = jobs.new('progress(3, 10, "fitting")'); j.join()
            > j.summary().progress
            #{done: 3, text: "fitting", total: 10}
            > progress(-1)
            Traceback (most recent call last):
              In[5], line 1
                progress(-1)
                ^
            progress(..): -1 is negative; progress(3, 10) says that 3 of 10 are done
            > progress(1, -1)
            Traceback (most recent call last):
              In[6], line 1
                progress(1, -1)
                ^
            progress(..): -1 is negative; progress(3, 10) says that 3 of 10 are done
        "#]],
    );
}

#[test]
fn jobs_are_data() {
    check(
        &[
            "fn load() { throw 'no rows' }",
            "jobs.new('print(1)').join(); jobs.new(load).join();",
            "s = jobs[0].summary();",
            "[s.id, s.name, s.state, s.daemon, s.lines, s.failure, s.remaining, s.place, s.stop_reason, s.progress]",
            "[s.ran >= 0.0, s.created <= s.started, s.started <= s.finished]",
            "jobs.summaries().map(|job| job.state)",
            "jobs[1].summary().failure.message",
            "parse_json(to_json(jobs[1])).failure.frames[0].text",
            "parse_json(to_json(#{all: jobs, dead: jobs.dead})).dead[0].id",
            "parse_json(to_json([jobs[0], 1]))[0].name",
        ],
        expect![[r#"
            > fn load() { throw 'no rows' }
            > jobs.new('print(1)').join(); jobs.new(load).join();
            > s = jobs[0].summary();
            > [s.id, s.name, s.state, s.daemon, s.lines, s.failure, s.remaining, s.place, s.stop_reason, s.progress]
            [0, "print(1)", "done", false, 1, (), (), (), (), ()]
            > [s.ran >= 0.0, s.created <= s.started, s.started <= s.finished]
            [true, true, true]
            > jobs.summaries().map(|job| job.state)
            ["done", "failed"]
            > jobs[1].summary().failure.message
            "no rows"
            > parse_json(to_json(jobs[1])).failure.frames[0].text
            "fn load() { throw 'no rows' }"
            > parse_json(to_json(#{all: jobs, dead: jobs.dead})).dead[0].id
            1
            > parse_json(to_json([jobs[0], 1]))[0].name
            "print(1)"
        "#]],
    );
}

#[test]
fn the_digest_says_what_ended_and_what_is_unread() {
    check(
        &[
            "jobs.digest()",
            "fn load() { throw 'no rows' }",
            "jobs.new('print(1)').join(); jobs.new(load).join(); j = jobs.new('sleep(1000)');",
            "jobs.digest()",
            "jobs[0].log; j.stop();",
            "jobs.digest()",
        ],
        expect![[r#"
            > jobs.digest()
            "no jobs"
            > fn load() { throw 'no rows' }
            > jobs.new('print(1)').join(); jobs.new(load).join(); j = jobs.new('sleep(1000)');
            > jobs.digest()
            "1 done, 1 failed (#1 load(): no rows), 1 with unread output (#0), 1 still running (#2)"
            > jobs[0].log; j.stop();
            > jobs.digest()
            "1 done, 1 failed (#1 load(): no rows), 1 stopped"
        "#]],
    );
}
