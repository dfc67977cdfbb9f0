//! The options of a manager and of a job.

use std::{cell::Cell, time::Duration};

use bgjobs::{Config, Context, JobManager, Options, Outcome, State};

use crate::{
    gate::{Gate, burn, wait_until},
    support::{daemon, on_fresh_thread},
};

/// How much CPU time and wall-clock time may differ.
const SLACK: Duration = Duration::from_millis(1);

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

fn count_up() -> u32 {
    COUNT.set(COUNT.get() + 1);
    COUNT.get()
}

#[test]
fn a_reused_thread_retains_its_thread_locals_and_a_fresh_one_starts_without() {
    let jobs = JobManager::new();
    for expected in 1..=5 {
        assert_eq!(jobs.spawn("pooled", count_up).unwrap().join().unwrap(), &expected);
    }
    for _ in 0..5 {
        assert_eq!(jobs.named("fresh").with(on_fresh_thread()).spawn(count_up).unwrap().join().unwrap(), &1);
    }
    // A fresh thread runs no other job afterwards either.
    assert_eq!(jobs.spawn("pooled", count_up).unwrap().join().unwrap(), &6);
}

#[test]
fn a_dedicated_thread_is_counted_while_it_lives_and_is_named_after_its_job() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move || {
        pass.wait();
        std::thread::current().name().map(str::to_owned)
    };
    let job = jobs.named("fit\0x").with(on_fresh_thread()).spawn(body).unwrap();
    assert_eq!(jobs.threads(), 1);
    gate.open();
    assert_eq!(job.join().unwrap().as_deref(), Some("fit"));
    wait_until("the thread ends", || jobs.threads() == 0);
}

/// Uses about a kilobyte of stack per level.
fn dive(levels: u32) -> u32 {
    let buffer = std::hint::black_box([1_u8; 1024]);
    if levels == 0 { 0 } else { dive(levels - 1) + u32::from(buffer[(levels % 1024) as usize]) }
}

#[test]
fn the_stack_size_can_be_set_for_one_job_and_for_all() {
    const DEEP: u32 = 16 * 1024;
    let deep = Some(64 << 20);
    let jobs = JobManager::new();
    let job = jobs.named("deep").with(Options { stack_size: deep, ..Options::default() }).spawn(|| dive(DEEP)).unwrap();
    assert_eq!(job.join().unwrap(), &DEEP);
    let jobs = JobManager::with_config(Config { stack_size: deep, ..Config::default() });
    assert_eq!(jobs.spawn("deep", || dive(DEEP)).unwrap().join().unwrap(), &DEEP);
}

#[test]
fn an_absurd_stack_size_is_refused_without_further_harm() {
    let jobs = JobManager::new();
    for stack_size in [Some(usize::MAX), Some(usize::MAX / 2)] {
        let absurd = Options { stack_size, ..Options::default() };
        let error = jobs.named("absurd").with(absurd).spawn(|| ()).unwrap_err();
        assert!(error.to_string().contains("ask for smaller stacks"), "{error}");
    }
    assert_eq!((jobs.threads(), jobs.all().len()), (0, 0));
    assert_eq!(jobs.spawn("sound", || 1).unwrap().id().get(), 0);
}

#[test]
fn a_daemon_is_marked_as_one_and_asked_to_stop_at_shutdown() {
    let jobs = JobManager::new();
    let watch = |job: &Context| {
        job.sleep(Duration::MAX)?;
        Ok(())
    };
    let daemon = jobs.named("watch").with(daemon()).spawn_with(watch).unwrap();
    let plain = jobs.spawn("fit", || ()).unwrap();
    assert!(daemon.is_daemon() && !plain.is_daemon());
    jobs.shutdown().unwrap();
    daemon.wait().unwrap();
    assert_eq!(daemon.state(), State::Finished(Outcome::Stopped));
    assert_eq!(daemon.stop_reason(), Some(bgjobs::StopReason::ShutDown));
}

/// A job that has used some CPU time and then waits at the gate.
fn burner(jobs: &JobManager, gate: &Gate) -> bgjobs::Job<()> {
    let pass = gate.pass();
    let (sender, receiver) = std::sync::mpsc::channel();
    let body = move || {
        burn(Duration::from_millis(20));
        sender.send(()).unwrap();
        pass.wait();
    };
    let job = jobs.spawn("burn", body).unwrap();
    receiver.recv().unwrap();
    job
}

#[test]
#[cfg(target_os = "linux")]
fn the_thread_of_a_job_is_known_while_it_runs() {
    let jobs = JobManager::new();
    let (gate, (sender, receiver)) = (Gate::new(), std::sync::mpsc::channel());
    let held = gate.hold(());
    let job = jobs.spawn("held", move || {
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        sender.send(thread.file_name().unwrap().to_string_lossy().parse::<u32>().unwrap()).unwrap();
        held();
    });
    let job = job.unwrap();
    let thread = receiver.recv().unwrap();
    assert_eq!(job.thread(), Some(thread));
    gate.open();
    job.wait().unwrap();
    assert_eq!(job.thread(), None);
}

#[test]
#[cfg(target_os = "linux")]
fn measured_cpu_time_grows_while_a_job_runs_and_stays_known_after_it_finished() {
    let jobs = JobManager::with_config(Config { measure_cpu: true, ..Config::default() });
    let gate = Gate::new();
    // The thread has used CPU time before, which must not count for the next job.
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
fn unmeasured_cpu_time_is_known_only_while_the_job_runs() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = burner(&jobs, &gate);
    let running = job.cpu_time().unwrap();
    assert!(running > Duration::ZERO && running <= job.times().ran().unwrap() + SLACK, "{running:?}");
    gate.open();
    job.join().unwrap();
    assert_eq!(job.cpu_time(), None);
}

#[test]
fn the_cpu_time_of_a_job_that_never_started_is_not_known() {
    let jobs = JobManager::with_config(Config { measure_cpu: true, ..Config::default() });
    let later = Options { delay: Some(Duration::MAX), ..daemon() };
    let job = jobs.named("later").with(later).spawn(|| ()).unwrap();
    assert_eq!((job.state(), job.cpu_time(), job.summary().cpu), (State::Queued, None, None));
    job.ask_stop("not needed");
    assert_eq!((job.times().started, job.cpu_time(), job.summary().cpu), (None, None, None));
}
