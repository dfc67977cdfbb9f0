//! The files, folders and programs that a path or a word may become.
//!
//! Knows nothing of where in the line it stands.

use std::{collections::BTreeSet, env, fs, os::unix::fs::PermissionsExt, path::Path};

use super::shell_word::ShellWord;
use crate::environment::Environment;

/// The entries of a directory that begin as typed, in a string of the language that began with this quote.
pub(super) fn in_string(environment: &Environment, directory: &str, typed: &str, quote: char) -> Vec<String> {
    // What would end the string, or mean something else in it.
    let is_special = |name: &str| name.contains([quote, '\\']) || quote == '`' && name.contains("${");
    let mut names = entries(&environment.resolve(directory), typed);
    names.retain(|name| !is_special(name));
    names
}

/// The programs, or the paths, that a word of a line for the system's shell may become.
pub(super) fn words(environment: &Environment, word: &ShellWord) -> Vec<String> {
    if !word.is_program() {
        return paths(environment, word).map(|name| word.with_quotes(&name)).collect();
    }
    let path = environment.variable("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).map(|folder| environment.resolve(folder));
    // There are too many to list them all.
    let names = if word.typed.is_empty() { BTreeSet::new() } else { programs(folders, &word.typed) };
    names.iter().map(|name| word.with_quotes(name)).collect()
}

/// The folders that a word may become.
pub(super) fn folders(environment: &Environment, word: &ShellWord) -> Vec<String> {
    let folders = paths(environment, word).filter(|name| name.ends_with('/'));
    folders.map(|name| word.with_quotes(&name)).collect()
}

/// The entries that a word for the system's shell may stand for; one that would be an option needs `./` before it.
fn paths(environment: &Environment, word: &ShellWord) -> impl Iterator<Item = String> {
    let names = environment.resolve_typed(&word.directory).map(|folder| entries(&folder, &word.typed));
    let is_here = word.directory.is_empty();
    names.unwrap_or_default().into_iter().filter(move |name| !(is_here && name.starts_with('-')))
}

/// The entries of a directory that begin as typed, sorted; folders end in a slash.
///
/// A name that begins with a dot has to be typed so, and none has control characters: they would drive the terminal.
fn entries(directory: &Path, typed: &str) -> Vec<String> {
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
fn programs(directories: impl IntoIterator<Item: AsRef<Path>>, typed: &str) -> BTreeSet<String> {
    let is_program =
        |path: &Path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    let mut programs = BTreeSet::new();
    for directory in directories {
        let directory = directory.as_ref();
        programs.extend(entries(directory, typed).into_iter().filter(|name| is_program(&directory.join(name))));
    }
    programs
}
