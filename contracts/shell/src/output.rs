//! Answers, refusals and logs, laid out word by word.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use stylus_sdk::prelude::*;

const WORD: usize = 32;

/// Revert data: a selector and its words. Errors carry static types only.
#[inline(never)]
pub fn refusal(selector: [u8; 4], words: &[B256]) -> Vec<u8> {
    let mut data = Vec::with_capacity(bytes_of(words).saturating_add(4));
    data.extend_from_slice(&selector);
    for word in words {
        data.extend_from_slice(word.as_slice());
    }
    data
}

/// The same as the outcome of a function.
#[inline(never)]
pub fn refuse<T>(selector: [u8; 4], words: &[B256]) -> Result<T, Vec<u8>> {
    Err(refusal(selector, words))
}

/// Bytes of words. Here and below arithmetic saturates, because a check that can fail brings its message into every program.
const fn bytes_of(words: &[B256]) -> usize {
    WORD.saturating_mul(words.len())
}

/// Return data of static words.
#[inline(never)]
pub fn words(words: &[B256]) -> Vec<u8> {
    let mut data = Vec::with_capacity(bytes_of(words));
    for word in words {
        data.extend_from_slice(word.as_slice());
    }
    data
}

/// A number as a word.
#[inline(never)]
pub fn number(value: u64) -> B256 {
    let mut word = B256::ZERO;
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// An amount as a word.
#[inline(never)]
pub fn amount(value: u128) -> B256 {
    let mut word = B256::ZERO;
    word[16..].copy_from_slice(&value.to_be_bytes());
    word
}

/// A signed number as a word, sign-extended.
#[inline(never)]
pub fn signed(value: i64) -> B256 {
    let mut word = B256::repeat_byte(if value < 0 { 0xff } else { 0 });
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// An address as a word.
#[inline(never)]
pub fn address(value: Address) -> B256 {
    value.into_word()
}

/// A truth value as a word.
#[inline(never)]
pub fn truth(value: bool) -> B256 {
    number(u64::from(value))
}

/// Return data, or a log's data, with dynamic parts: heads first, then tails.
#[derive(Clone, Debug, Default)]
pub struct Output {
    heads: usize,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Output {
    /// For a tuple of `heads` members.
    pub fn of(heads: usize) -> Self {
        Self {
            heads,
            head: Vec::with_capacity(WORD.saturating_mul(heads)),
            tail: Vec::new(),
        }
    }

    /// Appends a static member.
    pub fn word(mut self, word: B256) -> Self {
        self.head.extend_from_slice(word.as_slice());
        self
    }

    /// Appends a byte string or a text.
    #[inline(never)]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.offset();
        self.tail
            .extend_from_slice(number(bytes.len() as u64).as_slice());
        self.tail.extend_from_slice(bytes);
        let padding = bytes.len().wrapping_neg() % WORD;
        self.tail.resize(self.tail.len().saturating_add(padding), 0);
        self
    }

    /// Appends a list of words: of `items / per_item` items.
    #[inline(never)]
    pub fn list(mut self, items: &[B256], per_item: usize) -> Self {
        self.offset();
        let count = items.len().checked_div(per_item).unwrap_or_default();
        self.tail.extend_from_slice(number(count as u64).as_slice());
        for item in items {
            self.tail.extend_from_slice(item.as_slice());
        }
        self
    }

    /// Appends a struct with dynamic fields, encoded as a tuple of its own.
    pub fn structure(mut self, encoded: &[u8]) -> Self {
        self.offset();
        self.tail.extend_from_slice(encoded);
        self
    }

    /// The encoding.
    pub fn finish(mut self) -> Vec<u8> {
        self.head.extend_from_slice(&self.tail);
        self.head
    }

    fn offset(&mut self) {
        let heads = WORD.saturating_mul(self.heads);
        let offset = heads.saturating_add(self.tail.len());
        self.head
            .extend_from_slice(number(offset as u64).as_slice());
    }
}

/// Emits a log: `topics` with the event's signature first, then `data`.
#[inline(never)]
pub fn log(vm: &impl Host, topics: &[B256], data: &[u8]) {
    let mut log = Vec::with_capacity(bytes_of(topics).saturating_add(data.len()));
    for topic in topics {
        log.extend_from_slice(topic.as_slice());
    }
    log.extend_from_slice(data);
    vm.emit_log(&log, topics.len());
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, U256};
    use alloy_sol_types::SolValue;

    use super::*;

    #[test]
    fn an_output_is_the_encoding_of_its_tuple() {
        let items = vec![B256::repeat_byte(1), B256::repeat_byte(2)];
        let ours = Output::of(4)
            .word(number(7))
            .bytes(b"hello")
            .list(&items, 1)
            .word(truth(true))
            .finish();
        let theirs = (
            U256::from(7),
            Bytes::from(b"hello".to_vec()),
            items.clone(),
            true,
        )
            .abi_encode_params();
        assert_eq!(ours, theirs);
        let pairs = Output::of(1).list(&items, 2).finish();
        assert_eq!(
            pairs,
            (vec![(items[0], items[1])],).abi_encode_params(),
            "two words an item"
        );
    }

    #[test]
    fn a_structure_stands_behind_its_offset() {
        let items = vec![B256::repeat_byte(1)];
        let inner = Output::of(2).word(number(5)).list(&items, 1).finish();
        let ours = Output::of(2).bytes(b"x").structure(&inner).finish();
        let theirs = (Bytes::from(b"x".to_vec()), (U256::from(5), items)).abi_encode_params();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn numbers_take_their_words() {
        assert_eq!(
            signed(-2),
            B256::from(U256::from_be_bytes([0xff; 32]) - U256::from(1))
        );
        assert_eq!(signed(2), number(2));
        assert_eq!(
            amount(u128::MAX),
            B256::from(U256::from(u128::MAX).to_be_bytes::<32>())
        );
        assert_eq!(
            refusal([1, 2, 3, 4], &[number(5)]),
            [&[1, 2, 3, 4][..], number(5).as_slice()].concat()
        );
    }
}
