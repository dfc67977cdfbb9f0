//! What the public interface keeps to throughout; CONTRIBUTING says why.
//!
//! It knows the list, and not how it is made.

use std::{collections::BTreeSet, fs};

use super::LIST;
use crate::workspace::root;

/// Sets that are complete: another variant would be another idea, and a user matches them whole.
const CLOSED: [&str; 5] = ["Demand", "FailureKind", "Outcome", "State", "Stream"];

/// Structs with public fields that users make, by a function of theirs or whole.
const MADE_BY_USERS: [&str; 2] = ["LimitError", "Place"];

fn list() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(LIST)).expect("the list is in the repository");
    text.lines().map(str::to_owned).collect()
}

/// The types that the list defines with `keyword`, each with its line.
fn types<'a>(list: &'a BTreeSet<String>, keyword: &str) -> Vec<(&'a str, &'a str)> {
    let definition = format!("pub {keyword} ");
    let named = list.iter().filter_map(|line| line.split_once(&definition).map(|(_, name)| (name, line.as_str())));
    named.map(|(name, line)| (name.split(['<', '(', ' ']).next().unwrap_or(name), line)).collect()
}

#[test]
fn an_enum_may_grow_unless_it_is_a_complete_set() {
    let list = list();
    for (name, line) in types(&list, "enum") {
        assert_eq!(line.contains("#[non_exhaustive]"), !CLOSED.contains(&name), "{line}");
    }
}

#[test]
fn a_struct_that_only_the_library_makes_may_grow_and_one_that_users_make_has_a_default() {
    let list = list();
    for (name, line) in types(&list, "struct") {
        let field = format!("{name}::");
        let has_fields = list.iter().any(|line| line.starts_with(&field) || line.contains(&format!("] {field}")));
        let is_made = MADE_BY_USERS.contains(&name)
            || list.iter().any(|line| line.ends_with(&format!("impl Default for {name}")));
        let may_grow = line.contains("#[non_exhaustive]");
        assert!(!has_fields || may_grow != is_made, "{line}: it needs either `#[non_exhaustive]` or `Default`");
    }
}

#[test]
fn a_wait_takes_no_optional_limit_and_has_a_sibling_with_one() {
    let list = list();
    let optional: Vec<_> =
        list.iter().filter(|line| line.contains("Option<Duration>") && line.contains(" fn ")).collect();
    let limits =
        optional.into_iter().filter(|line| !line.rsplit_once("->").is_some_and(|(_, to)| to.contains("Duration")));
    assert_eq!(limits.collect::<Vec<_>>(), Vec::<&String>::new());
    let functions = |line: &&String| line.contains("_timeout(") || line.contains("_timeout<");
    for line in list.iter().filter(functions) {
        let whole = line.replacen("_timeout", "", 1);
        let (name, _) = whole.split_once('(').expect("a function has parameters");
        let name = name.rsplit_once("fn ").map_or(name, |(_, name)| name).split('<').next().expect("a name");
        let sibling =
            |other: &&String| other.contains(&format!("fn {name}(")) || other.contains(&format!("fn {name}<"));
        assert!(list.iter().any(|other| sibling(&other)), "{line} has no sibling `{name}`");
    }
}

#[test]
fn guards_futures_and_unstarted_jobs_say_that_dropping_them_loses_something() {
    let list = list();
    for name in ["EndFuture", "JoinFuture", "LocateGuard", "OnStop", "Spawner", "RetrySpawner", "Hosted", "Turn"] {
        let (_, line) = types(&list, "struct").into_iter().find(|(other, _)| *other == name).expect("it is exported");
        assert!(line.contains("#[must_use]"), "{line}");
    }
}
