//! The folder and the environment variables of the prompt, and of each job for itself.

use rhai::{Dynamic, export_module};

use super::argument::string;
use crate::lang::{
    error::{Result, error},
    eval::evaluation::Evaluation,
};

#[export_module]
pub(super) mod here {
    use rhai::NativeCallContext;

    use super::{Dynamic, Evaluation, Result, error, string};

    /// The folder in which paths begin and commands run.
    #[rhai_fn(volatile)]
    pub(super) fn pwd(context: NativeCallContext<'_>) -> String {
        Evaluation::of(&context).environment().folder().to_string_lossy().into_owned()
    }

    /// Changes the folder in which paths begin and commands run, of the prompt or of this job; jobs that run keep
    /// theirs. `~` is the home folder, `-` the folder before this one.
    #[rhai_fn(volatile, return_raw)]
    pub(super) fn cd(context: NativeCallContext<'_>, folder: Dynamic) -> Result<()> {
        let folder = string("cd", "a folder", &folder)?;
        Ok(Evaluation::of(&context).cells().names_mut().environment.change_folder(&folder).map_err(error)?)
    }

    /// The value of an environment variable, or `()` if it is not set.
    #[rhai_fn(volatile, return_raw)]
    pub(super) fn env(context: NativeCallContext<'_>, name: Dynamic) -> Result<Dynamic> {
        let name = string("env", "a name", &name)?;
        Ok(Evaluation::of(&context).environment().variable(&name).map_or(Dynamic::UNIT, Dynamic::from))
    }

    /// Sets an environment variable for the commands of the prompt or of this job, and for the jobs started after; `()`
    /// removes it.
    #[rhai_fn(volatile, return_raw)]
    pub(super) fn set_env(context: NativeCallContext<'_>, name: Dynamic, value: Dynamic) -> Result<()> {
        let name = string("set_env", "a name", &name)?;
        let value = if value.is_unit() { None } else { Some(string("set_env", "a value", &value)?) };
        Ok(Evaluation::of(&context).cells().names_mut().environment.set_variable(&name, value).map_err(error)?)
    }
}
