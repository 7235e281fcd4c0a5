//! Disputes and reviews: bonds, rulings, silence.

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{machine::NodeState, peer::Peer};
use alloy_primitives::{B256, keccak256};

use crate::{city::*, consensus::set};

pub(crate) fn deciding(node: u16, approved: bool, score: u16, seat: u8) -> wire::decideReviewCall {
    wire::decideReviewCall {
        missionId: mission(),
        node,
        attempt: 1,
        approved,
        score,
        seat,
    }
}

fn panel() -> alloy_primitives::Address {
    member(Peer::Adjudication)
}

/// A node whose three seats revealed these values, disputed by a seat.
pub(crate) fn disputed(values: [u8; 3], by: u8) -> City {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let values = values.map(value);
    city.play(0, &[&values[0], &values[1], &values[2]]);
    let dissenter = executor(by).address;
    city.credit(dissenter, BOND);
    city.call(dissenter, disputing(0)).unwrap();
    city.world.take_logs();
    city
}

fn the_bond(city: &City) -> B256 {
    city.record(0).bondId
}

#[test]
fn a_dissenter_takes_the_node_to_review_under_its_bond() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(1), &value(1), &value(2)]);
    let me = executor(2).address;
    let refusal = city.call(me, disputing(0)).err();
    assert_eq!(
        refusal,
        Some(b"poor".to_vec()),
        "the bond comes out of its credit"
    );
    city.credit(me, BOND + 1);
    city.world.take_logs();
    city.call(me, disputing(0)).unwrap();
    let logs = city.world.take_logs();
    let bond = the_bond(&city);
    let event = <wire::ResultDisputed as alloy_sol_types::SolEvent>::decode_log_validate(&logs[0]);
    assert_eq!(
        event.unwrap().data,
        wire::ResultDisputed {
            missionId: mission(),
            node: 0,
            attempt: 1,
            executor: me,
            bondId: bond
        }
    );
    let event = <wire::ReviewRequested as alloy_sol_types::SolEvent>::decode_log_validate(&logs[1]);
    assert_eq!(event.unwrap().data.rubricHash, B256::repeat_byte(0x66));
    assert_eq!((city.bond_of(bond), city.credit_of(me)), (BOND, 1));
    assert_eq!(
        (city.state(0), city.expires(0)),
        (NodeState::PendingReview, city.world.now() + REVIEW)
    );
}

#[test]
fn a_dispute_is_refused_by_its_reason() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let node = 0;
    let me = executor(0).address;
    for (seat, byte) in [(0, 1), (1, 2), (2, 2)] {
        city.commit(0, seat, &value(byte));
    }
    city.reveal(0, 0, &value(1));
    city.reveal(0, 1, &value(2));
    let reveals = city.expires(0);
    let early = wire::TooEarly {
        from: u40(reveals + 1),
    };
    city.refused(me, disputing(0), early);
    city.world.warp(REVEAL + 1);
    let silent = executor(2).address;
    city.refused(
        silent,
        disputing(0),
        wire::NothingRevealed {
            missionId: mission(),
            node,
            agent: silent,
        },
    );
    city.refused(
        STRANGER,
        disputing(0),
        wire::NotSeated {
            missionId: mission(),
            node,
            agent: STRANGER,
        },
    );
    city.world.warp(DISPUTE);
    let late = wire::TooLate {
        until: u40(reveals + DISPUTE),
    };
    city.refused(me, disputing(0), late);
    city.route(1, 1, law(1, 1, 1, 0));
    city.set(1, 0, NodeState::PendingVerification as u64);
    let tier = wire::WrongTier {
        missionId: mission(),
        node: 1,
        tier: 1,
    };
    city.refused(me, disputing(1), tier);
}

#[test]
fn where_all_agree_there_is_nothing_to_dispute() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for seat in 0..3 {
        city.commit(0, seat, &value(1));
    }
    city.reveal(0, 0, &value(1));
    city.reveal(0, 1, &value(1));
    city.world.warp(REVEAL + 1);
    let node = 0;
    city.refused(
        executor(0).address,
        disputing(0),
        wire::NoDissent {
            missionId: mission(),
            node,
        },
    );
}

/// Values of the three seats, who disputes, the ruling, and what becomes of bond and seats.
#[test]
fn a_bond_returns_if_people_decide_otherwise_than_the_machine() {
    let paid = |score| (true, Some(score), Reason::None);
    let zero = (false, Some(0), Reason::None);
    for (values, by, (approved, score, seat), returned, parts) in [
        // The dissenter's value stands after all.
        ([1, 1, 2], 2, (true, 800, 2), true, [zero, zero, paid(800)]),
        // The machine was right.
        (
            [1, 1, 2],
            2,
            (true, 900, 0),
            false,
            [paid(900), paid(900), zero],
        ),
        // Nothing stands.
        ([1, 1, 2], 2, (false, 0, 0), true, [zero; 3]),
        // The machine found nothing, people do: whoever asked was right to ask.
        ([1, 2, 3], 0, (true, 700, 1), true, [zero, paid(700), zero]),
        ([1, 2, 3], 0, (true, 700, 0), true, [paid(700), zero, zero]),
        // Neither finds anything.
        ([1, 2, 3], 0, (false, 0, 0), false, [zero; 3]),
        // A winner who disputes itself gains nothing by it.
        (
            [1, 1, 2],
            0,
            (true, 1_000, 1),
            false,
            [paid(1_000), paid(1_000), zero],
        ),
    ] {
        let city = disputed(values, by);
        let (bond, me) = (the_bond(&city), executor(by).address);
        city.call(panel(), deciding(0, approved, score, seat))
            .unwrap();
        let logs = city.world.take_logs();
        let event =
            <wire::DisputeClosed as alloy_sol_types::SolEvent>::decode_log_validate(&logs[1]);
        let closed = event.unwrap().data;
        assert_eq!((closed.bondId, closed.returned), (bond, returned));
        assert_eq!(city.bond_of(bond), 0);
        assert_eq!(city.credit_of(me), if returned { BOND } else { 0 });
        let verdict = verdict_of(logs.last().unwrap());
        let got: Vec<_> = outcomes(&verdict).iter().map(|o| (o.1, o.2, o.3)).collect();
        assert_eq!(got, parts, "{values:?} {seat}");
        let (state, reason) = if approved {
            (NodeState::Completed, Reason::Succeeded)
        } else {
            (NodeState::Failed, Reason::ReviewRejected)
        };
        assert_eq!((city.state(0), verdict.verdict.reason), (state, reason));
        if approved {
            let hash = keccak256(value(values[usize::from(seat)]));
            assert_eq!(verdict.verdict.outputHash, hash);
            assert_eq!(verdict.verdict.trailRoot, trails(&[0, 1, 2]));
        }
        assert_eq!(the_bond(&city), B256::ZERO);
    }
}

#[test]
fn silence_of_both_periods_lets_the_machine_stand_and_returns_the_bond() {
    let city = disputed([1, 1, 2], 2);
    let (bond, until) = (the_bond(&city), city.expires(0));
    let early = wire::TooEarly {
        from: u40(until + 1),
    };
    city.world.warp(REVIEW);
    city.refused(STRANGER, closing(0), early);
    city.world.warp(1);
    let node = 0;
    city.refused(
        STRANGER,
        closing(0),
        wire::BackupUnopened {
            missionId: mission(),
            node,
        },
    );
    // Collaboration opens the second period.
    city.set(0, 4, 1);
    city.set(0, 3, city.world.now() + REVIEW);
    city.world.warp(REVIEW);
    let early = wire::TooEarly {
        from: u40(city.world.now() + 1),
    };
    city.refused(STRANGER, closing(0), early);
    city.world.warp(1);
    city.call(STRANGER, closing(0)).unwrap();
    assert_eq!(city.bond_of(bond), 0);
    assert_eq!(city.credit_of(executor(2).address), BOND);
    let verdict = city.verdicts().pop().unwrap();
    assert_eq!(verdict.verdict.reason, Reason::Succeeded);
    assert_eq!(verdict.verdict.outputHash, keccak256(value(1)));
    let paid: Vec<bool> = outcomes(&verdict).iter().map(|o| o.1).collect();
    assert_eq!(paid, [true, true, false]);
}

#[test]
fn a_ruling_is_refused_by_its_reason() {
    let city = disputed([1, 1, 2], 2);
    let node = 0;
    let other = wire::decideReviewCall {
        attempt: 2,
        ..deciding(0, true, 1, 0)
    };
    city.refused(
        panel(),
        other,
        wire::WrongAttempt {
            missionId: mission(),
            node,
            found: 1,
            given: 2,
        },
    );
    city.refused(
        panel(),
        deciding(0, true, 1_001, 0),
        wire::ScoreOutOfRange {
            score: 1_001,
            limit: 1_000,
        },
    );
    city.refused(
        panel(),
        deciding(0, false, 1, 0),
        wire::ScoreOutOfRange { score: 1, limit: 0 },
    );
    let nobody = wire::NothingRevealed {
        missionId: mission(),
        node,
        agent: alloy_primitives::Address::ZERO,
    };
    city.refused(panel(), deciding(0, true, 1, 3), nobody);
    let second = wire::NothingRevealed {
        missionId: mission(),
        node,
        agent: executor(1).address,
    };
    city.refused(panel(), deciding(0, false, 0, 1), second);
}

#[test]
fn a_ruling_on_sets_that_differ_waits_for_their_elements() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 3));
    let sets = [set(0, 20), set(50, 60), set(50, 61)];
    let values: Vec<&[u8]> = sets.iter().map(|(_, value)| value.as_slice()).collect();
    city.play(0, &values);
    let me = executor(0).address;
    city.credit(me, BOND);
    city.call(me, disputing(0)).unwrap();
    let bond = the_bond(&city);
    city.call(panel(), deciding(0, true, 600, 0)).unwrap();
    assert_eq!(city.state(0), NodeState::PendingReview);
    let node = 0;
    let ruled = wire::AlreadyRuled {
        missionId: mission(),
        node,
        attempt: 1,
    };
    city.refused(panel(), deciding(0, false, 0, 0), ruled.clone());
    let exclude = wire::disqualifyCall {
        missionId: mission(),
        node,
        attempt: 1,
        executor: executor(0).address,
    };
    city.refused(panel(), exclude, ruled);
    city.refused(
        STRANGER,
        closing(0),
        wire::ElementsMissing {
            missionId: mission(),
            node,
            count: 3,
        },
    );
    city.world.take_logs();
    let elements = sets.iter().map(|(hashes, _)| hashes.clone()).collect();
    let call = wire::closeVerificationCall {
        elements,
        ..closing(0)
    };
    city.call(STRANGER, call).unwrap();
    let verdict = city.verdicts().pop().unwrap();
    let paid: Vec<bool> = outcomes(&verdict).iter().map(|o| o.1).collect();
    assert_eq!(paid, [true, false, false]);
    assert_eq!(verdict.verdict.outputHash, keccak256(values[0]));
    // Two of three agreed on another: people decided otherwise.
    assert_eq!((city.bond_of(bond), city.credit_of(me)), (0, BOND));
}

#[test]
fn who_was_silent_is_at_fault_however_the_dispute_ends() {
    let city = City::new();
    city.route(0, 1, law(2, 5, 3, 0));
    for (seat, byte) in [(0, 1), (1, 1), (2, 2), (3, 1)] {
        city.commit(0, seat, &value(byte));
    }
    city.world.warp(WORK + 1);
    for (seat, byte) in [(0, 1), (1, 1), (2, 2)] {
        city.reveal(0, seat, &value(byte));
    }
    city.world.warp(REVEAL);
    let me = executor(2).address;
    city.credit(me, BOND);
    city.call(me, disputing(0)).unwrap();
    city.world.take_logs();
    city.call(panel(), deciding(0, false, 0, 0)).unwrap();
    let faults: Vec<Reason> = outcomes(&city.verdicts()[0]).iter().map(|o| o.3).collect();
    let none = Reason::None;
    assert_eq!(
        faults,
        [
            none,
            none,
            none,
            Reason::ConsensusFailed,
            Reason::TimeoutExceeded
        ]
    );
}

fn reviewed() -> City {
    let city = City::new();
    let law = law(3, 1, 1, 0);
    city.route(0, 1, law.clone());
    let call = wire::submitResultCall {
        missionId: mission(),
        node: 0,
        terms: law.terms,
        outputHash: B256::repeat_byte(9),
        trailRoot: trail(0),
        proof: Vec::new().into(),
    };
    city.call(executor(0).address, call).unwrap();
    city.world.take_logs();
    city
}

#[test]
fn an_approval_of_tier_three_pays_and_scores_and_a_rejection_is_the_executors_fault() {
    for (approved, score, expected) in [
        (true, 640, (0, true, Some(640), Reason::None)),
        (true, 0, (0, true, Some(0), Reason::None)),
        (false, 0, (0, false, Some(0), Reason::ReviewRejected)),
    ] {
        let city = reviewed();
        city.call(panel(), deciding(0, approved, score, 0)).unwrap();
        let logs = city.world.take_logs();
        let event =
            <wire::ReviewDecided as alloy_sol_types::SolEvent>::decode_log_validate(&logs[0]);
        let decided = event.unwrap().data;
        assert_eq!(
            (decided.approved, decided.score, decided.seat),
            (approved, score, 0)
        );
        let verdict = verdict_of(&logs[1]);
        assert_eq!(outcomes(&verdict), [expected]);
        if approved {
            assert_eq!(verdict.verdict.outputHash, B256::repeat_byte(9));
            assert_eq!(verdict.verdict.trailRoot, trail(0));
        }
    }
}

#[test]
fn silence_on_tier_three_is_not_for_verification_to_end() {
    let city = reviewed();
    city.set(0, 4, 1);
    city.world.warp(3 * REVIEW);
    let node = 0;
    city.refused(
        STRANGER,
        closing(0),
        wire::WrongTier {
            missionId: mission(),
            node,
            tier: 3,
        },
    );
}

/// INV-VERIFY-07.
#[test]
fn a_bond_that_the_missions_end_left_undecided_goes_back_whatever_halts() {
    let city = disputed([1, 1, 2], 2);
    let (bond, me) = (the_bond(&city), executor(2).address);
    let node = 0;
    let call = |attempt| wire::releaseBondCall {
        missionId: mission(),
        node,
        attempt,
    };
    let none = |attempt| wire::NoBond {
        missionId: mission(),
        node,
        attempt,
    };
    for state in [1, 2, 3, 4, 6, 8] {
        city.standing.replace((state, 0, 0));
        city.refused(STRANGER, call(1), none(1));
    }
    // Aborted and stopped: money is never halted.
    city.standing.replace((7, 1, 99));
    city.refused(STRANGER, call(2), none(2));
    city.call(STRANGER, call(1)).unwrap();
    assert_eq!((city.bond_of(bond), city.credit_of(me)), (0, BOND));
    let events = city.world.take_events::<wire::DisputeClosed>();
    assert_eq!((events[0].bondId, events[0].returned), (bond, true));
    city.refused(STRANGER, call(1), none(1));
}
