//! Rhai's functions that make a value as large as they are told to, with a limit: beyond memory the process would end.
//!
//! Rhai has limits of its own, but with one of them each push measures the whole array.

use rhai::{Array, Blob, Dynamic, ImmutableString, Module, export_module, exported_module};

use crate::lang::{
    error::{Result, error},
    values::value::parts,
};

/// How many parts of 16 bytes a value may get in one call, 256 MB; a number is one.
const MOST_PARTS: usize = 1 << 24;

/// How many bytes that are.
const MOST_BYTES: usize = MOST_PARTS * 16;

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(sizes)
}

#[export_module]
mod sizes {
    use super::{Array, Blob, Dynamic, ImmutableString, MOST_BYTES, MOST_PARTS, Result, byte, check, error, parts};

    /// Makes an array longer with copies of an item, until it has so many items.
    #[rhai_fn(return_raw)]
    pub(super) fn pad(array: &mut Array, len: i64, item: Dynamic) -> Result<()> {
        let len = usize::try_from(len).unwrap_or_default();
        if len > array.len() {
            check("pad", len, MOST_PARTS / parts(&item, MOST_PARTS).max(1), "such items")?;
            array.resize(len, item);
        }
        Ok(())
    }

    /// Makes a string longer with a character, until it has so many characters.
    #[rhai_fn(name = "pad", return_raw)]
    pub(super) fn pad_with_character(string: &mut ImmutableString, len: i64, character: char) -> Result<()> {
        pad_with_string(string, len, character.encode_utf8(&mut [0; 4]))
    }

    /// Makes a string longer with another, until it has so many characters.
    #[rhai_fn(name = "pad", return_raw)]
    pub(super) fn pad_with_string(string: &mut ImmutableString, len: i64, padding: &str) -> Result<()> {
        let len = usize::try_from(len).unwrap_or_default();
        let more = len.saturating_sub(string.chars().count());
        if more == 0 {
            return Ok(());
        }
        if padding.is_empty() {
            return Err(error("pad(..): with an empty string nothing gets longer").into());
        }
        // As many bytes as a character can have.
        check("pad", len, MOST_BYTES / 4, "characters")?;
        string.make_mut().extend(padding.chars().cycle().take(more));
        Ok(())
    }

    /// Makes a blob longer with a byte, until it has so many bytes.
    #[rhai_fn(name = "pad", return_raw)]
    pub(super) fn pad_with_byte(blob: &mut Blob, len: i64, value: i64) -> Result<()> {
        let len = usize::try_from(len).unwrap_or_default();
        if len > blob.len() {
            check("pad", len, MOST_BYTES, "bytes")?;
            blob.resize(len, byte(value));
        }
        Ok(())
    }

    /// A blob of so many zeros.
    #[rhai_fn(name = "blob", return_raw)]
    pub(super) fn zeros(len: i64) -> Result<Blob> {
        blob(len, 0)
    }

    /// A blob of so many bytes of one value.
    #[rhai_fn(return_raw)]
    pub(super) fn blob(len: i64, value: i64) -> Result<Blob> {
        let len = usize::try_from(len).unwrap_or_default();
        check("blob", len, MOST_BYTES, "bytes")?;
        Ok(vec![byte(value); len])
    }
}

/// The lowest eight bits, as Rhai has it.
fn byte(value: i64) -> u8 {
    value.to_le_bytes()[0]
}

fn check(name: &str, len: usize, most: usize, what: &str) -> Result<()> {
    if len > most {
        return Err(error(format!("{name}(..): {len} {what} are too many for the memory; {most} are allowed")).into());
    }
    Ok(())
}
