//! The other contracts of the city.
//!
//! A contract knows the constitution from its constructor. Once the city is sealed, anyone may call its `wire()`, which
//! asks the constitution for all members and stores them; from then on the wiring never changes (RULINGS R16).

use alloc::vec::Vec;

use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{common, malformed, output, reader::Reader};

/// Selector of `members()`, which answers one address for each [`Peer`], all zero before the seal.
const MEMBERS: [u8; 4] = [0xbd, 0xd4, 0xd1, 0x8d];

/// Most bytes that are copied of a peer's answer or refusal.
const ANSWER_BYTES_MAX: usize = 8_192;

/// A call's data: selector and words.
#[inline(never)]
pub fn call_data(selector: [u8; 4], words: &[B256]) -> Vec<u8> {
    output::refusal(selector, words)
}

/// A call's data: selector and arguments that are laid out already.
#[inline(never)]
pub fn call_laid_out(selector: [u8; 4], arguments: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(arguments.len().saturating_add(4));
    data.extend_from_slice(&selector);
    data.extend_from_slice(arguments);
    data
}

/// Asks a peer by static call; its refusal becomes ours.
#[inline(never)]
pub fn ask(vm: &impl Host, to: Address, data: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    // SAFETY: a static call cannot write storage, and no accessor is alive across it; what was written is flushed.
    unsafe {
        RawCall::new_static(vm)
            .flush_storage_cache()
            .limit_return_data(0, ANSWER_BYTES_MAX)
            .call(to, data)
    }
}

/// Asks a peer for one word.
pub fn ask_word(vm: &impl Host, to: Address, data: &[u8]) -> Result<B256, Vec<u8>> {
    let answer = ask(vm, to, data)?;
    let mut answer = Reader::new(&answer);
    let word = answer.word();
    answer.end()?;
    Ok(word)
}

/// Tells a peer: calls it, which may change its state; its refusal becomes ours. Everything of ours is stored before,
/// and read again after.
#[inline(never)]
pub fn tell(vm: &impl Host, to: Address, data: &[u8], value: U256) -> Result<Vec<u8>, Vec<u8>> {
    // SAFETY: no accessor is alive across it; the cache is written out and dropped, so nothing read before is trusted.
    unsafe {
        RawCall::new_with_value(vm, value)
            .clear_storage_cache()
            .limit_return_data(0, ANSWER_BYTES_MAX)
            .call(to, data)
    }
}

/// All members, asked of the constitution.
///
/// Errors: `NotSealed()`, or the constitution's own refusal.
#[inline(never)]
pub fn members(vm: &impl Host, constitution: Address) -> Result<[Address; Peer::COUNT], Vec<u8>> {
    let answer = ask(vm, constitution, &MEMBERS)?;
    let mut reader = Reader::new(&answer);
    let mut members = [Address::ZERO; Peer::COUNT];
    for member in &mut members {
        *member = reader.address();
    }
    reader.end()?;
    // What has no code answers nothing at all, which reading has refused; what is not sealed answers zeros.
    if members[Peer::Constitution.place()] != constitution {
        return Err(common::NOT_SEALED.to_vec());
    }
    if members.contains(&Address::ZERO) {
        return Err(malformed());
    }
    Ok(members)
}
