//! `bgjobs start`: a command that outlives its starter.
//!
//! Knows nothing of how it runs.

use std::io::{self, IsTerminal};

use bgjobs::{KeepOptions, Stream};
use lexopt::{Parser, ValueExt};

use crate::{
    output,
    word::{Trouble, jobs, program, time},
};

pub(crate) const USAGE: &str = "\
Usage: bgjobs start [--key K] [--time-limit T] [--name N] [--dir D] -- COMMAND...

Starts a command that goes on without this terminal, and prints its number, such as k12.
It has this environment and an empty input. It survives a hang-up, but no restart of the
machine, and not the end of its container or service.

  --key K         starts it only once: as long as there is a job with this key, prints
                  its number instead
  --time-limit T  stops it after this time: 30s, 5m, 1h30m
  --name N        what it is called, instead of its command
  --dir D         where it runs, instead of here";

pub(crate) fn start(mut parser: Parser) -> Result<u8, Trouble> {
    use lexopt::prelude::{Long, Value};
    let mut options = KeepOptions::default();
    let mut command = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("key") => options.key = Some(parser.value()?.string()?),
            Long("time-limit") => options.time_limit = Some(time(parser.value()?)?),
            Long("name") => options.name = Some(parser.value()?.string()?.into()),
            Long("dir") => options.folder = Some(parser.value()?.into()),
            Value(program) => {
                command.push(program);
                command.extend(parser.raw_args()?);
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    if command.is_empty() {
        return Err(lexopt::Error::from(format!("which command? `{} start -- make -j2`", program())).into());
    }
    let id = jobs()?.start(command, options).map_err(Trouble::refused)?.id();
    output::write(Stream::Out, &id.to_string());
    if io::stdout().is_terminal() {
        let it = program();
        let hint = format!("{id} goes on without this terminal: {it} log {id} -f, {it} wait {id}, {it} stop {id}");
        output::write(Stream::Err, &hint);
    }
    Ok(0)
}
