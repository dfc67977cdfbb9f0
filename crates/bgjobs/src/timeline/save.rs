//! A timeline in a file, whose ending says in which form.
//!
//! Knows nothing of the forms.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::Timeline;
use crate::record::name::one_line;

/// Why a timeline could not be saved.
#[derive(Debug)]
#[non_exhaustive]
pub enum SaveError {
    /// The file's name ends neither in `.svg` nor in `.json`.
    Ending(PathBuf),
    /// The system refused to write the file.
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| one_line(&path.to_string_lossy()).to_string();
        match self {
            Self::Ending(path) => write!(
                f,
                "a timeline is not saved as `{}`: end the name in .svg for a picture, or in .json for a trace",
                shown(path)
            ),
            Self::Refused { path, cause } => write!(f, "cannot write `{}`: {cause}", shown(path)),
        }
    }
}

impl Error for SaveError {}

impl Timeline {
    /// Saves the timeline in a file: a [picture](Self::svg) if its name ends in `.svg`, a [trace](Self::trace) if it ends
    /// in `.json`. A file of that name is replaced.
    ///
    /// # Errors
    ///
    /// [`SaveError`] if the name has another ending, or if the file can't be written.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// assert_eq!(
    ///     jobs.timeline().save("run.png").unwrap_err().to_string(),
    ///     "a timeline is not saved as `run.png`: end the name in .svg for a picture, or in .json for a trace"
    /// );
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let path = path.as_ref();
        let is = |ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
        let content = if is("svg") {
            self.svg()
        } else if is("json") {
            self.trace()
        } else {
            return Err(SaveError::Ending(path.to_owned()));
        };
        fs::write(path, content).map_err(|cause| SaveError::Refused { path: path.to_owned(), cause })
    }
}
