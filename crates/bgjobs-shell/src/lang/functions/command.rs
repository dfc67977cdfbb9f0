//! Other programs: `sh("command")`, and the environment.
//!
//! A command is a process group of its own without standard input, which is ended whole when the job is asked to stop.

use std::{
    io::{self, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use bgjobs::{Context, Job, JobManager};
use rhai::{Dynamic, Map, Module, export_module, exported_module};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::lang::{
    error::{Result, error, stopped},
    evaluation::Evaluation,
    kind::text,
};

/// How much a command may print on each of its outputs.
const MOST_OUTPUT: u64 = 64 << 20;

/// How long a command that was asked to end may take.
const GRACE: Duration = Duration::from_secs(1);

/// The threads that read what commands print; a job can wait for them and hear a stop.
static READERS: LazyLock<JobManager> = LazyLock::new(JobManager::new);

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(programs)
}

#[export_module]
mod programs {
    use rhai::NativeCallContext;

    use super::{Dynamic, Evaluation, Map, Result, error, run, text};

    /// Runs a command of the system's shell: a map with `status`, `out` and `err`.
    ///
    /// The status is negative for a command that a signal ended.
    #[rhai_fn(volatile, return_raw)]
    pub(super) fn sh(context: NativeCallContext<'_>, command: Dynamic) -> Result<Map> {
        let wrong = |kind| error(format!("sh({command}): a command is a string, not of the type {kind}"));
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.calls.enter_native(&context);
        run(&evaluation.context, &text(&command).map_err(wrong)?)
    }

    /// The value of a variable of the environment, or `()` if it is not set.
    #[rhai_fn(volatile, return_raw)]
    pub(super) fn env(name: Dynamic) -> Result<Dynamic> {
        let wrong = |kind| error(format!("env({name}): a name is a string, not of the type {kind}"));
        let value = std::env::var_os(text(&name).map_err(wrong)?);
        Ok(value.map_or(Dynamic::UNIT, |value| value.to_string_lossy().into_owned().into()))
    }
}

fn run(context: &Context, command: &str) -> Result<Map> {
    let told = |cause: io::Error| error(format!("can't run `{command}`: {cause}"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(told)?;
    let group = Group(Pid::from_child(&child));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    // What has ended keeps its number until `child.wait()`: until then the group's number is nobody else's.
    let readers = READERS
        .spawn("standard output", move || group.read(out).inspect(|_| group.wait_for_leader()))
        .and_then(|out| Ok((out, READERS.spawn("standard error", move || group.read(err))?)));
    let (out, err) = readers.map_err(|refusal| {
        group.end(&mut child, &[]);
        error(format!("can't run `{command}`: {refusal}"))
    })?;
    let ended = context.wait_for(&out, None).and_then(|()| context.wait_for(&err, None));
    if ended.is_err() {
        group.end(&mut child, &[&out, &err]);
        READERS.flush();
        return Err(stopped().into());
    }
    let status = child.wait().map_err(told)?;
    READERS.flush();
    let (out, err) = (output(&out), output(&err));
    let (Some(out), Some(err)) = (out, err) else {
        let most = MOST_OUTPUT >> 20;
        return Err(error(format!(
            "`{command}` printed more than {most} MB and was ended; send its output to a file with >"
        ))
        .into());
    };
    Ok([("status", number(status).into()), ("out", out.into()), ("err", err.into())]
        .map(|(name, value): (&str, Dynamic)| (name.into(), value))
        .into_iter()
        .collect())
}

/// The exit code, or the negative number of the signal.
fn number(status: ExitStatus) -> i64 {
    status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or_default().into()
}

/// What a reader has read; none if it was too much.
fn output(reader: &Job<Option<Vec<u8>>>) -> Option<String> {
    let bytes = reader.outcome()?.ok()?.as_ref()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The processes of a command.
#[derive(Clone, Copy)]
struct Group(Pid);

impl Group {
    /// All that comes out of a pipe; a command that prints too much is ended.
    fn read(self, pipe: Option<impl Read>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        // After an error what came before is all there is.
        let _ = pipe?.take(MOST_OUTPUT + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 <= MOST_OUTPUT {
            return Some(bytes);
        }
        self.signal(Signal::KILL);
        None
    }

    /// Waits until the first process has ended, and leaves its status to be had.
    fn wait_for_leader(self) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.0), options));
    }

    /// Ends it: asks first, and ends by force what has not ended after a while.
    fn end(self, child: &mut Child, readers: &[&Job<Option<Vec<u8>>>]) {
        for signal in [Signal::TERM, Signal::KILL] {
            self.signal(signal);
            let deadline = Instant::now() + GRACE;
            for reader in readers {
                // A process that has left the group may keep a pipe open: nobody waits for it longer.
                let _ = reader.wait_timeout(deadline.saturating_duration_since(Instant::now()));
            }
        }
        // After a signal that no process can refuse.
        let _ = child.wait();
    }

    fn signal(self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill_process_group(self.0, signal);
    }
}
