//! A terminal's screen as data.
//!
//! It does not know terminals, programs or file formats.

/// The rows of a screen, from the first with text to the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Screen {
    pub(super) rows: Vec<Vec<Run>>,
}

/// Adjacent characters of a row in the same style.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) style: Style,
}

/// How characters look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Style {
    pub(super) colour: Colour,
    pub(super) marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    Bold,
    Dim,
    Italic,
    Underlined,
    /// The cell with the cursor.
    Cursor,
}

/// A named colour, so that each background can use a readable shade.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Colour {
    #[default]
    Plain,
    Grey,
    Red,
    Yellow,
    Green,
    Cyan,
    Blue,
    Magenta,
}

impl Colour {
    /// The name of a colour in the 256-colour palette.
    pub(super) fn of_palette(index: u8) -> Self {
        // The six levels of each channel in the colour cube.
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        match index {
            0 | 7 | 15 => Self::Plain,
            8 | 232..=255 => Self::Grey,
            1 | 9 => Self::Red,
            2 | 10 => Self::Green,
            3 | 11 => Self::Yellow,
            4 | 12 => Self::Blue,
            5 | 13 => Self::Magenta,
            6 | 14 => Self::Cyan,
            16..=231 => {
                let level = |place: u8| LEVELS[usize::from((index - 16) / place % 6)];
                Self::of_light(level(36), level(6), level(1))
            }
        }
    }

    /// The name of a colour by its hue.
    pub(super) fn of_light(red: u8, green: u8, blue: u8) -> Self {
        let [red, green, blue] = [red, green, blue].map(i32::from);
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        let spread = most - least;
        if spread < 32 {
            return Self::Grey;
        }
        let degrees = if most == red {
            60 * (green - blue) / spread
        } else if most == green {
            120 + 60 * (blue - red) / spread
        } else {
            240 + 60 * (red - green) / spread
        };
        match degrees.rem_euclid(360) {
            20..75 => Self::Yellow,
            75..160 => Self::Green,
            160..200 => Self::Cyan,
            200..265 => Self::Blue,
            265..335 => Self::Magenta,
            _ => Self::Red,
        }
    }
}

impl Screen {
    /// Joins cells to runs, and drops trailing spaces as well as blank rows around the text.
    pub(super) fn new(cells: Vec<Vec<Run>>) -> Self {
        let mut rows: Vec<_> = cells.into_iter().map(join).collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows.truncate(used);
        let blank = rows.iter().position(|row| !row.is_empty()).unwrap_or(0);
        rows.drain(..blank);
        Self { rows }
    }
}

fn join(cells: Vec<Run>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for cell in cells {
        // The colour of a space is invisible.
        let looks_like =
            |last: &Run| last.style == cell.style || (cell.text == " " && last.style.marks == cell.style.marks);
        match runs.last_mut() {
            Some(last) if looks_like(last) => last.text.push_str(&cell.text),
            _ => runs.push(cell),
        }
    }
    while let Some(last) = runs.last_mut().filter(|last| last.style.marks.is_empty()) {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        runs.pop();
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, colour: Colour) -> Vec<Run> {
        let style = Style { colour, marks: Vec::new() };
        text.chars().map(|character| Run { text: character.to_string(), style: style.clone() }).collect()
    }

    #[test]
    fn cells_of_the_same_style_are_one_run() {
        let row = [cells("In", Colour::Green), cells(" a", Colour::Plain), cells("  ", Colour::Red)].concat();
        let screen = Screen::new(vec![row]);
        let runs: Vec<_> = screen.rows[0].iter().map(|run| (run.text.as_str(), run.style.colour)).collect();
        assert_eq!(runs, [("In ", Colour::Green), ("a", Colour::Plain)]);
    }

    #[test]
    fn blank_rows_around_the_text_are_dropped() {
        let screen = Screen::new(["  ", "a", " ", "b", "", " "].map(|text| cells(text, Colour::Plain)).to_vec());
        let lengths: Vec<_> = screen.rows.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 0, 1]);
        assert_eq!(Screen::new(vec![cells(" ", Colour::Plain)]), Screen::default());
    }

    #[test]
    fn a_cursor_after_the_text_is_not_dropped() {
        let cursor = Run { text: " ".to_owned(), style: Style { marks: vec![Mark::Cursor], ..Style::default() } };
        let screen =
            Screen::new(vec![[cells("a ", Colour::Plain), vec![cursor.clone()], cells(" ", Colour::Plain)].concat()]);
        assert_eq!(screen.rows[0].last(), Some(&cursor));
    }

    #[test]
    fn a_colour_is_named_by_its_hue() {
        for (index, colour) in [
            (1, Colour::Red),
            (12, Colour::Blue),
            (15, Colour::Plain),
            (28, Colour::Green),
            (130, Colour::Yellow),
            (127, Colour::Magenta),
            (30, Colour::Cyan),
            (21, Colour::Blue),
            (196, Colour::Red),
            (244, Colour::Grey),
            (59, Colour::Grey),
        ] {
            assert_eq!(Colour::of_palette(index), colour, "{index}");
        }
        assert_eq!(Colour::of_light(0xff, 0x7b, 0x72), Colour::Red);
    }
}
