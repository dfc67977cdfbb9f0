//! The map in ARCHITECTURE.md: a table for each folder, whose rows may import downwards only.
//!
//! It knows Markdown's headings and tables; it does not know what is in the folders.

/// The header of every table.
const HEADER: &str = "| where | what | what it does not know |";

/// A folder and its table.
pub(super) struct Folder {
    /// Relative to the workspace's root, with a trailing slash.
    pub(super) path: String,
    /// The heading's line in the map.
    pub(super) line: usize,
    pub(super) rows: Vec<Row>,
}

/// Files and folders on one level.
pub(super) struct Row {
    pub(super) line: usize,
    /// Relative to the table's folder, without a trailing slash.
    pub(super) names: Vec<String>,
}

/// Reads the tables. A heading without a table yields a folder without rows.
pub(super) fn read(text: &str) -> Vec<Folder> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let mut folders = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(path) = folder(line) else { continue };
        let section = lines[at + 1..].iter().take_while(|line| !line.starts_with('#'));
        let table = section.enumerate().skip_while(|(_, line)| !line.starts_with('|'));
        let mut table = table.take_while(|(_, line)| line.starts_with('|'));
        let has_header = table.next().is_some_and(|(_, line)| *line == HEADER);
        // The line below the header is only a rule.
        let rows = table.skip(1).filter(|_| has_header);
        let rows = rows.map(|(below, line)| Row { line: at + below + 2, names: names(line) }).collect();
        folders.push(Folder { path, line: at + 1, rows });
    }
    folders
}

/// The folder whose section this line begins, if it does.
fn folder(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let path = heading.strip_prefix('`')?.strip_suffix('`')?;
    (!path.contains('`')).then(|| format!("{}/", path.trim_end_matches('/')))
}

/// The names between backticks in a row's first cell.
fn names(row: &str) -> Vec<String> {
    let cell = row.split('|').nth(1).unwrap_or_default();
    cell.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/').to_owned()).collect()
}
