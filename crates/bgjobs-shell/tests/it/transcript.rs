//! Lines typed and what is seen, as one text.

use std::sync::{Arc, Mutex, PoisonError};

use bgjobs::Stream;
use bgjobs_shell::{Answer, Session};
use expect_test::Expect;

/// Types lines into a new session, and compares what is seen with what is expected.
#[expect(clippy::needless_pass_by_value, reason = "as expect-test has it")]
#[track_caller]
pub(crate) fn check(typed: &[&str], expected: Expect) {
    let seen = Seen::default();
    let mut session = seen.session();
    for line in typed {
        seen.type_line(&mut session, line);
    }
    expected.assert_eq(&seen.take());
}

/// What was typed and seen so far.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<String>>);

impl Seen {
    pub(crate) fn add(&self, text: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push_str(text);
        seen.push('\n');
    }

    /// A session whose output is seen here.
    pub(crate) fn session(&self) -> Session {
        let seen = self.clone();
        Session::new(Arc::new(move |stream, text| match stream {
            Stream::Out => seen.add(text),
            Stream::Err => seen.add(&format!("! {text}")),
        }))
    }

    pub(crate) fn type_line(&self, session: &mut Session, line: &str) {
        self.add(&format!("> {line}"));
        match session.answer(line) {
            Answer::Nothing => {}
            Answer::Value(value) => self.add(&session.show(&value)),
            Answer::Sent(job) => self.add(&format!("sent {job:?}")),
            Answer::Failed(failure) => self.add(&failure.traceback().to_string()),
        }
    }

    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
