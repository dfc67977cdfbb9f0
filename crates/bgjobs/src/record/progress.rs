//! How far along a body is.
//!
//! Knows nothing of jobs.

use std::time::Duration;

use crate::record::name::Name;

/// How far along a body says it is.
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
    /// use std::time::Duration;
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

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

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
