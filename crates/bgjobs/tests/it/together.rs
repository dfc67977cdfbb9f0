//! Several threads that call one manager at once: whatever each does, all that was started ends once, and is counted once.

use std::{collections::BTreeSet, thread};

use bgjobs::{AnyJob, Context, Failure, Handle, JobManager, Options, Outcome, State};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::gate::Gate;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Starts a job that is held until its thread is done: of a group or not, listed or not, a daemon or not.
    Hold {
        grouped: bool,
        unlisted: bool,
        daemon: bool,
    },
    /// Starts a job that ends so.
    Run(Outcome),
    /// Starts a job that starts another and joins it, both of a narrow group or not.
    Nest {
        grouped: bool,
    },
    /// Lists the newest of its jobs.
    List,
    /// Stops the newest of its jobs.
    Stop,
    /// Removes the newest of its jobs.
    Remove,
    Flush,
    /// Waits for the newest of its jobs, if that is not held.
    Wait,
    Pause,
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![Just(Outcome::Done), Just(Outcome::Failed), Just(Outcome::Stopped)];
    let hold = (any::<bool>(), any::<bool>(), any::<bool>());
    prop_oneof![
        3 => hold.prop_map(|(grouped, unlisted, daemon)| Step::Hold { grouped, unlisted, daemon }),
        6 => outcome.prop_map(Step::Run),
        2 => any::<bool>().prop_map(|grouped| Step::Nest { grouped }),
        2 => Just(Step::List),
        3 => Just(Step::Stop),
        3 => Just(Step::Remove),
        1 => Just(Step::Flush),
        2 => Just(Step::Wait),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
    ]
}

/// One of the threads.
struct Caller<'a> {
    jobs: &'a Handle,
    gate: &'a Gate,
    /// The jobs it has started, with how each ends if nobody stops it, and whether it is held.
    started: Vec<(AnyJob, Outcome, bool)>,
    /// How many entries it has taken out of the lists.
    taken: usize,
}

impl Caller<'_> {
    fn act(&mut self, step: Step) {
        match step {
            Step::Hold { grouped, unlisted, daemon } => {
                let options = Options { unlisted: unlisted && !grouped, daemon, ..of(grouped) };
                let job = self.jobs.with(options).spawn("held", self.gate.hold(())).unwrap();
                self.started.push((job.into(), Outcome::Done, true));
            }
            Step::Run(outcome) => {
                let body = move |_: &Context| match outcome {
                    Outcome::Done => Ok(()),
                    Outcome::Failed => panic!("as it should"),
                    Outcome::Stopped => Err(Failure::stopped("by itself")),
                };
                let job = self.jobs.spawn_with("runs", body).unwrap();
                self.started.push((job.into(), outcome, false));
            }
            Step::Nest { grouped } => {
                let handle = self.jobs.clone();
                let body = move || {
                    let inner = handle.with(Options { unlisted: !grouped, ..of(grouped) }).spawn("inner", || ());
                    inner.unwrap().wait()
                };
                let job = self.jobs.with(of(grouped)).spawn("outer", move || drop(body())).unwrap();
                // Held, because its group may be full of those that are, or paused.
                self.started.push((job.into(), Outcome::Done, true));
            }
            Step::List => drop(self.started.last().and_then(|(job, ..)| job.list())),
            Step::Stop => drop(self.started.last().map(|(job, ..)| job.ask_stop("enough"))),
            Step::Remove => {
                let removed = self.started.last().map(|(job, ..)| self.jobs.remove(job));
                self.taken += usize::from(removed.is_some_and(|removed| removed.is_ok()));
            }
            Step::Flush => {
                let flushed = self.jobs.flush();
                self.taken += flushed.completed + flushed.dead;
            }
            Step::Wait => {
                if let Some((job, _, false)) = self.started.last() {
                    job.wait().unwrap();
                }
            }
            Step::Pause => drop(self.jobs.group("narrow").pause()),
            Step::Resume => drop(self.jobs.group("narrow").resume()),
        }
    }
}

fn of(grouped: bool) -> Options {
    Options { group: grouped.then(|| "narrow".into()), ..Options::default() }
}

/// Lets each thread do its steps, all at once, and counts what came of them.
fn play(threads: &[Vec<Step>]) {
    let jobs = JobManager::new();
    jobs.group("narrow").set_limit(2).unwrap();
    let (mut notices, gate) = (jobs.notices(), Gate::new());
    let (mut started, mut taken) = (Vec::new(), 0);
    thread::scope(|scope| {
        let callers: Vec<_> = threads
            .iter()
            .map(|steps| {
                let mut caller = Caller { jobs: &jobs, gate: &gate, started: Vec::new(), taken: 0 };
                scope.spawn(move || {
                    for &step in steps {
                        caller.act(step);
                    }
                    (caller.started, caller.taken)
                })
            })
            .collect();
        for caller in callers {
            let (its, count) = caller.join().unwrap();
            started.extend(its);
            taken += count;
        }
    });
    gate.open();
    jobs.group("narrow").resume();
    for (job, outcome, _) in &started {
        job.wait().unwrap();
        let stopped = State::Finished(Outcome::Stopped);
        assert!(job.state() == State::Finished(*outcome) || job.state() == stopped, "{job:?}: {:?}", job.state());
    }
    jobs.wait_all(None).unwrap();
    let told = notices.look();
    let numbers: BTreeSet<_> = told.iter().map(AnyJob::id).collect();
    assert_eq!(numbers.len(), told.len(), "each is told of once");
    assert!(numbers.into_iter().map(bgjobs::JobId::get).eq(0..told.len() as u64), "none is left out");
    assert!(started.iter().all(|(job, ..)| !job.is_listed() || told.contains(job)));
    assert_eq!((jobs.running().len(), jobs.all().len() + taken), (0, told.len()));
    assert_eq!((jobs.group("narrow").running(), jobs.group("narrow").waiting()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if prove() { 5_000 } else { 20 },
        rng_seed: if prove() { RngSeed::Random } else { RngSeed::Fixed(0) },
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_several_threads_do_at_once_each_job_ends_once_and_is_counted_once(
        threads in prop::collection::vec(prop::collection::vec(step(), 1..30), 2..6)
    ) {
        play(&threads);
    }
}

fn prove() -> bool {
    std::env::var_os("BGJOBS_PROVE").is_some()
}
