//! A text that is evaluated, and what it is called in tracebacks.

use std::sync::Arc;

use rhai::ImmutableString;

/// A text with a name.
#[derive(Debug)]
pub struct Source {
    /// What tracebacks call it: `In[3]`, the name of a file.
    pub name: ImmutableString,
    /// The text, as it was typed.
    pub text: String,
}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<ImmutableString>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// The line of that number, from 1.
    pub(crate) fn line(&self, number: usize) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)?)
    }
}
