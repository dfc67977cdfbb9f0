//! Parts of a Rust installation that may be missing, and how to get them.
//!
//! It knows the messages of cargo and rustup; it installs nothing.

use std::process::Command;

/// A part that is not in every installation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Component {
    Rustfmt,
    Clippy,
}

impl Component {
    /// What rustup calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
        }
    }

    /// What Debian calls it.
    fn debian_package(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "rust-clippy",
        }
    }

    /// What cargo calls it.
    fn command(self) -> &'static str {
        match self {
            Self::Rustfmt => "fmt",
            Self::Clippy => "clippy",
        }
    }

    /// How to get it, if it is missing here.
    pub(crate) fn if_missing(self, mut cargo: Command) -> Option<String> {
        let output = cargo.args([self.command(), "--version"]).output().ok()?;
        if output.status.success() {
            return None;
        }
        self.advice(&String::from_utf8_lossy(&output.stderr))
    }

    /// How to get it, if that is what a message of cargo or rustup is about.
    fn advice(self, message: &str) -> Option<String> {
        let name = self.name();
        if message.contains("is not installed for the toolchain") {
            Some(format!("{name} is missing\nhint: `rustup component add {name}` installs it"))
        } else if message.contains("no such command") {
            let package = self.debian_package();
            Some(format!(
                "{name} is missing\nhint: install it as you installed cargo; on Debian that is `apt install {package}`",
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
    fn rustup_without_the_component_gets_rustup_s_command() {
        check(
            Component::Clippy,
            "error: 'cargo-clippy' is not installed for the toolchain 'stable-x86_64-unknown-linux-gnu'.\n\
             help: run `rustup component add clippy` to install it\n",
            Some("clippy is missing\nhint: `rustup component add clippy` installs it"),
        );
    }

    #[test]
    fn cargo_of_a_distribution_gets_its_package() {
        check(
            Component::Clippy,
            "error: no such command: `clippy`\n\nhelp: view all installed commands with `cargo --list`\n",
            Some(
                "clippy is missing\nhint: install it as you installed cargo; on Debian that is `apt install rust-clippy`",
            ),
        );
        check(
            Component::Rustfmt,
            "error: no such command: `fmt`\n",
            Some(
                "rustfmt is missing\nhint: install it as you installed cargo; on Debian that is `apt install rustfmt`",
            ),
        );
    }

    #[test]
    fn any_other_message_is_left_to_speak_for_itself() {
        check(Component::Rustfmt, "error: could not find `Cargo.toml`", None);
        check(Component::Rustfmt, "", None);
    }
}
