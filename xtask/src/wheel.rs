//! The Python package as users get it: a wheel for old Linuxes and the source distribution, checked and tried.
//!
//! Knows maturin, pip and the checkers, and nothing of what the package's tests prove.

use std::{
    env::consts::ARCH,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    python::{self, Python},
    step::{Stamp, Step},
    workspace::{root, target},
};

/// The tools, with their versions.
const TOOLS: &str = "python/tests/wheel.txt";

/// Where programs are that come with the system; what rustup installs is elsewhere.
const WITHOUT_RUST: &str = "/usr/bin:/bin";

/// The steps that build both in `target/dist`, check them, and try them with this Python.
///
/// # Errors
///
/// Elsewhere than on Linux, which the wheel is for, and without a C compiler.
pub(crate) fn steps(python: &Python) -> Result<Vec<Step>, String> {
    if !cfg!(target_os = "linux") {
        return Err(
            "the wheel is for Linux\nhint: build it there, or build the package with `pip install .`".to_owned()
        );
    }
    let (tools, fresh) = (target().join("python/wheel-tools"), target().join("python/wheel"));
    let (tool, user) = (root().join(&tools).join("bin/python"), fresh.join("bin/python"));
    let unwinder = unwinder()?;
    let (dist, wheel, source) = (dist(), wheel(), source());
    let tool_step = |name: &str, line: &str| Step::program(name, &tool, line);
    let user_step = |name: &str, line: &str| Step::program(name, &user, line).env("PATH", WITHOUT_RUST);
    let inputs = format!("{python:?}\n{}", std::fs::read_to_string(root().join(TOOLS)).unwrap_or_default());
    let stamp = root().join(&tools).join("made-from");
    Ok(vec![
        python::environment("wheel: tools' environment", python, &tools).unless(Stamp::part(&stamp, &inputs)),
        tool_step("wheel: tools", "-m pip install --quiet --disable-pip-version-check -r")
            .path(Path::new(TOOLS))
            .unless(Stamp::last(&stamp, &inputs)),
        // Zig links with the C library of old systems, here the oldest that Rust supports.
        tool_step("wheel: build", "-m maturin build --quiet --release --zig --compatibility manylinux2014 --out")
            .path(&dist)
            .path(Path::new("--"))
            .path(Path::new(&format!("-Clink-arg={unwinder}")))
            .env("CARGO_ZIGBUILD_PYTHON_PATH", &tool.display().to_string()),
        tool_step("source distribution", "-m maturin sdist --out").path(&dist),
        tool_step("wheel: metadata", "-m twine --no-color check --strict").path(&wheel).path(&source),
        tool_step("wheel: stable interface", "-m abi3audit --strict").path(&wheel),
        // What is built is thrown away: the tests below are the wheel's.
        tool_step("source distribution: build", "-m pip wheel --quiet --no-deps --wheel-dir")
            .path(&dist.join("from-source"))
            .path(&source)
            .env("CARGO_TARGET_DIR", &root().join(target()).join("from-source").display().to_string()),
        python::environment("wheel: environment", python, &fresh),
        user_step("wheel: installation", "-m pip install --quiet --disable-pip-version-check --only-binary :all:")
            .path(&wheel),
        user_step("wheel: requirements of the tests", "-m pip install --quiet --disable-pip-version-check -r")
            .path(Path::new("python/tests/newest.txt")),
        user_step("wheel: tests", "-m pytest --quiet python/tests"),
    ])
}

/// The library that unwinds stacks. Zig would link its own into the wheel, and a thread that CPython up to 3.13 unwinds at exit
/// would crash there, for it is unwound by the system's.
fn unwinder() -> Result<String, String> {
    const FILE: &str = "libgcc_s.so.1";
    let found = Command::new("cc").arg(format!("-print-file-name={FILE}")).output();
    let file = found.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    // A compiler that does not find it prints the name alone.
    if Path::new(&file).is_absolute() {
        Ok(file)
    } else {
        Err(format!("`cc` does not find {FILE}\nhint: on Debian run `apt install gcc`"))
    }
}

fn dist() -> PathBuf {
    target().join("dist")
}

/// The wheel's file. Its name says for which systems it is, so a wheel that needs newer ones is not found.
fn wheel() -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    dist().join(format!("bgjobs-{version}-cp39-abi3-manylinux2014_{ARCH}.manylinux_2_17_{ARCH}.whl"))
}

fn source() -> PathBuf {
    dist().join(format!("bgjobs-{}.tar.gz", env!("CARGO_PKG_VERSION")))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn installing_the_wheel_needs_no_rust_and_builds_nothing() {
        let steps = steps(&python::tests::python(11)).expect("this is Linux");
        let of_user: Vec<_> =
            steps.iter().filter(|step| step.to_string().contains("target/python/wheel/bin")).collect();
        assert_eq!(of_user.len(), 3);
        assert!(of_user.iter().all(|step| step.to_string().starts_with("PATH=/usr/bin:/bin ")));
        let installs = of_user.iter().any(|step| step.to_string().contains("--only-binary :all: target/dist/bgjobs-"));
        assert!(installs);
    }
}
