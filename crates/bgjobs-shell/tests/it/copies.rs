//! What is copied, and when: evaluating a line and starting a job copy only pointers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bgjobs_shell::{Session, lang::notice, rhai::Dynamic};
use expect_test::expect;

/// A value that counts its copies.
struct Heavy(Arc<AtomicUsize>);

impl Clone for Heavy {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

#[test]
fn unused_values_are_not_copied() {
    let copies = Arc::new(AtomicUsize::new(0));
    let mut session = Session::new(Arc::new(|_, _| {}));
    session.set("heavy", Dynamic::from(Heavy(Arc::clone(&copies))));
    for line in
        ["x = 1", "x + 1", "fn f() { x }", "j = jobs.new('f()')", "j.join()", "j.result", "f() &", "jobs[1].join()"]
    {
        session.answer(line);
    }
    assert_eq!(copies.load(Ordering::Relaxed), 0);
    session.answer("jobs.new('type_of(heavy)').join()");
    assert!(copies.load(Ordering::Relaxed) > 0, "a job that uses it copies it");
}

#[test]
fn jobs_of_one_line_share_the_values_it_used() {
    let mut session = Session::new(Arc::new(|_, _| {}));
    session.answer("xs = []; xs.pad(100000, 1)");
    session.answer("for i in 0..20 { xs[i]; jobs.new('sleep(100000)') }");
    session.answer("same = xs.len()");
    session.answer("for job in jobs.running { job.stop() }");
}

#[test]
fn a_notice_says_what_a_job_changed_for_itself() {
    let mut session = Session::new(Arc::new(|_, _| {}));
    session.set("opaque", Dynamic::from(std::time::Duration::ZERO));
    for line in [
        "xs = [1]; n = 0; text = 'ab'; m = #{a: [1]}; t = timestamp()",
        "jobs.new('xs.push(2)').join()",
        "y = xs.len(); m.a.push(2) &",
        "jobs.new('xs.len() + n + text.len() + m.len()').join()",
        "fn used(a) { type_of(t); jobs.all; a; opaque; jobs[0].num }",
        "jobs.new(used, jobs[0]).join()",
        "a = 1; b = 2; c = 3; d = 4; e = 5; f = 6; g = 7 &",
        "n = 1; throw 'no' &",
        "for job in jobs.running { job.join() }",
    ] {
        session.answer(line);
    }
    expect![[r#"
        Completed jobs:
        0 : xs.push(2)
          it changed its own copy of xs; see jobs[0].names
        1 : y = xs.len(); m.a.push(2)
          it changed its own copy of m and set y for itself; see jobs[1].names
        2 : xs.len() + n + text.len() + m.len()
        3 : used(jobs[0])
        4 : a = 1; b = 2; c = 3; d = 4; e = 5; f = 6; g = 7
          it set a, b, c, d, e and 2 more for itself; see jobs[4].names

        Dead, call jobs.traceback() for details jobs:
        5 : n = 1; throw 'no'

    "#]]
    .assert_eq(&notice(&session.report()));
    expect![[""]].assert_eq(&notice(&session.report()));
}
