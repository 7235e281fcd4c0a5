//! Whose signature a permit carries: hashing by the host, recovery by precompile, contracts by ERC-1271.

use agentcity_domain::token::{self as rules, Permit, Refused};
use alloy_primitives::{Address, B256, address, hex};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::storage::SettlementToken;

/// The precompile that recovers a signer's address.
const ECRECOVER: Address = address!("0x0000000000000000000000000000000000000001");

/// Gas that a contract gets to judge a signature (RULINGS R22).
const ERC1271_GAS: u64 = 100_000;

/// Selector of `isValidSignature(bytes32,bytes)`, and the answer that means yes.
const ERC1271_MAGIC: [u8; 4] = hex!("1626ba7e");

pub(crate) fn domain_separator(token: &SettlementToken) -> B256 {
    let vm = token.vm();
    let name_hash = vm.native_keccak256(token.load_name().bytes());
    vm.native_keccak256(&rules::encode_domain(
        name_hash,
        vm.chain_id(),
        vm.contract_address(),
    ))
}

/// Whether the permit's owner signed it: by key first; otherwise the owner, if a contract, is asked (RULINGS R22).
///
/// Errors: `MalleableSignature`, `InvalidSigner`.
pub(crate) fn check(
    token: &SettlementToken,
    permit: &Permit,
    v: u8,
    r: B256,
    s: B256,
) -> Result<(), Refused> {
    let vm = token.vm();
    let struct_hash = vm.native_keccak256(&permit.encode());
    let digest = vm.native_keccak256(&rules::encode_signed(domain_separator(token), struct_hash));

    let by_key = rules::signature_is_unique(s)
        .and_then(|()| rules::signed_by_owner(permit.owner, recover(vm, digest, v, r, s)));
    match by_key {
        Err(refused) if !contract_agrees(vm, permit.owner, digest, v, r, s) => Err(refused),
        _ => Ok(()),
    }
}

/// The signer's address; none for what is no signature.
fn recover(host: &impl Host, digest: B256, v: u8, r: B256, s: B256) -> Option<Address> {
    let mut input = [0; 128];
    input[..32].copy_from_slice(digest.as_slice());
    input[63] = v;
    input[64..96].copy_from_slice(r.as_slice());
    input[96..].copy_from_slice(s.as_slice());
    let answer = ask(RawCall::new_static(host), ECRECOVER, &input)?;
    Some(Address::from_word(answer))
}

/// Whether the contract at `owner` accepts the signature. An account without code answers nothing, which is no.
fn contract_agrees(
    host: &impl Host,
    owner: Address,
    digest: B256,
    v: u8,
    r: B256,
    s: B256,
) -> bool {
    // isValidSignature(bytes32 hash, bytes signature): offset 64, 65 bytes, padded to words.
    let mut input = [0; 196];
    input[..4].copy_from_slice(&ERC1271_MAGIC);
    input[4..36].copy_from_slice(digest.as_slice());
    input[67] = 64;
    input[99] = 65;
    input[100..132].copy_from_slice(r.as_slice());
    input[132..164].copy_from_slice(s.as_slice());
    input[164] = v;
    let mut yes = B256::ZERO;
    yes[..4].copy_from_slice(&ERC1271_MAGIC);
    ask(RawCall::new_static(host).gas(ERC1271_GAS), owner, &input) == Some(yes)
}

/// The answer of a successful static call, if it is exactly one word. Never copies more than a byte beyond that, however
/// much was returned.
fn ask<H: Host>(call: RawCall<'_, H>, to: Address, input: &[u8]) -> Option<B256> {
    // SAFETY: a static call cannot write storage, and no accessor is alive across it.
    let answer = unsafe { call.limit_return_data(0, 33).call(to, input) };
    B256::try_from(answer.ok()?.as_slice()).ok()
}
