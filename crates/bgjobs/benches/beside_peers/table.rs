//! Times of several rounds, and the ratios that they give.
//!
//! It knows nothing of what was timed.

use std::time::Duration;

/// One question: its first row is what is asked about, the others are what it is compared with.
pub(crate) struct Table {
    title: String,
    rows: Vec<Row>,
}

/// One answer.
pub(crate) struct Row {
    name: String,
    /// The most that the first row's time may be of this one's.
    goal: Option<f64>,
    /// Nanoseconds for one job, in each round.
    rounds: Vec<f64>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, goal: Option<f64>) -> Self {
        Self { name: name.into(), goal, rounds: Vec::new() }
    }
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { title: title.into(), rows: rows.into_iter().collect() }
    }

    /// Notes a round's time of one row, for as many jobs.
    pub(crate) fn add(&mut self, row: usize, time: Duration, jobs: usize) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        self.rows[row].rounds.push(time.as_nanos() as f64 / jobs as f64);
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.title);
        let (first, others) = self.rows.split_first().expect("a table has a first row");
        println!("  {:22} {:>10}", first.name, time(quartiles(first.rounds.clone())[1]));
        for other in others {
            let [_, median, _] = quartiles(other.rounds.clone());
            let ratios = first.rounds.iter().zip(&other.rounds).map(|(ours, its)| ours / its);
            let [low, ratio, high] = quartiles(ratios.collect());
            let verdict = other.goal.map_or_else(String::new, |goal| {
                let word = if ratio <= goal { "met" } else { "MISSED" };
                format!("  goal {goal}: {word}")
            });
            println!(
                "  {:22} {:>10}   {} is {ratio:.3} of it ({low:.3} to {high:.3}){verdict}",
                other.name,
                time(median),
                first.name,
            );
        }
    }
}

/// The quarter, the half and the three quarters of the values.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [1, 2, 3].map(|quarter| values[(last * quarter + 2) / 4])
}

fn time(nanoseconds: f64) -> String {
    if nanoseconds < 10_000.0 { format!("{nanoseconds:.0} ns") } else { format!("{:.1} us", nanoseconds / 1_000.0) }
}
