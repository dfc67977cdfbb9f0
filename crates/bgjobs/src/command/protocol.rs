//! The messages on the socket between the program and a supervisor.
//!
//! Knows nothing of processes.

use std::{io::Write, os::unix::net::UnixStream, time::Duration};

use crate::system::platform::nanos;

/// What the program asks the supervisor for: a letter and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// To ask the command and all its descendants to end, and to kill them after so many milliseconds.
    End(u32),
    /// To interrupt the command's process group, as Ctrl-C at a terminal does, and to kill the command and all its
    /// descendants after so many milliseconds.
    Interrupt(u32),
    /// Nothing more: the command has ended, and no process holds its outputs open.
    Release,
    /// To let the command have its keyboard: a user sits at its terminal again.
    Serve,
    /// To take its keyboard away: the user has left.
    Leave,
    /// To outlive the program: from now on only the end of the socket counts, which another process will hold.
    Keep,
}

impl Order {
    pub(crate) fn to_bytes(self) -> [u8; SIZE] {
        match self {
            Self::End(grace) => bytes(b'e', grace),
            Self::Interrupt(grace) => bytes(b'i', grace),
            Self::Release => bytes(b'r', 0),
            Self::Serve => bytes(b's', 0),
            Self::Leave => bytes(b'l', 0),
            Self::Keep => bytes(b'k', 0),
        }
    }

    /// Any other bytes ask for the end at once.
    pub(crate) fn from_bytes([letter, number @ ..]: [u8; SIZE]) -> Self {
        let number = u32::from_le_bytes(number);
        match letter {
            b'e' => Self::End(number),
            b'i' => Self::Interrupt(number),
            b'r' => Self::Release,
            b's' => Self::Serve,
            b'l' => Self::Leave,
            b'k' => Self::Keep,
            _ => Self::End(0),
        }
    }
}

/// A grace period as the number of an order.
pub(crate) fn milliseconds(grace: Duration) -> u32 {
    u32::try_from(nanos(grace) / 1_000_000).unwrap_or(u32::MAX)
}

/// The size of an order and of a message.
pub(crate) const SIZE: usize = 5;

fn bytes(letter: u8, number: u32) -> [u8; SIZE] {
    let [a, b, c, d] = number.to_le_bytes();
    [letter, a, b, c, d]
}

/// What the supervisor reports of a command: a letter and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// It has started, as the process with this ID.
    Started(u32),
    /// It could not be started; the number is the system's error code.
    NotStarted(i32),
    /// It has ended by itself, with this status.
    Ended(i32),
    /// It has ended with this status after it was asked to.
    EndedAsAsked(i32),
    /// It has given up its keyboard, and goes on.
    GaveUpKeyboard,
    /// It is suspended until it is served.
    WantsKeyboard,
    /// It outlives the program, if another process holds this socket.
    Kept,
}

impl Message {
    pub(crate) fn to_bytes(self) -> [u8; SIZE] {
        let (letter, number) = match self {
            Self::Started(id) => (b'p', id.cast_signed()),
            Self::NotStarted(error) => (b'n', error),
            Self::Ended(status) => (b'e', status),
            Self::EndedAsAsked(status) => (b'a', status),
            Self::GaveUpKeyboard => (b'g', 0),
            Self::WantsKeyboard => (b'w', 0),
            Self::Kept => (b'k', 0),
        };
        bytes(letter, number.cast_unsigned())
    }

    pub(crate) fn from_bytes([letter, number @ ..]: [u8; SIZE]) -> Option<Self> {
        let number = i32::from_le_bytes(number);
        match letter {
            b'p' => Some(Self::Started(number.cast_unsigned())),
            b'n' => Some(Self::NotStarted(number)),
            b'e' => Some(Self::Ended(number)),
            b'a' => Some(Self::EndedAsAsked(number)),
            b'g' => Some(Self::GaveUpKeyboard),
            b'w' => Some(Self::WantsKeyboard),
            b'k' => Some(Self::Kept),
            _ => None,
        }
    }
}

/// Sends the program a message.
pub(crate) fn tell(mut control: &UnixStream, message: Message) {
    // A program that is gone needs no message.
    let _ = control.write_all(&message.to_bytes());
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::{Message, Order, SIZE};

    #[test]
    fn a_message_is_the_same_on_both_ends() {
        for message in [
            Message::Started(u32::MAX),
            Message::NotStarted(2),
            Message::Ended(-1),
            Message::EndedAsAsked(9),
            Message::GaveUpKeyboard,
            Message::WantsKeyboard,
            Message::Kept,
        ] {
            assert_eq!(Message::from_bytes(message.to_bytes()), Some(message));
        }
        assert_eq!(Message::from_bytes([0; SIZE]), None);
    }

    #[test]
    fn an_order_is_the_same_on_both_ends_and_an_unknown_one_ends_all() {
        for order in
            [Order::End(u32::MAX), Order::Interrupt(500), Order::Release, Order::Serve, Order::Leave, Order::Keep]
        {
            assert_eq!(Order::from_bytes(order.to_bytes()), order);
        }
        assert_eq!(Order::from_bytes([0; SIZE]), Order::End(0));
    }
}
