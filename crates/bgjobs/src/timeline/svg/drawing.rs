//! What all parts of a picture share: where the axis is, numbers and texts in SVG.
//!
//! Knows nothing of jobs.

use std::fmt;

pub(super) use crate::job::html::Escaped;

pub(super) const WIDTH: f64 = 960.0;

/// The axis, and what is below it, begins here.
pub(super) const AXIS: f64 = 40.0;

/// The time axis from left to right; names are at its left, the label of a bar that ends last is at its right.
pub(super) const LEFT: f64 = 180.0;
pub(super) const PLOT: f64 = 690.0;

/// The horizontal coordinate of a position on the axis.
pub(super) fn x(position: f64) -> impl fmt::Display {
    number(LEFT + position * PLOT)
}

/// A coordinate, to a tenth.
pub(super) fn number(value: f64) -> impl fmt::Display {
    // Without the negative zero.
    (value * 10.0).round() / 10.0 + 0.0
}

/// A name in a text, isolated: its direction changes nothing around it.
pub(super) fn isolated(name: &str) -> String {
    format!("\u{2068}{}\u{2069}", Escaped(name))
}
