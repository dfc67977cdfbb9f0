//! The entries of directories that begin as typed: files, folders and programs.
//!
//! Knows nothing of how a name is quoted.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

/// The entries of a directory that begin as typed, sorted; folders end in a slash.
///
/// A name that begins with a dot has to be typed so, and none has control characters: they would drive the terminal.
pub(super) fn entries(directory: &Path, typed: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let begins = name.starts_with(typed) && (typed.starts_with('.') || !name.starts_with('.'));
            let is_offered = begins && !name.contains(char::is_control);
            is_offered.then(|| if entry.path().is_dir() { name + "/" } else { name })
        })
        .collect();
    names.sort();
    names
}

/// The programs in these directories that begin as typed.
pub(super) fn programs(directories: impl IntoIterator<Item: AsRef<Path>>, typed: &str) -> BTreeSet<String> {
    let is_program =
        |path: &Path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let mut programs = BTreeSet::new();
    for directory in directories {
        let directory = directory.as_ref();
        programs.extend(entries(directory, typed).into_iter().filter(|name| is_program(&directory.join(name))));
    }
    programs
}
