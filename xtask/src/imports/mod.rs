//! Checks that imports only go down, by the map in ARCHITECTURE.md.
//!
//! It knows where the crates and the package are, but not the rules: [`map`] reads the map, [`rust`] and [`python`]
//! read the imports, and [`judge`] compares them.

mod judge;
mod map;
mod modules;
mod python;
mod rust;
mod source;

use std::{collections::BTreeSet, fs, io, path::Path};

use self::modules::Files;
use crate::{step::Failed, workspace};

/// Folders that must have a map, so that a deleted heading is noticed.
const REQUIRED: [&str; 6] = [
    "crates/bgjobs/src/",
    "crates/bgjobs-shell/src/",
    "crates/bgjobs-shell/src/lang/",
    "crates/bgjobs-python/src/",
    "python/bgjobs/",
    "xtask/src/",
];

/// The Python package.
const PACKAGE: &str = "python/bgjobs/";

/// Checks the workspace.
pub(crate) fn run() -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("imports", &reason);
    let root = workspace::root();
    let map = fs::read_to_string(root.join(judge::MAP)).map_err(|error| failed(format!("{}: {error}", judge::MAP)))?;
    let files = files(&root).map_err(|error| failed(format!("could not read the files: {error}")))?;
    let faults = faults(&map, &files, &REQUIRED);
    if faults.is_empty() {
        println!("imports of {} files only go down", files.len());
        return Ok(());
    }
    let count = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
    Err(failed(format!("{count}:\n{}", faults.join("\n"))))
}

/// All faults of the files, by their map.
fn faults(map: &str, files: &Files, required: &[&str]) -> Vec<String> {
    let folders = map::read(map);
    let mut faults = judge::map_faults(&folders, files, required);
    let crates: BTreeSet<_> =
        files.keys().filter_map(|file| Some(&file[..file.find("/src/")? + "/src/".len()])).collect();
    let mut imports = python::imports(PACKAGE, files);
    for folder in crates {
        imports.extend(rust::imports(folder, files, &mut faults));
    }
    faults.extend(judge::upward(&folders, &imports));
    faults.extend(judge::circles(&imports));
    faults
}

/// The files whose imports are checked.
fn files(root: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let name = entry?.file_name();
        add(root, &format!("crates/{}/src", name.display()), "rs", &mut files)?;
    }
    add(root, "xtask/src", "rs", &mut files)?;
    add(root, PACKAGE.trim_end_matches('/'), "py", &mut files)?;
    Ok(files)
}

/// Adds a language's files, from a folder and its subfolders.
fn add(root: &Path, folder: &str, language: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().display());
        let extension = Path::new(&path).extension().and_then(|extension| extension.to_str());
        if entry.path().is_dir() {
            add(root, &path, language, files)?;
        } else if extension.is_some_and(|extension| extension.trim_end_matches('i') == language) {
            files.insert(path, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "\
# Architecture

### `crates/a/src/`

One sentence.

| where | what | what it does not know |
|---|---|---|
| `lib.rs` | the public names | |
| `upper/`, `other.rs` | what users call | files |
| `lower.rs` | data | users |

### `python/bgjobs/`

| where | what | what it does not know |
|---|---|---|
| `__init__.py` | the public names | |
| `jobs.py` | jobs | |
| `_core.pyi` | the bindings | |
";

    const TREE: [(&str, &str); 8] = [
        ("crates/a/src/lib.rs", "mod lower; mod other; mod upper; pub use upper::Upper;"),
        ("crates/a/src/upper/mod.rs", "mod part; pub use part::Upper;"),
        ("crates/a/src/upper/part.rs", "use crate::{lower::Lower, other::Other}; pub struct Upper(Lower, Other);"),
        ("crates/a/src/other.rs", "use super::lower; pub struct Other(lower::Lower);"),
        ("crates/a/src/lower.rs", "pub struct Lower;"),
        ("python/bgjobs/__init__.py", "from .jobs import Job\n"),
        ("python/bgjobs/jobs.py", "from . import _core\n"),
        ("python/bgjobs/_core.pyi", "class Core: ...\n"),
    ];

    const FOLDERS: [&str; 2] = ["crates/a/src/", "python/bgjobs/"];

    /// Replaces some text of the map and some files of the good tree, then checks the faults.
    #[track_caller]
    fn check((old, new): (&str, &str), changed: &[(&str, &str)], expected: &[&str]) {
        assert!(MAP.contains(old), "{old}");
        let files = TREE.iter().chain(changed).map(|&(file, text)| (file.to_owned(), text.to_owned())).collect();
        assert_eq!(faults(&MAP.replacen(old, new, 1), &files, &FOLDERS), expected);
    }

    #[track_caller]
    fn check_map(old: &str, new: &str, expected: &[&str]) {
        check((old, new), &[], expected);
    }

    #[track_caller]
    fn check_files(changed: &[(&str, &str)], expected: &[&str]) {
        check(("", ""), changed, expected);
    }

    #[test]
    fn a_tree_that_matches_its_map_passes() {
        check_files(&[], &[]);
    }

    #[test]
    fn an_import_of_a_higher_row_is_a_fault() {
        check_files(
            &[("crates/a/src/upper/mod.rs", ""), ("crates/a/src/lower.rs", "\nuse crate::other;\n"), TREE[4]],
            &[],
        );
        check_files(
            &[("crates/a/src/lower.rs", "\nuse crate::upper::Upper;\n"), ("crates/a/src/upper/part.rs", "")],
            &["crates/a/src/lower.rs:2: imports crates/a/src/upper/mod.rs, which stands above it in the table of \
               `crates/a/src/` (ARCHITECTURE.md:11 and 10); move what it needs to its own row or below"],
        );
        check_files(
            &[("python/bgjobs/__init__.py", ""), ("python/bgjobs/jobs.py", "from bgjobs import install\n")],
            &["python/bgjobs/jobs.py:1: imports python/bgjobs/__init__.py, which stands above it in the table of \
               `python/bgjobs/` (ARCHITECTURE.md:18 and 17); move what it needs to its own row or below"],
        );
    }

    #[test]
    fn an_import_counts_in_the_deepest_folder_that_holds_both_files() {
        let table = "### `crates/a/src/upper/`\n\n| where | what | what it does not know |\n|---|---|---|\n\
                     | `part.rs` | a part | |\n| `mod.rs` | the names | |\n";
        check_map(
            "# Architecture\n",
            table,
            &["crates/a/src/upper/mod.rs:1: imports crates/a/src/upper/part.rs, which stands above it in the table \
               of `crates/a/src/upper/` (ARCHITECTURE.md:6 and 5); move what it needs to its own row or below"],
        );
    }

    #[test]
    fn a_circle_is_a_fault_inside_a_row_too() {
        check_files(
            &[("crates/a/src/other.rs", "\n\nuse crate::upper::Upper;")],
            &["crates/a/src/other.rs:3: a circle of 3 files, in which a shortest ring is crates/a/src/other.rs -> \
               crates/a/src/upper/mod.rs -> crates/a/src/upper/part.rs -> crates/a/src/other.rs; \
               move what they share to a file below them"],
        );
    }

    #[test]
    fn a_circle_is_a_fault_in_a_crate_without_a_map() {
        check_files(
            &[("xtask/src/main.rs", "mod a; use a::A;"), ("xtask/src/a.rs", "use crate::B;")],
            &["xtask/src/a.rs:1: a circle of 2 files, in which a shortest ring is xtask/src/a.rs -> \
               xtask/src/main.rs -> xtask/src/a.rs; move what they share to a file below them"],
        );
    }

    #[test]
    fn a_file_or_folder_in_no_row_is_a_fault() {
        check_files(
            &[("crates/a/src/new.rs", ""), ("crates/a/src/newer/mod.rs", "")],
            &[
                "crates/a/src/new.rs:1: is in no row of the table of `crates/a/src/`; add it to ARCHITECTURE.md:3",
                "crates/a/src/newer:1: is in no row of the table of `crates/a/src/`; add it to ARCHITECTURE.md:3",
            ],
        );
    }

    #[test]
    fn a_stub_needs_no_row() {
        check_map("| `_core.pyi` | the bindings | |\n", "", &[]);
    }

    #[test]
    fn a_name_that_stands_twice_is_a_fault() {
        check_map(
            "`lower.rs`",
            "`lower.rs`, `other.rs`",
            &["ARCHITECTURE.md:11: `other.rs` stands twice in the table of `crates/a/src/`; delete one"],
        );
    }

    #[test]
    fn a_row_that_names_nothing_is_a_fault() {
        check_map(
            "`lower.rs`",
            "`lower.rs`, `gone.rs`",
            &["ARCHITECTURE.md:11: `gone.rs` isn't in `crates/a/src/`; correct the name or delete it"],
        );
        check_map(
            "|\n\n### `python",
            "|\n| bare.rs | | |\n\n### `python",
            &["ARCHITECTURE.md:12: the row names nothing; put a file or folder of `crates/a/src/` in backticks"],
        );
    }

    #[test]
    fn a_folder_that_does_not_exist_is_a_fault() {
        check_map(
            "# Architecture",
            "## `crates/gone/src/`",
            &["ARCHITECTURE.md:1: `crates/gone/src/` doesn't exist; correct the heading or delete the section"],
        );
    }

    #[test]
    fn a_heading_without_a_table_is_a_fault() {
        let faults = ["ARCHITECTURE.md:3: no table follows the heading `crates/a/src/`; add one that begins with \
                       `| where | what | what it does not know |`"];
        check_map("One sentence.\n", "## Another section\n", &faults);
        check_map("| where | what | what it", "| file | what | what it", &faults);
    }

    #[test]
    fn a_folder_with_two_headings_is_a_fault() {
        let section = "### `python/bgjobs/`\n\n| where | what | what it does not know |\n|---|---|---|\n\
                       | `__init__.py`, `jobs.py` | | |\n";
        check_map("# Architecture\n", section, &["ARCHITECTURE.md:17: `python/bgjobs/` has two headings; delete one"]);
    }

    #[test]
    fn a_required_folder_without_a_map_is_a_fault() {
        check_map(
            "### `python/bgjobs/`",
            "### Python",
            &["ARCHITECTURE.md:1: has no map of `python/bgjobs/`; \
               add a heading that consists of `python/bgjobs/`, and its table"],
        );
    }

    #[test]
    fn a_file_that_is_not_rust_is_a_fault() {
        let faults = faults("", &Files::from([("xtask/src/main.rs".to_owned(), "\nfn main() {".to_owned())]), &[]);
        assert!(faults[0].starts_with("xtask/src/main.rs:2: can't be read as Rust"), "{faults:?}");
    }

    #[test]
    fn the_files_of_all_crates_and_the_package_are_read() {
        let files = files(&workspace::root()).expect("the workspace can be read");
        for folder in REQUIRED {
            assert!(files.keys().any(|file| file.starts_with(folder)), "{folder}");
        }
        assert!(files.contains_key("python/bgjobs/_core.pyi") && files.contains_key("xtask/src/imports/mod.rs"));
    }
}
