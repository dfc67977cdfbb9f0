//! Whether a process waits for its terminal alone, by `/proc`, which only Linux has.
//!
//! Knows nothing of jobs. The system suspends a process in the background that reads from its terminal, but not one that waits
//! until there is something to read, as the prompt of Python does.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use nix::libc;

/// The most descriptors that are looked at.
const MOST: usize = 1024;

/// The size of an element of `poll`'s list, which begins with the descriptor.
const POLLED: usize = 8;

#[cfg(target_arch = "x86_64")]
const POLLS: [i64; 2] = [libc::SYS_poll, libc::SYS_ppoll];
#[cfg(target_arch = "x86_64")]
const SELECTS: [i64; 2] = [libc::SYS_select, libc::SYS_pselect6];
#[cfg(not(target_arch = "x86_64"))]
const POLLS: [libc::c_long; 1] = [libc::SYS_ppoll];
#[cfg(not(target_arch = "x86_64"))]
const SELECTS: [libc::c_long; 1] = [libc::SYS_pselect6];

/// Whether a process waits in `poll` or `select`, or did when it was suspended, for nothing but input from a terminal; false if
/// the system does not let us know.
pub(crate) fn awaits_alone(process: u32, terminal: &Path) -> bool {
    let is_terminal = |fd: &usize| {
        let file = file_of(process, *fd);
        file.is_some_and(|file| file == terminal || file == Path::new("/dev/tty"))
    };
    awaited(process).is_some_and(|awaited| !awaited.is_empty() && awaited.iter().all(is_terminal))
}

/// What a descriptor of a process is.
pub(crate) fn file_of(process: u32, fd: usize) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{process}/fd/{fd}")).ok()
}

/// The descriptors that a process waits to read from.
fn awaited(process: u32) -> Option<Vec<usize>> {
    let call = fs::read_to_string(format!("/proc/{process}/syscall")).ok()?;
    let mut words = call.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut argument = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    let (first, second) = (argument()?, argument()?);
    let memory = |at, size| {
        let mut bytes = vec![0; size];
        File::open(format!("/proc/{process}/mem")).ok()?.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    };
    let few = |count| usize::try_from(count).ok().filter(|&count| count <= MOST);
    if POLLS.contains(&number) {
        let polled = memory(first, few(second)? * POLLED)?;
        let descriptors = polled.chunks_exact(POLLED).filter_map(|one| one.first_chunk().copied());
        // One below 0 is left out by the system, too.
        return Some(descriptors.filter_map(|fd| usize::try_from(i32::from_ne_bytes(fd)).ok()).collect());
    }
    if SELECTS.contains(&number) {
        let count = few(first)?;
        let set = memory(second, count.div_ceil(8))?;
        return Some((0..count).filter(|fd| set[fd / 8] >> (fd % 8) & 1 == 1).collect());
    }
    None
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use std::{
        io::pipe,
        os::fd::{AsFd, AsRawFd},
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use nix::unistd::gettid;
    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;
    use crate::command::terminal::{self, TerminalSize};

    /// Waits until a thread waits to read.
    fn until_it_waits(thread: u32) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while awaited(thread).is_none() {
            assert!(Instant::now() < deadline, "it should wait");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_thread_that_waits_for_its_terminal_alone_is_told_from_one_that_waits_for_more() {
        let (near, far) = terminal::open_for_user(TerminalSize::default()).unwrap();
        let path = file_of(std::process::id(), far.as_raw_fd().try_into().unwrap()).unwrap();
        let (other, _open) = pipe().unwrap();
        for (fds, is_alone) in [(vec![far.as_fd()], true), (vec![far.as_fd(), other.as_fd()], false)] {
            let (tell, told) = mpsc::channel();
            thread::scope(|scope| {
                let waiting = scope.spawn(|| {
                    tell.send(gettid().as_raw().cast_unsigned()).unwrap();
                    let mut fds: Vec<_> = fds.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
                    poll(&mut fds, None)
                });
                let thread = told.recv().unwrap();
                until_it_waits(thread);
                assert_eq!(awaits_alone(thread, &path), is_alone, "{fds:?}");
                assert!(!awaits_alone(thread, Path::new("/dev/null")));
                rustix::io::write(&near, b"\n").unwrap();
                waiting.join().unwrap().unwrap();
            });
            rustix::io::read(&far, &mut [0; 8]).unwrap();
        }
    }

    #[test]
    fn a_thread_that_waits_for_something_else_awaits_nothing() {
        assert_eq!(awaited(gettid().as_raw().cast_unsigned()), None);
        assert_eq!(awaited(0), None);
    }
}
