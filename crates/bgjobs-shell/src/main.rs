//! The `bgjobs` binary: reads the command line, and starts the shell that it asks for.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use bgjobs_shell::Task;

const USAGE: &str = "\
Usage: bgjobs [FILE [ARGUMENT]... | [--json] -c TEXT]

A prompt whose every line can run in the background. Without arguments it reads lines
from the terminal, or from a pipe as if they were typed. `help` at the prompt says more.

  FILE         evaluates a file; `args` holds the arguments
  -c TEXT      evaluates a text as a line at the prompt, and shows its value
  --json       with -c, shows the value as JSON: a job as all that is known of it
  --help       shows this
  --version    shows the version";

fn main() -> ExitCode {
    bgjobs::supervise();
    match read(lexopt::Parser::from_env()) {
        Ok(Asked::Task(task)) => bgjobs_shell::run(task, []),
        Ok(Asked::Words(text)) => {
            let _ = writeln!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "bgjobs: {error}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
enum Asked {
    Task(Task),
    Words(String),
}

fn read(mut parser: lexopt::Parser) -> Result<Asked, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut as_json, mut asked) = (false, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => as_json = true,
            Short('c') if asked.is_none() => asked = Some(parser.value()?.string()?),
            Short('h') | Long("help") => return Ok(Asked::Words(USAGE.to_owned())),
            Short('V') | Long("version") => {
                return Ok(Asked::Words(format!("bgjobs {}", env!("CARGO_PKG_VERSION"))));
            }
            Value(path) if asked.is_none() && !as_json => {
                let arguments = parser.raw_args()?.map(ValueExt::string).collect::<Result<_, _>>()?;
                return Ok(Asked::Task(Task::File { path: path.string()?, arguments }));
            }
            _ => return Err(argument.unexpected()),
        }
    }
    match asked {
        Some(text) if as_json => Ok(Asked::Task(Task::Json(text))),
        Some(text) => Ok(Asked::Task(Task::Text(text))),
        None if as_json => Err("--json shows the value of a text, as in `bgjobs --json -c '[1, 2]'`".into()),
        None => Ok(Asked::Task(Task::Prompt)),
    }
}
