//! Tier 1: references and verifiers; tier 3 as far as executors see it; announcements.

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{
    machine::NodeState,
    parameter::ParameterId,
    verification::proof::{gas_floor, reference},
};
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::{SolError, SolValue};

use crate::city::*;

const INPUT: B256 = B256::repeat_byte(0x1a);
const OUTPUT: B256 = B256::repeat_byte(0x2b);
const SALT: B256 = B256::repeat_byte(0x3c);
const TRAIL: B256 = B256::repeat_byte(0xc0);

/// A node of tier 1 whose reference is met by [`INPUT`], [`OUTPUT`] and [`SALT`].
fn referenced(node: u16) -> Law {
    let words = reference(&mission(), node, &INPUT, &OUTPUT, &SALT);
    let mut law = law(1, 1, 1, 0);
    law.terms.expected = keccak256(words.concat());
    law
}

fn submitting(node: u16, terms: &wire::NodeTerms, proof: &[u8]) -> wire::submitResultCall {
    wire::submitResultCall {
        missionId: mission(),
        node,
        terms: terms.clone(),
        outputHash: OUTPUT,
        trailRoot: TRAIL,
        proof: proof.to_vec().into(),
    }
}

fn good(node: u16, law: &Law) -> wire::submitResultCall {
    submitting(node, &law.terms, &[INPUT, SALT].concat())
}

fn me() -> Address {
    executor(0).address
}

#[test]
fn a_result_that_meets_the_reference_completes_its_node() {
    let city = City::new();
    let law = referenced(4);
    city.route(4, 1, law.clone());
    city.call(me(), good(4, &law)).unwrap();
    let logs = city.world.take_logs();
    let submitted = wire::ResultSubmitted {
        missionId: mission(),
        node: 4,
        executor: me(),
        attempt: 1,
        kind: wire::ResultKind::Proof,
        outputHash: OUTPUT,
        trailRoot: TRAIL,
    };
    assert_eq!(logs.len(), 2);
    let seen = <wire::ResultSubmitted as alloy_sol_types::SolEvent>::decode_log_validate(&logs[0]);
    assert_eq!(seen.unwrap().data, submitted);
    let verdict = verdict_of(&logs[1]);
    assert_eq!(verdict.verdict.reason, Reason::Succeeded);
    assert_eq!(
        (verdict.verdict.outputHash, verdict.verdict.trailRoot),
        (OUTPUT, TRAIL)
    );
    assert_eq!(outcomes(&verdict), [(0, true, Some(1_000), Reason::None)]);
    assert_eq!(city.state(4), NodeState::Completed);
    assert_eq!(
        city.record(4).trailRoot,
        B256::ZERO,
        "it went into the log and to collaboration (A-08); nobody asks again"
    );
}

#[test]
fn a_result_that_does_not_meet_it_fails_the_node_at_its_executors_fault() {
    let city = City::new();
    let law = referenced(4);
    let words = |salt: B256| [INPUT, salt].concat();
    for (node, changed) in [
        (4, submitting(4, &law.terms, &words(INPUT))),
        (
            4,
            wire::submitResultCall {
                outputHash: INPUT,
                ..good(4, &law)
            },
        ),
        // The same reference at another node.
        (5, good(5, &law)),
    ] {
        city.route(node, 1, law.clone());
        city.call(me(), changed).unwrap();
        let verdicts = city.verdicts();
        assert_eq!(verdicts[0].verdict.reason, Reason::ProofRejected);
        assert_eq!(
            outcomes(&verdicts[0]),
            [(0, false, Some(0), Reason::ProofRejected)]
        );
        assert_eq!(city.state(node), NodeState::Failed);
    }
}

#[test]
fn a_proof_is_refused_by_its_reason() {
    let city = City::new();
    let law = referenced(0);
    city.route(0, 1, law.clone());
    let call = || good(0, &law);
    city.refused(
        STRANGER,
        call(),
        wire::NotSeated {
            missionId: mission(),
            node: 0,
            agent: STRANGER,
        },
    );
    let trailless = wire::submitResultCall {
        trailRoot: B256::ZERO,
        ..call()
    };
    city.refused(me(), trailless, wire::TrailMissing {});
    let mut other = law.terms.clone();
    other.expected = B256::ZERO;
    let digest = keccak256(law.terms.abi_encode());
    city.refused(
        me(),
        submitting(0, &other, &[]),
        wire::WrongPreimage { digest },
    );
    for length in [0, 32, 63, 65, 96] {
        let proof = vec![1; length];
        city.refused(
            me(),
            submitting(0, &law.terms, &proof),
            wire::MalformedCall {},
        );
    }
    city.world.warp(WORK + 1);
    city.refused(
        me(),
        call(),
        wire::TooLate {
            until: u40(city.expires(0)),
        },
    );
    city.route(1, 1, crate::city::law(2, 3, 2, 0));
    city.refused(
        me(),
        submitting(1, &terms(), &[]),
        wire::WrongTier {
            missionId: mission(),
            node: 1,
            tier: 2,
        },
    );
}

#[test]
fn the_last_second_of_a_deadline_belongs_to_it() {
    let city = City::new();
    let law = referenced(0);
    city.route(0, 1, law.clone());
    city.world.warp(WORK);
    city.call(me(), good(0, &law)).unwrap();
    assert_eq!(city.state(0), NodeState::Completed);
}

/// A verifier is asked with the mission, the output's hash, what is expected and the proof, within its gas.
#[test]
fn an_approved_verifier_is_asked_within_its_gas() {
    let city = City::new();
    let mut law = law(1, 1, 1, 0);
    law.terms = verifier(&city, |frame, asked| {
        assert_eq!(frame.caller, here());
        assert_eq!(frame.gas, 1_000_000);
        assert_eq!((asked.missionId, asked.outputHash), (mission(), OUTPUT));
        assert_eq!(asked.expected, B256::repeat_byte(7));
        Ok((asked.proof.as_ref() == b"good").abi_encode())
    });
    for (node, proof, state) in [
        (0, &b"good"[..], NodeState::Completed),
        (1, b"bad", NodeState::Failed),
    ] {
        city.route(node, 1, law.clone());
        city.call(me(), submitting(node, &law.terms, proof))
            .unwrap();
        assert_eq!(city.state(node), state);
    }
}

#[test]
fn attack_a8_a_verifier_that_lapsed_fails_no_honest_proof() {
    let city = City::new();
    let mut law = law(1, 1, 1, 0);
    law.terms = verifier(&city, |_, asked| {
        Ok((asked.proof.as_ref() == b"good").abi_encode())
    });
    for node in 0..2 {
        city.route(node, 1, law.clone());
    }
    let at = law.terms.verifier;
    city.activation.lapse(at);
    let lapsed = wire::VerifierLapsed { verifier: at };
    city.refused(me(), submitting(0, &law.terms, b"good"), lapsed.clone());
    city.refused(me(), submitting(1, &law.terms, b"bad"), lapsed);
    assert_eq!(city.state(0), NodeState::Executing, "nothing failed");
    // Somebody activates it, and it says what it always said.
    city.activation.renew(at);
    for (node, proof, state) in [
        (0, &b"good"[..], NodeState::Completed),
        (1, b"bad", NodeState::Failed),
    ] {
        city.call(me(), submitting(node, &law.terms, proof))
            .unwrap();
        assert_eq!(city.state(node), state);
    }
}

#[test]
fn a_verifier_whose_code_is_not_what_was_pinned_and_approved_is_not_asked() {
    let city = City::new();
    let mut law = law(1, 1, 1, 0);
    law.terms = verifier(&city, |_, _| panic!("asked"));
    city.route(0, 1, law.clone());
    let (at, pinned) = (law.terms.verifier, law.terms.verifierCodehash);
    let call = || submitting(0, &law.terms, b"");
    let changed = |found| wire::VerifierChanged {
        verifier: at,
        expected: pinned,
        found,
    };
    city.approved.borrow_mut().clear();
    city.refused(me(), call(), changed(B256::ZERO));
    let other = keccak256("another");
    city.approved.borrow_mut().insert(at, other);
    city.refused(me(), call(), changed(other));
    city.approved.borrow_mut().insert(at, pinned);
    city.world.install(at, other, |_, _| panic!("asked"));
    city.refused(me(), call(), changed(other));
}

#[test]
fn an_announcement_moves_the_deadline_by_the_grace_once() {
    let city = City::new();
    for tier in [1, 2, 3] {
        let node = tier.into();
        let (seats, threshold) = if tier == 2 { (3, 2) } else { (1, 1) };
        city.route(node, 1, law(tier, seats, threshold, 0));
        let until = city.expires(node);
        city.world.take_logs();
        city.call(me(), announcing(node)).unwrap();
        let events = city.world.take_events::<wire::ResultAnnounced>();
        assert_eq!(
            (events[0].executor, events[0].commitment, events[0].attempt),
            (me(), B256::repeat_byte(0x44), 1)
        );
        assert_eq!(city.expires(node), until + GRACE);
        assert_eq!(city.state(node), NodeState::Executing);
        assert!(city.record(node).announced);
        let again = wire::AlreadyDone {
            missionId: mission(),
            node,
            agent: me(),
        };
        city.refused(me(), announcing(node), again);
    }
    city.route(9, 1, law(1, 1, 1, 0));
    city.world.warp(WORK + 1);
    let late = wire::TooLate {
        until: u40(city.expires(9)),
    };
    city.refused(me(), announcing(9), late);
}

#[test]
fn an_output_for_review_waits_with_its_trail_until_its_rubric_is_met() {
    let city = City::new();
    let law = law(3, 1, 1, 0);
    city.route(0, 1, law.clone());
    city.world.take_logs();
    city.call(me(), submitting(0, &law.terms, b"bafy")).unwrap();
    let events = city.world.take_events::<wire::ReviewRequested>();
    assert_eq!((events[0].rubricHash, events[0].attempt), (RUBRIC, 1));
    let until = city.world.now() + REVIEW;
    assert_eq!(events[0].expiresAt, u40(until));
    assert_eq!(
        (city.state(0), city.expires(0)),
        (NodeState::PendingReview, until)
    );
    let record = city.record(0);
    assert_eq!((record.outputHash, record.trailRoot), (OUTPUT, TRAIL));
}

/// INV-VERIFY-08.
#[test]
fn below_the_gas_floor_nothing_failed_and_above_it_a_burner_fails() {
    let city = City::new();
    let mut law = law(1, 1, 1, 0);
    law.terms = verifier(&city, |frame, _| {
        assert!(frame.gas >= 1_000_000, "all of its gas");
        Err(Vec::new())
    });
    let limit = u64::from(ParameterId::VerifierGasLimit.row().default);
    city.route(0, 1, law.clone());
    // Relayed, because the gas is the relayer's to choose.
    let batch = crate::batch::proving(&city, 0, &law.terms, OUTPUT, TRAIL, b"");
    let floor = gas_floor(limit);
    let short = wire::GasFloor {
        available: alloy_primitives::U256::from(floor - 1),
        needed: alloy_primitives::U256::from(floor),
    };
    let refused = wire::ResultRefused {
        index: alloy_primitives::U256::ZERO,
        reason: short.abi_encode().into(),
    };
    let answer = city.call_with_gas(floor - 1, batch.clone());
    assert_eq!(answer, Err(refused.abi_encode()));
    assert_eq!(city.state(0), NodeState::Executing, "nothing failed");
    city.call_with_gas(floor, batch).unwrap();
    assert_eq!(city.state(0), NodeState::Failed);
}
