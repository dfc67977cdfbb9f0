//! A text that is evaluated, with its name in tracebacks.

use std::sync::Arc;

use rhai::ImmutableString;

/// A text with a name.
#[derive(Debug)]
pub struct Source {
    /// Its name in tracebacks: `In[3]`, or the name of a file.
    pub name: ImmutableString,
    /// The text as it was typed.
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
