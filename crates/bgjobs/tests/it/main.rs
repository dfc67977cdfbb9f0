//! The engine as its users see it: real threads, no sleeps, one module per subject.

mod abort;
mod callbacks;
mod child;
#[cfg(unix)]
mod commands;
mod concurrent_callers;
mod destructors;
mod examples;
mod exit;
mod exit_async;
mod failures;
#[cfg(unix)]
mod forks;
mod futures;
mod gate;
mod groups;
mod hosted;
#[cfg(unix)]
mod hosted_commands;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
mod kept_broken;
#[cfg(target_os = "linux")]
mod kept_crowds;
#[cfg(target_os = "linux")]
mod kept_folders;
#[cfg(target_os = "linux")]
mod kept_take_over;
mod keyboards;
mod lifecycle;
mod log_crate;
mod log_files;
mod logs;
mod model;
mod names;
mod notebooks;
mod notices;
mod notices_async;
mod options;
mod owners;
mod panic_hook;
mod places;
#[cfg(target_os = "linux")]
mod process_trees;
#[cfg(target_os = "linux")]
mod refused_threads;
mod retry;
mod schedule;
mod scope;
mod service;
mod stopping;
mod stress;
mod summaries;
#[cfg(unix)]
mod supervised;
mod support;
mod system_limits;
#[cfg(unix)]
mod terminals;
mod texts;
mod thread_safety;
mod threads;
#[cfg(feature = "tracing")]
mod traces;
mod unlisted;
mod waiting;
