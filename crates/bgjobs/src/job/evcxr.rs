//! What evcxr, the Rust notebook, shows of jobs at the end of a cell.
//!
//! Knows nothing of how a table is made. The engine prints only here: evcxr calls `evcxr_display` of the last value of a
//! cell, and reads from the standard output what to show.

use std::fmt::Debug;

use crate::job::{
    AnyJob,
    html::{self, Shown},
    text::{Report, Status},
    typed::Job,
};

/// In evcxr.
impl Status {
    /// Shows the jobs as a table at the end of a cell in evcxr, the Rust notebook: their numbers, names, states and times,
    /// and how each stands or why it failed.
    ///
    /// It prints the table as HTML and as text, in the form that evcxr reads. Of more than 50 jobs it shows the newest.
    ///
    /// # Panics
    ///
    /// As [`print!`], if the standard output can't be written to.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// jobs.spawn("fit", || 42)?.wait()?;
    /// jobs.status().evcxr_display(); // In a cell of evcxr, `jobs.status()` calls it.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evcxr_display(&self) {
        let all = [&self.running, &self.completed, &self.dead];
        show(&html::table(all.into_iter().flatten(), "No jobs."));
    }
}

/// In evcxr.
impl Report {
    /// Shows the jobs as a table at the end of a cell in evcxr; see [`Status::evcxr_display`].
    ///
    /// # Panics
    ///
    /// As [`print!`], if the standard output can't be written to.
    pub fn evcxr_display(&self) {
        show(&html::table(self.completed.iter().chain(&self.dead), "Nothing new."));
    }
}

/// In evcxr.
impl AnyJob {
    /// Shows what is known about the job as a table at the end of a cell in evcxr, with the last five lines of its log.
    ///
    /// It prints the table as HTML and as text, in the form that evcxr reads.
    ///
    /// # Panics
    ///
    /// As [`print!`], if the standard output can't be written to.
    pub fn evcxr_display(&self) {
        show(&html::about(self, None));
    }
}

/// In evcxr.
impl<T: Debug + Send + Sync + 'static> Job<T> {
    /// Shows what is known about the job, with its result, as a table at the end of a cell in evcxr.
    ///
    /// For a result without [`Debug`] it is [`AnyJob::evcxr_display`], which leaves the result out.
    ///
    /// # Panics
    ///
    /// As [`print!`], if the standard output can't be written to.
    pub fn evcxr_display(&self) {
        let result = self.outcome().and_then(Result::ok).map(html::result);
        show(&html::about(self, result));
    }
}

/// Prints both forms in one piece, so that nothing that a job prints gets in between.
#[expect(clippy::print_stdout, reason = "evcxr reads from the standard output what a cell shows")]
pub(crate) fn show(Shown { html, text }: &Shown) {
    let block = |kind: &str, content: &str| format!("EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT\n");
    print!("{}{}", block("text/html", html), block("text/plain", text));
}
