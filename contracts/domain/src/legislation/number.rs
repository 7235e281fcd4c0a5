//! What petitions, sessions and proposals are called: `opener (20 bytes) ‖ 0 (4) ‖ count (8)`, where the opener's count goes on from
//! one thing to the next, whatever its kind.
//!
//! So nobody else's call changes the number that a call will give (RESOLUTIONS A-11), and no two things share one.

use alloy_primitives::{Address, B256};

use crate::mission::word::set;

/// The number of the opener's `count`-th thing, counted from one.
pub fn number(opener: &Address, count: u64) -> B256 {
    let mut number = B256::ZERO;
    for (byte, of) in number.iter_mut().zip(opener.iter()) {
        *byte = *of;
    }
    set(&mut number, 24, 8, count); // structural: the last eight bytes
    number
}

/// Who funds what a mission's number begins with: its sponsor.
pub fn sponsor_of(mission: &B256) -> Address {
    mission
        .first_chunk()
        .copied()
        .map_or(Address::ZERO, Address::new)
}
