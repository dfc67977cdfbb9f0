//! The `bgjobs` binary: reads the command line, and starts the shell that it asks for.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use bgjobs_shell::{
    Session,
    batch::{self, News},
    editor,
    lang::STACK_SIZE,
    rhai::{Array, Dynamic},
    signals::{self, Idle, stop_all},
};

const USAGE: &str = "\
Usage: bgjobs [FILE [ARGUMENT]... | -c TEXT]

A prompt whose every line can run in the background. Without arguments it reads lines
from the terminal, or from a pipe as if they were typed. `help` at the prompt says more.

  FILE         evaluates a file; `args` holds the arguments
  -c TEXT      evaluates a text and shows its value
  --help       shows this
  --version    shows the version";

/// What the command line asks for.
enum Task {
    Prompt,
    File { path: String, arguments: Vec<String> },
    Text(String),
    Show(String),
}

fn main() -> ExitCode {
    // Values can be nested so deep that only the stack of an evaluation can show or drop them.
    let shell = std::thread::Builder::new().stack_size(STACK_SIZE).spawn(run);
    match shell.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => complain(&format!("no thread could be had for the shell: {error}")),
    }
}

fn run() -> ExitCode {
    let task = match task(lexopt::Parser::from_env()) {
        Ok(Task::Show(text)) => {
            let _ = writeln!(io::stdout(), "{text}");
            return ExitCode::SUCCESS;
        }
        Ok(task) => task,
        Err(error) => return complain(&format!("{error}\n\n{USAGE}")),
    };
    let mut session = Session::new(Arc::new(batch::write));
    let arguments = match &task {
        Task::File { arguments, .. } => arguments.iter().cloned().map(Dynamic::from).collect(),
        _ => Array::new(),
    };
    session.set("args", arguments);
    let at_terminal = matches!(task, Task::Prompt) && io::stdin().is_terminal();
    let news = if matches!(task, Task::Prompt) { News::All } else { News::Deaths };
    let idle = if at_terminal { Idle::Stay } else { Idle::Leave };
    let interrupted = match signals::listen(session.stopper(), session.jobs().clone(), idle) {
        Ok(interrupted) => interrupted,
        Err(error) => return complain(&format!("Ctrl-C can't be heard: {error}")),
    };
    let good = match task {
        Task::Prompt if at_terminal => {
            let ended = match editor::run(&mut session) {
                Ok(ended) => ended,
                Err(error) => return complain(&format!("the terminal can't be used: {error}")),
            };
            leave(session, ended, 0)
        }
        Task::Prompt => match batch::lines(&mut session, io::stdin().lock(), &interrupted) {
            Ok(good) => good,
            Err(error) => return complain(&format!("can't read the lines: {error}")),
        },
        Task::File { path, .. } => match std::fs::read_to_string(&path) {
            Ok(text) => batch::file(&mut session, &path, &text),
            Err(error) => return complain(&format!("can't read `{path}`: {error}")),
        },
        Task::Text(text) => batch::expression(&mut session, &text),
        Task::Show(_) => true,
    };
    let good = batch::finish(&mut session, news, &interrupted) && good;
    if interrupted.is_set() {
        let ended = stop_all(session.jobs(), "interrupted");
        leave(session, ended, 130);
    }
    ExitCode::from(u8::from(!good))
}

/// Leaves without waiting for a job that does not stop.
fn leave(session: Session, ended: bool, code: i32) -> ! {
    if ended {
        drop(session);
    }
    std::process::exit(code)
}

fn task(mut parser: lexopt::Parser) -> Result<Task, lexopt::Error> {
    use lexopt::prelude::*;
    let Some(argument) = parser.next()? else { return Ok(Task::Prompt) };
    match argument {
        Short('c') => Ok(Task::Text(parser.value()?.string()?)),
        Short('h') | Long("help") => Ok(Task::Show(USAGE.to_owned())),
        Short('V') | Long("version") => Ok(Task::Show(format!("bgjobs {}", env!("CARGO_PKG_VERSION")))),
        Value(path) => {
            let arguments = parser.raw_args()?.map(ValueExt::string).collect::<Result<_, _>>()?;
            Ok(Task::File { path: path.string()?, arguments })
        }
        _ => Err(argument.unexpected()),
    }
}

fn complain(text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "bgjobs: {text}");
    ExitCode::from(2)
}
