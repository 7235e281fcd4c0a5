//! Rotation: at every boundary, and against a list of who decided when.

use agentcity_domain::panel::rotation::{Limits, Rotation, Turn};
use alloy_primitives::{B256, b256};
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;
const LIMITS: Limits = Limits {
    alone: 2,
    together: 3,
    lift_secs: 100,
};

/// INV-PANEL-03: the third decision running of one alone, and the fourth of the same several where three are allowed.
#[test]
fn one_alone_and_the_same_several_have_limits_of_their_own() {
    for (signers, limit) in [(1, 2), (2, 3), (7, 3)] {
        let mut rotation = Rotation::default();
        for turn in 1..=6 {
            let (next, said) = rotation.next(9, signers, NOW, &LIMITS);
            let expected = if turn <= limit {
                Turn::Theirs
            } else {
                Turn::Others
            };
            assert_eq!((next.run(), said), (turn, expected), "{signers}");
            rotation = next;
        }
    }
}

#[test]
fn another_set_begins_anew_and_ends_the_run_of_the_last() {
    let (twice, _) = Rotation::default().next(9, 1, NOW, &LIMITS);
    let (twice, _) = twice.next(9, 1, NOW, &LIMITS);
    assert_eq!(twice.run(), 2);
    let (other, said) = twice.next(8, 1, NOW, &LIMITS);
    assert_eq!((other.run(), other.set(), said), (1, 8, Turn::Theirs));
    let (again, said) = other.next(9, 1, NOW, &LIMITS);
    assert_eq!((again.run(), said), (1, Turn::Theirs));
}

#[test]
fn the_limit_lifts_when_nobody_decided_for_longer_than_the_wait() {
    let mut rotation = Rotation::default();
    for _ in 0..2 {
        rotation = rotation.next(9, 1, NOW, &LIMITS).0;
    }
    assert_eq!(rotation.next(9, 1, NOW + 100, &LIMITS).1, Turn::Others);
    let (late, said) = rotation.next(9, 1, NOW + 101, &LIMITS);
    assert_eq!((late.run(), late.at(), said), (3, NOW + 101, Turn::Waited));
    // It lifted for that decision, not for the next.
    assert_eq!(late.next(9, 1, NOW + 201, &LIMITS).1, Turn::Others);
    assert_eq!(late.next(8, 1, NOW + 102, &LIMITS).1, Turn::Theirs);
}

/// A hash may begin with zeros; an empty word is nobody's run.
#[test]
fn an_empty_word_is_nobodys_run() {
    let (first, said) = Rotation::default().next(0, 1, NOW, &LIMITS);
    assert_eq!((first.run(), said), (1, Turn::Theirs));
}

#[test]
fn runs_do_not_wrap() {
    let mut rotation = Rotation::default();
    rotation.set_run(u8::MAX);
    rotation.set_set(9);
    rotation.set_at(NOW);
    let (next, said) = rotation.next(9, 1, NOW, &LIMITS);
    assert_eq!((next.run(), said), (u8::MAX, Turn::Others));
}

#[test]
fn the_word_is_laid_out_as_drawn() {
    let (next, _) = Rotation::default().next(0x11_2233_4455_6677, 1, 0x88_99aa_bbcc, &LIMITS);
    let word = b256!("0x00112233445566778899aabbcc01000000000000000000000000000000000000");
    assert_eq!(next.0, word);
    assert_eq!(Rotation::default().0, B256::ZERO);
}

proptest! {
    /// Against a list: how many of the last decisions in a row are of the same set.
    #[test]
    fn whoever_decides_is_judged_by_all_that_was_decided(
        steps in prop::collection::vec((0u64..3, 0u64..130), 1..60)
    ) {
        let (mut rotation, mut list, mut now) = (Rotation::default(), Vec::new(), NOW);
        for (set, pause) in steps {
            now += pause;
            let signers = if set == 0 { 1 } else { 2 };
            let limit = if set == 0 { 2 } else { 3 };
            let run = list.iter().rev().take_while(|(other, _)| *other == set).count() + 1;
            let since = list.last().map_or(u64::MAX, |(_, at)| now - at);
            let expected = if run <= limit {
                Turn::Theirs
            } else if since > LIMITS.lift_secs {
                Turn::Waited
            } else {
                Turn::Others
            };
            let (next, said) = rotation.next(set, signers, now, &LIMITS);
            prop_assert_eq!(said, expected);
            if said != Turn::Others {
                rotation = next;
                list.push((set, now));
            }
        }
    }
}
