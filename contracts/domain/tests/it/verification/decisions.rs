//! Proofs, disputes and reviews: each refusal beside its allowed neighbour.

use agentcity_domain::{
    amount::{Amount, Bps},
    machine::NodeState,
    reputation::Points,
    verification::{
        Refused,
        case::{Case, Seats, Stage},
        consensus::{End, Fault, Finding},
        dispute::{bond, holds, require_dissent},
        proof,
        review::{self, Ruling},
    },
};
use alloy_primitives::{B256, U256, keccak256};
use proptest::prelude::*;

use super::{UNTIL, at, routed};

const OK: Ruling = Ruling {
    approved: true,
    score: Points::MAX,
    seat: 1,
};
const NO: Ruling = Ruling {
    approved: false,
    score: Points::ZERO,
    seat: 0,
};

#[test]
fn a_dispute_holds_if_people_decide_otherwise_than_the_machine() {
    let found = |agreeing, approved| Finding {
        seat: 0,
        agreeing: Seats::of(agreeing),
        agreed: false,
        approved,
    };
    for (ruling, machine, expected) in [
        (OK, found(0b011, true), false),
        (OK, found(0b101, true), true),
        (OK, found(0b010, false), true),
        (NO, found(0b011, true), true),
        (NO, found(0b010, false), false),
    ] {
        assert_eq!(holds(&ruling, &machine), expected, "{ruling:?} {machine:?}");
    }
    assert_eq!(require_dissent(&found(0b011, true)), Ok(()));
    let agreed = Finding {
        agreed: true,
        ..found(0b111, true)
    };
    assert_eq!(require_dissent(&agreed), Err(Refused::NoDissent));
}

#[test]
fn a_bond_is_its_share_rounded_down_and_never_nothing() {
    let share = |bps| Bps::new(bps).unwrap();
    for (budget, bps, expected) in [
        (9_999, 1_000, 999),
        (10_000, 1_000, 1_000),
        (9, 1_000, 1),
        (0, 10_000, 1),
        (u128::MAX, 10_000, u128::MAX),
    ] {
        assert_eq!(
            bond(Amount::new(budget), share(bps)).get(),
            expected,
            "{budget} {bps}"
        );
    }
}

#[test]
fn a_ruling_names_an_output_that_there_is_and_a_score_in_range() {
    let review = Case {
        state: NodeState::PendingReview as u8,
        ..at(Stage::Dispute, 0b111, 0b011, UNTIL)
    };
    let rule = |case: &Case, approved, score, seat| review::rule(case, 3, approved, score, seat);
    assert_eq!(rule(&review, true, 1_000, 1), Ok(OK));
    assert_eq!(rule(&review, true, 0, 1).unwrap().score, Points::ZERO);
    assert_eq!(
        rule(&review, true, 1_001, 1),
        Err(Refused::Score(1_001, 1_000))
    );
    assert_eq!(rule(&review, false, 0, 0), Ok(NO));
    assert_eq!(rule(&review, false, 1, 0), Err(Refused::Score(1, 0)));
    assert_eq!(rule(&review, false, 0, 1), Err(Refused::NothingRevealed(1)));
    for seat in [2, 3, 7, 255] {
        assert_eq!(
            rule(&review, true, 5, seat),
            Err(Refused::NothingRevealed(seat))
        );
    }
    let mut excluded = review;
    excluded.record.excluded = Seats::of(0b010);
    assert_eq!(
        rule(&excluded, true, 5, 1),
        Err(Refused::NothingRevealed(1))
    );
    assert!(rule(&excluded, true, 5, 0).is_ok());
    assert_eq!(
        review::rule(&review, 2, true, 5, 1),
        Err(Refused::Attempt(3, 2))
    );
    let kept = Case {
        record: review::keep(&review, OK),
        ..review
    };
    assert_eq!(rule(&kept, false, 0, 0), Err(Refused::Ruled));
    let third = Case {
        tier: 3,
        ..routed(1, 1)
    };
    assert!(rule(&third, true, 7, 0).is_ok());
    assert_eq!(rule(&third, true, 7, 1), Err(Refused::NothingRevealed(1)));
}

#[test]
fn a_ruling_pays_by_its_score_and_rejection_is_a_fault_of_the_one_executor_alone() {
    let good = review::outcome(&Ruling {
        score: Points::new(700).unwrap(),
        ..OK
    });
    assert_eq!(
        (good.seat, good.paid, good.scored, good.score, good.fault),
        (0, true, true, 700, Fault::None)
    );
    let bad = review::outcome(&NO);
    assert_eq!(
        (bad.seat, bad.paid, bad.scored, bad.score, bad.fault),
        (0, false, true, 0, Fault::Rejected)
    );
    assert_eq!(
        review::end(&OK, Seats::of(0b110)),
        End::Stands(Seats::of(0b110), Points::MAX)
    );
    assert_eq!(review::end(&NO, Seats::NONE), End::Rejected);
}

#[test]
fn a_proof_is_taken_in_time_and_of_its_tier() {
    for tier in [1, 3] {
        let case = Case {
            tier,
            ..routed(1, 1)
        };
        assert_eq!(proof::submit(&case, UNTIL), Ok(()));
        assert_eq!(
            proof::submit(&case, UNTIL + 1),
            Err(Refused::TooLate(UNTIL))
        );
    }
    assert_eq!(proof::submit(&routed(3, 2), 0), Err(Refused::Tier(2)));
    assert_eq!(
        proof::require_trail(&B256::ZERO),
        Err(Refused::TrailMissing)
    );
    assert_eq!(proof::require_trail(&B256::with_last_byte(1)), Ok(()));
    let (good, bad) = (proof::outcome(4, true), proof::outcome(4, false));
    assert_eq!(
        (good.seat, good.paid, good.scored, good.score, good.fault),
        (4, true, true, 1_000, Fault::None)
    );
    assert_eq!(
        (bad.seat, bad.paid, bad.scored, bad.score, bad.fault),
        (4, false, true, 0, Fault::Disproved)
    );
}

#[test]
fn a_reference_proof_is_two_words_and_binds_mission_and_node() {
    let (a, b) = (B256::repeat_byte(1), B256::repeat_byte(2));
    assert_eq!(proof::read_reference(&[a, b].concat()), Some((a, b)));
    for length in [0, 31, 32, 63, 65, 96] {
        assert_eq!(proof::read_reference(&vec![1; length]), None, "{length}");
    }
    let words = proof::reference(&a, 7, &b, &B256::repeat_byte(3), &B256::repeat_byte(4));
    let expected = [
        a,
        U256::from(7).into(),
        b,
        B256::repeat_byte(3),
        B256::repeat_byte(4),
    ];
    assert_eq!(keccak256(words.concat()), keccak256(expected.concat()));
}

proptest! {
    /// What a call passes on of what is left is the whole limit: 63 of 64 parts.
    #[test]
    fn above_the_floor_a_verifier_gets_all_of_its_gas(limit in 50_000..=10_000_000u64, more in 0..1_000u64) {
        let left = proof::gas_floor(limit) + more;
        prop_assert!(left - left / 64 >= limit);
        prop_assert!(proof::gas_floor(limit) <= limit + limit / 60 + 10_001);
    }
}
