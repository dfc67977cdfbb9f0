//! The user's startup file: what it defines and sets holds when the prompt appears.
//!
//! Knows neither the language nor the terminal. Only a prompt on a terminal has it: what a pipe, a file or a text does
//! must not depend on who runs it.

use std::{io::ErrorKind, path::PathBuf};

use bgjobs::Stream;
use etcetera::BaseStrategy;

use crate::{
    batch::{self, End},
    session::Session,
    shell::{self, Reply},
    signals::Interrupted,
};

/// Evaluates the lines of the file, if there is one, until one fails or Ctrl-C is pressed; returns the exit status if it asks to leave.
pub(crate) fn run(session: &mut Session, interrupted: &Interrupted) -> Option<u8> {
    let path = path()?;
    let name = path.display().to_string();
    let text = match batch::read(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return None,
        Err(error) => {
            batch::write(Stream::Err, &format!("can't read the startup file `{name}`: {error}"));
            return None;
        }
    };
    let end = batch::by_line(session, &name, &text, interrupted, answer);
    // The first line at the prompt is the first that the user sees.
    session.count_anew();
    match end {
        End::Left(status) => Some(status),
        End::Done(_) => None,
    }
}

/// Answers a line, and shows only errors: nobody asked for a reply at each start.
fn answer(session: &mut Session, name: &str, line: &str) -> Reply {
    match shell::answer_in_file(session, name, line) {
        Reply::Shown(_) | Reply::Value(_) => Reply::Nothing,
        reply => reply,
    }
}

/// `$XDG_CONFIG_HOME/bgjobs/init.rhai`, or the default in the home folder; none if nobody knows that.
fn path() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("bgjobs/init.rhai"))
}
