//! How many files the process may have open: more for the program itself, as before for its commands.
//!
//! Knows nothing of jobs.

use std::{env, process::Command, sync::OnceLock};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Tells a process that the program starts for a command what the limit was before it was raised.
const VARIABLE: &str = "BGJOBS_FILE_LIMIT";

/// The limit before it was raised.
static BEFORE: OnceLock<u64> = OnceLock::new();

/// Raises the soft limit on open files to the hard one, so that more commands can run at once.
///
/// Each running [`Command`](crate::Command) takes a few open files of the program, and many systems start programs with a
/// soft limit of 1,024 or less, because older programs expect no more. A supervised command gets the limit that was
/// there before; see [`supervise`](crate::supervise). Where the system refuses, the limit stays as it is.
///
/// ```no_run
/// bgjobs::supervise();
/// bgjobs::raise_file_limit();
/// ```
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Some(before) = limit.current.filter(|_| limit.current != limit.maximum)
        && setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_ok()
    {
        let _ = BEFORE.set(before);
    }
}

/// Tells the process that `starter` starts what the limit was before it was raised, if it was.
pub(crate) fn tell(starter: &mut Command) {
    if let Some(before) = BEFORE.get() {
        starter.env(VARIABLE, before.to_string());
    }
}

/// Puts back the limit that was [told](tell), for `command` to inherit.
pub(crate) fn put_back(command: &mut Command) {
    if let Some(before) = env::var(VARIABLE).ok().and_then(|before| before.parse().ok()) {
        let limit = getrlimit(Resource::Nofile);
        // A hard limit that was lowered meanwhile also holds.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(before), ..limit });
    }
    command.env_remove(VARIABLE);
}
