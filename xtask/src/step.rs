//! One step: runs cargo or another program, times it, and prints the command for the reader to paste.
//!
//! It does not know what a step checks.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{component::Component, workspace};

/// A program to run from the workspace's root.
pub(crate) struct Step {
    name: String,
    variables: Vec<(&'static str, String)>,
    program: Program,
    arguments: Vec<String>,
    needs: Option<Component>,
    stamp: Option<Stamp>,
}

enum Program {
    /// The cargo that runs xtask.
    Cargo,
    File(PathBuf),
}

/// A file that records the inputs of steps whose output is reused: they are skipped until the inputs change.
#[derive(Clone)]
pub(crate) struct Stamp {
    file: PathBuf,
    text: String,
    /// Whether this step completes the output, and so writes the file.
    is_last: bool,
}

impl Stamp {
    /// For a step that others follow.
    pub(crate) fn part(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), is_last: false }
    }

    /// For the last step.
    pub(crate) fn last(file: &Path, text: &str) -> Self {
        Self { is_last: true, ..Self::part(file, text) }
    }

    pub(crate) fn is_current(&self) -> bool {
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

    /// Adds an argument that may contain spaces.
    pub(crate) fn path(mut self, path: &Path) -> Self {
        self.arguments.push(path.display().to_string());
        self
    }

    /// Skips the step while the stamp is current.
    pub(crate) fn unless(mut self, stamp: Stamp) -> Self {
        self.stamp = Some(stamp);
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn needs(mut self, component: Component) -> Self {
        self.needs = Some(component);
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs the program without input, its output on the terminal; returns how long it took.
    pub(crate) fn run(&self) -> Result<Duration, Failed> {
        let failed = |reason| Failed { name: self.name.clone(), line: Some(self.to_string()), reason };
        if let Some(advice) = self.needs.and_then(|component| component.if_missing(cargo())) {
            return Err(failed(advice));
        }
        if self.stamp.as_ref().is_some_and(Stamp::is_current) {
            return Ok(Duration::ZERO);
        }
        let started = Instant::now();
        let mut command = match &self.program {
            Program::Cargo => cargo(),
            Program::File(file) => at_root(file),
        };
        let status = command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(failed(ended(status))),
            Err(error) => return Err(failed(format!("could not start {}: {error}", self.program))),
        }
        if let Some(Stamp { file, text, is_last: true }) = &self.stamp {
            fs::write(file, text).map_err(|error| failed(format!("could not write {}: {error}", file.display())))?;
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

/// The command line that repeats the step in a shell.
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

/// A check that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    name: String,
    /// The command line that repeats it, if it is a step.
    line: Option<String>,
    reason: String,
}

impl Failed {
    /// A failure outside any step.
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

/// The cargo that runs xtask, in the workspace's root.
pub(crate) fn cargo() -> Command {
    at_root(Path::new(&env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// The host's target triple; empty if rustc does not say, which cargo will report.
pub(crate) fn host() -> String {
    let output = Command::new("rustc").args(["--print", "host-tuple"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// A command that runs in the workspace's root.
pub(crate) fn at_root(program: &Path) -> Command {
    let root = workspace::root();
    // A bare name is looked up in PATH; a path is relative to the root, whatever the current folder is.
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
    fn a_step_is_shown_as_a_command_line() {
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
    fn a_stamp_is_current_while_the_inputs_stay_the_same() {
        let file = env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let stamp = Stamp::last(&file, "a 1");
        assert!(!stamp.is_current());
        fs::write(&file, "a 1").expect("the folder for temporary files can be written");
        assert!(stamp.is_current());
        assert!(!Stamp::part(&file, "a 2").is_current());
        fs::remove_file(&file).expect("it was just written");
    }

    #[test]
    fn a_failure_names_the_step_and_the_command_that_repeats_it() {
        let line = Some("cargo clippy".to_owned());
        let failed = Failed { name: "clippy".to_owned(), line, reason: "exit code 101".to_owned() };
        assert_eq!(failed.to_string(), "failed: clippy: exit code 101\nhint: run it again with `cargo clippy`",);
    }
}
