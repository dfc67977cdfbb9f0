//! Several threads that call one manager at once. Whatever they do, every job ends once and is counted once.

use std::{collections::BTreeSet, thread};

use bgjobs::{AnyJob, Context, Failure, Handle, JobManager, Options, Outcome, State};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::{gate::Gate, support::long_proofs};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Starts a job that is held until the callers are done.
    Hold {
        grouped: bool,
        unlisted: bool,
        daemon: bool,
    },
    /// Starts a job with that outcome.
    Run(Outcome),
    /// Starts a job that starts another one and joins it, both in the narrow group or both outside.
    Nest {
        grouped: bool,
    },
    /// Lists the caller's newest job.
    List,
    /// Stops the caller's newest job.
    Stop,
    /// Removes the caller's newest job.
    Remove,
    Flush,
    /// Waits for the caller's newest job, unless it is held.
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

/// One of the threads that call the manager.
struct Caller<'a> {
    jobs: &'a Handle,
    gate: &'a Gate,
    /// The jobs it has started, the outcome of each if it is not stopped, and whether it is held.
    started: Vec<(AnyJob, Outcome, bool)>,
    /// How many jobs it has removed from the lists.
    taken: usize,
}

impl Caller<'_> {
    fn act(&mut self, step: Step) {
        match step {
            Step::Hold { grouped, unlisted, daemon } => {
                let options = Options { unlisted: unlisted && !grouped, daemon, ..grouped_if(grouped) };
                let job = self.jobs.named("held").with(options).spawn(self.gate.hold(())).unwrap();
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
                    let inner =
                        handle.named("inner").with(Options { unlisted: !grouped, ..grouped_if(grouped) }).spawn(|| ());
                    inner.unwrap().wait()
                };
                let job = self.jobs.named("outer").with(grouped_if(grouped)).spawn(move || drop(body())).unwrap();
                // It counts as held, because its group may be paused or full of held jobs.
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

fn grouped_if(grouped: bool) -> Options {
    Options { group: grouped.then(|| "narrow".into()), ..Options::default() }
}

/// Runs the steps of all threads at once, then checks what became of the jobs.
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
            let (jobs, count) = caller.join().unwrap();
            started.extend(jobs);
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
    jobs.wait_all().unwrap();
    let reported = notices.look();
    let numbers: BTreeSet<_> = reported.iter().map(AnyJob::id).collect();
    assert_eq!(numbers.len(), reported.len(), "each job is reported once");
    assert!(numbers.into_iter().map(bgjobs::JobId::get).eq(0..reported.len() as u64), "no job is left out");
    assert!(started.iter().all(|(job, ..)| !job.is_listed() || reported.contains(job)));
    assert_eq!((jobs.running().len(), jobs.all().len() + taken), (0, reported.len()));
    assert_eq!((jobs.group("narrow").running(), jobs.group("narrow").waiting()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if long_proofs() { 5_000 } else { 20 },
        rng_seed: if long_proofs() { RngSeed::Random } else { RngSeed::Fixed(0) },
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_concurrent_callers_do_each_job_ends_once_and_is_counted_once(
        threads in prop::collection::vec(prop::collection::vec(step(), 1..30), 2..6)
    ) {
        play(&threads);
    }
}
