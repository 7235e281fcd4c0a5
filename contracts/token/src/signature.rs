//! Whose signature a permit carries: the struct and domain are the token's own, hashing, recovery and ERC-1271 the shells'.

use agentcity_domain::token::{self as rules, Permit, Refused};
use agentcity_shell::sign;
use alloy_primitives::B256;
use stylus_sdk::prelude::*;

use crate::storage::SettlementToken;

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
    let mut signature = [0; 65];
    signature[..32].copy_from_slice(r.as_slice());
    signature[32..64].copy_from_slice(s.as_slice());
    signature[64] = v;

    let by_key = rules::signature_is_unique(s)
        .and_then(|()| rules::signed_by_owner(permit.owner, sign::recover(vm, digest, &signature)));
    match by_key {
        Err(refused) if !sign::contract_agrees(vm, permit.owner, digest, &signature) => {
            Err(refused)
        }
        _ => Ok(()),
    }
}
