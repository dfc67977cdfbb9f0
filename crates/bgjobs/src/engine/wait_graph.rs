//! Which job waits for which without a timeout; finds rings of such waits.
//!
//! Knows nothing of how they wait: a body that joins another job and a job that follows others look the same here.
//! Its owner's lock guards it.

use std::collections::{HashMap, HashSet};

use crate::record::{Core, Key, id::JobId};

/// A job that waits for another, or is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) key: Key,
    pub(crate) id: JobId,
}

impl Node {
    pub(crate) fn of(core: &Core) -> Self {
        Self { key: core.key(), id: core.id() }
    }
}

#[derive(Default)]
pub(crate) struct WaitGraph(HashMap<Key, Vec<Node>>);

impl WaitGraph {
    /// Records that `waiter` waits for all of `targets`; the error is the ring that this would close, starting at
    /// `waiter`.
    pub(crate) fn begin(&mut self, waiter: Node, targets: Vec<Node>) -> Result<(), Vec<JobId>> {
        let mut ring = vec![waiter.id];
        if self.leads_to(waiter.key, &targets, &mut ring) {
            return Err(ring);
        }
        self.0.insert(waiter.key, targets);
        Ok(())
    }

    /// Records that a new job, for which none waits yet, waits for all of `targets`: that closes no ring.
    pub(crate) fn add(&mut self, new: Key, targets: Vec<Node>) {
        if !targets.is_empty() {
            self.0.insert(new, targets);
        }
    }

    /// Records that `waiter` no longer waits.
    pub(crate) fn end(&mut self, waiter: Key) {
        self.0.remove(&waiter);
    }

    /// The jobs that `waiter` waits for.
    pub(crate) fn of(&self, waiter: Key) -> &[Node] {
        self.0.get(&waiter).map_or(&[], Vec::as_slice)
    }

    /// Whether one of `jobs` is `goal`, or waits for it directly or through others, which are then appended to `path`.
    fn leads_to(&self, goal: Key, jobs: &[Node], path: &mut Vec<JobId>) -> bool {
        let (mut seen, mut branches) = (HashSet::new(), vec![(jobs, 0)]);
        while let Some((jobs, next)) = branches.last_mut() {
            let Some(&job) = jobs.get(*next) else {
                branches.pop();
                // The first branch belongs to the waiter itself, which stays in the path.
                if !branches.is_empty() {
                    path.pop();
                }
                continue;
            };
            *next += 1;
            if job.key == goal {
                return true;
            }
            if seen.insert(job.key) {
                path.push(job.id);
                branches.push((self.of(job.key), 0));
            }
        }
        false
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    fn job(number: u64) -> Node {
        Node { key: Key::Listed(number.into()), id: number.into() }
    }

    fn begin<const N: usize>(graph: &mut WaitGraph, waiter: u64, targets: [u64; N]) -> Result<(), Vec<u64>> {
        let begun = graph.begin(job(waiter), targets.map(job).to_vec());
        begun.map_err(|ring| ring.into_iter().map(JobId::get).collect())
    }

    #[test]
    fn the_job_that_closes_a_ring_gets_it_in_order() {
        let mut graph = WaitGraph::default();
        begin(&mut graph, 1, [2]).unwrap();
        begin(&mut graph, 2, [7, 8, 3]).unwrap();
        begin(&mut graph, 8, [9]).unwrap();
        assert_eq!(begin(&mut graph, 3, [9, 1]), Err(vec![3, 1, 2]));
        // A refused wait is not recorded.
        assert_eq!(graph.of(job(3).key), []);
        graph.end(job(2).key);
        begin(&mut graph, 3, [1]).unwrap();
    }

    #[test]
    fn a_chain_of_new_jobs_costs_no_search_and_its_ring_is_found() {
        let mut graph = WaitGraph::default();
        for number in 1..100_000 {
            graph.add(job(number).key, vec![job(number - 1)]);
        }
        assert_eq!(begin(&mut graph, 0, [99_999]).unwrap_err().len(), 100_000);
        graph.add(job(100_000).key, Vec::new());
        assert_eq!(graph.0.len(), 99_999);
    }

    #[test]
    fn two_paths_to_one_job_are_not_a_ring_and_a_long_chain_costs_little() {
        let mut graph = WaitGraph::default();
        begin(&mut graph, 1, [2, 3]).unwrap();
        begin(&mut graph, 2, [4]).unwrap();
        begin(&mut graph, 3, [4]).unwrap();
        begin(&mut graph, 0, [1]).unwrap();
        assert_eq!(begin(&mut graph, 4, [0]), Err(vec![4, 0, 1, 2]));
        for number in 10..2_000 {
            begin(&mut graph, number, [number + 1]).unwrap();
        }
        assert_eq!(begin(&mut graph, 2_000, [1_990]).unwrap_err().len(), 11);
    }
}
