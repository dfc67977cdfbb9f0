//! Makes `_` and `_3` names, for the values shown; Rhai uses the first otherwise and rejects the second.
//!
//! In the text `_3` is replaced by a name of the same length, so that columns stay right; its position is remembered.

use std::collections::BTreeSet;

use rhai::{Position, Token};

use super::scan::{Kind, scan};

/// The positions of underscores that have a meaning.
#[derive(Default)]
pub(crate) struct Underscores {
    /// Names such as `_3`.
    values: BTreeSet<Position>,
    /// Each `_` that is the default case of a `switch`.
    other_cases: BTreeSet<Position>,
}

impl Underscores {
    /// Finds them in a text, and replaces those that Rhai rejects.
    pub(crate) fn swap(text: String) -> (String, Self) {
        let mut found = Self::default();
        if !text.contains('_') {
            return (text, found);
        }
        let scan = scan(&text).chars;
        let mut out = String::with_capacity(text.len());
        let (mut line, mut column, mut in_word) = (1, 0, false);
        for (index, &(c, kind)) in scan.iter().enumerate() {
            (line, column) = if c == '\n' { (line + 1, 0) } else { (line, column + 1) };
            let after = &scan[index + 1..];
            let mut swapped = c;
            if c == '_' && kind == Kind::Code && !in_word {
                let digits = after.iter().take_while(|(c, _)| c.is_ascii_digit()).count();
                let goes_on = after.get(digits).is_some_and(|&(c, _)| is_in_word(c));
                let mut next = after.iter().map(|(c, _)| c).skip_while(|c| c.is_whitespace());
                if digits > 0 && !goes_on {
                    found.values.insert(position(line, column));
                    swapped = 'v';
                } else if next.next() == Some(&'=') && next.next() == Some(&'>') {
                    found.other_cases.insert(position(line, column));
                }
            }
            in_word = is_in_word(c);
            out.push(swapped);
        }
        (out, found)
    }

    /// The token that was meant where Rhai read this one.
    pub(crate) fn token(&self, token: Token, position: Position) -> Token {
        match token {
            Token::Identifier(name) if self.values.contains(&position) => {
                Token::Identifier(Box::new(format!("_{}", &name[1..]).into()))
            }
            Token::Underscore if !self.other_cases.contains(&position) => Token::Identifier(Box::new("_".into())),
            token => token,
        }
    }
}

fn is_in_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// A position that Rhai can count; it rejects texts with more lines or columns.
fn position(line: usize, column: usize) -> Position {
    let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    Position::new(number(line), number(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_values_are_replaced_only_in_code() {
        for (text, swapped) in [
            ("_3 + a_3 + _3a + \"_3\"", "v3 + a_3 + _3a + \"_3\""),
            ("// _3\n_12", "// _3\nv12"),
            ("`_3 ${_3}`", "`_3 ${v3}`"),
            ("_ + __3", "_ + __3"),
        ] {
            assert_eq!(Underscores::swap(text.to_owned()).0, swapped);
        }
    }
}
