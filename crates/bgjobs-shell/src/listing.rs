//! The list of jobs: the original's three lists, with a short summary of each job.
//!
//! Knows nothing of where it is shown.

use std::{collections::BTreeMap, fmt::Write};

use bgjobs::{AnyJob, Name, Outcome, State, Status, fitted, one_line, uncoloured};
use bgjobs_cli::durations::{about, spent};

use crate::{digest::Digest, lang::Jobs, text::wrapped};

/// The indentation of a summary.
const INDENT: &str = "    ";

/// How many lines say why a job died.
const MOST_LINES: usize = 3;

/// How many jobs of a group a list names; of more it shows only the group.
const FEW: usize = 8;

/// How a list is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListView {
    /// The width of a line.
    pub(crate) columns: usize,
    /// How many lines there is room for; none for any number.
    pub(crate) rows: Option<usize>,
    /// Whether a group of many jobs takes one line.
    pub(crate) folds_groups: bool,
}

/// What is shown of a job, or of a group of many: a line or several.
type Entry = Vec<String>;

/// Jobs as the original lists them, with a summary below each; of more than there is room for, some of each list.
///
/// Empty if there are no jobs; otherwise every line ends in a line break, and an empty line ends each list.
pub(crate) fn listing(jobs: &Jobs, status: &Status, view: ListView) -> String {
    let lists = [("Running", &status.running), ("Completed", &status.completed), ("Dead", &status.dead)];
    let lists = lists.map(|(title, list)| (title, entries(jobs, list, view)));
    let rooms = rooms(&lists.each_ref().map(|(_, entries)| entries.iter().map(Vec::len).sum()), view.rows);
    // Alone it lists the jobs that are not selected too.
    let all = if view.folds_groups { "`jobs -a`" } else { "`-a`" };
    let mut text = String::new();
    for ((title, entries), room) in lists.into_iter().zip(rooms).filter(|((_, entries), _)| !entries.is_empty()) {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{title} jobs:");
        let count = entries.len();
        // Of jobs that run, the first ones are of interest, because the others wait; otherwise the newest.
        let (shown, before) = if title == "Running" {
            (first(entries.iter(), room), 0)
        } else {
            let shown = first(entries.iter().rev(), room);
            (shown, count - shown)
        };
        if before > 0 {
            let _ = writeln!(text, "... {before} more before; {all} lists all");
        }
        for line in entries.iter().skip(before).take(shown).flatten() {
            let _ = writeln!(text, "{line}");
        }
        if before == 0 && shown < count {
            let _ = writeln!(text, "... and {} more; {all} lists all", count - shown);
        }
        text.push('\n');
    }
    text
}

/// How many entries fit into `room` lines, at least one.
fn first<'a>(entries: impl Iterator<Item = &'a Entry>, room: usize) -> usize {
    let mut left = room;
    let fits = |entry: &&Entry| {
        let fits = entry.len() <= left;
        left = left.saturating_sub(entry.len());
        fits
    };
    entries.take_while(fits).count().max(1)
}

/// How many lines of entries each list may have, given how many it has; each list has two or three other lines.
fn rooms(lines: &[usize; 3], rows: Option<usize>) -> [usize; 3] {
    let Some(rows) = rows else { return [usize::MAX; 3] };
    let lists = lines.iter().filter(|&&lines| lines > 0).count();
    let mut rooms = [usize::MAX; 3];
    if lines.iter().sum::<usize>() + 2 * lists <= rows {
        return rooms;
    }
    // Short lists leave their room to the longer ones.
    let mut by_length: Vec<_> = (0..3).filter(|&list| lines[list] > 0).collect();
    by_length.sort_by_key(|&list| lines[list]);
    let mut left = rows.saturating_sub(3 * lists);
    for (index, list) in by_length.into_iter().enumerate() {
        rooms[list] = lines[list].min(left / (lists - index));
        left -= rooms[list];
    }
    rooms
}

/// What a list shows of its jobs.
fn entries(jobs: &Jobs, list: &[AnyJob], view: ListView) -> Vec<Entry> {
    let mut groups: BTreeMap<&str, Vec<&AnyJob>> = BTreeMap::new();
    if view.folds_groups {
        for job in list {
            if let Some(group) = job.group() {
                groups.entry(group).or_default().push(job);
            }
        }
        groups.retain(|_, members| members.len() > FEW);
    }
    let fit = |line: &str| if view.rows.is_some() { fitted(line, view.columns) } else { line.to_owned() };
    let mut entries = Vec::new();
    for job in list {
        let Some(group) = job.group().filter(|group| groups.contains_key(&***group)) else {
            let mut entry = vec![fit(&format!("{} : {}", job.id(), job.name()))];
            let room = view.columns.saturating_sub(INDENT.len());
            let below = standing(job).into_iter().chain(end(job).into_iter().flat_map(|why| first_lines(&why, room)));
            let below = below.chain(printed(jobs, job));
            entry.extend(below.map(|words| format!("{INDENT}{}", fitted(&words, room))));
            entries.push(entry);
            continue;
        };
        // It stands where its first job would.
        let members = &groups[&**group];
        if members.first().is_some_and(|first| first.id() == job.id()) {
            entries.push(vec![fit(&folded(group, members))]);
        }
    }
    entries
}

/// The beginning of a text in lines of `room` columns.
fn first_lines(text: &str, room: usize) -> Vec<String> {
    let wrapped = wrapped(text, room);
    let mut lines: Vec<_> = wrapped.lines().map(str::to_owned).collect();
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines[MOST_LINES - 1] = fitted(&format!("{}…", lines[MOST_LINES - 1]), room);
    }
    lines
}

/// A group of many jobs in one line.
fn folded(group: &Name, members: &[&AnyJob]) -> String {
    let queued = members.iter().filter(|job| job.state() == State::Queued).count();
    let alive = members.iter().filter(|job| !job.is_finished()).count();
    let counts = match (alive - queued, queued) {
        (0, 0) => Digest::new(members.iter().copied(), |_| false, None).to_string(),
        (running, 0) => format!("{running} running"),
        (0, queued) => format!("{queued} queued"),
        (running, queued) => format!("{running} running, {queued} queued"),
    };
    let is_word = group.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let quote = if is_word { "" } else { "'" };
    format!("{group} : {counts}; `jobs {quote}{group}{quote}` lists them")
}

/// How much of a job's output is unread, and its last line; for a job that has ended, only if something is unread.
fn printed(jobs: &Jobs, job: &AnyJob) -> Option<String> {
    let new = jobs.new_lines(job);
    if new == 0 && job.is_finished() {
        return None;
    }
    let last = one_line(&uncoloured(&job.last_line()?.text)).to_string();
    Some(match new {
        0 => format!("last line: {last}"),
        1 => format!("1 new line: {last}"),
        _ => format!("{new} new lines, the last: {last}"),
    })
}

/// For a job that failed or was stopped: after how long, and why.
fn end(job: &AnyJob) -> Option<String> {
    let ended = match job.state() {
        State::Finished(Outcome::Failed) => "failed",
        State::Finished(Outcome::Stopped) => "stopped",
        _ => return None,
    };
    let message = job.failure().map(|failure| format!("{failure:#}")).unwrap_or_default();
    let why = one_line(message.lines().next().unwrap_or_default()).to_string();
    Some(match job.times().ran() {
        Some(ran) => format!("{ended} after {}: {why}", spent(ran)),
        None => format!("{ended} before it started: {why}"),
    })
}

/// For a job that has not ended: how long it has run or waited, its progress, where it is, and what it waits for.
fn standing(job: &AnyJob) -> Option<String> {
    let (state, times) = (job.state(), job.times());
    if state.is_finished() {
        return None;
    }
    let mut parts = vec![match times.ran() {
        Some(time) => spent(time),
        None => format!("has waited {}", spent(times.created.elapsed())),
    }];
    if let Some(reason) = job.stop_reason().filter(|_| state == State::Stopping) {
        parts.push(format!("asked to stop ({reason})"));
    }
    parts.extend(job.progress().map(|progress| progress.to_string()).filter(|text| !text.is_empty()));
    parts.extend(job.remaining().map(|time| format!("about {} left", about(time))));
    // `why` shows the rest.
    let why = job.why().first().map(|waiting| {
        let text = waiting.to_string();
        let first = text.split(';').next().unwrap_or_default();
        first.strip_prefix("it ").unwrap_or(first).to_owned()
    });
    parts.extend(why.or_else(|| job.place().map(|place| place.text.to_string())));
    Some(parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{first_lines, rooms};

    #[test]
    fn a_reason_takes_a_few_lines_at_most() {
        assert_eq!(first_lines("no rows in the table", 80), ["no rows in the table"]);
        assert_eq!(first_lines("no rows in the table of last year", 8), ["no rows", "  in the", "  table…"]);
    }

    #[test]
    fn lists_share_the_rows_and_short_ones_leave_theirs_to_the_others() {
        for (lines, rows, expected) in [
            ([0, 0, 0], Some(10), [usize::MAX; 3]),
            ([5, 5, 5], Some(21), [usize::MAX; 3]),
            ([5, 5, 5], None, [usize::MAX; 3]),
            ([100, 0, 0], Some(20), [17, usize::MAX, usize::MAX]),
            ([100, 200, 2], Some(29), [9, 9, 2]),
            ([100, 200, 300], Some(2), [0, 0, 0]),
        ] {
            assert_eq!(rooms(&lines, rows), expected, "{lines:?} {rows:?}");
        }
    }
}
