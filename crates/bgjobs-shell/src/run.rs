//! The whole shell, as the binary runs it: from what it is asked for to the code that it exits with.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
    thread,
};

use rhai::{Array, Dynamic, Module};

use crate::{
    batch::{self, BYTE_ORDER_MARK, News},
    editor,
    lang::STACK_SIZE,
    session::Session,
    signals::{self, Idle, Interrupted, stop_all},
};

/// What a shell is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A prompt on the terminal; without a terminal, lines as if they were typed.
    Prompt,
    /// To evaluate a file.
    File {
        /// Where it is.
        path: String,
        /// What the file finds in `args`.
        arguments: Vec<String>,
    },
    /// To evaluate a text and show its value.
    Text(String),
    /// To evaluate a text and show its value as JSON; a job as all that is known of it.
    Json(String),
}

/// Runs a shell whose lines may call the functions of `modules` too, and says what to exit with.
///
/// That is 0 if all went well, 1 if a line failed or a job died unread, 2 if the shell could not do what it was asked for.
/// Commands have a supervisor if the program has called [`bgjobs::supervise`] before.
/// It leaves the process itself when it is interrupted, and when jobs that do not stop would keep it.
///
/// ```no_run
/// use bgjobs_shell::{
///     Task,
///     rhai::{FuncRegistration, Module},
/// };
///
/// fn main() -> std::process::ExitCode {
///     bgjobs::supervise();
///     let mut own = Module::new();
///     FuncRegistration::new("mean").set_into_module(&mut own, |a: f64, b: f64| (a + b) / 2.0);
///     bgjobs_shell::run(Task::Prompt, [own])
/// }
/// ```
#[must_use]
pub fn run(task: Task, modules: impl IntoIterator<Item = Module>) -> ExitCode {
    let modules: Vec<_> = modules.into_iter().collect();
    // Values can be nested so deep that only the stack of an evaluation can show or drop them.
    let shell = thread::Builder::new().stack_size(STACK_SIZE).spawn(move || on_large_stack(task, modules));
    match shell.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(code))) => code,
        Ok(Ok(Err(refusal))) => complain(&refusal),
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => complain(&format!("no thread could be had for the shell: {error}")),
    }
}

fn on_large_stack(task: Task, modules: Vec<Module>) -> Result<ExitCode, String> {
    let mut session = Session::with_functions(Arc::new(batch::write), modules);
    let arguments = match &task {
        Task::File { arguments, .. } => arguments.iter().cloned().map(Dynamic::from).collect(),
        Task::Prompt | Task::Text(_) | Task::Json(_) => Array::new(),
    };
    session.set("args", arguments);
    let at_terminal = task == Task::Prompt && io::stdin().is_terminal();
    let news = if task == Task::Prompt { News::All } else { News::Deaths };
    let idle = if at_terminal { Idle::Stay } else { Idle::Leave };
    let interrupted = signals::listen(session.stopper(), session.jobs().clone(), idle)
        .map_err(|error| format!("Ctrl-C can't be heard: {error}"))?;
    if at_terminal {
        let ended = editor::run(&mut session).map_err(|error| format!("the terminal can't be used: {error}"))?;
        leave(session, ended, 0);
    }
    let good = evaluate(task, &mut session, &interrupted)?;
    let good = batch::finish(&mut session, news, &interrupted) && good;
    if interrupted.is_set() {
        let ended = stop_all(session.jobs(), "interrupted");
        leave(session, ended, 130);
    }
    Ok(ExitCode::from(u8::from(!good)))
}

/// Evaluates what there is to evaluate without a terminal; true if nothing failed.
fn evaluate(task: Task, session: &mut Session, interrupted: &Interrupted) -> Result<bool, String> {
    match task {
        Task::Prompt => batch::lines(session, io::stdin().lock(), interrupted)
            .map_err(|error| format!("can't read the lines: {error}")),
        Task::File { path, .. } => {
            let text = fs::read_to_string(&path).map_err(|error| format!("can't read `{path}`: {error}"))?;
            // A first line for the system, as `#!/usr/bin/env bgjobs`, is a comment here.
            let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
            let text = if text.starts_with("#!") { format!("//{text}") } else { text.to_owned() };
            Ok(batch::file(session, &path, &text))
        }
        Task::Text(text) => Ok(batch::expression(session, &text)),
        Task::Json(text) => Ok(batch::json(session, &text)),
    }
}

/// Leaves without waiting for a job that does not stop.
fn leave(session: Session, ended: bool, code: i32) -> ! {
    if ended {
        drop(session);
    }
    std::process::exit(code)
}

fn complain(text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "bgjobs: {text}");
    ExitCode::from(2)
}
