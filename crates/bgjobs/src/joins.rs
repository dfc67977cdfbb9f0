//! Which job waits for which, without a limit of time; finds rings of them.
//!
//! Knows nothing of how they wait: a body that joins another job and a job that is to follow others are the same
//! here. Its owner's lock guards it.

use std::collections::{HashMap, HashSet};

use crate::id::JobId;

#[derive(Default)]
pub(crate) struct Joins(HashMap<JobId, Vec<JobId>>);

impl Joins {
    /// Notes that `waiter` waits for all of `targets`; the error is the ring that this would close, from `waiter` on.
    pub(crate) fn begin(&mut self, waiter: JobId, targets: Vec<JobId>) -> Result<(), Vec<JobId>> {
        let mut ring = vec![waiter];
        if self.leads_to(waiter, &targets, &mut HashSet::new(), &mut ring) {
            return Err(ring);
        }
        self.0.insert(waiter, targets);
        Ok(())
    }

    /// Notes that `waiter` waits no more.
    pub(crate) fn end(&mut self, waiter: JobId) {
        self.0.remove(&waiter);
    }

    /// The jobs that `waiter` waits for.
    pub(crate) fn of(&self, waiter: JobId) -> &[JobId] {
        self.0.get(&waiter).map_or(&[], Vec::as_slice)
    }

    /// Whether one of `jobs` is `goal` or waits for it in the end; `path` then ends with those on the way.
    fn leads_to(&self, goal: JobId, jobs: &[JobId], seen: &mut HashSet<JobId>, path: &mut Vec<JobId>) -> bool {
        let mut ways = vec![(jobs, 0)];
        while let Some((jobs, next)) = ways.last_mut() {
            let Some(&job) = jobs.get(*next) else {
                ways.pop();
                // The first way is that of the waiter itself, which stays.
                if !ways.is_empty() {
                    path.pop();
                }
                continue;
            };
            *next += 1;
            if job == goal {
                return true;
            }
            if seen.insert(job) {
                path.push(job);
                ways.push((self.of(job), 0));
            }
        }
        false
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    fn ids<const N: usize>(numbers: [u64; N]) -> Vec<JobId> {
        numbers.map(JobId::from).to_vec()
    }

    #[test]
    fn a_ring_is_found_by_whoever_closes_it_and_told_in_order() {
        let mut joins = Joins::default();
        joins.begin(1.into(), ids([2])).unwrap();
        joins.begin(2.into(), ids([7, 8, 3])).unwrap();
        joins.begin(8.into(), ids([9])).unwrap();
        assert_eq!(joins.begin(3.into(), ids([9, 1])), Err(ids([3, 1, 2])));
        // What was refused is not noted.
        assert_eq!(joins.of(3.into()), []);
        joins.end(2.into());
        joins.begin(3.into(), ids([1])).unwrap();
    }

    #[test]
    fn two_ways_to_one_job_are_no_ring_and_a_long_chain_no_burden() {
        let mut joins = Joins::default();
        joins.begin(1.into(), ids([2, 3])).unwrap();
        joins.begin(2.into(), ids([4])).unwrap();
        joins.begin(3.into(), ids([4])).unwrap();
        joins.begin(0.into(), ids([1])).unwrap();
        assert_eq!(joins.begin(4.into(), ids([0])), Err(ids([4, 0, 1, 2])));
        for number in 10..100_000 {
            joins.begin(number.into(), ids([number + 1])).unwrap();
        }
        assert_eq!(joins.begin(100_000.into(), ids([99_990])).unwrap_err().len(), 11);
    }
}
