//! Tier 2: commitments, reveals, windows, and what agreement means for each seat.

use std::collections::BTreeSet;

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{machine::NodeState, peer::Peer};
use alloy_primitives::{B256, I256, keccak256};

use crate::city::*;

const NUMERIC: u8 = 1;
const SKETCH: u8 = 2;
const SET: u8 = 3;

pub(crate) fn number(number: i128) -> [u8; 32] {
    I256::try_from(number).unwrap().to_be_bytes()
}

/// The hashes of the elements from `from` to `to`, ascending, and the value that they are.
pub(crate) fn set(from: u8, to: u8) -> (Vec<B256>, Vec<u8>) {
    let hashes: BTreeSet<B256> = (from..to).map(|element| keccak256([element])).collect();
    let hashes: Vec<B256> = hashes.into_iter().collect();
    let value = hashes.concat();
    (hashes, value)
}

/// What a lone paid seat, a dissenter and the silent get.
const PAID: (bool, Option<u16>, Reason) = (true, Some(1_000), Reason::None);
const DISSENT: (bool, Option<u16>, Reason) = (false, Some(0), Reason::None);
const LATE: (bool, Option<u16>, Reason) = (false, Some(0), Reason::TimeoutExceeded);
const WITHHELD: (bool, Option<u16>, Reason) = (false, Some(0), Reason::ConsensusFailed);
const NOTHING: (bool, Option<u16>, Reason) = (false, None, Reason::None);

type Part = (bool, Option<u16>, Reason);

#[track_caller]
fn ended(verdict: &Verdict, reason: Reason, parts: &[Part]) {
    assert_eq!(verdict.verdict.reason, reason);
    let got: Vec<Part> = outcomes(verdict).iter().map(|o| (o.1, o.2, o.3)).collect();
    assert_eq!(got, parts);
}

#[test]
fn the_last_reveal_closes_and_settles_if_all_agree() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let routed = city.expires(0);
    city.commit(0, 1, &value(1));
    assert_eq!(
        (city.state(0), city.expires(0)),
        (NodeState::PendingVerification, routed)
    );
    city.world.warp(5);
    city.commit(0, 0, &value(1));
    assert_eq!(city.expires(0), routed);
    city.commit(0, 2, &value(1));
    let reveals = city.world.now() + REVEAL;
    assert_eq!(city.expires(0), reveals, "at once when the last committed");
    assert_eq!(city.record(0).revealUntil, u40(reveals));
    city.reveal(0, 0, &value(1));
    city.reveal(0, 2, &value(1));
    city.world.take_logs();
    city.reveal(0, 1, &value(1));

    let logs = city.world.take_logs();
    assert_eq!(logs.len(), 3, "submitted, agreed, concluded");
    let hash = keccak256(value(1));
    let event =
        <wire::ConsensusReached as alloy_sol_types::SolEvent>::decode_log_validate(&logs[1]);
    assert_eq!(
        event.unwrap().data,
        wire::ConsensusReached {
            missionId: mission(),
            node: 0,
            attempt: 1,
            agreeing: 3,
            revealed: 3,
            outputHash: hash
        }
    );
    let verdict = verdict_of(&logs[2]);
    ended(&verdict, Reason::Succeeded, &[PAID; 3]);
    let told = &verdict.verdict;
    assert_eq!(
        (told.outputHash, told.trailRoot),
        (hash, trails(&[1, 0, 2])),
        "the lowest seat's (V-06), and everybody's trails in the order of their commitments"
    );
    assert_eq!(city.state(0), NodeState::Completed);
}

/// INV-VERIFY-06.
#[test]
fn where_values_differ_the_last_reveal_begins_the_time_for_disputes() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(2), &value(1), &value(1)]);
    let until = city.world.now() + DISPUTE;
    assert_eq!(
        (city.state(0), city.expires(0)),
        (NodeState::PendingVerification, until)
    );
    assert_eq!(city.record(0).disputeUntil, u40(until));
    let early = wire::TooEarly {
        from: u40(until + 1),
    };
    city.world.warp(DISPUTE);
    city.refused(STRANGER, closing(0), early);
    city.world.warp(1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    let verdicts = city.verdicts();
    ended(&verdicts[0], Reason::Succeeded, &[DISSENT, PAID, PAID]);
    let told = &verdicts[0].verdict;
    assert_eq!(
        (told.outputHash, told.trailRoot),
        (keccak256(value(1)), trails(&[0, 1, 2])),
        "the winner's, not the last one's (V-06)"
    );
}

#[test]
fn dissenters_score_zero_unpaid_and_are_no_fault_and_without_consensus_nobody_dissents() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(1), &value(2), &value(3)]);
    city.world.warp(DISPUTE + 1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    ended(&city.verdicts()[0], Reason::ConsensusFailed, &[NOTHING; 3]);
    assert_eq!(city.state(0), NodeState::Failed);
}

#[test]
fn who_withholds_its_reveal_pays_for_a_failed_node_and_the_others_are_heard() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for seat in 0..3 {
        city.commit(0, seat, &value(1));
    }
    city.reveal(0, 0, &value(1));
    city.reveal(0, 2, &value(1));
    let until = city.expires(0);
    city.world.warp(REVEAL);
    let early = wire::TooEarly {
        from: u40(until + 1),
    };
    city.refused(STRANGER, closing(0), early);
    city.world.warp(1);
    let late = wire::TooLate { until: u40(until) };
    city.refused(STRANGER, revealing(0, 1, &value(1)), late);
    city.world.take_logs();
    // All that was revealed agrees: nothing to dispute, so nothing to wait for.
    city.call(STRANGER, closing(0)).unwrap();
    ended(
        &city.verdicts()[0],
        Reason::Succeeded,
        &[PAID, WITHHELD, PAID],
    );
}

#[test]
fn who_does_not_commit_is_late_and_the_rest_suffices() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 0, &value(1));
    city.commit(0, 2, &value(1));
    let commits = city.expires(0);
    let early = wire::TooEarly {
        from: u40(commits + 1),
    };
    city.world.warp(WORK);
    city.refused(STRANGER, revealing(0, 0, &value(1)), early.clone());
    city.refused(STRANGER, closing(0), early);
    city.world.warp(1);
    city.refused(
        executor(1).address,
        city.committing(0, 1, &value(1)),
        wire::TooLate {
            until: u40(commits),
        },
    );
    city.reveal(0, 2, &value(1));
    assert_eq!(
        city.expires(0),
        commits + REVEAL,
        "from the end of the commitments, whenever the first reveal comes"
    );
    city.world.take_logs();
    city.reveal(0, 0, &value(1));
    ended(&city.verdicts()[0], Reason::Succeeded, &[PAID, LATE, PAID]);
}

#[test]
fn fewer_commitments_than_must_agree_fail_the_node_at_the_others_fault_alone() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 1, &value(1));
    city.world.warp(WORK + 1);
    let short = wire::TooFewCommitted {
        missionId: mission(),
        node: 0,
        committed: 1,
        needed: 2,
    };
    city.refused(STRANGER, revealing(0, 1, &value(1)), short);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    ended(
        &city.verdicts()[0],
        Reason::ConsensusFailed,
        &[LATE, NOTHING, LATE],
    );
}

#[test]
fn a_node_fails_only_if_fewer_than_its_threshold_agree() {
    for (threshold, reason) in [(3, Reason::Succeeded), (4, Reason::ConsensusFailed)] {
        let city = City::new();
        city.route(0, 1, law(2, 5, threshold, 0));
        let [a, b, c] = [1, 2, 3].map(value);
        city.play(0, &[&a, &b, &a, &c, &a]);
        city.world.warp(DISPUTE + 1);
        city.world.take_logs();
        city.call(STRANGER, closing(0)).unwrap();
        assert_eq!(city.verdicts()[0].verdict.reason, reason, "{threshold}");
    }
}

#[test]
fn numbers_agree_within_their_tolerance_and_the_centre_stands() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, NUMERIC));
    let [low, middle, high] = [100, 105, 110].map(number);
    city.world.take_logs();
    city.play(0, &[&low, &middle, &high]);
    let verdict = city.verdicts().pop().unwrap();
    ended(&verdict, Reason::Succeeded, &[PAID; 3]);
    assert_eq!(verdict.verdict.outputHash, keccak256(middle));
}

#[test]
fn numbers_at_the_ends_of_their_range_are_compared() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, NUMERIC));
    let [least, most] = [i128::MIN, i128::MAX].map(number);
    city.play(0, &[&most, &least, &least]);
    city.world.warp(DISPUTE + 1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    ended(
        &city.verdicts()[0],
        Reason::Succeeded,
        &[DISSENT, PAID, PAID],
    );
}

#[test]
fn sketches_agree_by_their_lanes_in_both_halves() {
    let sketch = |equal: usize| -> Vec<u8> {
        (0..32u16)
            .flat_map(|lane| (lane + 100 * u16::from(usize::from(lane) >= equal)).to_be_bytes())
            .collect()
    };
    // 28 of 32 are 87.5 %, 27 are 84.375 %.
    let city = City::new();
    city.route(0, 1, law(2, 2, 2, SKETCH));
    city.world.take_logs();
    city.play(0, &[&sketch(32), &sketch(28)]);
    let verdict = city.verdicts().pop().unwrap();
    ended(&verdict, Reason::Succeeded, &[PAID, PAID]);
    assert_eq!(verdict.verdict.outputHash, keccak256(sketch(32)));
    city.route(0, 2, law(2, 2, 2, SKETCH));
    city.play(0, &[&sketch(32), &sketch(27)]);
    city.world.warp(DISPUTE + 1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    ended(&city.verdicts()[0], Reason::ConsensusFailed, &[NOTHING; 2]);
}

#[test]
fn equal_sets_close_with_the_last_reveal() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, SET));
    let (_, all) = set(0, 20);
    city.world.take_logs();
    city.play(0, &[&all, &all, &all]);
    let verdict = city.verdicts().pop().unwrap();
    ended(&verdict, Reason::Succeeded, &[PAID; 3]);
    assert_eq!(verdict.verdict.outputHash, keccak256(&all));
}

#[test]
fn sets_that_differ_close_at_once_by_their_elements_if_all_agree() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, SET));
    let sets = [set(0, 20), set(0, 19), set(0, 20)];
    let values: Vec<&[u8]> = sets.iter().map(|(_, value)| value.as_slice()).collect();
    city.play(0, &values);
    let until = city.expires(0);
    let early = wire::TooEarly {
        from: u40(until + 1),
    };
    city.refused(STRANGER, closing(0), early);
    let elements = sets.iter().map(|(hashes, _)| hashes.clone()).collect();
    city.world.take_logs();
    let call = wire::closeVerificationCall {
        elements,
        ..closing(0)
    };
    city.call(STRANGER, call).unwrap();
    ended(&city.verdicts()[0], Reason::Succeeded, &[PAID; 3]);
}

#[test]
fn sets_are_compared_by_the_elements_that_were_revealed_and_no_others() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, SET));
    let sets = [set(0, 20), set(50, 60), set(0, 19)];
    let values: Vec<&[u8]> = sets.iter().map(|(_, value)| value.as_slice()).collect();
    city.play(0, &values);
    let hashes: Vec<Vec<B256>> = sets.iter().map(|(hashes, _)| hashes.clone()).collect();
    let with = |elements: &[Vec<B256>]| wire::closeVerificationCall {
        elements: elements.to_vec(),
        ..closing(0)
    };
    let early = wire::TooEarly {
        from: u40(city.expires(0) + 1),
    };
    city.refused(STRANGER, with(&hashes), early);
    city.world.warp(DISPUTE + 1);
    let missing = wire::ElementsMissing {
        missionId: mission(),
        node: 0,
        count: 3,
    };
    city.refused(STRANGER, closing(0), missing.clone());
    city.refused(STRANGER, with(&hashes[..2]), missing);
    let digest = keccak256(values[0]);
    let swapped = [hashes[1].clone(), hashes[0].clone(), hashes[2].clone()];
    city.refused(STRANGER, with(&swapped), wire::WrongPreimage { digest });
    city.world.take_logs();
    city.call(STRANGER, with(&hashes)).unwrap();
    ended(
        &city.verdicts()[0],
        Reason::Succeeded,
        &[PAID, DISSENT, PAID],
    );
}

#[test]
fn elements_are_for_sets_alone() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(1), &value(2), &value(1)]);
    city.world.warp(DISPUTE + 1);
    let call = wire::closeVerificationCall {
        elements: vec![vec![B256::repeat_byte(1)]],
        ..closing(0)
    };
    let none = wire::ElementsMissing {
        missionId: mission(),
        node: 0,
        count: 0,
    };
    city.refused(STRANGER, call, none);
}

#[test]
fn a_value_without_its_form_opens_nothing() {
    let city = City::new();
    let beyond = I256::try_from(i128::MAX).unwrap() + I256::ONE;
    let two = [value(2), value(1)].concat();
    let values: [(u8, Vec<u8>); 5] = [
        (0, vec![1; 31]),
        (NUMERIC, beyond.to_be_bytes::<32>().to_vec()),
        (SKETCH, vec![1; 62]),
        (SET, two),
        (SET, value(1)[1..].to_vec()),
    ];
    for (node, (mode, value)) in (0..).zip(values) {
        city.route(node, 1, law(2, 2, 2, mode));
        city.commit(node, 0, &value);
        city.commit(node, 1, &value);
        let malformed = wire::MalformedValue {
            missionId: mission(),
            node,
            mode,
        };
        city.refused(STRANGER, revealing(node, 0, &value), malformed);
    }
    // More than 64 elements cannot even be handed in.
    city.refused(
        STRANGER,
        revealing(0, 0, &[1; 65 * 32]),
        wire::MalformedCall {},
    );
}

/// INV-VERIFY-01.
#[test]
fn a_commitment_is_refused_by_its_reason() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let me = executor(0).address;
    let call = city.committing(0, 0, &value(1));
    let stranger = wire::NotSeated {
        missionId: mission(),
        node: 0,
        agent: STRANGER,
    };
    city.refused(STRANGER, call.clone(), stranger);
    let trailless = wire::commitResultCall {
        trailRoot: B256::ZERO,
        ..call.clone()
    };
    city.refused(me, trailless, wire::TrailMissing {});
    city.call(me, call.clone()).unwrap();
    let twice = wire::AlreadyDone {
        missionId: mission(),
        node: 0,
        agent: me,
    };
    city.refused(me, call, twice);
    city.route(1, 1, law(1, 1, 1, 0));
    let tier = wire::WrongTier {
        missionId: mission(),
        node: 1,
        tier: 1,
    };
    city.refused(me, city.committing(1, 0, &value(1)), tier);
}

#[test]
fn a_reveal_is_refused_by_its_reason() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for seat in [0, 1] {
        city.commit(0, seat, &value(1));
    }
    city.world.warp(WORK + 1);
    let agent = |seat| executor(seat).address;
    let node = 0;
    city.refused(
        STRANGER,
        revealing(0, 2, &value(1)),
        wire::NothingCommitted {
            missionId: mission(),
            node,
            agent: agent(2),
        },
    );
    let digest = kept(city.seal(0, 0, &value(1)), 0);
    for wrong in [
        revealing(0, 0, &value(2)),
        wire::revealResultCall {
            salt: salt(1),
            ..revealing(0, 0, &value(1))
        },
    ] {
        city.refused(STRANGER, wrong, wire::WrongPreimage { digest });
    }
    city.reveal(0, 0, &value(1));
    city.refused(
        STRANGER,
        revealing(0, 0, &value(1)),
        wire::AlreadyDone {
            missionId: mission(),
            node,
            agent: agent(0),
        },
    );
    let call = wire::revealResultCall {
        executor: STRANGER,
        ..revealing(0, 1, &value(1))
    };
    city.refused(
        STRANGER,
        call,
        wire::NotSeated {
            missionId: mission(),
            node,
            agent: STRANGER,
        },
    );
}

#[test]
fn what_a_seat_revealed_stands_where_its_commitment_stood() {
    let city = City::new();
    city.route(0, 1, law(2, 2, 2, 0));
    city.commit(0, 0, &value(1));
    city.commit(0, 1, &value(2));
    let of = |seat| {
        let call = wire::commitmentOfCall {
            missionId: mission(),
            node: 0,
            attempt: 1,
            seat,
        };
        city.call(STRANGER, call).unwrap()
    };
    let sealed = of(0);
    assert_eq!(
        (sealed.commitment, sealed.value),
        (kept(city.seal(0, 0, &value(1)), 0), B256::ZERO)
    );
    city.reveal(0, 0, &value(1));
    let opened = of(0);
    assert_eq!(
        (opened.commitment, opened.value),
        (B256::ZERO, value(1).into())
    );
    let record = city.record(0);
    assert_eq!((record.committed, record.revealed), (0b11, 0b01));
}

#[test]
fn an_excluded_seat_does_not_count_is_not_paid_and_not_scored() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(1), &value(2), &value(1)]);
    let call = |seat| wire::disqualifyCall {
        missionId: mission(),
        node: 0,
        attempt: 1,
        executor: executor(seat).address,
    };
    let panel = member(Peer::Adjudication);
    city.world.take_logs();
    city.call(panel, call(1)).unwrap();
    let events = city.world.take_events::<wire::SeatDisqualified>();
    assert_eq!(
        (events[0].executor, events[0].attempt),
        (executor(1).address, 1)
    );
    assert_eq!(city.record(0).disqualified, 0b010);
    let (node, agent) = (0, executor(1).address);
    city.refused(
        panel,
        call(1),
        wire::AlreadyDone {
            missionId: mission(),
            node,
            agent,
        },
    );
    let other = wire::disqualifyCall {
        attempt: 2,
        ..call(0)
    };
    city.refused(
        panel,
        other,
        wire::WrongAttempt {
            missionId: mission(),
            node,
            found: 1,
            given: 2,
        },
    );
    // The other two agree, so nothing is left to dispute.
    city.call(STRANGER, closing(0)).unwrap();
    ended(
        &city.verdicts()[0],
        Reason::Succeeded,
        &[PAID, NOTHING, PAID],
    );
}

#[test]
fn excluding_the_one_who_is_awaited_ends_the_reveals() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for (seat, byte) in [(0, 1), (1, 2), (2, 3)] {
        city.commit(0, seat, &value(byte));
    }
    city.reveal(0, 0, &value(1));
    city.reveal(0, 1, &value(2));
    let call = wire::disqualifyCall {
        missionId: mission(),
        node: 0,
        attempt: 1,
        executor: executor(2).address,
    };
    city.call(member(Peer::Adjudication), call).unwrap();
    assert_eq!(city.expires(0), city.world.now() + DISPUTE);
    let (node, agent) = (0, executor(2).address);
    city.refused(
        STRANGER,
        revealing(0, 2, &value(3)),
        wire::SeatExcluded {
            missionId: mission(),
            node,
            agent,
        },
    );
}

/// What halts do: collaboration moves the deadline, and every later window with it.
#[test]
fn a_moved_deadline_moves_the_windows_that_follow_from_it() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 0, &value(1));
    city.commit(0, 1, &value(2));
    city.world.warp(1_000);
    city.set(0, 3, city.world.now() + 7);
    city.commit(0, 2, &value(3));
    assert_eq!(city.expires(0), city.world.now() + REVEAL);
    city.world.warp(5_000);
    city.set(0, 3, city.world.now());
    for (seat, byte) in [(0, 1), (1, 2), (2, 3)] {
        city.reveal(0, seat, &value(byte));
    }
    assert_eq!(city.expires(0), city.world.now() + DISPUTE);
}

#[test]
fn an_announcement_while_others_committed_moves_the_commit_window() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 0, &value(1));
    let until = city.expires(0);
    city.call(executor(1).address, announcing(0)).unwrap();
    assert_eq!(
        (city.state(0), city.expires(0)),
        (NodeState::PendingVerification, until + GRACE)
    );
    city.world.warp(WORK + GRACE);
    city.commit(0, 1, &value(1));
}
