//! `help kill` and `?name`: describes a command, a function, a variable, a job.

use bgjobs::one_line;

use super::{
    debug, system,
    word::{Action, CommandLine, Completion, Reply, Session, Word},
};
use crate::lang;

pub(super) const WORD: Word = Word {
    name: "help",
    usage: "help [word]",
    help: "Shows what can be typed, or what a word does.",
    completion: Completion::Word,
    options: &[],
    read: |arguments| Ok(Box::new(Help(arguments.word()))),
};

/// What can be typed.
const OVERVIEW: &str = "\
Lines are in Rhai (https://rhai.rs/book); each can run in the background:
  slow(5) &                starts the text before the & as a job
  !make -j2 &              runs a command as a job; without & the prompt waits
  jobs.new(slow, 5)        starts a call as a job, jobs.new(\"slow(5)\") a text
  jobs.start(slow, [5], #{name: \"x\", group: \"io\"})  see `help options`
  jobs                     lists all jobs
  jobs[0].result           its value; also .status .traceback() .log .summary()
  jobs.traceback(0)        why it died; jobs.remove(0) and jobs.flush() forget
  fg 0, kill 0, log 0      wait for a job, stop it, what it printed; `help kill`
  ?name, ?0                describe a function or a variable, a job
x = 1 sets a name. _ is the last value, _3 that of line 3; a final ; hides it.
A job has its own copy of all names as they were when it started; to share one:
n = shared(0), n.get(), n.set(5), n.update(|v| v + 1), n.wait(|v| v > 9).
Unlike Python: fn f(n) { n * 2 }, |n| n * 2, #{key: 1}, true, (), && || !,
and 7 / 2 is 3, 7 / 2.0 is 3.5. Lines of ~/.config/bgjobs/init.rhai run first.
Functions, which ?walk and the like explain: print sleep now sh cd env set_env
  read_file write_file append_file exists file_size list_dir walk to_json
  parse_json random pick shuffle progress
Ctrl-C stops a line, Ctrl-Z sends it to the background, Ctrl-D leaves.
";

/// Shows what can be typed, or what a word does.
#[derive(Debug)]
pub(super) struct Help(pub(super) Option<String>);

impl Action for Help {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let Some(name) = &self.0 else { return Ok(Reply::Shown(overview(line.words))) };
        let text = of_command(session, line, name).or_else(|| of_name(session, name)).ok_or_else(|| unknown(name))?;
        Ok(Reply::Shown(text))
    }

    fn run_in_debugger(&self, _: &mut Session) -> Option<Reply> {
        let is_here = self.0.as_ref().is_none_or(|word| debug::WORDS.contains(&word.as_str()));
        is_here.then(|| Reply::Shown(debug::HELP.to_owned()))
    }
}

/// Shows what is known about a name, or about the job of a number.
#[derive(Debug)]
pub(super) struct Describe(pub(super) String);

impl Action for Describe {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        // A word that is both a command and a function gets both texts, unless a variable has that name.
        let command = of_command(session, line, &self.0).filter(|_| session.names().variable(&self.0).is_none());
        let parts: Vec<_> = command.into_iter().chain(of_name(session, &self.0)).collect();
        if parts.is_empty() { Err(unknown(&self.0)) } else { Ok(Reply::Shown(parts.join("\n"))) }
    }
}

/// What can be typed, and which commands there are.
fn overview(words: &[Word]) -> String {
    const COLUMNS: usize = 80;
    let (mut text, mut line) = (OVERVIEW.to_owned(), "Commands:".to_owned());
    for word in words {
        if line.len() + 1 + word.name.len() > COLUMNS {
            text.push_str(&std::mem::take(&mut line));
            text.push_str("\n ");
        }
        line.push(' ');
        line.push_str(word.name);
    }
    format!("{text}{line}")
}

fn of_command(session: &Session, line: CommandLine, name: &str) -> Option<String> {
    if name == "!" {
        return Some(system::HELP.to_owned());
    }
    line.words
        .iter()
        .find(|word| word.name == name)
        .map(|word| word.description(session.tracked().width.get().is_some()))
}

/// What is known about a name, which may be typed as a call such as `jobs.start()`.
fn of_name(session: &Session, name: &str) -> Option<String> {
    let function = name.strip_suffix("()").unwrap_or(name);
    let function = function.rsplit_once('.').map_or(function, |(_, function)| function);
    let options = || (name == "options").then(lang::options_help);
    session.describe(name).or_else(options).or_else(|| session.describe(function))
}

fn unknown(name: &str) -> String {
    format!(
        "nothing is known about {}; `help` shows what can be typed, `help kill` what a command does, `?sleep` what a function does",
        one_line(name)
    )
}

#[cfg(test)]
mod tests {
    use super::overview;
    use crate::commands::WORDS;

    #[test]
    fn help_fits_on_a_small_terminal() {
        let help = overview(WORDS);
        // The prompt is below it, and what was typed above.
        assert!(help.lines().count() <= 24 - 2, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
