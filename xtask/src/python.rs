//! The Pythons on this machine, and the checks that run with each.
//!
//! It knows venv, pip and pytest; it does not run the checks, which install nothing outside the target folder. The only
//! programs it runs itself are Pythons, to ask for their version.
//!
//! Each Python gets two environments: one with the oldest versions of what the package depends on and one with the newest,
//! which in the long form are those of the day. Later runs reuse them until the interpreter or the requirements change,
//! but for those of the day. The package is built once: one wheel serves every Python.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    debian,
    step::{self, Stamp, Step},
    workspace,
};

/// A Python that can create environments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Python {
    file: PathBuf,
    version: Version,
    /// The interpreter's prefix and full version: an environment that another one created is not reused.
    whole: String,
    place: Place,
}

/// Where a Python is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// On this machine.
    Here,
    /// Among Debian's programs under the target folder.
    Debian,
}

/// Major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

const OLDEST: Version = Version(3, 9);

/// The minor versions to look for by name.
const MINORS: std::ops::RangeInclusive<u32> = 9..=15;

/// Which versions of its dependencies an environment has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The newest when the requirements were written, so that the same checks pass tomorrow.
    Newest,
    /// The newest when the environment is made.
    Today,
    /// The oldest that the package allows.
    Oldest,
}

impl Kind {
    /// The name of its folder and, with `.txt`, of its file of requirements.
    fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Today => "today",
            Self::Oldest => "oldest",
        }
    }
}

/// Prints the version and the prefix; fails if venv or pip is missing, as on a Debian without `python3-venv`.
const QUESTION: &str =
    "import sys, ensurepip, venv; print(*sys.version_info[:2]); print(sys.prefix, *sys.version.split())";

/// The default Python, or what is missing.
pub(crate) fn default() -> Result<Vec<Python>, String> {
    probe(Path::new(DEFAULT)).map(|python| vec![python])
}

const DEFAULT: &str = if cfg!(windows) { "python" } else { "python3" };

/// The default Python and one of each other version, from `python3.N` on the path and from pyenv.
pub(crate) fn all() -> Result<Vec<Python>, String> {
    let default = probe(Path::new(DEFAULT));
    let named = MINORS.map(|minor| PathBuf::from(format!("python3.{minor}")));
    let others = named.chain(of_pyenv()).filter_map(|file| probe(&file).ok());
    let mut found: Vec<Python> = Vec::new();
    for python in default.iter().cloned().chain(others) {
        if found.iter().all(|other| other.version != python.version) {
            found.push(python);
        }
    }
    if found.is_empty() { default.map(|_| found) } else { Ok(found) }
}

/// The Pythons of Debian's unstable suite that are not among these.
pub(crate) fn of_debian(here: &[Python]) -> Vec<Python> {
    let of = |minor| Python {
        file: format!("python3.{minor}").into(),
        version: Version(3, minor),
        whole: "Debian".to_owned(),
        place: Place::Debian,
    };
    let is_new = |python: &Python| here.iter().all(|other| other.version != python.version);
    debian::MINORS.map(of).into_iter().filter(is_new).collect()
}

/// The Pythons that pyenv manages.
fn of_pyenv() -> Vec<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".pyenv")));
    let folders = root.and_then(|root| fs::read_dir(root.join("versions")).ok());
    let mut files: Vec<PathBuf> =
        folders.into_iter().flatten().filter_map(|folder| Some(folder.ok()?.path().join("bin/python"))).collect();
    files.sort();
    files
}

/// Asks a Python for its version; an error says what to install.
fn probe(file: &Path) -> Result<Python, String> {
    let Ok(output) = step::at_root(file).args(["-c", QUESTION]).output() else {
        return Err(advice(file, None));
    };
    let answer = output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned());
    match answer.as_deref().and_then(|answer| parse_answer(file, answer)) {
        Some(python) if python.version >= OLDEST => Ok(python),
        Some(python) => Err(advice(file, Some(python.version))),
        None if String::from_utf8_lossy(&output.stderr).contains("ModuleNotFoundError") => Err(without_venv(file)),
        None => Err(advice(file, None)),
    }
}

/// Reads a Python's answer to [`QUESTION`].
fn parse_answer(file: &Path, answer: &str) -> Option<Python> {
    let (numbers, whole) = answer.trim_end().split_once('\n')?;
    let (major, minor) = numbers.split_once(' ')?;
    let version = Version(major.parse().ok()?, minor.parse().ok()?);
    Some(Python { file: file.to_owned(), version, whole: whole.to_owned(), place: Place::Here })
}

fn advice(file: &Path, too_old: Option<Version>) -> String {
    let file = file.display();
    let what = match too_old {
        Some(Version(major, minor)) => format!("{file} is Python {major}.{minor}, and the package needs 3.9 or newer"),
        None => format!("{file} is missing"),
    };
    format!("{what}\nhint: install a Python with venv and pip; on Debian run `apt install python3 python3-venv`")
}

fn without_venv(file: &Path) -> String {
    format!(
        "{} has no venv and pip\n\
         hint: install them the way you installed Python; on Debian run `apt install python3-venv`",
        file.display()
    )
}

impl Python {
    /// A step that runs this Python, or one of an environment that it made.
    fn step(&self, name: &str, program: &Path, line: &str) -> Step {
        match self.place {
            Place::Here => Step::program(name, program, line),
            Place::Debian => debian::step(name, program, line),
        }
    }
}

/// The steps for these Pythons, with the versions of each kind. The first one also builds the package, and checks its style
/// and types.
pub(crate) fn steps(pythons: &[Python], kinds: &[Kind]) -> Vec<Step> {
    let folder = folder();
    let wheels = folder.join("wheels");
    let mut steps = Vec::new();
    for (index, python) in pythons.iter().enumerate() {
        for (position, kind) in kinds.iter().enumerate() {
            let is_first = index == 0 && position == 0;
            let environment = Environment::new(&folder, python, *kind);
            steps.extend(environment.created());
            if is_first {
                steps.push(environment.wheel(&wheels));
            }
            steps.push(environment.package(&wheels));
            if is_first {
                steps.extend(environment.style());
            }
            steps.extend(environment.tests());
        }
    }
    steps
}

/// The steps that install the package in the environment with the newest versions.
pub(crate) fn installed(python: &Python) -> Vec<Step> {
    let wheels = folder().join("wheels");
    let environment = Environment::new(&folder(), python, Kind::Newest);
    let [created, requirements] = environment.created();
    vec![created, requirements, environment.wheel(&wheels), environment.package(&wheels)]
}

/// The interpreter of an environment.
pub(crate) fn program(python: &Python, kind: Kind) -> PathBuf {
    Environment::new(&folder(), python, kind).program()
}

/// Whether a Python is as new as this version.
pub(crate) fn is_at_least(python: &Python, major: u32, minor: u32) -> bool {
    python.version >= Version(major, minor)
}

/// The step that creates an empty environment.
pub(crate) fn environment(name: &str, python: &Python, folder: &Path) -> Step {
    python.step(name, &python.file, "-m venv --clear").path(folder)
}

/// The folder of environments and wheels.
fn folder() -> PathBuf {
    workspace::target().join("python")
}

/// A virtual environment.
struct Environment<'a> {
    python: &'a Python,
    kind: Kind,
    name: String,
    folder: PathBuf,
    requirements: PathBuf,
}

impl<'a> Environment<'a> {
    fn new(folder: &Path, python: &'a Python, kind: Kind) -> Self {
        let (Version(major, minor), kind_name) = (python.version, kind.name());
        Self {
            python,
            kind,
            name: format!("Python {major}.{minor}, {kind_name}"),
            folder: folder.join(format!("{major}.{minor}-{kind_name}")),
            requirements: Path::new("python/tests").join(format!("{kind_name}.txt")),
        }
    }

    /// The steps that create it. They are skipped until the interpreter or the requirements change, which for the versions of
    /// the day may be at any time.
    fn created(&self) -> [Step; 2] {
        let (stamp, text) = (workspace::root().join(&self.folder).join("made-from"), self.inputs());
        let environment = environment(&format!("{}: environment", self.name), self.python, &self.folder);
        let requirements = self.step("requirements", "-m pip install --quiet --disable-pip-version-check -r");
        let steps = [environment, requirements.path(&self.requirements)];
        if self.kind == Kind::Today {
            return steps;
        }
        let [environment, requirements] = steps;
        [environment.unless(Stamp::part(&stamp, &text)), requirements.unless(Stamp::last(&stamp, &text))]
    }

    /// Everything that the environment depends on.
    fn inputs(&self) -> String {
        let read = |name: &Path| fs::read_to_string(workspace::root().join(name)).unwrap_or_default();
        let common = read(Path::new("python/tests/requirements.txt"));
        format!("{}\n{common}\n{}", self.python.whole, read(&self.requirements))
    }

    /// Builds the package as `pip install .` does, with the environment's maturin.
    fn wheel(&self, wheels: &Path) -> Step {
        self.step("wheel", "-m maturin build --quiet --release --out").path(wheels)
    }

    /// Installs the wheel.
    fn package(&self, wheels: &Path) -> Step {
        self.step("package", "-m pip install --quiet --no-deps --no-index --force-reinstall bgjobs --find-links")
            .path(wheels)
    }

    fn style(&self) -> [Step; 4] {
        [
            self.step("formatting", "-m ruff format --check --quiet python xtask"),
            self.step("lints", "-m ruff check --quiet python xtask"),
            self.step("types", "-m mypy python/bgjobs"),
            self.step("types of the bindings", "-m mypy.stubtest bgjobs._core"),
        ]
    }

    fn tests(&self) -> [Step; 2] {
        [
            self.step("doctests", "-m pytest --quiet --doctest-modules --pyargs bgjobs"),
            self.step("tests", "-m pytest --quiet python/tests"),
        ]
    }

    /// A step that runs the environment's Python.
    fn step(&self, what: &str, line: &str) -> Step {
        self.python.step(&format!("{}: {what}", self.name), &self.program(), line)
    }

    fn program(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts/python" } else { "bin/python" })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn python(minor: u32) -> Python {
        Python {
            file: "python3".into(),
            version: Version(3, minor),
            whole: "/usr 3.11.7".to_owned(),
            place: Place::Here,
        }
    }

    #[test]
    fn an_answer_holds_the_version() {
        let answer = "3 11\n/usr 3.11.7 (main, Jan 1 2026) [GCC]\n";
        let python = parse_answer(Path::new("python3"), answer).map(|python| (python.version, python.whole));
        assert_eq!(python, Some((Version(3, 11), "/usr 3.11.7 (main, Jan 1 2026) [GCC]".to_owned())));
        assert_eq!(parse_answer(Path::new("python3"), "pyenv: python3: command not found\n"), None);
        assert_eq!(parse_answer(Path::new("python3"), ""), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(Version(3, 10) > OLDEST);
        assert!(Version(3, 8) < OLDEST);
        assert!(Version(2, 7) < OLDEST);
    }

    #[test]
    fn the_advice_names_what_is_missing_and_its_package() {
        let none = probe(Path::new("no-such-python")).expect_err("there is no such program");
        assert_eq!(
            none,
            "no-such-python is missing\n\
             hint: install a Python with venv and pip; on Debian run `apt install python3 python3-venv`"
        );
        assert!(
            advice(Path::new("python3"), Some(Version(3, 8)))
                .starts_with("python3 is Python 3.8, and the package needs 3.9")
        );
        assert!(without_venv(Path::new("python3")).ends_with("`apt install python3-venv`"));
    }

    #[test]
    fn the_package_is_built_once_and_tested_in_each_environment() {
        let steps = steps(&[python(11), python(9)], &[Kind::Newest, Kind::Oldest]);
        let count = |end: &str| steps.iter().filter(|step| step.name().ends_with(end)).count();
        assert_eq!([count(": wheel"), count(": types"), count(": package"), count(": tests")], [1, 1, 4, 4]);
    }

    #[test]
    fn step_names_are_unique() {
        let steps = steps(&[python(11), python(9)], &[Kind::Newest, Kind::Oldest]);
        let names: std::collections::BTreeSet<_> = steps.iter().map(Step::name).collect();
        assert_eq!(names.len(), steps.len());
    }

    #[test]
    fn an_environment_depends_on_its_requirements() {
        let (python, folder) = (python(11), Path::new("target/python"));
        let [newest, oldest] =
            [Kind::Newest, Kind::Oldest].map(|kind| Environment::new(folder, &python, kind).inputs());
        assert_ne!(newest, oldest);
        for requirements in [newest, oldest] {
            assert!(requirements.contains("pytest==") && requirements.contains("ipython=="), "{requirements}");
        }
    }

    #[test]
    fn the_oldest_environment_has_the_oldest_dependencies_that_the_package_allows() {
        let read = |name: &str| fs::read_to_string(workspace::root().join(name)).expect("the repository has it");
        let (project, oldest) = (read("pyproject.toml"), read("python/tests/oldest.txt"));
        let (_, rest) = project.split_once("\ndependencies = [").expect("the package has dependencies");
        let (list, _) = rest.split_once(']').expect("the list ends");
        for dependency in list.split(',').map(|quoted| quoted.trim().trim_matches('"')) {
            let pinned = dependency.replacen(">=", "==", 1).replace('\'', "\"");
            assert!(oldest.lines().any(|line| line == pinned), "oldest.txt has no {pinned}");
        }
    }

    #[test]
    fn the_versions_of_the_day_are_not_pinned() {
        let file = workspace::root().join("python/tests/today.txt");
        let today = fs::read_to_string(file).expect("the repository has it");
        assert!(["cloudpickle", "ipykernel", "ipython"].iter().all(|name| today.lines().any(|line| line == *name)));
    }

    #[test]
    fn debian_has_the_pythons_that_are_not_here() {
        let versions = |here: &[Python]| of_debian(here).iter().map(|python| python.version).collect::<Vec<_>>();
        assert_eq!(versions(&[python(11)]), [Version(3, 14), Version(3, 15)]);
        assert_eq!(versions(&[python(14), python(13)]), [Version(3, 15)]);
    }
}
