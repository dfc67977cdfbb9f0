//! Rhai's functions that make values of any size, with a limit: running out of memory would end the process.
//!
//! Rhai's own limits measure the whole array at each push.

use rhai::{Array, Blob, Dynamic, ImmutableString, export_module};

use crate::lang::{
    error::{Result, error},
    values::value::parts,
};

/// How many parts of 16 bytes a value may reach in one call: 256 MB; a number is one part.
const MOST_PARTS: usize = 1 << 24;

/// The same in bytes.
const MOST_BYTES: usize = MOST_PARTS * 16;

#[export_module]
pub(super) mod sizes {
    use super::{Array, Blob, Dynamic, ImmutableString, MOST_BYTES, MOST_PARTS, Result, byte, check, error, parts};

    /// Extends an array with copies of an item to a length.
    #[rhai_fn(return_raw)]
    pub(super) fn pad(array: &mut Array, len: i64, item: Dynamic) -> Result<()> {
        let len = usize::try_from(len).unwrap_or_default();
        if len > array.len() {
            check("pad", len, MOST_PARTS / parts(&item, MOST_PARTS).max(1), "such items")?;
            array.resize(len, item);
        }
        Ok(())
    }

    /// Extends a string with a character to a length in characters.
    #[rhai_fn(name = "pad", return_raw)]
    pub(super) fn pad_with_character(string: &mut ImmutableString, len: i64, character: char) -> Result<()> {
        pad_with_string(string, len, character.encode_utf8(&mut [0; 4]))
    }

    /// Extends a string with another one to a length in characters.
    #[rhai_fn(name = "pad", return_raw)]
    pub(super) fn pad_with_string(string: &mut ImmutableString, len: i64, padding: &str) -> Result<()> {
        let len = usize::try_from(len).unwrap_or_default();
        let more = len.saturating_sub(string.chars().count());
        if more == 0 {
            return Ok(());
        }
        if padding.is_empty() {
            return Err(error("pad(..): an empty string can't make a string longer").into());
        }
        // A character has up to four bytes.
        check("pad", len, MOST_BYTES / 4, "characters")?;
        string.make_mut().extend(padding.chars().cycle().take(more));
        Ok(())
    }

    /// Extends a blob with a byte to a length in bytes.
    #[rhai_fn(name = "pad", return_raw)]
    pub(super) fn pad_with_byte(blob: &mut Blob, len: i64, value: i64) -> Result<()> {
        let len = usize::try_from(len).unwrap_or_default();
        if len > blob.len() {
            check("pad", len, MOST_BYTES, "bytes")?;
            blob.resize(len, byte(value));
        }
        Ok(())
    }

    /// A blob of zeros.
    #[rhai_fn(name = "blob", return_raw)]
    pub(super) fn zeros(len: i64) -> Result<Blob> {
        blob(len, 0)
    }

    /// A blob of bytes of one value.
    #[rhai_fn(return_raw)]
    pub(super) fn blob(len: i64, value: i64) -> Result<Blob> {
        let len = usize::try_from(len).unwrap_or_default();
        check("blob", len, MOST_BYTES, "bytes")?;
        Ok(vec![byte(value); len])
    }
}

/// The lowest eight bits, as Rhai does.
fn byte(value: i64) -> u8 {
    value.to_le_bytes()[0]
}

fn check(name: &str, len: usize, most: usize, what: &str) -> Result<()> {
    if len > most {
        return Err(error(format!("{name}(..): {len} {what} need too much memory; at most {most} are allowed")).into());
    }
    Ok(())
}
