//! Words laid out one behind another: refusals, logs, calls, answers.
//!
//! The same as the functions of [`output`](crate::output), at a lower price: a word that is passed or returned by value is
//! copied at each step, and these copies are most of what a large program holds. Here each word costs one call, whose
//! arguments are a pointer and a number.

use alloc::vec::Vec;

use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::prelude::*;

use crate::{
    Answer, malformed,
    member::{self, Kind, Member},
    peer,
    reader::Reader,
    slot,
};

/// Words in the making.
#[derive(Clone, Debug, Default)]
pub struct Words(Vec<u8>);

/// Words whose first is the topic of an event: [`Words::topic`] with its four quarters.
#[macro_export]
macro_rules! topic {
    ($word:expr) => {
        $crate::words::Words::topic(
            const { agentcity_domain::literal::quarter(&$word, 0) },
            const { agentcity_domain::literal::quarter(&$word, 1) },
            const { agentcity_domain::literal::quarter(&$word, 2) },
            const { agentcity_domain::literal::quarter(&$word, 3) },
        )
    };
}

impl Words {
    /// None yet.
    #[inline(never)]
    pub fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    /// Behind a selector: a refusal or a call.
    #[inline(never)]
    pub fn after(selector: [u8; 4]) -> Self {
        let mut words = Self::new();
        words.0.extend_from_slice(&selector);
        words
    }

    /// Behind the word of these quarters, lowest byte first in each.
    #[inline(never)]
    pub fn topic(first: u64, second: u64, third: u64, fourth: u64) -> Self {
        let mut words = Self::new();
        for quarter in [first, second, third, fourth] {
            words.0.extend_from_slice(&quarter.to_le_bytes());
        }
        words
    }

    /// A word.
    #[inline(never)]
    pub fn word(&mut self, word: &B256) -> &mut Self {
        self.0.extend_from_slice(word.as_slice());
        self
    }

    /// Several words.
    #[inline(never)]
    pub fn all(&mut self, words: &[B256]) -> &mut Self {
        for word in words {
            self.word(word);
        }
        self
    }

    /// A number.
    #[inline(never)]
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&[0; 24]);
        self.eight(value)
    }

    /// Eight bytes of a word.
    #[inline(never)]
    fn eight(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A number of 128 bits: an amount.
    #[inline(never)]
    pub fn amount(&mut self, value: u128) -> &mut Self {
        self.0.extend_from_slice(&[0; 16]);
        self.eight((value >> 64) as u64).eight(value as u64)
    }

    /// An address.
    #[inline(never)]
    pub fn address(&mut self, value: &Address) -> &mut Self {
        self.0.extend_from_slice(&[0; 12]);
        self.0.extend_from_slice(value.as_slice());
        self
    }

    /// A truth value.
    pub fn truth(&mut self, value: bool) -> &mut Self {
        self.number(value.into())
    }

    /// The bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// They are the refusal.
    #[inline(never)]
    pub fn refuse<T>(&mut self) -> Result<T, Vec<u8>> {
        Err(core::mem::take(&mut self.0))
    }

    /// They are the answer.
    #[inline(never)]
    pub fn answer(&mut self) -> Answer {
        Ok(core::mem::take(&mut self.0))
    }
}

/// What a member does with words.
pub trait Laid: Member {
    /// Emits a log, whose first `topics` words are topics.
    #[inline(never)]
    fn log(&self, words: &Words, topics: usize) {
        self.vm().emit_log(words.bytes(), topics);
    }

    /// keccak256 of the words.
    #[inline(never)]
    fn hash(&self, words: &Words) -> B256 {
        self.vm().native_keccak256(words.bytes())
    }

    /// Asks a peer.
    ///
    /// Errors: its refusal; `NotWired()`.
    #[inline(never)]
    fn ask(&self, to: Peer, call: &Words) -> Result<Vec<u8>, Vec<u8>> {
        peer::ask(self.vm(), self.member(to)?, call.bytes())
    }

    /// Tells a peer. Everything of ours is stored before.
    ///
    /// Errors: its refusal; `NotWired()`.
    #[inline(never)]
    fn tell(&self, to: Peer, call: &Words) -> Result<(), Vec<u8>> {
        peer::tell(self.vm(), self.member(to)?, call.bytes(), U256::ZERO)?;
        Ok(())
    }

    /// Parameters of an epoch, or of the one in force, in one call: the number of each id, of at most 32. Which epoch that is.
    ///
    /// Errors: the constitution's refusal; `MalformedCall()` if it answers something else.
    #[inline(never)]
    fn numbers(&self, epoch: Option<u64>, ids: &[u8], values: &mut [u64]) -> Result<u64, Vec<u8>> {
        let mut call = match epoch {
            Some(epoch) => {
                let mut call = Words::after(member::READ);
                call.number(epoch).number(64);
                call
            }
            None => {
                let mut call = Words::after(member::READ_CURRENT);
                call.number(32);
                call
            }
        };
        let mut word = B256::ZERO;
        for (to, id) in word.iter_mut().zip(ids) {
            *to = *id;
        }
        call.number(ids.len() as u64).word(&word);
        let answer = peer::ask(self.vm(), self.constitution_address(), call.bytes())?;
        let mut answer = Reader::new(&answer);
        let epoch = match epoch {
            Some(epoch) => epoch,
            None => answer.u64(),
        };
        let (count, mut list) = answer.list(values.len());
        if count != values.len() {
            return Err(malformed());
        }
        for value in values {
            *value = list.u64();
        }
        answer.end()?;
        list.end()?;
        Ok(epoch)
    }

    /// Where the word of a key lies: the same place that [`Member::key`] leads to.
    #[inline(never)]
    fn place(&self, kind: Kind, first: &B256, second: &B256) -> U256 {
        slot::of(self.vm(), 2, self.key(kind, *first, *second))
    }

    /// The word of a key that ends in a number.
    #[inline(never)]
    fn entry(&self, kind: Kind, first: &B256, second: u64) -> B256 {
        self.entry_at(kind, first, &crate::output::number(second))
    }

    /// The word of a key that ends in a word.
    #[inline(never)]
    fn entry_at(&self, kind: Kind, first: &B256, second: &B256) -> B256 {
        slot::load(self.vm(), self.place(kind, first, second))
    }

    /// Writes the word of a key that ends in a number.
    #[inline(never)]
    fn set_entry(&mut self, kind: Kind, first: &B256, second: u64, word: &B256) {
        self.set_entry_at(kind, first, &crate::output::number(second), word);
    }

    /// Writes the word of a key that ends in a word.
    #[inline(never)]
    fn set_entry_at(&mut self, kind: Kind, first: &B256, second: &B256, word: &B256) {
        slot::store(self.vm(), self.place(kind, first, second), *word);
    }
}

impl<T: Member> Laid for T {}

#[cfg(test)]
mod tests {
    use agentcity_domain::literal;
    use alloy_primitives::b256;

    use super::*;
    use crate::output;

    const TOPIC: B256 = b256!("0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff");

    #[test]
    fn words_are_laid_out_as_the_functions_lay_them_out() {
        let word = B256::repeat_byte(7);
        let address = Address::repeat_byte(9);
        let mut words = Words::after([1, 2, 3, 4]);
        words
            .word(&word)
            .number(5)
            .amount(6 << 64)
            .address(&address)
            .truth(true);
        let expected = output::refusal(
            [1, 2, 3, 4],
            &[
                word,
                output::number(5),
                output::amount(6 << 64),
                address.into_word(),
                output::truth(true),
            ],
        );
        assert_eq!(words.bytes(), expected);
        assert_eq!(words.clone().answer(), Ok(expected.clone()));
        assert_eq!(words.refuse::<()>(), Err(expected));
        assert_eq!(
            Words::new().all(&[word, TOPIC]).bytes(),
            output::words(&[word, TOPIC])
        );
    }

    #[test]
    fn a_topic_is_the_word_that_was_written() {
        assert_eq!(topic!(TOPIC).bytes(), literal!(TOPIC).as_slice());
    }
}
