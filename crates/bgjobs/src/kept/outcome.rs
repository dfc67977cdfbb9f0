//! How a kept job ended: the file `outcome.json`, whose room is reserved when the job is started.
//!
//! Knows nothing of processes.

use std::{
    fmt, fs, io,
    io::Write,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::ExitStatus,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    kept::private::{self, Fields},
    record::state::Outcome,
};

/// The name of the file.
pub(crate) const FILE: &str = "outcome.json";

/// What becomes that file, so that an end can be told when the disk is full.
const RESERVE: &str = "reserve";

/// How many bytes are reserved.
const ROOM: usize = 4 * 1024;

/// The longest message and the longest text of a value, in characters. A job has one of the two.
const LONGEST_TEXT: usize = 600;

/// What is said of a body whose process has ended well without a word.
const NO_RESULT: &str = "its process left without a result";

/// How a kept job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptOutcome {
    /// Done, failed or stopped.
    pub outcome: Outcome,
    /// The exit status of the command, if it ended by one.
    pub exit: Option<i32>,
    /// The signal that ended the command, if one did.
    pub signal: Option<i32>,
    /// `exit status 2`, or why the command did not run or was stopped; empty if it is done.
    pub message: String,
    /// The value of its body as text, at most 600 characters of it, if it has one and is done.
    pub value: Option<String>,
    /// When it ended.
    pub ended: SystemTime,
    /// How long it ran.
    pub ran: Duration,
    /// The length of its log at its end, in bytes, with all that was dropped.
    pub output: u64,
}

/// What a keeper writes at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Known(KeptOutcome),
    /// The process that watched the command was killed.
    Lost,
}

impl KeptOutcome {
    /// The outcome of a command that ended with `status`, now; `stopped` says why it was stopped.
    pub(crate) fn of(status: ExitStatus, stopped: Option<String>, ran: Duration, output: u64) -> Self {
        let (exit, signal) = (status.code(), status.signal());
        let (outcome, message) = match stopped {
            Some(reason) => (Outcome::Stopped, reason),
            None if status.success() => (Outcome::Done, String::new()),
            None => (Outcome::Failed, crate::command::error::CommandError::Ended(status).to_string()),
        };
        Self { outcome, exit, signal, message, value: None, ended: SystemTime::now(), ran, output }
    }

    /// The outcome of a command that did not start, or whose end nobody saw, now.
    pub(crate) fn without_status(outcome: Outcome, message: String, ran: Duration, output: u64) -> Self {
        let (exit, signal, value) = (None, None, None);
        Self { outcome, exit, signal, message, value, ended: SystemTime::now(), ran, output }
    }

    /// The same with what a body gave before its process ended by itself, which counts more than the exit status.
    pub(crate) fn with_result(mut self, result: Option<(Outcome, String)>) -> Self {
        match result {
            Some((Outcome::Done, value)) => {
                (self.outcome, self.message, self.value) = (Outcome::Done, String::new(), Some(value));
            }
            Some((_, message)) => (self.outcome, self.message) = (Outcome::Failed, message),
            None if self.outcome == Outcome::Done => {
                (self.outcome, self.message) = (Outcome::Failed, NO_RESULT.to_owned());
            }
            None => {}
        }
        self
    }

    /// The exit status that a shell would have for the command: 128 and more for a signal, 127 if it did not start. It is
    /// 0 only if the job is done or was stopped.
    #[must_use]
    pub fn code(&self) -> u8 {
        let code = self.exit.or_else(|| self.signal.map(|signal| 128 + signal)).unwrap_or(127);
        u8::try_from(code).unwrap_or(u8::MAX).max(u8::from(self.outcome == Outcome::Failed))
    }
}

/// `done`, `exit status 2`, `stopped: enough`.
impl fmt::Display for KeptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = crate::record::name::one_line(&self.message);
        match self.outcome {
            Outcome::Done => f.write_str("done"),
            Outcome::Failed => write!(f, "{message}"),
            Outcome::Stopped => write!(f, "stopped: {message}"),
        }
    }
}

/// Reserves the room for an outcome in the folder of a job.
pub(crate) fn reserve(job: &Path) -> io::Result<()> {
    private::make_file(&job.join(RESERVE))?.write_all(&[b' '; ROOM])
}

impl End {
    /// Reads the file in the folder of a job; `None` if it has not ended.
    pub(crate) fn read(job: &Path) -> io::Result<Option<Self>> {
        let Some(fields) = private::fields(&job.join(FILE))? else { return Ok(None) };
        let state = private::text(&fields, "state")?;
        if state == "lost" {
            return Ok(Some(Self::Lost));
        }
        let known =
            [Outcome::Done, Outcome::Failed, Outcome::Stopped].into_iter().find(|known| known.to_string() == state);
        let outcome = known.ok_or_else(|| private::invalid(&format!("`state` is `{state}`")))?;
        Ok(Some(Self::Known(KeptOutcome {
            outcome,
            exit: number(&fields, "exit"),
            signal: number(&fields, "signal"),
            message: private::text(&fields, "message")?,
            value: fields.get("value").and_then(Value::as_str).map(str::to_owned),
            ended: private::time(&fields, "ended")?,
            ran: fields.get("ran").and_then(private::duration).unwrap_or_default(),
            output: fields.get("output").and_then(Value::as_u64).unwrap_or_default(),
        })))
    }

    /// Writes it in the room that is reserved for it; there is one outcome, the first.
    pub(crate) fn publish(&self, job: &Path) -> io::Result<()> {
        let reserve = job.join(RESERVE);
        let mut file = fs::OpenOptions::new().write(true).open(&reserve)?;
        let text = self.text();
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)?;
        file.sync_all()?;
        fs::rename(reserve, job.join(FILE))
    }

    fn text(&self) -> String {
        let fields = match self {
            Self::Lost => json!({"state": "lost", "ended": private::stamp(SystemTime::now())}),
            Self::Known(end) => json!({
                "state": end.outcome.to_string(),
                "exit": end.exit,
                "signal": end.signal,
                "message": shortened(&end.message),
                "value": end.value.as_deref().map(shortened),
                "ended": private::stamp(end.ended),
                "ran": end.ran.as_secs_f64(),
                "output": end.output,
            }),
        };
        format!("{fields}\n")
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn number(fields: &Fields, name: &str) -> Option<i32> {
    fields.get(name).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok())
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_longest_outcome_fits_in_its_room() {
        // Each of these becomes six bytes.
        let message = "\u{1}".repeat(10_000);
        let mut end = KeptOutcome::without_status(Outcome::Stopped, message.clone(), Duration::MAX, u64::MAX);
        (end.exit, end.signal) = (Some(i32::MIN), Some(i32::MIN));
        assert!(End::Known(end.clone()).text().len() <= ROOM);
        assert!(End::Known(end.with_result(Some((Outcome::Done, message)))).text().len() <= ROOM);
    }
}
