//! The lines typed before, on disk: for the user's eyes only, and shared by all shells.
//!
//! What goes wrong with the disk is told once and stops nobody: the lines are then kept until the shell ends.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    path::PathBuf,
};

use etcetera::BaseStrategy;
use reedline::FileBackedHistory;

/// How many lines are kept.
const CAPACITY: usize = 10_000;

/// The history; and what is to be told, if it can't be kept.
pub(super) fn open() -> (FileBackedHistory, Option<String>) {
    let kept = folder().and_then(|folder| {
        let path = folder.join("history");
        let told = |cause: String| format!("`{}`: {cause}", path.display());
        prepare(&folder, &path).map_err(|cause| told(cause.to_string()))?;
        FileBackedHistory::with_file(CAPACITY, path.clone()).map_err(|cause| told(cause.to_string()))
    });
    match kept {
        Ok(history) => (history, None),
        Err(cause) => {
            let history = FileBackedHistory::new(CAPACITY).unwrap_or_default();
            (history, Some(format!("lines will be forgotten at the end: {cause}")))
        }
    }
}

/// The folder where the system wants such files: `$XDG_STATE_HOME/bgjobs`, or in the home folder.
fn folder() -> Result<PathBuf, String> {
    let places = etcetera::choose_base_strategy().map_err(|cause| cause.to_string())?;
    Ok(places.state_dir().unwrap_or_else(|| places.data_dir()).join("bgjobs"))
}

/// Makes folder and file, if they are missing, such that nobody else can ever read them.
fn prepare(folder: &PathBuf, file: &PathBuf) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.recursive(true).create(folder)?;
    // Appending leaves alone what is there.
    options.create(true).append(true).open(file)?;
    Ok(())
}
