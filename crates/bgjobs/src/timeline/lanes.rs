//! Which jobs can stand side by side: each gets the first lane that is free when it begins.
//!
//! Knows nothing of pictures.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::bar::Bar;

/// The bars that ran, by their beginnings, each with its lane; and how many lanes there are.
pub(super) fn lanes(bars: &[Bar]) -> (Vec<(usize, &Bar)>, usize) {
    let mut ran: Vec<_> = bars.iter().filter_map(|bar| Some((bar.run()?, bar))).collect();
    ran.sort_by_key(|((began, ended), bar)| (*began, *ended, bar.id));
    let mut busy: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let mut free: BinaryHeap<Reverse<usize>> = BinaryHeap::new();
    let mut lanes = 0;
    let mut placed = Vec::with_capacity(ran.len());
    for ((began, ended), bar) in ran {
        while let Some(Reverse((_, lane))) = busy.peek().filter(|Reverse((end, _))| *end <= began).copied() {
            busy.pop();
            free.push(Reverse(lane));
        }
        let lane = free.pop().map_or(lanes, |Reverse(lane)| lane);
        lanes = lanes.max(lane + 1);
        busy.push(Reverse((ended, lane)));
        placed.push((lane, bar));
    }
    (placed, lanes)
}
