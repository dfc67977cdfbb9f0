//! The official client of the Model Context Protocol: its installation, and an agent that uses `bgjobs mcp` with it.
//!
//! Knows the programs, and nothing of what they say: that is in `xtask/tests/test_agent.py`.

use std::path::Path;

use crate::{
    python::{self, Python},
    step::Step,
    workspace::target,
};

/// What is installed: the client of the day.
const PACKAGES: &str = "mcp pytest";

/// The steps that install the client under `target` and run an agent; `shell` is the binary.
///
/// # Errors
///
/// What is missing, and how to get it.
pub(crate) fn steps(pythons: &[Python], shell: &Path) -> Result<[Step; 3], String> {
    let python = pythons.iter().find(|python| python::is_at_least(python, 3, 10));
    let python = python.ok_or("the client needs Python 3.10 or newer with pip and venv: install one")?;
    let folder = target().join("agent");
    let program = folder.join("bin/python");
    let install = format!("-m pip install --quiet --disable-pip-version-check {PACKAGES}");
    Ok([
        python::environment("agent: environment", python, &folder),
        Step::program("agent: client", &program, &install),
        Step::program("agent", &program, "-m pytest --quiet xtask/tests/test_agent.py")
            .env("BGJOBS", &shell.display().to_string()),
    ])
}
