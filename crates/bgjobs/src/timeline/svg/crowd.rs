//! Many jobs: how many ran and waited at each moment, who ran beside whom, and when jobs failed or were stopped.
//!
//! Knows nothing of the axis's labels.

use std::{fmt::Write, iter, time::Duration};

use super::{
    super::{
        axis::Axis,
        bar::{Bar, End},
        counts::{counts, ends, part},
        lanes::lanes,
    },
    drawing::{AXIS, LEFT, PLOT, number},
};

/// How many columns an area has.
const COLUMNS: usize = 345;

/// How high lanes are, all of them together.
const LANES: f64 = 224.0;

/// How many lanes are drawn at most.
const MOST_LANES: usize = 64;

/// How high a lane is at most.
const LANE: f64 = 14.0;

/// A gap that nobody sees.
const GAP: f64 = 0.6;

/// All of it, and where it ends.
pub(super) fn crowd(bars: &[Bar], axis: &Axis) -> (String, f64) {
    let mut svg = String::new();
    let top = area(&mut svg, "running", bars.iter().filter_map(Bar::run), axis, AXIS + 6.0, 70.0);
    let top = area(&mut svg, "waiting", bars.iter().map(Bar::wait), axis, top, 36.0);
    let top = draw_lanes(&mut svg, bars, axis, top);
    let bottom = draw_ends(&mut svg, bars, axis, top);
    (svg, bottom)
}

/// How many there were at each moment; returns where the next part begins.
fn area(
    svg: &mut String,
    word: &str,
    times: impl Iterator<Item = (Duration, Duration)>,
    axis: &Axis,
    top: f64,
    height: f64,
) -> f64 {
    let counts = counts(times, axis, COLUMNS);
    let most = counts.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return top;
    }
    let bottom = top + height;
    let mut outline = format!("M{LEFT} {}", number(bottom));
    let mut last = 0;
    for (column, count) in counts.into_iter().chain(iter::once(0)).enumerate() {
        if count != last {
            let x = LEFT + part(column, COLUMNS) * PLOT;
            let _ = write!(outline, "H{}V{}", number(x), number(bottom - part(count, most) * height));
            last = count;
        }
    }
    let _ = writeln!(svg, "<path class=\"{word} area\" d=\"{outline}z\"/>");
    heading(svg, word, &format!("{most} at most"), top);
    bottom + 8.0
}

/// Who ran beside whom.
fn draw_lanes(svg: &mut String, bars: &[Bar], axis: &Axis, top: f64) -> f64 {
    let (placed, count) = lanes(bars);
    if count == 0 {
        return top;
    }
    let drawn = count.min(MOST_LANES);
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let height = (LANES / drawn as f64).min(LANE);
    let thickness = number((height - 1.5).max(height * 0.7));
    // What went wrong lies above, so that it is seen.
    for end in [End::Done, End::Running, End::Stopped, End::Failed] {
        let mut lanes = vec![Lane::default(); drawn];
        for (lane, bar) in placed.iter().filter(|(lane, bar)| *lane < drawn && bar.end == end) {
            if let Some((began, ended)) = bar.run() {
                lanes[*lane].add(LEFT + axis.at(began) * PLOT, LEFT + axis.at(ended) * PLOT, end);
            }
        }
        let mut path = String::new();
        for (index, lane) in lanes.into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "there are few")]
            let middle = top + (index as f64 + 0.5) * height;
            lane.write(&mut path, middle);
        }
        if !path.is_empty() {
            let _ = writeln!(svg, "<path class=\"{} lane\" stroke-width=\"{thickness}\" d=\"{path}\"/>", end.word());
        }
    }
    let note = if drawn < count { format!("{drawn} of {count} side by side") } else { format!("{count} side by side") };
    heading(svg, "jobs", &note, top);
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let bottom = top + (drawn as f64 * height).max(30.0);
    bottom + 8.0
}

/// Runs that ended alike, one after the other; those that nobody could tell apart are one.
#[derive(Clone, Default)]
struct Lane(Vec<(f64, f64)>);

impl Lane {
    fn add(&mut self, from: f64, to: f64, end: End) {
        // A failure is seen, however short it was.
        let to = if end == End::Done { to } else { to.max(from + 1.0) };
        match self.0.last_mut() {
            Some(last) if from - last.1 < GAP => last.1 = to.max(last.1),
            _ => self.0.push((from, to)),
        }
    }

    fn write(&self, path: &mut String, middle: f64) {
        for (from, to) in &self.0 {
            let _ = write!(path, "M{} {}h{}", number(*from), number(middle), number((to - from).max(0.3)));
        }
    }
}

/// When jobs failed and were stopped: a stroke for those that nobody could tell apart, the higher the more they are.
fn draw_ends(svg: &mut String, bars: &[Bar], axis: &Axis, top: f64) -> f64 {
    let mut bottom = top;
    for end in [End::Failed, End::Stopped] {
        let ends = ends(bars, end, axis, COLUMNS);
        let most = ends.iter().copied().max().unwrap_or(0);
        if most == 0 {
            continue;
        }
        bottom += 16.0;
        let mut path = String::new();
        for (column, count) in ends.iter().enumerate().filter(|(_, count)| **count > 0) {
            let x = LEFT + part(2 * column + 1, 2 * COLUMNS) * PLOT;
            let _ = write!(path, "M{} {}v-{}", number(x), number(bottom), number(part(*count, most) * 14.0));
        }
        let _ = writeln!(svg, "<path class=\"{} end\" d=\"{path}\"/>", end.word());
        let count: usize = ends.iter().sum();
        let _ = writeln!(svg, "<text x=\"8\" y=\"{}\">{count} {}</text>", number(bottom - 2.0), end.word());
        bottom += 6.0;
    }
    bottom
}

/// What a part is, with what there is to know about it.
fn heading(svg: &mut String, word: &str, note: &str, top: f64) {
    let _ = writeln!(svg, "<text x=\"8\" y=\"{}\">{word}</text>", number(top + 12.0));
    let _ = writeln!(svg, "<text class=\"note\" x=\"8\" y=\"{}\">{note}</text>", number(top + 27.0));
}
