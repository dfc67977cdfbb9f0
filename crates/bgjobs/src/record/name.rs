//! The text by which people know a job.
//!
//! Knows nothing of jobs.

use std::{
    borrow::{Borrow, Cow},
    cmp, fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use smol_str::SmolStr;

/// A short text that is cheap to clone: a job's name, where it is, why it was stopped.
///
/// Any text converts into it. Up to 23 bytes are stored in place; a longer text is copied once into shared memory, and
/// [`from_static`](Self::from_static) copies nothing.
///
/// [`Display`](fmt::Display) escapes control characters and characters that change the direction of text, so a name
/// can't control a terminal. The text itself is what it dereferences to.
///
/// ```
/// use bgjobs::Name;
///
/// let typed = String::from("clear \u{1b}[2J\n");
/// let name = Name::from(typed.trim_end());
/// assert_eq!(name.to_string(), r"clear \u{1b}[2J");
/// assert_eq!(&*name, "clear \u{1b}[2J");
/// ```
#[derive(Clone, Default)]
pub struct Name(SmolStr);

impl Name {
    /// Makes a name of a text that lives as long as the program, without copying it.
    ///
    /// ```
    /// const FIT: bgjobs::Name = bgjobs::Name::from_static("fit the model to last week's rows");
    /// assert_eq!(FIT, "fit the model to last week's rows");
    /// ```
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(SmolStr::new_static(text))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        Self(text.into())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Cow<'_, str>> for Name {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }
}

impl From<Box<str>> for Name {
    fn from(text: Box<str>) -> Self {
        Self(text.into())
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        Self(text.into())
    }
}

impl From<&Self> for Name {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self
    }
}

/// A name hashes and compares as its text, so a map with names as keys is searched with a text.
impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares the texts.
impl Ord for Name {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped { text: self, allows: |_| false }.fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Shows `text` on one line, safe for a terminal: control characters and changes of text direction are escaped.
///
/// ```
/// assert_eq!(bgjobs::one_line("a\nb\r\u{202e}").to_string(), r"a\nb\r\u{202e}");
/// ```
#[must_use]
pub fn one_line(text: &str) -> impl fmt::Display {
    Escaped { text, allows: |_| false }
}

/// Shows `text`, safe for a terminal, with its line breaks and tabs.
///
/// ```
/// assert_eq!(bgjobs::many_lines("a\n\tb\u{7}").to_string(), "a\n\tb\\u{7}");
/// ```
#[must_use]
pub fn many_lines(text: &str) -> impl fmt::Display {
    Escaped { text, allows: |c| c == '\n' || c == '\t' }
}

/// A text, shown with escapes for all that drives a terminal, except the characters that `allows` lets through.
struct Escaped<'a> {
    text: &'a str,
    allows: fn(char) -> bool,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Most texts need no escapes and are written whole.
        let mut rest = self.text;
        while let Some((index, c)) = rest.char_indices().find(|&(_, c)| drives_terminal(c) && !(self.allows)(c)) {
            write!(f, "{}{}", &rest[..index], c.escape_default())?;
            rest = &rest[index + c.len_utf8()..];
        }
        f.write_str(rest)
    }
}

/// Whether `c` is a control character or changes the direction of the text around it.
fn drives_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
