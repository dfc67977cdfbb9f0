//! The prompt's story in the README is what a session says.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs_shell::{
    Session,
    shell::{self, Reply},
};

/// The first block of the README that shows the prompt.
fn story() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(path).expect("the README is there");
    let blocks = readme.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.starts_with("In [1]: ")).expect("it shows the prompt").to_owned()
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
    let story = story();
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
