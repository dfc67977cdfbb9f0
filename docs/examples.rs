//! The examples of the README and of the book, compiled and run as the doctests of this crate.
//!
//! It does not know what they show. The library can't include these texts itself: its published crate lies elsewhere than
//! the book.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("src/control.md")]
#[doc = include_str!("src/differences.md")]
#[doc = include_str!("src/engines.md")]
#[doc = include_str!("src/how-it-works.md")]
#[doc = include_str!("src/introduction.md")]
#[doc = include_str!("src/kept.md")]
#[doc = include_str!("src/kept-format.md")]
#[doc = include_str!("src/limits.md")]
#[doc = include_str!("src/notebook.md")]
#[doc = include_str!("src/numbers.md")]
#[doc = include_str!("src/panel.md")]
#[doc = include_str!("src/python.md")]
#[cfg_attr(unix, doc = include_str!("src/rust.md"))] // It has a `Command`.
#[doc = include_str!("src/shell.md")]
struct Documents;
