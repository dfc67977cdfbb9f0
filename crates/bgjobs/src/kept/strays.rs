//! The processes of a kept job whose keeper and supervisor were both killed: they are known by their environment.
//!
//! Knows nothing of keepers.

use std::{fs, os::unix::ffi::OsStrExt, path::Path};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The environment variable that tells the processes of a job its folder.
pub(crate) const VARIABLE: &str = "BGJOBS_JOB";

/// The IDs of the living processes of a job.
pub(crate) fn of(job: &Path) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|&id| belongs(id, job)).collect()
}

/// Kills the processes of a job, until there is none.
pub(crate) fn end(job: &Path) {
    // Those that are killed last can't have forked since they were listed.
    for _ in 0..100 {
        let strays = of(job);
        if strays.is_empty() {
            return;
        }
        for id in strays {
            let process = Pid::from_raw(id.cast_signed()).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
            if let Some(process) = process.filter(|_| belongs(id, job)) {
                let _ = pidfd_send_signal(process, Signal::KILL);
            }
        }
    }
}

/// Whether a process has the job's folder in its environment; one that has ended has none.
fn belongs(id: u32, job: &Path) -> bool {
    let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    let value = |variable: &[u8]| {
        Some(variable.strip_prefix(VARIABLE.as_bytes())?.strip_prefix(b"=")? == job.as_os_str().as_bytes())
    };
    environment.split(|&byte| byte == 0).any(|variable| value(variable).unwrap_or_default())
}
