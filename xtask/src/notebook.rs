//! evcxr, the Rust notebook: its installation, and a session in it.
//!
//! Knows the programs, and nothing of what a session shows: that is in `xtask/tests/test_notebook.py`.

use std::path::Path;

use crate::{
    step::{Stamp, Step},
    workspace::{root, target},
};

/// The programs, whose versions are pinned together: they share one format between kernel and cells.
const PROGRAMS: &str = "evcxr_repl@0.22.0 evcxr_jupyter@0.22.0";

/// The steps that install evcxr under `target` and type the book's cells, with the Python whose environment has pytest.
///
/// The installation takes about ten minutes, and is skipped until the versions change.
pub(crate) fn steps(python: &Path) -> [Step; 2] {
    let folder = target().join("evcxr");
    let stamp = Stamp::last(&root().join(&folder).join("made-from"), PROGRAMS);
    // Without its features it needs no C compiler.
    let install = format!("install --quiet --locked --no-default-features {PROGRAMS} --root");
    [
        Step::cargo("evcxr", &install).path(&folder).env("CARGO_TARGET_DIR", "target/evcxr/build").unless(stamp),
        Step::program(
            "Rust notebook",
            python,
            "-m pytest --quiet -o faulthandler_timeout=900 xtask/tests/test_notebook.py",
        ),
    ]
}
