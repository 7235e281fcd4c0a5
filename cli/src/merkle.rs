//! The tree of an author's log (RFC 9162, over Keccak-256, as `domain::roster::anchor` says): roots, and proofs that an entry is in
//! a log or that a log extends another. Works without a chain.

use agentcity_domain::roster::anchor::{self, Anchor};
use alloy::primitives::{B256, keccak256};

/// The hash of an entry.
pub(crate) fn leaf(entry: &[u8]) -> B256 {
    keccak256([&[0], entry].concat())
}

/// The hash of two nodes.
pub(crate) fn join(left: &B256, right: &B256) -> B256 {
    keccak256([&[1], left.as_slice(), right.as_slice()].concat())
}

/// The greatest power of two below a count of two or more: where a tree splits.
fn split(count: usize) -> usize {
    (count.next_power_of_two()) >> 1
}

/// The root of a log; that of none is the hash of nothing.
pub(crate) fn root(leaves: &[B256]) -> B256 {
    match leaves {
        [] => keccak256([]),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            join(&root(left), &root(right))
        }
    }
}

/// That the entry at `place` is in the log: hashes from its neighbour to the root.
pub(crate) fn inclusion(leaves: &[B256], place: usize) -> Vec<B256> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, other) = match place < at {
        true => (inclusion(left, place), root(right)),
        false => (inclusion(right, place - at), root(left)),
    };
    path.push(other);
    path
}

/// Whether `path` shows that `leaf` is entry `place` of a log of so many entries with that root (RFC 9162, 2.1.3.2).
pub(crate) fn includes(log: &Anchor, place: u64, leaf: B256, path: &[B256]) -> bool {
    if place >= log.size || path.len() > anchor::PROOF_MAX {
        return false;
    }
    let (mut at, mut last, mut hash) = (place, log.size - 1, leaf);
    for other in path {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = join(other, &hash);
            while at % 2 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = join(&hash, other);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == log.root
}

/// That the log extends its first `old` entries: what the roster's `proveConsistency` takes.
pub(crate) fn consistency(leaves: &[B256], old: usize) -> Vec<B256> {
    fn part(leaves: &[B256], old: usize, is_whole: bool) -> Vec<B256> {
        if old == leaves.len() {
            return if is_whole {
                Vec::new()
            } else {
                vec![root(leaves)]
            };
        }
        let at = split(leaves.len());
        let (left, right) = leaves.split_at(at);
        let (mut path, other) = match old <= at {
            true => (part(left, old, is_whole), root(right)),
            false => (part(right, old - at, false), root(left)),
        };
        path.push(other);
        path
    }
    match old {
        0 => Vec::new(),
        _ => part(leaves, old, true),
    }
}

/// Whether `path` shows that `new` extends `old`, by the law's own rule.
pub(crate) fn extends(old: &Anchor, new: &Anchor, path: &[B256]) -> bool {
    anchor::consistent(old, new, path, join).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<B256> {
        (0..count).map(|entry| leaf(&[entry])).collect()
    }

    fn log(leaves: &[B256]) -> Anchor {
        Anchor {
            size: leaves.len() as u64,
            root: root(leaves),
        }
    }

    #[test]
    fn every_entry_of_every_log_is_proved_and_no_other() {
        for count in 1..=33 {
            let all = leaves(count);
            for place in 0..usize::from(count) {
                let path = inclusion(&all, place);
                let proved = |leaf, place| includes(&log(&all), place, leaf, &path);
                assert!(proved(all[place], place as u64), "{place} of {count}");
                assert!(!proved(leaf(b"other"), place as u64), "{place} of {count}");
                if count > 1 {
                    let next = (place as u64 + 1) % u64::from(count);
                    assert!(!proved(all[place], next), "{place} of {count}");
                    assert!(!includes(&log(&all), place as u64, all[place], &path[1..]));
                }
            }
            assert!(!includes(&log(&all), u64::from(count), all[0], &[]));
        }
    }

    #[test]
    fn every_log_extends_every_beginning_of_itself_and_nothing_else() {
        for count in 1..=33usize {
            let all = leaves(count as u8);
            for old in 1..=count {
                let path = consistency(&all, old);
                let begin = log(&all[..old]);
                assert!(extends(&begin, &log(&all), &path), "{old} of {count}");
                let mut other = all[..old].to_vec();
                other[0] = leaf(b"other");
                assert!(
                    !extends(&log(&other), &log(&all), &path),
                    "{old} of {count}"
                );
            }
        }
    }
}
