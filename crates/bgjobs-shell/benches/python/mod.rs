//! The Python that ours is compared to.

use std::{env, process::Command};

/// The path of the interpreter that the variable `PYTHON` names, by default `python3`: a program of that name may be a
/// script that looks for it, and slower.
pub(crate) fn python() -> String {
    let named = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&named).args(["-c", "import sys; print(sys.executable)"]).output();
    let path = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    if path.trim().is_empty() { named } else { path.trim().to_owned() }
}
