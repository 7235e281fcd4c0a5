//! Arguments of a call, read in order. Every reader checks what Solidity's decoder checks: length, range of narrow types,
//! offsets and lengths of dynamic ones; what fails is `MalformedCall()`.
//!
//! Static arguments are read one after another. A dynamic one holds an offset in its place; [`Input::bytes`] and
//! [`Input::list`] follow it. Bytes behind the last argument are ignored, as Solidity ignores them.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};

use crate::malformed;

const WORD: usize = 32;

/// A reader over the arguments behind the selector, or over the tail of a dynamic one.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Offsets count from its start.
    base: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    /// Over `arguments`, without the selector.
    pub const fn new(arguments: &'a [u8]) -> Self {
        Self {
            base: arguments,
            at: 0,
        }
    }

    /// What it reads, and where it is.
    pub(crate) const fn parts(self) -> (&'a [u8], usize) {
        (self.base, self.at)
    }

    /// The next word as it is.
    #[inline(never)]
    pub fn word(&mut self) -> Result<B256, Vec<u8>> {
        let rest = self.base.get(self.at..);
        let word = rest.and_then(<[u8]>::first_chunk).ok_or_else(malformed)?;
        self.at = self.at.saturating_add(WORD);
        Ok(B256::new(*word))
    }

    /// The next word, whose leading `zeros` bytes must be zero.
    #[inline(never)]
    fn narrow(&mut self, zeros: usize) -> Result<B256, Vec<u8>> {
        let word = self.word()?;
        if word.iter().take(zeros).any(|byte| *byte != 0) {
            return Err(malformed());
        }
        Ok(word)
    }

    /// The fields of a struct of static types, whose bytes are `widths` (`agentcity_domain::signed::widths`), as words.
    pub fn fields<const N: usize>(&mut self, widths: [u8; N]) -> Result<[B256; N], Vec<u8>> {
        let mut words = [B256::ZERO; N];
        self.fill(&widths, &mut words)?;
        Ok(words)
    }

    /// The same, of any number: one body for all of them.
    #[inline(never)]
    fn fill(&mut self, widths: &[u8], words: &mut [B256]) -> Result<(), Vec<u8>> {
        for (word, width) in words.iter_mut().zip(widths) {
            *word = self.narrow(WORD.saturating_sub(usize::from(*width)))?;
        }
        Ok(())
    }

    /// An address.
    pub fn address(&mut self) -> Result<Address, Vec<u8>> {
        Ok(Address::from_word(self.narrow(12)?))
    }

    /// A number of 128 bits: an amount.
    pub fn u128(&mut self) -> Result<u128, Vec<u8>> {
        let word = self.narrow(16)?;
        let mut low = [0; 16];
        low.copy_from_slice(&word[16..]);
        Ok(u128::from_be_bytes(low))
    }

    /// A number of 64 bits.
    #[inline(never)]
    pub fn u64(&mut self) -> Result<u64, Vec<u8>> {
        let word = self.narrow(24)?;
        let mut low = [0; 8];
        low.copy_from_slice(&word[24..]);
        Ok(u64::from_be_bytes(low))
    }

    /// A number of 32 bits.
    pub fn u32(&mut self) -> Result<u32, Vec<u8>> {
        u32::try_from(self.u64()?).map_err(|_| malformed())
    }

    /// A number of 16 bits.
    pub fn u16(&mut self) -> Result<u16, Vec<u8>> {
        u16::try_from(self.u64()?).map_err(|_| malformed())
    }

    /// A number of 8 bits, also an enum's.
    pub fn u8(&mut self) -> Result<u8, Vec<u8>> {
        u8::try_from(self.u64()?).map_err(|_| malformed())
    }

    /// A signed number of 64 bits or less, sign-extended.
    pub fn i64(&mut self) -> Result<i64, Vec<u8>> {
        let word = self.word()?;
        let mut low = [0; 8];
        low.copy_from_slice(&word[24..]);
        let value = i64::from_be_bytes(low);
        let fill = if value < 0 { 0xff } else { 0 };
        if word.iter().take(24).any(|byte| *byte != fill) {
            return Err(malformed());
        }
        Ok(value)
    }

    /// A truth value: 0 or 1.
    pub fn bool(&mut self) -> Result<bool, Vec<u8>> {
        match self.u64()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(malformed()),
        }
    }

    /// What stands at the offset in the next word: a reader whose own offsets count from there. Also for a struct with
    /// dynamic fields.
    #[inline(never)]
    pub fn tail(&mut self) -> Result<Input<'a>, Vec<u8>> {
        let offset = self.u32()? as usize;
        let base = self.base.get(offset..).ok_or_else(malformed)?;
        Ok(Input::new(base))
    }

    /// A byte string of at most `max` bytes; also a text.
    #[inline(never)]
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], Vec<u8>> {
        let mut tail = self.tail()?;
        let length = tail.u32()? as usize;
        if length > max {
            return Err(malformed());
        }
        let bytes = tail.base.get(WORD..).and_then(|bytes| bytes.get(..length));
        bytes.ok_or_else(malformed)
    }

    /// A list of at most `max` items: their number, and a reader over them. Items of static types stand one after
    /// another; each of a dynamic type stands behind its own offset ([`Input::tail`], [`Input::bytes`]).
    #[inline(never)]
    pub fn list(&mut self, max: usize) -> Result<(usize, Input<'a>), Vec<u8>> {
        let mut tail = self.tail()?;
        let length = tail.u32()? as usize;
        if length > max {
            return Err(malformed());
        }
        let items = tail.base.get(WORD..).ok_or_else(malformed)?;
        Ok((length, Input::new(items)))
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, U256};
    use alloy_sol_types::SolValue;

    use super::*;

    #[test]
    fn static_arguments_read_in_order() {
        let address = Address::repeat_byte(0xab);
        let data = (
            address,
            U256::from(u128::MAX),
            7u64,
            -5i64,
            true,
            B256::repeat_byte(9),
        )
            .abi_encode_params();
        let mut input = Input::new(&data);
        assert_eq!(input.address(), Ok(address));
        assert_eq!(input.u128(), Ok(u128::MAX));
        assert_eq!(input.u64(), Ok(7));
        assert_eq!(input.i64(), Ok(-5));
        assert_eq!(input.bool(), Ok(true));
        assert_eq!(input.word(), Ok(B256::repeat_byte(9)));
        assert_eq!(input.word(), Err(malformed()));
    }

    #[test]
    fn dirty_upper_bytes_are_malformed() {
        let dirty = [0xff; 32];
        assert_eq!(Input::new(&dirty).address(), Err(malformed()));
        assert_eq!(Input::new(&dirty).u128(), Err(malformed()));
        assert_eq!(Input::new(&dirty).u64(), Err(malformed()));
        assert_eq!(Input::new(&dirty).u8(), Err(malformed()));
        assert_eq!(Input::new(&dirty).bool(), Err(malformed()));
        assert_eq!(Input::new(&dirty).i64(), Ok(-1));
        let two = U256::from(256).to_be_bytes::<32>();
        assert_eq!(Input::new(&two).u8(), Err(malformed()));
        assert_eq!(Input::new(&two).bool(), Err(malformed()));
        assert_eq!(Input::new(&two).u16(), Ok(256));
    }

    #[test]
    fn fields_are_held_to_their_widths() {
        let fields = (B256::repeat_byte(7), Address::repeat_byte(8), 9u16).abi_encode_params();
        let words = Input::new(&fields).fields([32, 20, 2]).unwrap();
        assert_eq!(words.concat(), fields);
        for (widths, at) in [([32, 20, 1], 94), ([32, 19, 2], 44), ([31, 20, 2], 0)] {
            let mut dirty = fields.clone();
            dirty[at] = 1;
            assert_eq!(Input::new(&dirty).fields(widths), Err(malformed()), "{at}");
        }
    }

    #[test]
    fn dynamic_arguments_follow_their_offsets() {
        let items = vec![U256::from(3), U256::from(4)];
        let data = (
            Bytes::from(b"hello".to_vec()),
            items,
            vec![Bytes::from(b"x".to_vec()), Bytes::from(b"yz".to_vec())],
        )
            .abi_encode_params();
        let mut input = Input::new(&data);
        assert_eq!(input.bytes(5), Ok(&b"hello"[..]));
        let (count, mut list) = input.list(2).unwrap();
        assert_eq!((count, list.u64(), list.u64()), (2, Ok(3), Ok(4)));
        let (count, mut list) = input.list(2).unwrap();
        assert_eq!(count, 2);
        assert_eq!(list.bytes(1), Ok(&b"x"[..]));
        assert_eq!(list.bytes(2), Ok(&b"yz"[..]));
    }

    #[test]
    fn lengths_and_offsets_out_of_bounds_are_malformed() {
        let data = (Bytes::from(b"hello".to_vec()),).abi_encode_params();
        assert_eq!(Input::new(&data).bytes(4), Err(malformed()));
        assert_eq!(
            Input::new(&data[..data.len() - 28]).bytes(5),
            Err(malformed())
        );
        let mut far = data.clone();
        far[30] = 0xff;
        assert_eq!(Input::new(&far).bytes(5), Err(malformed()));
        let mut huge = data;
        huge[0] = 1;
        assert_eq!(Input::new(&huge).bytes(5), Err(malformed()));
    }
}
