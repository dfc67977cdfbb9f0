//! The prompt's stories in the README are what a session says, and what is seen on a terminal.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs_shell::{
    Session,
    shell::{self, Reply},
};

#[cfg(unix)]
use crate::terminal::{Home, Terminal};

/// The blocks of the README that show the prompt: the first, and that about control.
fn story(place: usize) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(path).expect("the README is there");
    let blocks = readme.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    // Between them stands that of IPython.
    let mut stories = blocks.into_iter().filter(|block| block.starts_with("In [1]: fn "));
    stories.nth(place).expect("it shows the prompt").to_owned()
}

/// Whether a text begins a line that was typed.
fn typed(line: &str) -> Option<&str> {
    line.strip_prefix("In [")?.split_once("]: ").map(|(_, typed)| typed)
}

/// The number of the job in a line that tells of its end.
fn told(line: &str) -> Option<u64> {
    line.split_once(" : ")?.0.parse().ok()
}

// It takes as long as the slow jobs in the story do.
#[test]
fn the_story_in_the_readme_is_what_a_session_says() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&seen);
    let say = move |text: &str| shared.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    let printed = say.clone();
    let mut session = Session::new(Arc::new(move |_, text| printed(text)));
    let story = story(0);
    for line in story.lines() {
        if let Some(text) = typed(line) {
            say(&format!("In [{}]: {text}", session.number()));
            match shell::answer(&mut session, text) {
                Reply::Shown(text) | Reply::Wrong(text) => say(&text),
                Reply::Nothing | Reply::Leave => {}
            }
        } else if let Some(job) = told(line) {
            // Told as soon as it has ended, in the order of the story.
            session.jobs().get(job).expect("it was started").wait().expect("it ends");
            session.report().to_string().lines().filter(|line| !line.is_empty()).for_each(&say);
        }
    }
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
    assert_eq!(seen, story.trim_end());
}

/// A text as it is whatever the times in it are.
fn without_times(text: &str) -> String {
    let timeless = |word: &str| {
        let number = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit = number.trim_end_matches([';', ':']);
        let is_time = number.len() < word.len() && matches!(unit, "s" | "ms" | "µs");
        if is_time { format!("TIME{}", &number[unit.len()..]) } else { word.to_owned() }
    };
    let line = |line: &str| {
        let words: Vec<_> = line.split(' ').map(timeless).collect();
        // Whether a job has been long where it is chance decides.
        words.join(" ").replace("`sleep` for TIME", "`sleep`")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The prompt that a line of the story begins with, and what is typed there.
#[cfg(unix)]
fn prompted(line: &str) -> Option<(&str, &str)> {
    let (prompt, input) = line.split_once("> ").filter(|(prompt, _)| prompt.starts_with("debug ")).or_else(|| {
        let input = typed(line)?;
        Some((line.strip_suffix(input)?, input))
    })?;
    Some((&line[..line.len() - input.len()], input)).filter(|_| !prompt.is_empty())
}

#[cfg(unix)]
#[test]
fn the_story_about_control_is_what_is_seen_on_a_terminal() {
    let home = Home::new();
    let mut terminal = Terminal::of_size(&home, 100, 200);
    let (story, mut before) = (story(1), String::new());
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
    terminal.see_as(&without_times(&format!("{before}In [13]:")), without_times);
}
