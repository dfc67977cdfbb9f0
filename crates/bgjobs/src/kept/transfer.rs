//! The link of a command on its way from a program to a keeper.
//!
//! Knows nothing of how a keeper is started.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
        recvmsg, sendmsg,
    },
};
use serde_json::{Value, json};

use crate::{
    command::link::{Link, LinkState, Parts},
    kept::{
        private::{self, Fields},
        stop::GRACE,
    },
    record::log::line::Stream,
};

/// The most descriptors of a link: the supervisor's, and two outputs.
const MOST_FDS: usize = 3;

/// Sends a keeper the link of a command, and how long its log is.
pub(crate) fn send(mut to: &UnixStream, parts: &Parts<'_>, offset: u64) -> io::Result<()> {
    let LinkState { leader, program, age, partial, outputs } = &parts.state;
    let outputs: Vec<_> = outputs.iter().map(|(stream, begun)| json!([stream.to_string(), begun])).collect();
    let state = json!({
        "leader": leader, "program": program, "age": age.as_secs_f64(), "partial": partial, "outputs": outputs, "log": offset,
    });
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&parts.fds));
    sendmsg(to, &[IoSlice::new(b"\n")], &mut ancillary, SendFlags::empty())?;
    to.write_all(state.to_string().as_bytes())
}

/// Receives, in a keeper, what [`send`] sends: the link, and how long the log is.
pub(crate) fn receive(from: impl AsFd) -> io::Result<(Link, u64)> {
    let mut from = UnixStream::from(from.as_fd().try_clone_to_owned()?);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    recvmsg(&from, &mut [IoSliceMut::new(&mut [0])], &mut ancillary, RecvFlags::empty())?;
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fds: Vec<OwnedFd> = rights.flatten().collect();
    for fd in &fds {
        fcntl_setfd(fd, FdFlags::CLOEXEC)?;
    }
    let mut text = Vec::new();
    from.read_to_end(&mut text)?;
    let fields: Fields = serde_json::from_slice(&text)?;
    let read = || {
        let bytes = |value: &Value| -> Option<Vec<u8>> {
            value.as_array()?.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect()
        };
        let output = |value: &Value| {
            let stream = [Stream::Out, Stream::Err].into_iter().find(|stream| value[0] == *stream.to_string())?;
            Some((stream, bytes(&value[1])?))
        };
        let state = LinkState {
            leader: u32::try_from(fields.get("leader")?.as_u64()?).ok()?,
            program: fields.get("program")?.as_str()?.to_owned(),
            age: private::duration(fields.get("age")?)?,
            partial: bytes(fields.get("partial")?)?,
            outputs: fields.get("outputs")?.as_array()?.iter().map(output).collect::<Option<_>>()?,
        };
        Some((Link::adopt(state, fds, GRACE)?, fields.get("log")?.as_u64()?))
    };
    read().ok_or_else(|| private::invalid("this is no link of a command"))
}
