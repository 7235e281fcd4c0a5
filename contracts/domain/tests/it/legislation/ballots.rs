//! Rankings and their seals (INV-ASSEMBLY-03).

use std::collections::BTreeSet;

use agentcity_domain::{
    legislation::{
        ballot::{Cast, Ranking, cast, opened, sealed},
        refused::Refused,
    },
    machine::BallotState,
};
use alloy_primitives::{Address, B256, U256};
use proptest::prelude::*;

use super::{bits, order, ranking};

/// By definition: every candidate once, nothing beyond.
fn is_permutation(bits: u64, candidates: u8) -> bool {
    let digits: Vec<u8> = (0..16)
        .map(|place| (bits >> (4 * place) & 15) as u8)
        .collect();
    let (first, rest) = digits.split_at(usize::from(candidates));
    let seen: BTreeSet<u8> = first.iter().copied().collect();
    seen.len() == first.len()
        && first.iter().all(|one| *one < candidates)
        && rest.iter().all(|one| *one == 0)
}

#[test]
fn a_ranking_is_a_permutation_and_nothing_else_is() {
    for (bits, candidates, good) in [
        (0x0, 1, true),
        (0x1, 1, false),
        (0x10, 1, false),
        (0x10, 2, true),
        (0x01, 2, true),
        (0x11, 2, false),
        (0x00, 2, false),
        (0x210, 2, false),
        (0x210, 3, true),
        (0x310, 3, false),
        (0x0210, 4, false),
        (0xfedc_ba98_7654_3210, 16, true),
        (0x0123_4567_89ab_cdef, 16, true),
        (0xfedc_ba98_7654_3211, 16, false),
        (0xfedc_ba98_7654_3210, 15, false),
        (0x0edc_ba98_7654_3210, 15, true),
        (0, 0, true),
        (1, 0, false),
        (0xfedc_ba98_7654_3210, 17, false),
    ] {
        let expected = if good {
            Ok(bits)
        } else {
            Err(Refused::Ranking(candidates))
        };
        let found = Ranking::new(bits, candidates).map(Ranking::bits);
        assert_eq!(found, expected, "{bits:x} of {candidates}");
    }
}

proptest! {
    #[test]
    fn every_order_is_taken_and_read_back(order in (1..=16usize).prop_flat_map(order)) {
        let taken = ranking(&order);
        prop_assert_eq!(taken.bits(), bits(&order));
        let read: Vec<u8> = taken.first(order.len() as u8).collect();
        prop_assert_eq!(read, order);
    }

    #[test]
    fn what_is_no_permutation_is_refused(
        bits in any::<u64>(), small in 0..0x1_0000u64, candidates in 1..=16u8,
    ) {
        for bits in [bits, small] {
            let taken = Ranking::new(bits, candidates).is_ok();
            prop_assert_eq!(taken, is_permutation(bits, candidates), "{:x}", bits);
        }
    }

    #[test]
    fn one_digit_changed_is_no_ranking_of_the_same_length(
        order in (2..=16usize).prop_flat_map(order), at in any::<prop::sample::Index>(), to in 0..16u8,
    ) {
        let mut changed = order.clone();
        let at = at.index(order.len());
        changed[at] = to;
        let taken = Ranking::new(bits(&changed), order.len() as u8).is_ok();
        prop_assert_eq!(taken, changed == order);
    }
}

#[test]
fn a_seal_is_over_session_principal_ranking_and_salt() {
    let words = sealed(
        &B256::repeat_byte(1),
        &Address::repeat_byte(2),
        0x210,
        &B256::repeat_byte(3),
    );
    let expected = [
        B256::repeat_byte(1),
        Address::repeat_byte(2).into_word(),
        B256::from(U256::from(0x210)),
        B256::repeat_byte(3),
    ];
    assert_eq!(words, expected);
}

#[test]
fn a_word_is_a_seal_or_the_number_of_an_opening_and_never_both() {
    let seal = B256::with_last_byte(7) | B256::left_padding_from(&[1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Cast::of(&B256::ZERO), Cast::None);
    assert_eq!(
        Cast::of(&seal),
        Cast::Sealed,
        "one bit beyond a number is enough"
    );
    assert_eq!(Cast::of(&B256::repeat_byte(0xff)), Cast::Sealed);
    let mut high = B256::ZERO;
    high[0] = 1;
    assert_eq!(Cast::of(&high), Cast::Sealed);
    for index in [0, 1, 255, 1_000_000, u32::MAX - 1] {
        assert_eq!(Cast::of(&opened(index)), Cast::Opened(index));
    }
    // Whoever hands in a number as a seal would look as if he had opened another's ballot.
    for index in [0, 5] {
        assert_eq!(cast(&B256::ZERO, &opened(index)), Err(Refused::NoSeal));
    }
    assert_eq!(cast(&B256::ZERO, &B256::ZERO), Err(Refused::NoSeal));
    // Wherever a bit stands before the last eight bytes, and also where the same bits stand twice.
    for bytes in [&[0usize][..], &[8], &[16], &[0, 8], &[8, 16], &[0, 16]] {
        let mut seal = B256::ZERO;
        for byte in bytes {
            seal[*byte] = 1;
        }
        assert_eq!(cast(&B256::ZERO, &seal), Ok(()), "{bytes:?}");
    }
    assert_eq!(cast(&B256::ZERO, &seal), Ok(()));
    assert_eq!(cast(&seal, &seal), Err(Refused::Done));
    assert_eq!(cast(&opened(0), &seal), Err(Refused::Done));
}

#[test]
fn a_ballots_state_steps_as_its_machine_does() {
    use BallotState as S;
    let cases = [
        (Cast::None, [None, None]),
        (Cast::Sealed, [Some(S::Committed), Some(S::Spent)]),
        (Cast::Opened(3), [Some(S::Revealed); 2]),
    ];
    for (cast, states) in cases {
        assert_eq!([cast.state(false), cast.state(true)], states);
        let [Some(before), Some(after)] = states else {
            continue;
        };
        assert!(before == after || S::transition(before, after).is_ok());
    }
}
