//! With `panic = "abort"` a job's panic can't be caught, so its message must reach the terminal.
//!
//! The test builds a small program with that profile, including the engine and its dependencies because the profile applies
//! to them too. The first run takes twenty seconds of CPU time, later ones a third of a second.

use std::{fs, path::Path, process::Command};

const MANIFEST: &str = r#"
[package]
name = "aborts"
edition = "2024"

[dependencies]
bgjobs = { path = "BGJOBS" }

[profile.dev]
panic = "abort"
debug = false

[workspace]
"#;

const PROGRAM: &str = r#"
fn main() {
    let jobs = bgjobs::JobManager::new();
    let job = jobs.spawn("die", || { panic!("no rows"); }).unwrap();
    let _ = job.join();
    println!("not reached");
}
"#;

/// Writes a file, but leaves it untouched if it already has that text, so that cargo sees no change.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn a_panicking_job_aborts_the_process_and_prints_its_message() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aborts");
    write(&folder.join("Cargo.toml"), &MANIFEST.replace("BGJOBS", engine.to_str().unwrap()));
    write(&folder.join("src/main.rs"), PROGRAM);
    // The workspace's versions, or those of the published crate, are already on disk, so cargo fetches nothing; it removes
    // what it does not need from the copy.
    let lock = engine.ancestors().find_map(|folder| fs::read_to_string(folder.join("Cargo.lock")).ok()).unwrap();
    if fs::read_to_string(folder.join("workspace.lock")).ok().as_ref() != Some(&lock) {
        write(&folder.join("workspace.lock"), &lock);
        write(&folder.join("Cargo.lock"), &lock);
    }
    let build = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline"])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let end = Command::new(folder.join("target/debug/aborts")).output().unwrap();
    let stderr = String::from_utf8_lossy(&end.stderr);
    assert_eq!((end.status.code(), &*end.stdout), (None, &b""[..]), "{stderr}");
    assert!(stderr.contains("thread 'bgjobs'") && stderr.contains("\nno rows\n"), "{stderr}");
}
