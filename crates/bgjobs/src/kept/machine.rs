//! Which machine this is, and since when it runs; which process an ID belongs to.
//!
//! Knows nothing of jobs.

use std::{fs, io};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::json;

use crate::{
    command::tree,
    kept::private::{self, Fields},
};

/// A machine between two starts of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) host: String,
    /// Another at each start of the system.
    pub(crate) boot: String,
}

/// Where a process ran, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    Here,
    /// On this machine, before it was started the last time.
    Restarted,
    Elsewhere,
}

impl Machine {
    /// The machine that this process runs on.
    pub(crate) fn here() -> Self {
        let line = |path| fs::read_to_string(path).unwrap_or_default().trim_end().to_owned();
        Self { host: line("/proc/sys/kernel/hostname"), boot: line("/proc/sys/kernel/random/boot_id") }
    }

    pub(crate) fn read(fields: &Fields) -> io::Result<Self> {
        Ok(Self { host: private::text(fields, "host")?, boot: private::text(fields, "boot")? })
    }

    pub(crate) fn distance(&self, here: &Self) -> Distance {
        match (self.boot == here.boot, self.host == here.host) {
            // The name of a machine can change while it runs.
            (true, _) => Distance::Here,
            (false, true) => Distance::Restarted,
            (false, false) => Distance::Elsewhere,
        }
    }
}

/// A process that can't be mistaken for a later one with its ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    id: u32,
    /// When it started, in ticks since the machine did.
    started: u64,
    machine: Machine,
}

impl Program {
    /// This process.
    pub(crate) fn own() -> io::Result<Self> {
        let id = std::process::id();
        let started = tree::started(id).ok_or_else(|| private::invalid("/proc has no entry for this process"))?;
        Ok(Self { id, started, machine: Machine::here() })
    }

    pub(crate) fn read(fields: &Fields) -> io::Result<Self> {
        let number = |name| {
            let number = fields.get(name).and_then(serde_json::Value::as_u64);
            number.ok_or_else(|| private::invalid(&format!("`{name}` is not a number")))
        };
        let id = u32::try_from(number("pid")?).map_err(|_| private::invalid("`pid` is too large"))?;
        Ok(Self { id, started: number("started")?, machine: Machine::read(fields)? })
    }

    pub(crate) fn record(&self) -> String {
        let Machine { host, boot } = &self.machine;
        json!({"pid": self.id, "started": self.started, "host": host, "boot": boot}).to_string()
    }

    /// Sends a signal, if this is the process and `is_meant` says so once nothing can replace it any more.
    pub(crate) fn signal(&self, signal: Signal, is_meant: impl FnOnce() -> bool) {
        let Some(pid) = Pid::from_raw(self.id.cast_signed()) else { return };
        if self.machine.distance(&Machine::here()) == Distance::Here
            && let Ok(process) = pidfd_open(pid, PidfdFlags::empty())
            && tree::started(self.id) == Some(self.started)
            && is_meant()
        {
            let _ = pidfd_send_signal(process, signal);
        }
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    fn machine(host: &str, boot: &str) -> Machine {
        Machine { host: host.into(), boot: boot.into() }
    }

    #[test]
    fn a_machine_is_known_by_its_start_and_then_by_its_name() {
        let here = machine("a", "1");
        for (other, distance) in [
            (machine("a", "1"), Distance::Here),
            (machine("renamed", "1"), Distance::Here),
            (machine("a", "0"), Distance::Restarted),
            (machine("b", "2"), Distance::Elsewhere),
        ] {
            assert_eq!(other.distance(&here), distance, "{other:?}");
        }
    }

    #[test]
    fn a_program_is_read_back_as_it_was_written() {
        let own = Program::own().unwrap();
        let fields = serde_json::from_str(&own.record()).unwrap();
        assert_eq!(Program::read(&fields).unwrap(), own);
    }
}
