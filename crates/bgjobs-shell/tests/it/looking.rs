//! Looks at jobs in the words of a shell: the list, a log, a digest, and what is told when a long job ends.

use std::sync::mpsc;

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

/// Types lines into a new session, and compares what is seen, but for times, with what is expected.
#[expect(clippy::needless_pass_by_value, reason = "as expect-test has it")]
#[track_caller]
fn check(typed: &[&str], expected: Expect) {
    let seen = Seen::default();
    let mut session = seen.session();
    for line in typed {
        type_line(&seen, &mut session, line);
    }
    expected.assert_eq(&without_times(&seen.take()));
}

/// Puts `TIME` in place of times that a test cannot know.
fn without_times(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ';', '\n']);
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

const WORK: &str =
    "fn work(up) { print('begun'); progress(1, 4, 'fitting'); print('50%\\r25%'); up.set(1); sleep(1000) }";

#[test]
fn the_list_says_of_each_running_job_how_far_it_is_and_what_is_new() {
    check(
        &[
            WORK,
            "fn load() { print('rows'); throw 'no rows' }",
            "up = shared(0); jobs.new(work, up); up.wait(|v| v == 1);",
            "jobs.new('sleep(1000)'); jobs.new(load).join(); jobs.new('6 * 7').join();",
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
            > jobs
            Running jobs:
            0 : fn work(up)
                TIME, fitting, 25%, about TIME left; 2 new lines, the last: 25%
            1 : sleep(1000)
                TIME

            Completed jobs:
            3 : 6 * 7

            Dead jobs:
            2 : fn load()
                1 new line: rows

            > log 0
            begun
            50%\r25%
            > log 2
            rows
            > jobs
            Running jobs:
            0 : fn work(up)
                TIME, fitting, 25%, about TIME left; last line: 25%
            1 : sleep(1000)
                TIME

            Completed jobs:
            3 : 6 * 7

            Dead jobs:
            2 : fn load()

            > jobs.status()
            Running jobs:
            0 : fn work(up)
            1 : sleep(1000)

            Completed jobs:
            3 : 6 * 7

            Dead jobs:
            2 : fn load()

        "#]],
    );
}
