//! The command line of jobs that outlive their program: `bgjobs start`, `ps`, `wait` and so on, for every face that has one.
//!
//! Knows nothing of prompts and sessions. A face calls [`run`] with the words of its command line.

pub mod colours;
pub mod durations;
#[cfg(target_os = "linux")]
pub mod listing;
#[cfg(target_os = "linux")]
mod log;
#[cfg(target_os = "linux")]
pub mod looking;
#[cfg(target_os = "linux")]
pub mod news;
pub mod output;
#[cfg(target_os = "linux")]
pub mod removing;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
pub mod text;
#[cfg(target_os = "linux")]
pub mod word;
#[cfg(target_os = "linux")]
mod words;

#[cfg(target_os = "linux")]
pub use words::run;
