//! What the README and the book say, checked.
//!
//! A binary of their own, because the published crate comes without those texts, and so without these tests.

mod documents;
mod pictures;
#[cfg(unix)]
mod startup;
mod stories;
#[cfg(unix)]
#[path = "../it/terminal.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod terminal;
