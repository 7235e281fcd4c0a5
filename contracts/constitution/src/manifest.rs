//! The genesis manifest: read from a call, hashed as EIP-712 hashes it, judged against the chain.

use alloc::vec::Vec;

use agentcity_domain::{
    constitution::seal::{self as rules, Founding},
    signed::identity::{Clerk, GenesisManifest, Member, ParameterValue},
    time::Timestamp,
};
use agentcity_shell::{Input, output, sign};
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::error::revert_seal;

/// Selector of `constitution()`, and the gas and bytes a member gets to answer it: an uncached program's start and
/// one cold slot, with room to spare.
const CONSTITUTION: [u8; 4] = [0xc9, 0x6b, 0x9e, 0x29];
const CONSTITUTION_GAS: u64 = 1_000_000;

/// Bytes of a word, and of a key's signature.
const WORD: usize = 32;
const KEY_SIGNATURE_BYTES: usize = 65;

/// Bounds of lists in a call: more than a manifest may have, so that what is too long is told its own refusal; and no
/// more than a transaction can carry.
const LIST_MAX: usize = 256;

/// A manifest as sent.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    mandate: B256,
    asset: Address,
    unit_scale: U256,
    pub(crate) members: Vec<Member>,
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) clerks: Vec<Clerk>,
    adjudicators: Vec<Address>,
    pub(crate) deadline: Timestamp,
}

impl Manifest {
    /// Reads the struct at the offset in the next word.
    pub(crate) fn read(input: &mut Input<'_>) -> Result<Self, Vec<u8>> {
        let mut fields = input.tail()?;
        let (mandate, asset, scale) = (fields.word()?, fields.address()?, fields.word()?);
        let (count, mut items) = fields.list(LIST_MAX)?;
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            members.push(Member {
                peer: items.u8()?,
                account: items.address()?,
                codehash: items.word()?,
            });
        }
        let (count, mut items) = fields.list(LIST_MAX)?;
        let mut parameters = Vec::with_capacity(count);
        for _ in 0..count {
            parameters.push(ParameterValue {
                id: items.u8()?,
                value: items.word()?,
            });
        }
        let (count, mut items) = fields.list(LIST_MAX)?;
        let mut clerks = Vec::with_capacity(count);
        for _ in 0..count {
            clerks.push(Clerk {
                role: items.u8()?,
                agent: items.address()?,
                principal: items.address()?,
            });
        }
        Ok(Self {
            mandate,
            asset,
            unit_scale: scale.into(),
            members,
            parameters,
            clerks,
            adjudicators: addresses(&mut fields)?,
            deadline: Timestamp::new(fields.u64()?),
        })
    }

    /// What it says about the construction.
    pub(crate) fn founding(&self) -> Founding<'_> {
        Founding {
            mandate: self.mandate,
            asset: self.asset,
            unit_scale: self.unit_scale,
            adjudicators: &self.adjudicators,
        }
    }

    /// What is signed: every field, none opaque.
    pub(crate) fn digest(&self, vm: &impl Host) -> B256 {
        let mut hashes = Hashes(Vec::with_capacity(LIST_WORDS));
        for member in &self.members {
            hashes.item(vm, &member.words());
        }
        let members = hashes.take(vm);
        for parameter in &self.parameters {
            hashes.item(vm, &parameter.words());
        }
        let parameters = hashes.take(vm);
        for clerk in &self.clerks {
            hashes.item(vm, &clerk.words());
        }
        let clerks = hashes.take(vm);
        for adjudicator in &self.adjudicators {
            hashes.0.push(adjudicator.into_word());
        }
        let signed = GenesisManifest {
            mandate: self.mandate,
            asset: self.asset,
            unit_scale: self.unit_scale,
            members,
            parameters,
            clerks,
            adjudicators: hashes.take(vm),
            deadline: self.deadline.get(),
        };
        sign::digest(vm, &signed.words())
    }

    /// Whether every member is on chain what was signed, and names this constitution (`own`).
    pub(crate) fn check_members(&self, vm: &impl Host, own: Address) -> Result<(), Vec<u8>> {
        for (member, peer) in self.members.iter().zip(rules::OTHERS) {
            let found = vm.code_hash(member.account);
            let named = named_constitution(vm, member.account);
            rules::member_is_ours(own, peer, *member, found, named).map_err(revert_seal)?;
        }
        Ok(())
    }
}

/// Words of a list of hashes for which room is made at once.
const LIST_WORDS: usize = 32;

/// The items of a list, as words of which the list's hash is taken.
struct Hashes(Vec<B256>);

impl Hashes {
    /// Appends the hash of a struct.
    fn item(&mut self, vm: &impl Host, words: &[B256]) {
        self.0.push(vm.native_keccak256(&output::words(words)));
    }

    /// The hash of the list, which is empty again.
    fn take(&mut self, vm: &impl Host) -> B256 {
        let hash = vm.native_keccak256(&output::words(&self.0));
        self.0.clear();
        hash
    }
}

/// Which constitution a member names; none if it answers anything but one address.
fn named_constitution(vm: &impl Host, member: Address) -> Option<Address> {
    // SAFETY: a static call cannot write storage, and nothing was stored before it.
    let answer = unsafe {
        RawCall::new_static(vm)
            .gas(CONSTITUTION_GAS)
            .limit_return_data(0, WORD + 1)
            .call(member, &CONSTITUTION)
    };
    let answer = answer.ok()?;
    if answer.len() != WORD {
        return None;
    }
    Input::new(&answer).address().ok()
}

/// Whose signature one item of the list is, if anybody's: 65 bytes of a key, or a contract's address and what it is
/// asked about.
///
/// Errors: `InvalidSignature(signer)` when the contract says no.
pub(crate) fn signer(
    vm: &impl Host,
    digest: B256,
    signature: &[u8],
) -> Result<Option<Address>, Vec<u8>> {
    if signature.len() == KEY_SIGNATURE_BYTES {
        return Ok(sign::recover(vm, digest, signature));
    }
    let Some((contract, own)) = signature.split_at_checked(Address::len_bytes()) else {
        return Ok(None);
    };
    let contract = Address::from_slice(contract);
    sign::require(vm, contract, digest, own)?;
    Ok(Some(contract))
}

/// A list of addresses.
pub(crate) fn addresses(input: &mut Input<'_>) -> Result<Vec<Address>, Vec<u8>> {
    let (count, mut items) = input.list(LIST_MAX)?;
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        list.push(items.address()?);
    }
    Ok(list)
}
