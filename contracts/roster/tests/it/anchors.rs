//! Anchors: in sequence, never replaced, and provably consistent.

use agentcity_abi::IRoster as wire;
use alloy_primitives::{Address, B256, keccak256};

use crate::city::*;

fn leaf(entry: u64) -> B256 {
    keccak256([&[0][..], &entry.to_be_bytes()].concat())
}

/// RFC 6962, 2.1.
fn root(entries: &[u64]) -> B256 {
    if let [one] = entries {
        return leaf(*one);
    }
    let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
    keccak256([&[1][..], root(left).as_slice(), root(right).as_slice()].concat())
}

/// RFC 6962, 2.1.2.
fn prove(old: usize, entries: &[u64], whole: bool) -> Vec<B256> {
    if old == entries.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(entries)]
        };
    }
    let k = entries.len().next_power_of_two() / 2;
    let (left, right) = entries.split_at(k);
    let (mut proof, other) = if old <= k {
        (prove(old, left, whole), root(right))
    } else {
        (prove(old - k, right, false), root(left))
    };
    proof.push(other);
    proof
}

fn entries(size: u64) -> Vec<u64> {
    (0..size).map(|entry| entry * 3 + 1).collect()
}

fn anchor(sequence: u64, size: u64, root: B256) -> wire::anchorCall {
    wire::anchorCall {
        sequence,
        size,
        root,
    }
}

fn honest(city: &City, sizes: &[u64]) {
    for (sequence, size) in (1..).zip(sizes) {
        city.call(judge(0), anchor(sequence, *size, root(&entries(*size))))
            .unwrap();
    }
}

fn proof(author: Address, first: u64, second: u64, proof: Vec<B256>) -> wire::proveConsistencyCall {
    wire::proveConsistencyCall {
        author,
        first,
        second,
        proof,
    }
}

#[test]
fn anchors_follow_each_other_for_each_author() {
    let city = City::new();
    honest(&city, &[3, 7]);
    let said = city.events::<wire::Anchored>();
    assert_eq!(
        (said[1].author, said[1].sequence, said[1].size),
        (judge(0), 2, 7)
    );
    assert_eq!(said[1].root, root(&entries(7)));
    for (sequence, size) in [(2, 9), (4, 9), (0, 9), (3, 6)] {
        let order = wire::AnchorOutOfOrder {
            expected: 3,
            given: sequence,
        };
        city.refused(judge(0), anchor(sequence, size, B256::ZERO), order);
    }
    let none = wire::AnchorOutOfOrder {
        expected: 1,
        given: 1,
    };
    city.refused(STRANGER, anchor(1, 0, B256::ZERO), none);
    city.call(STRANGER, anchor(1, 1, leaf(9))).unwrap();
    let found = |author, sequence| {
        let found = city
            .call(STRANGER, wire::anchorOfCall { author, sequence })
            .unwrap();
        (found.size, found.root)
    };
    assert_eq!(found(judge(0), 1), (3, root(&entries(3))), "never replaced");
    assert_eq!(found(judge(0), 2), (7, root(&entries(7))));
    assert_eq!(found(STRANGER, 1), (1, leaf(9)));
    assert_eq!(found(STRANGER, 2), (0, B256::ZERO));
}

#[test]
fn as_many_entries_have_one_root() {
    let city = City::new();
    honest(&city, &[3, 3, 7]);
    let (first, second) = (root(&entries(7)), B256::repeat_byte(1));
    city.refused(
        judge(0),
        anchor(4, 7, second),
        wire::Inconsistent { first, second },
    );
}

#[test]
fn every_pair_of_an_honest_log_is_proved_by_anyone() {
    let city = City::new();
    let sizes = [1, 2, 3, 4, 6, 7, 8, 13, 16, 31, 33];
    honest(&city, &sizes);
    for (first, old) in (1u64..).zip(sizes) {
        for (second, new) in (1u64..).zip(sizes).skip(first as usize - 1) {
            let path = prove(old as usize, &entries(new), true);
            city.world.take_logs();
            city.call(STRANGER, proof(judge(0), first, second, path))
                .unwrap();
            let said = city.events::<wire::ConsistencyProved>();
            assert_eq!(
                (said[0].author, said[0].first, said[0].second),
                (judge(0), first, second)
            );
        }
    }
}

#[test]
fn what_is_not_consistent_is_not_proved() {
    let city = City::new();
    honest(&city, &[3, 7]);
    city.call(judge(0), anchor(3, 9, B256::repeat_byte(9)))
        .unwrap();
    let path = prove(3, &entries(7), true);
    let refused = |first: u64, second: u64, path: Vec<B256>| {
        let at = |sequence| {
            city.call(
                STRANGER,
                wire::anchorOfCall {
                    author: judge(0),
                    sequence,
                },
            )
            .unwrap()
            .root
        };
        let inconsistent = wire::Inconsistent {
            first: at(first),
            second: at(second),
        };
        city.refused(STRANGER, proof(judge(0), first, second, path), inconsistent);
    };
    refused(1, 2, path[1..].to_vec());
    refused(1, 2, Vec::new());
    refused(1, 2, [&path[..], &[B256::ZERO]].concat());
    refused(2, 1, path.clone());
    refused(1, 3, prove(3, &entries(9), true));
    refused(1, 9, path.clone());
    refused(9, 1, path.clone());
    refused(0, 2, path.clone());
    city.call(STRANGER, proof(judge(0), 1, 2, path)).unwrap();
    let long = proof(judge(0), 1, 2, vec![B256::ZERO; 65]);
    city.refused(STRANGER, long, wire::MalformedCall {});
}
