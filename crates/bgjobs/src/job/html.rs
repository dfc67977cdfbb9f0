//! Jobs as a table for a notebook: HTML in the colours of its page, and the same as text.
//!
//! Knows nothing of where it is shown. Showing a job changes nothing and is not a notice.

use std::{
    any::type_name,
    fmt::{self, Debug, Write},
    time::Duration,
};

use crate::{
    job::{AnyJob, summary::Summary},
    record::{
        colours::uncoloured,
        name::one_line,
        state::{Outcome, State},
    },
    system::panic::swallow,
};

/// How many jobs a table shows: the newest.
const ROWS: usize = 50;

/// How many lines of a job's log are shown: the newest.
const LINES: usize = 5;

/// How many characters of a text are shown.
const LONGEST: usize = 1_000;

/// How many characters of a result are shown.
const LONGEST_RESULT: usize = 120;

/// The style of cells that stay in one line, whatever the others hold.
const SHORT: &str = r#" style="text-align: left; vertical-align: top; white-space: nowrap""#;

/// The style of cells with text of any length, in which a long word is broken rather than the table widened.
const LONG: &str = concat!(
    r#" style="text-align: left; vertical-align: top; min-width: 8em; max-width: 50em; "#,
    r#"overflow-wrap: anywhere""#
);

/// The style of lines that a job printed.
const LINES_STYLE: &str = r#" style="margin: 0; white-space: pre-wrap; overflow-wrap: anywhere""#;

/// The same content in two forms.
///
/// The HTML is one line. Each line of the text begins with a number, with a heading or with a space.
pub(crate) struct Shown {
    pub(crate) html: String,
    pub(crate) text: String,
}

/// A table of jobs by number, or `empty` if there are none.
pub(crate) fn table<'a>(jobs: impl IntoIterator<Item = &'a AnyJob>, empty: &str) -> Shown {
    let mut jobs: Vec<_> = jobs.into_iter().collect();
    if jobs.is_empty() {
        return Shown { html: format!("<p>{empty}</p>"), text: empty.to_owned() };
    }
    jobs.sort_by_key(|job| job.id());
    let older = jobs.len().saturating_sub(ROWS);
    let note = if older > 0 { format!("{older} older ones are not shown.") } else { String::new() };
    let mut rows = vec![row(["", "Job", "Status", "Time", ""].map(heading))];
    let mut texts: Vec<_> = Some(note.clone()).filter(|note| !note.is_empty()).into_iter().collect();
    for job in &jobs[older..] {
        let summary = job.summary();
        let (id, name) = (job.id().to_string(), cut(job.name().to_string()));
        let now = Some(standing(&summary)).filter(|now| !now.is_empty() || summary.state.is_finished());
        let last_line = || last_lines(job, 1).pop().unwrap_or_default();
        let facts = [status(summary.state), time(&summary), now.unwrap_or_else(last_line)];
        texts.push(format!("{id} : {name}\n    {}", sentence(facts.clone())));
        let [status, time, now] = &facts;
        rows.push(row([cell(&id, SHORT), cell(&name, LONG), cell(status, SHORT), cell(time, SHORT), cell(now, LONG)]));
    }
    let (head, body) = (&rows[0], rows[1..].concat());
    let note = if note.is_empty() { note } else { format!("<p>{note}</p>") };
    let html = format!("{note}<table><thead>{head}</thead><tbody>{body}</tbody></table>");
    Shown { html, text: texts.join("\n") }
}

/// A table about one job, with `result` if it is known: its status, its time, how it stands or why it failed, and the
/// end of its log.
pub(crate) fn about(job: &AnyJob, result: Option<String>) -> Shown {
    let summary = job.summary();
    let name = cut(job.name().to_string());
    let failed = matches!(summary.state, State::Finished(Outcome::Failed | Outcome::Stopped));
    let mut facts = vec![
        ("Job", if job.is_listed() { format!("#{} {name}", job.id()) } else { name }),
        ("Status", status(summary.state)),
        ("Time", time(&summary)),
        (if failed { "Failure" } else { "Now" }, standing(&summary)),
        ("Result", result.unwrap_or_default()),
    ];
    facts.retain(|(_, fact)| !fact.is_empty());
    let mut rows: Vec<_> = facts.iter().map(|(name, fact)| row([heading(name), cell(fact, LONG)])).collect();
    let mut texts: Vec<_> = facts.iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
    let lines = last_lines(job, LINES);
    if !lines.is_empty() {
        let escaped: Vec<_> = lines.iter().map(|line| Escaped(line).to_string()).collect();
        rows.push(row([heading("Log"), format!("<td{LONG}><pre{LINES_STYLE}>{}</pre></td>", escaped.join("&#10;"))]));
        texts.push("Log:".to_owned());
        texts.extend(lines.iter().map(|line| format!("    {line}")));
    }
    Shown { html: format!("<table><tbody>{}</tbody></table>", rows.concat()), text: texts.join("\n") }
}

/// A result in one short line; empty if it is `()`.
pub(crate) fn result<T: Debug>(value: &T) -> String {
    let mut short = Short { text: String::new(), room: LONGEST_RESULT };
    let mut is_whole = false;
    // `Debug` of a user's type is the user's code.
    swallow(|| is_whole = write!(short, "{value:?}").is_ok());
    let text = in_one_line(&short.text);
    match (is_whole, short.room) {
        (true, _) if text == "()" => String::new(),
        (true, _) => text,
        (false, 0) => text + "...",
        (false, _) => format!("({}; its Debug failed)", type_name::<T>()),
    }
}

/// A text that takes no more than there is room for.
struct Short {
    text: String,
    room: usize,
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

/// The job's state in the original's words, without the hint that is meant for a prompt.
fn status(state: State) -> String {
    state.status().split(',').next().unwrap_or_default().to_owned()
}

/// How a job stands, in one line: how far it is, why it waits and where it is, or why it failed.
fn standing(summary: &Summary) -> String {
    match summary.state {
        State::Finished(Outcome::Done) => return String::new(),
        State::Finished(Outcome::Failed | Outcome::Stopped) => {
            let failure = summary.failure.as_ref().map(|failure| format!("{failure:#}"));
            return cut(in_one_line(&failure.unwrap_or_default()));
        }
        _ => {}
    }
    let mut parts = Vec::new();
    parts.extend(summary.stop_reason.as_ref().map(|reason| format!("asked to stop ({reason})")));
    parts.extend(summary.progress.as_ref().map(ToString::to_string));
    parts.extend(summary.why.iter().map(ToString::to_string));
    parts.extend(summary.place.as_ref().map(ToString::to_string));
    cut(sentence(parts))
}

/// The last lines that a job printed.
fn last_lines(job: &AnyJob, count: usize) -> Vec<String> {
    job.core().newest_lines(count).iter().map(|line| cut(one_line(&uncoloured(&line.text)).to_string())).collect()
}

/// How long the job has run; empty if it has not.
fn time(summary: &Summary) -> String {
    summary.ran.map(duration).unwrap_or_default()
}

/// A time as people say it: `4 ms`, `1.2 s`, `3 min 5 s`, `2 h 40 min`.
pub(crate) fn duration(time: Duration) -> String {
    if time < Duration::from_micros(999_500) {
        return format!("{:.0} ms", time.as_secs_f64() * 1_000.0);
    }
    if time < Duration::from_secs(60) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    let seconds = time.as_secs();
    if seconds < 3_600 {
        return format!("{} min {} s", seconds / 60, seconds % 60);
    }
    format!("{} h {} min", seconds / 3_600, seconds / 60 % 60)
}

/// What there is to say, in one line.
fn sentence(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A text of several lines in one.
fn in_one_line(text: &str) -> String {
    one_line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).to_string()
}

/// A text of any length, cut to what a table has room for.
fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} ... ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    format!("<tr>{}</tr>", cells.into_iter().collect::<String>())
}

fn heading(text: &str) -> String {
    format!("<th{SHORT}>{text}</th>")
}

fn cell(text: &str, style: &str) -> String {
    format!("<td{style}>{}</td>", Escaped(text))
}

/// A text that is never markup.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            // XML has neither, not even as a number.
            '\u{fffe}' | '\u{ffff}' => f.write_char(char::REPLACEMENT_CHARACTER),
            _ => f.write_char(c),
        })
    }
}

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        for (micros, expected) in [
            (0, "0 ms"),
            (4_400, "4 ms"),
            (999_400, "999 ms"),
            (999_600, "1.0 s"),
            (1_240_000, "1.2 s"),
            (185_900_000, "3 min 5 s"),
            (9_659_000_000, "2 h 40 min"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), expected, "{micros}");
        }
    }

    #[test]
    fn a_result_is_one_short_line() {
        assert_eq!(result(&42), "42");
        assert_eq!(result(&()), "");
        assert_eq!(result(&"two\nlines\u{1b}"), r#""two\nlines\u{1b}""#);
        assert_eq!(result(&"x".repeat(118)), format!("\"{}\"", "x".repeat(118)));
        assert_eq!(result(&"x".repeat(119)), format!("\"{}...", "x".repeat(119)));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("語".repeat(LONGEST)), "語".repeat(LONGEST));
        let cut = cut("語".repeat(LONGEST + 1));
        assert_eq!(cut, format!("{} ... (1001 characters)", "語".repeat(LONGEST)));
    }

    #[test]
    fn text_is_never_markup() {
        assert_eq!(Escaped("<a href='\"&'>").to_string(), "&lt;a href=&#39;&quot;&amp;&#39;&gt;");
    }
}
