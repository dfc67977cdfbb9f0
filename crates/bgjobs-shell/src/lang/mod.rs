//! Everything that knows Rhai: names, values, evaluation, failures, and the functions of the prompt.
//!
//! Knows nothing of terminals, sessions and printing.

mod describe;
mod error;
mod eval;
mod functions;
mod jobs;
#[cfg(target_os = "linux")]
#[cfg_attr(not(feature = "terminal"), expect(dead_code, unused_imports, reason = "only `run` evaluates what was kept"))]
mod kept;
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
pub(crate) use read::scan::{End, Kind, is_of_word, opening, scan};
#[cfg(feature = "terminal")]
pub(crate) use words::{KEYWORDS, Noted, Root, Segment, Words};

pub(crate) use describe::describe;
#[cfg(target_os = "linux")]
pub(crate) use eval::keep::{Keeping, follow, kept_jobs, start as keep};
#[cfg(all(feature = "terminal", target_os = "linux"))]
pub(crate) use eval::keep::{LANGUAGE, run_bodies};
pub use eval::stack::STACK_SIZE;
pub(crate) use eval::{
    line::Line,
    start::{note_command, note_sent, start_command},
};
#[cfg(feature = "terminal")]
pub(crate) use functions::{OptionValues, make_standard, options_of, values_of};
pub(crate) use functions::{json, language, options_help};
pub use jobs::Jobs;
pub(crate) use jobs::{
    Died, Origin, OriginCode, StartOptions,
    post_mortem::{DeadFrame, PostMortem},
};
#[cfg(all(feature = "terminal", target_os = "linux"))]
pub(crate) use kept::{KeptCode, of_failure, of_value, unpack};
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
