//! The whole shell as the binary runs it, from its task to its exit code.

use bgjobs_cli::colours;
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
    thread,
};

use rhai::{Array, Dynamic, Module};

#[cfg(target_os = "linux")]
use crate::kept_body;
use crate::{
    batch::{self, End, Verbosity},
    editor,
    lang::{self, STACK_SIZE},
    session::Session,
    shell,
    signals::{self, Interrupted, OnInterrupt, stop_all},
    startup,
};

/// What a shell does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Shows a prompt on the terminal, after the user's startup file; without a terminal, reads lines as if they were
    /// typed.
    Prompt,
    /// Evaluates a file.
    File {
        /// The path of the file.
        path: String,
        /// What the file finds in `args`.
        arguments: Vec<String>,
    },
    /// Evaluates a text and shows its value.
    Text(String),
    /// Evaluates a text and shows its value as JSON, a job with everything known about it.
    Json(String),
}

/// Runs a shell whose lines can also call the functions of `modules`, and returns its exit code.
///
/// The code is 0 on success, that of `exit(3)` and of a command of the system's shell that failed, 1 if another line
/// failed, a job died unread or the output could not be written, 2 if the shell could not do its task.
/// Commands have a supervisor if the program has called [`bgjobs::supervise`] before. The process may open as many files
/// as the system lets it ([`bgjobs::raise_file_limit`]), for many commands at once.
/// The shell exits the process itself if it is interrupted, or if jobs that do not stop would block its end.
/// Whole numbers are `i64`, by the feature `only_i64` of Rhai: let functions take and return those.
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
    bgjobs::raise_file_limit();
    // Values can be nested so deeply that only a stack as large as an evaluation's can show or drop them.
    let shell = thread::Builder::new().stack_size(STACK_SIZE).spawn(move || on_large_stack(task, modules));
    // It finds them ready, or waits for them, when it evaluates its first line.
    lang::make_standard();
    match shell.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(code))) => code,
        Ok(Ok(Err(error))) => complain(&error),
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => complain(&format!("could not create a thread for the shell: {error}")),
    }
}

fn on_large_stack(task: Task, modules: Vec<Module>) -> Result<ExitCode, String> {
    #[cfg(target_os = "linux")]
    {
        let body =
            bgjobs::KeptBody::take(lang::LANGUAGE).map_err(|error| format!("can't take what was kept: {error}"))?;
        lang::run_bodies();
        if let Some(body) = body {
            return kept_body::run(&body, modules);
        }
    }
    let mut session = Session::with_functions(Arc::new(batch::print), modules);
    let arguments = match &task {
        Task::File { arguments, .. } => arguments.iter().cloned().map(Dynamic::from).collect(),
        Task::Prompt | Task::Text(_) | Task::Json(_) => Array::new(),
    };
    session.colours = colours::are_wanted();
    session.set("args", arguments);
    let at_terminal = task == Task::Prompt && io::stdin().is_terminal();
    let verbosity = if task == Task::Prompt { Verbosity::All } else { Verbosity::Failures };
    let on_interrupt = if at_terminal { OnInterrupt::Ignore } else { OnInterrupt::Exit };
    let interrupted = signals::listen(session.stopper(), session.jobs().clone(), on_interrupt)
        .map_err(|error| format!("can't listen for Ctrl-C: {error}"))?;
    if at_terminal {
        editor::note_size(&mut session);
        if let Some(status) = startup::run(&mut session, &interrupted) {
            let ended = stop_all(session.jobs());
            leave(session, ended, i32::from(status));
        }
        let (ended, status) = editor::run(&mut session).map_err(|error| format!("can't use the terminal: {error}"))?;
        leave(session, ended, i32::from(status));
    }
    if !matches!(task, Task::Json(_)) {
        session.echo_jobs();
    }
    let end = evaluate(task, &mut session, &interrupted)?;
    let good = batch::finish(&mut session, verbosity, &interrupted);
    if interrupted.is_set() {
        let ended = stop_all(session.jobs());
        leave(session, ended, batch::INTERRUPTED.into());
    }
    Ok(ExitCode::from(match end {
        End::Done(0) if !good => 1,
        End::Done(0) | End::Left(0) if batch::has_lost_output() => 1,
        End::Done(status) | End::Left(status) => status,
    }))
}

/// Does a task that needs no terminal.
fn evaluate(task: Task, session: &mut Session, interrupted: &Interrupted) -> Result<End, String> {
    match task {
        Task::Prompt => batch::lines(session, io::stdin().lock(), interrupted)
            .map_err(|error| format!("can't read the lines: {error}")),
        Task::File { path, .. } => {
            let text = batch::read(&path).map_err(|error| format!("can't read `{path}`: {error}"))?;
            Ok(batch::file(session, &path, &text, interrupted))
        }
        Task::Text(text) => Ok(batch::text(session, "-c", &text, interrupted)),
        Task::Json(text) => Ok(batch::end(&shell::answer_as_json(session, "-c", &text))),
    }
}

/// Leaves without waiting for jobs that do not stop.
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
