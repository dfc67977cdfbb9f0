//! Lines that are typed and what is shown, as one text.

use std::sync::{Arc, Mutex, PoisonError};

use bgjobs::Stream;
use bgjobs_shell::{Answer, Session, shell};
use expect_test::Expect;

/// Types lines into a new session, and compares what is shown with what is expected.
#[expect(clippy::needless_pass_by_value, reason = "as in expect-test")]
#[track_caller]
pub(crate) fn check(typed: &[&str], expected: Expect) {
    let seen = Seen::default();
    let mut session = seen.session();
    for line in typed {
        seen.type_line(&mut session, line);
    }
    expected.assert_eq(&seen.take());
}

/// Types lines, including commands, into a new shell, and compares what is shown with what is expected; each time
/// becomes `_`.
#[expect(clippy::needless_pass_by_value, reason = "as in expect-test")]
#[track_caller]
pub(crate) fn check_shell(typed: &[&str], expected: Expect) {
    let seen = Seen::default();
    let mut session = seen.session();
    for line in typed {
        seen.add(&format!("> {line}"));
        let reply = shell::answer(&mut session, line);
        if let Some((stream, text)) = shell::stream(&reply) {
            seen.add(&if stream == Stream::Err { format!("! {text}") } else { text.to_owned() });
        }
    }
    expected.assert_eq(&without_times(&seen.take()));
}

/// Replaces times such as `4.0ms` by `_`.
fn without_times(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let (number, unit) = word.split_at(word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(0));
        let unit = ["ns", "µs", "ms", "s"].into_iter().find_map(|name| unit.strip_prefix(name));
        match unit.filter(|rest| number.contains('.') && !rest.starts_with(char::is_alphanumeric)) {
            Some(rest) => words.push(format!("_{rest}")),
            None => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

/// What was typed and shown so far.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<String>>);

impl Seen {
    pub(crate) fn add(&self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    fn write(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    /// A session whose output is recorded here.
    pub(crate) fn session(&self) -> Session {
        let seen = self.clone();
        Session::new(Arc::new(move |stream, text| match stream {
            Stream::Out => seen.write(text),
            Stream::Err => seen.write(&format!("! {text}")),
        }))
    }

    pub(crate) fn type_line(&self, session: &mut Session, line: &str) {
        self.add(&format!("> {line}"));
        match session.answer(line) {
            Answer::Nothing => {}
            Answer::Value(value) => self.add(&session.show(&value)),
            Answer::Sent(job) => self.add(&format!("sent {job:?}")),
            Answer::Failed(failure) => self.add(&failure.traceback().to_string()),
            Answer::Leave(status) => self.add(&format!("leaves with {status}")),
        }
    }

    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
