//! An interactive shell whose every line can run in the background.

#[cfg(feature = "terminal")]
pub mod batch;
mod commands;
#[cfg(feature = "terminal")]
pub mod editor;
pub mod lang;
mod render;
mod session;
pub mod shell;
#[cfg(feature = "terminal")]
pub mod signals;

pub use rhai;
pub use session::{Answer, Session, Stopper};
