//! The city around the contract: its peers, the parameters in force, and those who signed.

use agentcity_abi::{IAgent as wire, IConstitution as law};
use agentcity_domain::{
    agent::in_time,
    literal,
    parameter::ParameterId,
    peer::Peer,
    time::{Seconds, Timestamp},
};
use agentcity_shell::{Answer, Input, Output, common, malformed, output, peer, sign, unauthorized};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

impl Agents {
    /// Remembers the constitution.
    ///
    /// Errors: `AlreadyConstructed`; `MalformedCall` for none.
    pub(crate) fn found(&mut self, constitution: Address) -> Answer {
        if self.load_constitution() != Address::ZERO {
            return Err(common::ALREADY_CONSTRUCTED.to_vec());
        }
        if constitution == Address::ZERO {
            return Err(malformed());
        }
        self.store_constitution(constitution);
        Ok(Vec::new())
    }

    pub(crate) fn constitution(&self) -> Answer {
        Ok(output::words(&[self.load_constitution().into_word()]))
    }

    /// Errors: `AlreadyWired`, `NotSealed`.
    /// Events: `Wired`.
    pub(crate) fn wire(&mut self) -> Answer {
        if self.is_wired() {
            return Err(common::ALREADY_WIRED.to_vec());
        }
        let constitution = self.load_constitution();
        let members = peer::members(self.vm(), constitution)?;
        let asset = peer::ask_word(self.vm(), constitution, &law::assetCall::SELECTOR)?;
        let scale = peer::ask_word(self.vm(), constitution, &law::unitScaleCall::SELECTOR)?;
        // The constitution admits 1 to 2⁹⁶−1; another answer is no constitution's.
        if scale == B256::ZERO || scale[..20].iter().any(|byte| *byte != 0) {
            return Err(malformed());
        }

        self.store_wiring(&members, Address::from_word(asset), scale);

        let members = members.map(output::address);
        self.emit(&[literal!(wire::Wired::SIGNATURE_HASH)], &members);
        Ok(Vec::new())
    }

    /// Errors: `NotWired`, `Unauthorized`.
    pub(crate) fn only(&self, peer: Peer) -> Result<(), Vec<u8>> {
        self.either(peer, peer)
    }

    /// Errors: `NotWired`, `Unauthorized`.
    #[inline(never)]
    pub(crate) fn either(&self, one: Peer, other: Peer) -> Result<(), Vec<u8>> {
        let caller = self.vm().msg_sender();
        if caller == self.load_peer(one)? || caller == self.load_peer(other)? {
            return Ok(());
        }
        Err(unauthorized(caller))
    }

    /// A log of words.
    #[inline(never)]
    pub(crate) fn emit(&self, topics: &[B256], data: &[B256]) {
        output::log(self.vm(), topics, &output::words(data));
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::new(self.vm().block_timestamp())
    }

    /// Values in force, asked in one call. All are numbers, hence 32 bits.
    #[inline(never)]
    pub(crate) fn parameters(&self, ids: &[ParameterId]) -> Result<Vec<u32>, Vec<u8>> {
        let bytes: Vec<u8> = ids.iter().map(|id| *id as u8).collect();
        let mut call = law::readCurrentCall::SELECTOR.to_vec();
        call.extend_from_slice(&Output::of(1).bytes(&bytes).finish());
        let answer = peer::ask(self.vm(), self.load_constitution(), &call)?;
        let mut input = Input::new(&answer);
        let _epoch = input.u64()?;
        let (count, mut values) = input.list(ids.len())?;
        let mut read = Vec::with_capacity(count);
        for _ in ids {
            read.push(values.u32()?);
        }
        Ok(read)
    }

    /// One value in force.
    pub(crate) fn parameter(&self, id: ParameterId) -> Result<u32, Vec<u8>> {
        let values = self.parameters(&[id])?;
        values.first().copied().ok_or_else(malformed)
    }

    /// One duration in force.
    pub(crate) fn seconds(&self, id: ParameterId) -> Result<Seconds, Vec<u8>> {
        Ok(Seconds::new(self.parameter(id)?.into()))
    }

    /// INV-AGENT-04. Whether `signer` agreed: by signature, or by calling with none.
    ///
    /// Errors: `Expired`, `InvalidSignature`.
    #[inline(never)]
    pub(crate) fn require_consent(
        &self,
        signer: Address,
        words: &[B256],
        deadline: u64,
        signature: &[u8],
    ) -> Result<(), Vec<u8>> {
        in_time(deadline, self.now()).map_err(revert)?;
        if signature.is_empty() && signer == self.vm().msg_sender() {
            return Ok(());
        }
        let digest = sign::digest(self.vm(), words);
        sign::require(self.vm(), signer, digest, signature)
    }
}
