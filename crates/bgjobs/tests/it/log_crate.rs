//! What the engine logs through the `log` crate. Each test sees the records that its own thread caused.

use std::{cell::RefCell, sync::Once};

use crate::{
    gate::GUARD,
    support::{daemon, on_fresh_thread},
};

use log::{Level, LevelFilter, Log, Metadata, Record};

type Hook = Box<dyn FnMut(&Record<'_>)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // The hook is taken out while it runs, so it may cause records itself.
        let hook = HOOK.with(|cell| cell.borrow_mut().take());
        if let Some(mut hook) = hook {
            hook(record);
            HOOK.with(|cell| *cell.borrow_mut() = Some(hook));
        }
    }

    fn flush(&self) {}
}

/// Calls `hook` for each record that `act` causes on this thread.
fn during<R>(hook: impl FnMut(&Record<'_>) + 'static, act: impl FnOnce() -> R) -> R {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(LevelFilter::Debug);
    });
    HOOK.with(|cell| *cell.borrow_mut() = Some(Box::new(hook)));
    let result = act();
    HOOK.with(|cell| *cell.borrow_mut() = None);
    result
}

#[test]
fn each_start_is_logged_at_debug_level() {
    let jobs = bgjobs::JobManager::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let hook = move |record: &Record<'_>| {
        sender.send((record.level(), record.target().to_owned(), record.args().to_string())).unwrap();
    };
    during(hook, || {
        jobs.spawn("pooled", || ()).unwrap();
        jobs.named("alone").with(on_fresh_thread()).spawn(|| ()).unwrap();
    });
    let record = |n| (Level::Debug, "bgjobs".to_owned(), format!("Starting job # {n} in a separate thread."));
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [record(0), record(1)]);
}

#[test]
fn a_panic_of_a_logger_is_swallowed() {
    let jobs = bgjobs::JobManager::new();
    for fresh_thread in [false, true] {
        let options = bgjobs::Options { fresh_thread, ..daemon() };
        let start = || jobs.named("unlucky").with(options.clone()).spawn(|| 1);
        let unlucky = during(|_| panic!("a logger of the host"), start).unwrap();
        assert_eq!(unlucky.join_timeout(GUARD).unwrap(), &1);
        assert_eq!(jobs.named("next").with(options.clone()).spawn(|| 2).unwrap().join_timeout(GUARD).unwrap(), &2);
    }
}

#[test]
fn a_panic_of_a_logger_leaves_a_hosted_job_to_its_host_and_an_unlisted_one_listed() {
    let jobs = bgjobs::JobManager::new();
    let panics = |_: &Record<'_>| panic!("a logger of the host");
    let hosted = during(panics, || jobs.named("hosted").with(daemon()).host()).unwrap();
    hosted.begin().unwrap().end(Ok(()));
    let gate = crate::gate::Gate::new();
    let options = bgjobs::Options { unlisted: true, ..daemon() };
    let unlisted = jobs.named("unlisted").with(options).spawn(gate.hold(2)).unwrap();
    assert_eq!(during(panics, || unlisted.list()), Some(1.into()));
    gate.open();
    assert_eq!(unlisted.join_timeout(GUARD).unwrap(), &2);
}
