//! What a member of a city keeps of it: the constitution it was constructed with, and its peers once it is wired. Layout, in
//! Solidity's terms:
//!
//! ```text
//! slot 0  address constitution
//! slot 1  mapping(uint256 place => address) members   (empty until wired)
//! slot 2  mapping(bytes32 key => bytes32) words       (what the contract keeps, by keys of its own)
//! ```
//!
//! The slots are reached by number, so a contract that is a [`Member`] has no fields.

use alloc::vec::Vec;

use agentcity_domain::{peer::Peer, signed::selector};
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::prelude::*;

use crate::{
    Answer, Input, common, malformed,
    output::{self, number},
    peer, slot, unauthorized,
};

/// Slot of the constitution's address.
const CONSTITUTION: U256 = U256::ZERO;
/// Slot of the mapping from places to members.
const MEMBERS: u64 = 1;
/// Slot of the mapping from keys to words.
const WORDS: u64 = 2;

/// Selector of the constitution's `read(uint64,bytes)`: parameters of an epoch, a byte for each id.
pub(crate) const READ: [u8; 4] = [0x93, 0xe9, 0x0b, 0xed];

/// Selector of the constitution's `readCurrent(bytes)`: the number of the epoch in force, and parameters in it.
pub(crate) const READ_CURRENT: [u8; 4] = selector("readCurrent(bytes)");

/// What a key is of, so that keys of two kinds never meet.
pub type Kind = u8;

/// A contract of the city besides the constitution.
pub trait Member: HostAccess {
    /// Constructs it with its constitution.
    ///
    /// Errors: `AlreadyConstructed()`; `MalformedCall()` for the zero address.
    #[inline(never)]
    fn found(&mut self, constitution: Address) -> Answer {
        if slot::load(self.vm(), CONSTITUTION) != B256::ZERO {
            return Err(common::ALREADY_CONSTRUCTED.to_vec());
        }
        if constitution == Address::ZERO {
            return Err(malformed());
        }
        slot::store(self.vm(), CONSTITUTION, constitution.into_word());
        Ok(Vec::new())
    }

    /// The constitution, for anyone who asks.
    fn constitution(&self) -> Answer {
        Ok(output::words(&[slot::load(self.vm(), CONSTITUTION)]))
    }

    /// The constitution's address.
    fn constitution_address(&self) -> Address {
        Address::from_word(slot::load(self.vm(), CONSTITUTION))
    }

    /// Learns the peers, once, and says so under the topic `wired`.
    ///
    /// Errors: `AlreadyWired()`, `NotSealed()`.
    /// Source: RULINGS R16.
    #[inline(never)]
    fn wire_members(&mut self, wired: B256) -> Answer {
        let vm = self.vm();
        if slot::load(vm, place_of(vm, Peer::Constitution)) != B256::ZERO {
            return Err(common::ALREADY_WIRED.to_vec());
        }
        let members = peer::members(vm, self.constitution_address())?;
        let mut log = wired.to_vec();
        for (member, peer) in members.iter().zip(Peer::ALL) {
            let word = member.into_word();
            slot::store(vm, place_of(vm, peer), word);
            log.extend_from_slice(word.as_slice());
        }
        vm.emit_log(&log, 1);
        Ok(Vec::new())
    }

    /// A peer's address.
    ///
    /// Errors: `NotWired()`.
    #[inline(never)]
    fn member(&self, peer: Peer) -> Result<Address, Vec<u8>> {
        let word = slot::load(self.vm(), place_of(self.vm(), peer));
        if word == B256::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        Ok(Address::from_word(word))
    }

    /// Refuses everybody but these members.
    ///
    /// Errors: `Unauthorized(caller)`, `NotWired()`.
    #[inline(never)]
    fn only(&self, peers: &[Peer]) -> Result<(), Vec<u8>> {
        let caller = self.vm().msg_sender();
        for peer in peers {
            if self.member(*peer)? == caller {
                return Ok(());
            }
        }
        Err(unauthorized(caller))
    }

    /// Asks a peer.
    ///
    /// Errors: its refusal; `NotWired()`.
    #[inline(never)]
    fn ask_peer(&self, to: Peer, selector: [u8; 4], words: &[B256]) -> Result<Vec<u8>, Vec<u8>> {
        let data = peer::call_data(selector, words);
        peer::ask(self.vm(), self.member(to)?, &data)
    }

    /// Tells a peer. Everything of ours is stored before.
    ///
    /// Errors: its refusal; `NotWired()`.
    #[inline(never)]
    fn tell_peer(&self, to: Peer, selector: [u8; 4], words: &[B256]) -> Result<Vec<u8>, Vec<u8>> {
        let data = peer::call_data(selector, words);
        peer::tell(self.vm(), self.member(to)?, &data, U256::ZERO)
    }

    /// Parameters of an epoch, in one call: the number of each id.
    ///
    /// Errors: the constitution's refusal; `MalformedCall()` if it answers something else.
    fn parameters<const N: usize>(&self, epoch: u64, ids: [u8; N]) -> Result<[u64; N], Vec<u8>> {
        let mut values = [0; N];
        self.read_parameters(epoch, &ids, &mut values)?;
        Ok(values)
    }

    /// The same, of any number: one body for all of them.
    #[inline(never)]
    fn read_parameters(&self, epoch: u64, ids: &[u8], values: &mut [u64]) -> Result<(), Vec<u8>> {
        let mut data = READ.to_vec();
        let arguments = output::Output::of(2)
            .word(number(epoch))
            .bytes(ids)
            .finish();
        data.extend_from_slice(&arguments);
        let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
        take_values(&mut Input::new(&answer), values)
    }

    /// Parameters of the epoch in force, and its number.
    ///
    /// Errors: the constitution's refusal, as of a city that is not sealed; `MalformedCall()` if it answers something else.
    fn parameters_in_force<const N: usize>(
        &self,
        ids: [u8; N],
    ) -> Result<(u64, [u64; N]), Vec<u8>> {
        let mut values = [0; N];
        let epoch = self.read_parameters_in_force(&ids, &mut values)?;
        Ok((epoch, values))
    }

    /// The same, of any number: one body for all of them.
    #[inline(never)]
    fn read_parameters_in_force(&self, ids: &[u8], values: &mut [u64]) -> Result<u64, Vec<u8>> {
        let mut data = READ_CURRENT.to_vec();
        data.extend_from_slice(&output::Output::of(1).bytes(ids).finish());
        let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
        let mut answer = Input::new(&answer);
        let epoch = answer.u64()?;
        take_values(&mut answer, values)?;
        Ok(epoch)
    }

    /// Parameters in force, in one call: the word of each id. For those that are the city's, not a mission's or session's.
    ///
    /// Errors: the constitution's refusal; `MalformedCall()` if it answers something else.
    #[inline(never)]
    fn read_live(&self, ids: &[u8], values: &mut [B256]) -> Result<(), Vec<u8>> {
        let arguments = output::Output::of(1).bytes(ids).finish();
        let data = peer::call_laid_out(READ_CURRENT, &arguments);
        let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
        let mut answer = Input::new(&answer);
        answer.u64()?;
        let (count, mut list) = answer.list(values.len())?;
        if count != values.len() {
            return Err(malformed());
        }
        for value in values {
            *value = list.word()?;
        }
        Ok(())
    }

    /// The same as numbers.
    fn live<const N: usize>(&self, ids: [u8; N]) -> Result<[u64; N], Vec<u8>> {
        Ok(self.parameters_in_force(ids)?.1)
    }

    /// The key of a word: its kind, and what tells it from others of that kind.
    #[inline(never)]
    fn key(&self, kind: Kind, first: B256, second: B256) -> B256 {
        let mut bytes = [0; 65];
        bytes[0] = kind;
        bytes[1..33].copy_from_slice(first.as_slice());
        bytes[33..].copy_from_slice(second.as_slice());
        self.vm().native_keccak256(&bytes)
    }

    /// The word of a key.
    #[inline(never)]
    fn read(&self, key: B256) -> B256 {
        slot::load(self.vm(), slot::of(self.vm(), WORDS, key))
    }

    /// Writes the word of a key.
    #[inline(never)]
    fn write(&mut self, key: B256, word: B256) {
        slot::store(self.vm(), slot::of(self.vm(), WORDS, key), word);
    }

    /// The word of a kind, of something, at a number.
    #[inline(never)]
    fn word_at(&self, kind: Kind, of: &B256, at: u64) -> B256 {
        self.read(self.key(kind, *of, number(at)))
    }

    /// Writes the word of a kind, of something, at a number.
    #[inline(never)]
    fn put(&mut self, kind: Kind, of: &B256, at: u64, word: &B256) {
        let key = self.key(kind, *of, number(at));
        self.write(key, *word);
    }

    /// A log of words.
    #[inline(never)]
    fn emit(&self, topics: &[B256], data: &[B256]) {
        output::log(self.vm(), topics, &output::words(data));
    }

    /// The same of words that stand elsewhere: a reference each, where copies would fill a program.
    #[inline(never)]
    fn log_words(&self, topics: &[&B256], data: &[&B256]) {
        let mut log =
            Vec::with_capacity(topics.len().saturating_add(data.len()).saturating_mul(32));
        for word in topics.iter().chain(data) {
            log.extend_from_slice(word.as_slice());
        }
        self.vm().emit_log(&log, topics.len());
    }

    /// Who calls.
    fn caller(&self) -> Address {
        self.vm().msg_sender()
    }

    /// The block's time, in unix seconds.
    fn now(&self) -> u64 {
        self.vm().block_timestamp()
    }
}

/// As many numbers as were asked for.
#[inline(never)]
fn take_values(answer: &mut Input<'_>, values: &mut [u64]) -> Result<(), Vec<u8>> {
    let (count, mut list) = answer.list(values.len())?;
    if count != values.len() {
        return Err(malformed());
    }
    for value in values {
        *value = list.u64()?;
    }
    Ok(())
}

fn place_of(vm: &impl Host, peer: Peer) -> U256 {
    slot::of(vm, MEMBERS, number(peer.place() as u64))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    #[test]
    fn parameters_are_read_by_the_constitutions_functions() {
        assert_eq!(keccak256("read(uint64,bytes)")[..4], super::READ);
        assert_eq!(keccak256("readCurrent(bytes)")[..4], super::READ_CURRENT);
    }
}
