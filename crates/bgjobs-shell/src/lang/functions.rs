//! The prompt's functions in Rust that take their time: all of them hear a stop.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use rhai::{Dynamic, EvalAltResult, Module, NativeCallContext, Position, export_module, exported_module};

use super::evaluation::{Evaluation, Result};

/// How much of a file is read before the next look whether to stop.
const CHUNK: usize = 1 << 20;

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(prompt)
}

#[export_module]
mod prompt {
    use rhai::{Array, NativeCallContext};

    use super::{
        CHUNK, Dynamic, Evaluation, File, Path, Read, Result, entries, error, failed, fs, go_on, stopped, text_of, time,
    };

    /// Sleeps for so many seconds.
    #[rhai_fn(name = "sleep", return_raw)]
    pub(super) fn sleep_whole(context: NativeCallContext<'_>, seconds: i64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "so many seconds that it matters are centuries")]
        sleep(context, seconds as f64)
    }

    /// Sleeps for so many seconds.
    #[rhai_fn(return_raw)]
    pub(super) fn sleep(context: NativeCallContext<'_>, seconds: f64) -> Result<()> {
        let time = time("sleep", seconds)?;
        Ok(Evaluation::of(&context).context.sleep(time).map_err(|_| stopped())?)
    }

    /// The text of a file; bytes that are no text become U+FFFD.
    #[rhai_fn(return_raw)]
    pub(super) fn read_file(context: NativeCallContext<'_>, path: Dynamic) -> Result<String> {
        let path = &text_of("read_file", &path)?;
        let told = |cause| failed("read", path, &cause);
        // Opening or reading what is no regular file may wait for ever.
        if !fs::metadata(path).map_err(told)?.is_file() {
            return Err(error(format!("can't read `{path}`: it is no regular file")).into());
        }
        let mut file = File::open(path).map_err(told)?;
        let mut bytes = Vec::new();
        loop {
            go_on(&context)?;
            bytes.try_reserve(CHUNK).map_err(|cause| told(cause.into()))?;
            if file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes).map_err(told)? == 0 {
                break;
            }
        }
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The size of a file in bytes.
    #[rhai_fn(return_raw)]
    pub(super) fn file_size(path: Dynamic) -> Result<i64> {
        let path = &text_of("file_size", &path)?;
        let size = fs::metadata(path).map_err(|cause| failed("look at", path, &cause))?.len();
        Ok(i64::try_from(size).unwrap_or(i64::MAX))
    }

    /// The names in a directory, in order.
    #[rhai_fn(return_raw)]
    pub(super) fn list_dir(context: NativeCallContext<'_>, path: Dynamic) -> Result<Array> {
        let paths = entries(&context, Path::new(&text_of("list_dir", &path)?))?;
        let names = paths.iter().filter_map(|path| path.file_name());
        Ok(names.map(|name| name.to_string_lossy().into_owned().into()).collect())
    }

    /// The paths of all files in a directory and in those below it, in order; links are not followed.
    #[rhai_fn(return_raw)]
    pub(super) fn walk(context: NativeCallContext<'_>, path: Dynamic) -> Result<Array> {
        let mut files = Array::new();
        // What comes next stands last.
        let mut left = entries(&context, Path::new(&text_of("walk", &path)?))?;
        left.reverse();
        while let Some(path) = left.pop() {
            go_on(&context)?;
            // What went away meanwhile is left out.
            let Ok(kind) = path.symlink_metadata() else { continue };
            if kind.is_dir() {
                let below = entries(&context, &path)?;
                left.extend(below.into_iter().rev());
            } else if kind.is_file() {
                files.push(path.to_string_lossy().into_owned().into());
            }
        }
        Ok(files)
    }
}

/// An error with a text for people.
pub(super) fn error(text: impl Into<String>) -> EvalAltResult {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE)
}

/// Goes on, unless the job has been asked to stop.
pub(super) fn go_on(context: &NativeCallContext<'_>) -> Result<()> {
    Ok(Evaluation::of(context).context.check().map_err(|_| stopped())?)
}

/// The end of an evaluation that was asked to stop, which no `catch` can hold up.
pub(super) fn stopped() -> EvalAltResult {
    EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE)
}

/// A time in seconds, of the function `name`.
pub(super) fn time(name: &str, seconds: f64) -> Result<Duration> {
    let time = Duration::try_from_secs_f64(seconds);
    Ok(time.map_err(|_| error(format!("{name}({seconds}): the time is in seconds, 0 or more, as 0.5 is")))?)
}

/// A text, or the type of what is none; a single character in single quotes is not a string in Rhai, and one here.
pub(super) fn text(value: &Dynamic) -> Result<String, &'static str> {
    value.as_char().map(String::from).or_else(|_| value.clone().into_string())
}

/// The path that was given to the function `name`.
fn text_of(name: &str, path: &Dynamic) -> Result<String> {
    Ok(text(path).map_err(|kind| error(format!("{name}({path}): a path is a string, not of the type {kind}")))?)
}

/// The paths in a directory, in order.
fn entries(context: &NativeCallContext<'_>, path: &Path) -> Result<Vec<PathBuf>> {
    let told = |cause| failed("list", &path.to_string_lossy(), &cause);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(told)? {
        go_on(context)?;
        entries.push(entry.map_err(told)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn failed(what: &str, path: &str, cause: &io::Error) -> EvalAltResult {
    error(format!("can't {what} `{path}`: {cause}"))
}
