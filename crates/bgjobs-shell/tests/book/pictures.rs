//! The book's pictures that the library draws. `UPDATE_EXPECT=1` redraws them.

use std::time::{Duration, SystemTime};

use bgjobs::{JobManager, Outcome, State, Timeline};
use expect_test::expect_file;

#[test]
fn the_timeline_in_the_book_is_what_the_library_draws() {
    let any = JobManager::new().spawn("any", || ()).expect("there is a thread").summary();
    let at = |tenths: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(100 * tenths);
    let (done, failed, stopped) = (Outcome::Done, Outcome::Failed, Outcome::Stopped);
    let jobs = [
        ("load(\"rows.csv\")", done, 0, 0, 58),
        ("fetch(1)", done, 20, 20, 63),
        ("fetch(2)", done, 20, 20, 91),
        ("fetch(3)", failed, 20, 63, 80),
        ("fetch(4)", done, 20, 80, 122),
        ("fetch(5)", done, 20, 91, 136),
        ("fit(depth=3)", done, 70, 70, 184),
        ("fit(depth=5)", stopped, 75, 75, 160),
        ("report()", done, 100, 184, 207),
    ];
    let jobs = (0_u64..).zip(jobs).map(|(id, (name, outcome, created, started, finished))| {
        let mut job = any.clone();
        (job.id, job.name, job.state) = (id.into(), name.into(), State::Finished(outcome));
        (job.created, job.started, job.finished) = (at(created), Some(at(started)), Some(at(finished)));
        job
    });
    expect_file!["../../../../docs/src/timeline.svg"].assert_eq(&Timeline::new(jobs).svg());
}
