//! Draws a screen as SVG, in a plain window frame.
//!
//! It does not know programs or terminals. The same screen always gives the same bytes.

use std::fmt::Write as _;

use super::screen::{Colour, Mark, Run, Screen, Style};

/// Sizes in pixels, that of a column in hundredths: a character of the widest font in [`STYLE`].
const COLUMN_WIDTH: usize = 854;
const ROW_HEIGHT: usize = 20;
const MARGIN: usize = 20;
const BAR_HEIGHT: usize = 36;

/// Colours for light and dark pages. All text has a contrast of at least 4.5 to the window's background.
const STYLE: &str = "\
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",\"Liberation Mono\",monospace;
font-size:14px;white-space:pre;fill:#1f2328}
.window{fill:#ffffff;stroke:#d1d9e0}.bar{fill:#f6f8fa}.edge{stroke:#d1d9e0}.button{fill:#d1d9e0}.cursor{fill:#818b98}
.name,.grey,.dim{fill:#59636e}.red{fill:#c21c25}.yellow{fill:#8a5a00}.green{fill:#0f7534}
.cyan{fill:#0b6f80}.blue{fill:#0757b8}.magenta{fill:#8a35c8}
.bold{font-weight:bold}.italic{font-style:italic}.underlined{text-decoration:underline}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}
.window{fill:#0d1117;stroke:#3d444d}.bar{fill:#161b22}.edge{stroke:#3d444d}.button{fill:#3d444d}.cursor{fill:#9198a1}
.name,.grey,.dim{fill:#9198a1}.red{fill:#ff7b72}.yellow{fill:#e3b341}.green{fill:#56d364}
.cyan{fill:#56d4dd}.blue{fill:#79c0ff}.magenta{fill:#d2a8ff}
}
";

/// The texts around a screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caption<'a> {
    /// The title in the window's bar.
    pub(super) window: &'a str,
    /// For screen readers: what the picture is.
    pub(super) title: &'a str,
    /// For screen readers: what happens in it.
    pub(super) description: &'a str,
}

/// Draws a screen with this many columns.
pub(super) fn draw(screen: &Screen, columns: u16, caption: Caption<'_>) -> String {
    let Caption { window, title, description } = caption;
    let width = (usize::from(columns) * COLUMN_WIDTH).div_ceil(100) + 2 * MARGIN;
    let height = BAR_HEIGHT + screen.rows.len() * ROW_HEIGHT + MARGIN + MARGIN / 2;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title description\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n<style>\n{STYLE}</style>\n",
        escape(title),
        escape(description)
    );
    let _ = write!(
        svg,
        "<rect class=\"window\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <path class=\"bar\" d=\"M1 {BAR_HEIGHT}V8.5A7.5 7.5 0 0 1 8.5 1H{}.5a7.5 7.5 0 0 1 7.5 7.5V{BAR_HEIGHT}z\"/>\n\
         <path class=\"edge\" d=\"M1 {BAR_HEIGHT}.5H{}\"/>\n",
        width - 1,
        height - 1,
        width - 9,
        width - 1
    );
    for button in 0..3 {
        let _ = writeln!(svg, "<circle class=\"button\" cx=\"{}\" cy=\"18\" r=\"5.5\"/>", MARGIN + 2 + button * 18);
    }
    let _ = writeln!(
        svg,
        "<text class=\"name\" x=\"{}\" y=\"23\" text-anchor=\"middle\">{}</text>",
        width / 2,
        escape(window)
    );
    svg.push_str("<g xml:space=\"preserve\">\n");
    for (row, runs) in screen.rows.iter().enumerate().filter(|(_, runs)| !runs.is_empty()) {
        let y = BAR_HEIGHT + MARGIN + row * ROW_HEIGHT + 7;
        let _ = write!(svg, "<text x=\"{MARGIN}\" y=\"{y}\">");
        svg.extend(runs.iter().map(run));
        svg.push_str("</text>\n");
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Reads the rows of text back from a picture.
pub(super) fn text(svg: &str) -> Vec<String> {
    svg.lines()
        .skip_while(|line| !line.starts_with("<g"))
        .filter(|line| line.starts_with("<text"))
        .map(without_tags)
        .collect()
}

fn without_tags(line: &str) -> String {
    let text: String = line.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn run(Run { text, style }: &Run) -> String {
    // A block character, because a rectangle's position would depend on the font.
    let text = if style.marks.contains(&Mark::Cursor) { "\u{2588}".to_owned() } else { escape(text) };
    let classes = classes(style);
    if classes.is_empty() { text } else { format!("<tspan class=\"{classes}\">{text}</tspan>") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn classes(style: &Style) -> String {
    let colour = match style.colour {
        Colour::Plain => None,
        Colour::Grey => Some("grey"),
        Colour::Red => Some("red"),
        Colour::Yellow => Some("yellow"),
        Colour::Green => Some("green"),
        Colour::Cyan => Some("cyan"),
        Colour::Blue => Some("blue"),
        Colour::Magenta => Some("magenta"),
    };
    let marks = style.marks.iter().map(|mark| match mark {
        Mark::Bold => "bold",
        Mark::Dim => "dim",
        Mark::Italic => "italic",
        Mark::Underlined => "underlined",
        Mark::Cursor => "cursor",
    });
    colour.into_iter().chain(marks).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen() -> Screen {
        let run = |text: &str, colour, marks: &[Mark]| Run {
            text: text.to_owned(),
            style: Style { colour, marks: marks.to_vec() },
        };
        Screen {
            rows: vec![
                vec![
                    run("In [", Colour::Green, &[]),
                    run("1", Colour::Green, &[Mark::Bold]),
                    run("]: a < b & c", Colour::Plain, &[]),
                ],
                vec![],
                vec![run("  &lt;", Colour::Plain, &[]), run(" ", Colour::Plain, &[Mark::Cursor])],
            ],
        }
    }

    fn picture() -> String {
        draw(&screen(), 40, Caption { window: "A > B", title: "A & B", description: "It shows <b>." })
    }

    #[test]
    fn a_row_is_a_text_element_with_a_span_for_each_style() {
        let picture = picture();
        let rows: Vec<_> = picture.lines().filter(|line| line.starts_with("<text x=\"20\"")).collect();
        assert_eq!(
            rows,
            [
                "<text x=\"20\" y=\"63\"><tspan class=\"green\">In [</tspan><tspan class=\"green bold\">1</tspan>]: \
                 a &lt; b &amp; c</text>",
                "<text x=\"20\" y=\"103\">  &amp;lt;<tspan class=\"cursor\">\u{2588}</tspan></text>",
            ]
        );
    }

    #[test]
    fn the_text_can_be_read_back() {
        assert_eq!(text(&picture()), ["In [1]: a < b & c", "  &lt;\u{2588}"]);
    }

    #[test]
    fn screen_readers_get_a_title_and_a_description() {
        let picture = picture();
        for part in [
            "role=\"img\" aria-labelledby=\"title description\"",
            "<title id=\"title\">A &amp; B</title>",
            "<desc id=\"description\">It shows &lt;b&gt;.</desc>",
        ] {
            assert!(picture.contains(part), "{part}");
        }
    }

    #[test]
    fn every_class_has_a_style() {
        let colours =
            [Colour::Grey, Colour::Red, Colour::Yellow, Colour::Green, Colour::Cyan, Colour::Blue, Colour::Magenta];
        for colour in colours {
            let class = classes(&Style { colour, marks: Vec::new() });
            assert_eq!(STYLE.matches(&format!(".{class}")).count(), 2, "light and dark: {class}");
        }
        for mark in [Mark::Bold, Mark::Dim, Mark::Italic, Mark::Underlined, Mark::Cursor] {
            let class = classes(&Style { colour: Colour::Plain, marks: vec![mark] });
            assert!(STYLE.contains(&format!(".{class}")), "{class}");
        }
    }

    #[test]
    fn a_picture_is_deterministic_and_loads_nothing() {
        let picture = picture();
        assert_eq!(picture, self::picture());
        for part in ["<script", "@import", "url(", "href"] {
            assert!(!picture.contains(part), "{part}");
        }
    }
}
