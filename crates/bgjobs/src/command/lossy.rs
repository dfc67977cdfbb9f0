//! Text from bytes that arrive in pieces.
//!
//! Knows nothing of processes.

/// Decodes bytes piece by piece; invalid UTF-8 becomes `\u{fffd}`.
#[derive(Default)]
pub(crate) struct Decoder {
    /// The start of a character whose rest has not arrived.
    begun: Vec<u8>,
}

impl Decoder {
    /// A decoder that goes on after the start of a character.
    #[cfg(target_os = "linux")]
    pub(crate) fn with(begun: Vec<u8>) -> Self {
        Self { begun }
    }

    /// The start of a character whose rest has not arrived.
    #[cfg(target_os = "linux")]
    pub(crate) fn begun(&self) -> &[u8] {
        &self.begun
    }

    /// Decodes what has arrived so far, except for an incomplete character at the end.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> String {
        let mut whole = std::mem::take(&mut self.begun);
        whole.extend_from_slice(bytes);
        self.begun = whole.split_off(whole.len() - begun_at_end(&whole));
        String::from_utf8(whole).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// Decodes the rest, after which nothing arrives.
    pub(crate) fn end(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned()
    }
}

/// How many bytes at the end are an incomplete character.
fn begun_at_end(bytes: &[u8]) -> usize {
    let is_begun = |&length: &usize| {
        let error = std::str::from_utf8(&bytes[bytes.len() - length..]).err();
        error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=3.min(bytes.len())).find(is_begun).unwrap_or(0)
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::Decoder;

    #[test]
    fn text_is_the_same_wherever_it_is_cut() {
        let text = "aé€😀z\n".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut decoder = Decoder::default();
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let mut whole: String = pieces.into_iter().map(|piece| decoder.decode(piece)).collect();
                whole.push_str(&decoder.end());
                assert_eq!(whole.as_bytes(), text, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn invalid_bytes_are_replaced_and_hide_nothing() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"a\xffb\xe2\x82"), "a\u{fffd}b");
        assert_eq!(decoder.decode(b"c"), "\u{fffd}c");
        assert_eq!(decoder.decode(b"\xf0\x9f\x98"), "");
        assert_eq!(decoder.end(), "\u{fffd}");
        assert_eq!(decoder.end(), "");
    }
}
