//! Times as people read and type them.

use std::time::Duration;

/// Units of time, largest first, in seconds.
const UNITS: [(u64, &str); 4] = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "m"), (1, "s")];

/// A time that has passed, in its two largest units: `0.4s`, `12s`, `1m 12s`, `2h 5m`.
#[must_use]
pub fn spent(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        // Truncated, not rounded, so that it never runs ahead of the clock.
        return format!("{}.{}s", time.as_secs(), time.subsec_millis() / 100);
    }
    let mut left = time.as_secs();
    let mut parts = Vec::new();
    for (seconds, unit) in UNITS {
        let count = left / seconds;
        left %= seconds;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        } else if !parts.is_empty() {
            // `1h 12s` would be more precise than anyone wants to know.
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

/// An estimated time, in one unit: `40s`, `4m`, `2h`, `3d`.
#[must_use]
pub fn about(time: Duration) -> String {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| seconds >= unit + unit / 2).unwrap_or((1, "s"));
    format!("{}{name}", seconds.saturating_add(unit / 2) / unit)
}

/// A time as people type it: `30s`, `5m`, `1h 30m`, or only a number of seconds.
#[must_use]
pub fn typed(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_times_have_two_units() {
        for (seconds, expected) in [
            (0.0, "0.0s"),
            (0.49, "0.4s"),
            (9.99, "9.9s"),
            (10.0, "10s"),
            (60.0, "1m"),
            (72.9, "1m 12s"),
            (3_600.0, "1h"),
            (3_612.0, "1h"),
            (7_500.0, "2h 5m"),
            (273_600.0, "3d 4h"),
        ] {
            assert_eq!(spent(Duration::from_secs_f64(seconds)), expected, "{seconds}");
        }
        assert_eq!(spent(Duration::MAX), "213503982334601d 7h");
    }

    #[test]
    fn times_are_typed_with_units_or_in_seconds() {
        for (text, expected) in [
            ("30", Some(30)),
            ("30s", Some(30)),
            ("5m", Some(300)),
            ("1h30m", Some(5_400)),
            ("0", Some(0)),
            ("", None),
            ("5x", None),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(typed(text), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn estimates_have_one_unit() {
        for (seconds, expected) in [
            (0.0, "0s"),
            (0.2, "1s"),
            (40.0, "40s"),
            (89.0, "89s"),
            (90.0, "2m"),
            (250.0, "4m"),
            (5_399.0, "90m"),
            (5_400.0, "2h"),
            (300_000.0, "3d"),
        ] {
            assert_eq!(about(Duration::from_secs_f64(seconds)), expected, "{seconds}");
        }
        assert_eq!(about(Duration::MAX), "213503982334601d");
    }
}
