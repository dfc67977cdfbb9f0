//! Separates code from strings and comments in a text, without parsing it.
//!
//! Knows only how Rhai's strings and comments begin and end.

/// What a character of a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Code, including white space.
    Code,
    /// A string or a character, including its quotes; the opening quote is given.
    Quoted(char),
    /// A comment, including its marks.
    Comment,
}

/// How a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In code.
    Code,
    /// In a `"` or `'` string, which has to end on its line.
    OpenString,
    /// In a string or a comment that may continue on the next line.
    OpenLines,
}

/// A text with the kind of each of its characters.
pub(crate) struct Scan {
    pub(crate) chars: Vec<(char, Kind)>,
    /// Whether a line ended in a string that has to end on its line.
    pub(crate) is_broken: bool,
    pub(crate) end: End,
}

/// Where the scanner is; back-quoted strings contain code in `${ }`, which can contain strings again.
enum Within {
    /// Code, with this many open braces since its `${`.
    Code {
        braces: usize,
    },
    /// A string that began with this quote.
    Quotes(char),
    BackQuotes,
    LineComment,
    /// Comments can be nested.
    BlockComment {
        depth: usize,
    },
}

/// Scans a text.
pub(crate) fn scan(text: &str) -> Scan {
    let mut chars = Vec::with_capacity(text.len());
    let mut stack = vec![Within::Code { braces: 0 }];
    let mut is_broken = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        // Two characters that belong together are taken at once.
        let mut pair = |kind, chars: &mut Vec<_>| {
            chars.push((c, kind));
            chars.extend(rest.next().map(|second| (second, kind)));
        };
        let nested = stack.len() > 1;
        match stack.last_mut().expect("the outermost code is never left") {
            Within::Code { braces } => match (c, next) {
                ('/', Some('/')) => {
                    pair(Kind::Comment, &mut chars);
                    stack.push(Within::LineComment);
                }
                ('/', Some('*')) => {
                    pair(Kind::Comment, &mut chars);
                    stack.push(Within::BlockComment { depth: 1 });
                }
                ('"' | '\'', _) => {
                    chars.push((c, Kind::Quoted(c)));
                    stack.push(Within::Quotes(c));
                }
                ('`', _) => {
                    chars.push((c, Kind::Quoted('`')));
                    stack.push(Within::BackQuotes);
                }
                ('}', _) if *braces == 0 && nested => {
                    chars.push((c, Kind::Quoted('`')));
                    stack.pop();
                }
                _ => {
                    match c {
                        '{' => *braces += 1,
                        '}' => *braces = braces.saturating_sub(1),
                        _ => {}
                    }
                    chars.push((c, Kind::Code));
                }
            },
            Within::Quotes(quote) => match c {
                '\\' => pair(Kind::Quoted(*quote), &mut chars),
                '\n' => {
                    // An unclosed string: Rhai will report it, and what follows is code again.
                    is_broken = true;
                    chars.push((c, Kind::Code));
                    stack.pop();
                }
                _ => {
                    chars.push((c, Kind::Quoted(*quote)));
                    if c == *quote {
                        stack.pop();
                    }
                }
            },
            Within::BackQuotes if c == '$' && next == Some('{') => {
                pair(Kind::Quoted('`'), &mut chars);
                stack.push(Within::Code { braces: 0 });
            }
            Within::BackQuotes => {
                chars.push((c, Kind::Quoted('`')));
                if c == '`' {
                    stack.pop();
                }
            }
            Within::LineComment => {
                if c == '\n' {
                    chars.push((c, Kind::Code));
                    stack.pop();
                } else {
                    chars.push((c, Kind::Comment));
                }
            }
            Within::BlockComment { depth } => match (c, next) {
                ('/', Some('*')) => {
                    *depth += 1;
                    pair(Kind::Comment, &mut chars);
                }
                ('*', Some('/')) => {
                    *depth -= 1;
                    let closed = *depth == 0;
                    pair(Kind::Comment, &mut chars);
                    if closed {
                        stack.pop();
                    }
                }
                _ => chars.push((c, Kind::Comment)),
            },
        }
    }
    let end = match stack.last() {
        Some(Within::Quotes(_)) => End::OpenString,
        Some(Within::BackQuotes | Within::BlockComment { .. }) => End::OpenLines,
        // Code in a string is as open as the string.
        Some(Within::Code { .. }) if stack.len() > 1 => End::OpenLines,
        _ => End::Code,
    };
    Scan { chars, is_broken: is_broken || end == End::OpenString, end }
}

/// Whether a character can stand in a name or a number.
#[cfg(feature = "terminal")]
pub(crate) fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The index of the innermost bracket that is still open at the end.
pub(crate) fn opening(text: &[(char, Kind)]) -> Option<usize> {
    let mut closed = 0_usize;
    for (index, &(c, kind)) in text.iter().enumerate().rev() {
        match c {
            _ if kind != Kind::Code => {}
            ')' | ']' | '}' => closed += 1,
            '(' | '[' | '{' if closed > 0 => closed -= 1,
            '(' | '[' | '{' => return Some(index),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `s` for strings, `c` for comments, and code as it is; and how it ends.
    #[track_caller]
    fn check(text: &str, kinds: &str, end: End) {
        let scan = scan(text);
        assert_eq!(scan.chars.iter().map(|&(c, _)| c).collect::<String>(), text);
        let shown = scan.chars.iter().map(|&(c, kind)| match kind {
            Kind::Code => c,
            Kind::Quoted(_) => 's',
            Kind::Comment => 'c',
        });
        assert_eq!(shown.collect::<String>(), kinds);
        assert_eq!(scan.end, end);
    }

    #[test]
    fn strings_and_comments_are_separated_from_code() {
        check("a + 1", "a + 1", End::Code);
        check(r#"f("a & b")"#, "f(sssssss)", End::Code);
        check(r#"f('a "b"')"#, "f(sssssss)", End::Code);
        check(r#""a\"b" + c"#, "ssssss + c", End::Code);
        check("a // b\nc", "a cccc\nc", End::Code);
        check("a /* b /* c */ */ d", "a ccccccccccccccc d", End::Code);
        check("`a ${b + `c`} d` e", "sssssb + sssssss e", End::Code);
        check("`${#{a: 1}.a}`", "sss#{a: 1}.ass", End::Code);
    }

    #[test]
    fn an_open_end_is_noticed() {
        check("\"a", "ss", End::OpenString);
        check("\"a\nb", "ss\nb", End::Code);
        check("`a\nb", "ssss", End::OpenLines);
        check("`a ${b", "sssssb", End::OpenLines);
        check("/* a", "cccc", End::OpenLines);
        check("// a", "cccc", End::Code);
    }
}
