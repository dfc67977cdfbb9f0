//! What a kept job was started with: the file `job.json`.
//!
//! Knows nothing of how the job goes on.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::kept::{
    machine::Machine,
    private::{self, Fields},
};

/// The name of the file.
pub(crate) const FILE: &str = "job.json";

/// What a job was started with; its environment is in no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Where the command runs.
    pub(crate) folder: PathBuf,
    /// What its body is written in; none for a command.
    pub(crate) language: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) created: SystemTime,
    /// Where it was started.
    pub(crate) machine: Machine,
}

impl Record {
    /// Reads the file in the folder of a job.
    pub(crate) fn read(job: &Path) -> io::Result<Self> {
        let fields = private::fields(&job.join(FILE))?.ok_or(io::ErrorKind::NotFound)?;
        let words = fields.get("command").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let command: Vec<_> = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if command.is_empty() || command.len() < words.len() {
            return Err(private::invalid("`command` is not a list of texts"));
        }
        Ok(Self {
            name: private::text(&fields, "name")?,
            command,
            folder: private::text(&fields, "folder")?.into(),
            language: optional(&fields, "language", text)?,
            key: optional(&fields, "key", text)?,
            time_limit: optional(&fields, "time_limit", private::duration)?,
            created: private::time(&fields, "created")?,
            machine: Machine::read(&fields)?,
        })
    }

    /// The text of the file; the folder is a Unicode text.
    pub(crate) fn text(&self) -> String {
        let Machine { host, boot } = &self.machine;
        json!({
            "name": self.name,
            "command": self.command,
            "folder": self.folder,
            "language": self.language,
            "key": self.key,
            "time_limit": self.time_limit.map(|limit| limit.as_secs_f64()),
            "created": private::stamp(self.created),
            "host": host,
            "boot": boot,
        })
        .to_string()
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn optional<T>(fields: &Fields, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> io::Result<Option<T>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| private::invalid(&format!("`{name}` has a wrong value"))),
    }
}
