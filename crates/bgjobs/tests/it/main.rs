//! The engine as its users see it: real threads, no sleeps, one module a subject.

mod abort;
mod child;
#[cfg(unix)]
mod commands;
mod destructors;
mod elastic;
mod exit;
mod failures;
mod futures;
mod gate;
mod groups;
mod guests;
mod hooks;
mod hosted;
mod lifecycle;
mod limits;
mod log_files;
mod logs;
mod model;
mod notices;
mod options;
mod order;
mod places;
mod records;
#[cfg(target_os = "linux")]
mod refusal;
mod retry;
mod stopping;
mod stress;
mod summaries;
#[cfg(unix)]
mod supervised;
#[cfg(unix)]
mod terminals;
mod texts;
mod together;
#[cfg(feature = "tracing")]
mod traces;
#[cfg(target_os = "linux")]
mod trees;
mod types;
mod unlisted;
mod waiting;
