//! One check: a call of cargo or of another program, shown as a line that a reader can paste, and timed.
//!
//! It knows nothing of what the calls check.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{component::Component, workspace};

/// A call of a program from the workspace's root.
pub(crate) struct Step {
    name: String,
    variables: Vec<(&'static str, &'static str)>,
    program: Program,
    arguments: Vec<String>,
    needs: Option<Component>,
    stamp: Option<Stamp>,
}

enum Program {
    /// The one that runs this program.
    Cargo,
    File(PathBuf),
}

/// A file that says from what a step made something that lasts: what was made from the same is kept.
#[derive(Clone)]
pub(crate) struct Stamp {
    file: PathBuf,
    text: String,
    /// Whether the step is the last that makes it, and so writes the file.
    is_last: bool,
}

impl Stamp {
    /// For a step that makes a part.
    pub(crate) fn part(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), is_last: false }
    }

    /// For the last step.
    pub(crate) fn last(file: &Path, text: &str) -> Self {
        Self { is_last: true, ..Self::part(file, text) }
    }

    fn is_true(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }
}

impl Step {
    /// `line` is split at its spaces.
    pub(crate) fn cargo(name: &str, line: &str) -> Self {
        Self::of(name, Program::Cargo, line)
    }

    /// `line` is split at its spaces.
    pub(crate) fn program(name: &str, file: &Path, line: &str) -> Self {
        Self::of(name, Program::File(file.to_owned()), line)
    }

    fn of(name: &str, program: Program, line: &str) -> Self {
        Self {
            name: name.to_owned(),
            variables: Vec::new(),
            program,
            arguments: line.split_whitespace().map(str::to_owned).collect(),
            needs: None,
            stamp: None,
        }
    }

    /// An argument that may have spaces.
    pub(crate) fn path(mut self, path: &Path) -> Self {
        self.arguments.push(path.display().to_string());
        self
    }

    /// The step is left out while the stamp is true.
    pub(crate) fn kept(mut self, stamp: Stamp) -> Self {
        self.stamp = Some(stamp);
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    pub(crate) fn needs(mut self, component: Component) -> Self {
        self.needs = Some(component);
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs it to its end, its output on the terminal, without input; returns how long it took.
    pub(crate) fn run(&self) -> Result<Duration, Failed> {
        let failed = |reason| Failed { name: self.name.clone(), line: Some(self.to_string()), reason };
        if let Some(advice) = self.needs.and_then(|component| component.if_missing(cargo())) {
            return Err(failed(advice));
        }
        if self.stamp.as_ref().is_some_and(Stamp::is_true) {
            return Ok(Duration::ZERO);
        }
        let started = Instant::now();
        let mut command = match &self.program {
            Program::Cargo => cargo(),
            Program::File(file) => at_root(file),
        };
        let status = command.args(&self.arguments).envs(self.variables.iter().copied()).stdin(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(failed(ended(status))),
            Err(error) => return Err(failed(format!("{} does not start: {error}", self.program))),
        }
        if let Some(Stamp { file, text, is_last: true }) = &self.stamp {
            fs::write(file, text).map_err(|error| failed(format!("{} can not be written: {error}", file.display())))?;
        }
        Ok(started.elapsed())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo => f.write_str("cargo"),
            Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}

/// The line that runs the same check in a shell.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            let quote = if value.contains(' ') { "\"" } else { "" };
            write!(f, "{name}={quote}{value}{quote} ")?;
        }
        write!(f, "{}", self.program)?;
        for argument in &self.arguments {
            let quote = if argument.contains(' ') { "\"" } else { "" };
            write!(f, " {quote}{argument}{quote}")?;
        }
        Ok(())
    }
}

/// A check that did not pass.
#[derive(Debug)]
pub(crate) struct Failed {
    name: String,
    /// What repeats it, if it could be begun.
    line: Option<String>,
    reason: String,
}

impl Failed {
    /// A check that could not be begun.
    pub(crate) fn without_step(name: &str, reason: &str) -> Self {
        Self { name: name.to_owned(), line: None, reason: reason.to_owned() }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, line, reason } = self;
        write!(f, "failed: {name}: {reason}")?;
        match line {
            Some(line) => write!(f, "\nhint: run it again with `{line}`"),
            None => Ok(()),
        }
    }
}

/// The cargo that runs this program, from the workspace's root.
pub(crate) fn cargo() -> Command {
    at_root(Path::new(&env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// What rustc calls this machine; empty if it does not say, which cargo will complain of.
pub(crate) fn host() -> String {
    let output = Command::new("rustc").args(["--print", "host-tuple"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// A program that will run in the workspace's root.
pub(crate) fn at_root(program: &Path) -> Command {
    let root = workspace::root();
    // A bare name is looked for on the path; what has a folder is meant from the root, wherever the caller stands.
    let is_bare = program.components().count() == 1;
    let mut command = if is_bare { Command::new(program) } else { Command::new(root.join(program)) };
    command.current_dir(root);
    command
}

fn ended(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_as_a_line_for_the_shell() {
        assert_eq!(Step::cargo("a", "fmt --all").to_string(), "cargo fmt --all");
        let step = Step::cargo("a", "doc").env("RUSTDOCFLAGS", "-D warnings").env("CASES", "5");
        assert_eq!(step.to_string(), r#"RUSTDOCFLAGS="-D warnings" CASES=5 cargo doc"#);
    }

    #[test]
    fn an_argument_with_spaces_is_quoted() {
        let step = Step::program("a", Path::new("target/bin/python"), "-m venv").path(Path::new("my target/3.11"));
        assert_eq!(step.to_string(), r#"target/bin/python -m venv "my target/3.11""#);
    }

    #[test]
    fn what_was_made_from_the_same_is_kept() {
        let file = env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let stamp = Stamp::last(&file, "a 1");
        assert!(!stamp.is_true());
        fs::write(&file, "a 1").expect("the folder for temporary files can be written");
        assert!(stamp.is_true());
        assert!(!Stamp::part(&file, "a 2").is_true());
        fs::remove_file(&file).expect("it was just written");
    }

    #[test]
    fn a_failure_names_the_step_and_the_way_to_run_it_again() {
        let line = Some("cargo clippy".to_owned());
        let failed = Failed { name: "clippy".to_owned(), line, reason: "exit code 101".to_owned() };
        assert_eq!(failed.to_string(), "failed: clippy: exit code 101\nhint: run it again with `cargo clippy`",);
    }
}
