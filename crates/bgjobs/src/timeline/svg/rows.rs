//! A row for each job: its name, its wait, its run, how it ended and how long it ran.
//!
//! Knows nothing of the axis's labels.

use std::fmt::Write;

use super::{
    super::{axis::Axis, bar::Bar},
    drawing::{AXIS, PLOT, WIDTH, isolated, number, x},
};
use crate::record::fitted::fitted;

/// The height of a row.
const ROW: f64 = 20.0;

/// How many characters of a name have room.
const NAME: usize = 20;

/// The rows, and where the last one ends.
pub(super) fn rows(bars: &[Bar], axis: &Axis) -> (String, f64) {
    let mut svg = String::new();
    let mut top = AXIS;
    for (index, bar) in bars.iter().enumerate() {
        let stripe = if index % 2 == 1 { "stripe" } else { "row" };
        // Writing to a string can't fail.
        let _ = writeln!(
            svg,
            "<g><title>#{} {}: {}</title><rect class=\"{stripe}\" y=\"{}\" width=\"{WIDTH}\" height=\"{ROW}\"/>",
            bar.id,
            isolated(&bar.name),
            bar.story(),
            number(top),
        );
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{}\">#{} {}</text>",
            number(top + 14.0),
            bar.id,
            isolated(&fitted(&bar.name, NAME)),
        );
        draw(&mut svg, bar, axis, top);
        svg += "</g>\n";
        top += ROW;
    }
    (svg, top)
}

/// The wait, the run and the label.
fn draw(svg: &mut String, bar: &Bar, axis: &Axis, top: f64) {
    let (from, to) = bar.wait();
    if from < to {
        let (from, to, middle) = (x(axis.at(from)), x(axis.at(to)), number(top + ROW / 2.0));
        let _ = writeln!(svg, "<path class=\"wait\" d=\"M{from} {middle}H{to}\"/>");
    }
    if let Some((began, ended)) = bar.run() {
        let (from, to) = (axis.at(began), axis.at(ended));
        let _ = writeln!(
            svg,
            "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"1.5\"/>",
            bar.end.word(),
            x(from),
            number(top + 4.0),
            number(((to - from) * PLOT).max(1.5)),
            number(ROW - 8.0),
        );
    }
    let end = x(axis.at(bar.ended) + 6.0 / PLOT);
    let _ = writeln!(svg, "<text class=\"label\" x=\"{end}\" y=\"{}\">{}</text>", number(top + 14.0), bar.label());
}
