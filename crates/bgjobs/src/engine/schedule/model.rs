//! A model of the schedule without lines or indexes, which looks through all jobs each time; tests compare the two.

use std::collections::VecDeque;

use proptest::{prelude::*, test_runner::RngSeed};

use super::*;
use crate::record::id::JobId;

#[derive(Clone, Debug)]
enum Act {
    Enter { group: Option<usize>, priority: i32, after: Option<(usize, bool)>, delay: Option<u64>, limit: Option<u64> },
    Begin(usize),
    End(usize, Outcome),
    Lend { lender: usize, target: usize },
    TakeBack(usize, bool),
    Limit(usize, Option<usize>),
    Pause(usize, bool),
    Pass(u64),
    Leave,
}

/// As after a machine's suspend: everything that was to come is due at once.
const A_JUMP: u64 = 1 << 40;

fn act() -> impl Strategy<Value = Act> {
    let job = || 0..10_usize;
    let group = || 0..2_usize;
    let outcome = || prop_oneof![3 => Just(Outcome::Done), 1 => Just(Outcome::Failed), 1 => Just(Outcome::Stopped)];
    let enter = (
        prop::option::weighted(0.8, group()),
        0..3_i32,
        prop::option::weighted(0.3, (job(), any::<bool>())),
        prop::option::weighted(0.2, 1..9_u64),
        prop::option::weighted(0.2, 1..9_u64),
    );
    prop_oneof![
        8 => enter.prop_map(|(group, priority, after, delay, limit)| Act::Enter { group, priority, after, delay, limit }),
        4 => job().prop_map(Act::Begin),
        6 => (job(), outcome()).prop_map(|(job, outcome)| Act::End(job, outcome)),
        8 => (job(), job()).prop_map(|(lender, target)| Act::Lend { lender, target }),
        4 => (job(), prop::bool::weighted(0.1)).prop_map(|(job, at_once)| Act::TakeBack(job, at_once)),
        2 => (group(), prop::option::weighted(0.9, 1..4_usize)).prop_map(|(group, limit)| Act::Limit(group, limit)),
        2 => (group(), any::<bool>()).prop_map(|(group, paused)| Act::Pause(group, paused)),
        2 => prop_oneof![9 => 1..5_u64, 1 => Just(A_JUMP)].prop_map(Act::Pass),
        1 => Just(Act::Leave),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    Waiting,
    Holding,
    /// Until the end of that job; since that act.
    Lent(usize, usize),
    /// Since the first act; lent since the second.
    Returning(usize, usize),
    /// Its failure is reported; it ends once everything else that follows is reported.
    Failing,
    Ended,
}

#[derive(Clone, Debug)]
struct Job {
    group: Option<usize>,
    priority: i32,
    after: Option<(usize, bool)>,
    not_before: Option<u64>,
    limit: Option<u64>,
    time_up: Option<u64>,
    slot: SlotState,
    outcome: Option<Outcome>,
}

#[derive(Default)]
struct Model {
    jobs: Vec<Job>,
    limits: [Option<usize>; 2],
    paused: [bool; 2],
    leaving: bool,
    now: u64,
    acts: usize,
}

impl Model {
    fn taken(&self, group: usize) -> usize {
        self.jobs.iter().filter(|job| job.group == Some(group) && job.slot == SlotState::Holding).count()
    }

    fn waiting(&self, group: usize) -> usize {
        self.jobs.iter().filter(|job| job.group == Some(group) && job.slot == SlotState::Waiting).count()
    }

    fn is_ready(&self, job: &Job) -> bool {
        job.slot == SlotState::Waiting
            && job.not_before.is_none_or(|time| time <= self.now)
            && job.after.is_none_or(|(other, _)| self.jobs[other].outcome.is_some())
    }

    /// The next job of a group, if the group has a free slot.
    fn next(&self, group: usize) -> Option<usize> {
        if self.limits[group].is_some_and(|limit| self.taken(group) >= limit) {
            return None;
        }
        let of_group = || self.jobs.iter().enumerate().filter(move |(_, job)| job.group == Some(group));
        let returning = of_group().filter_map(|(number, job)| match job.slot {
            SlotState::Returning(since, lent) => Some((since, lent, number)),
            _ => None,
        });
        let ready = of_group()
            .filter(|(_, job)| self.is_ready(job) && (self.leaving || !self.paused[group]))
            .map(|(number, job)| (Reverse(job.priority), number));
        returning.min().map(|(.., number)| number).or_else(|| ready.min().map(|(_, number)| number))
    }

    /// Lets everything happen that can; returns the events, sorted.
    fn settle(&mut self) -> Vec<String> {
        let (mut events, mut failing) = (Vec::new(), VecDeque::new());
        loop {
            let failed = self.jobs.iter().position(|job| {
                let other =
                    job.after.filter(|_| job.slot == SlotState::Waiting).map(|(other, well)| (&self.jobs[other], well));
                other.is_some_and(|(other, well)| well && other.outcome.is_some_and(|end| end != Outcome::Done))
            });
            if let Some(number) = failed {
                events.push(format!("fail {number}"));
                self.jobs[number].slot = SlotState::Failing;
                failing.push_back(number);
                continue;
            }
            let back = self.jobs.iter().enumerate().find_map(|(number, job)| match job.slot {
                SlotState::Lent(target, since) if self.jobs[target].outcome.is_some() => Some((number, since)),
                _ => None,
            });
            if let Some((number, since)) = back {
                self.jobs[number].slot = SlotState::Returning(self.acts, since);
                continue;
            }
            let free = self.jobs.iter().position(|job| job.group.is_none() && self.is_ready(job));
            let Some(number) = free.or_else(|| self.next(0)).or_else(|| self.next(1)) else {
                let Some(number) = failing.pop_front() else { break };
                self.end(number, Outcome::Failed);
                continue;
            };
            let verb = if self.jobs[number].slot == SlotState::Waiting { "start" } else { "go on" };
            events.push(format!("{verb} {number}"));
            self.jobs[number].slot = SlotState::Holding;
        }
        let now = self.now;
        for (number, job) in self.jobs.iter_mut().enumerate() {
            if job.time_up.take_if(|time| *time <= now).is_some() {
                events.push(format!("time up {number}"));
            }
        }
        events.sort();
        events
    }

    fn end(&mut self, number: usize, outcome: Outcome) {
        let job = &mut self.jobs[number];
        (job.slot, job.outcome, job.time_up) = (SlotState::Ended, Some(outcome), None);
    }
}

/// The actions as events, sorted; a job that fails ends.
fn events(schedule: &mut Schedule<u64>, actions: Vec<Action<u64>>) -> Vec<String> {
    let mut actions = VecDeque::from(actions);
    let mut events = Vec::new();
    while let Some(action) = actions.pop_front() {
        match action {
            Action::Start(id) => events.push(format!("start {id}")),
            Action::Fail(id, ..) => {
                events.push(format!("fail {id}"));
                actions.extend(schedule.end(Key::Listed(id.into()), Outcome::Failed));
            }
            Action::Resume(key) => events.push(format!("go on {}", number(key))),
            Action::TimeUp(key, _) => events.push(format!("time up {}", number(key))),
            Action::Drop(_) => {}
        }
    }
    events.sort();
    events
}

fn number(key: Key) -> JobId {
    let Key::Listed(id) = key else { unreachable!("all jobs of this test are listed") };
    id
}

fn id(number: usize) -> Key {
    Key::Listed((number as u64).into())
}

/// Lets both perform the act, if it is possible; returns the events of each.
fn play(schedule: &mut Schedule<u64>, model: &mut Model, groups: [GroupId; 2], act: &Act) -> [Vec<String>; 2] {
    model.acts += 1;
    let slot = |model: &Model, number: usize| model.jobs.get(number).map(|job| job.slot);
    let actions = match *act {
        Act::Enter { group, priority, after, delay, limit } => {
            let after = after.filter(|&(other, _)| model.jobs.get(other).is_some_and(|job| job.outcome.is_none()));
            let not_before = delay.map(|delay| model.now + delay);
            let number = model.jobs.len();
            let job = Job {
                group,
                priority,
                after,
                not_before,
                limit,
                time_up: None,
                slot: SlotState::Waiting,
                outcome: None,
            };
            model.jobs.push(job);
            let condition = |(other, well)| {
                let number = JobId::from(other as u64);
                (id(other), Predecessor { job: number, must_be_done: well })
            };
            let terms = Terms {
                group: group.map(|group| groups[group]),
                priority,
                not_before,
                after: after.map(condition).into_iter().collect(),
                time_limit: limit,
            };
            if not_before.is_some() || limit.is_some() {
                schedule.need_time(true);
            }
            schedule.enter(id(number), terms, number as u64)
        }
        Act::Begin(number) if slot(model, number) == Some(SlotState::Holding) => {
            let (job, now) = (&mut model.jobs[number], model.now);
            if let Some(limit) = job.limit.take() {
                job.time_up = Some(now + limit);
                schedule.begin(id(number), now);
            }
            Vec::new()
        }
        Act::End(number, outcome) if slot(model, number).is_some_and(|slot| slot != SlotState::Ended) => {
            model.end(number, outcome);
            schedule.end(id(number), outcome)
        }
        Act::Lend { lender, target } => {
            let is_open = slot(model, target).is_some_and(|slot| slot != SlotState::Ended) && lender != target;
            let may = slot(model, lender) == Some(SlotState::Holding) && model.jobs[lender].group.is_some() && is_open;
            if may {
                model.jobs[lender].slot = SlotState::Lent(target, model.acts);
            }
            let actions = if is_open { schedule.lend(id(lender), vec![id(target)], 1) } else { None };
            assert_eq!(actions.is_some(), may);
            actions.unwrap_or_default()
        }
        Act::TakeBack(number, at_once) => {
            let has = if let Some(without @ (SlotState::Lent(..) | SlotState::Returning(..))) = slot(model, number) {
                if let SlotState::Lent(_, since) = without {
                    model.jobs[number].slot = SlotState::Returning(model.acts, since);
                }
                let group = model.jobs[number].group.unwrap();
                let has = at_once || model.next(group) == Some(number);
                if has {
                    model.jobs[number].slot = SlotState::Holding;
                }
                has
            } else {
                true
            };
            assert_eq!(schedule.take_back(id(number), at_once), has);
            Vec::new()
        }
        Act::Limit(group, limit) => {
            model.limits[group] = limit;
            schedule.set_limit(groups[group], limit)
        }
        Act::Pause(group, paused) => {
            model.paused[group] = paused;
            schedule.set_paused(groups[group], paused).1
        }
        Act::Pass(time) => {
            model.now += time;
            schedule.tell_time(model.now)
        }
        Act::Leave => {
            model.leaving = true;
            schedule.leave()
        }
        Act::Begin(_) | Act::End(..) => Vec::new(),
    };
    [events(schedule, actions), model.settle()]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("BGJOBS_PROVE").is_some() { 5_000 } else { 100 },
        rng_seed: RngSeed::Fixed(0),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_schedule_behaves_like_a_search_through_all_jobs(acts in prop::collection::vec(act(), 0..80)) {
        let (mut schedule, mut model) = (Schedule::new(), Model::default());
        let groups = ["one", "two"].map(|name| schedule.group(&name.into()));
        for (number, group) in groups.into_iter().enumerate() {
            model.limits[number] = Some(number + 2);
            schedule.set_limit(group, Some(number + 2));
        }
        for act in &acts {
            let [events, expected] = play(&mut schedule, &mut model, groups, act);
            prop_assert_eq!(events, expected, "{:?}", act);
            for (number, &group) in groups.iter().enumerate() {
                let slots = schedule.slots_of(group);
                let counts = (slots.taken, slots.waiting);
                prop_assert_eq!(counts, (model.taken(number), model.waiting(number)), "{:?}", act);
            }
            for (number, job) in model.jobs.iter().enumerate() {
                let is_held = matches!(job.slot, SlotState::Waiting | SlotState::Returning(..));
                prop_assert_eq!(!schedule.holds(id(number)).is_empty(), is_held, "{} after {:?}", number, act);
            }
        }
        // Once all have ended, nothing of them remains.
        for number in 0..model.jobs.len() {
            let actions = schedule.end(id(number), Outcome::Done);
            events(&mut schedule, actions);
        }
        prop_assert!(schedule.entries.is_empty() && schedule.watchers.is_empty() && schedule.times.is_empty());
        prop_assert!(!schedule.needs_time());
    }
}
