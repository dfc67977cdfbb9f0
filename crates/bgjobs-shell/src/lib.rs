//! An interactive shell whose every line can run in the background.
//!
//! It is the system of `IPython.lib.backgroundjobs` at a prompt of its own, whose language is
//! [Rhai](https://rhai.rs/book). The binary `bgjobs` is the prompt; this library is what it is made of.
//!
//! - A [`Session`] evaluates lines, and keeps names and jobs; it knows no terminal.
//! - [`shell::answer`] adds the words of a shell, as `kill 3`.
//! - [`editor`] is the prompt on a terminal, [`batch`] takes lines from a pipe or a file.
//! - [`lang`] is all that knows Rhai.
//!
//! A program gets the same prompt with functions of its own:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use bgjobs_shell::{
//!     Session, batch, editor,
//!     rhai::{FuncRegistration, Module},
//!     signals::{self, Idle},
//! };
//!
//! let mut own = Module::new();
//! FuncRegistration::new("mean").set_into_module(&mut own, |a: f64, b: f64| (a + b) / 2.0);
//! let mut session = Session::with_functions(Arc::new(batch::write), [own]);
//! signals::listen(session.stopper(), session.jobs().clone(), Idle::Stay)?;
//! editor::run(&mut session)?;
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(feature = "terminal")]
pub mod batch;
mod commands;
#[cfg(feature = "terminal")]
pub mod editor;
pub mod lang;
mod render;
mod session;
pub mod shell;
mod shown;
#[cfg(feature = "terminal")]
pub mod signals;
#[cfg(feature = "terminal")]
mod terminal;

pub use rhai;
pub use session::{Answer, Session, Stopper};
