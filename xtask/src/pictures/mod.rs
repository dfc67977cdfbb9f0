//! Pictures of terminals for the README, drawn from the real programs.
//!
//! [`scene`] has the lines to type, [`terminal`] types them, [`svg`] draws the [`screen`], and [`comparison`] tells
//! whether a committed picture is still true. This file does not know any of that; it chooses what the system can do.

#[cfg(unix)]
mod comparison;
#[cfg(unix)]
mod drawing;
mod picture;
#[cfg(unix)]
mod scene;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod svg;
#[cfg(unix)]
mod terminal;

#[cfg(unix)]
pub(crate) use self::drawing::run;
pub(crate) use self::picture::{Picture, Purpose};

#[cfg(not(unix))]
pub(crate) fn run(picture: Picture, _: &std::path::Path, _: Purpose) -> Result<(), crate::step::Failed> {
    Err(crate::step::Failed::without_step(picture.name(), "pictures need a pseudo-terminal, which only Unix has"))
}
