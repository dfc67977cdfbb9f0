//! The READMEs and the book: their links lead to files, and a test runs each of their blocks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file exists")
}

/// The paths and texts of the Markdown files in a folder.
fn documents(folder: &str) -> impl Iterator<Item = (PathBuf, String)> {
    let files = fs::read_dir(root().join(folder)).expect("the folder exists");
    let paths = files.map(|file| file.expect("the folder is readable").path());
    let documents = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.map(|path| (path.clone(), fs::read_to_string(path).expect("a document is text")))
}

fn chapters() -> impl Iterator<Item = (PathBuf, String)> {
    documents("docs/src").filter(|(path, _)| !path.ends_with("SUMMARY.md"))
}

/// The folders of the crates that are published, each with a README of its own.
const CRATES: [&str; 2] = ["crates/bgjobs", "crates/bgjobs-shell"];

/// The blocks of the READMEs and of all chapters, each with its language in its first line.
fn blocks() -> Vec<String> {
    let readmes = CRATES.iter().map(|folder| file(&format!("{folder}/README.md"))).chain([file("README.md")]);
    let texts = chapters().map(|(_, text)| text).chain(readmes);
    let blocks = |text: String| text.split("```").skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    texts.flat_map(blocks).collect()
}

/// The transcripts of the shell in the READMEs and the book.
pub(crate) fn stories() -> Vec<String> {
    let transcripts = blocks().into_iter().filter_map(|block| block.strip_prefix("text\n").map(str::to_owned));
    transcripts.filter(|story| story.starts_with("In [1]: ") && !story.starts_with("In [1]: %load_ext")).collect()
}

/// The targets of a document's relative links and pictures.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let defined = text.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once("]: ")?.1));
    inline.chain(defined).filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn every_relative_link_leads_to_a_file() {
    for (path, text) in ["", "docs/src"].into_iter().chain(CRATES).flat_map(documents) {
        for target in links(&text) {
            let file = path.with_file_name(target);
            assert!(file.exists(), "{} links to {target}", path.display());
        }
    }
}

/// crates.io shows the README in the crate's folder of the repository, and knows no folder above.
#[test]
fn a_link_of_a_crate_s_readme_stays_in_the_crate() {
    for (path, text) in CRATES.into_iter().flat_map(documents) {
        for target in links(&text) {
            assert!(!target.starts_with(['.', '/']), "{} links to {target}", path.display());
        }
    }
}

#[test]
fn the_oldest_rust_in_the_documents_is_that_of_the_manifests() {
    let manifest = file("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("it has one");
    let library = format!("Rust {} or newer", version.trim_matches('"'));
    // Cargo completes it to three numbers.
    let shell = env!("CARGO_PKG_RUST_VERSION").trim_end_matches(".0");
    let shell = format!("[Rust](https://rustup.rs) {shell} or newer");
    for (document, sentence) in [
        ("crates/bgjobs/README.md", &library),
        ("docs/src/rust.md", &library),
        ("crates/bgjobs-shell/README.md", &shell),
        ("README.md", &shell),
    ] {
        assert!(file(document).contains(sentence), "{document} doesn't say: {sentence}");
    }
}

#[test]
fn every_chapter_is_in_the_summary_and_in_the_doctests() {
    let summary = file("docs/src/SUMMARY.md");
    let doctests = file("docs/examples.rs");
    for (path, _) in chapters() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("chapters have plain names");
        assert!(summary.contains(&format!("]({name})")), "{name} is missing in SUMMARY.md");
        assert!(doctests.contains(&format!("(\"src/{name}\")")), "{name} is missing in examples.rs");
    }
}

#[test]
fn the_guide_of_the_library_names_each_of_its_examples() {
    let guide = file("docs/src/rust.md");
    let named = guide.lines().filter_map(|line| Some(line.strip_prefix("- `")?.split_once('`')?.0.to_owned()));
    let folder = fs::read_dir(root().join("crates/bgjobs/examples")).expect("the folder exists");
    let examples = folder.filter_map(|file| Some(file.ok()?.path().file_stem()?.to_str()?.to_owned()));
    assert_eq!(named.collect::<BTreeSet<_>>(), examples.collect::<BTreeSet<_>>());
}

#[cfg(target_os = "linux")]
#[test]
fn the_configuration_of_an_agent_is_that_of_the_help_and_starts_the_server() {
    let blocks = blocks();
    let [configuration] = &*blocks.iter().filter_map(|block| block.strip_prefix("json\n")).collect::<Vec<_>>() else {
        panic!("there is one");
    };
    let run = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bgjobs"));
        let output = command.args(words).stdin(std::process::Stdio::null()).output().expect("it was built");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("it is text")
    };
    assert!(run(&["mcp", "--help"]).contains(configuration.trim_end()));
    let json: serde_json::Value = serde_json::from_str(configuration).expect("it is JSON");
    assert_eq!(json["mcpServers"]["bgjobs"], serde_json::json!({"command": "bgjobs", "args": ["mcp"]}));
    assert_eq!(run(&["mcp"]), "");
}

#[test]
fn every_block_is_of_a_kind_that_a_test_runs() {
    for block in blocks() {
        let (language, text) = block.split_once('\n').expect("a block has lines");
        // Commands for installing, and a line of a Cargo.toml, are tried by hand before a release.
        // `python/tests/test_engines.py` and `test_slurm.py` run the programs in Python;
        // the configuration in JSON is that of the help.
        let is_run = matches!(language, "json" | "rust" | "pycon" | "python" | "sh" | "toml");
        assert!(
            is_run || language == "text" && ["In [1]: ", ">> "].iter().any(|prompt| text.starts_with(prompt)),
            "```{block}```"
        );
    }
}

#[test]
fn the_first_screen_of_the_readme_says_how_to_start() {
    let readme = file("README.md");
    let screen: Vec<_> = readme.lines().take(23).collect();
    assert!(screen.iter().all(|line| line.chars().count() <= 80), "{screen:#?}");
    let starts =
        ["pip install bgjobs", "cargo run --release", "cargo install", "pip install .", "%load_ext", "cargo add"];
    for start in starts {
        assert!(screen.iter().any(|line| line.contains(start)), "{start} is missing");
    }
    assert!(readme.lines().count() <= 150);
}
