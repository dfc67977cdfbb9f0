//! An interactive shell whose every line can run in the background.

pub mod lang;
mod session;

pub use rhai;
pub use session::{Answer, Session, Stopper};
