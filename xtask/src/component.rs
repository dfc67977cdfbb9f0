//! Components of a Rust installation that may be missing, and how to install them.
//!
//! It knows the messages of cargo and rustup; it does not install anything.

use std::process::Command;

/// A component that some installations lack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Component {
    Rustfmt,
    Clippy,
}

impl Component {
    /// Its name in rustup.
    fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
        }
    }

    /// Its package in Debian.
    fn debian_package(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "rust-clippy",
        }
    }

    /// Its subcommand of cargo.
    fn command(self) -> &'static str {
        match self {
            Self::Rustfmt => "fmt",
            Self::Clippy => "clippy",
        }
    }

    /// How to install it, if it is missing on this machine.
    pub(crate) fn if_missing(self, mut cargo: Command) -> Option<String> {
        let output = cargo.args([self.command(), "--version"]).output().ok()?;
        if output.status.success() {
            return None;
        }
        self.advice(&String::from_utf8_lossy(&output.stderr))
    }

    /// How to install it, if this message of cargo or rustup says that it is missing.
    fn advice(self, message: &str) -> Option<String> {
        let name = self.name();
        if message.contains("is not installed for the toolchain") {
            Some(format!("{name} is missing\nhint: `rustup component add {name}` installs it"))
        } else if message.contains("no such command") {
            let package = self.debian_package();
            Some(format!(
                "{name} is missing\n\
                 hint: install it the way you installed cargo; on Debian run `apt install {package}`",
            ))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(component: Component, message: &str, expected: Option<&str>) {
        let advice = component.advice(message);
        assert_eq!(advice.as_deref(), expected);
    }

    #[test]
    fn with_rustup_the_advice_is_a_rustup_command() {
        check(
            Component::Clippy,
            "error: 'cargo-clippy' is not installed for the toolchain 'stable-x86_64-unknown-linux-gnu'.\n\
             help: run `rustup component add clippy` to install it\n",
            Some("clippy is missing\nhint: `rustup component add clippy` installs it"),
        );
    }

    #[test]
    fn with_a_distribution_s_cargo_the_advice_is_a_package() {
        check(
            Component::Clippy,
            "error: no such command: `clippy`\n\nhelp: view all installed commands with `cargo --list`\n",
            Some(
                "clippy is missing\n\
                 hint: install it the way you installed cargo; on Debian run `apt install rust-clippy`",
            ),
        );
        check(
            Component::Rustfmt,
            "error: no such command: `fmt`\n",
            Some(
                "rustfmt is missing\n\
                 hint: install it the way you installed cargo; on Debian run `apt install rustfmt`",
            ),
        );
    }

    #[test]
    fn any_other_message_gets_no_advice() {
        check(Component::Rustfmt, "error: could not find `Cargo.toml`", None);
        check(Component::Rustfmt, "", None);
    }
}
