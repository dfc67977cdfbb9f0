//! All that knows Rhai: names, values, engines, failures, and the functions of the prompt.
//!
//! Knows nothing of terminals, of sessions and of printing.

mod calls;
mod cells;
mod code;
mod compare;
mod compiler;
mod describe;
mod dict;
mod digest;
mod durations;
mod engine;
mod error;
mod evaluation;
mod failure;
mod frames;
mod functions;
mod input;
mod jobs;
mod kept;
mod keywords;
mod kind;
mod language;
mod left;
mod line;
mod lines;
mod live;
mod marks;
mod names;
mod notice;
mod post_mortem;
mod program;
mod quotes;
mod refusal;
mod rest;
mod scan;
mod shared;
mod show;
mod source;
mod stack;
mod start;
mod underscores;
mod value;
mod watch;
mod weave;
#[cfg(feature = "terminal")]
mod words;
mod work;

pub(crate) use describe::describe;
pub(crate) use digest::Digest;
pub(crate) use durations::{about, spent, typed as duration};
pub use evaluation::Output;
pub(crate) use functions::{jobs_as_json, json, language, options_help};
pub use input::{Input, is_whole};
pub use jobs::Jobs;
pub(crate) use language::Language;
pub(crate) use left::Left;
pub(crate) use line::Line;
pub(crate) use lines::{Lines, Part};
pub use names::Names;
pub use notice::notice;
pub(crate) use notice::own_names;
pub(crate) use post_mortem::{DeadFrame, PostMortem};
#[cfg(feature = "terminal")]
pub(crate) use scan::{End, Kind, scan};
pub(crate) use show::is_opaque;
pub use show::show;
pub use source::Source;
pub use stack::STACK_SIZE;
pub(crate) use start::{note_command, note_sent, start_command};
pub use value::Value;
#[cfg(feature = "terminal")]
pub(crate) use words::{KEYWORDS, Step, Words};
