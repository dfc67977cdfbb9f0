//! The job that the prompt waits for, until it ends, is stopped, or is sent to the background.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context as TaskContext, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use bgjobs::{AnyJob, Context, Failure, Handle, Job, Name, Options, Stream};

use crate::lang::Output;

/// How long a wait first listens to the job alone: most lines have ended by then.
const SHORT: Duration = Duration::from_millis(1);

/// The job that the prompt waits for.
pub(crate) struct Foreground {
    current: Current,
    jobs: Handle,
}

/// None while the prompt waits for the user.
type Current = Arc<Mutex<Option<Wait>>>;

/// A wait of the prompt.
struct Wait {
    job: AnyJob,
    /// Whether the job is the prompt's own line, and not a background job that is followed.
    is_own: bool,
    /// The thread that waits.
    thread: Thread,
    /// How the user wants it to end.
    request: Option<WaitEnd>,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    /// The job has ended.
    Ended,
    /// The user ended the wait for a background job.
    Interrupted,
    /// The user wants the prompt back.
    Background,
}

/// Stops what a session waits for, or sends it to the background, from any thread.
#[derive(Clone)]
pub struct Stopper(Current);

impl Foreground {
    pub(crate) fn new(jobs: Handle) -> Self {
        Self { current: Current::default(), jobs }
    }

    /// Starts what the prompt waits for, as an unlisted job; a stop that arrives meanwhile is delayed until the job is
    /// known, and not lost.
    pub(crate) fn start<T: Send + Sync + 'static>(
        &self,
        name: impl Into<Name>,
        options: Options,
        body: impl FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Job<T>, Failure> {
        let mut current = lock(&self.current);
        let job = self.jobs.named(name).with(options).unlisted().spawn_with(body)?;
        *current = Some(Wait { job: AnyJob::clone(&job), is_own: true, thread: thread::current(), request: None });
        Ok(job)
    }

    /// Starts a wait for a background job.
    pub(crate) fn look_at(&self, job: &AnyJob) {
        let wait = Wait { job: job.clone(), is_own: false, thread: thread::current(), request: None };
        *lock(&self.current) = Some(wait);
    }

    /// Waits for the job, calling `look` at each interval `every`.
    pub(crate) fn wait(&self, job: &AnyJob, every: Option<Duration>, mut look: impl FnMut()) -> WaitEnd {
        let short = every.map_or(SHORT, |every| every.min(SHORT));
        let mut ending = pin!(job.into_future());
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut go_on = || loop {
            match self.request() {
                Some(end) => break end,
                None if ending.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_ready() => break WaitEnd::Ended,
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
        let waited = if job.wait_timeout(short).is_ok() { WaitEnd::Ended } else { go_on() };
        *lock(&self.current) = None;
        waited
    }

    fn request(&self) -> Option<WaitEnd> {
        lock(&self.current).as_ref()?.request
    }

    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.current))
    }
}

impl Stopper {
    /// Stops the evaluation that the session waits for, or ends the wait for a background job; false if there is no
    /// wait.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn stop(&self, reason: &'static str) -> bool {
        self.ask(|wait| {
            if wait.is_own {
                wait.job.ask_stop(reason);
            } else {
                wait.request = Some(WaitEnd::Interrupted);
            }
        })
    }

    /// Sends what the session waits for to the background; false if there is no wait.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn send_to_background(&self) -> bool {
        self.ask(|wait| wait.request = Some(WaitEnd::Background))
    }

    /// Whether the session waits for something.
    #[cfg(feature = "terminal")]
    pub(crate) fn has_something(&self) -> bool {
        lock(&self.0).is_some()
    }

    fn ask(&self, ask: impl FnOnce(&mut Wait)) -> bool {
        let mut current = lock(&self.0);
        let wait = current.as_mut();
        wait.is_some_and(|wait| {
            ask(wait);
            wait.thread.unpark();
            true
        })
    }
}

/// Runs the body of what the prompt waits for: what it prints goes to its log, and to `output` until it is sent to the
/// background.
pub(crate) fn run<T>(
    context: &Context,
    output: &Output,
    body: impl FnOnce(&Context, Output) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let unfinished: Arc<[AtomicBool; 2]> = Arc::default();
    let (job, shown, left) = (context.job().clone(), Arc::clone(output), Arc::clone(&unfinished));
    let print = move |stream: Stream, text: &str| {
        job.log().write(stream, text);
        if !job.is_listed() {
            left[stream as usize].store(!text.ends_with('\n'), Ordering::Relaxed);
            shown(stream, text);
        }
    };
    let result = body(context, Arc::new(print));
    // The prompt begins on a line of its own; where the user's key was echoed, it does so already.
    if !context.job().is_listed() && !context.is_stopping() {
        for (stream, unfinished) in [Stream::Out, Stream::Err].into_iter().zip(&*unfinished) {
            if unfinished.load(Ordering::Relaxed) {
                output(stream, "\n");
            }
        }
    }
    result
}

fn lock(current: &Current) -> MutexGuard<'_, Option<Wait>> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
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
