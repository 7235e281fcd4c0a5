//! Arguments and answers read in order, of which the first that is wrong is remembered and not returned.
//!
//! The same as [`Input`], at a lower price: what is read is a value, not a result, and whether all of it was right is asked
//! once. A program that routes by [`answer`] cannot forget to ask: what it did on wrong arguments is reverted, whatever it
//! answered.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};

use crate::{Answer, Input, malformed};

/// A reader that remembers what was wrong.
///
/// It has its own body, not that of [`Input`]: there every read is a result of three words that is passed on.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    base: &'a [u8],
    at: usize,
    wrong: bool,
}

const WORD: usize = 32;

/// Runs a function on arguments: what it answers, or `MalformedCall()` if they were wrong.
#[inline(never)]
pub fn answer(reader: &Reader<'_>, answer: Answer) -> Answer {
    reader.end()?;
    answer
}

/// The number that is the whole of an answer, or its beginning.
///
/// Errors: `MalformedCall()` if it is none.
#[inline(never)]
pub fn number_of(answer: &[u8]) -> Result<u64, Vec<u8>> {
    let mut reader = Reader::new(answer);
    let number = reader.u64();
    reader.end()?;
    Ok(number)
}

impl<'a> Reader<'a> {
    /// Over arguments without the selector, or over an answer.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            base: bytes,
            at: 0,
            wrong: false,
        }
    }

    /// Over what is left of an input.
    pub const fn of(input: Input<'a>) -> Self {
        let (base, at) = input.parts();
        Self {
            base,
            at,
            wrong: false,
        }
    }

    /// The next word as it is.
    #[inline(never)]
    pub fn word(&mut self) -> B256 {
        let rest = self.base.get(self.at..);
        self.at = self.at.saturating_add(WORD);
        match rest.and_then(<[u8]>::first_chunk) {
            Some(word) => B256::new(*word),
            None => {
                self.wrong = true;
                B256::ZERO
            }
        }
    }

    /// The next word, whose leading `zeros` bytes must be zero.
    #[inline(never)]
    fn narrow(&mut self, zeros: usize) -> B256 {
        let word = self.word();
        for byte in word.iter().take(zeros) {
            self.wrong |= *byte != 0;
        }
        word
    }

    /// An address.
    #[inline(never)]
    pub fn address(&mut self) -> Address {
        Address::from_word(self.narrow(12))
    }

    /// A number of 128 bits: an amount.
    #[inline(never)]
    pub fn u128(&mut self) -> u128 {
        let word = self.narrow(16);
        u128::from(low(&word, 16)) << 64 | u128::from(low(&word, 24))
    }

    /// A number of so many bits, at most 64.
    #[inline(never)]
    pub fn bits(&mut self, bits: u32) -> u64 {
        let value = low(&self.narrow(24), 24);
        if value.checked_shr(bits).unwrap_or_default() != 0 {
            self.wrong = true;
        }
        value
    }

    /// A number of 64 bits.
    pub fn u64(&mut self) -> u64 {
        self.bits(64)
    }

    /// An instant or a number of seconds: 40 bits.
    pub fn seconds(&mut self) -> u64 {
        self.bits(40)
    }

    /// A number of 32 bits.
    pub fn u32(&mut self) -> u32 {
        self.bits(32) as u32
    }

    /// A number of 16 bits.
    pub fn u16(&mut self) -> u16 {
        self.bits(16) as u16
    }

    /// A number of 8 bits, also an enum's.
    pub fn u8(&mut self) -> u8 {
        self.bits(8) as u8
    }

    /// A truth value: 0 or 1.
    pub fn bool(&mut self) -> bool {
        self.bits(1) != 0
    }

    /// The fields of a struct of static types, whose bytes are `widths`, as words; what is wrong reads as whatever is there.
    pub fn fields<const N: usize>(&mut self, widths: [u8; N]) -> [B256; N] {
        let mut words = [B256::ZERO; N];
        for (word, width) in words.iter_mut().zip(widths) {
            *word = self.narrow(WORD.saturating_sub(usize::from(width)));
        }
        words
    }

    /// Passes over a number of words.
    #[inline(never)]
    pub fn skip(&mut self, words: usize) {
        for _ in 0..words {
            self.word();
        }
    }

    /// A byte string of at most `max` bytes; empty if it is wrong.
    #[inline(never)]
    pub fn bytes(&mut self, max: usize) -> &'a [u8] {
        let (length, tail) = self.list(max);
        match tail.base.get(..length) {
            Some(bytes) => bytes,
            None => {
                self.wrong = true;
                &[]
            }
        }
    }

    /// A list of at most `max` items: their number, none if it is wrong, and a reader over them. What is wrong in the list
    /// is to be asked of that reader.
    #[inline(never)]
    pub fn list(&mut self, max: usize) -> (usize, Self) {
        let mut tail = self.tail();
        let length = tail.u32() as usize;
        if length > max {
            tail.wrong = true;
        }
        match tail.base.get(WORD..) {
            Some(items) if !tail.wrong => (length, Self::new(items)),
            _ => {
                // Whoever looks at the list alone must not take it for an empty one.
                self.wrong = true;
                tail.wrong = true;
                (0, tail)
            }
        }
    }

    /// What stands at the offset in the next word.
    #[inline(never)]
    pub fn tail(&mut self) -> Self {
        let offset = self.u32() as usize;
        match self.base.get(offset..) {
            Some(base) => Self::new(base),
            None => {
                self.wrong = true;
                Self::new(&[])
            }
        }
    }

    /// Whether something was wrong.
    ///
    /// Errors: `MalformedCall()`.
    #[inline(never)]
    pub fn end(&self) -> Result<(), Vec<u8>> {
        if self.wrong {
            return Err(malformed());
        }
        Ok(())
    }
}

/// The eight bytes of a word from `at`.
#[inline(never)]
fn low(word: &B256, at: usize) -> u64 {
    let mut value = 0;
    for byte in word.iter().skip(at).take(8) {
        value = value << 8 | u64::from(*byte);
    }
    value
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, U256};
    use alloy_sol_types::SolValue;

    use super::*;

    #[test]
    fn it_reads_what_an_input_reads() {
        let data = (
            Address::repeat_byte(0xab),
            U256::from(u128::MAX),
            7u64,
            true,
            B256::repeat_byte(9),
            Bytes::from(b"hello".to_vec()),
            vec![U256::from(3), U256::from(4)],
        )
            .abi_encode_params();
        let mut reader = Reader::new(&data);
        assert_eq!(reader.address(), Address::repeat_byte(0xab));
        assert_eq!(reader.u128(), u128::MAX);
        assert_eq!(reader.u8(), 7);
        assert!(reader.bool());
        assert_eq!(reader.word(), B256::repeat_byte(9));
        assert_eq!(reader.bytes(5), b"hello");
        let (count, mut list) = reader.list(2);
        assert_eq!((count, list.u64(), list.u16()), (2, 3, 4));
        assert_eq!((reader.end(), list.end()), (Ok(()), Ok(())));
        list.word();
        assert_eq!(list.end(), Err(malformed()), "beyond the end");
    }

    fn dirty_word() -> [u8; 32] {
        U256::from(256).to_be_bytes::<32>()
    }

    #[test]
    fn what_is_wrong_once_stays_wrong() {
        let dirty = dirty_word();
        let wide = U256::from(1u64 << 40).to_be_bytes::<32>();
        let wrong = |bytes: &[u8], read: fn(&mut Reader<'_>)| {
            let mut reader = Reader::new(bytes);
            read(&mut reader);
            reader.end().is_err()
        };
        assert!(wrong(&dirty, |r| _ = r.u8()));
        assert!(!wrong(&dirty, |r| _ = r.u16()));
        assert!(wrong(&dirty, |r| _ = r.bool()));
        assert!(wrong(&wide, |r| _ = r.seconds()));
        assert!(!wrong(&wide, |r| _ = r.u64()));
        assert!(wrong(&[0xff; 32], |r| _ = r.address()));
        assert!(wrong(&[0xff; 32], |r| _ = r.u128()));
        assert!(wrong(&[0xff; 32], |r| _ = r.list(9)));
        assert!(wrong(&[0xff; 32], |r| _ = r.tail()));
        assert!(wrong(&[0xff; 32], |r| _ = r.bytes(9)));
        assert!(wrong(&[0; 31], |r| _ = r.word()));
        assert!(wrong(&dirty, |r| _ = r.fields([1])));
        assert!(!wrong(&dirty, |r| assert_eq!(
            r.fields([2]),
            [B256::new(dirty_word())]
        )));
        assert!(wrong(&[0; 32], |r| r.skip(2)));
        assert!(!wrong(&[0; 64], |r| r.skip(2)));
        assert_eq!(number_of(&dirty), Ok(256));
        assert_eq!(number_of(&[0xff; 32]), Err(malformed()));
        let mut reader = Reader::new(&dirty);
        reader.u8();
        assert_eq!(answer(&reader, Ok(Vec::new())), Err(malformed()));
        assert_eq!(answer(&reader, Err(vec![1])), Err(malformed()));
    }
}
