//! Programs of this chain. Their code runs as long as they are activated: for a year, and until the chain changes how it runs them.
//! Whatever calls one that lapsed gets nothing back but a failure, until anybody activates it again (RULINGS A8).

use agentcity_domain::signed::selector;
use alloy_primitives::{Address, address};
use stylus_sdk::prelude::*;

use crate::{Input, peer};

/// Where the chain answers for its programs.
const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
const TIME_LEFT: [u8; 4] = selector("programTimeLeft(address)");
/// How the code of a program begins.
const PROGRAM: [u8; 3] = [0xef, 0xf0, 0x00]; // structural: prefix of Stylus programs

/// How long the code at `target` runs, in seconds: what lapsed not at all, what is no program for ever.
#[inline(never)]
pub fn life(vm: &impl Host, target: Address) -> u64 {
    if !vm.code(target).starts_with(&PROGRAM) {
        return u64::MAX;
    }
    let data = peer::call_data(TIME_LEFT, &[target.into_word()]);
    // It refuses to answer for what is not active.
    let left = peer::ask(vm, ARB_WASM, &data);
    left.and_then(|left| Input::new(&left).u64())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    #[test]
    fn the_chain_is_asked_by_its_own_function() {
        let hash = keccak256("programTimeLeft(address)");
        assert_eq!(hash[..4], super::TIME_LEFT);
    }
}
