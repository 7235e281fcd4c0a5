//! What of an output is compared on chain.
//!
//! | node | value | output hash on chain |
//! |---|---|---|
//! | tier 1, tier 3 | the output | `keccak(output)` |
//! | tier 2, exact | `keccak(output)` | `keccak(keccak(output))` |
//! | tier 2, numeric, sketch, set | the output, which is the value itself | `keccak(output)` |
//!
//! So whoever holds an output can always tell whether it is the one that the chain completed. The forms of tier 2 are those of
//! `IVerification.revealResult`, read by the domain.

use agentcity_domain::verification::consensus;
use alloy::primitives::{Address, B256, keccak256};

use crate::protocol::{Check, Comparison, JobId};

/// The value of an output; none if it has not the form that its node's mode wants.
pub fn value(check: Check, output: &[u8]) -> Option<Vec<u8>> {
    match check {
        Check::Proof | Check::Review => Some(output.to_vec()),
        Check::Consensus(Comparison::Exact) => Some(keccak256(output).to_vec()),
        Check::Consensus(comparison) => {
            consensus::is_value(comparison.mode() as u8, output).then(|| output.to_vec())
        }
    }
}

/// The hash that the chain keeps of an output; none as above.
pub fn output_hash(check: Check, output: &[u8]) -> Option<B256> {
    value(check, output).map(keccak256)
}

/// What a seat of tier 2 seals.
pub fn commitment(job: &JobId, executor: Address, value_hash: B256, salt: B256) -> B256 {
    let JobId {
        mission,
        node,
        attempt,
        ..
    } = job;
    let words = consensus::sealed(mission, *node, *attempt, executor, &value_hash, &salt);
    keccak256(words.concat())
}

/// The trails of all who committed, from each seat's and its trail's root in the order of the commitments: what a reveal signs.
pub fn trails(committed: impl IntoIterator<Item = (u8, B256)>) -> B256 {
    let committed = committed.into_iter();
    committed.fold(B256::ZERO, |before, (seat, root)| {
        keccak256(consensus::trails(&before, seat, &root).concat())
    })
}
