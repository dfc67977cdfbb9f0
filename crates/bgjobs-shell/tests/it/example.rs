//! The shell's examples: a script, on a tree that does not change, and a program.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use expect_test::expect;

/// A folder for this test, with a source tree in its subfolder `crates`.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("bgjobs-shell-{name}-{}", std::process::id()));
    let tree = folder.join("crates");
    fs::create_dir_all(tree.join("src/deep")).expect("the directory for temporary files can be written");
    for (name, words) in
        [("src/a.rs", 10), ("src/deep/b.rs", 200), ("Cargo.toml", 30), ("src/c.rs", 40), ("notes.md", 999)]
    {
        fs::write(tree.join(name), "word ".repeat(words)).expect("the directory was just made");
    }
    folder
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/source_tree.rhai")
}

#[expect(clippy::needless_pass_by_value, reason = "no caller needs them afterwards")]
#[track_caller]
fn check(folder: PathBuf, run: Output) {
    fs::remove_dir_all(&folder).expect("it was just made");
    let seen = String::from_utf8_lossy(&run.stdout).replace(&format!("{}/", folder.display()), "");
    expect![[r#"
        5 jobs read 4 files of crates
        280 words
        1000 bytes in crates/src/deep/b.rs
        200 bytes in crates/src/c.rs
        150 bytes in crates/Cargo.toml
    "#]]
    .assert_eq(&seen);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_script_reads_a_source_tree() {
    let folder = folder("file");
    let run = Command::new(env!("CARGO_BIN_EXE_bgjobs")).arg(example()).arg(folder.join("crates")).output();
    let run = run.expect("the shell was built");
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    check(folder, run);
}

#[test]
fn the_script_does_the_same_from_a_pipe() {
    let folder = folder("pipe");
    let lines = File::open(example()).expect("the example is there");
    let run = Command::new(env!("CARGO_BIN_EXE_bgjobs")).stdin(lines).current_dir(&folder).output();
    check(folder, run.expect("the shell was built"));
}

/// A Rust program that adds functions and a type to the prompt.
#[test]
fn the_program_adds_its_functions_to_the_prompt() {
    let mut path = PathBuf::from(env!("CARGO_BIN_EXE_bgjobs"));
    path.pop();
    let input = "fit([1.0, 2.0, 6.0])\nj = jobs.new('fit([1.0, 3.0])')\nj.join(); j.result.mean\n";
    let mut child = Command::new(path.join("examples/own_functions"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("examples are built with the tests");
    child.stdin.take().expect("it was asked for").write_all(input.as_bytes()).expect("it reads all");
    let output = child.wait_with_output().expect("the child is still there");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Out[1]: a fit around 3\nOut[3]: 2.0\n");
    assert!(output.status.success());
}
