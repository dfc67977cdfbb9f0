//! The history on disk: readable by the user alone, and shared by all shells.
//!
//! A problem with the disk is reported once; the lines are then held in memory until the shell ends.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use etcetera::BaseStrategy;
use reedline::FileBackedHistory;

/// The largest number of lines.
const CAPACITY: usize = 10_000;

/// The history, and a message if it can't be saved.
pub(super) fn open() -> (FileBackedHistory, Option<String>) {
    let opened = folder().and_then(|folder| {
        let path = folder.join("history");
        let describe = |cause: String| format!("`{}`: {cause}", path.display());
        prepare(&folder, &path).map_err(|cause| describe(cause.to_string()))?;
        FileBackedHistory::with_file(CAPACITY, path.clone()).map_err(|cause| describe(cause.to_string()))
    });
    match opened {
        Ok(history) => (history, None),
        Err(cause) => {
            let history = FileBackedHistory::new(CAPACITY).unwrap_or_default();
            (history, Some(format!("the history will not be saved: {cause}")))
        }
    }
}

/// The folder for such files: `$XDG_STATE_HOME/bgjobs`, or the default in the home folder.
fn folder() -> Result<PathBuf, String> {
    let places = etcetera::choose_base_strategy().map_err(|cause| cause.to_string())?;
    Ok(places.state_dir().unwrap_or_else(|| places.data_dir()).join("bgjobs"))
}

/// Creates the folder and the file if they are missing, so that nobody else can ever read them.
fn prepare(folder: &PathBuf, file: &PathBuf) -> io::Result<()> {
    DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
    // Appending changes nothing in an existing file.
    OpenOptions::new().mode(0o600).create(true).append(true).open(file)?;
    Ok(())
}
