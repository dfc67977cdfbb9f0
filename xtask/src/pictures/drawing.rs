//! Draws a picture into its file, or compares the two.
//!
//! It knows where the files are; it does not know how keys, cells and SVG work.

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

/// Draws or checks a picture of a program, which is the shell or a Python with IPython.
pub(crate) fn run(picture: Picture, program: &Path, purpose: Purpose) -> Result<(), Failed> {
    let path = format!("docs/pictures/{}.svg", picture.name());
    let failed = |reason: String| Failed::without_step(&path, &reason);
    let file = workspace::root().join(&path);
    let new = draw(picture, program).map_err(failed)?;
    if purpose == Purpose::Draw {
        return fs::write(&file, new).map_err(|error| failed(format!("could not write it: {error}")));
    }
    let committed = fs::read_to_string(&file).map_err(|error| failed(format!("could not read it: {error}")))?;
    match comparison::difference(&committed, &new) {
        None => Ok(()),
        Some(difference) => Err(failed(format!(
            "the program's screen differs (-: picture, +: screen)\n{difference}\
             hint: `cargo xtask pictures` redraws all pictures; look at them before committing"
        ))),
    }
}

/// Plays a scene in a new folder and draws the last screen.
fn draw(picture: Picture, program: &Path) -> Result<String, String> {
    let scene = match picture {
        Picture::Shell => scene::SHELL,
        Picture::IPython => scene::IPYTHON,
    };
    let program = workspace::root().join(program);
    let program = std::path::absolute(&program).map_err(|error| format!("{}: {error}", program.display()))?;
    let home = Home::new(picture).map_err(|error| format!("could not create a folder: {error}"))?;
    let screen = scene.play(&mut Terminal::start(&program, scene.arguments, &home.0)?)?;
    Ok(svg::draw(&screen, terminal::COLUMNS, scene.caption))
}

/// A temporary home folder.
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
