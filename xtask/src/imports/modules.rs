//! The modules of one crate or package, and what their files import.
//!
//! It does not know any language.

use std::collections::BTreeMap;

/// File contents by path, relative to the workspace's root.
pub(super) type Files = BTreeMap<String, String>;

/// The extension of a file's name.
pub(super) fn extension(file: &str) -> Option<&str> {
    file.rsplit_once('.').map(|(_, extension)| extension)
}

/// A line of one file that imports another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) line: usize,
}

/// The files of a crate or package by module path; the root's path is empty.
#[derive(Clone, Default)]
pub(super) struct Modules<'a>(BTreeMap<Vec<String>, &'a str>);

impl<'a> Modules<'a> {
    pub(super) fn add(&mut self, module: Vec<String>, file: &'a str) {
        self.0.insert(module, file);
    }

    pub(super) fn contains(&self, module: &[String]) -> bool {
        self.0.contains_key(module)
    }

    /// The deepest file whose module path is a prefix of `path`; the rest names an item in that file.
    pub(super) fn file(&self, path: &[String]) -> Option<&'a str> {
        (0..=path.len()).rev().find_map(|length| self.0.get(&path[..length]).copied())
    }
}
