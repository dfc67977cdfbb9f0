//! An interactive shell in which any line can run in the background.
//!
//! It is `IPython.lib.backgroundjobs` at a prompt of its own, in the language [Rhai](https://rhai.rs/book).
//! The binary `bgjobs` is the prompt; this library contains everything behind it.
//!
//! - A [`Session`] evaluates lines, and holds names and jobs; it knows nothing of terminals.
//! - [`shell::answer`] adds the words of a shell, such as `kill 3`.
//! - `editor/` is the prompt on a terminal; `batch.rs` reads lines from a pipe or a file.
//! - [`lang`] is everything that knows Rhai.
#![cfg_attr(
    feature = "terminal",
    doc = "- [`run`](run()) is the whole shell: with a few lines, a program gets the same prompt with functions of its own."
)]

#[cfg(feature = "terminal")]
mod batch;
mod commands;
#[cfg(feature = "terminal")]
mod console;
#[cfg(feature = "terminal")]
mod consoles;
mod debugger;
mod digest;
mod edit_mode;
#[cfg(feature = "terminal")]
mod editor;
mod environment;
mod foreground;
#[cfg(all(feature = "terminal", any(test, fuzzing)))]
pub mod fuzzing;
#[cfg(feature = "terminal")]
mod gathering;
#[cfg(target_os = "linux")]
mod keeping;
#[cfg(all(feature = "terminal", target_os = "linux"))]
mod kept;
#[cfg(all(feature = "terminal", target_os = "linux"))]
mod kept_body;
#[cfg(feature = "terminal")]
mod keys;
pub mod lang;
mod listing;
mod live;
mod log_filter;
mod log_view;
mod notice_mode;
#[cfg(feature = "terminal")]
mod notices;
mod notify;
mod option_help;
mod output_history;
#[cfg(feature = "terminal")]
mod pager;
#[cfg(feature = "terminal")]
mod run;
#[cfg(feature = "terminal")]
mod screen;
mod selection;
mod session;
mod setting;
pub mod shell;
#[cfg(feature = "terminal")]
mod signals;
#[cfg(feature = "terminal")]
mod startup;
mod suggestion;
mod system;
#[cfg(feature = "terminal")]
mod terminal;
mod text;

pub use foreground::Stopper;
#[cfg(all(feature = "terminal", target_os = "linux"))]
pub use kept::kept;
pub use rhai;
#[cfg(feature = "terminal")]
pub use run::{Task, run};
pub use session::{Answer, Session};
