//! How a user wants to be called at the end of a long job: by a bell, by a notification of the desktop, or not at all.
//!
//! Knows nothing of terminals and jobs.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bgjobs::one_line;

use crate::durations::typed as duration;

/// How long a job runs at least of whose end one is notified, if nobody chose otherwise.
const LEAST: Duration = Duration::from_secs(10);

/// How the user is notified of the ends of long jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notify {
    pub(crate) how: How,
    /// How long a job runs at least of whose end one is notified.
    pub(crate) least: Duration,
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
pub(crate) enum How {
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

#[cfg(test)]
mod tests {
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
}
