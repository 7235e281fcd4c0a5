//! Anchors and proofs, against a log that is a list and a tree that is a recursion.

use agentcity_domain::roster::{
    Refused,
    anchor::{Anchor, PROOF_MAX, consistent, follows},
};
use alloy_primitives::{B256, keccak256};
use proptest::prelude::*;

pub(super) fn leaf(entry: u64) -> B256 {
    keccak256([&[0][..], &entry.to_be_bytes()].concat())
}

pub(super) fn join(left: &B256, right: &B256) -> B256 {
    keccak256([&[1][..], left.as_slice(), right.as_slice()].concat())
}

/// RFC 6962, 2.1: the greatest power of two below the size goes left.
pub(super) fn root(entries: &[u64]) -> B256 {
    match entries {
        [] => keccak256([]),
        [one] => leaf(*one),
        _ => {
            let (left, right) = entries.split_at(split(entries.len()));
            join(&root(left), &root(right))
        }
    }
}

pub(super) fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// RFC 6962, 2.1.2: PROOF(m, D[n]).
pub(super) fn prove(old: usize, entries: &[u64], whole: bool) -> Vec<B256> {
    if old == entries.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(entries)]
        };
    }
    let k = split(entries.len());
    let (left, right) = entries.split_at(k);
    if old <= k {
        let mut proof = prove(old, left, whole);
        proof.push(root(right));
        return proof;
    }
    let mut proof = prove(old - k, right, false);
    proof.push(root(left));
    proof
}

fn log(size: usize, salt: u64) -> Vec<u64> {
    (0..size as u64).map(|entry| entry * 7 + salt).collect()
}

fn anchor(entries: &[u64]) -> Anchor {
    Anchor {
        size: entries.len() as u64,
        root: root(entries),
    }
}

fn check(old: &Anchor, new: &Anchor, proof: &[B256]) -> bool {
    let checked = consistent(old, new, proof, join);
    assert!(matches!(checked, Ok(()) | Err(Refused::Inconsistent)));
    checked.is_ok()
}

#[test]
fn every_beginning_of_every_small_log_is_proved_and_no_proof_serves_another() {
    for size in 1..=33 {
        let entries = log(size, 0);
        for old in 1..=size {
            let proof = prove(old, &entries, true);
            let (first, second) = (anchor(&entries[..old]), anchor(&entries));
            assert!(check(&first, &second, &proof), "{old} of {size}");
            // Another root, a hash less, a hash more, a size more or less.
            let forged = Anchor {
                root: root(&log(old, 1)),
                ..first
            };
            assert!(!check(&forged, &second, &proof), "{old} of {size}");
            let forged = Anchor {
                root: root(&log(size, 1)),
                ..second
            };
            assert!(!check(&first, &forged, &proof), "{old} of {size}");
            if let Some((_, short)) = proof.split_last() {
                assert!(!check(&first, &second, short), "{old} of {size}");
            }
            let long = [&proof[..], &[B256::ZERO]].concat();
            assert!(!check(&first, &second, &long), "{old} of {size}");
            for other in 1..=size {
                if other != old {
                    let moved = Anchor {
                        size: other as u64,
                        ..first
                    };
                    assert!(
                        !check(&moved, &second, &proof),
                        "{old} as {other} of {size}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_is_no_beginning_and_the_larger_is_none_of_the_smaller() {
    let (small, large) = (anchor(&log(3, 0)), anchor(&log(5, 0)));
    let none = Anchor::default();
    assert!(!check(&none, &large, &[]));
    assert!(!check(&none, &none, &[]));
    assert!(!check(&small, &none, &[]));
    assert!(!check(&large, &small, &prove(3, &log(5, 0), true)));
}

#[test]
fn the_same_log_needs_no_proof() {
    let one = anchor(&log(6, 0));
    assert!(check(&one, &one, &[]));
    assert!(!check(&one, &one, &[B256::ZERO]));
    assert!(!check(&one, &anchor(&log(6, 1)), &[]));
}

/// A chain of one whole tree of 2^63 leaves and one leaf more has the longest path there is.
#[test]
fn a_proof_has_at_most_as_many_hashes_as_a_tree_has_levels() {
    assert_eq!(PROOF_MAX, 64);
    let zero = B256::ZERO;
    let old = Anchor {
        size: 1,
        root: leaf(0),
    };
    let mut rooted = old.root;
    for _ in 0..64 {
        rooted = join(&rooted, &zero);
    }
    let new = Anchor {
        size: u64::MAX,
        root: rooted,
    };
    assert!(check(&old, &new, &[zero; 64]));
    let further = Anchor {
        root: join(&rooted, &zero),
        ..new
    };
    assert!(!check(&old, &further, &[zero; 65]));
    // The greatest sizes do not overflow.
    let last = Anchor {
        size: u64::MAX - 1,
        root: zero,
    };
    assert!(!check(&last, &new, &[zero; 64]));
}

/// INV-ROSTER-05
#[test]
fn inv_roster_05_an_anchor_follows_the_last_and_is_no_smaller() {
    let before = Anchor {
        size: 5,
        root: B256::repeat_byte(1),
    };
    let next = |size| Anchor {
        size,
        root: B256::repeat_byte(2),
    };
    assert_eq!(follows(2, &before, 3, &next(6)), Ok(()));
    let out = Err(Refused::OutOfOrder { expected: 3 });
    assert_eq!(follows(2, &before, 2, &next(6)), out);
    assert_eq!(follows(2, &before, 4, &next(6)), out);
    assert_eq!(follows(2, &before, 3, &next(4)), out);
    // As many entries have one root.
    assert_eq!(follows(2, &before, 3, &before), Ok(()));
    assert_eq!(follows(2, &before, 3, &next(5)), Err(Refused::Inconsistent));
    // An empty log has nothing to anchor.
    let none = Anchor::default();
    let first = Err(Refused::OutOfOrder { expected: 1 });
    assert_eq!(follows(0, &none, 1, &none), first);
    assert_eq!(follows(0, &none, 1, &next(1)), Ok(()));
}

proptest! {
    #[test]
    fn a_log_that_was_rewritten_has_no_proof(size in 2..200usize, old in 1..200usize, at in 0..200usize, swap in any::<u64>()) {
        let old = old.min(size - 1);
        let entries = log(size, 0);
        let mut rewritten = entries.clone();
        let at = at % old;
        rewritten[at] = swap;
        let honest = prove(old, &entries, true);
        let other = prove(old, &rewritten, true);
        prop_assert!(check(&anchor(&entries[..old]), &anchor(&entries), &honest));
        let first = anchor(&entries[..old]);
        let is_same = rewritten == entries;
        prop_assert_eq!(check(&first, &anchor(&rewritten), &honest), is_same);
        prop_assert_eq!(check(&first, &anchor(&rewritten), &other), is_same);
    }
}
