//! The messages on the socket between the program and a supervisor.
//!
//! Knows nothing of processes.

/// Tells the supervisor to end the command and all its descendants.
pub(crate) const END: u8 = b'e';

/// Tells the supervisor that the command has ended and no process holds its outputs open.
pub(crate) const RELEASE: u8 = b'r';

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
}

impl Message {
    pub(crate) const SIZE: usize = 5;

    pub(crate) fn to_bytes(self) -> [u8; Self::SIZE] {
        let (letter, number) = match self {
            Self::Started(id) => (b'p', id.cast_signed()),
            Self::NotStarted(error) => (b'n', error),
            Self::Ended(status) => (b'e', status),
            Self::EndedAsAsked(status) => (b'a', status),
        };
        let [a, b, c, d] = number.to_le_bytes();
        [letter, a, b, c, d]
    }

    pub(crate) fn from_bytes([letter, number @ ..]: [u8; Self::SIZE]) -> Option<Self> {
        let number = i32::from_le_bytes(number);
        match letter {
            b'p' => Some(Self::Started(number.cast_unsigned())),
            b'n' => Some(Self::NotStarted(number)),
            b'e' => Some(Self::Ended(number)),
            b'a' => Some(Self::EndedAsAsked(number)),
            _ => None,
        }
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::Message;

    #[test]
    fn a_message_is_the_same_on_both_ends() {
        for message in
            [Message::Started(u32::MAX), Message::NotStarted(2), Message::Ended(-1), Message::EndedAsAsked(9)]
        {
            assert_eq!(Message::from_bytes(message.to_bytes()), Some(message));
        }
        assert_eq!(Message::from_bytes([0; Message::SIZE]), None);
    }
}
