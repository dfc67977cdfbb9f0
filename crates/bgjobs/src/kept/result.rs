//! What the body of a kept job gave: the file `result`, whose first line every program can read.
//!
//! Knows nothing of languages: what follows that line is for the one that wrote it.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use crate::{
    kept::private::{self, Fields, present},
    record::state::Outcome,
};

/// What a body runs; its reader removes it.
pub(crate) const PAYLOAD: &str = "payload";

/// What becomes a short result, so that it can be told when the disk is full.
const ROOM: &str = "room";

/// How long a result may be that fits in its room, and a first line, in bytes.
const LONGEST_HEAD: usize = 4 * 1024;

/// The longest text of a first line, in characters, so that the line fits.
pub(crate) const LONGEST_TEXT: usize = 600;

/// The name of the file.
pub(crate) const FILE: &str = "result";

/// Writes what a body runs into the folder of its job, and reserves the room of its result.
pub(crate) fn prepare(job: &Path, payload: &[u8]) -> io::Result<()> {
    private::make_file(&job.join(PAYLOAD))?.write_all(payload)?;
    private::make_file(&job.join(ROOM))?.write_all(&[b' '; LONGEST_HEAD])
}

/// What a body gave: done with its value as text, or failed with a message; `None` if it gave nothing.
pub(crate) fn read(job: &Path) -> Option<(Outcome, String)> {
    let file = present(private::open(&job.join(FILE)), io::ErrorKind::NotFound).ok()??;
    let mut head = Vec::new();
    BufReader::new(file.take(LONGEST_HEAD as u64)).read_until(b'\n', &mut head).ok()?;
    let fields: Fields = serde_json::from_slice(&head).ok()?;
    let state = private::text(&fields, "state").ok()?;
    let outcome = [Outcome::Done, Outcome::Failed].into_iter().find(|known| known.to_string() == state)?;
    Some((outcome, private::text(&fields, "text").unwrap_or_default()))
}

/// Writes what a body gave, in its room if it fits; nobody sees half of it.
pub(crate) fn write(job: &Path, result: &[u8]) -> io::Result<()> {
    let room = job.join(ROOM);
    let (path, file) = match fs::OpenOptions::new().write(true).open(&room) {
        Ok(file) if result.len() <= LONGEST_HEAD => (room, Ok(file)),
        _ => {
            let path = job.join(private::temporary(".file"));
            let file = private::make_file(&path);
            (path, file)
        }
    };
    let write = |mut file: fs::File| {
        file.write_all(result)?;
        file.set_len(result.len() as u64)?;
        file.sync_all()?;
        fs::rename(&path, job.join(FILE))
    };
    // What was written until the disk was full would keep the next attempt from its room.
    file.and_then(write).inspect_err(|_| drop(fs::remove_file(&path)))
}
