//! An epoch page: the values of one epoch as the code of a data contract (RULINGS R15, A6).
//!
//! ```text
//! 0x00 │ words, 32 bytes each │ numbers, 4 bytes each, big-endian
//! ```
//! in the order of the table. The first byte makes the code stop when it is called. Constants are in no page.

use alloy_primitives::B256;

use super::{ParameterId, number, word};

/// Bytes of a word.
pub const WORD_BYTES: usize = 32;
/// Bytes of a number.
pub const NUMBER_BYTES: usize = 4;
/// Bytes of an address.
pub const ADDRESS_BYTES: usize = 20;
/// First byte of every page: STOP.
pub const FIRST_BYTE: u8 = 0;
/// Where the numbers begin.
const NUMBERS_AT: usize = 1 + ParameterId::WORDS * WORD_BYTES;
/// Length of every page.
pub const LEN: usize = NUMBERS_AT + (ParameterId::AMENDABLE - ParameterId::WORDS) * NUMBER_BYTES;

/// A page is not what the constitution writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPage {
    /// Its length; a page has [`LEN`].
    pub len: usize,
    /// Its first byte, if it has one; a page's is zero.
    pub first: Option<u8>,
}

/// Where the value of `id` lies in a page: offset and length; none for constants.
pub const fn span(id: ParameterId) -> Option<(usize, usize)> {
    let place = id.place();
    if place < ParameterId::WORDS {
        Some((1 + place * WORD_BYTES, WORD_BYTES))
    } else if place < ParameterId::AMENDABLE {
        Some((
            NUMBERS_AT + (place - ParameterId::WORDS) * NUMBER_BYTES,
            NUMBER_BYTES,
        ))
    } else {
        None
    }
}

/// The page of the defaults.
pub fn defaults() -> [u8; LEN] {
    let mut page = [FIRST_BYTE; LEN];
    for id in (0..ParameterId::AMENDABLE as u8).filter_map(ParameterId::at_place) {
        write(&mut page, id, id.default_word());
    }
    page
}

/// Replaces one value. A number keeps its last 32 bits, so check it first; a constant is left out.
pub fn write(page: &mut [u8; LEN], id: ParameterId, value: B256) {
    // A span lies in its page and a word; asking again keeps the message of a failed check out of programs.
    if let Some((at, len)) = span(id)
        && let Some(place) = page.get_mut(at..).and_then(|rest| rest.get_mut(..len))
        && let Some(bytes) = value.get(WORD_BYTES - len..)
    {
        place.copy_from_slice(bytes);
    }
}

/// The page in bytes from a chain.
///
/// Errors: [`NotAPage`] when length or first byte differ.
pub fn parse(code: &[u8]) -> Result<&[u8; LEN], NotAPage> {
    let refusal = NotAPage {
        len: code.len(),
        first: code.first().copied(),
    };
    match <&[u8; LEN]>::try_from(code) {
        Ok(page) if page[0] == FIRST_BYTE => Ok(page),
        _ => Err(refusal),
    }
}

/// The value of `id` as a word; a constant's is its own.
pub fn read(page: &[u8; LEN], id: ParameterId) -> B256 {
    let Some((at, _)) = span(id) else {
        return word(id.row().default);
    };
    let Some(rest) = page.get(at..) else {
        return B256::ZERO;
    };
    if id.place() < ParameterId::WORDS {
        rest.first_chunk().map_or(B256::ZERO, B256::from)
    } else {
        rest.first_chunk()
            .map_or(B256::ZERO, |bytes| word(u32::from_be_bytes(*bytes)))
    }
}

/// The value of `id` as a number; zero for words, which have none.
pub fn read_number(page: &[u8; LEN], id: ParameterId) -> u32 {
    if id.place() < ParameterId::WORDS {
        return 0;
    }
    number(read(page, id)).unwrap_or(0)
}
