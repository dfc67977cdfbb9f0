//! Expressions and calls that another process evaluates: what they take along and what comes back, as JSON.
//!
//! Knows nothing of processes and files.

mod payload;
mod result;
mod tagged;
mod uses;

pub(crate) use self::{
    payload::{KeptCode, pack_call, pack_text, unpack},
    result::{Given, given, of_failure, of_value},
};
