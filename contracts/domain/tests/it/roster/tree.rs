//! The tree of a log, against a tree that is a recursion over a list.

use agentcity_domain::roster::{
    anchor::{Anchor, consistent},
    tree::{Proof, SIZE_MAX, Span, Whole, includes},
};
use alloy_primitives::{B256, keccak256};
use proptest::prelude::*;

use super::anchor::{join, leaf, prove, root, split};

/// RFC 6962, 2.1.1: PATH(m, D[n]).
fn path(place: usize, entries: &[u64]) -> Vec<B256> {
    if entries.len() < 2 {
        return Vec::new();
    }
    let k = split(entries.len());
    let (left, right) = entries.split_at(k);
    let (mut path, other) = match place < k {
        true => (path(place, left), root(right)),
        false => (path(place - k, right), root(left)),
    };
    path.push(other);
    path
}

fn hash(span: Span, entries: &[u64]) -> B256 {
    let whole = |at: Whole| Ok::<_, ()>(root(&entries[at.begin() as usize..at.end() as usize]));
    let hashed = span.hash(whole, join);
    hashed.unwrap().unwrap_or_else(|| keccak256([]))
}

fn hashes(proof: &Proof, entries: &[u64]) -> Vec<B256> {
    proof
        .spans()
        .iter()
        .map(|span| hash(*span, entries))
        .collect()
}

fn log(size: usize) -> Vec<u64> {
    (0..size as u64).map(|entry| entry * 5 + 1).collect()
}

#[test]
fn roots_and_proofs_of_every_small_log_are_those_of_the_recursion() {
    for size in 0..=40 {
        let entries = log(size);
        assert_eq!(
            hash(Span::of_log(size as u64).unwrap(), &entries),
            root(&entries)
        );
        for place in 0..size {
            let proof = Proof::of_entry(place as u64, size as u64).unwrap();
            assert_eq!(
                hashes(&proof, &entries),
                path(place, &entries),
                "{place} of {size}"
            );
        }
        for old in 1..=size {
            let proof = Proof::of_extension(old as u64, size as u64).unwrap();
            assert_eq!(
                hashes(&proof, &entries),
                prove(old, &entries, true),
                "{old} of {size}"
            );
        }
    }
}

#[test]
fn every_entry_is_proved_at_its_place_and_no_other_entry_and_nowhere_else() {
    for size in 1..=24usize {
        let entries = log(size);
        let anchor = Anchor {
            size: size as u64,
            root: root(&entries),
        };
        for place in 0..size {
            let path = path(place, &entries);
            let holds = |place: usize, leaf: &B256, path: &[B256]| {
                includes(&anchor, place as u64, leaf, path, join)
            };
            let own = leaf(entries[place]);
            assert!(holds(place, &own, &path), "{place} of {size}");
            assert!(!holds(place, &leaf(u64::MAX), &path));
            for other in (0..=size).filter(|other| *other != place) {
                assert!(!holds(other, &own, &path), "{place} as {other} of {size}");
            }
            for cut in 0..path.len() {
                assert!(!holds(place, &own, &path[..cut]), "a hash less");
                let mut changed = path.clone();
                changed[cut].0[31] ^= 1;
                assert!(!holds(place, &own, &changed), "another hash");
            }
            let longer = [&path[..], &[B256::ZERO]].concat();
            assert!(!holds(place, &own, &longer), "a hash more");
        }
    }
}

/// The greatest anchor that the roster takes has the longest paths there are.
#[test]
fn a_path_has_at_most_as_many_hashes_as_a_tree_has_levels() {
    let (leaf, zero) = (B256::repeat_byte(1), B256::ZERO);
    let rooted = |levels: usize| (0..levels).fold(leaf, |hash, _| join(&hash, &zero));
    let log = |levels| Anchor {
        size: u64::MAX,
        root: rooted(levels),
    };
    assert!(includes(&log(64), 0, &leaf, &[zero; 64], join));
    assert!(!includes(&log(65), 0, &leaf, &[zero; 65], join));
}

#[test]
fn what_no_log_has_has_no_proof() {
    assert!(Proof::of_entry(0, 0).is_none());
    assert!(Proof::of_entry(7, 7).is_none());
    assert!(Proof::of_extension(0, 7).is_none());
    assert!(Proof::of_extension(8, 7).is_none());
    assert!(Proof::of_entry(0, SIZE_MAX + 1).is_none());
    assert!(Span::of_log(SIZE_MAX + 1).is_none());
}

proptest! {
    /// Of sizes that nobody builds: places of hashes follow from numbers alone, and never exceed what a proof may have.
    #[test]
    fn proofs_of_huge_logs_are_short_and_cover_what_they_must(size in 1..=SIZE_MAX, place in any::<u64>(), old in any::<u64>()) {
        let (place, old) = (place % size, old % size + 1);
        let proof = Proof::of_entry(place, size).unwrap();
        let covered: u64 = proof.spans().iter().map(|span| span.entries().count_of()).sum();
        prop_assert_eq!(covered, size - 1, "everything but the entry");
        prop_assert!(proof.spans().iter().all(|span| !span.entries().contains(&place)));
        let proof = Proof::of_extension(old, size).unwrap();
        prop_assert!(proof.spans().len() <= 64);
        for span in proof.spans() {
            prop_assert!(span.entries().end <= old || span.entries().start >= old);
            for whole in span.wholes() {
                prop_assert!(whole.begin() >= span.entries().start && whole.end() <= span.entries().end);
            }
        }
    }

    #[test]
    fn an_extension_is_accepted_by_the_rule_of_the_roster(size in 1usize..300, old in 0usize..300) {
        let old = old % size + 1;
        let entries = log(size);
        let anchor = |size: usize| Anchor { size: size as u64, root: root(&entries[..size]) };
        let proof = hashes(&Proof::of_extension(old as u64, size as u64).unwrap(), &entries);
        prop_assert!(consistent(&anchor(old), &anchor(size), &proof, join).is_ok());
    }
}

trait CountOf {
    fn count_of(self) -> u64;
}

impl CountOf for std::ops::Range<u64> {
    fn count_of(self) -> u64 {
        self.end - self.start
    }
}
