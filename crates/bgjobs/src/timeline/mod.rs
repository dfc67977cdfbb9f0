//! A timeline of jobs: who waited and ran when, and how each ended; as a picture, as text, and as a trace.
//!
//! Knows nothing of managers and of where it is shown. The same jobs at the same moment give the same timeline, to the
//! character.

pub(crate) mod save;
mod svg;
mod text;
mod trace;

mod axis;
mod bar;
mod counts;
mod lanes;

use std::time::{Duration, SystemTime};

use self::{
    axis::Axis,
    bar::{Bar, End},
};
use crate::job::{
    evcxr::show,
    html::{Shown, duration},
    summary::Summary,
};

/// How many jobs are drawn in a row each; of more, how many ran and waited at each moment.
const ROWS: usize = 60;

/// Who waited and ran when, and how each job ended; made by [`Handle::timeline`](crate::Handle::timeline).
///
/// Up to 60 jobs have a row each: a thin line while they wait, a thick one while they run, a mark unless they ended well,
/// and the time they ran. Of more jobs it shows how many ran and waited, and when jobs failed or were stopped. Long times
/// in which there was no job are left out; the axis then shows the time of day, in UTC.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// jobs.spawn("fit", || 42)?.wait()?;
/// jobs.spawn("load", || panic!("no rows"))?.wait()?;
///
/// let timeline = jobs.timeline();
/// assert!(timeline.text(80).starts_with("2 jobs in "));
/// assert!(timeline.svg().contains("#0 \u{2068}fit\u{2069}"));
/// assert!(timeline.trace().contains(r#""name":"load""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The time at which the first job was made; the bars count from it.
    start: SystemTime,
    /// By number.
    bars: Vec<Bar>,
    axis: Axis,
}

impl Timeline {
    /// The timeline of these jobs, until now.
    #[must_use]
    pub fn new(jobs: impl IntoIterator<Item = Summary>) -> Self {
        Self::until(SystemTime::now(), jobs)
    }

    /// Shows the timeline at the end of a cell in evcxr, the Rust notebook, as a picture and as text.
    ///
    /// # Panics
    ///
    /// As [`print!`], if the standard output can't be written to.
    pub fn evcxr_display(&self) {
        show(&Shown { html: self.svg(), text: self.text(100) });
    }

    fn until(now: SystemTime, jobs: impl IntoIterator<Item = Summary>) -> Self {
        let mut jobs: Vec<_> = jobs.into_iter().collect();
        jobs.sort_by_key(|job| job.id);
        let start = jobs.iter().map(|job| job.created).min().unwrap_or(now);
        let bars: Vec<_> = jobs.iter().map(|job| Bar::new(job, start, now)).collect();
        let axis = Axis::new(bars.iter().map(|bar| (bar.created, bar.ended)), start);
        Self { start, bars, axis }
    }

    /// How many jobs there are in how much time, and how they ended, in one line.
    fn title(&self) -> String {
        if self.bars.is_empty() {
            return "No jobs.".to_owned();
        }
        let count = |end| self.bars.iter().filter(|bar| bar.end == end).count();
        let ends = End::ALL.map(|end| (count(end), end.word()));
        let ends: Vec<_> =
            ends.iter().filter(|(count, _)| *count > 0).map(|(count, end)| format!("{count} {end}")).collect();
        let jobs = if self.bars.len() == 1 { "job" } else { "jobs" };
        let clock = if self.axis.is_cut() { "; times in UTC" } else { "" };
        format!("{} {jobs} in {}: {}{clock}", self.bars.len(), duration(self.length()), ends.join(", "))
    }

    /// The time from the first job to the last end.
    fn length(&self) -> Duration {
        self.bars.iter().map(|bar| bar.ended).max().unwrap_or_default()
    }

    /// Whether each job has a row.
    fn has_rows(&self) -> bool {
        self.bars.len() <= ROWS
    }
}

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests;
