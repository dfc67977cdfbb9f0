//! A pseudo-terminal for a command.
//!
//! Knows nothing of jobs.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{ffi::OsStringExt, fs::OpenOptionsExt},
    },
};

use rustix::{
    fs::OFlags,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize},
};

/// The size of a pseudo-terminal, in characters.
///
/// ```
/// assert_eq!(bgjobs::TerminalSize::default(), bgjobs::TerminalSize { rows: 24, columns: 80 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Lines. Default: 24.
    pub rows: u16,
    /// Characters per line. Default: 80.
    pub columns: u16,
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self { rows: 24, columns: 80 }
    }
}

/// Opens a pseudo-terminal that a command only writes to; returns the end that reads its output, and its own end.
pub(crate) fn open(size: TerminalSize) -> io::Result<(OwnedFd, OwnedFd)> {
    let (near, far) = open_for_user(size)?;
    // Lines end as they do in a pipe, and input is not echoed as output.
    let mut modes = tcgetattr(&far)?;
    modes.output_modes.remove(OutputModes::ONLCR);
    modes.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&far, OptionalActions::Now, &modes)?;
    Ok((near, far))
}

/// Opens a pseudo-terminal that a user sees and types at.
pub(crate) fn open_for_user(size: TerminalSize) -> io::Result<(OwnedFd, OwnedFd)> {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | CLOSE_ON_EXEC)?;
    grantpt(&near)?;
    unlockpt(&near)?;
    let path = OsString::from_vec(ptsname(&near, Vec::new())?.into_bytes());
    // Without the flag it would become this process's terminal if it has none.
    let flags = OFlags::NOCTTY.bits().cast_signed();
    let far: OwnedFd = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?.into();
    resize(&near, size)?;
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        // Backspace then erases a character, and not its last byte.
        let mut modes = tcgetattr(&far)?;
        modes.input_modes.insert(rustix::termios::InputModes::IUTF8);
        tcsetattr(&far, OptionalActions::Now, &modes)?;
    }
    Ok((near, far))
}

/// Sets the size of a terminal.
pub(crate) fn resize(near: impl AsFd, size: TerminalSize) -> io::Result<()> {
    Ok(tcsetwinsize(near, Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 })?)
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "netbsd"))]
const CLOSE_ON_EXEC: OpenptFlags = OpenptFlags::CLOEXEC;

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "netbsd")))]
const CLOSE_ON_EXEC: OpenptFlags = OpenptFlags::empty();
