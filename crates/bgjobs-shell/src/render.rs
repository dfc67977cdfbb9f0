//! What is seen: values, tracebacks, lists and help as text.
//!
//! Knows how it reads, and nothing of where it is shown.

#[cfg(feature = "terminal")]
use std::collections::BTreeSet;

use bgjobs::{AnyJob, Failure, many_lines, one_line};
#[cfg(feature = "terminal")]
use bgjobs::{Report, State, WaitReason};

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

/// What is told of the jobs that the end waits for: which are the first of them.
#[cfg(feature = "terminal")]
pub(crate) fn awaited(jobs: &[AnyJob]) -> String {
    const NAMED: usize = 3;
    let named: Vec<_> = jobs.iter().take(NAMED).map(|job| format!("{} : {}", job.id(), job.name())).collect();
    let more = match jobs.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let them = if jobs.len() == 1 { "it" } else { "them" };
    format!("waiting for {}: {}{more}; Ctrl-C stops {them}", count(jobs.len()), named.join(", "))
}

/// `1 job`, `2 jobs`.
#[cfg(feature = "terminal")]
fn count(jobs: usize) -> String {
    format!("{jobs} {}", if jobs == 1 { "job" } else { "jobs" })
}

/// What is told at the first try to leave while jobs run, or wait to.
#[cfg(feature = "terminal")]
pub(crate) fn still_running(jobs: &[AnyJob]) -> String {
    let waiting = jobs.iter().filter(|job| job.state() == State::Queued).count();
    let be = |number| if number == 1 { "is" } else { "are" };
    let how_many = match (jobs.len().saturating_sub(waiting), waiting) {
        (running, 0) => format!("{} {} running", count(running), be(running)),
        (0, waiting) => format!("{} {} queued", count(waiting), be(waiting)),
        (running, waiting) => format!("{} {} running, {waiting} {} queued", count(running), be(running), be(waiting)),
    };
    let list = jobs.iter().map(|job| format!("{} : {}", job.id(), job.name())).collect::<Vec<_>>().join("\n");
    let them = if jobs.len() == 1 { "it" } else { "them" };
    let paused: BTreeSet<_> = jobs.iter().flat_map(AnyJob::why).filter_map(paused_group).collect();
    let resumed = if paused.is_empty() {
        String::new()
    } else {
        format!(" after `resume {}`", paused.into_iter().collect::<Vec<_>>().join(" "))
    };
    format!("{how_many}:\n{list}\nCtrl-D again stops {them} and leaves; `wait` waits for {them}{resumed}.")
}

#[cfg(feature = "terminal")]
fn paused_group(waiting: WaitReason) -> Option<String> {
    if let WaitReason::Paused { group } = waiting { Some(group.to_string()) } else { None }
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
    const LONG: std::time::Duration = std::time::Duration::from_secs(1000);

    #[test]
    fn the_end_names_the_first_jobs_that_it_waits_for() {
        let jobs = bgjobs::JobManager::new();
        let watched = ["a", "b", "c", "d"].map(|name| jobs.spawn_with(name, |job| Ok(job.sleep(LONG)?)).unwrap());
        let running = jobs.running();
        assert_eq!(super::awaited(&running[..1]), "waiting for 1 job: 0 : a; Ctrl-C stops it");
        assert_eq!(super::awaited(&running), "waiting for 4 jobs: 0 : a, 1 : b, 2 : c, and 1 more; Ctrl-C stops them");
        for job in watched {
            job.ask_stop("seen");
        }
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn who_leaves_is_told_what_runs_what_is_queued_and_what_is_paused() {
        let jobs = bgjobs::JobManager::new();
        jobs.group("io").pause();
        let of_io = || jobs.with(bgjobs::Options { group: Some("io".into()), ..bgjobs::Options::default() });
        let queued = ["copy", "move"].map(|name| of_io().spawn(name, || ()).unwrap());
        let told = super::still_running(&jobs.running());
        assert_eq!(
            told,
            "2 jobs are queued:\n0 : copy\n1 : move\nCtrl-D again stops them and leaves; `wait` waits for them after `resume io`."
        );
        let runs = jobs.spawn_with("runs", |job| Ok(job.sleep(LONG)?)).unwrap();
        while runs.state() != bgjobs::State::Running {
            std::thread::yield_now();
        }
        queued[0].ask_stop("seen");
        let told = super::still_running(&jobs.running());
        assert_eq!(
            told,
            "1 job is running, 1 is queued:\n1 : move\n2 : runs\nCtrl-D again stops them and leaves; `wait` waits for them after `resume io`."
        );
        runs.ask_stop("seen");
    }

    #[test]
    fn help_fits_on_a_small_terminal() {
        let help = super::overview();
        assert!(help.lines().count() < 25, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
