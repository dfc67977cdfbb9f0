//! One check: a call of cargo, shown as a line that a reader can paste, and timed.
//!
//! It knows nothing of what the calls check.

use std::{
    env, fmt,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{checks, component::Component};

/// A call of cargo from the workspace's root.
pub(crate) struct Step {
    name: String,
    variables: Vec<(&'static str, &'static str)>,
    arguments: Vec<String>,
    needs: Option<Component>,
}

impl Step {
    /// `line` is split at its spaces.
    pub(crate) fn cargo(name: &str, line: &str) -> Self {
        Self {
            name: name.to_owned(),
            variables: Vec::new(),
            arguments: line.split_whitespace().map(str::to_owned).collect(),
            needs: None,
        }
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
        let failed = |reason| Failed { name: self.name.clone(), line: self.to_string(), reason };
        if let Some(advice) = self.needs.and_then(|component| component.if_missing(cargo())) {
            return Err(failed(advice));
        }
        let started = Instant::now();
        let status = cargo().args(&self.arguments).envs(self.variables.iter().copied()).stdin(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(started.elapsed()),
            Ok(status) => Err(failed(ended(status))),
            Err(error) => Err(failed(format!("cargo does not start: {error}"))),
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
        write!(f, "cargo {}", self.arguments.join(" "))
    }
}

/// A check that did not pass.
#[derive(Debug)]
pub(crate) struct Failed {
    name: String,
    line: String,
    reason: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, line, reason } = self;
        write!(f, "failed: {name}: {reason}\nhint: run it again with `{line}`")
    }
}

/// The cargo that runs this program.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checks::root());
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
    fn a_failure_names_the_step_and_the_way_to_run_it_again() {
        let failed =
            Failed { name: "clippy".to_owned(), line: "cargo clippy".to_owned(), reason: "exit code 101".to_owned() };
        assert_eq!(failed.to_string(), "failed: clippy: exit code 101\nhint: run it again with `cargo clippy`",);
    }
}
