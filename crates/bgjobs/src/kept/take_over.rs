//! Takes a running command over from its program: a keeper attends to it from then on, and its job follows the kept one.
//!
//! Knows nothing of how a command is attended to.

use std::{
    os::unix::net::UnixStream,
    sync::mpsc,
    time::{Duration, SystemTime},
};

use crate::{
    body::context::Context,
    command::{
        handover::{Handover, Running},
        link::Link,
    },
    kept::{
        error::KeepError,
        follow,
        job::KeptJob,
        log::{self, Writer},
        reading::KeptCursor,
        root::Root,
        start::{self, KeepOptions},
        transfer,
    },
    record::name::Name,
};

/// How long the supervisor of a command may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes a command over, which its job follows from then on.
pub(crate) fn take_over(root: &Root, handover: &Handover, name: Name) -> Result<KeptJob, KeepError> {
    let running = handover.running().ok_or(KeepError::CantLeave)?;
    let (tell, told) = mpsc::channel();
    let root = root.clone();
    handover.ask(Box::new(move |link, job| match begin(&root, name, running, link, job) {
        Ok((kept, cursor)) => {
            // If nobody hears it any more, the job is still in the folder.
            let _ = tell.send(Ok(kept.clone()));
            Some(Box::new(move |job, print| follow::follow_command(&kept, cursor, job, print)))
        }
        Err(error) => {
            let _ = tell.send(Err(error));
            None
        }
    }));
    match told.recv_timeout(PATIENCE) {
        // It may be at it.
        Err(mpsc::RecvTimeoutError::Timeout) if handover.take().is_none() => {
            told.recv().map_err(|_| KeepError::CantLeave)?
        }
        told => told.map_err(|_| KeepError::CantLeave)?,
    }
}

/// Publishes a job with what the command has printed so far, and starts its keeper; also returns where its log goes on.
fn begin(
    root: &Root,
    name: Name,
    running: Running,
    link: &Link,
    job: &Context,
) -> Result<(KeptJob, KeptCursor), KeepError> {
    let parts = link.parts().ok_or(KeepError::CantLeave)?;
    let options = KeepOptions { name: Some(name), folder: running.folder, ..KeepOptions::default() };
    let mut record = start::record(running.words, options)?;
    record.created = SystemTime::now().checked_sub(parts.state.age).unwrap_or(record.created);
    let (near, far) = UnixStream::pair()?;
    let mut offset = 0;
    let kept = start::start_prepared(root, &record, |folder| {
        let mut writer = Writer::new(folder.join(log::FOLDER));
        let pending = job.log().pending();
        for line in job.log().tail(usize::MAX) {
            let is_whole = !line.continues && !pending.contains(&line);
            writer.repeat(line.time(), line.stream, &line.text, is_whole);
        }
        writer.end();
        offset = writer.len();
        // The keeper reads it as soon as it runs.
        transfer::send(&near, &parts, offset)?;
        drop(near);
        Ok(far)
    })?;
    Ok((kept, KeptCursor(offset)))
}
