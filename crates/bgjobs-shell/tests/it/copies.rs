//! What is copied, and when: a line and a start of a job copy pointers only.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bgjobs_shell::{Session, rhai::Dynamic};

/// A value that counts how often it is copied.
struct Heavy(Arc<AtomicUsize>);

impl Clone for Heavy {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

#[test]
fn what_is_not_used_is_not_copied() {
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
fn jobs_of_one_line_share_what_the_line_has_used() {
    let mut session = Session::new(Arc::new(|_, _| {}));
    session.answer("xs = []; xs.pad(100000, 1)");
    session.answer("for i in 0..20 { xs[i]; jobs.new('sleep(100000)') }");
    session.answer("same = xs.len()");
    session.answer("for job in jobs.running { job.stop() }");
}
