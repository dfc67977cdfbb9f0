//! What a program writes to its standard output and standard error.
//!
//! Knows nothing of what that is.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use bgjobs::Stream;

/// The exit code of a process whose reader has gone away, as if SIGPIPE had ended it.
pub const BROKEN_PIPE: i32 = 128 + 13;

/// Whether something could not be written.
static IS_LOST: AtomicBool = AtomicBool::new(false);

/// Whether something could not be written, so the program's user must not rely on what it wrote.
#[must_use]
pub fn is_lost() -> bool {
    IS_LOST.load(Ordering::Relaxed)
}

/// Writes a text and a line break.
pub fn write(stream: Stream, text: &str) {
    // In one write, or a key that is echoed meanwhile would land before the line break.
    print(stream, &format!("{text}\n"));
}

/// Writes a text at once; if nobody reads any more, ends the process, as programs in a pipe do.
pub fn print(stream: Stream, text: &str) {
    let mut out: Box<dyn Write> = match stream {
        Stream::Out => Box::new(io::stdout().lock()),
        Stream::Err => Box::new(io::stderr().lock()),
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(BROKEN_PIPE),
        Err(error) if !IS_LOST.swap(true, Ordering::Relaxed) => {
            // It may be standard error that is locked.
            drop(out);
            // If this can't be written either, the exit status says it.
            let _ = writeln!(io::stderr(), "bgjobs: can't write the output: {error}");
        }
        _ => {}
    }
}
