//! More blocked jobs than the system has threads for, in child processes because a failure would abort the process.
//!
//! The long forms reach the real limits of the system: they take seconds and a gigabyte.

use std::time::{Duration, Instant};

use bgjobs::{AnyJob, Config, JobManager, State};

use crate::{
    child::{self, say},
    gate::{GUARD, Gate, wait_until},
    support::long_proofs,
    threads::block,
};

/// How many of the jobs are in that state.
fn count(jobs: &[AnyJob], state: State) -> usize {
    jobs.iter().filter(|job| job.state() == state).count()
}

/// Asserts that the child succeeded, and shows what the long form found.
#[track_caller]
fn assert_ended(end: &child::End) {
    assert!(end.code == Some(0) && end.messages.len() == 1 && end.stderr.is_empty(), "{end:?}");
    if long_proofs() {
        say(&end.messages[0]);
    }
}

#[test]
fn more_blocked_jobs_than_available_threads_do_not_abort_the_process() {
    let scenario = || {
        let asked = if long_proofs() { 20_000 } else { 1_200 };
        let began = Instant::now();
        let jobs = JobManager::with_config(Config { idle_timeout: Duration::from_millis(100), ..Config::default() });
        let gate = Gate::new();
        let start = |_| jobs.spawn("blocked", gate.hold(())).ok().map(AnyJob::from);
        let started: Vec<_> = (0..asked).map_while(start).collect();
        let queued = count(&started, State::Queued);
        wait_until("all other jobs run", || count(&started, State::Running) + queued >= started.len());
        let (threads, after) = (jobs.threads(), began.elapsed());
        assert_eq!(threads + queued, started.len());
        gate.open();
        jobs.wait_all_timeout(GUARD).unwrap();
        assert_eq!(jobs.completed().len(), started.len());
        wait_until("all threads have ended", || jobs.threads() == 0);
        assert_eq!(block(&jobs, &Gate::new(), 100).len(), 100);
        let started = started.len();
        say(&format!(
            "{started} of {asked} started, {queued} queued, {threads} threads, {after:.1?} and {:.1?}",
            began.elapsed().saturating_sub(after)
        ));
    };
    let Some(end) = child::run(scenario) else { return };
    assert_ended(&end);
}

#[test]
fn several_managers_that_together_exceed_the_available_threads_do_not_abort_the_process() {
    let scenario = || {
        let (managers, each) = if long_proofs() { (20, 990) } else { (4, 300) };
        let gate = Gate::new();
        let managers: Vec<_> = (0..managers).map(|_| JobManager::new()).collect();
        let start = |jobs: &JobManager| (0..each).map_while(|_| jobs.spawn("blocked", gate.hold(())).ok()).count();
        let started: usize = managers.iter().map(start).sum();
        let threads: usize = managers.iter().map(|jobs| jobs.threads()).sum();
        gate.open();
        drop(managers);
        say(&format!("{started} started, {threads} threads"));
    };
    let Some(end) = child::run(scenario) else { return };
    assert_ended(&end);
}
