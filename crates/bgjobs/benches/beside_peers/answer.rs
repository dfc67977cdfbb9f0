//! What a process answers to one question: for each row its median, and how much of it the first row is.
//!
//! Knows nothing of what was measured, nor of other processes.

use std::{fmt, time::Duration};

/// Of what a table's figures are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
    /// Whole things that are compared with nothing.
    Count,
}

/// One answer: its first row is what is asked about, the others are what it is compared with.
pub(crate) struct Answer {
    pub(crate) title: String,
    pub(crate) unit: Unit,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) name: String,
    /// The most that the first row may be, or the most that it may be of another one.
    pub(crate) goal: Option<f64>,
    /// The figure of each round.
    rounds: Vec<f64>,
}

impl Answer {
    pub(crate) fn new(title: impl Into<String>, unit: Unit) -> Self {
        Self { title: title.into(), unit, rows: Vec::new() }
    }

    /// Adds a row; its goal is a figure of its own for the first, and a ratio for the others.
    pub(crate) fn row(mut self, name: impl Into<String>, goal: Option<f64>) -> Self {
        self.rows.push(Row { name: name.into(), goal, rounds: Vec::new() });
        self
    }

    /// Notes a round's time of one row, for as many jobs.
    pub(crate) fn add_time(&mut self, row: usize, time: Duration, jobs: usize) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        self.add(row, time.as_nanos() as f64 / jobs as f64);
    }

    pub(crate) fn add(&mut self, row: usize, figure: f64) {
        self.rows[row].rounds.push(figure);
    }

    /// Adds a row whose figure is in each round the median of those of `rows`.
    pub(crate) fn median_row(mut self, name: &str, goal: Option<f64>, rows: &[usize]) -> Self {
        let rounds = (0..self.rows[0].rounds.len())
            .map(|round| median(rows.iter().map(|&row| self.rows[row].rounds[round])))
            .collect();
        self.rows.push(Row { name: name.to_owned(), goal, rounds });
        self
    }

    /// The median figure of a row, and the median of the ratios of the first row to it, each taken in one round.
    pub(crate) fn figures(&self, row: usize) -> (f64, f64) {
        let its = &self.rows[row].rounds;
        let ratios = self.rows[0].rounds.iter().zip(its).map(|(ours, its)| ours / its);
        (median(its.iter().copied()), median(ratios))
    }
}

/// What one process tells another, line by line.
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

/// The middle of the values, or what is between the two middle ones.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    f64::midpoint(middle(values.len().saturating_sub(1) / 2), middle(values.len() / 2))
}

/// Lets each take its turn in each round, each begin as often as the others, and each second round go backwards: what a
/// turn leaves to the next one, such as threads that end, is not always left to the same player.
pub(crate) fn in_turns(rounds: usize, players: usize, mut turn: impl FnMut(usize)) {
    for round in 0..rounds {
        for offset in 0..players {
            turn((round + if round % 2 == 0 { offset } else { players - offset }) % players);
        }
    }
}

/// Somebody who takes turns: its row's name and goal, and what it is timed doing, as often as the number says.
pub(crate) type Contender<'a> = (&'a str, Option<f64>, Box<dyn FnMut() -> (Duration, usize) + 'a>);

/// The times of some contenders that take turns.
pub(crate) fn compare(title: &str, rounds: usize, mut contenders: Vec<Contender<'_>>) -> Answer {
    let empty = Answer::new(title, Unit::Nanoseconds);
    let mut answer = contenders.iter().fold(empty, |answer, (name, goal, _)| answer.row(*name, *goal));
    in_turns(rounds, contenders.len(), |i| {
        let (time, jobs) = (contenders[i].2)();
        answer.add_time(i, time, jobs);
    });
    answer
}
