//! Completes the word at the cursor from what the session knows.
//!
//! Knows nothing of where in the code a word stands.

use std::{
    collections::BTreeSet,
    env,
    sync::{Arc, Mutex, PoisonError},
};

use reedline::{Completer, CompletionResult, Span, Suggestion};

use super::{
    completion_context::{CompletionContext, commands, context_at},
    entries::{entries, programs},
    shell_word::ShellWord,
};
use crate::{environment::Environment, lang::Words, selection::STATES};

/// The largest number of suggestions.
const MOST: usize = 1_000;

/// The names and jobs that are known while a line is typed.
pub(super) type Known = Arc<Mutex<Words>>;

/// Completes names, members, job numbers and paths.
pub(super) struct Completions(pub(super) Known);

impl Completer for Completions {
    fn complete(&mut self, line: &str, cursor: usize) -> CompletionResult {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((start, context)) = context_at(line, cursor) else { return CompletionResult::fresh([]) };
        let span = Span::new(start, cursor);
        let typed = &line[start..cursor];
        let suggestions: Vec<_> = candidates(&words, &context, typed).into_iter().take(MOST).collect();
        let suggestion = |value| Suggestion { value, span, ..Suggestion::default() };
        CompletionResult::fresh(suggestions.into_iter().map(suggestion).collect::<Vec<_>>())
    }
}

/// The candidates that begin as typed, in order.
fn candidates(words: &Words, context: &CompletionContext, typed: &str) -> Vec<String> {
    let begins = |name: &String| name.starts_with(typed) && (typed.starts_with('_') || !name.starts_with('_'));
    let environment = &words.names.environment;
    match context {
        CompletionContext::Name { at_start } => {
            // An empty word lists only the user's own names, not everything.
            let mut names = if typed.is_empty() { words.own() } else { words.all() };
            if *at_start {
                names.extend(commands(typed).map(str::to_owned));
            }
            names.into_iter().filter(begins).collect()
        }
        CompletionContext::Member { name, path } => words.members(name, path).into_iter().filter(begins).collect(),
        CompletionContext::Job => words.jobs.numbers().into_iter().filter(begins).collect(),
        CompletionContext::Selection => {
            let states = STATES.iter().map(|&state| state.to_owned()).filter(|_| !typed.is_empty());
            words.jobs.numbers().into_iter().chain(states).filter(begins).collect()
        }
        CompletionContext::Group => words.jobs.groups().into_iter().filter(begins).collect(),
        CompletionContext::Command => commands(typed).map(str::to_owned).collect(),
        CompletionContext::File { directory, quote } => {
            // What would end the string, or mean something else in it.
            let is_special = |name: &str| name.contains([*quote, '\\']) || *quote == '`' && name.contains("${");
            let names = entries(&environment.resolve(directory), typed).into_iter();
            names.filter(|name| !is_special(name)).collect()
        }
        CompletionContext::Word(word) if word.is_program() => {
            let path = environment.variable("PATH").unwrap_or_default();
            let folders = env::split_paths(&path).map(|folder| environment.resolve(folder));
            // There are too many to list them all.
            let names = if word.typed.is_empty() { BTreeSet::new() } else { programs(folders, &word.typed) };
            names.iter().map(|name| word.with_quotes(name)).collect()
        }
        CompletionContext::Word(word) => paths(environment, word).map(|name| word.with_quotes(&name)).collect(),
        CompletionContext::Folder(word) => {
            let folders = paths(environment, word).filter(|name| name.ends_with('/'));
            folders.map(|name| word.with_quotes(&name)).collect()
        }
    }
}

/// The entries that a word for the system's shell may stand for; one that would be an option needs `./` before it.
fn paths(environment: &Environment, word: &ShellWord) -> impl Iterator<Item = String> {
    let names = environment.resolve_typed(&word.directory).map(|folder| entries(&folder, &word.typed));
    let is_here = word.directory.is_empty();
    names.unwrap_or_default().into_iter().filter(move |name| !(is_here && name.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::session::Session;

    fn seen(session: &Session, line: &str) -> Vec<String> {
        let mut completions = Completions(Arc::new(Mutex::new(session.words())));
        let result = completions.complete(line, line.len());
        result.suggestions().iter().map(|suggestion| suggestion.value.clone()).collect()
    }

    #[track_caller]
    fn check(session: &Session, line: &str, expected: &[&str]) {
        assert_eq!(seen(session, line), expected, "{line}");
    }

    #[test]
    fn names_members_and_numbers_are_completed() {
        let mut session = Session::new(Arc::new(|_, _| {}));
        session.answer("fn slow_sum(n) { n }");
        session.answer("slower = #{my_name: 'a', list: [#{my_key: 1, 'no name': 2}]}");
        session.answer("jobs.new('1').join(); jobs.new('2').join()");
        session.answer("jobs.group('disk'); jobs.group('net'); jobs.group('two words')");
        check(&session, "slow", &["slow_sum", "slower"]);
        check(&session, "slower.my", &["my_name"]);
        check(&session, "slower.list[0].my", &["my_key"]);
        check(&session, "slower['list'][0].n", &[]);
        check(&session, "kill ", &["0", "1"]);
        check(&session, "kill 0 1", &["1"]);
        check(&session, "wait ru", &["running"]);
        check(&session, "help ki", &["kill"]);
        check(&session, "pause ", &["disk", "net"]);
        check(&session, "limit n", &["net"]);
        check(&session, "why 1", &["1"]);
        check(&session, "jobs[1", &["1"]);
        check(&session, "unknown.", &[]);
        check(&session, "x = hel", &[]);
        for (line, name) in [
            ("hel", "help"),
            ("x = re", "read_file"),
            ("retu", "return"),
            ("jobs.", "new"),
            ("jobs.re", "remove"),
            ("jobs._", "_status_new"),
            ("jobs[0].", "result"),
            ("jobs[j].st", "stat_code"),
            ("slower.list.", "push"),
        ] {
            let seen = seen(&session, line);
            assert!(seen.iter().any(|seen| seen == name), "{line}: {seen:?}");
        }
    }

    #[test]
    fn a_variable_called_jobs_hides_the_jobs() {
        let mut session = Session::new(Arc::new(|_, _| {}));
        session.answer("jobs = #{newest: 1}");
        check(&session, "jobs.ne", &["newest"]);
    }

    #[test]
    fn paths_are_completed() {
        let session = Session::new(Arc::new(|_, _| {}));
        let folder = std::env::temp_dir().join(format!("bgjobs-shell-complete-{}", std::process::id()));
        fs::create_dir_all(folder.join("data")).expect("the directory for temporary files can be written");
        for name in ["date.txt", ".hidden", "it's", "two words", "-rf"] {
            fs::write(folder.join(name), "").expect("the directory was just made");
        }
        let start = format!("read_file(\"{}/", folder.display());
        check(&session, &start, &["-rf", "data/", "date.txt", "it's", "two words"]);
        check(&session, &format!("{start}."), &[".hidden"]);
        check(&session, &format!("{start}data/x"), &[]);
        check(&session, &format!("!cat {}/da", folder.display()), &["data/", "date.txt"]);
        check(&session, &format!("cd {}/d", folder.display()), &["data/"]);
        let mut session = session;
        session.answer(&format!("cd('{0}'); set_env('HOME', '{0}'); set_env('PATH', '{0}/data')", folder.display()));
        check(&session, "cd ", &["data/"]);
        check(&session, "cd 'da", &["data/"]);
        check(&session, "read_file('it", &[]);
        check(&session, "!cat tw", &["two\\ words"]);
        check(&session, "!cat 'tw", &["two words'"]);
        check(&session, "!cat two\\ w", &["two\\ words"]);
        check(&session, "!cat ~/it", &["it\\'s"]);
        check(&session, "!cat ~/\"it", &["it's\""]);
        check(&session, "!rm -", &[]);
        check(&session, "!rm ./-", &["-rf"]);
        check(&session, "!make & #{log_file: 'da", &["data/", "date.txt"]);
        for (name, mode) in [("tool", 0o755), ("tool.txt", 0o644)] {
            let path = folder.join("data").join(name);
            fs::write(&path, "").expect("the directory was just made");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the file was just made");
        }
        check(&session, "!too", &["tool"]);
        check(&session, "!true && too", &["tool"]);
        check(&session, "!", &[]);
        fs::remove_dir_all(&folder).expect("it was just made");
    }
}
