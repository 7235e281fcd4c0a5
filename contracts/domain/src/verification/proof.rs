//! Tier 1: a result that proves itself, against the statute's commitment or before a verifier that it pins (V-01, R24, R25).

// structural file: widths of a proof, and the chain's own prices.

use alloy_primitives::{B256, U256};

use super::{
    Refused,
    case::{CONSENSUS, Case},
    consensus::{Fault, Outcome},
};
use crate::reputation::Points;

/// Most bytes of a proof: what a batch of proofs can carry in one transaction.
pub const PROOF_BYTES_MAX: usize = 16_384;

/// Gas besides what the verifier gets: a cold account, and laying out the call.
const MARGIN: u64 = 10_000;

/// What must be left before a verifier is asked, so that it gets all of `limit`: a call passes on at most 63 of 64 parts. Below, the
/// call is refused and nothing failed; above, a verifier that runs out of gas has failed (RULINGS R24, INV-VERIFY-08).
pub const fn gas_floor(limit: u64) -> u64 {
    limit
        .saturating_add(limit.div_ceil(63))
        .saturating_add(MARGIN)
}

/// The preimage of a reference commitment.
///
/// Layout: mission, node, hash of the input, hash of the output, salt; a word each.
/// Source: RESOLUTIONS V-01 (a).
pub fn reference(
    mission: &B256,
    node: u16,
    input_hash: &B256,
    output_hash: &B256,
    salt: &B256,
) -> [B256; 5] {
    [
        *mission,
        B256::from(U256::from(node)),
        *input_hash,
        *output_hash,
        *salt,
    ]
}

/// Input hash and salt of a reference proof, which is these two words and nothing else.
pub fn read_reference(proof: &[u8]) -> Option<(B256, B256)> {
    let (input, salt) = proof.split_first_chunk::<32>()?;
    let salt: [u8; 32] = salt.try_into().ok()?;
    Some((B256::new(*input), B256::new(salt)))
}

/// Whether a proof, or an output for review, is taken now. Its trail is the caller's to check.
///
/// Errors: `Tier`, `TooLate`.
pub const fn submit(case: &Case, now: u64) -> Result<(), Refused> {
    if case.tier == CONSENSUS {
        return Err(Refused::Tier(case.tier));
    }
    if now > case.expires {
        return Err(Refused::TooLate(case.expires));
    }
    Ok(())
}

/// What a proof means for its executor.
pub const fn outcome(seat: u8, holds: bool) -> Outcome {
    Outcome {
        seat,
        paid: holds,
        scored: true,
        score: if holds { Points::MAX.get() } else { 0 },
        fault: if holds { Fault::None } else { Fault::Disproved },
    }
}

/// Every result comes with a trail (RESOLUTIONS A-08, INV-VERIFY-01).
///
/// Errors: `TrailMissing`.
pub fn require_trail(trail: &B256) -> Result<(), Refused> {
    if trail.is_zero() {
        return Err(Refused::TrailMissing);
    }
    Ok(())
}
