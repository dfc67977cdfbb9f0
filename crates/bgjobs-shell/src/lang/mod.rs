//! All that knows Rhai: names, values, engines, failures, and the functions of the prompt.
//!
//! Knows nothing of terminals, of sessions and of printing.

mod calls;
mod cells;
mod describe;
mod dict;
mod engine;
mod evaluation;
mod failure;
mod functions;
mod input;
mod jobs;
mod keywords;
mod kind;
mod language;
mod names;
mod notice;
mod program;
mod quotes;
mod refusal;
mod rest;
mod scan;
mod show;
mod source;
mod stack;
mod start;
mod underscores;
mod value;
#[cfg(feature = "terminal")]
mod words;

pub(crate) use describe::describe;
pub use evaluation::Output;
pub(crate) use evaluation::{Ended, What, Work};
pub use input::{Input, is_whole};
pub use jobs::Jobs;
pub(crate) use language::Language;
pub use names::Names;
pub use notice::notice;
pub(crate) use notice::own_names;
#[cfg(feature = "terminal")]
pub(crate) use scan::{End, Kind, scan};
pub use show::show;
pub use source::Source;
pub use stack::STACK_SIZE;
pub use value::Value;
#[cfg(feature = "terminal")]
pub(crate) use words::{KEYWORDS, Step, Words};
