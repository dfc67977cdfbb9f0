//! A kept job as the body of a job: in a program it is a job like any other, whose body follows a folder.
//!
//! Knows nothing of keepers.

use std::{
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    thread,
    time::{Duration, SystemTime},
};

use crate::{
    body::{Body, context::Context},
    command::{
        error::{CommandError, failure, heed},
        handover::Print,
    },
    kept::{job::KeptJob, outcome::KeptOutcome, reading::KeptCursor, state::KeptState, stop::GRACE},
    record::{failure::Failure, log::line::Stream, name::Name, state::Outcome, stop::StopReason},
};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts with [`Handle::start`](crate::Handle::start): the job's log gets what the command prints, from its beginning on,
/// and the job ends as the command does.
///
/// A stop of the job stops the command. The end of the manager only ends the following, and leaves the command alone; a
/// [`daemon`](crate::Spawner::daemon) does not delay that end.
impl Body for KeptJob {
    type Output = ();

    /// The name that it was started with.
    fn name(&self) -> Name {
        self.summary().map_or_else(|_| self.id().to_string().into(), |summary| summary.name)
    }

    fn call(self, job: &Context) -> Result<(), Failure> {
        job.read_progress();
        let log = job.log();
        let print = &mut |time, stream, text: &str| {
            log.write_at(time, stream, text);
            Ok(())
        };
        self.follow(KeptCursor::default(), job, print)
    }
}

/// Takes what a kept job printed, and when.
type PrintAt<'a> = dyn FnMut(SystemTime, Stream, &str) -> Result<(), Failure> + 'a;

/// Follows a command from `cursor` on, as its job does that has begun without it.
pub(crate) fn follow_command(
    kept: &KeptJob,
    cursor: KeptCursor,
    job: &Context,
    print: &mut Print<'_>,
) -> Result<ExitStatus, Failure> {
    // Any other status is a failure.
    let print = &mut |_, stream, text: &str| print(stream, text);
    kept.follow(cursor, job, print).map(|()| ExitStatus::default())
}

impl KeptJob {
    /// Follows it to its end, and passes on what it prints.
    fn follow(&self, mut cursor: KeptCursor, job: &Context, print: &mut PrintAt<'_>) -> Result<(), Failure> {
        let mut is_asked = false;
        self.tell_times(job);
        loop {
            // What was printed before the end is there once the end is.
            let state = self.state().map_err(Failure::from_error)?;
            self.print(&mut cursor, print)?;
            match state {
                KeptState::Ended(end) => {
                    self.tell_times(job);
                    self.mark_seen();
                    return settle(end, job);
                }
                KeptState::Lost(reason) => {
                    self.tell_times(job);
                    self.mark_seen();
                    return Err(Failure::new(format!("lost: {reason}")));
                }
                _ => {}
            }
            match job.job().stop_reason() {
                Some(StopReason::ShutDown) => return heed(job),
                Some(reason) if !is_asked => {
                    self.ask_stop(reason.text().into_owned(), GRACE).map_err(Failure::from_error)?;
                    is_asked = true;
                }
                Some(_) => thread::sleep(PAUSE),
                // A stop ends the pause.
                None => drop(job.sleep(PAUSE)),
            }
        }
    }

    /// Lets the times of the job be its own, not those of the following.
    fn tell_times(&self, job: &Context) {
        if let Ok((started, finished)) = self.times() {
            job.follow_times(started, finished);
        }
    }

    /// Passes on what is new.
    fn print(&self, cursor: &mut KeptCursor, print: &mut PrintAt<'_>) -> Result<(), Failure> {
        loop {
            let reading = self.read(cursor).map_err(Failure::from_error)?;
            if reading.is_empty() {
                return Ok(());
            }
            if reading.dropped > 0 {
                let text = format!("[{} bytes of the log were dropped here]\n", reading.dropped);
                let time = reading.lines.first().map_or_else(SystemTime::now, |line| line.time);
                print(time, Stream::Err, &text)?;
            }
            for line in reading.lines {
                let end = if line.is_whole { "\n" } else { "" };
                print(line.time, line.stream, &format!("{}{end}", line.text))?;
            }
        }
    }
}

/// Ends the job as the command has ended.
fn settle(end: KeptOutcome, job: &Context) -> Result<(), Failure> {
    let status = end.exit.map(|code| ExitStatus::from_raw(code << 8)).or(end.signal.map(ExitStatus::from_raw));
    match (end.outcome, status) {
        (Outcome::Done, _) => Ok(()),
        (Outcome::Failed, Some(status)) if CommandError::Ended(status).to_string() == end.message => {
            Err(failure(CommandError::Ended(status)))
        }
        (Outcome::Failed, _) => Err(Failure::new(end.message)),
        (Outcome::Stopped, _) => {
            heed(job)?;
            // Somebody else has stopped it.
            Err(Failure::new(end.to_string()))
        }
    }
}
