//! Files and directories.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use bgjobs::{Stream, one_line};
use rhai::{Dynamic, EvalAltResult, NativeCallContext, export_module};

use super::argument::string;
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
        CHUNK, Dynamic, Evaluation, File, GivenPath, LeftOut, OpenOptions, Read, Result, entries, failed, fs, go_on,
        only_regular, write,
    };

    /// The text of a file; invalid bytes become U+FFFD.
    #[rhai_fn(return_raw)]
    pub(super) fn read_file(context: NativeCallContext<'_>, path: Dynamic) -> Result<String> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let GivenPath { typed, path } = &GivenPath::new(&evaluation, "read_file", &path)?;
        let wrong = |cause| failed("read", typed, &cause);
        only_regular("read", typed, &fs::metadata(path).map_err(wrong)?)?;
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
    pub(super) fn file_size(context: NativeCallContext<'_>, path: Dynamic) -> Result<i64> {
        let GivenPath { typed, path } = &GivenPath::new(&Evaluation::of(&context), "file_size", &path)?;
        let size = fs::metadata(path).map_err(|cause| failed("look at", typed, &cause))?.len();
        Ok(i64::try_from(size).unwrap_or(i64::MAX))
    }

    /// The names in a directory, sorted.
    #[rhai_fn(return_raw)]
    pub(super) fn list_dir(context: NativeCallContext<'_>, path: Dynamic) -> Result<Array> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let GivenPath { typed, path } = &GivenPath::new(&evaluation, "list_dir", &path)?;
        let names = entries(&context, path)?.map_err(|cause| failed("list", typed, &cause))?;
        Ok(names.iter().map(|name| name.to_string_lossy().into_owned().into()).collect())
    }

    /// The paths of all files in a directory and below it, sorted; links are not followed. Of directories below it that
    /// can't be listed, the output names the first.
    #[rhai_fn(return_raw)]
    pub(super) fn walk(context: NativeCallContext<'_>, path: Dynamic) -> Result<Array> {
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        let GivenPath { typed, path } = GivenPath::new(&evaluation, "walk", &path)?;
        let (mut files, mut left_out) = (Array::new(), LeftOut::default());
        let first = entries(&context, &path)?.map_err(|cause| failed("list", &typed, &cause))?;
        let typed = std::path::PathBuf::from(typed);
        // The next one is last.
        let mut left: Vec<_> = first.iter().rev().map(|name| typed.join(name)).collect();
        while let Some(path) = left.pop() {
            go_on(&context)?;
            let there = evaluation.resolve(&path);
            // What has disappeared meanwhile is left out.
            let Ok(kind) = there.symlink_metadata() else { continue };
            if kind.is_dir() {
                match entries(&context, &there)? {
                    Ok(below) => left.extend(below.iter().rev().map(|name| path.join(name))),
                    Err(cause) => left_out.add(&path, &cause),
                }
            } else if kind.is_file() {
                files.push(path.to_string_lossy().into_owned().into());
            }
        }
        left_out.tell(&evaluation);
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
    pub(super) fn exists(context: NativeCallContext<'_>, path: Dynamic) -> Result<bool> {
        Ok(GivenPath::new(&Evaluation::of(&context), "exists", &path)?.path.exists())
    }
}

fn write(context: &NativeCallContext<'_>, path: &Dynamic, written: &Dynamic, options: &OpenOptions) -> Result<()> {
    let evaluation = Evaluation::of(context);
    let _inside = evaluation.call_stack.enter_native(context);
    let GivenPath { typed, path } = &GivenPath::new(&evaluation, context.fn_name(), path)?;
    let wrong = |cause| failed("write", typed, &cause);
    let written = text(written).map_err(|kind| {
        error(format!(
            "can't write `{typed}`: only text can be written, not a value of type {kind}; to_json(..) makes text"
        ))
    })?;
    if let Ok(metadata) = fs::metadata(path) {
        only_regular("write", typed, &metadata)?;
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

/// A path that was passed to a function.
struct GivenPath {
    typed: String,
    /// Where it leads from the evaluation's folder.
    path: PathBuf,
}

impl GivenPath {
    /// The path that was passed to the function `name`.
    fn new(evaluation: &Evaluation, name: &str, path: &Dynamic) -> Result<Self> {
        let typed = string(name, "a path", path)?;
        // An empty path leads nowhere, as for the system.
        let path = if typed.is_empty() { PathBuf::new() } else { evaluation.resolve(&typed) };
        Ok(Self { typed, path })
    }
}

/// The directories that a walk could not list.
#[derive(Default)]
struct LeftOut {
    first: Option<String>,
    more: usize,
}

impl LeftOut {
    fn add(&mut self, path: &Path, cause: &io::Error) {
        match self.first {
            // It has disappeared meanwhile.
            _ if cause.kind() == io::ErrorKind::NotFound => {}
            None => self.first = Some(format!("can't list `{}`: {cause}", one_line(&path.to_string_lossy()))),
            Some(_) => self.more += 1,
        }
    }

    fn tell(self, evaluation: &Evaluation) {
        let Some(first) = self.first else { return };
        let more = match self.more {
            0 => String::new(),
            1 => ", nor 1 other directory".to_owned(),
            more => format!(", nor {more} other directories"),
        };
        evaluation.tell(Stream::Err, &format!("walk(..) {first}{more}"));
    }
}

/// The names in a directory, sorted.
fn entries(context: &NativeCallContext<'_>, path: &Path) -> Result<io::Result<Vec<OsString>>> {
    let mut names = Vec::new();
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(cause) => return Ok(Err(cause)),
    };
    for entry in entries {
        go_on(context)?;
        match entry {
            Ok(entry) => names.push(entry.file_name()),
            Err(cause) => return Ok(Err(cause)),
        }
    }
    names.sort();
    Ok(Ok(names))
}

fn failed(what: &str, path: &str, cause: &io::Error) -> EvalAltResult {
    error(format!("can't {what} `{path}`: {cause}"))
}
