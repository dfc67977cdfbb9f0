//! How far along a body is.
//!
//! Knows nothing of jobs.

use std::{fmt, time::Duration};

use crate::record::name::Name;

/// How far along a body says it is.
///
/// ```
/// use bgjobs::Progress;
///
/// assert_eq!(Progress { done: 2, total: Some(3), text: Some("fitting".into()) }.to_string(), "fitting, 66%");
/// assert_eq!(Progress { done: 7, total: None, text: None }.to_string(), "7 done");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// How much there is to do in total, if that is known.
    pub total: Option<u64>,
    /// What is being done.
    pub text: Option<Name>,
}

impl Progress {
    /// Estimates how long the rest takes at the average speed so far, if `elapsed` is the time spent.
    ///
    /// Returns `None` if nothing is done yet, or if the total is unknown.
    ///
    /// ```
    /// use bgjobs::Progress;
    /// use std::{fmt, time::Duration};
    ///
    /// let progress = Progress { done: 25, total: Some(100), text: None };
    /// assert_eq!(progress.remaining(Duration::from_secs(10)), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn remaining(&self, elapsed: Duration) -> Option<Duration> {
        let left = self.total?.saturating_sub(self.done);
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let ratio = left as f64 / self.done as f64;
        // With nothing done, the ratio is infinite or NaN, which this rejects along with times beyond a `Duration`.
        Duration::try_from_secs_f64(elapsed.as_secs_f64() * ratio).ok()
    }
}

/// The text and the percentage, such as `fitting, 66%`; empty if there is nothing to say.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            text.fmt(f)?;
        }
        let comma = if self.text.is_some() { ", " } else { "" };
        match self.total {
            // There is no percentage of nothing.
            Some(0) => Ok(()),
            Some(total) => {
                let percent = u128::from(self.done.min(total)) * 100 / u128::from(total);
                write!(f, "{comma}{percent}%")
            }
            None if self.done > 0 => write!(f, "{comma}{} done", self.done),
            None => Ok(()),
        }
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_as_far_as_it_is_known() {
        let shown =
            |done, total, text: Option<&'static str>| Progress { done, total, text: text.map(Into::into) }.to_string();
        assert_eq!(shown(43, Some(100), None), "43%");
        assert_eq!(shown(2, Some(3), Some("fitting")), "fitting, 66%");
        assert_eq!(shown(5, Some(3), None), "100%");
        assert_eq!(shown(u64::MAX, Some(u64::MAX), None), "100%");
        assert_eq!(shown(7, None, None), "7 done");
        assert_eq!(shown(0, None, Some("looking")), "looking");
        assert_eq!(shown(0, Some(0), None), "");
    }

    #[test]
    fn the_rest_is_estimated_only_from_a_known_total_and_some_progress() {
        let rest = |done, total| Progress { done, total, text: None }.remaining(Duration::from_secs(10));
        assert_eq!(rest(1, Some(3)), Some(Duration::from_secs(20)));
        assert_eq!(rest(3, Some(3)), Some(Duration::ZERO));
        assert_eq!(rest(4, Some(3)), Some(Duration::ZERO));
        assert_eq!(rest(1, None), None);
        assert_eq!(rest(0, Some(3)), None);
        assert_eq!(rest(0, Some(0)), None);
        assert_eq!(rest(1, Some(u64::MAX)), None, "longer than a `Duration` can be");
    }
}
