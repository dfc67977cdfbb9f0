//! The checks, in order: those that fail fastest come first.
//!
//! It knows the workspace's commands; it does not run them.
//!
//! Every step names the whole workspace and uses the same flags, so all steps share one build: with `-p`, cargo would
//! rebuild any dependency whose features differ.
//! The Python bindings need other features, so the plain commands exclude them and they have steps of their own.
//! Only the library's optional features and the models use different flags; cargo stores the models' artifacts apart,
//! in the same folder.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    agent,
    component::Component,
    debian, notebook,
    pictures::Picture,
    python::{self, Kind, Python},
    step::{self, Step},
    wheel,
    workspace::{root, target},
};

/// How long the checks may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    /// The checks that CI runs.
    Short,
    /// The checks that take an hour, for a release or after work on the pool.
    Long,
}

/// The steps, in order.
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// What is left out, and for each why and how to fix that.
    pub(crate) left_out: Vec<(&'static str, String)>,
}

/// The steps of a form.
pub(crate) fn plan(form: Form) -> Plan {
    let found = match form {
        Form::Short => python::default(),
        Form::Long => python::all(),
    };
    let mut left_out = Vec::new();
    let pythons = found.unwrap_or_else(|missing| {
        left_out.push(("the Python package", missing));
        Vec::new()
    });
    let steps = match form {
        Form::Short => short(&pythons),
        Form::Long => {
            // One of this machine's builds the package.
            let mut others = if pythons.is_empty() { Vec::new() } else { python::of_debian(&pythons) };
            if let Some(missing) = debian::missing().filter(|_| !others.is_empty()) {
                left_out.push(("the Pythons that this machine lacks", missing));
                others.clear();
            }
            let agent = agent::steps(&pythons, &target().join("release/bgjobs"));
            let agent = agent.map_err(|missing| left_out.push(("the client of agents", missing)));
            long(&pythons, &others, agent.into_iter().flatten())
        }
    };
    Plan { steps, left_out }
}

/// What cargo's plain commands build, plus xtask.
const ALL: &str = "--workspace --exclude bgjobs-python";

fn short(pythons: &[Python]) -> Vec<Step> {
    let mut steps = vec![
        Step::cargo("formatting", "fmt --all --check").needs(Component::Rustfmt),
        Step::cargo("imports", "xtask imports"),
        Step::cargo("public interface", "xtask api check"),
        Step::cargo("clippy", &format!("clippy {ALL} --all-targets -- -D warnings")).needs(Component::Clippy),
        Step::cargo("clippy without a terminal", &format!("clippy {ALL} --lib --no-default-features -- -D warnings")),
        Step::cargo("tests and doctests", &format!("test {ALL}")),
        // Only users of the library enable these features, so no other step compiles them.
        Step::cargo("clippy of all features", "clippy -p bgjobs --all-features --all-targets -- -D warnings"),
        Step::cargo("tests of all features", "test -p bgjobs --all-features --test it -- summaries traces"),
    ];
    steps.extend(docs());
    let names = examples();
    steps.extend(
        names.iter().map(|name| Step::cargo(&format!("example {name}"), &format!("run --quiet --example {name}"))),
    );
    // The tests have built the shell.
    steps.extend(check_picture(Picture::Shell));
    steps.extend(bindings());
    steps.extend(python::steps(pythons, &[Kind::Newest, Kind::Oldest]));
    if !pythons.is_empty() {
        steps.extend(check_picture(Picture::IPython));
    }
    steps.push(loom("2"));
    steps.push(shuttle());
    steps
}

/// `others` are Debian's; `agent` uses the shell of the first step.
fn long(pythons: &[Python], others: &[Python], agent: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut steps = vec![
        Step::cargo("tests, long and in release", &format!("test {ALL} --release"))
            .env("BGJOBS_PROVE", "1")
            .env("PROPTEST_CASES", "20000")
            // It slows linking down and makes the tests no better.
            .env("CARGO_PROFILE_RELEASE_LTO", "off"),
    ];
    steps.extend(agent);
    if !others.is_empty() {
        steps.push(debian::made());
    }
    // The first one builds the package, which takes Rust.
    steps.extend(python::steps(&[pythons, others].concat(), &[Kind::Today, Kind::Oldest]));
    if !pythons.is_empty() && cfg!(target_os = "linux") {
        steps.push(Step::cargo("wheel", "xtask wheel"));
    }
    // The first Python's environment has what drives a prompt and a kernel.
    steps.extend(pythons.first().into_iter().flat_map(|python| notebook::steps(&python::program(python, Kind::Today))));
    // In seconds: two of the models would take far longer to explore completely.
    steps.push(loom("3").env("LOOM_MAX_DURATION", "300"));
    steps.push(shuttle().env("BGJOBS_PROVE", "1"));
    steps.push(Step::cargo("packed crates", "xtask package"));
    // All of a release but the upload; what is packed was compiled by the step before.
    steps.push(Step::cargo("publication", "publish --workspace --dry-run --no-verify --allow-dirty"));
    steps.push(oldest_rust());
    steps.push(Step::cargo("mutants", "xtask mutants"));
    steps.extend(fuzz(300));
    steps
}

/// The documentation, in which a warning is an error.
///
/// With and without what the features add, because a link can lead there. Then twice with all of it: only the first
/// checks links in private docs, and only the second rejects links from public docs to private items. The second also
/// leaves the documentation that users read.
fn docs() -> [Step; 3] {
    let step =
        |name, flags| Step::cargo(name, &format!("doc {ALL} --no-deps {flags}")).env("RUSTDOCFLAGS", "-D warnings");
    [
        step("docs without features", "--no-default-features"),
        step("docs of private items", "--all-features --document-private-items"),
        step("docs", "--all-features"),
    ]
}

/// Builds the programs from the workspace and draws all pictures.
pub(crate) fn pictures() -> Plan {
    let draw = |picture: Picture| {
        Step::cargo(&format!("picture of {picture}"), &format!("xtask pictures draw {}", picture.name()))
    };
    // The tests' build, so that no dependency is built twice.
    let mut steps = vec![Step::cargo("the shell", &format!("test {ALL} --test it --no-run")), draw(Picture::Shell)];
    let left_out = match python::default() {
        Ok(pythons) => {
            steps.extend(pythons.iter().flat_map(python::installed));
            steps.push(draw(Picture::IPython));
            Vec::new()
        }
        Err(missing) => vec![("the Python package", missing)],
    };
    Plan { steps, left_out }
}

/// Builds the wheel and the source distribution, checks them and tries them.
pub(crate) fn wheel() -> Result<Plan, String> {
    let pythons = python::default()?;
    Ok(Plan { steps: wheel::steps(&pythons[0])?, left_out: Vec::new() })
}

/// Compares a picture with the program as it was last built; only Unix has the pseudo-terminals that this takes.
fn check_picture(picture: Picture) -> Option<Step> {
    let step = || Step::cargo(&format!("picture of {picture}"), &format!("xtask pictures check {}", picture.name()));
    cfg!(unix).then(step)
}

/// The program that a picture shows, or what is missing to run it.
pub(crate) fn program(picture: Picture) -> Result<PathBuf, String> {
    match picture {
        Picture::Shell => Ok(target().join("debug/bgjobs")),
        Picture::IPython => python::default().map(|pythons| python::program(&pythons[0], Kind::Newest)),
    }
}

/// The bindings' Rust code. With these variables PyO3 needs no Python.
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

/// The concurrency models, with a bound on preemptions.
fn loom(preemptions: &'static str) -> Step {
    Step::cargo("loom models", "test -p bgjobs --test models --profile model")
        .env("RUSTFLAGS", "--cfg bgjobs_loom")
        .env("LOOM_MAX_PREEMPTIONS", preemptions)
}

/// The same models and larger ones, with random schedules.
fn shuttle() -> Step {
    Step::cargo("shuttle models", "test -p bgjobs --test models --profile model")
        .env("RUSTFLAGS", "--cfg bgjobs_shuttle")
}

/// The library and its tests with the oldest Rust that its manifest allows, which rustup installs if it is missing.
fn oldest_rust() -> Step {
    const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");
    let line = format!("run --install {VERSION} cargo check -p bgjobs --all-features --all-targets");
    Step::program("the oldest Rust", Path::new("rustup"), &line).env("CARGO_TARGET_DIR", "target/oldest")
}

/// Searches for input that makes the prompt panic or hang, for this many seconds per target; puts it in `target/fuzz`.
///
/// The fuzzer is libFuzzer, with the flags of `cargo fuzz`, so neither `cargo fuzz` nor a nightly compiler is needed.
pub(crate) fn fuzz(seconds: u32) -> Vec<Step> {
    const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                         -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                         -Cllvm-args=-sanitizer-coverage-trace-compares";
    const FOLDER: &str = "crates/bgjobs-shell/fuzz";
    let step = |target: &str| {
        let new = format!("target/fuzz/{target}");
        // libFuzzer does not create the folder for new inputs.
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

/// The names of the default members' examples, listed from their folders so that none is forgotten.
fn examples() -> BTreeSet<String> {
    ["crates/bgjobs/examples", "crates/bgjobs-shell/examples"]
        .iter()
        .filter_map(|folder| fs::read_dir(root().join(folder)).ok())
        .flatten()
        .filter_map(|entry| example(&entry.ok()?.path()))
        .collect()
}

/// The name of the example in a file, if the file is one.
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
    fn step_names_are_unique() {
        for steps in [short(&[]), long(&[], &python::of_debian(&[]), [])] {
            let names: BTreeSet<_> = steps.iter().map(Step::name).collect();
            assert_eq!(names.len(), steps.len());
        }
    }
}
