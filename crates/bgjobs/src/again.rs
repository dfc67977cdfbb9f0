//! Where this executable branches off when it is started again: as the supervisor of a command, or as a keeper.
//!
//! Knows nothing of what either does.

use crate::command::supervisor;

/// Lets the program supervise its commands; call it first thing in `main`.
///
/// From then on each [`Command`](crate::Command) has a supervisor: a small process that ends the command and its
/// descendants when the job is stopped, and when this program ends, even by SIGKILL.
/// The supervisor is this same executable, started again with an environment variable. In it this function does not
/// return, but any code before the call in `main` runs in every supervisor too. The same holds for the keepers of
/// jobs that outlive the program (`KeptJobs`, on Linux).
///
/// Without a call to this or to [`supervise_by`](crate::supervise_by), commands run without a supervisor;
/// [`Command`](crate::Command) lists the limits of that.
///
/// ```no_run
/// use bgjobs::{Command, JobManager};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     bgjobs::supervise();
///     let jobs = JobManager::new();
///     let make = jobs.start(Command::shell("make -j2"))?;
///     make.join()?;
///     Ok(())
/// }
/// ```
pub fn supervise() {
    supervisor::supervise();
    #[cfg(target_os = "linux")]
    if let Some(folder) = std::env::var_os(crate::kept::keeper::VARIABLE) {
        crate::kept::keeper::run(folder.as_ref());
    }
}
