//! The tests of the shell, in one binary.

mod transcript;
mod transcripts;
