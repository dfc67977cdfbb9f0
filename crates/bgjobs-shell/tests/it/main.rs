//! The tests of the shell, in one binary.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod transcript;
mod transcripts;
