//! Completes the word at the cursor from what the session knows.
//!
//! Knows nothing of where in the code a word stands.

use std::sync::{Arc, Mutex, PoisonError};

use bgjobs::Group;

#[cfg(target_os = "linux")]
use super::job_candidates::kept;
use super::{
    completion_context::{CompletionContext, context_at},
    job_candidates::{groups, is_word, numbers, selections},
    menu::Candidate,
    paths,
};
use crate::{
    commands::{Fitting, WORDS},
    lang::{Noted, OptionValues, Words, is_of_word},
    option_help::OptionHelp,
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
        let end = if end.get(..1).is_some_and(|first| after.starts_with(first)) { "" } else { &end };
        // What would end the string, or mean something else in it, can't be typed as it is.
        (!text.contains(['"', '\'', '`', '\\', '$']) && !text.contains(char::is_control))
            .then(|| format!("{text}{end}"))
    };
    let environment = &words.names.environment;
    match context {
        CompletionContext::Name { at_start } => noted(names(words, at_start, typed)),
        CompletionContext::Member((root, path)) => noted(words.members(&root, &path)),
        CompletionContext::Key { of: (root, path), quote } => {
            let keys = words.keys(&root, &path).into_iter();
            keys.filter_map(|key| with_end(&key, format!("{quote}]"))).map(Candidate::from).collect()
        }
        CompletionContext::Variable { is_key, quote } => {
            let is_name = |name: &str| name.chars().all(is_of_word) && !name.starts_with(|c: char| c.is_ascii_digit());
            let is_typed_so = |name: &String| quote.is_some() || is_name(name);
            let names = environment.variables().filter(is_typed_so);
            let end = quote.map(String::from).unwrap_or_default() + if is_key { ": " } else { "" };
            names.filter_map(|name| with_end(&name, end.clone())).map(Candidate::from).collect()
        }
        CompletionContext::Job(fitting) => numbers(words, fitting),
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
                OptionValues::Jobs => numbers(words, Fitting::Live),
                OptionValues::Groups => {
                    let quoted = |group: Group| format!("\"{}\"", group.name());
                    groups(words).filter_map(|(group, about)| candidate(&quoted(group), &about)).collect()
                }
            }
        }
        CompletionContext::Group { paused } => {
            let fits = |group: &Group| paused.is_none_or(|paused| group.is_paused() == paused) && is_word(group.name());
            let fitting = groups(words).filter(|(group, _)| fits(group));
            fitting.map(|(group, about)| Candidate::new(&**group.name(), about)).collect()
        }
        #[cfg(target_os = "linux")]
        CompletionContext::KeptJob => kept(),
        CompletionContext::File { directory, quote } => {
            paths::in_string(environment, &directory, typed, quote).into_iter().map(Candidate::from).collect()
        }
        CompletionContext::Word(word) => paths::words(environment, &word).into_iter().map(Candidate::from).collect(),
        CompletionContext::Folder(word) => {
            paths::folders(environment, &word).into_iter().map(Candidate::from).collect()
        }
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
    fn the_methods_of_what_a_call_returns_are_offered() {
        let mut session = with_jobs();
        session.answer("fn fit(n) { n }\nfn read_file(n) { n }");
        for (line, has) in [
            ("jobs.new(fit, 1).jo", "join"),
            ("jobs.start(fit, [1]).jo", "join"),
            ("x = jobs.sh('make').jo", "join"),
            ("jobs[0].status.to_u", "to_upper"),
            ("one.log.le", "len"),
            ("jobs.group('disk').pau", "pause"),
            ("list_dir('.').so", "sort"),
            ("jobs.all.ke", "keys"),
            ("shared(0).upd", "update"),
        ] {
            assert!(seen(&session, line).iter().any(|seen| seen == has), "{line}: {:?}", seen(&session, line));
        }
        for line in ["fit(1).", "read_file('x').", "jobs[0].result.", "unknown().", "one.unknown()."] {
            check(&session, line, &[]);
        }
    }

    #[test]
    fn environment_variables_are_offered_by_their_names() {
        let mut session = Session::new(Arc::new(|_, _| {}));
        session.answer("set_env('BGJOBS_ZA', ''); set_env('BGJOBS_Z-', ''); set_env('PATH', ())");
        check(&session, "!make & #{env: #{BGJOBS_Z", &["BGJOBS_ZA: "]);
        check(&session, "jobs.sh('make', #{env: #{A: 'b', \"BGJOBS_Z", &["BGJOBS_Z-\": ", "BGJOBS_ZA\": "]);
        check(&session, "set_env('BGJOBS_ZA", &["BGJOBS_ZA'"]);
        check(&session, "env(\"BGJOBS_ZA", &["BGJOBS_ZA\""]);
        check(&session, "env(\"PATH", &[]);
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
