//! Pictures of a terminal for the README, drawn from the real programs.
//!
//! [`scene`] has what is typed, [`terminal`] types it, [`svg`] draws the [`screen`], and [`comparison`] tells whether a
//! committed picture still shows it.

#[cfg(unix)]
mod comparison;
#[cfg(unix)]
mod scene;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod svg;
#[cfg(unix)]
mod terminal;

#[cfg(unix)]
use std::{env, fs, io, path::PathBuf, process};
use std::{fmt, path::Path};

#[cfg(unix)]
use self::terminal::Terminal;
use crate::step::Failed;
#[cfg(unix)]
use crate::workspace;

/// A picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Picture {
    Shell,
    IPython,
}

impl Picture {
    /// Its name on the command line, and of its file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::IPython => "ipython",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Shell, Self::IPython].into_iter().find(|picture| picture.name() == name)
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shell => "the shell",
            Self::IPython => "IPython",
        })
    }
}

/// What is done with a new picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// The committed one is replaced.
    Draw,
    /// The committed one is compared with it.
    Check,
}

/// Draws a picture of a program: the shell, or a Python with IPython.
#[cfg(unix)]
pub(crate) fn run(picture: Picture, program: &Path, purpose: Purpose) -> Result<(), Failed> {
    let path = format!("docs/pictures/{}.svg", picture.name());
    let failed = |reason: String| Failed::without_step(&path, &reason);
    let file = workspace::root().join(&path);
    let new = draw(picture, program).map_err(failed)?;
    if purpose == Purpose::Draw {
        return fs::write(&file, new).map_err(|error| failed(format!("it can't be written: {error}")));
    }
    let committed = fs::read_to_string(&file).map_err(|error| failed(format!("it can't be read: {error}")))?;
    match comparison::difference(&committed, &new) {
        None => Ok(()),
        Some(difference) => Err(failed(format!(
            "it isn't what the screen shows; -: picture, +: screen\n{difference}\
             hint: `cargo xtask pictures` draws the pictures; look at them before you commit them"
        ))),
    }
}

#[cfg(not(unix))]
pub(crate) fn run(picture: Picture, _: &Path, _: Purpose) -> Result<(), Failed> {
    Err(Failed::without_step(picture.name(), "a picture needs a pseudo-terminal, which only Unix has"))
}

/// Plays a scene with a program, in a new folder, and draws its last screen.
#[cfg(unix)]
fn draw(picture: Picture, program: &Path) -> Result<String, String> {
    let scene = match picture {
        Picture::Shell => scene::SHELL,
        Picture::IPython => scene::IPYTHON,
    };
    let program = workspace::root().join(program);
    let program = std::path::absolute(&program).map_err(|error| format!("{}: {error}", program.display()))?;
    let home = Home::new(picture).map_err(|error| format!("a folder can't be made: {error}"))?;
    let screen = scene.play(&mut Terminal::start(&program, scene.arguments, &home.0)?)?;
    Ok(svg::draw(&screen, terminal::COLUMNS, scene.caption))
}

/// A folder for the files of a user, deleted in the end.
#[cfg(unix)]
struct Home(PathBuf);

#[cfg(unix)]
impl Home {
    fn new(picture: Picture) -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("xtask-picture-{}-{}", picture.name(), process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

#[cfg(unix)]
impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
