//! The answers of several processes to one question, as one readable table.
//!
//! Does not know what was measured.

use std::fmt::{self, Write};

use crate::answer::median;

/// The answers of all processes: medians, and the lowest and highest ratios.
pub(crate) struct Table {
    title: String,
    unit: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    goal: Option<f64>,
    figures: Vec<f64>,
    ratios: Vec<f64>,
}

/// Combines the answers of all processes into the tables of a question.
pub(crate) fn tables(answers: &[String]) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    for text in answers {
        let mut current = 0;
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                [title, unit] => {
                    if !tables.iter().any(|table| table.title == title) {
                        tables.push(Table { title: title.to_owned(), unit: unit.to_owned(), rows: Vec::new() });
                    }
                    current = tables.iter().position(|table| table.title == title).expect("it was just added");
                }
                ["", name, figure, ratio, goal] if current < tables.len() => {
                    let number = |text: &str| text.parse::<f64>().map_err(|_| format!("no number in {line:?}"));
                    tables[current].add(name, number(figure)?, number(ratio)?, number(goal)?);
                }
                _ => return Err(format!("unexpected line {line:?}")),
            }
        }
    }
    Ok(tables)
}

impl Table {
    fn add(&mut self, name: &str, figure: f64, ratio: f64, goal: f64) {
        if !self.rows.iter().any(|row| row.name == name) {
            let goal = Some(goal).filter(|goal| !goal.is_nan());
            self.rows.push(Row { name: name.to_owned(), goal, figures: Vec::new(), ratios: Vec::new() });
        }
        let row = self.rows.iter_mut().find(|row| row.name == name).expect("it was just added");
        row.figures.push(figure);
        row.ratios.push(ratio);
    }

    fn format(&self, figure: f64) -> String {
        match self.unit.as_str() {
            "Bytes" => bytes(figure),
            "Nanoseconds" => time(figure),
            _ => format!("{figure:.0}"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.title)?;
        for (i, row) in self.rows.iter().enumerate() {
            let figure = median(row.figures.iter().copied());
            let mut line = format!("  {:34} {:>10}", row.name, self.format(figure));
            let mut measured = figure;
            if i > 0 && self.unit != "Count" {
                measured = median(row.ratios.iter().copied());
                let [least, most] = range(&row.ratios).map(ratio);
                write!(line, "   {:>7} ({least} to {most})", ratio(measured))?;
            }
            if let Some(goal) = row.goal {
                let verdict = if measured <= goal { "met" } else { "MISSED" };
                let goal = if i == 0 || self.unit == "Count" { self.format(goal) } else { ratio(goal) };
                write!(line, "   goal {goal}: {verdict}")?;
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// The ratios alone as Markdown, with a line for each table and a column for each peer in the first one.
pub(crate) fn summary(tables: &[Table]) -> Option<String> {
    let peers: Vec<&str> = tables.first()?.rows.iter().skip(1).map(|row| row.name.as_str()).collect();
    let mut text = format!("\n| | {} |\n|---|{}\n", peers.join(" | "), "---|".repeat(peers.len()));
    let mut lines = 0;
    for table in tables.iter().filter(|table| table.unit != "Count") {
        let cell = |peer: &&str| {
            let row = table.rows.iter().skip(1).find(|row| row.name == *peer);
            row.map(|row| ratio(median(row.ratios.iter().copied()))).unwrap_or_default()
        };
        let cells: Vec<String> = peers.iter().map(cell).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let title = table.title.split(" (").next().unwrap_or_default();
            writeln!(text, "| {title} | {} |", cells.join(" | ")).ok()?;
            lines += 1;
        }
    }
    (lines > 1).then_some(text)
}

fn range(values: &[f64]) -> [f64; 2] {
    [values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(0.0, f64::max)]
}

/// Shows at least two significant digits.
fn ratio(ratio: f64) -> String {
    let places = if ratio < 0.01 {
        4
    } else if ratio < 0.1 {
        3
    } else {
        2
    };
    format!("{ratio:.places$}")
}

fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..10_000.0 => (nanoseconds, "ns"),
        ..10_000_000.0 => (nanoseconds / 1e3, "us"),
        _ => (nanoseconds / 1e6, "ms"),
    };
    if value < 100.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

fn bytes(bytes: f64) -> String {
    if bytes < 10_000.0 { format!("{bytes:.0} B") } else { format!("{:.1} KiB", bytes / 1024.0) }
}
