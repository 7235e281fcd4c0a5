//! What a completed mission commits to (RULINGS K17).

// structural file: where node and attempt stand in a word.

use alloy_primitives::B256;

use super::word::set;

/// The words whose hash is a mission's completion digest after one more node: the digest before, node and attempt in one
/// word, output, trail.
pub fn preimage(before: B256, node: u16, attempt: u8, output: B256, trail: B256) -> [B256; 4] {
    let mut which = B256::ZERO;
    set(&mut which, 29, 2, node.into());
    set(&mut which, 31, 1, attempt.into());
    [before, which, output, trail]
}
