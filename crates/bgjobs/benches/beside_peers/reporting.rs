//! What a job reports besides its result: why it died, a line of its log, its response to a stop.

use std::{
    backtrace::Backtrace,
    cell::RefCell,
    hint::black_box,
    panic::{self, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use bgjobs::{Context, Failure, JobManager, Verdict};

use crate::{
    answer::{Answer, Contender, compare},
    peers::Tokio,
};

thread_local! {
    /// The backtrace that the hook of the peers captured on this thread.
    static CAPTURED: RefCell<Option<Backtrace>> = const { RefCell::new(None) };
}

/// Panics `depth` calls deeper.
#[inline(never)]
fn fails(depth: u32) -> usize {
    assert!(depth > 0, "on purpose");
    black_box(fails(black_box(depth - 1)) + 1)
}

/// Times some calls, one after another.
fn each(times: usize, mut call: impl FnMut()) -> (Duration, usize) {
    let began = Instant::now();
    for _ in 0..times {
        call();
    }
    (began.elapsed(), times)
}

/// A panic whose cause is never read.
pub(crate) fn died() -> Vec<Answer> {
    const TIMES: usize = 100;
    // The peers retain only the payload, and nothing is printed.
    panic::set_hook(Box::new(|_| {}));
    let jobs = JobManager::new();
    let ours = || {
        let timed =
            each(TIMES, || assert!(jobs.spawn("dies", || fails(10)).expect("there is a thread").join().is_err()));
        jobs.flush();
        timed
    };
    let std = || each(TIMES, || assert!(thread::spawn(|| fails(10)).join().is_err()));
    let tokio = Tokio::new().0;
    let tokio = || each(TIMES, || assert!(tokio.block_on(tokio.spawn_blocking(|| fails(10))).is_err()));
    let rayon = || {
        each(TIMES, || {
            let (sender, receiver) = mpsc::sync_channel(1);
            rayon::spawn(move || sender.send(catch_unwind(|| fails(10))).expect("the receiver waits"));
            assert!(receiver.recv().expect("the job sends").is_err());
        })
    };
    let contenders: Vec<Contender<'_>> = vec![
        ("bgjobs, with place and frames", None, Box::new(ours)),
        ("std::thread::spawn, payload only", None, Box::new(std)),
        ("tokio spawn_blocking, payload only", None, Box::new(tokio)),
        ("rayon, caught, payload only", None, Box::new(rayon)),
    ];
    vec![compare("a job that panics ten calls deep, until its end is known, its cause unread", 20, contenders)]
}

/// A panic whose frames are read as text.
pub(crate) fn traceback() -> Vec<Answer> {
    const TIMES: usize = 10;
    panic::set_hook(Box::new(|_| CAPTURED.set(Some(Backtrace::force_capture()))));
    let jobs = JobManager::new();
    let ours = || {
        each(TIMES, || {
            let job = jobs.spawn("dies", || fails(10)).expect("there is a thread");
            assert!(job.join().is_err());
            let text = jobs.traceback(job.id()).expect("it has died").to_string();
            assert!(text.contains("fails"), "{text}");
        })
    };
    let std = || {
        each(TIMES, || {
            let caught =
                thread::spawn(|| (catch_unwind(|| fails(10)).is_err(), CAPTURED.take())).join().expect("it is caught");
            let text = caught.1.expect("the hook was called").to_string();
            assert!(text.contains("fails"), "{text}");
        })
    };
    let contenders: Vec<Contender<'_>> =
        vec![("bgjobs, its frames", None, Box::new(ours)), ("std::thread, `Backtrace` by a hook", None, Box::new(std))];
    vec![compare("a job that panics ten calls deep, until its traceback is read", 10, contenders)]
}

/// A line of a log that can be read while the job runs.
pub(crate) fn line() -> Vec<Answer> {
    const LINES: usize = 1_000;
    let jobs = JobManager::new();
    let ours = || {
        let body = |job: &Context| Ok::<_, Failure>(each(LINES, || job.print("a line of a log")));
        *jobs.spawn_with("prints", body).expect("there is a thread").join().expect("it does not fail")
    };
    let list = || {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let add =
            || lines.lock().expect("the lock is never poisoned").push((Instant::now(), "a line of a log".to_string()));
        each(LINES, add)
    };
    let channel = || {
        let (sender, receiver) = mpsc::channel();
        let send = || sender.send((Instant::now(), "a line of a log".to_string())).expect("there is a reader");
        let timed = each(LINES, send);
        drop(receiver);
        timed
    };
    let contenders: Vec<Contender<'_>> = vec![
        ("bgjobs, `print`", None, Box::new(ours)),
        ("a list behind a lock, stamped", None, Box::new(list)),
        ("a channel, stamped", None, Box::new(channel)),
    ];
    vec![compare("a line of a log", 40, contenders)]
}

/// From the request to the end of the job, which notices it in its sleep or by checking.
pub(crate) fn stop() -> Vec<Answer> {
    const DEADLINE: Duration = Duration::from_secs(10);
    let jobs = JobManager::new();
    let stops = |body: fn(&Context) -> Result<(), Failure>| {
        let job = jobs.spawn_with("runs", body).expect("there is a thread");
        settle();
        let began = Instant::now();
        assert!(matches!(job.stop("enough", DEADLINE), Verdict::Stopped { .. }));
        (began.elapsed(), 1)
    };
    let asleep = || stops(|job| Ok(job.sleep(Duration::MAX)?));
    let checking = || {
        stops(|job| {
            loop {
                job.check()?;
            }
        })
    };
    let std_asleep = || {
        let over = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&over);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                thread::park();
            }
        });
        settle();
        let began = Instant::now();
        over.store(true, Ordering::Release);
        thread.thread().unpark();
        thread.join().expect("it does not fail");
        (began.elapsed(), 1)
    };
    let std_checking = || {
        let over = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&over);
        let thread = thread::spawn(move || while !stopped.load(Ordering::Acquire) {});
        settle();
        let began = Instant::now();
        over.store(true, Ordering::Release);
        thread.join().expect("it does not fail");
        (began.elapsed(), 1)
    };
    let slept: Vec<Contender<'_>> = vec![
        ("bgjobs, `stop` with its verdict", None, Box::new(asleep)),
        ("std::thread, a flag, unpark, join", None, Box::new(std_asleep)),
    ];
    let checked: Vec<Contender<'_>> = vec![
        ("bgjobs, `stop` with its verdict", None, Box::new(checking)),
        ("std::thread, a flag, join", None, Box::new(std_checking)),
    ];
    vec![
        compare("stopping a job that sleeps", 40, slept),
        compare("stopping a job that checks all the time", 40, checked),
    ]
}

/// Gives a job time to reach the point where it is stopped.
fn settle() {
    thread::sleep(Duration::from_millis(2));
}
