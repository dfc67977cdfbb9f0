//! The folder of all kept jobs: who may use it, what its parts are called, and how numbers and keys are given.
//!
//! Knows nothing of single jobs.

use std::{
    env,
    fs::{self, File},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::kept::{
    error::KeptFolderError,
    id::KeptId,
    private::{self, present},
};

/// The format that this version reads and writes.
const FORMAT: &str = "1";

/// The longest key, in bytes: as a file's name it may take three times as many.
const LONGEST_KEY: usize = 80;

/// The folder of all kept jobs.
#[derive(Clone, Debug)]
pub(crate) struct Root(PathBuf);

impl Root {
    /// Where a user's kept jobs are: `bgjobs/kept` in `$XDG_STATE_HOME`, by default `~/.local/state`.
    pub(crate) fn of_user() -> Result<PathBuf, KeptFolderError> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        Ok(state.ok_or(KeptFolderError::NoHome)?.join("bgjobs/kept"))
    }

    /// Opens a folder, and makes it if there is none.
    pub(crate) fn open(path: PathBuf) -> Result<Self, KeptFolderError> {
        let refused = |cause| KeptFolderError::Refused { path: path.clone(), cause };
        make_all(&path).map_err(refused)?;
        let data = path.symlink_metadata().map_err(refused)?;
        if !data.is_dir() {
            return Err(KeptFolderError::NoFolder(path));
        }
        if data.uid() != rustix::process::geteuid().as_raw() {
            return Err(KeptFolderError::Foreign(path, data.uid()));
        }
        if data.mode() & 0o077 != 0 {
            return Err(KeptFolderError::Open(path, data.mode() & 0o7777));
        }
        let format = path.join("format");
        let known =
            private::read(&format).map(|text| text.map(|text| String::from_utf8_lossy(&text).trim_end().to_owned()));
        match known {
            Ok(Some(known)) if known == FORMAT => {}
            Ok(Some(known)) => return Err(KeptFolderError::Newer(path, known)),
            Ok(None) => {
                let make = || {
                    ["live", "keys"].into_iter().try_for_each(|part| make_all(&path.join(part)))?;
                    present(private::make_file(&path.join("next")), io::ErrorKind::AlreadyExists)?;
                    private::replace(&format, &format!("{FORMAT}\n"))
                };
                make().map_err(refused)?;
            }
            Err(cause) => return Err(KeptFolderError::Refused { path: format, cause }),
        }
        Ok(Self(path))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of a job.
    pub(crate) fn job(&self, id: KeptId) -> PathBuf {
        self.0.join(id.0.to_string())
    }

    /// The file that is there while a job may run.
    pub(crate) fn live(&self, id: KeptId) -> PathBuf {
        self.0.join("live").join(id.0.to_string())
    }

    /// The numbers of all jobs, from the oldest on.
    pub(crate) fn ids(&self) -> io::Result<Vec<KeptId>> {
        numbers(&self.0)
    }

    /// The numbers of the jobs that may run, from the oldest on.
    pub(crate) fn live_ids(&self) -> io::Result<Vec<KeptId>> {
        numbers(&self.0.join("live"))
    }

    /// Locks numbers and keys until the answer is dropped.
    pub(crate) fn lock(&self) -> io::Result<Numbering<'_>> {
        let path = self.0.join("next");
        let file = File::options().read(true).write(true).open(&path);
        // If somebody removes the file, numbers begin again after the last job.
        let file = match present(file, io::ErrorKind::NotFound)? {
            Some(file) => file,
            None => private::make_file(&path)?,
        };
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(Numbering { root: self, file })
    }
}

/// The right to give a number, and to change keys.
pub(crate) struct Numbering<'a> {
    root: &'a Root,
    file: File,
}

impl Numbering<'_> {
    /// Takes the next number.
    pub(crate) fn take(&mut self) -> io::Result<KeptId> {
        let mut text = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut text)?;
        let number = match String::from_utf8_lossy(&text).trim_end() {
            "" => Some(self.root.ids()?.last().map_or(1, |last| last.0.saturating_add(1))),
            digits => digits.parse::<u64>().ok(),
        };
        let Some((number, next)) = number.and_then(|number| Some((number, number.checked_add(1)?))) else {
            let path = self.root.0.join("next");
            return Err(private::invalid(&format!("{} holds no number: remove it", path.display())));
        };
        self.file.rewind()?;
        // Always as long, so that it needs no room on a full disk.
        self.file.write_all(format!("{next:020}\n").as_bytes())?;
        Ok(KeptId(number))
    }

    /// The job that a key stands for.
    pub(crate) fn job_of(&self, key: &Key) -> io::Result<Option<KeptId>> {
        let target = present(fs::read_link(key.path(self.root)), io::ErrorKind::NotFound)?;
        Ok(target.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()?.parse().ok()))
    }

    /// Lets a key stand for a job.
    pub(crate) fn bind(&self, key: &Key, id: KeptId) -> io::Result<()> {
        let path = key.path(self.root);
        present(fs::remove_file(&path), io::ErrorKind::NotFound)?;
        symlink(format!("../{}", id.0), path)
    }

    /// Frees a key if it stands for this job.
    pub(crate) fn free(&self, key: &Key, id: KeptId) -> io::Result<()> {
        if self.job_of(key)? == Some(id) { fs::remove_file(key.path(self.root)) } else { Ok(()) }
    }
}

/// A text that starts a job only once, as the name of a file.
pub(crate) struct Key(String);

impl Key {
    /// `None` if it is empty or too long.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let escape = |byte: u8| match char::from(byte) {
            plain @ ('a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_') => plain.to_string(),
            _ => format!("%{byte:02X}"),
        };
        (1..=LONGEST_KEY).contains(&text.len()).then(|| Self(text.bytes().map(escape).collect()))
    }

    fn path(&self, root: &Root) -> PathBuf {
        root.0.join("keys").join(&self.0)
    }
}

/// Makes a folder and those above it, unless they are there.
fn make_all(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        make_all(parent)?;
    }
    present(private::make_folder(path), io::ErrorKind::AlreadyExists).map(|_| ())
}

/// The files of a folder whose names are numbers, in order.
fn numbers(folder: &Path) -> io::Result<Vec<KeptId>> {
    let names = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let numbers = names.filter_map(|name| name.parse().ok().filter(|number: &u64| number.to_string() == name));
    let mut ids: Vec<_> = numbers.map(KeptId).collect();
    ids.sort_unstable();
    Ok(ids)
}
