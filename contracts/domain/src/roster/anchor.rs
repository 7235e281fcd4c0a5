//! Anchors: roots of an author's log, in sequence and never replaced, and proofs that one log extends another.
//!
//! The log is an RFC 6962 tree over Keccak-256: a leaf is `keccak(0x00 ‖ entry)`, a node `keccak(0x01 ‖ left ‖ right)`.

use alloy_primitives::B256;

use super::Refused;

/// Most hashes of a proof: as many as a tree has levels.
pub const PROOF_MAX: usize = 64; // structural: bits of a size

/// A root of a log of so many entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Entries; zero for no anchor.
    pub size: u64,
    /// The tree's hash.
    pub root: B256,
}

/// INV-ROSTER-05. Refuses an anchor that does not follow its author's `last` one, of sequence `given`: each has the next number and at least as many
/// entries, and as many entries have one root.
///
/// Errors: `OutOfOrder`, `Inconsistent`.
pub fn follows(last: u64, before: &Anchor, given: u64, next: &Anchor) -> Result<(), Refused> {
    let expected = last.saturating_add(1);
    if given != expected || next.size == 0 || next.size < before.size {
        return Err(Refused::OutOfOrder { expected });
    }
    if next.size == before.size && next.root != before.root {
        return Err(Refused::Inconsistent);
    }
    Ok(())
}

/// Whether `proof` shows that the tree behind `old` is the beginning of the one behind `new` (RFC 9162, 2.1.4.2). `join` hashes
/// two nodes.
///
/// Errors: `Inconsistent`, also where there is no such anchor.
pub fn consistent(
    old: &Anchor,
    new: &Anchor,
    proof: &[B256],
    join: impl Fn(&B256, &B256) -> B256,
) -> Result<(), Refused> {
    if extends(old, new, proof, join) {
        return Ok(());
    }
    Err(Refused::Inconsistent)
}

fn extends(
    old: &Anchor,
    new: &Anchor,
    proof: &[B256],
    join: impl Fn(&B256, &B256) -> B256,
) -> bool {
    if old.size == 0 || old.size > new.size || proof.len() > PROOF_MAX {
        return false;
    }
    if old.size == new.size {
        return proof.is_empty() && old.root == new.root;
    }
    // Places of the last leaf of each, above the greatest whole tree in which the old log ends.
    let (mut at, mut last) = (old.size - 1, new.size - 1);
    let whole = at.trailing_ones();
    at = at.checked_shr(whole).unwrap_or_default();
    last = last.checked_shr(whole).unwrap_or_default();
    let mut path = proof.iter();
    // If the old log is one whole tree, its root is where the path begins.
    let begin = if at == 0 {
        Some(&old.root)
    } else {
        path.next()
    };
    let Some(begin) = begin else {
        return false;
    };
    let (mut before, mut after) = (*begin, *begin);
    for hash in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = join(hash, &before);
            after = join(hash, &after);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            after = join(&after, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && before == old.root && after == new.root
}
