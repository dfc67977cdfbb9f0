//! A picture from its scene to its file, or to a comparison with its file.
//!
//! It knows where the pictures are; it knows nothing of keys, cells and SVG.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
};

use super::{
    comparison,
    picture::{Picture, Purpose},
    scene, svg,
    terminal::{self, Terminal},
};
use crate::{step::Failed, workspace};

/// Draws a picture of a program: the shell, or a Python with IPython.
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

/// Plays a scene with a program, in a new folder, and draws its last screen.
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
struct Home(PathBuf);

impl Home {
    fn new(picture: Picture) -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("xtask-picture-{}-{}", picture.name(), process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
