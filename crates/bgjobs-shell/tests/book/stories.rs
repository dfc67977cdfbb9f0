//! The shell's transcripts in the README and the book are what a session says, and what a terminal shows.

use std::sync::{Arc, Mutex, PoisonError};

use bgjobs_shell::{Session, shell};

use crate::documents::stories;
#[cfg(unix)]
use crate::terminal::{Home, Terminal};

/// What was typed in a line of a transcript, if it was typed.
fn typed(line: &str) -> Option<&str> {
    line.strip_prefix("In [")?.split_once("]: ").map(|(_, typed)| typed)
}

/// The number of the job whose end a line reports.
fn reported(line: &str) -> Option<u64> {
    line.split_once(" : ")?.0.parse().ok()
}

/// Only a terminal has keys.
fn needs_a_terminal(story: &str) -> bool {
    story.contains("\n^")
}

// It takes as long as the slow jobs of the stories do.
#[test]
fn a_story_is_what_a_session_says() {
    let (_, stories): (Vec<_>, Vec<_>) = stories().into_iter().partition(|story| needs_a_terminal(story));
    assert!(!stories.is_empty());
    for story in stories {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let say = move |text: &str| shared.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        let printed = say.clone();
        let mut session = Session::new(Arc::new(move |_, text| printed(text.trim_end_matches('\n'))));
        for line in story.lines() {
            if let Some(text) = typed(line) {
                say(&format!("In [{}]: {text}", session.number()));
                if let Some((_, text)) = shell::stream(&shell::answer(&mut session, text)) {
                    say(text);
                }
            } else if let Some(job) = reported(line) {
                // Reported as soon as it has ended, in the order of the story.
                session.jobs().get(job).expect("it was started").wait().expect("it ends");
                session.report().to_string().lines().filter(|line| !line.is_empty()).for_each(&say);
            }
        }
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        assert_eq!(without_times(&seen), without_times(&story));
    }
}

/// A text without the times in it.
fn without_times(text: &str) -> String {
    let timeless = |word: &str| {
        let number = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit = number.trim_end_matches([';', ':']);
        let is_time = number.len() < word.len() && matches!(unit, "s" | "ms" | "µs");
        if is_time { format!("TIME{}", &number[unit.len()..]) } else { word.to_owned() }
    };
    let line = |line: &str| {
        let words: Vec<_> = line.split(' ').map(timeless).collect();
        // Whether a job has been there for long is left to chance.
        words.join(" ").replace("`sleep` for TIME", "`sleep`")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The prompt that a line of a story begins with, and what is typed there.
#[cfg(unix)]
fn prompted(line: &str) -> Option<(&str, &str)> {
    let debugger = line.split_once("> ").filter(|(prompt, _)| prompt.starts_with("debug "));
    let input = debugger.map(|(_, input)| input).or_else(|| typed(line))?;
    Some((line.strip_suffix(input)?, input))
}

#[cfg(unix)]
#[test]
fn a_story_with_keys_is_what_a_terminal_shows() {
    let stories: Vec<_> = stories().into_iter().filter(|story| needs_a_terminal(story)).collect();
    assert!(!stories.is_empty());
    for story in stories {
        let home = Home::new();
        let mut terminal = Terminal::of_size(&home, 100, 200);
        let mut before = String::new();
        for line in story.lines() {
            if line == "^Z" {
                terminal.see(before.lines().last().expect("something runs"));
                terminal.type_keys("\x1a");
            } else if let Some((prompt, input)) = prompted(line) {
                terminal.see_as(&without_times(&format!("{before}{}", prompt.trim_end())), without_times);
                terminal.type_keys(&format!("{input}\r"));
            }
            before.push_str(line);
            before.push('\n');
        }
        let lines = story.lines().filter(|line| typed(line).is_some()).count();
        terminal.see_as(&without_times(&format!("{before}In [{}]:", lines + 1)), without_times);
    }
}
