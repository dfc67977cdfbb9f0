//! Everything that knows Rhai: names, values, evaluation, failures, and the functions of the prompt.
//!
//! Knows nothing of terminals, sessions and printing.

mod describe;
mod error;
mod eval;
mod functions;
mod jobs;
mod label;
mod notice;
mod output;
mod read;
mod show;
mod trace;
mod values;
#[cfg(feature = "terminal")]
mod words;

#[cfg(feature = "terminal")]
pub(crate) use read::scan::{End, Kind, opening, scan};
#[cfg(feature = "terminal")]
pub(crate) use words::{KEYWORDS, Segment, Words};

pub(crate) use describe::describe;
pub use eval::stack::STACK_SIZE;
#[cfg(target_os = "linux")]
pub(crate) use eval::start::note_kept;
pub(crate) use eval::{
    line::Line,
    start::{note_command, note_sent, start_command},
};
pub(crate) use functions::{json, language, options_help};
pub use jobs::Jobs;
pub(crate) use jobs::{
    Died,
    post_mortem::{DeadFrame, PostMortem},
};
pub use notice::notice;
pub(crate) use notice::own_names;
pub use output::Output;
pub use read::{
    input::{Input, is_whole},
    source::Source,
};
pub(crate) use show::is_opaque;
pub use show::show;
pub(crate) use values::{held_jobs::held_jobs, language::Language};
pub use values::{names::Names, value::Value};
