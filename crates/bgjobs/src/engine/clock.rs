//! The clock: a thread that tells the schedule the time while a job has a delay or a time limit; a host tells it itself.
//!
//! Knows nothing of what is due when.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::{Engine, due::Event},
    error::SpawnError,
    record::Shared,
    system::sync::{lock, wait_until},
};

impl Engine {
    /// Announces a job that depends on the time; the clock runs until no job does.
    ///
    /// # Errors
    ///
    /// [`SpawnError::NoThread`] if the clock's thread could not be created; then nothing is announced.
    pub(crate) fn wind_clock(self: &Arc<Self>) -> Result<(), SpawnError> {
        let mut ledger = lock(&self.ledger);
        ledger.schedule.need_time(true);
        if ledger.has_clock {
            // The clock runs at least until the announced job no longer needs it.
            return Ok(());
        }
        drop(ledger);
        let made = self.workers.run_alone("bgjobs-clock", None, |engine, _| engine.tell_time());
        made.map_err(|error| {
            lock(&self.ledger).schedule.need_time(false);
            SpawnError::NoThread(error)
        })
    }

    /// Makes the clock check again what is due next.
    pub(crate) fn wake_clock(&self) {
        self.clock.notify_all();
    }

    /// The clock's loop; if two clocks were started at once, the second ends here.
    fn tell_time(&self) {
        let mut ledger = lock(&self.ledger);
        if ledger.has_clock {
            return;
        }
        ledger.has_clock = true;
        let mut idle_since = None;
        loop {
            let actions = ledger.schedule.tell_time(self.now());
            if !actions.is_empty() {
                drop(ledger);
                self.carry_out(actions);
                ledger = lock(&self.ledger);
                continue;
            }
            let deadline = if ledger.schedule.needs_time() {
                idle_since = None;
                ledger.schedule.next_time().and_then(|time| self.epoch.checked_add(Duration::from_nanos(time)))
            } else {
                // Another job with a delay or a limit may come soon.
                let since = *idle_since.get_or_insert_with(Instant::now);
                if !ledger.open || since.elapsed() >= self.config.idle_timeout {
                    ledger.has_clock = false;
                    return;
                }
                since.checked_add(self.config.idle_timeout)
            };
            ledger = wait_until(&self.clock, ledger, deadline);
        }
    }
}

/// The time as the host of hosted jobs tells it.
impl Engine {
    /// Tells the schedule the time, and takes what is due for hosted jobs.
    pub(crate) fn take_due(&self) -> Vec<(Event, Shared)> {
        let actions = lock(&self.ledger).schedule.tell_time(self.now());
        self.carry_out(actions);
        self.due.take()
    }

    /// The next moment at which a delay or a time limit of a job is over.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let time = lock(&self.ledger).schedule.next_time()?;
        self.epoch.checked_add(Duration::from_nanos(time))
    }
}
