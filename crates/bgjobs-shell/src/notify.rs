//! How a user who looks elsewhere is told that a long job has ended: a bell, or a notification of the desktop.
//!
//! Knows the marks that terminals understand, and nothing of when something is to be told.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bgjobs::{AnyJob, Outcome, Report, State, one_line};

use crate::lang::{duration, spent};

/// How long a job runs at least of whose end one is notified, if nobody chose otherwise.
const LEAST: Duration = Duration::from_secs(10);

/// How much of a job's name is told, in characters.
const LONGEST_NAME: usize = 60;

/// How the user is notified of the ends of long jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notify {
    how: How,
    /// How long a job runs at least of whose end one is notified.
    least: Duration,
}

/// The setting of a session, which may change; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notifier(Arc<Mutex<Notify>>);

impl Notifier {
    pub(crate) fn get(&self) -> Notify {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, notify: Notify) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = notify;
    }
}

/// The ways that terminals know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Off,
    Bell,
    /// iTerm2, Windows Terminal, kitty, foot, `WezTerm`.
    Osc9,
    /// urxvt, foot, Ghostty, and those of GNOME where it is built in.
    Osc777,
}

impl Default for Notify {
    fn default() -> Self {
        Self { how: How::Bell, least: LEAST }
    }
}

/// Reads `bell`, `osc9` or `osc777`, each with the least time of a job behind it if it is not 10 seconds, as `bell:30s`;
/// or `off`.
impl FromStr for Notify {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (how, least) = text.trim().split_once(':').map_or((text.trim(), None), |(how, least)| (how, Some(least)));
        let how = match how {
            "off" if least.is_none() => How::Off,
            "bell" => How::Bell,
            "osc9" => How::Osc9,
            "osc777" => How::Osc777,
            _ => {
                return Err(format!(
                    "`{}` is no way to be notified; there are bell, osc9 and osc777, each for jobs of so long, as bell:30s, \
                     and off",
                    one_line(text)
                ));
            }
        };
        let wrong = |least| format!("`{}` is no time in `{}`; 30s, 5m and 2h are", one_line(least), one_line(text));
        let least = least.map_or(Ok(LEAST), |least| duration(least).ok_or_else(|| wrong(least)))?;
        Ok(Self { how, least })
    }
}

/// As it is read.
impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Off => return f.write_str("off"),
            How::Bell => "bell",
            How::Osc9 => "osc9",
            How::Osc777 => "osc777",
        };
        write!(f, "{how}:{}", humantime::format_duration(self.least).to_string().replace(' ', ""))
    }
}

impl Notify {
    /// What is to be written to the terminal when these jobs have ended; nothing if none of them ran long enough.
    pub(crate) fn call(&self, report: &Report) -> Option<String> {
        let jobs = report.completed.iter().chain(&report.dead);
        let long: Vec<_> = jobs.filter(|job| job.times().ran().is_some_and(|ran| ran >= self.least)).collect();
        let text = match &*long {
            [] => return None,
            [job] => one(job),
            jobs => many(jobs),
        };
        self.marked(&text)
    }

    /// A text without control characters, as the terminal takes it.
    fn marked(&self, text: &str) -> Option<String> {
        match self.how {
            How::Off => None,
            How::Bell => Some("\x07".to_owned()),
            How::Osc9 => Some(format!("\x1b]9;{text}\x07")),
            // A semicolon would begin another field.
            How::Osc777 => Some(format!("\x1b]777;notify;bgjobs;{}\x07", text.replace(';', ","))),
        }
    }
}

fn one(job: &AnyJob) -> String {
    let did = match job.state() {
        State::Finished(Outcome::Failed) => "failed",
        State::Finished(Outcome::Stopped) => "stopped",
        _ => "done",
    };
    let name: String = job.name().to_string().chars().take(LONGEST_NAME).collect();
    // A terminal may take a text for another order that begins with a number, so this begins with a word.
    format!("Job #{} {did} after {}: {name}", job.id(), spent(job.times().ran().unwrap_or_default()))
}

fn many(jobs: &[&AnyJob]) -> String {
    let count = |outcome| jobs.iter().filter(|job| job.state() == State::Finished(outcome)).count();
    let kinds = [(Outcome::Done, "done"), (Outcome::Failed, "failed"), (Outcome::Stopped, "stopped")];
    let parts = kinds.map(|(outcome, word)| (count(outcome), word)).into_iter().filter(|&(count, _)| count > 0);
    let parts: Vec<_> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    format!("{} jobs have ended: {}", jobs.len(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use bgjobs::{Failure, JobManager};

    use super::*;

    fn read(text: &str) -> Result<Notify, String> {
        text.parse()
    }

    #[test]
    fn a_setting_is_read_as_it_is_shown() {
        for (text, shown) in [
            ("off", "off"),
            ("bell", "bell:10s"),
            ("bell:0", "bell:0s"),
            (" osc9:30s ", "osc9:30s"),
            ("osc777:90", "osc777:1m30s"),
        ] {
            let notify = read(text).expect(text);
            assert_eq!(notify.to_string(), shown);
            assert_eq!(read(shown), Ok(notify));
        }
        assert_eq!(Notify::default().to_string(), "bell:10s");
    }

    #[test]
    fn a_wrong_setting_is_told_with_the_right_ones() {
        let way =
            "is no way to be notified; there are bell, osc9 and osc777, each for jobs of so long, as bell:30s, and off";
        assert_eq!(read("ding").unwrap_err(), format!("`ding` {way}"));
        assert_eq!(read("off:5").unwrap_err(), format!("`off:5` {way}"));
        assert_eq!(read("\u{1b}").unwrap_err(), format!("`\\u{{1b}}` {way}"));
        assert_eq!(read("bell:soon").unwrap_err(), "`soon` is no time in `bell:soon`; 30s, 5m and 2h are");
    }

    /// What is written when jobs of these names end, the first of them badly.
    fn call(setting: &str, names: &[&str]) -> Option<String> {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        for (place, name) in names.iter().enumerate() {
            let end = move || if place == 0 { Err(Failure::new("no")) } else { Ok(()) };
            jobs.try_spawn((*name).to_owned(), end).expect("there are threads").wait().expect("it ends");
        }
        read(setting).expect(setting).call(&notices.report())
    }

    #[test]
    fn nothing_in_a_name_drives_the_terminal() {
        let name = "a;b\u{1b}]0;x\u{7}\u{9c}";
        let shown = r"a;b\u{1b}]0;x\u{7}\u{9c}";
        let told = format!("Job #0 failed after 0.0s: {shown}");
        assert_eq!(call("osc9:0", &[name]), Some(format!("\x1b]9;{told}\x07")));
        assert_eq!(call("osc777:0", &[name]), Some(format!("\x1b]777;notify;bgjobs;{}\x07", told.replace(';', ","))));
        let cut = call("osc9:0", &[&"n".repeat(1_000)]).expect("it is told");
        assert!(cut.len() < 100, "{cut}");
    }

    #[test]
    fn several_that_end_together_are_told_together_and_short_ones_not_at_all() {
        assert_eq!(call("bell:0", &["a", "b", "c"]).as_deref(), Some("\x07"));
        assert_eq!(call("osc9:0", &["a", "b", "c"]).as_deref(), Some("\x1b]9;3 jobs have ended: 2 done, 1 failed\x07"));
        assert_eq!(call("bell:1h", &["a"]), None);
        assert_eq!(call("off", &["a"]), None);
    }
}
