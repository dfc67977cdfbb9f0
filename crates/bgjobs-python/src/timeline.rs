//! A timeline of Python's jobs.
//!
//! It does not know where it is shown.

use std::{io, path::PathBuf};

use bgjobs::SaveError;
use pyo3::{
    exceptions::{PyOSError, PyValueError},
    prelude::*,
};

use crate::job::JobCore;

/// Who waited and ran when; see `Timeline` of the engine.
#[pyclass(frozen, subclass, module = "bgjobs._core")]
pub(crate) struct Timeline(bgjobs::Timeline);

#[pymethods]
impl Timeline {
    /// The timeline of these jobs, each with its label; those that were not started are left out.
    #[new]
    fn new(jobs: Vec<(PyRef<'_, JobCore>, String)>) -> Self {
        let summaries = jobs.into_iter().filter_map(|(job, label)| {
            let mut summary = job.job()?.summary();
            summary.name = label.into();
            Some(summary)
        });
        Self(bgjobs::Timeline::new(summaries))
    }

    /// As a picture.
    fn svg(&self) -> String {
        self.0.svg()
    }

    /// As a trace.
    fn trace(&self) -> String {
        self.0.trace()
    }

    /// As text of so many columns.
    fn text(&self, columns: usize) -> String {
        self.0.text(columns)
    }

    /// Saves it in a file, in the form of the file's ending.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        self.0.save(path).map_err(|error| match error {
            SaveError::Refused { path, cause } => refused(path, &cause),
            error => PyValueError::new_err(error.to_string()),
        })
    }
}

/// The exception of the kind that `open` raises.
fn refused(path: PathBuf, cause: &io::Error) -> PyErr {
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or_default().to_owned();
    PyOSError::new_err((cause.raw_os_error(), text, path.into_os_string()))
}
