//! Hashes of the tree, and roots and proofs of logs that are lists. Which hashes are meant is the law's rule.

use std::convert::Infallible;

use agentcity_domain::roster::{
    anchor::{self, Anchor},
    tree::{self, Proof, Span, Whole},
};
use alloy::primitives::{B256, Keccak256, keccak256};

/// The hash of an entry.
pub fn leaf(entry: &[u8]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize()
}

/// The hash of two nodes.
pub fn join(left: &B256, right: &B256) -> B256 {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.as_slice());
    bytes[33..].copy_from_slice(right.as_slice());
    keccak256(bytes)
}

/// The root of a log without entries: the hash of nothing.
pub fn empty() -> B256 {
    keccak256([])
}

/// The root of a log.
pub fn root(leaves: &[B256]) -> B256 {
    Span::of_log(leaves.len() as u64)
        .and_then(|span| of_list(span, leaves))
        .unwrap_or_else(empty)
}

/// That the entry at `place` is in the log: hashes from its neighbour to the root. Nothing if it has no such entry.
pub fn inclusion(leaves: &[B256], place: u64) -> Option<Vec<B256>> {
    hashes(&Proof::of_entry(place, leaves.len() as u64)?, leaves)
}

/// That the log extends its first `old` entries: what the roster's `proveConsistency` takes. Nothing if it never had so many.
pub fn extension(leaves: &[B256], old: u64) -> Option<Vec<B256>> {
    hashes(&Proof::of_extension(old, leaves.len() as u64)?, leaves)
}

/// Whether `path` shows that `leaf` is entry `place` of a log.
pub fn includes(log: &Anchor, place: u64, leaf: &B256, path: &[B256]) -> bool {
    tree::includes(log, place, leaf, path, join)
}

/// Whether `path` shows that `new` extends `old`, by the law's own rule.
pub fn extends(old: &Anchor, new: &Anchor, path: &[B256]) -> bool {
    anchor::consistent(old, new, path, join).is_ok()
}

fn hashes(proof: &Proof, leaves: &[B256]) -> Option<Vec<B256>> {
    let spans = proof.spans().iter();
    spans.map(|span| of_list(*span, leaves)).collect()
}

fn of_list(span: Span, leaves: &[B256]) -> Option<B256> {
    let whole = |at: Whole| -> Result<B256, Infallible> {
        // Spans of proofs are within the log they are of.
        let slice = leaves.get(at.begin() as usize..at.end() as usize);
        Ok(of_whole(slice.unwrap_or_default()))
    };
    let Ok(hash) = span.hash(whole, join);
    hash
}

/// The hash of a whole subtree: as many leaves as a power of two.
pub(crate) fn of_whole(leaves: &[B256]) -> B256 {
    match leaves {
        [] => empty(),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len() / 2);
            join(&of_whole(left), &of_whole(right))
        }
    }
}
