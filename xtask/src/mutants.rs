//! Mutants: mistakes made on purpose. Each is a patch that names the test that must catch it.
//!
//! It knows the patches in `crates/bgjobs/mutants` and how to run their tests; it does not know what they change.
//!
//! A patch begins with a sentence that describes the mistake, then names its test: `caught by: loom NAME`.
//! It is applied to a copy of the workspace in the target folder, so the workspace itself never changes.

use std::{
    collections::BTreeSet,
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    step::{self, Failed},
    workspace,
};

/// A test that takes longer is considered hung, which counts as catching the mistake.
const PATIENCE: Duration = Duration::from_secs(180);

/// Cargo's arguments for the models.
const BUILD: &str =
    "test -p bgjobs --test models --profile model --no-run --quiet --message-format=json-render-diagnostics";

/// A mistake and the test that must catch it.
#[derive(Debug, PartialEq)]
struct Mutant {
    name: String,
    mistake: String,
    check: Check,
    patch: PathBuf,
}

/// A test that must fail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Check {
    suite: Suite,
    test: String,
}

/// The tool that runs the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suite {
    /// All interleavings.
    Loom,
    /// Random interleavings.
    Shuttle,
}

impl Suite {
    fn parse(name: &str) -> Option<Self> {
        [Self::Loom, Self::Shuttle].into_iter().find(|suite| suite.to_string() == name)
    }

    fn flags(self) -> &'static str {
        match self {
            Self::Loom => "--cfg bgjobs_loom",
            Self::Shuttle => "--cfg bgjobs_shuttle",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
        })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.suite, self.test)
    }
}

/// How a test ended.
#[derive(Debug, PartialEq)]
enum End {
    Passed,
    Failed,
    Hung,
}

/// Applies the patches whose name contains `part`, one at a time, and runs the test that must catch each.
pub(crate) fn run(part: &str) -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("mutants", &reason);
    let mutants: Vec<_> = all()?.into_iter().filter(|mutant| mutant.name.contains(part)).collect();
    if mutants.is_empty() {
        return Err(failed(format!("no mutant's name contains `{part}`; mutants are in {}", folder().display())));
    }
    let copy = Copy::make().map_err(|error| failed(format!("could not copy the workspace: {error}")))?;
    let checks: BTreeSet<_> = mutants.iter().map(|mutant| &mutant.check).collect();
    for check in checks {
        if copy.run(check)? != End::Passed {
            return Err(failed(format!("`{check}` fails without a mutant, so it proves nothing")));
        }
    }
    let mut survivors = Vec::new();
    for mutant in &mutants {
        let began = Instant::now();
        let end = copy.run_mutated(mutant)?;
        let word = match end {
            End::Passed => "SURVIVED",
            End::Failed => "caught",
            End::Hung => "caught (hung)",
        };
        println!("{:7.1} s  {}: {word} ({})", began.elapsed().as_secs_f64(), mutant.name, mutant.check);
        if end == End::Passed {
            survivors.push(mutant);
        }
    }
    if survivors.is_empty() {
        println!("all {} mutants were caught", mutants.len());
        return Ok(());
    }
    let told: Vec<_> = survivors.iter().map(|mutant| format!("{}: {}", mutant.name, mutant.mistake)).collect();
    Err(failed(format!("not caught:\n{}\nhint: strengthen the tests that the patches name", told.join("\n"))))
}

fn folder() -> PathBuf {
    workspace::root().join("crates/bgjobs/mutants")
}

/// All mutants, sorted by name.
fn all() -> Result<Vec<Mutant>, Failed> {
    let failed = |path: &Path, reason: String| {
        Failed::without_step("mutants", &format!("{}: {reason}", path.file_name().unwrap_or_default().display()))
    };
    let mut mutants = Vec::new();
    let entries = fs::read_dir(folder()).map_err(|error| failed(&folder(), error.to_string()))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.extension().is_some()) {
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error.to_string()))?;
        mutants.push(read(&path, &text).map_err(|reason| failed(&path, reason))?);
    }
    mutants.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mutants)
}

/// Reads the head of a patch.
fn read(path: &Path, text: &str) -> Result<Mutant, String> {
    let mistake = text.lines().next().filter(|line| line.ends_with('.'));
    let mistake = mistake.ok_or("its first line isn't a sentence that describes the mistake")?.to_owned();
    let caught = text.lines().find_map(|line| line.strip_prefix("caught by: "));
    let (suite, model) =
        caught.and_then(|caught| caught.split_once(' ')).ok_or("the line `caught by: SUITE TEST` is missing")?;
    let suite =
        Suite::parse(suite).ok_or_else(|| format!("`{suite}` isn't a suite; the suites are loom and shuttle"))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Mutant { name, mistake, check: Check { suite, test: model.to_owned() }, patch: path.to_owned() })
}

/// A copy of the workspace, to make mistakes in.
struct Copy {
    root: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn make() -> io::Result<Self> {
        let target = workspace::root().canonicalize()?.join("target/mutants");
        let copy = Self { root: target.join("workspace"), target };
        fs::create_dir_all(&copy.root)?;
        for part in ["Cargo.toml", "Cargo.lock", "README.md", "docs", "crates", "xtask"] {
            mirror(&workspace::root().join(part), &copy.root.join(part))?;
        }
        Ok(copy)
    }

    /// Runs a test with the mistake in place, then reverts the mistake.
    fn run_mutated(&self, mutant: &Mutant) -> Result<End, Failed> {
        apply(mutant, &self.root, &[])?;
        let end = self.run(&mutant.check);
        apply(mutant, &self.root, &["--reverse"])?;
        end
    }

    fn run(&self, check: &Check) -> Result<End, Failed> {
        let failed = |reason: String| Failed::without_step(&format!("mutants: {check}"), &reason);
        let binary = self.build(check.suite).map_err(failed)?;
        let mut command = Command::new(binary);
        let command = command.args([&check.test, "--exact"]).current_dir(self.root.join("crates/bgjobs"));
        let output = |file: &str| fs::File::create(self.target.join(file));
        let child = output("stdout").and_then(|out| {
            command.stdin(Stdio::null()).stdout(out).stderr(output("stderr")?).env_remove("BGJOBS_PROVE").spawn()
        });
        let end = child.and_then(wait).map_err(|error| failed(format!("could not run the test: {error}")))?;
        let told = fs::read_to_string(self.target.join("stdout")).unwrap_or_default();
        if end == End::Passed && !told.contains("running 1 test") {
            return Err(failed("this test doesn't exist".to_owned()));
        }
        Ok(end)
    }

    /// Builds a suite and returns the path of its binary.
    fn build(&self, suite: Suite) -> Result<PathBuf, String> {
        let output = step::cargo()
            .args(BUILD.split(' '))
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("RUSTFLAGS", suite.flags())
            .stderr(Stdio::piped())
            .output()
            .map_err(|error| format!("could not start cargo: {error}"))?;
        if !output.status.success() {
            return Err(format!("the suite doesn't compile:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        let told = String::from_utf8_lossy(&output.stdout);
        let path = told.rsplit_once("\"executable\":\"").and_then(|(_, rest)| rest.split('"').next());
        path.map(PathBuf::from).ok_or_else(|| "cargo reported no binary".to_owned())
    }
}

/// Makes a mistake, or reverts it with `--reverse`.
fn apply(mutant: &Mutant, root: &Path, options: &[&str]) -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("mutants", &format!("{} doesn't apply: {reason}", mutant.name));
    let patch = mutant.patch.canonicalize().map_err(|error| failed(error.to_string()))?;
    let output = Command::new("git")
        .arg("apply")
        .args(options)
        .arg(patch)
        .current_dir(root)
        // Inside a repository, git ignores the parts of a patch outside the current folder.
        .env("GIT_CEILING_DIRECTORIES", root.parent().unwrap_or(root))
        .env("GIT_DIR", root.join("no-repository"))
        .output()
        .map_err(|error| failed(format!("could not start git: {error}")))?;
    if output.status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&output.stderr).into_owned())) }
}

/// Makes one tree equal another, and writes only files that differ, so that cargo rebuilds only those.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        let new = fs::read(from)?;
        return if fs::read(to).is_ok_and(|old| old == new) { Ok(()) } else { fs::write(to, new) };
    }
    fs::create_dir_all(to)?;
    let names: Vec<_> = fs::read_dir(from)?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    for entry in fs::read_dir(to)?.filter_map(Result::ok).filter(|entry| !names.contains(&entry.file_name())) {
        let path = entry.path();
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    names.iter().filter(|name| *name != "target").try_for_each(|name| mirror(&from.join(name), &to.join(name)))
}

/// Waits for a test, and kills it if it hangs.
fn wait(mut child: Child) -> io::Result<End> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { End::Passed } else { End::Failed });
        }
        if began.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(End::Hung);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_still_applies() {
        let mutants = all().expect("each patch has its head");
        assert!(!mutants.is_empty());
        for mutant in mutants {
            apply(&mutant, &workspace::root(), &["--check"]).unwrap_or_else(|failed| panic!("{failed}"));
        }
    }

    #[test]
    fn a_patch_describes_its_mistake_and_names_the_test_that_catches_it() {
        let read = |text| read(Path::new("mutants/a_b.patch"), text);
        let mutant = read("It is wrong.\n\ncaught by: loom a_test\n\n--- a\n+++ b\n").expect("the patch has its head");
        assert_eq!((mutant.name.as_str(), mutant.mistake.as_str()), ("a_b", "It is wrong."));
        assert_eq!(mutant.check.to_string(), "loom a_test");
        for (text, reason) in [
            ("", "its first line isn't a sentence that describes the mistake"),
            ("It is wrong.\n--- a\n", "the line `caught by: SUITE TEST` is missing"),
            ("It is wrong.\ncaught by: luck a\n", "`luck` isn't a suite; the suites are loom and shuttle"),
        ] {
            assert_eq!(read(text), Err(reason.to_owned()));
        }
    }

    #[test]
    fn a_mirrored_tree_equals_its_original_and_unchanged_files_are_not_written() {
        let folder = std::env::temp_dir().join(format!("xtask-mutants-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        let time = |file: &str| fs::metadata(to.join(file)).and_then(|data| data.modified()).expect("it was copied");
        fs::create_dir_all(from.join("below")).expect("the folder for temporary files can be written");
        fs::write(from.join("below/one"), "1").expect("the folder was just made");
        fs::write(from.join("gone"), "2").expect("the folder was just made");
        mirror(&from, &to).expect("it can be copied");
        let before = time("below/one");
        fs::remove_file(from.join("gone")).expect("it was just written");
        fs::write(from.join("new"), "3").expect("the folder was just made");
        mirror(&from, &to).expect("it can be copied again");
        assert_eq!(time("below/one"), before);
        assert_eq!((to.join("gone").exists(), to.join("new").exists()), (false, true));
        fs::remove_dir_all(folder).expect("it was just made");
    }
}
