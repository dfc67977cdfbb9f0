//! Packs the crates as for crates.io, unpacks them, and runs their tests where nothing of the repository is around them.
//!
//! It knows what a published crate contains; it does not know what its tests prove.

use std::{fs, io, path::Path, process::Command};

use crate::{
    step::{self, Failed},
    workspace::{root, target},
};

/// The crates that are published, each in the folder of its name.
const CRATES: [&str; 3] = ["bgjobs", "bgjobs-cli", "bgjobs-shell"];

const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// One workspace of all, so that each takes the others beside it, which the registry may not have yet.
const MANIFEST: &str = r#"[workspace]
members = ["bgjobs-*"]
resolver = "3"

# As in the repository: tests that look up frames would take seconds with more.
[profile.dev]
debug = "line-tables-only"

[patch.crates-io]
bgjobs = { path = "bgjobs-VERSION" }
bgjobs-cli = { path = "bgjobs-cli-VERSION" }
"#;

/// Packs, unpacks and tests.
pub(crate) fn run() -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("package", &reason);
    let target = root().canonicalize().map_err(|error| failed(error.to_string()))?.join(target());
    let unpacked = target.join("unpacked");
    let names = CRATES.map(|name| format!("{name}-{}", env!("CARGO_PKG_VERSION")));
    // The tests below compile more than the verification does, and a change is tried before it is committed.
    finish(
        step::cargo().args(["package", "--no-verify", "--allow-dirty"]).args(CRATES.map(|name| format!("-p{name}"))),
    )?;
    lay_out(&unpacked).map_err(|error| failed(format!("could not write {}: {error}", unpacked.display())))?;
    for name in &names {
        let file = target.join(format!("package/{name}.crate"));
        // The files are as new as their unpacking, or cargo would take what an earlier run has built for theirs.
        finish(Command::new("tar").arg("-xmzf").arg(file).arg("-C").arg(&unpacked))?;
        for license in LICENSES {
            if !same(&unpacked.join(name).join(license), &root().join(license)) {
                return Err(failed(format!("{name} comes with another {license} than the repository")));
            }
        }
    }
    finish(
        step::cargo()
            .args(["test", "--workspace", "--all-features"])
            .current_dir(&unpacked)
            .env("CARGO_TARGET_DIR", unpacked.join("target"))
            // Otherwise `expect_file` takes the repository around it for the workspace.
            .env("CARGO_WORKSPACE_DIR", &unpacked),
    )
}

/// Makes the folder in which the crates are unpacked; keeps what an earlier run has built there.
fn lay_out(unpacked: &Path) -> io::Result<()> {
    fs::create_dir_all(unpacked)?;
    for entry in fs::read_dir(unpacked)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("bgjobs-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    fs::write(unpacked.join("Cargo.toml"), MANIFEST.replace("VERSION", env!("CARGO_PKG_VERSION")))?;
    // The same versions of all dependencies, which are already on disk.
    fs::copy(root().join("Cargo.lock"), unpacked.join("Cargo.lock"))?;
    Ok(())
}

/// Runs a command to its end.
fn finish(command: &mut Command) -> Result<(), Failed> {
    let reason = match command.status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Err(Failed::without_step("package", &format!("{command:?}: {reason}")))
}

fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).is_ok_and(|text| fs::read(other).is_ok_and(|other| other == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a published crate, each file and the folder that it is in.
    fn contents(name: &str) -> Vec<String> {
        let output = step::cargo().args(["package", "--list", "--allow-dirty", "--offline", "-p", name]).output();
        let output = output.expect("cargo runs these tests");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.replace('\\', "/")).collect()
    }

    #[test]
    fn a_published_crate_has_a_readme_the_licenses_its_code_and_its_tests_and_nothing_else() {
        for name in CRATES {
            let contents = contents(name);
            let tops: Vec<_> = contents.iter().filter_map(|file| file.split('/').next()).collect();
            // The words of the command line are tested in the faces that have them.
            let proofs: &[_] = if name == "bgjobs-cli" { &[] } else { &["tests", "examples"] };
            for needed in ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "src"].iter().chain(proofs) {
                assert!(tops.contains(needed), "{name} has no {needed}");
            }
            let made = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];
            for top in tops {
                let is_known = made.contains(&top) || LICENSES.contains(&top);
                assert!(is_known || ["README.md", "src", "tests", "examples"].contains(&top), "{name} has {top}");
            }
            // Models need a special build, and the tests of the book its texts.
            for file in ["tests/models.rs", "tests/book/main.rs"] {
                assert!(!contents.iter().any(|packed| packed == file), "{name} has {file}");
            }
        }
    }

    #[test]
    fn nothing_that_is_packed_reads_the_book_which_is_not() {
        for name in CRATES {
            for file in
                contents(name).iter().filter(|file| Path::new(file).extension().is_some_and(|ending| ending == "rs"))
            {
                let text = fs::read_to_string(root().join("crates").join(name).join(file)).expect("it was listed");
                let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let reads = code.any(|line| line.contains("docs/src"));
                assert!(!reads, "{name}/{file} reads the book: put that in {name}/tests/book");
            }
        }
    }

    /// They are links, which a checkout on a system without links turns into something else.
    #[test]
    fn each_published_crate_has_the_licenses_of_the_repository() {
        for name in CRATES {
            for license in LICENSES {
                let file = root().join("crates").join(name).join(license);
                assert!(same(&file, &root().join(license)), "{} differs from {license}", file.display());
            }
        }
    }
}
