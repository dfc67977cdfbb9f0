//! Completes the word at the cursor from what the session knows.
//!
//! Knows nothing of where in the code a word stands.

use std::{
    collections::BTreeSet,
    env,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{AnyJob, one_line};

use super::{
    completion_context::{CompletionContext, commands, context_at, is_of_word},
    entries::{entries, programs},
    menu::Candidate,
    shell_word::ShellWord,
};
use crate::{
    commands::{WORDS, Word, WordOption},
    environment::Environment,
    lang::Words,
    selection::{self, STATES},
};

/// The largest number of suggestions.
const MOST: usize = 1_000;

/// The names and jobs that are known while a line is typed.
pub(super) type Known = Arc<Mutex<Words>>;

/// Completes names, members, job numbers and paths.
pub(super) struct Completions(pub(super) Known);

impl Completions {
    /// Where in the line the word at the cursor begins, and what it may become; none if nothing.
    pub(super) fn complete(&self, line: &str, cursor: usize) -> Option<(usize, Vec<Candidate>)> {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (start, context) = context_at(line, cursor)?;
        let mut candidates = candidates(&words, &context, &line[start..cursor]);
        candidates.truncate(MOST);
        (!candidates.is_empty()).then_some((start, candidates))
    }
}

/// The candidates that begin as typed, in order.
fn candidates(words: &Words, context: &CompletionContext, typed: &str) -> Vec<Candidate> {
    let begins = |note: &&(&str, &str)| note.0.starts_with(typed);
    match context {
        CompletionContext::Selection { live } => jobs(words, *live, typed),
        CompletionContext::Command => {
            let first_line = |word: &Word| word.help.lines().next().unwrap_or_default().to_owned();
            let words = WORDS.iter().filter(|word| word.name.starts_with(typed));
            words.map(|word| Candidate { text: word.name.to_owned(), note: first_line(word) }).collect()
        }
        CompletionContext::Choice(choices) => choices.iter().filter(begins).map(candidate).collect(),
        CompletionContext::Option(options) => {
            // Of two names the long one says more.
            let name = |option: &WordOption| option.names().filter(|name| name.starts_with(typed)).last();
            options.iter().filter_map(|option| Some(candidate(&(name(option)?, option.what)))).collect()
        }
        context => names(words, context, typed).into_iter().map(Candidate::from).collect(),
    }
}

fn candidate(&(text, note): &(&str, &str)) -> Candidate {
    Candidate { text: text.to_owned(), note: note.to_owned() }
}

/// The numbers of jobs with their names; once something is typed, also whatever else selects jobs.
fn jobs(words: &Words, live: bool, typed: &str) -> Vec<Candidate> {
    let jobs = words.jobs.handle.all().into_iter().filter(|job| !live || !job.is_finished());
    let jobs: Vec<_> = jobs.collect();
    let number = |job: &AnyJob| Candidate { text: job.id().to_string(), note: one_line(job.name()).to_string() };
    let mut candidates: Vec<_> = jobs.iter().map(number).collect();
    if !typed.is_empty() {
        let is_word = |name: &&str| name.chars().all(is_of_word) && !name.starts_with(|c: char| c.is_ascii_digit());
        let names: BTreeSet<_> =
            jobs.iter().flat_map(selection::names).filter(is_word).chain(STATES.iter().copied()).collect();
        candidates.extend(names.into_iter().map(|name| Candidate::from(name.to_owned())));
    }
    candidates.retain(|candidate| candidate.text.starts_with(typed));
    candidates
}

/// The names that begin as typed, in order.
fn names(words: &Words, context: &CompletionContext, typed: &str) -> Vec<String> {
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
        CompletionContext::Group => words.jobs.groups().into_iter().filter(begins).collect(),
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
        _ => Vec::new(),
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
        let completed = Completions(Arc::new(Mutex::new(session.words()))).complete(line, line.len());
        completed.into_iter().flat_map(|(_, candidates)| candidates).map(|candidate| candidate.text).collect()
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
        check(&session, "log ", &["0", "1"]);
        check(&session, "log 0 1", &["1"]);
        check(&session, "log 1 --f", &["--follow"]);
        check(&session, "log 1 -", &["--follow", "--times", "--last", "--since", "--out", "--err"]);
        check(&session, "notify ", &["bell", "osc9", "osc777", "off"]);
        check(&session, "notices s", &["summary"]);
        check(&session, "kill ", &[]);
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
    fn only_jobs_that_run_are_offered_to_be_killed() {
        let mut session = Session::new(Arc::new(|_, _| {}));
        session.answer("jobs.new('1').join(); jobs.start(|| sleep(1000), [], #{name: 'fit', group: 'disk'})");
        check(&session, "kill ", &["1"]);
        check(&session, "kill %", &["1"]);
        check(&session, "kill f", &["failed", "finished", "fit"]);
        check(&session, "fg d", &["dead", "disk", "done"]);
        let known = Completions(Arc::new(Mutex::new(session.words())));
        let fit = Candidate { text: "1".to_owned(), note: "fit".to_owned() };
        assert_eq!(known.complete("kill ", 5), Some((5, vec![fit])));
        session.answer("jobs[1].stop()");
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
