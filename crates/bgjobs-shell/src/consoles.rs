//! The consoles of commands that were sent to the background, and which of them want the terminal back.
//!
//! Knows nothing of what a console shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bgjobs::AnyJob;

use crate::console::{Console, WANTS};

/// The consoles of the commands in the background; all clones share them.
#[derive(Clone, Default)]
pub(crate) struct Consoles(Arc<Mutex<List>>);

type List = Vec<(AnyJob, Arc<Console>)>;

impl Consoles {
    /// Adds the console of a job that was sent to the background.
    pub(crate) fn add(&self, job: &AnyJob, console: Arc<Console>) {
        self.lock().push((job.clone(), console));
    }

    /// The console of a job that still runs.
    pub(crate) fn of(&self, job: &AnyJob) -> Option<Arc<Console>> {
        self.lock().iter().find(|(other, _)| other.id() == job.id()).map(|(_, console)| Arc::clone(console))
    }

    /// The jobs that have begun to want the keyboard since the last call, as a text.
    pub(crate) fn take_wants(&self) -> Option<String> {
        let wants = |(job, _): &(AnyJob, Arc<Console>)| {
            format!("Job #{id} {WANTS}, which `fg {id}` gives it: {}", job.name(), id = job.id())
        };
        let lines: Vec<_> = self.lock().iter().filter(|(_, console)| console.take_want()).map(wants).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        let mut consoles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        consoles.retain(|(job, _)| !job.is_finished());
        consoles
    }
}
