//! Attacks on verification, each mounted as its attacker would.

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::machine::NodeState;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};

use crate::city::*;

/// A3: win a seat, seal a value, and withhold it where it would lose.
#[test]
fn a3_silence_after_a_commitment_costs_what_a_failed_node_costs() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for seat in 0..3 {
        city.commit(0, seat, &value(1));
    }
    city.reveal(0, 0, &value(1));
    // The others stay silent to sink the node; the window ends, anybody closes.
    city.world.warp(REVEAL + 1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    let verdict = city.verdicts().pop().unwrap();
    let faults: Vec<Reason> = outcomes(&verdict).iter().map(|o| o.3).collect();
    assert_eq!(
        faults,
        [
            Reason::None,
            Reason::ConsensusFailed,
            Reason::ConsensusFailed
        ]
    );
    assert_eq!(
        outcomes(&verdict)[0].2,
        None,
        "the honest one is not scored for it"
    );
}

/// V-05, INV-VERIFY-02: watch the first commitment and hand in a copy, then copy its opening.
#[test]
fn v05_a_copied_commitment_opens_to_nothing() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let copied = city.seal(0, 0, &value(1));
    city.commit(0, 0, &value(1));
    let thief = executor(1).address;
    let call = wire::commitResultCall {
        missionId: mission(),
        node: 0,
        commitment: copied,
        trailRoot: trail(1),
    };
    city.call(thief, call).unwrap();
    city.commit(0, 2, &value(1));
    city.reveal(0, 0, &value(1));
    city.reveal(0, 2, &value(1));
    let wrong = wire::WrongPreimage {
        digest: kept(copied, 1),
    };
    let opening = wire::revealResultCall {
        executor: thief,
        ..revealing(0, 0, &value(1))
    };
    city.refused(thief, opening, wrong);
    city.world.warp(REVEAL + 1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    let verdict = city.verdicts().pop().unwrap();
    let paid: Vec<bool> = outcomes(&verdict).iter().map(|o| o.1).collect();
    assert_eq!(paid, [true, false, true]);
}

/// V-05: wait until values are on the chain, then seal the winning one.
#[test]
fn v05_nobody_commits_after_the_first_reveal() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 0, &value(1));
    city.commit(0, 1, &value(1));
    city.world.warp(WORK + 1);
    city.reveal(0, 0, &value(1));
    // A stop ends and moves the deadline; the commitments stay shut.
    city.set(0, 3, city.expires(0) + 9_999);
    let late = city.committing(0, 2, &value(1));
    let refusal = city.call(executor(2).address, late).err().expect("refused");
    assert_eq!(refusal[..4], wire::TooLate::SELECTOR);
}

/// V-05: open others' values before they are all sealed, to make room for copies.
#[test]
fn v05_a_leaked_salt_opens_nothing_before_its_time() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 0, &value(1));
    city.commit(0, 1, &value(1));
    let early = wire::TooEarly {
        from: u40(city.expires(0) + 1),
    };
    city.refused(STRANGER, revealing(0, 0, &value(1)), early);
}

/// V-06: be the last to reveal, with another value, to have it taken for the node's output.
#[test]
fn v06_the_last_reveal_does_not_decide_the_output() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(1), &value(1), &value(9)]);
    city.world.warp(DISPUTE + 1);
    city.world.take_logs();
    city.call(executor(2).address, closing(0)).unwrap();
    let told = city.verdicts().pop().unwrap().verdict;
    assert_eq!(
        (told.outputHash, told.trailRoot),
        (keccak256(value(1)), trails(&[0, 1, 2]))
    );
}

/// A10: a keeper that serves everybody knows all salts. It can open what was sealed, and nothing else.
#[test]
fn a10_who_knows_every_salt_changes_nothing_but_the_moment() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for (seat, byte) in [(0, 1), (1, 2), (2, 2)] {
        city.commit(0, seat, &value(byte));
    }
    for seat in 0..3u8 {
        for byte in [3, 4] {
            let sealed = city.seal(0, seat, &value([1, 2, 2][usize::from(seat)]));
            let digest = kept(sealed, seat);
            city.refused(
                STRANGER,
                revealing(0, seat, &value(byte)),
                wire::WrongPreimage { digest },
            );
        }
    }
    // In whatever order it opens them, the same stands.
    for (seat, byte) in [(2, 2), (0, 1), (1, 2)] {
        city.reveal(0, seat, &value(byte));
    }
    city.world.warp(DISPUTE + 1);
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    let told = city.verdicts().pop().unwrap().verdict;
    assert_eq!(
        (told.outputHash, told.trailRoot),
        (keccak256(value(2)), trails(&[0, 1, 2]))
    );
}

/// R9: stop the mission when somebody's window runs, to have it pass.
#[test]
fn r9_a_stop_costs_nobody_its_window() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for seat in 0..3 {
        city.commit(0, seat, &value(1));
    }
    city.standing.replace((3, 1, city.world.now() + 259_200));
    city.world.warp(100_000);
    let answer = city.call(STRANGER, closing(0));
    assert!(answer.is_err(), "nobody closes meanwhile");
    // The panel lifts it; collaboration moves its deadlines by what the stop took.
    city.standing.replace((3, 0, 0));
    city.set(0, 3, city.expires(0) + 100_000);
    for seat in 0..3 {
        city.reveal(0, seat, &value(1));
    }
    assert_eq!(city.state(0), NodeState::Completed);
}

/// R24: a verifier that burns all its gas, or answers something that only looks like yes.
#[test]
fn r24_a_hostile_verifier_fails_its_own_node_and_nothing_else() {
    let yes = true.abi_encode();
    let long = [yes.clone(), vec![0]].concat();
    let answers: [Result<Vec<u8>, Vec<u8>>; 7] = [
        Err(Vec::new()),
        Err(yes.clone()),
        Ok(Vec::new()),
        Ok(yes[..31].to_vec()),
        Ok(long),
        Ok(U256::from(2).abi_encode()),
        Ok(vec![0xff; 100_000]),
    ];
    let city = City::new();
    for (node, answer) in (0..).zip(answers) {
        let mut law = law(1, 1, 1, 0);
        law.terms = verifier(&city, move |_, _| answer.clone());
        city.route(node, 1, law.clone());
        let call = submitting(node, &law);
        city.call(executor(0).address, call).unwrap();
        assert_eq!(city.state(node), NodeState::Failed, "{node}");
    }
}

fn submitting(node: u16, law: &Law) -> wire::submitResultCall {
    wire::submitResultCall {
        missionId: mission(),
        node,
        terms: law.terms.clone(),
        outputHash: B256::repeat_byte(9),
        trailRoot: trail(0),
        proof: Vec::new().into(),
    }
}

/// A verifier that comes back in, to submit, commit or close while its own answer is awaited.
#[test]
fn r24_a_verifier_that_re_enters_changes_nothing() {
    let city = City::new();
    city.route(1, 1, law(2, 3, 2, 0));
    city.commit(1, 0, &value(1));
    let before = city.record(1);
    let mut law = law(1, 1, 1, 0);
    law.terms = verifier(&city, |frame, _| {
        for call in [closing(1).abi_encode(), announcing(1).abi_encode()] {
            let again = frame.call(here(), U256::ZERO, &call, false, u64::MAX);
            assert!(again.is_err(), "a static call changes nothing");
        }
        frame.store(7, B256::repeat_byte(1));
        Ok(true.abi_encode())
    });
    city.route(0, 1, law.clone());
    city.call(executor(0).address, submitting(0, &law)).unwrap();
    assert_eq!(city.state(0), NodeState::Failed, "it tried to write");
    assert_eq!(city.record(1), before);
}

/// P-05: a verifier behind a proxy, approved, whose code changes between approval and proof.
#[test]
fn p05_a_verifier_that_changed_is_not_asked() {
    let city = City::new();
    let mut law = law(1, 1, 1, 0);
    law.terms = verifier(&city, |_, _| Ok(true.abi_encode()));
    city.route(0, 1, law.clone());
    let changed = keccak256("changed");
    let at = law.terms.verifier;
    city.world
        .install(at, changed, |_, _| Ok(true.abi_encode()));
    let refused = wire::VerifierChanged {
        verifier: at,
        expected: law.terms.verifierCodehash,
        found: changed,
    };
    city.refused(executor(0).address, submitting(0, &law), refused);
}

/// V-01: whoever knows the law's commitment hands it in as a result of its own.
#[test]
fn v01_knowing_the_commitment_is_no_proof() {
    let city = City::new();
    let law = law(1, 1, 1, 0);
    city.route(0, 1, law.clone());
    let expected = law.terms.expected;
    let call = wire::submitResultCall {
        outputHash: expected,
        proof: [expected, expected].concat().into(),
        ..submitting(0, &law)
    };
    city.call(executor(0).address, call).unwrap();
    assert_eq!(city.state(0), NodeState::Failed);
}

/// E-01: two of three collude; the honest third takes it to people, who reject or name its output.
#[test]
fn e01_an_honest_dissenter_is_not_outvoted_for_good() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(9), &value(9), &value(1)]);
    let honest = executor(2).address;
    city.credit(honest, BOND);
    // The colluders cannot close over its head while its time runs.
    assert!(city.call(executor(0).address, closing(0)).is_err());
    city.call(honest, disputing(0)).unwrap();
    let ruling = wire::decideReviewCall {
        missionId: mission(),
        node: 0,
        attempt: 1,
        approved: true,
        score: 1_000,
        seat: 2,
    };
    city.world.take_logs();
    let panel = member(agentcity_domain::peer::Peer::Adjudication);
    city.call(panel, ruling).unwrap();
    let verdict = city.verdicts().pop().unwrap();
    let paid: Vec<bool> = outcomes(&verdict).iter().map(|o| o.1).collect();
    assert_eq!(paid, [false, false, true]);
    assert_eq!(city.credit_of(honest), BOND);
}

/// G-17: an executor found malicious after it revealed does not carry the vote.
#[test]
fn g17_an_excluded_value_does_not_make_a_majority() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.play(0, &[&value(9), &value(9), &value(1)]);
    for seat in [0, 1] {
        let call = wire::disqualifyCall {
            missionId: mission(),
            node: 0,
            attempt: 1,
            executor: executor(seat).address,
        };
        let panel = member(agentcity_domain::peer::Peer::Adjudication);
        city.call(panel, call).unwrap();
    }
    city.world.take_logs();
    city.call(STRANGER, closing(0)).unwrap();
    assert_eq!(city.state(0), NodeState::Failed, "one alone is not two");
    let verdict = city.verdicts().pop().unwrap();
    assert!(
        outcomes(&verdict)
            .iter()
            .all(|o| !o.1 && o.3 == Reason::None)
    );
}

/// R4, A10: whoever relays a batch can neither forge a result nor have one counted for somebody else.
#[test]
fn a10_a_relayer_forges_nothing() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    let mut result = crate::batch::committed(&city, 0, 0, &value(1));
    let forged = crate::batch::batch(&city, &[(1, result.clone())], &[]);
    assert!(city.call(STRANGER, forged).is_err(), "another's key");
    result.executor = Address::ZERO;
    let nobody = crate::batch::batch(&city, &[(0, result)], &[]);
    assert!(city.call(STRANGER, nobody).is_err(), "nobody signs nothing");
}
