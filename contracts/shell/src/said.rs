//! What a function of a large program says: its value, or a refusal that is one pointer.
//!
//! A refusal of three words is copied wherever it is passed on, and a program passes one on behind nearly every call.

use alloc::{boxed::Box, vec::Vec};

use alloy_primitives::B256;

use crate::{malformed, reader::Reader, words::Words};

/// A refusal: one pointer, so that passing it on costs a comparison where the bytes themselves would be copied.
#[expect(
    clippy::box_collection,
    reason = "what is passed on must be one pointer, not three words"
)]
#[derive(Debug)]
pub struct Refusal(Box<Vec<u8>>);

/// What a function says, or why it refuses.
pub type Said<T = ()> = Result<T, Refusal>;

impl Refusal {
    /// The words are the refusal.
    #[inline(never)]
    pub fn of(words: &Words) -> Self {
        words.bytes().to_vec().into()
    }

    /// Its bytes.
    pub fn bytes(self) -> Vec<u8> {
        *self.0
    }
}

impl From<Vec<u8>> for Refusal {
    #[inline(never)]
    fn from(bytes: Vec<u8>) -> Self {
        Self(Box::new(bytes))
    }
}

/// The arguments, or an answer, are no encoding.
#[inline(never)]
pub fn wrong() -> Refusal {
    malformed().into()
}

/// Whether all that was read was right.
///
/// Errors: `MalformedCall()`.
#[inline(never)]
pub fn end(reader: &Reader<'_>) -> Said {
    Ok(reader.end()?)
}

/// A refusal that names something and numbers.
#[inline(never)]
pub fn about(selector: [u8; 4], id: &B256, numbers: &[u64]) -> Refusal {
    let mut words = Words::after(selector);
    words.word(id);
    for number in numbers {
        words.number(*number);
    }
    Refusal::of(&words)
}

/// What words become.
pub trait Become {
    /// They are the refusal.
    fn no<T>(&mut self) -> Said<T>;

    /// They are the answer.
    fn reply(&mut self) -> Said<Vec<u8>>;
}

impl Become for Words {
    fn no<T>(&mut self) -> Said<T> {
        Err(Refusal::of(self))
    }

    #[inline(never)]
    fn reply(&mut self) -> Said<Vec<u8>> {
        Ok(self.answer()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{number, refusal};

    #[test]
    fn a_refusal_holds_the_bytes_that_it_was_made_of() {
        let id = B256::repeat_byte(7);
        let expected = refusal([1, 2, 3, 4], &[id, number(5), number(6)]);
        assert_eq!(about([1, 2, 3, 4], &id, &[5, 6]).bytes(), expected);
        let mut words = Words::after([1, 2, 3, 4]);
        words.word(&id).number(5).number(6);
        assert_eq!(
            words.no::<()>().map_err(Refusal::bytes),
            Err(expected.clone())
        );
        assert_eq!(words.reply().map_err(Refusal::bytes), Ok(expected));
        assert_eq!(wrong().bytes(), malformed());
        let mut reader = Reader::new(&[]);
        assert!(end(&reader).is_ok());
        reader.word();
        assert_eq!(end(&reader).map_err(Refusal::bytes), Err(malformed()));
    }
}
