//! The tests of the shell, in one binary.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod binary;
mod copies;
mod describe;
mod failures;
mod functions;
mod hostile;
mod jobs;
mod names;
mod shared;
mod start;
mod stop;
mod transcript;
