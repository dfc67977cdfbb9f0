//! The tests of the shell, in one binary.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod attributes;
mod background;
mod binary;
mod calling;
mod command_line;
#[cfg(unix)]
mod commands;
#[cfg(unix)]
mod console;
mod copies;
mod debug;
mod describe;
#[cfg(unix)]
mod editing;
#[cfg(unix)]
mod environment;
mod example;
mod failures;
mod files;
mod functions;
mod groups;
mod hostile;
mod jobs;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
mod kept_crashes;
#[cfg(target_os = "linux")]
mod kept_expressions;
#[cfg(target_os = "linux")]
mod kept_full_disk;
#[cfg(target_os = "linux")]
mod kept_mcp;
#[cfg(target_os = "linux")]
mod kept_sessions;
#[cfg(target_os = "linux")]
mod limits;
mod live;
mod logs;
mod looking;
mod messages;
mod names;
#[cfg(unix)]
mod narrow;
#[cfg(unix)]
mod pager;
mod pipes;
mod places;
#[cfg(unix)]
mod programs;
mod select;
mod shared;
mod start;
#[cfg(unix)]
mod startup;
mod stop;
#[cfg(unix)]
mod system;
#[cfg(unix)]
#[expect(dead_code, reason = "the tests of the book use the rest")]
mod terminal;
mod transcript;
#[cfg(unix)]
mod type_ahead;
#[cfg(unix)]
mod typing;
#[cfg(unix)]
mod user;
