//! Commands as jobs: `jobs.sh("make -j2")`, and how they ended.

use bgjobs::{AnyJob, Command, CommandError, Outcome, State, TerminalSize};
use rhai::{Dynamic, Map, export_module};

use super::options::{choices, map_of, seconds};
#[cfg(target_os = "linux")]
use crate::lang::eval::keep::{self, Keeping};
use crate::{
    environment::Environment,
    lang::{
        error::{Result, error},
        eval::{evaluation::Evaluation, start},
        functions::{argument::string, command::number},
        jobs::{Jobs, OriginCode, StartOptions},
        values::type_name::{display_name, text},
    },
    option_help::OptionHelp,
};

/// The options of commands, in addition to those of any job.
pub(super) const CHOICES: &[OptionHelp] = &[
    OptionHelp { typed: "input: \"text\"", what: "its standard input" },
    OptionHelp { typed: "dir: \"path\"", what: "the folder it runs in" },
    OptionHelp { typed: "env: #{LANG: \"C\"}", what: "environment variables, in addition to the shell's" },
    OptionHelp {
        typed: "terminal: true",
        what: "runs it on a terminal of its own; #{rows: 24, columns: 80} sets the size",
    },
    OptionHelp { typed: "grace: 5", what: "seconds between a stop and a kill" },
];

/// The size of a terminal, in a map.
#[cfg(feature = "terminal")]
pub(super) const SIZE: &[OptionHelp] = &[
    OptionHelp { typed: "rows: 24", what: "how many rows the terminal has" },
    OptionHelp { typed: "columns: 80", what: "how many columns the terminal has" },
];

#[export_module]
pub(super) mod of_commands {
    use rhai::NativeCallContext;

    use super::{AnyJob, Dynamic, Evaluation, Jobs, Map, OriginCode, Result, exit_status_of, start};

    /// Starts a command of the system's shell as a job, whose log receives its output.
    #[rhai_fn(pure, volatile, return_raw)]
    pub(super) fn sh(context: NativeCallContext<'_>, jobs: &mut Jobs, command: Dynamic) -> Result<AnyJob> {
        start(&Evaluation::of(&context), jobs, &command, &Map::new().into())
    }

    /// Starts a command of the system's shell as a job, with the options of `jobs.start`, and `input: "text"`,
    /// `dir: "path"`, `env: #{NAME: "value"}`, `terminal: true` or `#{rows: 24, columns: 80}`, `grace: seconds`.
    #[rhai_fn(name = "sh", pure, volatile, return_raw)]
    pub(super) fn sh_with(
        context: NativeCallContext<'_>,
        jobs: &mut Jobs,
        command: Dynamic,
        options: Dynamic,
    ) -> Result<AnyJob> {
        start(&Evaluation::of(&context), jobs, &command, &options)
    }

    /// The shell line that the job runs, or `()` if it is not a command.
    #[rhai_fn(get = "command", pure)]
    pub(super) fn command(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        match Evaluation::of(&context).jobs.origin(job).as_ref().map(|origin| &origin.code) {
            Some(OriginCode::Command { line, .. }) => line.to_string().into(),
            _ => Dynamic::UNIT,
        }
    }

    /// The exit status of a command, negative for the signal that ended it; `()` before its end, and for other jobs.
    #[rhai_fn(get = "exit_status", pure)]
    pub(super) fn exit_status(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        let evaluation = Evaluation::of(&context);
        evaluation.jobs.note_read(job);
        exit_status_of(&evaluation.jobs, job).map_or(Dynamic::UNIT, Dynamic::from)
    }
}

fn start(evaluation: &Evaluation, jobs: &Jobs, command: &Dynamic, options: &Dynamic) -> Result<AnyJob> {
    let mut environment = evaluation.environment();
    let line = string("jobs.sh", "a command", command)?;
    if line.trim().is_empty() {
        return Err(error("jobs.sh(..) needs a command, as in jobs.sh(\"make\")").into());
    }
    let (command, choices) = with_options(environment.shell_line(&line), options, &mut environment)?;
    #[cfg(target_os = "linux")]
    if choices.keep {
        refuse_for_kept(options)?;
        let keeping = Keeping::command(&line, &environment);
        return keep::start_in(evaluation, Ok(keeping), environment, choices);
    }
    let job = start::command(jobs, command, &line, environment, choices);
    Ok(job.map_err(|cause| error(format!("{cause:#}")))?)
}

/// Refuses what a kept command can't have.
#[cfg(target_os = "linux")]
fn refuse_for_kept(options: &Dynamic) -> Result<()> {
    let own = options.read_lock::<Map>();
    let Some(option) = ["input", "terminal", "grace"]
        .into_iter()
        .find(|option| own.as_ref().is_some_and(|own| own.contains_key(*option)))
    else {
        return Ok(());
    };
    let has = "it has an empty input, no terminal, and a second to end";
    Err(error(format!("a kept command takes no `{option}`: {has}")).into())
}

fn exit_status_of(jobs: &Jobs, job: &AnyJob) -> Option<i64> {
    if !matches!(jobs.origin(job)?.code, OriginCode::Command { .. } | OriginCode::Kept(_)) {
        return None;
    }
    if job.state() == State::Finished(Outcome::Done) {
        return Some(0);
    }
    let failure = job.failure()?;
    match failure.error()?.downcast_ref()? {
        CommandError::Ended(status) => Some(number(*status)),
        _ => None,
    }
}

/// The command with its own options, and the options that any job can have; where it runs is set in `environment`.
fn with_options(
    mut command: Command,
    options: &Dynamic,
    environment: &mut Environment,
) -> Result<(Command, StartOptions)> {
    let options = map_of(options, "jobs.sh(..)", "jobs.sh(\"make\", #{dir: \"src\"})")?;
    let (mut of_jobs, mut folder) = (Map::new(), None);
    for (option, value) in &*options {
        let string = |what: &str| {
            let wrong = |kind| error(format!("{what} must be a string, not of type {kind}"));
            text(value).map_err(wrong)
        };
        command = match option.as_str() {
            "input" => command.input(string("the option `input`")?),
            "dir" => {
                folder = Some(string("the option `dir`")?);
                command
            }
            "env" => {
                set_variables(environment, value)?;
                command
            }
            "terminal" => match terminal(value)? {
                Some(size) => command.terminal(size),
                None => command,
            },
            "grace" => command.grace(seconds(option, value)?),
            _ => {
                of_jobs.insert(option.clone(), value.clone());
                command
            }
        };
    }
    // Its other paths begin in the folder of its starter.
    let choices = choices(&of_jobs.into(), CHOICES, environment)?;
    if let Some(folder) = folder {
        environment.set_folder(&folder);
    }
    Ok((command, choices))
}

fn set_variables(environment: &mut Environment, value: &Dynamic) -> Result<()> {
    let Some(variables) = value.read_lock::<Map>() else {
        let kind = display_name(value.type_name());
        return Err(
            error(format!("the option `env` must be a map, such as #{{LANG: \"C\"}}, not of type {kind}")).into()
        );
    };
    for (name, value) in &*variables {
        let wrong = |kind| error(format!("the variable `{name}` in `env` must be a string, not of type {kind}"));
        environment.set_variable(name, Some(text(value).map_err(wrong)?)).map_err(error)?;
    }
    Ok(())
}

/// The size of the terminal; none for no terminal.
fn terminal(value: &Dynamic) -> Result<Option<TerminalSize>> {
    if let Ok(wanted) = value.as_bool() {
        return Ok(wanted.then(TerminalSize::default));
    }
    let wrong = || error("the option `terminal` must be true, or a size as in #{rows: 24, columns: 80}");
    let size = value.read_lock::<Map>().ok_or_else(wrong)?;
    let length = |name: &str, default: u16| {
        let Some(value) = size.get(name) else { return Ok(default) };
        value.as_int().ok().and_then(|length| u16::try_from(length).ok()).filter(|&length| length > 0).ok_or_else(wrong)
    };
    let TerminalSize { rows, columns } = TerminalSize::default();
    Ok(Some(TerminalSize { rows: length("rows", rows)?, columns: length("columns", columns)? }))
}
