//! The README and the book: their links lead somewhere, and tests run every block of theirs.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The paths and texts of the files with these names in a folder of the repository.
fn read(folder: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let files =
        fs::read_dir(folder).expect("the folder exists").map(|file| file.expect("the folder is readable").path());
    let wanted = files.filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(&is_wanted));
    wanted.map(|path| (path.clone(), fs::read_to_string(path).expect("a document is text"))).collect()
}

fn chapters() -> Vec<(PathBuf, String)> {
    read("docs/src", |name| name != "SUMMARY.md")
}

fn file(folder: &str, name: &str) -> String {
    read(folder, |other| other == name).pop().expect("the file exists").1
}

/// The blocks of the README and of all chapters, each with its language in its first line.
fn blocks() -> Vec<String> {
    let texts = chapters().into_iter().map(|(_, text)| text).chain([file("", "README.md")]);
    let blocks = |text: String| text.split("```").skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    texts.flat_map(blocks).collect()
}

/// The transcripts of the shell in the README and the book.
pub(crate) fn stories() -> Vec<String> {
    let transcripts = blocks().into_iter().filter_map(|block| block.strip_prefix("text\n").map(str::to_owned));
    transcripts.filter(|story| !story.starts_with("In [1]: %load_ext")).collect()
}

/// The targets of a document's relative links and pictures.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let defined = text.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once("]: ")?.1));
    inline.chain(defined).filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn every_relative_link_leads_to_a_file() {
    for (path, text) in [read("", |name| name.ends_with(".md")), read("docs/src", |_| true)].concat() {
        for target in links(&text) {
            let file = path.with_file_name(target);
            assert!(file.exists(), "{} links to {target}", path.display());
        }
    }
}

#[test]
fn every_chapter_is_in_the_summary_and_in_the_doctests() {
    let summary = file("docs/src", "SUMMARY.md");
    let doctests = file("crates/bgjobs/src", "lib.rs");
    for (path, _) in chapters() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("chapters have plain names");
        assert!(summary.contains(&format!("]({name})")), "{name} is missing in SUMMARY.md");
        assert!(doctests.contains(&format!("/docs/src/{name}\"")), "{name} is missing at the end of lib.rs");
    }
}

#[test]
fn every_block_is_of_a_kind_that_a_test_runs() {
    for block in blocks() {
        let (language, text) = block.split_once('\n').expect("a block has lines");
        // Commands for installing, and a line of a Cargo.toml, are tried by hand before a release.
        let is_run = matches!(language, "rust" | "pycon" | "sh" | "toml");
        assert!(is_run || language == "text" && text.starts_with("In [1]: "), "```{block}```");
    }
}

#[test]
fn the_first_screen_of_the_readme_says_how_to_start() {
    let readme = file("", "README.md");
    let screen: Vec<_> = readme.lines().take(23).collect();
    assert!(screen.iter().all(|line| line.chars().count() <= 80), "{screen:#?}");
    for start in ["cargo run --release", "cargo install", "pip install .", "%load_ext bgjobs", "cargo add"] {
        assert!(screen.iter().any(|line| line.contains(start)), "{start} is missing");
    }
    assert!(readme.lines().count() <= 150);
}
