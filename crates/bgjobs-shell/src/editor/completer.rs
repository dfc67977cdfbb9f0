//! Completes the word at the cursor from what the session knows.
//!
//! Knows nothing of where in the code a word stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::{Arc, Mutex, PoisonError},
};

#[cfg(target_os = "linux")]
use bgjobs::KeptSummary;
use bgjobs::{AnyJob, Group, one_line};

use super::{
    completion_context::{CompletionContext, context_at},
    entries::{entries, programs},
    menu::Candidate,
    shell_word::ShellWord,
};
#[cfg(target_os = "linux")]
use crate::lang::kept_jobs;
use crate::{
    commands::{Fitting, WORDS},
    environment::Environment,
    lang::{Noted, OptionValues, Words, held_jobs, is_of_word},
    option_help::OptionHelp,
    selection,
};

/// The names and jobs that are known while a line is typed.
pub(super) type Known = Arc<Mutex<Words>>;

/// Completes names, members, job numbers and paths.
pub(super) struct Completions(pub(super) Known);

impl Completions {
    /// Where in the line the word at the cursor begins, and what it may become; none if nothing.
    pub(super) fn complete(&self, line: &str, cursor: usize) -> Option<(usize, Vec<Candidate>)> {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (start, context) = context_at(line, cursor)?;
        let (typed, after) = (&line[start..cursor], &line[cursor..]);
        let mut candidates = candidates(&words, context, typed, after);
        candidates.retain(|candidate| candidate.text.starts_with(typed));
        (!candidates.is_empty()).then_some((start, candidates))
    }
}

/// What may stand there, in order; `after` is what stands behind the cursor.
fn candidates(words: &Words, context: CompletionContext, typed: &str, after: &str) -> Vec<Candidate> {
    let noted = |noted: Noted| {
        let is_offered = |name: &str| typed.starts_with('_') || !name.starts_with('_');
        let offered = noted.into_iter().filter(|(name, _)| is_offered(name));
        offered.map(|(text, note)| Candidate { text, note }).collect()
    };
    // A string ends behind its candidate, unless its end is there already.
    let with_end = |text: &str, end: String| {
        let end = if after.starts_with(&end[..1]) { "" } else { &end };
        // What would end the string, or mean something else in it, can't be typed as it is.
        (!text.contains(['"', '\'', '`', '\\', '$']) && !text.contains(char::is_control))
            .then(|| format!("{text}{end}"))
    };
    match context {
        CompletionContext::Name { at_start } => noted(names(words, at_start, typed)),
        CompletionContext::Member { root, path } => noted(words.members(&root, &path)),
        CompletionContext::Key { root, path, quote } => {
            let keys = words.keys(&root, &path).into_iter();
            keys.filter_map(|key| with_end(&key, format!("{quote}]"))).map(Candidate::from).collect()
        }
        CompletionContext::Job(fitting) => numbers(&jobs(words, fitting)),
        CompletionContext::Selection(fitting) => selections(words, fitting, typed),
        CompletionContext::Choice(choices) => choices.iter().map(|&(text, note)| Candidate::new(text, note)).collect(),
        CompletionContext::Option(options) => {
            // Of two names the long one says more.
            let name = |option: &OptionHelp| option.names().filter(|name| name.starts_with(typed)).last();
            options.iter().filter_map(|option| Some(Candidate::new(name(option)?, option.what))).collect()
        }
        CompletionContext::MapOption(options) => {
            let end = if after.trim_start().starts_with(':') { "" } else { ": " };
            let name = |option: &OptionHelp| option.names().next().map(|name| format!("{name}{end}"));
            options.iter().filter_map(|option| Some(Candidate::new(name(option)?, option.what))).collect()
        }
        CompletionContext::Value { values, quote } => {
            let typed_as = |text: &str| match quote {
                None => Some(text.to_owned()),
                Some(quote) => with_end(text.strip_prefix('"')?.strip_suffix('"')?, quote.to_string()),
            };
            let candidate = |text: &str, note: &str| Some(Candidate::new(typed_as(text)?, note));
            match values {
                OptionValues::Any => Vec::new(),
                OptionValues::OneOf(texts) => texts.iter().filter_map(|text| candidate(text, "")).collect(),
                OptionValues::Jobs => numbers(&jobs(words, Fitting::Live)),
                OptionValues::Groups => {
                    let groups = words.jobs.handle.groups().into_iter();
                    groups.filter_map(|group| candidate(&format!("\"{}\"", group.name()), &about(&group))).collect()
                }
            }
        }
        CompletionContext::Group { paused } => {
            let groups = words.jobs.handle.groups().into_iter();
            let fitting = groups.filter(|group| paused.is_none_or(|paused| group.is_paused() == paused));
            let words = fitting.filter(|group| is_word(group.name()));
            words.map(|group| Candidate::new(&**group.name(), about(&group))).collect()
        }
        #[cfg(target_os = "linux")]
        CompletionContext::KeptJob => kept(),
        context => files(&words.names.environment, context, typed),
    }
}

/// The names that can be typed; at the start of a line with the words of the shell.
fn names(words: &Words, at_start: bool, typed: &str) -> Noted {
    // An empty word lists only the user's own names, not everything.
    let mut names = if typed.is_empty() { words.own() } else { words.all() };
    if at_start {
        let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        let hidden = |name: &str| words.names.variable(name).is_some();
        let commands = WORDS.iter().filter(|word| !hidden(word.name));
        names.extend(commands.map(|word| (word.name.to_owned(), first_line(word.help))));
    }
    names
}

/// The jobs that a word is useful for.
fn jobs(words: &Words, fitting: Fitting) -> Vec<AnyJob> {
    words.jobs.handle.all().into_iter().filter(|job| fitting.fits(job, &words.jobs)).collect()
}

fn numbers(jobs: &[AnyJob]) -> Vec<Candidate> {
    jobs.iter().map(|job| Candidate::new(job.id().to_string(), one_line(job.name()).to_string())).collect()
}

/// The numbers of jobs with their names; once something is typed, also whatever else selects some of them.
fn selections(words: &Words, fitting: Fitting, typed: &str) -> Vec<Candidate> {
    let jobs = jobs(words, fitting);
    let mut candidates = numbers(&jobs);
    if typed.is_empty() {
        return candidates;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let is_offered = |name: &&str| is_word(name) && !name.starts_with(|c: char| c.is_ascii_digit());
    for job in &jobs {
        let names: BTreeSet<_> =
            selection::names(job).filter(is_offered).chain(selection::states(job.state())).collect();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
    }
    for (name, value) in words.names.variables() {
        let held = held_jobs(value).unwrap_or_default();
        let count = held.iter().filter(|job| fitting.fits(job, &words.jobs)).count();
        if count > 0 {
            counts.insert(name, count);
        }
    }
    candidates.extend(counts.into_iter().map(|(name, count)| {
        Candidate::new(name, if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") })
    }));
    candidates
}

/// Whether a name can be typed without quotes.
fn is_word(name: &str) -> bool {
    name.chars().all(|c| is_of_word(c) || c == '-')
}

/// What is known about a group, without its name.
fn about(group: &Group) -> String {
    let all = group.to_string();
    all.strip_prefix(&format!("{}: ", group.name())).unwrap_or(&all).to_owned()
}

/// The kept jobs that run.
#[cfg(target_os = "linux")]
fn kept() -> Vec<Candidate> {
    let live = kept_jobs().and_then(|kept| kept.live().map_err(|error| error.to_string())).unwrap_or_default();
    let summaries = live.iter().filter_map(|kept| kept.summary().ok());
    let note = |summary: &KeptSummary| format!("{}, {}", one_line(&summary.name), bgjobs_cli::listing::state(summary));
    summaries.map(|summary| Candidate::new(summary.id.to_string(), note(&summary))).collect()
}

/// The files, folders and programs that begin as typed.
fn files(environment: &Environment, context: CompletionContext, typed: &str) -> Vec<Candidate> {
    let names: Vec<_> = match context {
        CompletionContext::File { directory, quote } => {
            // What would end the string, or mean something else in it.
            let is_special = |name: &str| name.contains([quote, '\\']) || quote == '`' && name.contains("${");
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
        CompletionContext::Word(word) => paths(environment, &word).map(|name| word.with_quotes(&name)).collect(),
        CompletionContext::Folder(word) => {
            let folders = paths(environment, &word).filter(|name| name.ends_with('/'));
            folders.map(|name| word.with_quotes(&name)).collect()
        }
        _ => Vec::new(),
    };
    names.into_iter().map(Candidate::from).collect()
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
        check(&session, "jobs ", &["0", "1"]);
        check(&session, "jobs 0 1", &["1"]);
        check(&session, "log 1 --f", &["--follow"]);
        check(&session, "log 1 -", &["--follow", "--times", "--last", "--since", "--out", "--err"]);
        check(&session, "notify ", &["bell", "osc9", "osc777", "off"]);
        check(&session, "notices s", &["summary"]);
        check(&session, "kill ", &[]);
        check(&session, "wait ru", &[]);
        check(&session, "help ki", &["kill"]);
        check(&session, "? ki", &["kill"]);
        check(&session, "pause ", &["disk", "net"]);
        check(&session, "limit n", &["net"]);
        check(&session, "rerun 1", &["1"]);
        check(&session, "slower[\"my", &["my_name\"]"]);
        check(&session, "slower[\"list\"][0]['", &["my_key']", "no name']"]);
        check(&session, "slower.list[\"", &[]);
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

    /// A session with job 0, which is done, 1, which failed and printed, and 2, called `fit`, which runs in the group `disk`.
    fn with_jobs() -> Session {
        let mut session = Session::new(Arc::new(|_, _| {}));
        session.answer("jobs.new('1').join(); jobs.new('print(1) / 0').join(); gate = shared(0);");
        session.answer("one = jobs.start(|| gate.wait(|n| n > 0), [], #{name: 'fit', group: 'disk', daemon: true})");
        session
    }

    fn noted(session: &Session, line: &str) -> Vec<(String, String)> {
        let completed = Completions(Arc::new(Mutex::new(session.words()))).complete(line, line.len());
        let candidates = completed.into_iter().flat_map(|(_, candidates)| candidates);
        candidates.map(|candidate| (candidate.text, candidate.note)).collect()
    }

    #[test]
    fn a_word_is_offered_only_what_it_can_act_on() {
        let mut session = with_jobs();
        for (line, expected) in [
            ("kill ", &["2"][..]),
            ("kill %", &["2"]),
            ("kill f", &["fit"]),
            ("fg d", &["disk"]),
            ("where r", &["running"]),
            ("why o", &["one"]),
            ("wait s", &[]),
            ("rerun ", &["0", "1"]),
            ("rerun f", &["failed", "finished"]),
            ("rerun o", &[]),
            ("log ", &["1"]),
            ("debug ", &["1"]),
            ("debug d", &["dead"]),
            ("jobs d", &["dead", "disk", "done"]),
            ("pause ", &["disk"]),
            ("resume ", &[]),
        ] {
            check(&session, line, expected);
        }
        session.answer("jobs.group('disk').pause()");
        check(&session, "pause ", &[]);
        check(&session, "resume ", &["disk"]);
        assert_eq!(noted(&session, "jobs fi"), [("finished", "2 jobs"), ("fit", "1 job")].map(owned));
    }

    fn owned((text, note): (&str, &str)) -> (String, String) {
        (text.to_owned(), note.to_owned())
    }

    #[test]
    fn names_and_jobs_are_offered_with_what_is_known_of_them() {
        let mut session = with_jobs();
        session.answer("/// Halves a number.\nfn halve(n) { n / 2 }\nfn hang(n, m) { n }");
        for (line, text, note) in [
            ("kill ", "2", "fit"),
            ("ki", "kill", "Asks jobs to stop, kills their processes if they don't, and says what happened to each."),
            ("hal", "halve", "Halves a number."),
            ("han", "hang", "fn hang(n, m)"),
            ("x = exis", "exists", "Whether there is a file or a directory at that path."),
            ("jobs.rem", "remove", "Removes the job, which must have ended."),
            ("jobs[0].jo", "join", "Waits until the job has ended."),
            ("pause d", "disk", "1 running, 0 waiting, no limit"),
        ] {
            assert!(noted(&session, line).contains(&owned((text, note))), "{line}: {:?}", noted(&session, line));
        }
    }

    #[test]
    fn options_and_their_values_are_offered_with_what_they_mean() {
        let session = with_jobs();
        assert_eq!(
            noted(&session, "jobs.start(f, [], #{pri"),
            [("priority: ", "the higher, the sooner it starts in its group; 0 by default")].map(owned)
        );
        for (line, expected) in [
            ("!make & #{da", &["daemon: "][..]),
            ("jobs.start(f, [], #{daemon: ", &["true", "false"]),
            ("jobs.sh('make', #{gr", &["group: ", "grace: "]),
            ("jobs.sh('make', #{terminal: #{", &["rows: ", "columns: "]),
            ("jobs.start(f, [], #{group: ", &["\"disk\""]),
            ("jobs.start(f, [], #{group: '", &["disk'"]),
            ("jobs.start(f, [], #{after: [", &["2"]),
            ("one.log(#{stream: \"e", &["err\""]),
            ("one.log(#{l", &["last: "]),
            ("jobs.new('x', #{log_f", &[]),
        ] {
            check(&session, line, expected);
        }
    }

    #[test]
    fn what_is_written_out_has_the_methods_of_its_type() {
        let session = Session::new(Arc::new(|_, _| {}));
        for (line, has, has_not) in
            [("\"abc\".", "to_upper", "push"), ("[1].", "push", "to_upper"), ("#{a: 1}.", "keys", "push")]
        {
            let seen = seen(&session, line);
            let is_there = |name: &str| seen.iter().any(|seen| seen == name);
            assert!(is_there(has) && !is_there(has_not), "{line}: {seen:?}");
        }
    }

    #[test]
    fn the_end_of_a_string_is_not_doubled() {
        let mut session = Session::new(Arc::new(|_, _| {}));
        session.answer("m = #{alpha: 1}");
        let known = Completions(Arc::new(Mutex::new(session.words())));
        assert_eq!(known.complete("m[\"al\"]", 5), Some((3, vec![Candidate::from("alpha".to_owned())])));
        assert_eq!(known.complete("m[\"al", 5), Some((3, vec![Candidate::from("alpha\"]".to_owned())])));
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
