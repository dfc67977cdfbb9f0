//! A terminal for tests: types keys into the shell, and shows what is on the screen.

use std::{
    fs,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    path::PathBuf,
    process::{Child, ExitStatus},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pty},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, Signal, kill_process},
};

/// How long a test waits for what should happen at once; only a guard against hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// A new folder for a user's files.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("bgjobs-shell-home-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).expect("the directory for temporary files can be written");
        Self(folder)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A text without the line breaks of a narrow terminal, which are between words.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A shell on a terminal that answers no questions.
pub(crate) struct Terminal {
    /// None once it is closed.
    pty: Option<Pty>,
    child: Child,
    parser: vt100::Parser,
    /// Everything that the shell wrote.
    written: Vec<u8>,
    /// How much it had written when a key was last typed.
    typed_at: usize,
}

impl Terminal {
    /// Starts the shell on a terminal of 80 columns and 24 rows.
    #[track_caller]
    pub(crate) fn new(home: &Home) -> Self {
        Self::with(home, &[("TERM", "xterm-256color")])
    }

    /// Starts the shell with these environment variables.
    #[track_caller]
    pub(crate) fn with(home: &Home, variables: &[(&str, &str)]) -> Self {
        Self::start(home, variables, (24, 80)).at_prompt()
    }

    /// Starts the shell, and does not wait for its prompt.
    #[track_caller]
    pub(crate) fn before_prompt(home: &Home) -> Self {
        Self::start(home, &[("TERM", "xterm-256color")], (24, 80))
    }

    /// Starts the shell on a terminal of another size.
    #[track_caller]
    pub(crate) fn of_size(home: &Home, rows: u16, columns: u16) -> Self {
        let path = std::env::var("PATH").unwrap_or_default();
        Self::start(home, &[("TERM", "xterm-256color"), ("PATH", &path)], (rows, columns)).at_prompt()
    }

    #[track_caller]
    fn start(home: &Home, variables: &[(&str, &str)], (rows, columns): (u16, u16)) -> Self {
        let (pty, its_side) = pty_process::blocking::open().expect("the system has terminals");
        pty.resize(Size::new(rows, columns)).expect("the size can be set");
        let child = Command::new(env!("CARGO_BIN_EXE_bgjobs"))
            .env_clear()
            .env("HOME", &home.0)
            .envs(variables.iter().copied())
            .current_dir(&home.0)
            .spawn(its_side)
            .expect("the shell was built for this test");
        let parser = vt100::Parser::new(size(rows), size(columns), 0);
        Self { pty: Some(pty), child, parser, written: Vec::new(), typed_at: 0 }
    }

    #[track_caller]
    fn at_prompt(mut self) -> Self {
        self.see("In [1]:");
        self
    }

    /// Types keys.
    #[track_caller]
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.typed_at = self.written.len();
        self.pty().write_all(keys.as_bytes()).expect("the terminal is open");
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub(crate) fn see(&mut self, text: &str) {
        self.wait(text, |screen| screen.contains(text));
    }

    /// Waits until the shell has written this since the last key.
    #[track_caller]
    pub(crate) fn see_written(&mut self, text: &str) {
        let typed_at = self.typed_at;
        let deadline = Instant::now() + PATIENCE;
        while !String::from_utf8_lossy(&self.written[typed_at..]).contains(text) {
            let is_late = Instant::now() > deadline;
            assert!(!is_late && self.read(), "this should be written:\n{text:?}\n-- but it is\n{:?}", self.written());
        }
    }

    /// Waits until the shell has written this, and the other text not again since.
    #[track_caller]
    pub(crate) fn see_written_after(&mut self, text: &str, other: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.written().rfind(text) <= self.written().rfind(other) {
            let is_late = Instant::now() > deadline;
            assert!(!is_late && self.read(), "{text:?} should follow {other:?}:\n{:?}", self.written());
        }
    }

    /// Waits until the screen shows exactly this, except for trailing spaces.
    #[track_caller]
    pub(crate) fn see_screen(&mut self, text: &str) {
        self.wait(text, |screen| screen == text);
    }

    /// Waits until the screen, passed through `seen`, shows this.
    #[track_caller]
    pub(crate) fn see_as(&mut self, text: &str, seen: impl Fn(&str) -> String) {
        self.wait(text, |screen| seen(screen) == text);
    }

    /// Waits until the screen, passed through `seen`, has this in it.
    #[track_caller]
    pub(crate) fn see_as_part(&mut self, text: &str, seen: impl Fn(&str) -> String) {
        self.wait(text, |screen| seen(screen).contains(text));
    }

    #[track_caller]
    fn wait(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(&self.screen()) {
            let is_late = Instant::now() > deadline;
            assert!(
                !is_late && self.read(),
                "this should be seen:\n{what}\n-- but the screen shows\n{}",
                self.screen()
            );
        }
    }

    /// The contents of the screen, without the shell's first line.
    pub(crate) fn screen(&self) -> String {
        let rows = self.parser.screen().rows(0, u16::MAX).map(|row| row.trim_end().to_owned());
        let lines: Vec<_> = rows.skip_while(|row| row.starts_with("`help` shows")).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Whether no cursor is shown.
    pub(crate) fn hides_cursor(&self) -> bool {
        self.parser.screen().hide_cursor()
    }

    /// Everything that the shell wrote, including escape sequences.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Resizes the window, and waits until the shell has repainted its line.
    #[track_caller]
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.parser.set_size(size(rows), size(columns));
        self.pty().resize(Size::new(rows, columns)).expect("the size can be set");
        let written = self.written.len();
        let deadline = Instant::now() + PATIENCE;
        while self.written.len() == written {
            assert!(Instant::now() < deadline && self.read(), "the shell should have painted its line");
        }
    }

    /// Asks the shell to leave, as a system that shuts down does.
    pub(crate) fn terminate(&mut self) {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::TERM).expect("the child is there");
    }

    /// Closes the window.
    pub(crate) fn close(&mut self) {
        self.pty = None;
    }

    /// Waits until the shell has ended, and reads what it wrote until then.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is there") {
                while self.pty.is_some() && self.read() && Instant::now() < deadline {}
                return status;
            }
            assert!(Instant::now() < deadline, "the shell should have ended; the screen shows\n{}", self.screen());
            if self.pty.is_none() || !self.read() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn pty(&mut self) -> &mut Pty {
        self.pty.as_mut().expect("the terminal is open")
    }

    /// Reads what the shell writes within a moment; false once it has no terminal any more.
    fn read(&mut self) -> bool {
        let pty = self.pty.as_mut().expect("the terminal is open");
        let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        match poll(&mut [PollFd::new(&*pty, PollFlags::IN)], Some(&moment)) {
            Ok(0) | Err(Errno::INTR) => return true,
            _ => {}
        }
        let mut bytes = [0; 4096];
        let Ok(count @ 1..) = pty.read(&mut bytes) else { return false };
        self.written.extend(&bytes[..count]);
        self.parser.process(&bytes[..count]);
        true
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("a window has rows and columns")
}
