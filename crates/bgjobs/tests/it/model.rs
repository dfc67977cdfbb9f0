//! The manager compared with a sequential model that shares no code with it: no threads, no locks, its own numbering.

use bgjobs::{AnyJob, Context, Failure, JobManager, Notices, Options};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::{
    gate::Gate,
    support::{long_proofs, numbers},
};

/// The limit of the group.
const LIMIT: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Failed,
    Stopped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Unlisted,
    /// In a group with a limit.
    Grouped,
}

#[derive(Clone, Debug)]
enum Step {
    /// Starts a job and waits until it has ended.
    Run(End),
    /// Starts a job that is held at a gate.
    Hold(Kind, End),
    /// Lists the held job at that index.
    List(usize),
    /// Lets the held job at that index end, if it has begun.
    Release(usize),
    /// Stops the held job at that index.
    Stop(usize),
    /// Removes the job with that number.
    Remove(u64),
    Flush,
    /// Lets one of the subscribers look.
    Look(usize),
    /// Replaces one of the subscribers with a new one.
    Renew(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let end = || prop_oneof![Just(End::Done), Just(End::Failed), Just(End::Stopped)];
    let kind = prop_oneof![3 => Just(Kind::Plain), 1 => Just(Kind::Unlisted), 3 => Just(Kind::Grouped)];
    prop_oneof![
        4 => end().prop_map(Step::Run),
        6 => (kind, end()).prop_map(|(kind, end)| Step::Hold(kind, end)),
        2 => (0..8_usize).prop_map(Step::List),
        4 => (0..8_usize).prop_map(Step::Release),
        2 => (0..8_usize).prop_map(Step::Stop),
        3 => (0..20_u64).prop_map(Step::Remove),
        1 => Just(Step::Flush),
        4 => (0..2_usize).prop_map(Step::Look),
        1 => (0..2_usize).prop_map(Step::Renew),
    ]
}

/// What the manager should know: each job, and how it ended if it has.
#[derive(Default)]
struct Model {
    started: u64,
    known: Vec<(u64, Option<End>)>,
    unreported: [Vec<u64>; 2],
    held: Vec<Held>,
}

/// A job that is held at a gate; it has a number only if it is listed.
struct Held {
    number: Option<u64>,
    end: End,
    kind: Kind,
}

impl Model {
    fn start(&mut self) -> u64 {
        self.known.push((self.started, None));
        self.started += 1;
        self.started - 1
    }

    fn hold(&mut self, kind: Kind, end: End) -> Option<u64> {
        let number = (kind != Kind::Unlisted).then(|| self.start());
        self.held.push(Held { number, end, kind });
        number
    }

    /// Lists a held job and returns its number.
    fn list_late(&mut self, index: usize) -> Option<u64> {
        if self.held.get(index)?.number.is_none() {
            self.held[index].number = Some(self.start());
        }
        self.held[index].number
    }

    /// How many jobs of the group run and how many wait; the ones started first run.
    fn group(&self) -> [usize; 2] {
        let all = self.held.iter().filter(|held| held.kind == Kind::Grouped).count();
        [all.min(LIMIT), all.saturating_sub(LIMIT)]
    }

    /// Whether the held job at that index has begun.
    fn has_begun(&self, index: usize) -> bool {
        let before = self.held.iter().take(index).filter(|held| held.kind == Kind::Grouped).count();
        self.held.get(index).is_some_and(|held| held.kind != Kind::Grouped || before < LIMIT)
    }

    fn release(&mut self, index: usize, stop: bool) {
        let Held { number, end, .. } = self.held.remove(index);
        if let Some(number) = number {
            self.end(number, if stop { End::Stopped } else { end });
        }
    }

    fn end(&mut self, number: u64, end: End) {
        self.known.iter_mut().find(|(other, _)| *other == number).unwrap().1 = Some(end);
        self.unreported.iter_mut().for_each(|unreported| unreported.push(number));
    }

    fn list(&self, list: impl Fn(Option<End>) -> bool) -> Vec<u64> {
        self.known.iter().filter(|(_, end)| list(*end)).map(|(number, _)| *number).collect()
    }

    fn lists(&self) -> [Vec<u64>; 3] {
        let is_dead = |end| matches!(end, Some(End::Failed | End::Stopped));
        [self.list(|end| end.is_none()), self.list(|end| end == Some(End::Done)), self.list(is_dead)]
    }

    fn status(&self) -> String {
        let group = |(title, numbers): (&str, Vec<u64>)| {
            let lines: Vec<_> = numbers.iter().map(|number| format!("{number} : job\n")).collect();
            if lines.is_empty() { String::new() } else { format!("{title} jobs:\n{}\n", lines.concat()) }
        };
        ["Running", "Completed", "Dead"].into_iter().zip(self.lists()).map(group).collect()
    }

    fn flush(&mut self) -> String {
        let [_, completed, dead] = self.lists();
        self.known.retain(|(_, end)| end.is_none());
        let line = |count: usize, title: &str| match count {
            0 => String::new(),
            1 => format!("Flushing 1 {title} job.\n"),
            _ => format!("Flushing {count} {title} jobs.\n"),
        };
        let text = line(completed.len(), "Completed") + &line(dead.len(), "Dead");
        if text.is_empty() { "No jobs to flush.\n".to_owned() } else { text }
    }

    fn remove(&mut self, number: u64) -> Option<String> {
        match self.known.iter().find(|(other, _)| *other == number) {
            None => Some(format!("Job #{number} not found")),
            Some((_, None)) => Some(format!("Job #{number} is still running, it can not be removed.")),
            Some(_) => {
                self.known.retain(|(other, _)| *other != number);
                None
            }
        }
    }
}

/// The manager and the jobs that are held.
struct Real {
    /// Dropped first, which opens the gates: the manager's drop waits for these jobs.
    held: Vec<(AnyJob, Gate)>,
    subscribers: [Notices; 2],
    jobs: JobManager,
}

impl Real {
    fn new() -> Self {
        let jobs = JobManager::new();
        jobs.group("narrow").set_limit(LIMIT).unwrap();
        Self { subscribers: [jobs.notices(), jobs.notices()], jobs, held: Vec::new() }
    }

    fn hold(&mut self, kind: Kind, end: End) -> Option<u64> {
        let gate = Gate::new();
        let pass = gate.pass();
        let body = move |job: &Context| {
            pass.wait();
            job.check()?;
            match end {
                End::Done => Ok(job.id().get()),
                End::Failed => panic!("it fails"),
                End::Stopped => Err(Failure::stopped("by itself")),
            }
        };
        let options = Options {
            unlisted: kind == Kind::Unlisted,
            group: (kind == Kind::Grouped).then(|| "narrow".into()),
            ..Options::default()
        };
        let job = AnyJob::from(self.jobs.named("job").with(options).spawn_with(body).unwrap());
        let number = job.is_listed().then(|| job.id().get());
        self.held.push((job, gate));
        number
    }

    /// Lets a held job end.
    fn release(&mut self, index: usize, stop: bool) {
        let (job, gate) = self.held.remove(index);
        assert_eq!(stop, stop && job.ask_stop("enough"));
        gate.open();
        job.wait().unwrap();
    }
}

/// Performs one step on both and compares their answers.
fn act(step: &Step, model: &mut Model, real: &mut Real) {
    match *step {
        Step::Run(end) => {
            assert_eq!(real.hold(Kind::Plain, end), model.hold(Kind::Plain, end));
            let last = real.held.len() - 1;
            real.release(last, false);
            model.release(last, false);
        }
        Step::Hold(kind, end) => assert_eq!(real.hold(kind, end), model.hold(kind, end)),
        Step::List(index) => {
            let number = real.held.get(index).and_then(|(job, _)| job.list()).map(bgjobs::JobId::get);
            assert_eq!(number, model.list_late(index));
        }
        Step::Release(index) if model.has_begun(index) => {
            real.release(index, false);
            model.release(index, false);
        }
        Step::Stop(index) if index < model.held.len() => {
            real.release(index, true);
            model.release(index, true);
        }
        Step::Release(_) | Step::Stop(_) => {}
        Step::Remove(number) => {
            assert_eq!(real.jobs.remove(number).err().map(|error| error.to_string()), model.remove(number));
        }
        Step::Flush => assert_eq!(real.jobs.flush().to_string(), model.flush()),
        Step::Look(subscriber) => {
            let unreported = std::mem::take(&mut model.unreported[subscriber]);
            assert_eq!(real.subscribers[subscriber].has_news(), !unreported.is_empty());
            assert_eq!(numbers(&real.subscribers[subscriber].look()), unreported);
        }
        Step::Renew(subscriber) => {
            model.unreported[subscriber].clear();
            real.subscribers[subscriber] = real.jobs.notices();
        }
    }
}

fn compare(model: &Model, real: &Real) {
    let status = real.jobs.status();
    assert_eq!(status.to_string(), model.status());
    assert_eq!([numbers(&status.running), numbers(&status.completed), numbers(&status.dead)], model.lists());
    assert_eq!(numbers(&real.jobs.all()), model.list(|_| true));
    let group = real.jobs.group("narrow");
    assert_eq!([group.running(), group.waiting()], model.group());
    for number in 0..model.started {
        let known = model.known.iter().find(|(other, _)| *other == number);
        assert_eq!(real.jobs.get(number).is_ok(), known.is_some());
        let result = real.jobs.result::<u64>(number);
        assert_eq!(result.ok(), known.and_then(|(_, end)| (*end == Some(End::Done)).then_some(number)));
    }
}

proptest! {
    // The same cases every time, except in the long proof.
    #![proptest_config(ProptestConfig {
        cases: if long_proofs() { 2_000 } else { 60 },
        rng_seed: if long_proofs() { RngSeed::Random } else { RngSeed::Fixed(4) },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_sequence_of_calls_matches_the_model(steps in prop::collection::vec(step(), 1..60)) {
        let (mut model, mut real) = (Model::default(), Real::new());
        for step in &steps {
            act(step, &mut model, &mut real);
            compare(&model, &real);
        }
    }
}
