//! Mistakes sown on purpose: each is a patch that says which check must catch it.
//!
//! It knows the patches in `crates/bgjobs/mutants` and how the checks that they name are run; it knows nothing of what is in them.
//!
//! A patch begins with a sentence that says what is wrong, then names its check: `caught by: loom NAME`.
//! It is applied to a copy of the workspace below the target folder, so nothing of it is left in the workspace.

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

/// After this long a test hangs, which is a way to catch a mistake.
const PATIENCE: Duration = Duration::from_mins(3);

/// Cargo's arguments for the models.
const BUILD: &str =
    "test -p bgjobs --test models --profile model --no-run --quiet --message-format=json-render-diagnostics";

/// A mistake, and who must see it.
#[derive(Debug, PartialEq)]
struct Mutant {
    name: String,
    what: String,
    check: Check,
    patch: PathBuf,
}

/// A test that must fail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Check {
    suite: Suite,
    test: String,
}

/// How the models are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suite {
    /// The models, in all interleavings.
    Loom,
    /// The models, in random interleavings.
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

/// Applies the patches one by one and runs what must catch them; those only whose name has `part` in it.
pub(crate) fn run(part: &str) -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("mutants", &reason);
    let mutants: Vec<_> = all()?.into_iter().filter(|mutant| mutant.name.contains(part)).collect();
    if mutants.is_empty() {
        return Err(failed(format!("no mutant has `{part}` in its name; they are in {}", folder().display())));
    }
    let copy = Copy::make().map_err(|error| failed(format!("the workspace can't be copied: {error}")))?;
    let checks: BTreeSet<_> = mutants.iter().map(|mutant| &mutant.check).collect();
    for check in checks {
        if copy.run(check)? != End::Passed {
            return Err(failed(format!("`{check}` does not pass without a mutant, so it can't catch one")));
        }
    }
    let mut survivors = Vec::new();
    for mutant in &mutants {
        let began = Instant::now();
        let end = copy.run_mutated(mutant)?;
        let word = match end {
            End::Passed => "SURVIVED",
            End::Failed => "caught",
            End::Hung => "caught, it hangs",
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
    let told: Vec<_> = survivors.iter().map(|mutant| format!("{}: {}", mutant.name, mutant.what)).collect();
    Err(failed(format!("not caught:\n{}\nhint: mend the check that its patch names", told.join("\n"))))
}

fn folder() -> PathBuf {
    workspace::root().join("crates/bgjobs/mutants")
}

/// All mutants, by name.
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
    let what = text.lines().next().filter(|line| line.ends_with('.'));
    let what = what.ok_or("its first line is no sentence that says what is wrong")?.to_owned();
    let caught = text.lines().find_map(|line| line.strip_prefix("caught by: "));
    let (suite, model) =
        caught.and_then(|caught| caught.split_once(' ')).ok_or("it has no line `caught by: SUITE TEST`")?;
    let suite = Suite::parse(suite).ok_or_else(|| format!("{suite} is no suite: loom or shuttle"))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Mutant { name, what, check: Check { suite, test: model.to_owned() }, patch: path.to_owned() })
}

/// A workspace in which mistakes are made.
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
            bring(&workspace::root().join(part), &copy.root.join(part))?;
        }
        Ok(copy)
    }

    /// Runs a check with a mistake made, and mends that again.
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
        let end = child.and_then(wait).map_err(|error| failed(format!("it does not run: {error}")))?;
        let told = fs::read_to_string(self.target.join("stdout")).unwrap_or_default();
        if end == End::Passed && !told.contains("running 1 test") {
            return Err(failed("there is no such test".to_owned()));
        }
        Ok(end)
    }

    /// Builds a suite; the path of its binary.
    fn build(&self, suite: Suite) -> Result<PathBuf, String> {
        let output = step::cargo()
            .args(BUILD.split(' '))
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("RUSTFLAGS", suite.flags())
            .stderr(Stdio::piped())
            .output()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        if !output.status.success() {
            return Err(format!("it does not compile:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        let told = String::from_utf8_lossy(&output.stdout);
        let path = told.rsplit_once("\"executable\":\"").and_then(|(_, rest)| rest.split('"').next());
        path.map(PathBuf::from).ok_or_else(|| "cargo names no binary".to_owned())
    }
}

/// Makes a mistake, or with `--reverse` mends it.
fn apply(mutant: &Mutant, root: &Path, options: &[&str]) -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("mutants", &format!("{} does not apply: {reason}", mutant.name));
    let patch = mutant.patch.canonicalize().map_err(|error| failed(error.to_string()))?;
    let output = Command::new("git")
        .arg("apply")
        .args(options)
        .arg(patch)
        .current_dir(root)
        // In a folder of a repository git would apply what is below that folder only.
        .env("GIT_CEILING_DIRECTORIES", root.parent().unwrap_or(root))
        .env("GIT_DIR", root.join("no-repository"))
        .output()
        .map_err(|error| failed(format!("git does not start: {error}")))?;
    if output.status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&output.stderr).into_owned())) }
}

/// Copies what differs, so that cargo builds only that anew.
fn bring(from: &Path, to: &Path) -> io::Result<()> {
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
    names.iter().filter(|name| *name != "target").try_for_each(|name| bring(&from.join(name), &to.join(name)))
}

/// Waits for a test, which is ended if it takes too long.
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
    fn each_mutant_can_still_be_made() {
        let mutants = all().expect("each has its head");
        assert!(!mutants.is_empty());
        for mutant in mutants {
            apply(&mutant, &workspace::root(), &["--check"]).unwrap_or_else(|failed| panic!("{failed}"));
        }
    }

    #[test]
    fn a_patch_says_what_is_wrong_and_who_must_see_it() {
        let read = |text| read(Path::new("mutants/a_b.patch"), text);
        let mutant = read("It is wrong.\n\ncaught by: loom a_test\n\n--- a\n+++ b\n").expect("it has its head");
        assert_eq!((mutant.name.as_str(), mutant.what.as_str()), ("a_b", "It is wrong."));
        assert_eq!(mutant.check.to_string(), "loom a_test");
        for (text, reason) in [
            ("", "its first line is no sentence that says what is wrong"),
            ("It is wrong.\n--- a\n", "it has no line `caught by: SUITE TEST`"),
            ("It is wrong.\ncaught by: luck a\n", "luck is no suite: loom or shuttle"),
        ] {
            assert_eq!(read(text), Err(reason.to_owned()));
        }
    }

    #[test]
    fn a_copy_is_as_its_original_and_keeps_what_is_the_same() {
        let folder = std::env::temp_dir().join(format!("xtask-mutants-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        let time = |file: &str| fs::metadata(to.join(file)).and_then(|data| data.modified()).expect("it was copied");
        fs::create_dir_all(from.join("below")).expect("the folder for temporary files can be written");
        fs::write(from.join("below/one"), "1").expect("the folder was just made");
        fs::write(from.join("gone"), "2").expect("the folder was just made");
        bring(&from, &to).expect("it can be copied");
        let before = time("below/one");
        fs::remove_file(from.join("gone")).expect("it was just written");
        fs::write(from.join("new"), "3").expect("the folder was just made");
        bring(&from, &to).expect("it can be copied again");
        assert_eq!(time("below/one"), before);
        assert_eq!((to.join("gone").exists(), to.join("new").exists()), (false, true));
        fs::remove_dir_all(folder).expect("it was just made");
    }
}
