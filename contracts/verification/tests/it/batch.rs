//! Batches: results that executors signed, each as if its executor had called.

use std::slice;

use agentcity_abi::IVerification as wire;
use agentcity_domain::{machine::NodeState, peer::Peer};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolError;

use crate::city::*;

type Result = wire::NodeResult;

/// A batch of results signed by the executors that they name, by seat.
pub(crate) fn batch(
    city: &City,
    results: &[(u8, Result)],
    terms: &[wire::NodeTerms],
) -> wire::submitBatchCall {
    let sign = |(seat, result): &(u8, Result)| executor(*seat).sign(city.digest(result)).into();
    wire::submitBatchCall {
        results: results.iter().map(|(_, result)| result.clone()).collect(),
        terms: terms.to_vec(),
        signatures: results.iter().map(sign).collect(),
    }
}

pub(crate) fn result(city: &City, node: u16, seat: u8, kind: wire::ResultKind) -> Result {
    Result {
        missionId: mission(),
        node,
        attempt: city.attempt(node),
        kind,
        executor: executor(seat).address,
        outputHash: B256::repeat_byte(9),
        trailRoot: trail(seat),
        proof: Vec::new().into(),
        deadline: city.world.now() + 60,
    }
}

/// A batch of one proof of the first seat.
pub(crate) fn proving(
    city: &City,
    node: u16,
    terms: &wire::NodeTerms,
    output_hash: B256,
    trail_root: B256,
    proof: &[u8],
) -> wire::submitBatchCall {
    let proof = Result {
        outputHash: output_hash,
        trailRoot: trail_root,
        proof: proof.to_vec().into(),
        ..result(city, node, 0, wire::ResultKind::Proof)
    };
    batch(city, &[(0, proof)], slice::from_ref(terms))
}

pub(crate) fn committed(city: &City, node: u16, seat: u8, value: &[u8]) -> Result {
    Result {
        outputHash: city.seal(node, seat, value),
        ..result(city, node, seat, wire::ResultKind::Commit)
    }
}

pub(crate) fn revealed(city: &City, node: u16, seat: u8, value: &[u8]) -> Result {
    Result {
        outputHash: keccak256(value),
        trailRoot: city.record(node).trailRoot,
        proof: [value, salt(seat).as_slice()].concat().into(),
        ..result(city, node, seat, wire::ResultKind::Reveal)
    }
}

fn refused_at(index: u64, reason: impl SolError) -> wire::ResultRefused {
    wire::ResultRefused {
        index: U256::from(index),
        reason: reason.abi_encode().into(),
    }
}

#[test]
fn one_transaction_carries_many_nodes_results() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.route(1, 4, law(3, 1, 1, 0));
    let mut proof = law(1, 1, 1, 0);
    proof.terms = verifier(&city, |_, asked| {
        use alloy_sol_types::SolValue;
        Ok((asked.proof.as_ref() == b"p").abi_encode())
    });
    city.route(2, 2, proof.clone());
    let results = [
        (0, committed(&city, 0, 0, &value(1))),
        (0, result(&city, 1, 0, wire::ResultKind::Review)),
        (1, committed(&city, 0, 1, &value(1))),
        (
            0,
            Result {
                proof: b"p".to_vec().into(),
                ..result(&city, 2, 0, wire::ResultKind::Proof)
            },
        ),
        (2, committed(&city, 0, 2, &value(1))),
    ];
    let call = batch(&city, &results, &[terms(), proof.terms]);
    city.call(STRANGER, call).unwrap();
    let reveals: Vec<(u8, Result)> = (0..3)
        .map(|seat| (seat, revealed(&city, 0, seat, &value(1))))
        .collect();
    city.call(STRANGER, batch(&city, &reveals, &[])).unwrap();
    assert_eq!(
        [0, 1, 2].map(|node| city.state(node)),
        [
            NodeState::Completed,
            NodeState::PendingReview,
            NodeState::Completed
        ]
    );
}

#[test]
fn one_bad_result_refuses_the_whole_batch_and_its_index_shows() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for bad in 0..3u8 {
        let mut results: Vec<(u8, Result)> = (0..3)
            .map(|seat| (seat, committed(&city, 0, seat, &value(1))))
            .collect();
        results[usize::from(bad)].1.trailRoot = B256::ZERO;
        let call = batch(&city, &results, &[]);
        city.refused(
            STRANGER,
            call,
            refused_at(bad.into(), wire::TrailMissing {}),
        );
        assert_eq!(city.state(0), NodeState::Executing, "none was taken");
        assert_eq!(city.record(0).committed, 0);
    }
}

/// Every field of what is signed, changed after signing.
#[test]
fn a_signature_binds_every_argument() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.route(1, 1, law(2, 3, 2, 0));
    let good = committed(&city, 0, 0, &value(1));
    let signature = executor(0).sign(city.digest(&good));
    let sent = |result: &Result| wire::submitBatchCall {
        results: vec![result.clone()],
        terms: Vec::new(),
        signatures: vec![signature.clone().into()],
    };
    let other = B256::repeat_byte(0x77);
    let changed: [Result; 8] = [
        Result {
            node: 1,
            ..good.clone()
        },
        Result {
            attempt: 2,
            ..good.clone()
        },
        Result {
            kind: wire::ResultKind::Review,
            ..good.clone()
        },
        Result {
            outputHash: other,
            ..good.clone()
        },
        Result {
            trailRoot: other,
            ..good.clone()
        },
        Result {
            proof: b"x".to_vec().into(),
            ..good.clone()
        },
        Result {
            deadline: good.deadline + 1,
            ..good.clone()
        },
        Result {
            missionId: other,
            ..good.clone()
        },
    ];
    let mine = wire::InvalidSignature {
        signer: executor(0).address,
    };
    for result in &changed {
        city.refused(STRANGER, sent(result), refused_at(0, mine.clone()));
    }
    let theirs = Result {
        executor: executor(1).address,
        ..good.clone()
    };
    let invalid = wire::InvalidSignature {
        signer: executor(1).address,
    };
    city.refused(STRANGER, sent(&theirs), refused_at(0, invalid));
    city.world.set_chain_id(1);
    city.refused(STRANGER, sent(&good), refused_at(0, mine));
    city.world.set_chain_id(agentcity_world::CHAIN_ID);
    city.call(STRANGER, sent(&good)).unwrap();
}

#[test]
fn a_result_is_good_until_its_deadline_and_once() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let good = committed(&city, 0, 0, &value(1));
    let call = || batch(&city, &[(0, good.clone())], &[]);
    city.world.warp(61);
    let passed = wire::DeadlinePassed {
        deadline: good.deadline,
    };
    city.refused(STRANGER, call(), refused_at(0, passed));
    let again = committed(&city, 0, 0, &value(1));
    let call = || batch(&city, &[(0, again.clone())], &[]);
    city.world.warp(60);
    city.call(STRANGER, call()).unwrap();
    let agent = executor(0).address;
    let done = wire::AlreadyDone {
        missionId: mission(),
        node: 0,
        agent,
    };
    city.refused(STRANGER, call(), refused_at(0, done));
    // Nor at the next attempt of the node.
    city.route(0, 2, law(2, 3, 2, 0));
    let over = wire::WrongAttempt {
        missionId: mission(),
        node: 0,
        found: 2,
        given: 1,
    };
    city.refused(STRANGER, call(), refused_at(0, over));
}

#[test]
fn a_signed_reveal_says_what_it_opens() {
    let city = City::new();
    city.route(0, 1, law(2, 2, 2, 0));
    for seat in 0..2 {
        city.commit(0, seat, &value(1));
    }
    let good = revealed(&city, 0, 0, &value(1));
    assert_eq!(good.trailRoot, trails(&[0, 1]));
    let of_another_value = Result {
        outputHash: keccak256(value(2)),
        ..good.clone()
    };
    let wrong = wire::WrongPreimage {
        digest: keccak256(value(1)),
    };
    let call = batch(&city, &[(0, of_another_value)], &[]);
    city.refused(STRANGER, call, refused_at(0, wrong));
    // Nor its own trail alone, nor that of another set or order of commitments, nor none.
    for other in [trail(0), trails(&[0]), trails(&[1, 0]), B256::ZERO] {
        let call = batch(
            &city,
            &[(
                0,
                Result {
                    trailRoot: other,
                    ..good.clone()
                },
            )],
            &[],
        );
        let wrong = wire::WrongPreimage {
            digest: trails(&[0, 1]),
        };
        city.refused(STRANGER, call, refused_at(0, wrong));
    }
    city.call(STRANGER, batch(&city, &[(0, good)], &[]))
        .unwrap();
}

#[test]
fn a_batch_has_as_many_signatures_and_terms_as_it_needs() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.route(1, 1, law(3, 1, 1, 0));
    let commit = (0, committed(&city, 0, 0, &value(1)));
    let review = (0, result(&city, 1, 0, wire::ResultKind::Review));
    let mut call = batch(&city, slice::from_ref(&commit), &[]);
    call.signatures.clear();
    city.refused(STRANGER, call, wire::MalformedCall {});
    let call = batch(&city, slice::from_ref(&commit), &[terms()]);
    city.refused(STRANGER, call, wire::MalformedCall {});
    let call = batch(&city, &[commit.clone(), review.clone()], &[]);
    let missing = refused_at(1, wire::MalformedCall {});
    city.refused(STRANGER, call, missing);
    let mut with_proof = commit.clone();
    with_proof.1.proof = b"x".to_vec().into();
    let call = batch(&city, &[with_proof], &[]);
    city.refused(STRANGER, call, refused_at(0, wire::MalformedCall {}));
    let none = (0, result(&city, 1, 0, wire::ResultKind::None));
    let call = batch(&city, &[none], &[]);
    city.refused(STRANGER, call, refused_at(0, wire::MalformedCall {}));
    let many = vec![commit.clone(); 65];
    city.refused(STRANGER, batch(&city, &many, &[]), wire::MalformedCall {});
    city.call(STRANGER, batch(&city, &[commit, review], &[terms()]))
        .unwrap();
}

/// What verification and collaboration hold after some results, and how often collaboration was told.
fn left(city: &City) -> (impl PartialEq + std::fmt::Debug, usize) {
    let held = [here(), member(Peer::Collaboration)].map(|at| city.world.storage(at));
    (held, city.verdicts().len())
}

#[test]
fn a_batch_leaves_what_its_results_leave_one_by_one_and_collaboration_is_told_once_a_node() {
    let routed = || {
        let city = City::new();
        for node in 0..2 {
            city.route(node, 1, law(2, 3, 2, 0));
        }
        city.world.take_logs();
        city
    };
    // Node and seat, in an order that comes back to the first node.
    let order: [(u16, u8); 6] = [(1, 2), (0, 1), (0, 0), (0, 2), (1, 0), (1, 1)];
    let (one_by_one, batched) = (routed(), routed());
    let commits = |city: &City| -> Vec<(u8, Result)> {
        let of = |(node, seat): (u16, u8)| (seat, committed(city, node, seat, &value(1)));
        order.map(of).to_vec()
    };
    for result in commits(&one_by_one) {
        let call = batch(&one_by_one, &[result], &[]);
        one_by_one.call(STRANGER, call).unwrap();
    }
    let call = batch(&batched, &commits(&batched), &[]);
    batched.call(STRANGER, call).unwrap();
    let (held, told) = left(&one_by_one);
    let (same, less) = left(&batched);
    assert_eq!(held, same, "committed");
    assert_eq!(
        (told, less),
        (4, 3),
        "of each node the first and the last; at each stay at a node once"
    );

    let reveals = |city: &City| -> Vec<(u8, Result)> {
        let of = |(node, seat): (u16, u8)| (seat, revealed(city, node, seat, &value(1)));
        order.map(of).to_vec()
    };
    for result in reveals(&one_by_one) {
        let call = batch(&one_by_one, &[result], &[]);
        one_by_one.call(STRANGER, call).unwrap();
    }
    let call = batch(&batched, &reveals(&batched), &[]);
    batched.call(STRANGER, call).unwrap();
    assert_eq!(
        left(&one_by_one),
        left(&batched),
        "revealed, and concluded once each"
    );
    assert_eq!(batched.state(1), NodeState::Completed);
}

/// Commitments and openings of a node in one transaction: the last commitment opens the reveals, and the verdict finds the node where it
/// may end.
#[test]
fn a_batch_may_hold_a_whole_attempt() {
    let city = City::new();
    city.route(0, 1, law(2, 2, 2, 0));
    let mut results: Vec<(u8, Result)> = (0..2)
        .map(|seat| (seat, committed(&city, 0, seat, &value(1))))
        .collect();
    for seat in 0..2 {
        let opened = Result {
            trailRoot: trails(&[0, 1]),
            ..revealed(&city, 0, seat, &value(1))
        };
        results.push((seat, opened));
    }
    city.call(STRANGER, batch(&city, &results, &[])).unwrap();
    assert_eq!(city.state(0), NodeState::Completed);
    assert_eq!(city.verdicts().len(), 2, "verified, then completed");
}

#[test]
fn a_verdict_clears_what_was_kept_of_its_attempt() {
    let city = City::new();
    let before = city.world.storage(here());
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(1), &value(1), &value(1)]);
    city.route(1, 1, law(2, 3, 2, 0));
    city.commit(1, 0, &value(1));
    city.world.warp(WORK + 1);
    city.call(STRANGER, closing(1)).unwrap();
    assert_eq!(city.state(1), NodeState::Failed, "too few committed");
    assert_eq!(city.world.storage(here()), before);
}
