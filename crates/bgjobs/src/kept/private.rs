//! Files and folders that only their owner can use, whatever the umask, and JSON in them, read with care.
//!
//! Knows nothing of jobs.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use rustix::fs::OFlags;
use serde_json::{Map, Value};

/// The most that is read of a file, in bytes: a command line is shorter on every system.
const MOST_BYTES: u64 = 8 << 20;

/// The fields of a file.
pub(crate) type Fields = Map<String, Value>;

/// Makes a folder.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    // The umask may have taken the owner's own rights.
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Makes a file and opens it for reading and writing; one that exists is an error, and so is a link.
pub(crate) fn make_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// A name that no other process uses at this time.
pub(crate) fn temporary(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Makes a file under a name of its own, and hands it to `place`, which gives it its name; so nobody sees half of it.
pub(crate) fn place_file(path: &Path, text: &str, place: fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    let hidden = path.with_file_name(temporary(".file"));
    // A process with the same ID may have been killed at this.
    let _ = fs::remove_file(&hidden);
    let written = make_file(&hidden).and_then(|mut file| file.write_all(text.as_bytes()));
    let placed = written.and_then(|()| place(&hidden, path));
    let _ = fs::remove_file(&hidden);
    placed
}

/// Writes a whole file in place of another.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    place_file(path, text, |from, to| fs::rename(from, to))
}

/// Writes a whole file; false if there is one.
pub(crate) fn claim(path: &Path, text: &str) -> io::Result<bool> {
    present(place_file(path, text, |from, to| fs::hard_link(from, to)), io::ErrorKind::AlreadyExists)
        .map(|made| made.is_some())
}

/// Opens a plain file for reading; a link, a pipe or a device is an error, and nothing waits for one.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(invalid("not a plain file")) }
}

/// Reads a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = present(open(path), io::ErrorKind::NotFound)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Reads the JSON object in a file; `None` if there is no file.
pub(crate) fn fields(path: &Path) -> io::Result<Option<Fields>> {
    let Some(text) = read(path)? else { return Ok(None) };
    serde_json::from_slice(&text).map(Some).map_err(|error| invalid(&error.to_string()))
}

/// A text among the fields.
pub(crate) fn text(fields: &Fields, name: &str) -> io::Result<String> {
    let text = fields.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| invalid(&format!("`{name}` is not a text")))
}

/// A time among the fields.
pub(crate) fn time(fields: &Fields, name: &str) -> io::Result<SystemTime> {
    let time = humantime::parse_rfc3339(&text(fields, name)?);
    time.map_err(|error| invalid(&format!("`{name}` is not a time: {error}")))
}

/// A number of seconds; one that is too large for a duration is the longest.
pub(crate) fn duration(seconds: &Value) -> Option<Duration> {
    let seconds = seconds.as_f64().filter(|&seconds| seconds >= 0.0)?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A time as a field.
pub(crate) fn stamp(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string()
}

/// Takes an error of one kind as an answer.
pub(crate) fn present<T>(answer: io::Result<T>, absent: io::ErrorKind) -> io::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == absent => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
