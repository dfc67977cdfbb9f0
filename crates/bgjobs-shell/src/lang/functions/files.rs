//! Files and directories.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use rhai::{Dynamic, EvalAltResult, NativeCallContext, export_module};

use crate::lang::{
    error::{Result, error},
    eval::evaluation::{Evaluation, go_on},
    values::type_name::text,
};

/// How much of a file is read or written between two checks for a stop.
const CHUNK: usize = 1 << 20;

#[export_module]
pub(super) mod files {
    use rhai::{Array, NativeCallContext};

    use super::{
        CHUNK, Dynamic, Evaluation, File, OpenOptions, Path, Read, Result, entries, failed, fs, go_on, only_regular,
        text_of, write,
    };

    /// The text of a file; invalid bytes become U+FFFD.
    #[rhai_fn(return_raw)]
    pub(super) fn read_file(context: NativeCallContext<'_>, path: Dynamic) -> Result<String> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let path = &text_of("read_file", &path)?;
        let wrong = |cause| failed("read", path, &cause);
        only_regular("read", path, &fs::metadata(path).map_err(wrong)?)?;
        let mut file = File::open(path).map_err(wrong)?;
        let mut bytes = Vec::new();
        loop {
            go_on(&context)?;
            bytes.try_reserve(CHUNK).map_err(|cause| wrong(cause.into()))?;
            if Read::by_ref(&mut file).take(CHUNK as u64).read_to_end(&mut bytes).map_err(wrong)? == 0 {
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

    /// The names in a directory, sorted.
    #[rhai_fn(return_raw)]
    pub(super) fn list_dir(context: NativeCallContext<'_>, path: Dynamic) -> Result<Array> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let paths = entries(&context, Path::new(&text_of("list_dir", &path)?))?;
        let names = paths.iter().filter_map(|path| path.file_name());
        Ok(names.map(|name| name.to_string_lossy().into_owned().into()).collect())
    }

    /// The paths of all files in a directory and below it, sorted; links are not followed.
    #[rhai_fn(return_raw)]
    pub(super) fn walk(context: NativeCallContext<'_>, path: Dynamic) -> Result<Array> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let mut files = Array::new();
        // The next one is last.
        let mut left = entries(&context, Path::new(&text_of("walk", &path)?))?;
        left.reverse();
        while let Some(path) = left.pop() {
            go_on(&context)?;
            // What has disappeared meanwhile is left out.
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

    /// Writes a text to a file, replacing what was in it.
    #[rhai_fn(return_raw)]
    pub(super) fn write_file(context: NativeCallContext<'_>, path: Dynamic, text: Dynamic) -> Result<()> {
        write(&context, &path, &text, OpenOptions::new().write(true).create(true).truncate(true))
    }

    /// Appends a text to a file, which is created if necessary.
    #[rhai_fn(return_raw)]
    pub(super) fn append_file(context: NativeCallContext<'_>, path: Dynamic, text: Dynamic) -> Result<()> {
        write(&context, &path, &text, OpenOptions::new().append(true).create(true))
    }

    /// Whether there is a file or a directory at that path.
    #[rhai_fn(return_raw)]
    pub(super) fn exists(path: Dynamic) -> Result<bool> {
        Ok(Path::new(&text_of("exists", &path)?).exists())
    }
}

fn write(context: &NativeCallContext<'_>, path: &Dynamic, written: &Dynamic, options: &OpenOptions) -> Result<()> {
    let evaluation = Evaluation::of(context);
    let _inside = evaluation.call_stack.enter_native(context);
    let path = &text_of(context.fn_name(), path)?;
    let wrong = |cause| failed("write", path, &cause);
    let written = text(written).map_err(|kind| {
        error(format!(
            "can't write `{path}`: only text can be written, not a value of type {kind}; to_json(..) makes text"
        ))
    })?;
    if let Ok(metadata) = fs::metadata(path) {
        only_regular("write", path, &metadata)?;
    }
    let mut file = options.open(path).map_err(wrong)?;
    for chunk in written.as_bytes().chunks(CHUNK) {
        go_on(context)?;
        file.write_all(chunk).map_err(wrong)?;
    }
    Ok(())
}

/// Opening anything but a regular file may block forever.
fn only_regular(what: &str, path: &str, metadata: &fs::Metadata) -> Result<()> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(error(format!("can't {what} `{path}`: it is not a regular file")).into())
    }
}

/// The path that was passed to the function `name`.
fn text_of(name: &str, path: &Dynamic) -> Result<String> {
    Ok(text(path).map_err(|kind| error(format!("{name}({path}): a path must be a string, not of type {kind}")))?)
}

/// The paths in a directory, sorted.
fn entries(context: &NativeCallContext<'_>, path: &Path) -> Result<Vec<PathBuf>> {
    let wrong = |cause| failed("list", &path.to_string_lossy(), &cause);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(wrong)? {
        go_on(context)?;
        entries.push(entry.map_err(wrong)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn failed(what: &str, path: &str, cause: &io::Error) -> EvalAltResult {
    error(format!("can't {what} `{path}`: {cause}"))
}
