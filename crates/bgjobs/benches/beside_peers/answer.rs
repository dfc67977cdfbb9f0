//! A process's answer to one question: the median of each row, and the ratio of the first row to it.
//!
//! Does not know what was measured, nor of other processes.

use std::{fmt, time::Duration};

/// The unit of an answer's figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
    /// A number of things, shown without ratios.
    Count,
}

/// One answer: the first row is the subject, the others are what it is compared with.
pub(crate) struct Answer {
    pub(crate) title: String,
    pub(crate) unit: Unit,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) name: String,
    /// The highest acceptable figure of the first row, or the highest acceptable ratio of the first row to this one.
    pub(crate) goal: Option<f64>,
    /// The figure of each round.
    rounds: Vec<f64>,
}

impl Answer {
    pub(crate) fn new(title: impl Into<String>, unit: Unit) -> Self {
        Self { title: title.into(), unit, rows: Vec::new() }
    }

    /// Adds a row. The goal of the first row is a figure, that of every other row a ratio.
    pub(crate) fn row(mut self, name: impl Into<String>, goal: Option<f64>) -> Self {
        self.rows.push(Row { name: name.into(), goal, rounds: Vec::new() });
        self
    }

    /// Adds the time that a row took in one round, divided by its number of jobs.
    pub(crate) fn add_time(&mut self, row: usize, time: Duration, jobs: usize) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        self.add(row, time.as_nanos() as f64 / jobs as f64);
    }

    pub(crate) fn add(&mut self, row: usize, figure: f64) {
        self.rows[row].rounds.push(figure);
    }

    /// Adds a row whose figure in each round is the median of those of `rows`.
    pub(crate) fn median_row(mut self, name: &str, goal: Option<f64>, rows: &[usize]) -> Self {
        let rounds = (0..self.rows[0].rounds.len())
            .map(|round| median(rows.iter().map(|&row| self.rows[row].rounds[round])))
            .collect();
        self.rows.push(Row { name: name.to_owned(), goal, rounds });
        self
    }

    /// The median figure of a row, and the median over all rounds of the first row's ratio to it.
    pub(crate) fn figures(&self, row: usize) -> (f64, f64) {
        let figures = &self.rows[row].rounds;
        let ratios = self.rows[0].rounds.iter().zip(figures).map(|(ours, theirs)| ours / theirs);
        (median(figures.iter().copied()), median(ratios))
    }
}

/// The text in which one process sends its answer to another, line by line.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\t{:?}", self.title, self.unit)?;
        for (i, row) in self.rows.iter().enumerate() {
            let (figure, ratio) = self.figures(i);
            let goal = row.goal.unwrap_or(f64::NAN);
            writeln!(f, "\t{}\t{figure}\t{ratio}\t{goal}", row.name)?;
        }
        Ok(())
    }
}

/// The middle value, or the mean of the two middle ones.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let nth = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(nth(values.len().saturating_sub(1) / 2), nth(values.len() / 2))
}

/// Gives every player a turn per round. The first player rotates and every second round runs backwards, so that what one turn
/// leaves behind, such as threads that are ending, does not always burden the same player.
pub(crate) fn in_turns(rounds: usize, players: usize, mut turn: impl FnMut(usize)) {
    for round in 0..rounds {
        for offset in 0..players {
            turn((round + if round % 2 == 0 { offset } else { players - offset }) % players);
        }
    }
}

/// One side of a comparison: the name and goal of its row, and a turn that returns the time taken and the number of jobs.
pub(crate) type Contender<'a> = (&'a str, Option<f64>, Box<dyn FnMut() -> (Duration, usize) + 'a>);

/// Times contenders that take turns.
pub(crate) fn compare(title: &str, rounds: usize, mut contenders: Vec<Contender<'_>>) -> Answer {
    let empty = Answer::new(title, Unit::Nanoseconds);
    let mut answer = contenders.iter().fold(empty, |answer, (name, goal, _)| answer.row(*name, *goal));
    in_turns(rounds, contenders.len(), |i| {
        let (time, jobs) = (contenders[i].2)();
        answer.add_time(i, time, jobs);
    });
    answer
}
