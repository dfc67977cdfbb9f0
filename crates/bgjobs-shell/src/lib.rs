//! An interactive shell whose every line can run in the background.
//!
//! It is the system of `IPython.lib.backgroundjobs` at a prompt of its own, whose language is
//! [Rhai](https://rhai.rs/book). The binary `bgjobs` is the prompt; this library is what it is made of.
//!
//! - A [`Session`] evaluates lines, and keeps names and jobs; it knows no terminal.
//! - [`shell::answer`] adds the words of a shell, as `kill 3`.
//! - `editor/` is the prompt on a terminal, `batch.rs` takes lines from a pipe or a file.
//! - [`lang`] is all that knows Rhai.
//! - [`run`](run()) is all of it: a program gets the same prompt with functions of its own in some lines.

#[cfg(feature = "terminal")]
mod batch;
mod commands;
mod debugger;
mod digest;
mod durations;
#[cfg(feature = "terminal")]
mod editor;
mod foreground;
#[cfg(all(feature = "terminal", any(test, fuzzing)))]
pub mod fuzzing;
pub mod lang;
mod listing;
mod log_filter;
mod log_view;
mod notify;
mod output_history;
mod render;
#[cfg(feature = "terminal")]
mod run;
mod selection;
mod session;
pub mod shell;
#[cfg(feature = "terminal")]
mod signals;
mod system;
#[cfg(feature = "terminal")]
mod terminal;

pub use foreground::Stopper;
pub use rhai;
#[cfg(feature = "terminal")]
pub use run::{Task, run};
pub use session::{Answer, Session};
