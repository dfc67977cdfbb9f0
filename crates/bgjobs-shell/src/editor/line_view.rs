//! The line as it is shown: its colours, the cursor, what is selected, and dots before each further line.
//!
//! Knows nothing of keys.

use std::ops::Range;

use super::picture::{Colour, Picture};

/// How what is selected is shown.
const SELECTED: Colour = "7";

/// A line and what is to be shown of it.
pub(super) struct LineView<'a> {
    /// In pieces of one colour.
    pub(super) pieces: Vec<(Colour, String)>,
    pub(super) cursor: usize,
    pub(super) selected: Range<usize>,
    /// What stands before each line but the first, and its colour.
    pub(super) dots: (Colour, &'a str),
}

impl LineView<'_> {
    /// Appends it, with the cursor.
    pub(super) fn show(&self, picture: &mut Picture) {
        let Self { cursor, selected, dots: (dots_colour, dots), .. } = self;
        let mut at = 0;
        for (colour, piece) in &self.pieces {
            for part in self.parts(piece, at) {
                if at == *cursor {
                    picture.set_cursor();
                }
                picture.push(if selected.contains(&at) { SELECTED } else { colour }, part);
                at += part.len();
                if part.ends_with('\n') {
                    picture.push(dots_colour, dots);
                }
            }
        }
        if at == *cursor {
            picture.set_cursor();
        }
    }

    /// A piece that begins at `at`, cut where a line ends, at the cursor, and where the selection begins and ends.
    fn parts<'p>(&self, piece: &'p str, at: usize) -> impl Iterator<Item = &'p str> {
        let marks = [self.cursor, self.selected.start, self.selected.end];
        let marks = marks.into_iter().filter_map(|mark| mark.checked_sub(at));
        let line_ends = piece.match_indices('\n').map(|(end, _)| end + 1);
        let mut cuts: Vec<_> = marks.chain(line_ends).filter(|&cut| piece.is_char_boundary(cut)).collect();
        cuts.extend([0, piece.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let ends: Vec<_> = cuts.windows(2).map(|cut| cut[0]..cut[1]).collect();
        ends.into_iter().map(|cut| &piece[cut])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pieces: &[(Colour, &str)], cursor: usize, selected: Range<usize>) -> (Vec<String>, (usize, usize)) {
        let pieces = pieces.iter().map(|(colour, piece)| (*colour, (*piece).to_owned())).collect();
        let mut picture = Picture::default();
        LineView { pieces, cursor, selected, dots: ("", "..") }.show(&mut picture);
        let layout = picture.layout(20);
        let shown = |row: &String| {
            row.replace("\x1b[K", "").replace("\r\n", "").replace("\x1b[7m\x1b[0m", "").replace("\x1b[", "<")
        };
        (layout.rows.iter().map(shown).collect(), layout.cursor)
    }

    #[test]
    fn dots_stand_before_each_further_line_and_the_cursor_behind_them() {
        for (cursor, place) in [(0, (0, 0)), (1, (0, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 2))] {
            let (rows, at) = rows(&[("", "a\nb\n")], cursor, 0..0);
            assert_eq!((rows, at), (["a", "..b", ".."].map(str::to_owned).to_vec(), place), "{cursor}");
        }
    }

    #[test]
    fn what_is_selected_is_shown_across_colours_and_lines() {
        let pieces = [("32", "ab"), ("", "c\nd")];
        let (shown, place) = rows(&pieces, 2, 1..5);
        assert_eq!(shown, ["<32ma<0m<7mbc<0m", "..<7md<0m"]);
        assert_eq!(place, (0, 2));
        assert_eq!(rows(&pieces, 5, 0..0).0, ["<32mab<0mc", "..d"]);
        assert_eq!(rows(&[], 0, 0..0), (vec![String::new()], (0, 0)));
    }
}
