//! How the user wants to be alerted when a long job ends: by a bell, a desktop notification, or not at all.
//!
//! Knows nothing of terminals and jobs.

use std::{fmt, str::FromStr, time::Duration};

use bgjobs::one_line;

use bgjobs_cli::durations;

/// The default least run time of a job that causes an alert.
const LEAST: Duration = Duration::from_secs(10);

/// How the user is alerted when long jobs end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notify {
    pub(crate) method: Method,
    /// The least run time of a job that causes an alert.
    pub(crate) least: Duration,
}

/// The kinds of alert that terminals support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Off,
    Bell,
    /// iTerm2, Windows Terminal, kitty, foot, `WezTerm`.
    Osc9,
    /// urxvt, foot, Ghostty, and GNOME's terminals if built with it.
    Osc777,
}

/// The names of the methods.
const METHODS: [(&str, Method); 4] =
    [("off", Method::Off), ("bell", Method::Bell), ("osc9", Method::Osc9), ("osc777", Method::Osc777)];

impl Default for Notify {
    fn default() -> Self {
        Self { method: Method::Bell, least: LEAST }
    }
}

/// Parses `bell`, `osc9` or `osc777`, optionally with the least run time of a job (`bell:30s`), which is 10 seconds by
/// default; or `off`.
impl FromStr for Notify {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, least) =
            text.trim().split_once(':').map_or((text.trim(), None), |(name, least)| (name, Some(least)));
        let is_meant = |&(known, method): &(_, _)| known == name && (method != Method::Off || least.is_none());
        let (_, method) = METHODS.into_iter().find(is_meant).ok_or_else(|| {
            format!(
                "`{}` is not a kind of alert; use bell, osc9 or osc777, each with a least run time if you like (bell:30s), or off",
                one_line(text)
            )
        })?;
        let wrong =
            |least| format!("`{}` in `{}` is not a time, such as 30s, 5m or 2h", one_line(least), one_line(text));
        let least = least.map_or(Ok(LEAST), |least| durations::typed(least).ok_or_else(|| wrong(least)))?;
        Ok(Self { method, least })
    }
}

/// In the form that is parsed.
impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = METHODS.into_iter().find(|(_, method)| *method == self.method).map_or("", |(name, _)| name);
        f.write_str(name)?;
        if self.method == Method::Off {
            return Ok(());
        }
        write!(f, ":{}", humantime::format_duration(self.least).to_string().replace(' ', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Notify, String> {
        text.parse()
    }

    #[test]
    fn a_setting_parses_as_it_is_shown() {
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
    fn an_invalid_setting_lists_the_valid_ones() {
        let way = "is not a kind of alert; use bell, osc9 or osc777, each with a least run time if you like (bell:30s), or off";
        assert_eq!(read("ding").unwrap_err(), format!("`ding` {way}"));
        assert_eq!(read("off:5").unwrap_err(), format!("`off:5` {way}"));
        assert_eq!(read("\u{1b}").unwrap_err(), format!("`\\u{{1b}}` {way}"));
        assert_eq!(read("bell:soon").unwrap_err(), "`soon` in `bell:soon` is not a time, such as 30s, 5m or 2h");
    }
}
