//! The `bgjobs` binary: reads the command line and starts the shell it asks for.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use bgjobs_shell::Task;

const USAGE: &str = "\
Usage: bgjobs [FILE [ARGUMENT]... | [--json] -c TEXT]
       bgjobs start | ps | wait | log | result | stop | rm | sweep | mcp

A prompt whose every line can run in the background. Without arguments it reads lines
from the terminal, after those of ~/.config/bgjobs/init.rhai, or from a pipe as if they
were typed. `help` at the prompt says more.

  FILE         evaluates a file, which takes what the prompt takes; `args` holds the arguments
  -c TEXT      evaluates a text as a line at the prompt, and shows its value
  --json       with -c, shows the value as JSON, a job with everything known about it
  --help       shows this
  --version    shows the version

On Linux, `bgjobs start -- make -j2` starts a command that goes on without this terminal,
and the other words look at such jobs or end them: `bgjobs wait --help` says more.
`bgjobs mcp` lets agents do so. A file of such a name is run as `bgjobs ./start`.";

fn main() -> ExitCode {
    bgjobs::supervise();
    #[cfg(target_os = "linux")]
    if let Some(code) = bgjobs_shell::kept(std::env::args_os().skip(1)) {
        return code;
    }
    match read(lexopt::Parser::from_env()) {
        Ok(Invocation::Run(task)) => bgjobs_shell::run(task, []),
        Ok(Invocation::Print(text)) => match writeln!(io::stdout(), "{text}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(io::stderr(), "bgjobs: can't write the output: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            let _ = writeln!(io::stderr(), "bgjobs: {error}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
enum Invocation {
    Run(Task),
    Print(String),
}

fn read(mut parser: lexopt::Parser) -> Result<Invocation, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut as_json, mut text) = (false, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => as_json = true,
            Short('c') if text.is_none() => text = Some(parser.value()?.string()?),
            Short('h') | Long("help") => return Ok(Invocation::Print(USAGE.to_owned())),
            Short('V') | Long("version") => {
                return Ok(Invocation::Print(format!("bgjobs {}", env!("CARGO_PKG_VERSION"))));
            }
            Value(path) if text.is_none() && !as_json => {
                let arguments = parser.raw_args()?.map(ValueExt::string).collect::<Result<_, _>>()?;
                return Ok(Invocation::Run(Task::File { path: path.string()?, arguments }));
            }
            _ => return Err(argument.unexpected()),
        }
    }
    match text {
        Some(text) if as_json => Ok(Invocation::Run(Task::Json(text))),
        Some(text) => Ok(Invocation::Run(Task::Text(text))),
        None if as_json => Err("--json shows the value of a text, as in `bgjobs --json -c '[1, 2]'`".into()),
        None => Ok(Invocation::Run(Task::Prompt)),
    }
}
