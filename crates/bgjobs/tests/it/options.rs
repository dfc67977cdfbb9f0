//! What can be chosen for a manager and for a job.

use std::{cell::Cell, time::Duration};

use bgjobs::{Config, Context, JobManager, Options, Outcome, State};

use crate::gate::{Gate, burn, wait_until};

/// How far the two clocks may be apart.
const SLACK: Duration = Duration::from_millis(1);

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

fn leave_one_more() -> u32 {
    LEFT.set(LEFT.get() + 1);
    LEFT.get()
}

#[test]
fn a_reused_thread_keeps_its_thread_locals_and_a_fresh_one_has_none() {
    let jobs = JobManager::new();
    for expected in 1..=5 {
        assert_eq!(jobs.spawn("pooled", leave_one_more).unwrap().join().unwrap(), &expected);
    }
    let fresh = Options { fresh_thread: true, ..Options::default() };
    for _ in 0..5 {
        assert_eq!(jobs.with(fresh.clone()).spawn("fresh", leave_one_more).unwrap().join().unwrap(), &1);
    }
    // It runs nothing after its job either.
    assert_eq!(jobs.spawn("pooled", leave_one_more).unwrap().join().unwrap(), &6);
}

#[test]
fn a_thread_with_one_job_is_counted_while_it_lives_and_bears_the_jobs_name() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move || {
        pass.wait();
        std::thread::current().name().map(str::to_owned)
    };
    let fresh = Options { fresh_thread: true, ..Options::default() };
    let job = jobs.with(fresh).spawn("fit\0x", body).unwrap();
    assert_eq!(jobs.threads(), 1);
    gate.open();
    assert_eq!(job.join().unwrap().as_deref(), Some("fit"));
    wait_until("the thread ends", || jobs.threads() == 0);
}

/// Uses about a kilobyte of stack a level.
fn dive(levels: u32) -> u32 {
    let buffer = std::hint::black_box([1_u8; 1024]);
    if levels == 0 { 0 } else { dive(levels - 1) + u32::from(buffer[(levels % 1024) as usize]) }
}

#[test]
fn a_stack_may_be_chosen_for_a_job_and_for_all() {
    const DEEP: u32 = 16 * 1024;
    let deep = Some(64 << 20);
    let jobs = JobManager::new();
    let job = jobs.with(Options { stack_size: deep, ..Options::default() }).spawn("deep", || dive(DEEP)).unwrap();
    assert_eq!(job.join().unwrap(), &DEEP);
    let jobs = JobManager::with_config(Config { stack_size: deep, ..Config::default() });
    assert_eq!(jobs.spawn("deep", || dive(DEEP)).unwrap().join().unwrap(), &DEEP);
}

#[test]
fn an_absurd_stack_is_refused_and_harms_nobody() {
    let jobs = JobManager::new();
    for stack_size in [Some(usize::MAX), Some(usize::MAX / 2)] {
        let absurd = Options { stack_size, ..Options::default() };
        assert!(jobs.with(absurd).spawn("absurd", || ()).is_err());
    }
    assert_eq!((jobs.threads(), jobs.all().len()), (0, 0));
    assert_eq!(jobs.spawn("sound", || 1).unwrap().id().get(), 0);
}

#[test]
fn a_daemon_job_says_so_and_is_asked_to_stop_at_the_shutdown() {
    let jobs = JobManager::new();
    let watch = |job: &Context| {
        job.sleep(Duration::MAX)?;
        Ok(())
    };
    let daemon = jobs.with(Options { daemon: true, ..Options::default() }).spawn_with("watch", watch).unwrap();
    let plain = jobs.spawn("fit", || ()).unwrap();
    assert!(daemon.is_daemon() && !plain.is_daemon());
    jobs.shutdown().unwrap();
    daemon.wait().unwrap();
    assert_eq!(daemon.state(), State::Finished(Outcome::Stopped));
    assert_eq!(daemon.stop_reason().as_deref(), Some("the manager was shut down"));
}

/// A job that has used its processor, and then holds.
fn burner(jobs: &JobManager, gate: &Gate) -> bgjobs::Job<()> {
    let pass = gate.pass();
    let (tell, told) = std::sync::mpsc::channel();
    let body = move || {
        burn(Duration::from_millis(20));
        tell.send(()).unwrap();
        pass.wait();
    };
    let job = jobs.spawn("burn", body).unwrap();
    told.recv().unwrap();
    job
}

#[test]
#[cfg(target_os = "linux")]
fn the_thread_of_a_job_is_known_while_it_runs() {
    let jobs = JobManager::new();
    let (gate, (tell, told)) = (Gate::new(), std::sync::mpsc::channel());
    let held = gate.hold(());
    let job = jobs.spawn("held", move || {
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        tell.send(thread.file_name().unwrap().to_string_lossy().parse::<u32>().unwrap()).unwrap();
        held();
    });
    let job = job.unwrap();
    let thread = told.recv().unwrap();
    assert_eq!(job.thread(), Some(thread));
    gate.open();
    job.wait().unwrap();
    assert_eq!(job.thread(), None);
}

#[test]
#[cfg(target_os = "linux")]
fn the_processor_time_of_a_running_job_grows_and_of_a_finished_one_is_kept_if_asked_for() {
    let jobs = JobManager::with_config(Config { measure_cpu: true, ..Config::default() });
    let gate = Gate::new();
    // Not at the start of its thread's life, so that an offset would show.
    jobs.spawn("before", || burn(Duration::from_millis(10))).unwrap().join().unwrap();
    let job = burner(&jobs, &gate);
    let running = job.cpu_time().unwrap();
    assert!(running > Duration::ZERO && running <= job.times().ran().unwrap() + SLACK, "{running:?}");
    gate.open();
    job.join().unwrap();
    let finished = job.cpu_time().unwrap();
    assert!(finished >= running && finished <= job.times().ran().unwrap() + SLACK, "{running:?} {finished:?}");
    assert_eq!(job.cpu_time(), Some(finished));
}

#[test]
#[cfg(target_os = "linux")]
fn unmeasured_the_processor_time_is_known_while_the_job_runs() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = burner(&jobs, &gate);
    let running = job.cpu_time().unwrap();
    assert!(running > Duration::ZERO && running <= job.times().ran().unwrap() + SLACK, "{running:?}");
    gate.open();
    job.join().unwrap();
    assert_eq!(job.cpu_time(), None);
}
