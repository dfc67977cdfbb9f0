//! What the prompt waits for: one job at a time, until it ends, or until the user wants to stop it or to have the prompt back.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use bgjobs::{AnyJob, Context, Failure, Handle, Job, Name, Options, SpawnError};

/// How long a wait is at first that hears nobody but the job: most lines have ended by then.
const SHORT: Duration = Duration::from_millis(1);

/// The job that the prompt waits for.
pub(crate) struct Foreground {
    now: Now,
    jobs: Handle,
}

/// None while the prompt waits for the user.
type Now = Arc<Mutex<Option<Waiting>>>;

/// A wait of the prompt.
struct Waiting {
    job: AnyJob,
    /// Whether the job is the prompt's own, rather than one of the background that is looked at.
    is_own: bool,
    /// Who waits.
    thread: Thread,
    asked: Option<Asked>,
}

/// What the user asked for while the prompt waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// To wait no longer.
    Stop,
    /// To have the prompt back.
    Background,
}

/// How a wait of the prompt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The job has ended.
    Ended,
    /// The user stopped the wait for a job of the background.
    Interrupted,
    /// The user wants the prompt back.
    Background,
}

/// Stops what a session waits for, or lets it go on without the session, from any thread.
#[derive(Clone)]
pub struct Stopper(Now);

impl Foreground {
    pub(crate) fn new(jobs: Handle) -> Self {
        Self { now: Now::default(), jobs }
    }

    /// Starts what the prompt waits for, in no list; a stop that comes meanwhile waits until it is known what runs, and is
    /// not lost.
    pub(crate) fn start<T: Send + Sync + 'static>(
        &self,
        name: impl Into<Name>,
        body: impl FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Job<T>, SpawnError> {
        let mut now = lock(&self.now);
        let unlisted = Options { unlisted: true, ..Options::default() };
        let job = self.jobs.with(unlisted).spawn_with(name, body)?;
        *now = Some(Waiting { job: AnyJob::clone(&job), is_own: true, thread: thread::current(), asked: None });
        Ok(job)
    }

    /// Begins to wait for a job of the background.
    pub(crate) fn look_at(&self, job: &AnyJob) {
        let waiting = Waiting { job: job.clone(), is_own: false, thread: thread::current(), asked: None };
        *lock(&self.now) = Some(waiting);
    }

    /// Waits for the job, calling `look` each time that `every` has passed.
    pub(crate) fn wait(&self, job: &AnyJob, every: Option<Duration>, mut look: impl FnMut()) -> Waited {
        let short = every.map_or(SHORT, |every| every.min(SHORT));
        let mut ending = pin!(job.into_future());
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut go_on = || loop {
            match self.asked() {
                Some(Asked::Stop) => break Waited::Interrupted,
                Some(Asked::Background) => break Waited::Background,
                None if ending.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_ready() => break Waited::Ended,
                None => {}
            }
            match every {
                None => thread::park(),
                Some(every) => {
                    thread::park_timeout(every);
                    look();
                }
            }
        };
        let waited = if job.wait_timeout(short).is_ok() { Waited::Ended } else { go_on() };
        *lock(&self.now) = None;
        waited
    }

    fn asked(&self) -> Option<Asked> {
        lock(&self.now).as_ref()?.asked
    }

    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.now))
    }
}

impl Stopper {
    /// Asks the evaluation to stop that the session waits for, or ends the wait for a background job; false if there is none.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn stop(&self, reason: &'static str) -> bool {
        self.ask(|waiting| {
            if waiting.is_own {
                waiting.job.ask_stop(reason);
            } else {
                waiting.asked = Some(Asked::Stop);
            }
        })
    }

    /// Lets what the session waits for go on in the background; false if there is nothing.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn send_to_background(&self) -> bool {
        self.ask(|waiting| waiting.asked = Some(Asked::Background))
    }

    /// Whether the session waits for something.
    #[cfg(all(feature = "terminal", unix))]
    pub(crate) fn has_something(&self) -> bool {
        lock(&self.0).is_some()
    }

    fn ask(&self, ask: impl FnOnce(&mut Waiting)) -> bool {
        let mut now = lock(&self.0);
        let waiting = now.as_mut();
        waiting.is_some_and(|waiting| {
            ask(waiting);
            waiting.thread.unpark();
            true
        })
    }
}

fn lock(now: &Now) -> MutexGuard<'_, Option<Waiting>> {
    now.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes a thread that waits for a job.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stopper").finish()
    }
}
