//! The rules: compares files and imports with the map. Each fault is one line with its file, its line and the way out.
//!
//! It does not know any language: imports are data to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    map::Folder,
    modules::{Files, Import, extension},
};

/// The file that holds the map.
pub(super) const MAP: &str = "ARCHITECTURE.md";

/// Faults of the map itself: files it omits, names twice, or names although they don't exist.
pub(super) fn map_faults(folders: &[Folder], files: &Files, required: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for path in required.iter().filter(|&path| folders.iter().all(|folder| folder.path != *path)) {
        faults.push(format!("{MAP}:1: has no map of `{path}`; add a heading that consists of `{path}`, and its table"));
    }
    for (at, Folder { path, line, rows }) in folders.iter().enumerate() {
        let children = children(path, files);
        if children.is_empty() {
            faults.push(format!("{MAP}:{line}: `{path}` doesn't exist; correct the heading or delete the section"));
            continue;
        }
        if folders[..at].iter().any(|other| other.path == *path) {
            faults.push(format!("{MAP}:{line}: `{path}` has two headings; delete one"));
        }
        if rows.is_empty() {
            faults.push(format!(
                "{MAP}:{line}: no table follows the heading `{path}`; add one that begins with \
                 `| where | what | what it does not know |`"
            ));
            continue;
        }
        let mut seen = BTreeSet::new();
        for row in rows {
            let line = row.line;
            if row.names.is_empty() {
                faults.push(format!(
                    "{MAP}:{line}: the row names nothing; put a file or folder of `{path}` in backticks"
                ));
            }
            for name in &row.names {
                if !children.contains(name.as_str()) {
                    faults.push(format!("{MAP}:{line}: `{name}` isn't in `{path}`; correct the name or delete it"));
                }
                if !seen.insert(name.as_str()) {
                    faults.push(format!("{MAP}:{line}: `{name}` stands twice in the table of `{path}`; delete one"));
                }
            }
        }
        for name in children.into_iter().filter(|name| !is_stub(name) && !seen.contains(name)) {
            faults.push(format!("{path}{name}:1: is in no row of the table of `{path}`; add it to {MAP}:{line}"));
        }
    }
    faults
}

/// A stub may have a row, to stand for its extension module, but doesn't need one.
fn is_stub(file: &str) -> bool {
    extension(file) == Some("pyi")
}

/// The files and folders directly in a folder.
fn children<'a>(folder: &str, files: &'a Files) -> BTreeSet<&'a str> {
    files.keys().filter_map(|file| file.strip_prefix(folder)?.split('/').next()).collect()
}

/// Imports from a lower row to a higher one.
pub(super) fn upward(folders: &[Folder], imports: &[Import]) -> Vec<String> {
    let mut faults = Vec::new();
    for Import { from, to, line } in first_lines(imports) {
        let holding = folders.iter().filter(|folder| from.starts_with(&folder.path) && to.starts_with(&folder.path));
        let Some(folder) = holding.max_by_key(|folder| folder.path.len()) else { continue };
        let row = |file: &str| {
            let name = file[folder.path.len()..].split('/').next()?;
            folder.rows.iter().position(|row| row.names.iter().any(|other| other == name))
        };
        // A missing row is a fault of its own.
        let (Some(lower), Some(upper)) = (row(from), row(to)) else { continue };
        if lower > upper {
            faults.push(format!(
                "{from}:{line}: imports {to}, which stands above it in the table of `{}` ({MAP}:{} and {}); \
                 move what it needs to its own row or below",
                folder.path, folder.rows[lower].line, folder.rows[upper].line
            ));
        }
    }
    faults
}

/// The first import of each pair of files.
fn first_lines(imports: &[Import]) -> Vec<&Import> {
    let mut imports: Vec<_> = imports.iter().collect();
    imports.sort();
    imports.dedup_by(|later, first| (&later.from, &later.to) == (&first.from, &first.to));
    imports
}

/// The imports of each file, with their first lines.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

/// Circles: groups of files that all import each other, directly or not. Prints a shortest ring of each.
pub(super) fn circles(imports: &[Import]) -> Vec<String> {
    let mut graph = Graph::new();
    for Import { from, to, line } in first_lines(imports) {
        graph.entry(from).or_default().insert(to, *line);
    }
    let reached: BTreeMap<_, _> = graph.keys().map(|&file| (file, reached(file, &graph))).collect();
    let leads = |file: &str, other: &str| reached.get(file).is_some_and(|files| files.contains_key(other));
    let circle = |&file: &&str| reached[file].keys().copied().filter(|other| leads(other, file)).collect();
    let mut circles: BTreeSet<BTreeSet<&str>> = reached.keys().map(circle).collect();
    circles.remove(&BTreeSet::new());
    let fault = |circle: &BTreeSet<&str>| {
        let rings = circle.iter().map(|file| ring(file, &reached[file]));
        let ring = rings.min_by_key(Vec::len).unwrap_or_default();
        format!(
            "{}:{}: a circle of {} files, in which a shortest ring is {}; move what they share to a file below them",
            ring[0],
            graph[ring[0]][ring[1]],
            circle.len(),
            ring.join(" -> ")
        )
    };
    circles.iter().map(fault).collect()
}

/// The files reachable from one file, each with its predecessor on a shortest path.
fn reached<'a>(start: &str, graph: &Graph<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut before = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        let Some((file, imported)) = graph.get_key_value(file) else { continue };
        for next in imported.keys() {
            before.entry(*next).or_insert_with(|| {
                queue.push_back(next);
                *file
            });
        }
    }
    before
}

/// A shortest path from a file back to itself.
fn ring<'a>(start: &'a str, before: &BTreeMap<&'a str, &'a str>) -> Vec<&'a str> {
    let mut ring = vec![start];
    let mut file = before[start];
    while file != start {
        ring.push(file);
        file = before[file];
    }
    ring.push(start);
    ring.reverse();
    ring
}
