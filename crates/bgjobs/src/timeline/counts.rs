//! How many jobs there were at each position of a timeline.
//!
//! Knows nothing of pictures.

use std::time::Duration;

use super::{
    axis::Axis,
    bar::{Bar, End},
};

/// How many of these times there were in each of `columns` columns of the axis: the most at one moment.
pub(super) fn counts(times: impl Iterator<Item = (Duration, Duration)>, axis: &Axis, columns: usize) -> Vec<usize> {
    // At the same moment, ends come before beginnings.
    let mut changes: Vec<_> =
        times.filter(|(from, to)| from < to).flat_map(|(from, to)| [(from, 1_isize), (to, -1)]).collect();
    changes.sort_unstable();
    let mut counts = vec![0; columns];
    let (mut level, mut column) = (0_usize, 0);
    for (time, change) in changes {
        let next = column_at(axis.at(time), columns);
        if level > 0 {
            counts[column..=next].iter_mut().for_each(|count| *count = level.max(*count));
        }
        column = next;
        level = level.saturating_add_signed(change);
    }
    counts
}

/// How many of the bars ended like this in each of `columns` columns of the axis.
pub(super) fn ends(bars: &[Bar], end: End, axis: &Axis, columns: usize) -> Vec<usize> {
    let mut counts = vec![0; columns];
    for bar in bars.iter().filter(|bar| bar.end == end) {
        counts[column_at(axis.at(bar.ended), columns)] += 1;
    }
    counts
}

/// The column at a position.
pub(super) fn column_at(position: f64, columns: usize) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "columns are few, positions from 0 to 1"
    )]
    let column = (position * columns as f64) as usize;
    column.min(columns.saturating_sub(1))
}

/// A part of a whole.
pub(super) fn part(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "it is as exact as it is seen")]
    let part = part as f64 / whole as f64;
    part
}

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn each_column_has_the_most_of_its_moments() {
        let seconds = |(from, to)| (Duration::from_secs(from), Duration::from_secs(to));
        let times = [(0, 10), (2, 4), (3, 10), (4, 5), (7, 7)].map(seconds);
        let axis = Axis::new(times.into_iter(), SystemTime::UNIX_EPOCH);
        assert_eq!(counts(times.into_iter(), &axis, 10), [1, 1, 2, 3, 3, 3, 2, 2, 2, 2]);
        assert_eq!(counts(times.into_iter(), &axis, 2), [3, 3]);
    }
}
