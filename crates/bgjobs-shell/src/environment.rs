//! The folder and the environment variables of a session or a job, at one moment.
//!
//! They never become the process's own, because jobs of other folders run in it at the same time. Knows nothing of
//! sessions, jobs and Rhai.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bgjobs::{Command, one_line};

/// The system's shell, where nobody wants another.
const SHELL: &str = "/bin/sh";

/// A folder and environment variables.
///
/// Cheap to clone; the clones are independent.
#[derive(Clone)]
pub(crate) struct Environment {
    folder: Arc<Path>,
    /// The variables that differ from the process's; none is not set.
    changed: Arc<BTreeMap<String, Option<String>>>,
}

/// That of the process.
impl Default for Environment {
    fn default() -> Self {
        // Where the folder is gone, paths count from wherever the process is.
        let folder = env::current_dir().unwrap_or_else(|_| ".".into());
        Self { folder: folder.into(), changed: Arc::default() }
    }
}

impl Environment {
    /// The folder in which paths begin.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a path leads from the folder.
    pub(crate) fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// Where a path leads that was typed as in other shells: `~` is the home folder.
    ///
    /// # Errors
    ///
    /// Nobody knows the home folder.
    pub(crate) fn resolve_typed(&self, path: &str) -> Result<PathBuf, String> {
        match path.strip_prefix('~').map(|rest| (rest, rest.strip_prefix('/'))) {
            Some(("", _)) => self.home(),
            Some((_, Some(below))) => Ok(self.home()?.join(below)),
            _ => Ok(self.resolve(path)),
        }
    }

    fn home(&self) -> Result<PathBuf, String> {
        let home = self.variable("HOME").filter(|home| !home.is_empty());
        let unknown = || "`~` has no meaning, because HOME is not set; set_env(\"HOME\", \"/path\") sets it".to_owned();
        home.map(PathBuf::from).ok_or_else(unknown)
    }

    /// Sets the folder, whether it exists or not.
    pub(crate) fn set_folder(&mut self, to: &str) {
        self.folder = self.resolve(to).into();
    }

    /// Changes the folder; `-` is the one before, `~` the home folder.
    ///
    /// # Errors
    ///
    /// Why the folder can't be used.
    pub(crate) fn change_folder(&mut self, to: &str) -> Result<(), String> {
        let folder = match to {
            "-" => self.variable("OLDPWD").map(PathBuf::from).ok_or("there is no folder before this one")?,
            _ => self.resolve_typed(to)?,
        };
        // The system refuses the dot below what is no folder, or can't be entered.
        let folder = folder
            .join(".")
            .canonicalize()
            .map_err(|cause| format!("can't change to the folder `{}`: {cause}", one_line(to)))?;
        let changed = Arc::make_mut(&mut self.changed);
        let text = |path: &Path| Some(path.to_string_lossy().into_owned());
        // As other shells have them.
        changed.insert("OLDPWD".to_owned(), text(&self.folder));
        changed.insert("PWD".to_owned(), text(&folder));
        self.folder = folder.into();
        Ok(())
    }

    /// The value of a variable; none if it is not set.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        match self.changed.get(name) {
            Some(value) => value.clone(),
            // Some systems end a program that asks for such a name.
            None if !is_name(name) => None,
            None => env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        }
    }

    /// The names of the variables that are set.
    #[cfg(feature = "terminal")]
    pub(crate) fn variables(&self) -> impl Iterator<Item = String> {
        let own = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let mut all: BTreeMap<_, _> = own.map(|name| (name, true)).collect();
        all.extend(self.changed().map(|(name, value)| (name.to_owned(), value.is_some())));
        all.into_iter().filter_map(|(name, is_set)| is_set.then_some(name))
    }

    /// Sets a variable, or with none removes it.
    ///
    /// # Errors
    ///
    /// The system has no such variables.
    pub(crate) fn set_variable(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        if !is_name(name) {
            let name = one_line(name);
            return Err(format!("`{name}` can't be the name of a variable: it must have no `=` and not be empty"));
        }
        if value.as_ref().is_some_and(|value| value.contains('\0')) {
            return Err(format!(
                "the value of `{}` contains the character 0, which the system ends it at",
                one_line(name)
            ));
        }
        Arc::make_mut(&mut self.changed).insert(name.to_owned(), value);
        Ok(())
    }

    /// The variables that differ from the process's; none is not set.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.changed.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Whether the system finds a program of that name, or at that path.
    pub(crate) fn has_program(&self, name: &str) -> bool {
        let is_file = |path: PathBuf| {
            fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
        };
        if name.contains('/') {
            return self.resolve_typed(name).is_ok_and(is_file);
        }
        let folders = self.variable("PATH").unwrap_or_default();
        folders.split(':').any(|folder| is_file(self.resolve(folder).join(name)))
    }

    /// The program for lines of the system's shell: that of the variable `BGJOBS_SHELL`, or `/bin/sh`.
    pub(crate) fn shell(&self) -> String {
        // Programs that a fuzzer invents must not run.
        let chosen = self.variable("BGJOBS_SHELL").filter(|shell| !shell.is_empty() && !cfg!(fuzzing));
        chosen.unwrap_or_else(|| SHELL.to_owned())
    }

    /// A line for that shell, to be run anywhere.
    pub(crate) fn shell_line(&self, line: &str) -> Command {
        match self.shell() {
            shell if shell == SHELL => Command::shell(line),
            shell => Command::new(shell).args(["-c", line]),
        }
    }

    /// A command that runs here.
    pub(crate) fn command(&self, command: Command) -> Command {
        self.changed().fold(command.dir(&*self.folder), |command, (name, value)| match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_changed_as_in_other_shells() {
        let base = env::temp_dir().join(format!("bgjobs-shell-environment-{}", std::process::id()));
        fs::create_dir_all(base.join("a/b")).expect("the directory for temporary files can be written");
        fs::write(base.join("file"), "").expect("the directory was just made");
        let base = base.canonicalize().expect("it was just made");
        let mut here = Environment::default();
        here.set_variable("HOME", base.to_str().map(Into::into)).expect("it is a variable");
        for (to, folder) in [("~", ""), ("a", "a"), ("b", "a/b"), ("..", "a"), ("-", "a/b"), ("~/a", "a")] {
            here.change_folder(to).expect(to);
            assert_eq!(here.folder(), base.join(folder).as_path(), "{to}");
        }
        assert_eq!(here.variable("PWD").as_deref(), base.join("a").to_str());
        here.change_folder("~").expect("it is there");
        for (to, cause) in [("missing", "No such file or directory"), ("file", "Not a directory")] {
            let error = here.change_folder(to).expect_err(to);
            assert!(error.starts_with(&format!("can't change to the folder `{to}`: {cause}")), "{error}");
            assert_eq!(here.folder(), base.as_path());
        }
        fs::remove_dir_all(&base).expect("it was just made");
    }

    #[test]
    fn variables_are_the_processes_until_they_are_changed() {
        let mut here = Environment::default();
        let before = here.clone();
        assert_eq!(here.variable("PATH"), env::var("PATH").ok());
        here.set_variable("PATH", None).expect("it is a variable");
        assert_eq!(here.variable("PATH"), None);
        assert_eq!(before.variable("PATH"), env::var("PATH").ok());
        for name in ["", "a=b", "a\0b"] {
            assert!(here.set_variable(name, None).is_err());
            assert_eq!(here.variable(name), None);
        }
        assert!(here.set_variable("A", Some("\0".into())).is_err());
    }
}
