//! Slots of the stub: constitution, members, and words by a key of their own. The real layout is drawn with the real
//! bodies.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::peer::Peer;
use agentcity_shell::{Answer, Input, common, malformed, output, peer, refusal, unauthorized};
use alloy_primitives::{Address, B256};
use stylus_sdk::{
    prelude::*,
    storage::{StorageB256, StorageMap},
};

/// The contract's state, and the program's entry point.
#[entrypoint]
#[storage]
pub struct Legislature {
    constitution: StorageB256,
    members: StorageMap<u8, StorageB256>,
    words: StorageMap<B256, StorageB256>,
}

/// What a key is of, so that keys of two kinds never meet.
pub(crate) type Kind = u8;

impl Legislature {
    pub(crate) fn found(&mut self, constitution: Address) -> Answer {
        if self.constitution.get() != B256::ZERO {
            return Err(common::ALREADY_CONSTRUCTED.to_vec());
        }
        if constitution == Address::ZERO {
            return Err(malformed());
        }
        self.constitution.set(constitution.into_word());
        Ok(Vec::new())
    }

    pub(crate) fn constitution(&self) -> Answer {
        Ok(output::words(&[self.constitution.get()]))
    }

    pub(crate) fn constitution_address(&self) -> Address {
        Address::from_word(self.constitution.get())
    }

    pub(crate) fn wire_members(&mut self, wired: B256) -> Answer {
        if self.members.get(Peer::Treasury as u8) != B256::ZERO {
            return Err(common::ALREADY_WIRED.to_vec());
        }
        let members = peer::members(self.vm(), self.constitution_address())?;
        for (place, member) in members.iter().enumerate() {
            self.members.insert(place as u8, member.into_word());
        }
        let words = members.map(output::address);
        output::log(self.vm(), &[wired], &output::words(&words));
        Ok(Vec::new())
    }

    /// The member's address.
    #[inline(never)]
    pub(crate) fn member(&self, peer: Peer) -> Result<Address, Vec<u8>> {
        let word = self.members.get(peer as u8);
        if word == B256::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        Ok(Address::from_word(word))
    }

    /// Refuses everybody but these members.
    #[inline(never)]
    pub(crate) fn only(&self, peers: &[Peer]) -> Result<(), Vec<u8>> {
        let caller = self.vm().msg_sender();
        for peer in peers {
            if self.member(*peer)? == caller {
                return Ok(());
            }
        }
        Err(unauthorized(caller))
    }

    #[inline(never)]
    pub(crate) fn key(&self, kind: Kind, first: B256, second: B256) -> B256 {
        let mut bytes = [0; 65];
        bytes[0] = kind;
        bytes[1..33].copy_from_slice(first.as_slice());
        bytes[33..].copy_from_slice(second.as_slice());
        self.vm().native_keccak256(&bytes)
    }

    #[inline(never)]
    pub(crate) fn read(&self, key: B256) -> B256 {
        self.words.get(key)
    }

    #[inline(never)]
    pub(crate) fn write(&mut self, key: B256, word: B256) {
        self.words.insert(key, word);
    }

    #[inline(never)]
    pub(crate) fn emit(&self, topics: &[B256], data: &[B256]) {
        output::log(self.vm(), topics, &output::words(data));
    }

    pub(crate) fn caller(&self) -> Address {
        self.vm().msg_sender()
    }

    pub(crate) fn now(&self) -> u64 {
        self.vm().block_timestamp()
    }

    /// Parameters of an epoch, in one call: a byte for each id.
    #[inline(never)]
    pub(crate) fn parameters<const N: usize>(
        &self,
        epoch: u64,
        ids: [u8; N],
    ) -> Result<[u64; N], Vec<u8>> {
        let mut data = Vec::with_capacity(4 + 128);
        data.extend_from_slice(&agentcity_abi_read());
        let arguments = output::Output::of(2)
            .word(output::number(epoch))
            .bytes(&ids)
            .finish();
        data.extend_from_slice(&arguments);
        let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
        let (count, mut list) = Input::new(&answer).list(N)?;
        if count != N {
            return Err(malformed());
        }
        let mut values = [0; N];
        for value in &mut values {
            *value = list.u64()?;
        }
        Ok(values)
    }
}

const fn agentcity_abi_read() -> [u8; 4] {
    <agentcity_abi::IConstitution::readCall as alloy_sol_types::SolCall>::SELECTOR
}

/// A part of a packed word: `bytes` bytes from `at`, big-endian.
#[inline(never)]
pub(crate) fn part(word: B256, at: usize, bytes: usize) -> u128 {
    let mut value = 0;
    for byte in word.iter().skip(at).take(bytes) {
        value = value << 8 | u128::from(*byte);
    }
    value
}

/// The word with a part replaced.
#[inline(never)]
pub(crate) fn with(mut word: B256, at: usize, bytes: usize, value: u128) -> B256 {
    let digits = value.to_be_bytes();
    for (place, byte) in word.iter_mut().skip(at).take(bytes).enumerate() {
        *byte = digits.get(16 - bytes + place).copied().unwrap_or_default();
    }
    word
}

/// A refusal of one error with up to a few words.
#[inline(never)]
pub(crate) fn refuse<T>(selector: [u8; 4], words: &[B256]) -> Result<T, Vec<u8>> {
    Err(refusal(selector, words))
}
