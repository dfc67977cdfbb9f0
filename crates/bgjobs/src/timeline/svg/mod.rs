//! A timeline as a picture: SVG that stands alone, in a page, and in the colours of Jupyter's theme.
//!
//! Knows nothing of what is drawn below the axis.

mod crowd;
mod rows;

mod drawing;
mod style;

use std::fmt::Write;

use self::drawing::{AXIS, Escaped, PLOT, WIDTH, number, x};
use super::Timeline;

/// The room that a tick needs for its label.
const TICK: f64 = 95.0;

impl Timeline {
    /// The timeline as a picture in SVG.
    ///
    /// It is dark where the reader prefers that (`prefers-color-scheme`), and has the colours of Jupyter's theme in a
    /// page of Jupyter's. Names are text and never markup, whatever is in them.
    #[must_use]
    pub fn svg(&self) -> String {
        let (content, bottom) = match (self.bars.is_empty(), self.has_rows()) {
            (true, _) => (String::new(), 20.0),
            (_, true) => rows::rows(&self.bars, &self.axis),
            (_, false) => crowd::crowd(&self.bars, &self.axis),
        };
        let (title, height) = (self.title(), number(bottom + 6.0));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"bgjobs-timeline\" role=\"img\" width=\"{WIDTH}\" \
             height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n<title>{title}</title>\n<style>{}</style>\n",
            style::STYLE
        );
        // Writing to a string can't fail.
        let _ = writeln!(svg, "<text class=\"title\" x=\"8\" y=\"18\">{}</text>", Escaped(&title));
        if !self.bars.is_empty() {
            self.draw_axis(&mut svg, bottom);
        }
        svg + &content + "</svg>\n"
    }

    /// The ticks with their lines down to `bottom`, and the cuts.
    fn draw_axis(&self, svg: &mut String, bottom: f64) {
        let mut lines = String::new();
        for tick in self.axis.ticks(TICK / PLOT) {
            let x = x(tick.at);
            let _ = write!(lines, "M{x} {AXIS}V{}", number(bottom));
            let _ = writeln!(svg, "<text class=\"tick\" x=\"{x}\" y=\"{}\">{}</text>", AXIS - 5.0, tick.label);
        }
        let _ = writeln!(svg, "<path class=\"grid\" d=\"{lines}\"/>");
        for (from, to) in self.axis.cuts() {
            let (from, width) = (x(from), number((to - from) * PLOT));
            let height = number(bottom - AXIS);
            let _ =
                writeln!(svg, "<rect class=\"cut\" x=\"{from}\" y=\"{AXIS}\" width=\"{width}\" height=\"{height}\"/>");
        }
    }
}
