//! Which values agree, and who is paid: against models with wider numbers and with lists that are searched.

use std::collections::BTreeSet;

use agentcity_domain::{
    parameter::ParameterId,
    reputation::Points,
    statute::Mode,
    verification::{case::*, consensus::*},
};
use alloy_primitives::ruint::aliases::U512;
use alloy_primitives::{B256, I256, U256, keccak256};
use proptest::prelude::*;

use super::{agent, routed};

const NEAR: Tolerances = Tolerances {
    similarity: 85,
    distance: 5,
};

fn word(number: i128) -> Vec<u8> {
    I256::try_from(number).unwrap().to_be_bytes::<32>().to_vec()
}

fn sketch(lanes: &[u16]) -> Vec<u8> {
    lanes.iter().flat_map(|lane| lane.to_be_bytes()).collect()
}

fn set(elements: &BTreeSet<u8>) -> Vec<u8> {
    let mut hashes: Vec<[u8; 32]> = elements.iter().map(|e| keccak256([*e]).0).collect();
    hashes.sort_unstable();
    hashes.concat()
}

/// Any number, and often one near the ends or near nothing.
fn number() -> impl Strategy<Value = i128> {
    prop_oneof![
        any::<i128>(),
        -300..300i128,
        (0..300i128).prop_map(|n| i128::MAX - n),
        (0..300i128).prop_map(|n| i128::MIN + n),
    ]
}

#[test]
fn the_printed_rule_compares_deviation_and_mean_as_percent() {
    // Mean 100, deviation 10.
    assert_eq!(
        numbers_agree_as_printed(&[90, 110], 10),
        Some(false),
        "below"
    );
    assert_eq!(numbers_agree_as_printed(&[90, 110], 11), Some(true));
    assert_eq!(numbers_agree_as_printed(&[i64::MAX; 2], 50), None);
}

proptest! {
    #[test]
    fn numbers_agree_as_a_model_of_512_bits_says(left in number(), right in number(), distance in 0..=50u8) {
        let wide = |n: u128| U512::from(n);
        let apart = wide(left.abs_diff(right)) * U512::from(200);
        let sum = (wide(left.unsigned_abs()) + wide(right.unsigned_abs())) * U512::from(distance);
        prop_assert_eq!(numbers_agree(left, right, distance), apart <= sum);
        let near = Tolerances { distance, ..NEAR };
        let mode = Mode::Numeric as u8;
        prop_assert_eq!(agree(mode, &word(left), &word(right), &near), apart <= sum);
    }

    /// Close pairs, where the comparison turns.
    #[test]
    fn numbers_turn_where_the_model_does(base in 0..u128::MAX / 2, percent in 0..=50u8, more in 0..3u128) {
        let left = base as i128;
        // 200·d ≤ p·(2a + d) turns at d = 2·p·a / (200 − p).
        let turn = U512::from(base) * U512::from(2 * u64::from(percent)) / U512::from(200 - u64::from(percent));
        let right = U512::from(base) + turn + U512::from(more);
        prop_assume!(right < U512::from(i128::MAX as u128));
        let right = i128::from_be_bytes(right.to_be_bytes::<64>()[48..].try_into().unwrap());
        let apart = U512::from(left.abs_diff(right)) * U512::from(200);
        let sum = (U512::from(left as u128) + U512::from(right as u128)) * U512::from(percent);
        prop_assert_eq!(numbers_agree(left, right, percent), apart <= sum);
    }

    #[test]
    fn sets_agree_by_their_share_of_common_elements(left in prop::collection::btree_set(any::<u8>(), 0..40), take in 0..40usize, more in prop::collection::btree_set(any::<u8>(), 0..9), similarity in 50..=100u8) {
        let right: BTreeSet<u8> = left.iter().take(take).chain(&more).copied().collect();
        let both = left.intersection(&right).count();
        let either = left.union(&right).count();
        prop_assert_eq!(overlap(&set(&left), &set(&right)), (both as u32, either as u32));
        let near = Tolerances { similarity, ..NEAR };
        let expected = 100 * both >= usize::from(similarity) * either;
        prop_assert_eq!(agree(Mode::Set as u8, &set(&left), &set(&right), &near), expected);
    }

    #[test]
    fn sketches_agree_by_their_equal_lanes(left in prop::collection::vec(0..3u16, 32), right in prop::collection::vec(0..3u16, 32), similarity in 20..=100u8) {
        let same = left.iter().zip(&right).filter(|(a, b)| a == b).count();
        let near = Tolerances { similarity, ..NEAR };
        let expected = 100 * same >= usize::from(similarity) * 32;
        prop_assert_eq!(agree(Mode::Sketch as u8, &sketch(&left), &sketch(&right), &near), expected);
    }

    #[test]
    fn agreement_is_mutual_and_everything_agrees_with_itself(mode in 0..4u8, a in any::<u64>(), b in any::<u64>()) {
        let value = |seed: u64| match mode {
            1 => word(i128::from(seed % 99)),
            2 => sketch(&[(seed % 2) as u16; 32]),
            3 => set(&BTreeSet::from([(seed % 3) as u8, 7, 8, 9, 10, 11, 12])),
            _ => word(i128::from(seed % 2)),
        };
        let (left, right) = (value(a), value(b));
        prop_assert!(is_value(mode, &left));
        prop_assert_eq!(agree(mode, &left, &right, &NEAR), agree(mode, &right, &left, &NEAR));
        prop_assert!(agree(mode, &left, &left, &NEAR));
    }

    /// The largest star by trying every value as its centre, lists and all.
    #[test]
    fn the_consensus_is_the_largest_star_of_the_lowest_seat(numbers in prop::collection::vec(0..4i128, 7), revealed in 0..128u8, excluded in 0..128u8, threshold in 1..=7u8) {
        let mut case = routed(7, threshold);
        case.mode = Mode::Numeric as u8;
        case.record.committed = Seats::of(127);
        case.record.revealed = Seats::of(revealed);
        case.record.excluded = Seats::of(excluded);
        // 0, 20, 21, 22: the last three agree next to each other, 20 and 22 do not.
        let of = |seat: u8| [0, 200, 210, 220][numbers[usize::from(seat)] as usize];
        let counting: Vec<u8> = (0..7).filter(|seat| case.record.counting().has(*seat)).collect();
        let values: Vec<Vec<u8>> = counting.iter().map(|seat| word(of(*seat))).collect();
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let near = |a: i128, b: i128| 200 * (a - b).abs() <= 5 * (a.abs() + b.abs());
        let star = |seat: &u8| -> Vec<u8> {
            counting.iter().filter(|other| near(of(*seat), of(**other))).copied().collect()
        };
        let most = counting.iter().map(|seat| star(seat).len()).max().unwrap_or(0);
        let centre = counting.iter().find(|seat| star(seat).len() == most);
        let found = find(&case, &values, &NEAR);
        let members: Vec<u8> = (0..7).filter(|seat| found.agreeing.has(*seat)).collect();
        prop_assert_eq!(&members, &centre.map(star).unwrap_or_default());
        if let Some(centre) = centre {
            prop_assert_eq!(found.seat, *centre);
        }
        prop_assert_eq!(found.agreed, members == counting);
        prop_assert_eq!(found.approved, !members.is_empty() && members.len() >= usize::from(threshold));
        for seat in 0..7 {
            let with: Vec<u8> = (0..7).filter(|other| with_seat(&case, &values, seat, &NEAR).has(*other)).collect();
            let expected = if counting.contains(&seat) { star(&seat) } else { Vec::new() };
            prop_assert_eq!(with, expected);
        }
    }
}

#[test]
fn numbers_agree_at_the_ends_of_their_range_without_wrapping() {
    for (left, right, distance, expected) in [
        (i128::MIN, i128::MIN, 1, true),
        (i128::MIN, i128::MAX, 50, false),
        (i128::MAX, i128::MIN, 255, true),
        (i128::MIN, 0, 199, false),
        (i128::MIN, 0, 200, true),
        (0, 0, 1, true),
        (0, 1, 5, false),
        (100, 105, 5, true),
        (100, 106, 5, false),
        (-100, 100, 50, false),
        (-100, -105, 5, true),
    ] {
        assert_eq!(
            numbers_agree(left, right, distance),
            expected,
            "{left} {right}"
        );
        assert_eq!(
            numbers_agree(right, left, distance),
            expected,
            "{right} {left}"
        );
    }
}

#[test]
fn a_value_has_one_form() {
    let [exact, numeric, sketches, sets] =
        [Mode::Exact, Mode::Numeric, Mode::Sketch, Mode::Set].map(|mode| mode as u8);
    for length in [0, 31, 33, 64] {
        assert!(!is_value(exact, &vec![7; length]), "{length}");
        assert!(!is_value(numeric, &vec![0; length]), "{length}");
    }
    assert!(is_value(exact, &[0xff; 32]));
    for number in [0, 1, -1, i128::MAX, i128::MIN] {
        assert!(is_value(numeric, &word(number)), "{number}");
        for dirty in 0..16 {
            let mut bytes = word(number);
            bytes[dirty] ^= 1;
            assert!(!is_value(numeric, &bytes), "{number} {dirty}");
        }
    }
    for length in [0, 62, 63, 65, 66] {
        assert!(!is_value(sketches, &vec![0; length]), "{length}");
    }
    assert!(is_value(sketches, &[0; 64]));

    let hashes = |numbers: &[u64]| {
        numbers
            .iter()
            .flat_map(|n| U256::from(*n).to_be_bytes::<32>())
            .collect::<Vec<_>>()
    };
    assert!(is_value(sets, &[]), "a set may be empty");
    assert!(is_value(sets, &hashes(&[1, 2, 3])));
    assert!(!is_value(sets, &hashes(&[1, 2, 2])));
    assert!(!is_value(sets, &hashes(&[2, 1])));
    assert!(!is_value(sets, &hashes(&[1])[..31]));
    let most: Vec<u64> = (0..64).collect();
    assert!(is_value(sets, &hashes(&most)));
    let more: Vec<u64> = (0..65).collect();
    assert!(
        !is_value(sets, &hashes(&more)),
        "larger sets are compared by sketch"
    );
    assert_eq!(ELEMENTS_MAX, 64);
    assert_eq!(VALUE_BYTES_MAX, hashes(&most).len());
    assert_eq!(
        [
            is_of_sets(exact),
            is_of_sets(numeric),
            is_of_sets(sketches),
            is_of_sets(sets)
        ],
        [false, false, false, true]
    );
}

#[test]
fn sketches_of_different_lengths_and_words_that_are_no_numbers_never_agree() {
    let near = Tolerances {
        similarity: 0,
        distance: 255,
    };
    assert!(!agree(
        Mode::Sketch as u8,
        &sketch(&[1; 32]),
        &sketch(&[1; 31]),
        &near
    ));
    assert!(!agree(Mode::Numeric as u8, &[0x80; 32], &word(0), &near));
    assert!(agree(Mode::Set as u8, &[], &[], &NEAR));
}

#[test]
fn tolerances_are_the_parameters_of_consensus() {
    assert_eq!(
        Tolerances::PARAMETERS,
        [
            ParameterId::JaccardThreshold,
            ParameterId::NumericTolerancePct
        ]
    );
    assert_eq!(Tolerances::of([85, 5]), NEAR);
}

/// Every standing of a seat under every end.
#[test]
fn who_agrees_is_paid_who_dissents_scores_zero_and_who_was_silent_is_at_fault() {
    let score = Points::new(640).unwrap();
    let ends = [
        End::Short,
        End::Split,
        End::Stands(Seats::of(0b0001), score),
        End::Rejected,
    ];
    for end in ends {
        for standing in 0..8u8 {
            let [committed, revealed, excluded] = [0, 1, 2].map(|bit| standing >> bit & 1);
            for seat in 0..2u8 {
                let mut case = routed(3, 2);
                case.record.committed = Seats::of(committed * 0b11);
                case.record.revealed = Seats::of(revealed * 0b11);
                case.record.excluded = Seats::of(excluded * 0b11);
                let got = outcome(&case, seat, &end);
                let stands = matches!(end, End::Stands(..));
                let expected = if committed == 0 {
                    (false, true, 0, Fault::Late)
                } else if excluded == 1 || end == End::Short {
                    (false, false, 0, Fault::None)
                } else if revealed == 0 {
                    (false, true, 0, Fault::Withheld)
                } else if stands && seat == 0 {
                    (true, true, 640, Fault::None)
                } else {
                    (false, end != End::Split, 0, Fault::None)
                };
                assert_eq!(
                    (got.paid, got.scored, got.score, got.fault),
                    expected,
                    "{end:?} {standing:b} {seat}"
                );
                assert_eq!(got.seat, seat);
                assert!(!got.paid || got.fault == Fault::None);
            }
        }
    }
}

#[test]
fn a_commitment_binds_everything_that_it_is_for() {
    let seal = |mission: u8, node, attempt, seat, value: u8, salt: u8| {
        let word = B256::repeat_byte;
        let words = sealed(
            &word(mission),
            node,
            attempt,
            agent(seat),
            &word(value),
            &word(salt),
        );
        keccak256(words.concat())
    };
    let ours = seal(1, 2, 3, 4, 5, 6);
    let others = [
        seal(9, 2, 3, 4, 5, 6),
        seal(1, 9, 3, 4, 5, 6),
        seal(1, 2, 9, 4, 5, 6),
        seal(1, 2, 3, 9, 5, 6),
        seal(1, 2, 3, 4, 9, 6),
        seal(1, 2, 3, 4, 5, 9),
    ];
    assert!(others.iter().all(|other| *other != ours));
    let expected = [
        B256::repeat_byte(1),
        U256::from(2).into(),
        U256::from(3).into(),
        agent(4).into_word(),
        B256::repeat_byte(5),
        B256::repeat_byte(6),
    ];
    assert_eq!(ours, keccak256(expected.concat()));
}

#[test]
fn what_is_kept_of_a_commitment_is_its_executors_alone() {
    let commitment = B256::repeat_byte(1);
    let of = |commitment, seat| keccak256(kept(&commitment, agent(seat)).concat());
    assert_eq!(
        of(commitment, 0),
        keccak256([commitment, agent(0).into_word()].concat())
    );
    assert_ne!(
        of(commitment, 0),
        of(commitment, 1),
        "a copy is the copier's"
    );
    assert_ne!(of(commitment, 0), of(B256::repeat_byte(2), 0));
}

/// The trails as a list that is hashed from its last part inwards: no running word.
fn trails_of(commits: &[(u8, B256)]) -> B256 {
    match commits.split_last() {
        None => B256::ZERO,
        Some(((seat, trail), before)) => {
            let mut bytes = trails_of(before).to_vec();
            bytes.extend([0; 31]);
            bytes.push(*seat);
            bytes.extend_from_slice(trail.as_slice());
            keccak256(bytes)
        }
    }
}

proptest! {
    /// INV-VERIFY-09.
    #[test]
    fn the_trails_of_an_attempt_bind_every_trail_in_the_order_of_the_commitments(
        seats in Just([0u8, 1, 2, 3, 4, 5, 6]).prop_shuffle(),
        roots in any::<[[u8; 32]; 7]>(),
        count in 1..=7usize,
        changed in 0..7usize,
    ) {
        let commits: Vec<(u8, B256)> = seats.into_iter().zip(roots.map(B256::new)).take(count).collect();
        let mut running = B256::ZERO;
        for (seat, trail) in &commits {
            running = keccak256(trails(&running, *seat, trail).concat());
        }
        prop_assert_eq!(running, trails_of(&commits));

        let changed = changed % count;
        let mut missing = commits.clone();
        missing.remove(changed);
        let mut other = commits.clone();
        other[changed].1 = keccak256(other[changed].1);
        let mut reseated = commits.clone();
        reseated[changed].0 ^= 1;
        let mut reversed = commits.clone();
        reversed.reverse();
        for lie in [missing, other, reseated, reversed] {
            prop_assert!(lie == commits || trails_of(&lie) != running);
        }
    }
}

#[test]
fn the_printed_rule_compares_the_deviation_with_the_mean() {
    assert_eq!(numbers_agree_as_printed(&[100, 102, 98], 5), Some(true));
    assert_eq!(numbers_agree_as_printed(&[100, 103, 300], 5), Some(false));
    assert_eq!(
        numbers_agree_as_printed(&[0, 0], 5),
        Some(false),
        "strictly below"
    );
    assert_eq!(
        numbers_agree_as_printed(&[i64::MAX; 7], 5),
        None,
        "beyond 128 bits"
    );
}
