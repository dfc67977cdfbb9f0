//! Very many jobs of all kinds, in a separate process: nothing is lost, duplicated or leaked.
//!
//! Twenty thousand by default; ten million with `BGJOBS_PROVE=1 cargo test --release -p bgjobs --test soak -- --nocapture`.
//! They run in rounds. Each round ends with a count of values created and dropped, of notices and of list entries; after the last
//! round, threads and memory are as they were after the first few.

#![cfg(not(any(bgjobs_loom, bgjobs_shuttle)))]

use std::{
    fs,
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bgjobs::{After, Config, Context, Failure, Handle, JobManager, Options, Outcome, State};

const STARTERS: usize = 4;

/// How many jobs each thread starts per round, not counting jobs started by other jobs.
const EACH: usize = 1_250;

/// After how many rounds memory use should be stable.
const WARM: usize = 20;

/// How many more bytes may be in use at the end than after the warm-up; leaking two bytes per job would exceed it.
const SLACK: usize = 16 << 20;

/// A timeout longer than any wait here.
const GUARD: Duration = Duration::from_secs(120);

/// Counts the values that are alive: each job captures one, and most return another.
#[derive(Clone, Default)]
struct Census(Arc<AtomicUsize>);

struct Counted(Census);

impl Census {
    fn make(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }

    fn alive(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert_ne!(self.0.0.fetch_sub(1, Ordering::SeqCst), 0, "a value was dropped twice");
    }
}

/// Blocks jobs while it is closed.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        drop(self.opened.wait_while(self.is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }

    fn set_open(&self, open: bool) {
        *self.is_open.lock().unwrap() = open;
        self.opened.notify_all();
    }
}

/// State shared by the jobs of a round.
#[derive(Clone)]
struct Round {
    jobs: Handle,
    census: Census,
    gate: Arc<Gate>,
    /// How many bodies were called.
    ran: Arc<AtomicUsize>,
    /// How many jobs should be in the lists.
    listed: Arc<AtomicUsize>,
}

impl Round {
    /// Starts a job of the kind that `n` selects, and checks its outcome.
    fn start(&self, n: usize) {
        match n % 64 {
            0 => self.ends(n, Outcome::Failed, |_| panic!("as it should")),
            1 => self.ends(n, Outcome::Failed, |_| Err(Failure::new("as it should"))),
            2 => self.stopped(),
            3 => self.blocked(),
            4 => self.nested(),
            5 | 6 => self.unlisted(n.is_multiple_of(2)),
            7 | 8 => self.grouped(n),
            9 => self.followed(),
            #[cfg(unix)]
            10 if n % 2_560 == 10 => {
                let command = |job: &Context| bgjobs::Command::new("true").run(job, |_, _| Ok(())).map(drop);
                self.ends(n, Outcome::Done, command);
            }
            11 if n.is_multiple_of(11) => self.on_fresh_thread(),
            _ => self.ends(n, Outcome::Done, |_| Ok(())),
        }
    }

    /// A body that captures a value, counts its call and returns another value.
    fn body<E>(
        &self,
        act: impl FnOnce(&Context) -> Result<(), E> + Send + 'static,
    ) -> impl FnOnce(&Context) -> Result<Counted, E> + Send + 'static {
        let (round, captured) = (self.clone(), self.census.make());
        move |context| {
            let _captured = captured;
            round.ran.fetch_add(1, Ordering::Relaxed);
            act(context)?;
            Ok(round.census.make())
        }
    }

    fn expect_listed(&self) {
        self.listed.fetch_add(1, Ordering::Relaxed);
    }

    fn ends(&self, n: usize, outcome: Outcome, act: impl FnOnce(&Context) -> Result<(), Failure> + Send + 'static) {
        self.expect_listed();
        let job = self.jobs.spawn_with("plain", self.body(act)).unwrap();
        if !n.is_multiple_of(3) {
            job.wait().unwrap();
            assert_eq!(job.state(), State::Finished(outcome));
        }
    }

    fn stopped(&self) {
        self.expect_listed();
        let job = self.jobs.spawn_with("stopped", self.body(|job| Ok::<_, Failure>(job.sleep(GUARD)?))).unwrap();
        assert!(job.ask_stop("as it should"));
        job.wait_timeout(GUARD).unwrap();
        // A job stopped before it started counts too.
        self.ran.fetch_add(usize::from(job.times().started.is_none()), Ordering::Relaxed);
        assert_eq!(job.state(), State::Finished(Outcome::Stopped));
    }

    fn blocked(&self) {
        self.expect_listed();
        let gate = Arc::clone(&self.gate);
        let pass = move |_: &Context| {
            gate.pass();
            Ok::<_, Failure>(())
        };
        self.jobs.spawn_with("blocked", self.body(pass)).unwrap();
    }

    fn nested(&self) {
        self.expect_listed();
        let round = self.clone();
        let start = move |_: &Context| {
            round.expect_listed();
            let inner = round.jobs.spawn_with("inner", round.body(|_| Ok::<_, Failure>(()))).unwrap();
            inner.join().map(drop).map_err(Failure::from)
        };
        let outer = self.jobs.spawn_with("outer", self.body(start)).unwrap();
        outer.join().unwrap();
    }

    fn unlisted(&self, listed_late: bool) {
        let options = Options { unlisted: true, ..Options::default() };
        let job = self.jobs.named("unlisted").with(options).spawn_with(self.body(|_| Ok::<_, Failure>(()))).unwrap();
        if listed_late && job.list().is_some() {
            self.expect_listed();
        }
        job.join().unwrap();
    }

    fn grouped(&self, n: usize) {
        self.expect_listed();
        let priority = i32::try_from(n % 5).unwrap();
        let options = Options { group: Some("narrow".into()), priority, ..Options::default() };
        let job = self.jobs.named("grouped").with(options).spawn_with(self.body(|_| Ok::<_, Failure>(()))).unwrap();
        if n.is_multiple_of(2) {
            job.join().unwrap();
        }
    }

    fn followed(&self) {
        self.expect_listed();
        self.expect_listed();
        // The first job is held until the second has been started: a flushed job can't be followed.
        let gate = Arc::new(Gate::default());
        let held = Arc::clone(&gate);
        let first = self.jobs.spawn_with(
            "first",
            self.body(move |_| {
                held.pass();
                Ok::<_, Failure>(())
            }),
        );
        let options = Options { after: vec![After::done(first.unwrap())], ..Options::default() };
        let second = self.jobs.named("second").with(options).spawn_with(self.body(|_| Ok::<_, Failure>(()))).unwrap();
        gate.set_open(true);
        second.join().unwrap();
    }

    fn on_fresh_thread(&self) {
        self.expect_listed();
        let options = Options { fresh_thread: true, ..Options::default() };
        self.jobs
            .named("fresh thread")
            .with(options)
            .spawn_with(self.body(|_| Ok::<_, Failure>(())))
            .unwrap()
            .join()
            .unwrap();
    }
}

/// Polls until `condition` holds.
#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < GUARD, "timed out waiting until {what}");
        thread::yield_now();
    }
}

/// The resident memory of this process in bytes.
fn resident() -> Option<usize> {
    let pages: usize = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// How many threads this process has.
fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

#[test]
fn a_flood_of_jobs_of_all_kinds_leaves_nothing_behind() {
    let prove = std::env::var_os("BGJOBS_PROVE").is_some();
    let total: usize = if prove { 10_000_000 } else { 20_000 };
    let began = Instant::now();
    let before = threads();
    let jobs = JobManager::with_config(Config { idle_timeout: Duration::from_millis(200), ..Config::default() });
    jobs.group("narrow").set_limit(3).unwrap();
    let mut notices = jobs.notices();
    let (census, gate) = (Census::default(), Arc::new(Gate::default()));
    let (mut ended, mut numbers, mut warm) = (0, 0, None);
    for number in 0.. {
        if ended >= total {
            break;
        }
        if number == WARM {
            warm = resident();
        }
        gate.set_open(false);
        let round = Round {
            jobs: jobs.handle(),
            census: census.clone(),
            gate: Arc::clone(&gate),
            ran: Arc::default(),
            listed: Arc::default(),
        };
        thread::scope(|scope| {
            for starter in 0..STARTERS {
                let round = &round;
                scope.spawn(move || (0..EACH).for_each(|n| round.start(n * STARTERS + starter)));
            }
        });
        gate.set_open(true);
        jobs.wait_all_timeout(GUARD).unwrap();
        let listed = round.listed.load(Ordering::SeqCst);
        let mut reported: Vec<u64> = notices.look().iter().map(|job| job.id().get()).collect();
        reported.sort_unstable();
        assert!(
            reported.into_iter().eq(numbers..numbers + listed as u64),
            "each end is reported once, in round {number}"
        );
        numbers += listed as u64;
        let flushed = jobs.flush();
        assert_eq!((flushed.completed + flushed.dead, jobs.all().len()), (listed, 0));
        // A worker may hold the last reference to a job for a moment longer than anything else.
        wait_until("every value is dropped", || census.alive() == 0);
        ended += round.ran.load(Ordering::SeqCst);
    }
    assert_eq!((jobs.group("narrow").running(), jobs.group("narrow").waiting()), (0, 0));
    wait_until("all workers have ended", || jobs.threads() == 0);
    drop((notices, jobs));
    wait_until("all threads have ended", || threads() <= before);
    let after = resident();
    if let (Some(warm), Some(after)) = (warm, after) {
        assert!(after <= warm + SLACK, "{warm} bytes were in use after the warm-up, and {after} at the end");
    }
    if prove {
        let mib = |bytes: Option<usize>| bytes.map_or(0, |bytes| bytes >> 20);
        let seconds = began.elapsed().as_secs_f64();
        // Written directly, because the test harness hides what a passing test prints.
        writeln!(io::stderr(), "{ended} jobs in {seconds:.0} s; {} MiB warm, {} MiB at the end", mib(warm), mib(after))
            .unwrap();
    }
}
