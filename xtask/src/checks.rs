//! What is checked, and in which order: what is quick to fail comes first.
//!
//! It knows the workspace's commands; it runs none.
//!
//! Each step names the whole workspace and none changes the flags of another, so that all of them share what is built:
//! cargo would build a dependency again if `-p` gave it other features.
//! The bindings for Python stand apart for the same reason: theirs are not those of the plain commands, which leave them out.
//! Only the library's optional features and the models have flags of their own; those of the models cargo keeps apart from
//! the rest in the same folder.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    component::Component,
    pictures::Picture,
    python::{self, Python},
    step::{self, Step},
    workspace::{root, target},
};

/// How long the checks may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    /// What CI runs.
    Short,
    /// What is worth an hour, before a release or after work on the pool.
    Long,
}

/// What is to be done, in order.
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// Why the Python package is not checked, and the way out.
    pub(crate) missing: Option<String>,
}

/// The steps of a form.
pub(crate) fn plan(form: Form) -> Plan {
    let found = match form {
        Form::Short => python::default(),
        Form::Long => python::all(),
    };
    let (pythons, missing) = match found {
        Ok(pythons) => (pythons, None),
        Err(missing) => (Vec::new(), Some(missing)),
    };
    let steps = match form {
        Form::Short => short(&pythons),
        Form::Long => long(&pythons),
    };
    Plan { steps, missing }
}

/// All that the plain commands of cargo build, and xtask.
const ALL: &str = "--workspace --exclude bgjobs-python";

fn short(pythons: &[Python]) -> Vec<Step> {
    let mut steps = vec![
        Step::cargo("formatting", "fmt --all --check").needs(Component::Rustfmt),
        Step::cargo("imports", "xtask imports"),
        Step::cargo("clippy", &format!("clippy {ALL} --all-targets -- -D warnings")).needs(Component::Clippy),
        Step::cargo("clippy without a terminal", &format!("clippy {ALL} --lib --no-default-features -- -D warnings")),
        Step::cargo("tests and doctests", &format!("test {ALL}")),
        // The features that only the library's users choose, in the lint and in the tests of what they bring.
        Step::cargo("clippy of all features", "clippy -p bgjobs --all-features --all-targets -- -D warnings"),
        Step::cargo("tests of all features", "test -p bgjobs --all-features --test it -- summaries traces"),
        // Twice, because a link inside private text breaks only in the first, and a link from
        // public text to a private item only in the second, which leaves the documents that users read.
        Step::cargo("docs of private items", &format!("doc {ALL} --no-deps --document-private-items"))
            .env("RUSTDOCFLAGS", "-D warnings"),
        Step::cargo("docs", &format!("doc {ALL} --no-deps")).env("RUSTDOCFLAGS", "-D warnings"),
    ];
    let names = examples();
    steps.extend(
        names.iter().map(|name| Step::cargo(&format!("example {name}"), &format!("run --quiet --example {name}"))),
    );
    // Of the shell that the tests have built.
    steps.extend(check_picture(Picture::Shell));
    steps.extend(bindings());
    steps.extend(python::steps(pythons));
    if !pythons.is_empty() {
        steps.extend(check_picture(Picture::IPython));
    }
    steps.push(loom("2"));
    steps.push(shuttle());
    steps
}

fn long(pythons: &[Python]) -> Vec<Step> {
    let mut steps = vec![
        Step::cargo("tests, long and in release", &format!("test {ALL} --release"))
            .env("BGJOBS_PROVE", "1")
            .env("PROPTEST_CASES", "20000")
            // It would make the tests no better, and their links slow.
            .env("CARGO_PROFILE_RELEASE_LTO", "off"),
    ];
    steps.extend(python::steps(pythons));
    // In seconds: two models have more interleavings than anybody waits for.
    steps.push(loom("3").env("LOOM_MAX_DURATION", "300"));
    steps.push(shuttle().env("BGJOBS_PROVE", "1"));
    steps.push(Step::cargo("mutants", "xtask mutants"));
    steps.extend(fuzz(300));
    steps
}

/// Draws all pictures from what the workspace has today.
pub(crate) fn pictures() -> Plan {
    let draw = |picture: Picture| {
        Step::cargo(&format!("picture of {picture}"), &format!("xtask pictures draw {}", picture.name()))
    };
    // As the tests build it, so that nothing is built twice.
    let mut steps = vec![Step::cargo("the shell", &format!("test {ALL} --test it --no-run")), draw(Picture::Shell)];
    let missing = match python::default() {
        Ok(pythons) => {
            steps.extend(pythons.iter().flat_map(python::installed));
            steps.push(draw(Picture::IPython));
            None
        }
        Err(missing) => Some(missing),
    };
    Plan { steps, missing }
}

/// Compares a picture with the program, as it is built; only Unix has the terminals for it.
fn check_picture(picture: Picture) -> Option<Step> {
    let step = || Step::cargo(&format!("picture of {picture}"), &format!("xtask pictures check {}", picture.name()));
    cfg!(unix).then(step)
}

/// The program that a picture shows, or what is missing for it.
pub(crate) fn program(picture: Picture) -> Result<PathBuf, String> {
    match picture {
        Picture::Shell => Ok(target().join("debug/bgjobs")),
        Picture::IPython => python::default().map(|pythons| python::program(&pythons[0])),
    }
}

/// The bindings, as Rust: this needs no Python, if PyO3 is told so.
fn bindings() -> [Step; 2] {
    [
        Step::cargo("clippy of the bindings", "clippy -p bgjobs-python -- -D warnings")
            .needs(Component::Clippy)
            .env("PYO3_NO_PYTHON", "1")
            .env("PYO3_BUILD_EXTENSION_MODULE", "1"),
        Step::cargo("docs of the bindings", "doc -p bgjobs-python --no-deps --document-private-items")
            .env("RUSTDOCFLAGS", "-D warnings")
            .env("PYO3_NO_PYTHON", "1")
            .env("PYO3_BUILD_EXTENSION_MODULE", "1"),
    ]
}

/// The models of what the threads do to each other, with a bound on how often one may be interrupted.
fn loom(preemptions: &'static str) -> Step {
    Step::cargo("loom models", "test -p bgjobs --test models --profile model")
        .env("RUSTFLAGS", "--cfg bgjobs_loom")
        .env("LOOM_MAX_PREEMPTIONS", preemptions)
}

/// The same models and larger ones, in random interleavings.
fn shuttle() -> Step {
    Step::cargo("shuttle models", "test -p bgjobs --test models --profile model")
        .env("RUSTFLAGS", "--cfg bgjobs_shuttle")
}

/// Seeks bytes at which the prompt would panic or hang, for so many seconds each way; what is found goes to `target/fuzz`.
///
/// The fuzzer is libFuzzer, built with the flags of `cargo fuzz`, so that neither that nor a nightly compiler is needed.
pub(crate) fn fuzz(seconds: u32) -> Vec<Step> {
    const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                         -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                         -Cllvm-args=-sanitizer-coverage-trace-compares";
    const FOLDER: &str = "crates/bgjobs-shell/fuzz";
    let step = |target: &str| {
        let new = format!("target/fuzz/{target}");
        // The folder for what is new must be there.
        let _ = fs::create_dir_all(root().join(&new));
        let run = format!("run --release --manifest-path {FOLDER}/Cargo.toml --target {} --bin {target}", step::host());
        let limits = format!("-max_total_time={seconds} -max_len=512 -timeout=60 -rss_limit_mb=4096");
        let places = format!("-dict={FOLDER}/words.dict -artifact_prefix={new}- {new} {FOLDER}/corpus/{target}");
        Step::cargo(&format!("fuzzing of {target}"), &format!("{run} -- {limits} {places}"))
            .env("RUSTFLAGS", FLAGS)
            .env("CARGO_TARGET_DIR", "target/fuzz/build")
    };
    vec![step("typing"), step("lines")]
}

/// The names of the default members' examples, found by listing their folders, so that none is forgotten.
fn examples() -> BTreeSet<String> {
    ["crates/bgjobs/examples", "crates/bgjobs-shell/examples"]
        .iter()
        .filter_map(|folder| fs::read_dir(root().join(folder)).ok())
        .flatten()
        .filter_map(|entry| example(&entry.ok()?.path()))
        .collect()
}

/// The name of the example that starts in a file, if one does.
fn example(path: &Path) -> Option<String> {
    let is_rust = path.extension()? == "rs";
    is_rust.then(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_rust_file() {
        assert_eq!(example(Path::new("examples/prompt.rs")), Some("prompt".to_owned()));
        assert_eq!(example(Path::new("examples/words.rhai")), None);
        assert_eq!(example(Path::new("examples/data")), None);
    }

    #[test]
    fn each_step_has_a_name_of_its_own() {
        for steps in [short(&[]), long(&[])] {
            let names: BTreeSet<_> = steps.iter().map(Step::name).collect();
            assert_eq!(names.len(), steps.len());
        }
    }
}
