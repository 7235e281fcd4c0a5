//! Events of the interface. Both have two indexed addresses and one number, so one function lays both out; the tests
//! decode them with the interface's types.

use agentcity_abi::ISettlementToken as wire;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

pub(crate) fn transfer(vm: &impl Host, from: Address, to: Address, value: U256) {
    emit(vm, wire::Transfer::SIGNATURE_HASH, from, to, value);
}

pub(crate) fn approval(vm: &impl Host, owner: Address, spender: Address, value: U256) {
    emit(vm, wire::Approval::SIGNATURE_HASH, owner, spender, value);
}

#[inline(never)]
fn emit(vm: &impl Host, signature: B256, first: Address, second: Address, value: U256) {
    let mut log = [0; 128];
    log[..32].copy_from_slice(signature.as_slice());
    log[44..64].copy_from_slice(first.as_slice());
    log[76..96].copy_from_slice(second.as_slice());
    log[96..].copy_from_slice(&value.to_be_bytes::<32>());
    vm.emit_log(&log, 3);
}
