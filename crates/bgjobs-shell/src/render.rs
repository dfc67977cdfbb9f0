//! What is seen: values, tracebacks, lists and help as text.
//!
//! Knows how it reads, and nothing of where it is shown.

#[cfg(feature = "terminal")]
use bgjobs::Report;
use bgjobs::{AnyJob, Failure, many_lines, one_line};

use crate::commands::{WORDS, Word};
#[cfg(feature = "terminal")]
use crate::lang;

/// A value with the number of its line.
pub(crate) fn value(number: usize, text: &str) -> String {
    format!("Out[{number}]: {}", many_lines(text))
}

/// What is told of a job that was sent to the background.
pub(crate) fn sent(job: &AnyJob) -> String {
    let id = job.id();
    format!("Job #{id} goes on in the background: {}\nfg {id} brings it back.", one_line(job.name()))
}

/// A failure as a traceback.
pub(crate) fn failure(failure: &Failure) -> String {
    failure.traceback().to_string()
}

/// How many jobs of each list are told of one by one.
#[cfg(feature = "terminal")]
const TOLD: usize = 20;

/// What is told of jobs that ended; of very many only how many there are.
#[cfg(feature = "terminal")]
pub(crate) fn notice(report: &Report) -> String {
    let first = |jobs: &[AnyJob]| jobs.iter().take(TOLD).cloned().collect::<Vec<_>>();
    let told = Report { completed: first(&report.completed), dead: first(&report.dead) };
    let text = lang::notice(&told).trim_end().to_owned();
    match report.completed.len() + report.dead.len() - told.completed.len() - told.dead.len() {
        0 => text,
        more => format!("{text}\nand {more} more; `jobs` lists them all"),
    }
}

/// What is told at the first try to leave while jobs run.
#[cfg(feature = "terminal")]
pub(crate) fn still_running(jobs: &[AnyJob]) -> String {
    let (are, them) = match jobs.len() {
        1 => ("1 job is running".to_owned(), "it"),
        count => (format!("{count} jobs are running"), "them"),
    };
    let list = jobs.iter().map(|job| format!("{} : {}", job.id(), job.name())).collect::<Vec<_>>().join("\n");
    format!("{are}:\n{list}\nCtrl-D again stops {them} and leaves; `wait` waits for {them}.")
}

/// What can be typed.
pub(crate) const HELP: &str = "\
Lines are in Rhai (https://rhai.rs/book); each can run in the background:
  slow(5) &                starts what stands before the & as a job
  !make -j2 &              starts a command as a job; without & it is waited for
  jobs.new(\"slow(5)\")      starts an expression as a job
  jobs.new(slow, 5)        starts the call of a function as a job
  jobs.start(slow, [5], #{name: \"x\", group: \"io\"})  see `help options`
  jobs                     lists all jobs
  jobs[0].result           its value; also .status .traceback() .log .summary()
  jobs.traceback(0)        why it died; jobs.remove(0) and jobs.flush() forget
  fg 0, kill 0, log 0      wait for a job, stop it, what it printed; `help kill`
  ?name, ?0                what a function does, what a name holds, how a job is
Names are set by x = 1. _ is the last value shown, _3 that of line 3; a ; at the
end hides the value. A job has its own copy of all names, as they were when it
started. What all share is shared in words: count = shared(0), count.get(),
count.set(5), count.update(|v| v + 1), count.wait(|v| v > 9).
Not as in Python: fn f(n) { n * 2 }, |n| n * 2, #{key: 1}, true, (), && || !,
and 7 / 2 is 3, 7 / 2.0 is 3.5.
Functions: print(x), sleep(seconds), now(), timestamp().elapsed, sh(\"ls\").out,
  env(\"HOME\"), read_file(path), write_file(path, text), append_file(path, text),
  exists(path), file_size(path), list_dir(path), walk(path), to_json(x),
  parse_json(text), random(1..=6), pick(list), list.shuffle(), progress(3, 10)
Ctrl-C stops a line, Ctrl-Z sends it to the background, Ctrl-D leaves.
";

/// What can be typed, and which commands there are.
pub(crate) fn overview() -> String {
    const COLUMNS: usize = 80;
    let (mut text, mut line) = (HELP.to_owned(), "Commands:".to_owned());
    for word in WORDS {
        if line.len() + 1 + word.name.len() > COLUMNS {
            text.push_str(&std::mem::take(&mut line));
            text.push_str("\n ");
        }
        line.push(' ');
        line.push_str(word.name);
    }
    format!("{text}{line}")
}

/// What one command does.
pub(crate) fn help(word: &Word) -> String {
    format!("{}\n{}", word.usage, word.help)
}

#[cfg(test)]
mod tests {
    #[test]
    fn help_fits_on_a_small_terminal() {
        let help = super::overview();
        assert!(help.lines().count() < 25, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
