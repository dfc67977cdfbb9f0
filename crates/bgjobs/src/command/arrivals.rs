//! In which order several descriptors became readable.
//!
//! Knows nothing of what is read.

use std::os::fd::BorrowedFd;

#[cfg(target_os = "linux")]
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    fd::OwnedFd,
};

/// Tells which descriptors became readable first, as far as the system does.
pub(crate) struct Arrivals {
    /// None if the system has no descriptors left.
    #[cfg(target_os = "linux")]
    epoll: Option<OwnedFd>,
}

impl Arrivals {
    /// Watches `fds` from now on, which are known by their index.
    #[cfg(target_os = "linux")]
    pub(crate) fn watch<'a>(fds: impl IntoIterator<Item = BorrowedFd<'a>>) -> Self {
        let watch = || {
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            for (index, fd) in (0..).zip(fds) {
                // Each is told once for all that arrives until it is asked for, so the list has the order of arrival.
                let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
                epoll::add(&epoll, fd, epoll::EventData::new_u64(index), once)?;
            }
            rustix::io::Result::Ok(epoll)
        };
        Self { epoll: watch().ok() }
    }

    /// The indices of the descriptors at which something arrived since the last call, in that order.
    #[cfg(target_os = "linux")]
    pub(crate) fn take(&self) -> Vec<u64> {
        let mut events = Vec::with_capacity(4);
        if let Some(epoll) = &self.epoll {
            // If that fails, nothing is known of the order.
            let _ = epoll::wait(epoll, spare_capacity(&mut events), Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        }
        events.iter().map(|event| event.data.u64()).collect()
    }

    /// Other systems do not tell the order.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn watch<'a>(_: impl IntoIterator<Item = BorrowedFd<'a>>) -> Self {
        Self {}
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn take(&self) -> Vec<u64> {
        Vec::new()
    }
}
