//! How far a command is, as its lines show it: a percentage, a bar, or `[3/8]`.
//!
//! Knows nothing of jobs. It looks at lines when somebody asks, so a command that prints fast costs nothing more.

use crate::record::{
    colours::uncoloured,
    log::{Log, line::Line},
    progress::Progress,
};

/// How many of the newest lines may show it.
const LINES: usize = 10;

/// How much of a line is looked at, in characters.
const LONGEST: usize = 1024;

/// What bars are drawn with where they are full.
const FULL: [char; 8] = ['#', '=', '█', '━', '■', '▇', '▓', '*'];

/// The head of a bar.
const HEADS: [char; 10] = ['>', '╸', '╺', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// What a bar is drawn with where it is empty.
const EMPTY: [char; 7] = [' ', '.', '-', '─', '·', '░', '▒'];

/// The shortest bar, in characters.
const SHORTEST: usize = 3;

/// How far the command that prints into this log is; `None` if its newest lines show nothing of the kind.
///
/// In an unfinished line, which a progress bar rewrites, any percentage counts, and of bars below each other the highest.
/// In a line that has ended a percentage counts if it begins the line, stands in brackets or beside a bar; and where it says
/// that all is done, that part of the work is over.
pub(crate) fn progress(log: &Log) -> Option<Progress> {
    let of = |(done, total)| Progress { done, total: Some(total), text: None };
    if let Some(share) = log.pending().iter().find_map(|line| share(line, false)) {
        return Some(of(share));
    }
    let (done, total) = log.tail(LINES).iter().rev().find_map(|line| share(line, true))?;
    (done < total).then(|| of((done, total)))
}

/// What a line says is done, of how much.
fn share(line: &Line, has_ended: bool) -> Option<(u64, u64)> {
    let text: String = uncoloured(&line.text).chars().take(LONGEST).collect();
    percentage(&text, has_ended).or_else(|| bar(&text)).or_else(|| counted(&text))
}

/// The first percentage.
fn percentage(text: &str, is_strict: bool) -> Option<(u64, u64)> {
    text.match_indices('%').find_map(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        if after.starts_with(|c: char| c.is_alphanumeric() || c == '%') {
            return None;
        }
        let before = before.strip_suffix(' ').unwrap_or(before);
        let (before, number) = number_at_end(before)?;
        let percent = number.split('.').next()?.parse().ok().filter(|percent| *percent <= 100)?;
        let is_marked = matches!(before.trim_start(), "" | "(" | "[")
            || (before.trim_end().ends_with('[') && after.trim_start().starts_with(']'))
            || ends_with_bar(before)
            || after.trim_start_matches([' ', ':']).starts_with(['|', '['])
            || begins_with_bar(after);
        (is_marked || !is_strict).then_some((percent, 100))
    })
}

/// A text that ends with a number, as what is before the number, and the number.
fn number_at_end(text: &str) -> Option<(&str, &str)> {
    let start = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    // The dots of a bar may touch it, and `-5%` and `v2%` are no progress.
    let number = text[start..].trim_start_matches('.');
    let before = &text[..text.len() - number.len()];
    let is_apart = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '+' | '/' | ','));
    (is_apart && number.starts_with(|c: char| c.is_ascii_digit())).then_some((before, number))
}

fn ends_with_bar(text: &str) -> bool {
    let text = text.trim_end();
    let inside = text.trim_end_matches([']', '|']).trim_end_matches(HEADS);
    inside.len() < text.len() && inside.ends_with(|c: char| is_bar(c) || c == ' ') || run(inside.chars().rev())
}

fn begins_with_bar(text: &str) -> bool {
    run(text.trim_start_matches([' ', ':']).chars())
}

/// Whether these characters begin with those of a bar.
fn run(chars: impl Iterator<Item = char>) -> bool {
    let mut chars = chars.peekable();
    let first = chars.peek().copied();
    first.is_some_and(|c| is_bar(c) && c != ' ') && chars.take_while(|c| Some(*c) == first).count() >= SHORTEST
}

fn is_bar(c: char) -> bool {
    FULL.contains(&c) || HEADS.contains(&c) || EMPTY.contains(&c)
}

/// A bar between brackets, `[###   ]`; if `43/120` follows it, that counts.
fn bar(text: &str) -> Option<(u64, u64)> {
    text.match_indices(['[', '|']).find_map(|(at, _)| {
        let inside = &text[at + 1..];
        let full = inside.trim_start_matches(FULL);
        let head = full.trim_start_matches(HEADS);
        let rest = head.trim_start_matches(EMPTY);
        let [full, head, empty] =
            [&inside[..inside.len() - full.len()], &full[..full.len() - head.len()], &head[..head.len() - rest.len()]]
                .map(|part| part.chars().count());
        let after = rest.strip_prefix([']', '|'])?;
        let has_begun = full + head > 0 && full + head + empty >= 2 * SHORTEST;
        has_begun.then(|| fraction(after).unwrap_or((full as u64, (full + head + empty) as u64)))
    })
}

/// `[3/8]` at the beginning of a line.
fn counted(text: &str) -> Option<(u64, u64)> {
    let (inside, _) = text.trim_start().strip_prefix('[')?.split_once(']')?;
    fraction(inside)
}

/// `43/120`, alone or before a space or punctuation.
fn fraction(text: &str) -> Option<(u64, u64)> {
    let (done, rest) = text.trim_start().split_once('/')?;
    let total = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    let after = rest[total.len()..].chars().next();
    let (done, total) = (done.parse().ok()?, total.parse().ok()?);
    (done <= total && total > 0 && !after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.')))
        .then_some((done, total))
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;
    use crate::record::log::line::Stream;

    /// What is read after these texts were printed.
    fn read(text: &str) -> Option<String> {
        let log = Log::new(1 << 20);
        log.write(Stream::Out, text);
        progress(&log).map(|progress| format!("{}/{}", progress.done, progress.total.unwrap_or_default()))
    }

    #[test]
    fn the_bars_and_percentages_of_known_programs_are_read() {
        for (name, text, expected) in [
            ("apt", "\rReading package lists... 43%", "43/100"),
            ("aria2", "[#2089b0 400KiB/33MiB(43%) CN:1 DL:115KiB]", "43/100"),
            ("cargo", "    Building [=====>                   ] 43/120: serde, syn", "43/120"),
            ("cmake", "[ 43%] Building CXX object a.o\n", "43/100"),
            ("curl -#", "\r####################                          43.2%", "43/100"),
            ("docker build", "[2/5] RUN make\n", "2/5"),
            ("dpkg", "(Reading database ... 35%", "35/100"),
            ("git", "remote: done\nReceiving objects:  43% (430/1000), 1.2 MiB | 2 MiB/s\r", "43/100"),
            ("ninja", "[12/80] Building a.o\n", "12/80"),
            ("pv", "\r43.0MiB 0:00:05 [8.6MiB/s] [====>        ] 43% ETA 0:00:06", "43/100"),
            ("pytest", "tests/test_a.py .....                     [ 43%]\n", "43/100"),
            ("rich", "\rfitting \u{1b}[31m━━━━━━━\u{1b}[0m\u{1b}[90m━━━━━━\u{1b}[0m  43% 0:00:07", "43/100"),
            ("rsync", "\r      1,234,567  45%    1.23MB/s    0:00:05", "45/100"),
            ("tqdm", "\r 43%|████▎     | 43/100 [00:04<00:05,  9.96it/s]", "43/100"),
            ("tqdm, named", "\repoch 1:   0%|          | 0/100 [00:00<?, ?it/s]", "0/100"),
            ("wget", "    50K .......... .......... .......... .......... ..........  12%  104M 0s\n", "12/100"),
            ("a bar alone", "\r[####        ]", "4/12"),
            ("a bar with a head", "\r|==>   |", "2/6"),
            ("French", "\rTéléchargement : 43 %", "43/100"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn a_line_that_has_ended_may_mention_a_percentage() {
        for text in [
            "coverage: 93% of lines\n",
            "/dev/sda is 93% full (7% free)\n",
            "GET /a%20b%2F\n",
            "[----------] 5 tests from Foo\n",
            "[==========] Running 5 tests\n",
            "[29/11/2026] begun\n",
            "[warn] 3/4 done\n",
            "loss fell by -5%\n",
            "format(\"%5.1f%%\")\n",
            "\n",
            "",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_newest_line_counts_and_one_that_is_complete_ends_a_part() {
        assert_eq!(read("[ 10%] a\n[ 20%] b\nwarning: unused\n").as_deref(), Some("20/100"));
        assert_eq!(read("[ 10%] a\n[100%] b\nlinking\n"), None);
        assert_eq!(read("\r 99%\r100%").as_deref(), Some("100/100"), "it is still being shown");
        assert_eq!(read(&format!("[ 10%] a\n{}", "other\n".repeat(LINES))), None, "too long ago");
    }

    #[test]
    fn of_bars_below_each_other_the_highest_counts() {
        let log = Log::new(1 << 20);
        log.write(Stream::Err, "\r 50%|█████     |\n\r 10%|█         |\u{1b}[A");
        assert_eq!(progress(&log).map(|progress| progress.done), Some(50));
    }

    #[test]
    fn an_endless_line_is_looked_at_from_its_start() {
        assert_eq!(read(&format!("\r{}43%", "é".repeat(LONGEST))), None);
        assert_eq!(read(&format!("\r43% {}", "é".repeat(LONGEST))), Some("43/100".to_owned()));
    }
}
