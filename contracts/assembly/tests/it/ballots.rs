//! Sealed ballots, their count, cliques.

use agentcity_abi::IAssembly as wire;
use agentcity_domain::parameter::ParameterId;
use alloy_primitives::B256;

use crate::city::*;

/// So many ballots of each order.
fn times(groups: &[(usize, &[u8])]) -> Vec<Vec<u8>> {
    let one = |(n, order): &(usize, &[u8])| vec![order.to_vec(); *n];
    groups.iter().flat_map(one).collect()
}

fn matrix(city: &City, session: B256) -> Vec<u32> {
    let call = wire::matrixCall { sessionId: session };
    city.call(STRANGER, call).unwrap()
}

fn scores(city: &City, session: B256) -> (Vec<u8>, Vec<u32>) {
    let call = wire::scoresCall { sessionId: session };
    let scores = city.call(STRANGER, call).unwrap();
    (scores.copeland, scores.opposition)
}

#[test]
fn a_condorcet_cycle_is_decided_by_the_least_opposition() {
    let city = City::new();
    let ballots = times(&[(4, &[0, 1, 2]), (3, &[1, 2, 0]), (2, &[2, 0, 1])]);
    let session = city.tallying(&ballots);
    city.world.take_logs();
    city.tally(session, u32::MAX);
    let logs = city.world.take_logs();
    let decided = logs.iter().find_map(|log| {
        use alloy_sol_types::SolEvent;
        wire::BallotDecided::decode_log_validate(log).ok()
    });
    let decided = decided.expect("decided").data;
    assert_eq!(decided.stage, wire::Stage::Minimax);
    assert_eq!(decided.scores[..3], [2, 2, 2]);
    assert_eq!(matrix(&city, session), [0, 6, 4, 3, 0, 7, 5, 2, 0]);
    assert_eq!(scores(&city, session), (vec![2, 2, 2], vec![5, 6, 7]));
    let outcome = city.outcome(session);
    let asked = wire::candidateCall {
        sessionId: session,
        index: 0,
    };
    assert_eq!(outcome.winner, city.call(STRANGER, asked).unwrap());
    assert_eq!(decided.proposalId, outcome.winner);
    assert_eq!(
        outcome,
        wire::Outcome {
            decided: true,
            kind: wire::SessionKind::Mission,
            epoch: EPOCH,
            legislativeEpoch: 1,
            expiresAt: u40(city.world.now() + OPENING),
            node: 0,
            missionId: B256::ZERO,
            winner: outcome.winner,
            statuteHash: law_of(0),
            sponsor: principal(0),
            domain: DOMAIN,
        }
    );
    city.world.warp(OPENING);
    assert!(city.outcome(session).decided);
    city.world.warp(1);
    assert!(!city.outcome(session).decided, "the registrar is late");
}

#[test]
fn nothing_is_decided_before_it_is() {
    let city = City::new();
    let ballots = times(&[(10, &[1, 0])]);
    let session = city.tallying(&ballots);
    let outcome = city.outcome(session);
    assert!(!outcome.decided && outcome.winner.is_zero());
    assert!(outcome.sponsor.is_zero() && outcome.domain.is_zero());
    let nothing = city.outcome(salt(1));
    assert!(!nothing.decided && nothing.kind == wire::SessionKind::None);
}

/// The tally in parts of every size, and whole: the same words, the same winner.
#[test]
fn a_tally_in_parts_is_the_tally() {
    let ballots = times(&[
        (3, &[4, 1, 0, 2, 3]),
        (4, &[0, 1, 2, 3, 4]),
        (3, &[2, 4, 3, 1, 0]),
    ]);
    let whole = {
        let city = City::new();
        let session = city.tallying(&ballots);
        city.tally(session, 10);
        (
            matrix(&city, session),
            scores(&city, session),
            city.outcome(session).statuteHash,
        )
    };
    for part in 1..10 {
        let city = City::new();
        let session = city.tallying(&ballots);
        let mut counted = 0;
        while counted < 10 {
            city.world.take_logs();
            city.tally(session, part);
            counted = (counted + part).min(10);
            let advanced = wire::TallyAdvanced {
                sessionId: session,
                counted,
                reveals: 10,
            };
            assert_eq!(city.world.take_events::<wire::TallyAdvanced>(), [advanced]);
        }
        city.at(session, Step::Decided);
        let found = (
            matrix(&city, session),
            scores(&city, session),
            city.outcome(session).statuteHash,
        );
        assert_eq!(found, whole, "{part}");
    }
}

#[test]
fn a_call_that_counts_nothing_is_refused() {
    let city = City::new();
    let session = city.tallying(&times(&[(10, &[0, 1])]));
    let call = wire::tallyCall {
        sessionId: session,
        ballots: 0,
    };
    let left = wire::QuorumMissing {
        id: session,
        have: 0,
        need: 10,
    };
    city.refused(STRANGER, call.clone(), left);
    city.tally(session, 10);
    let over = wire::WrongStep {
        sessionId: session,
        step: Step::Decided,
    };
    city.refused(STRANGER, call, over);
}

#[test]
fn ballots_are_sealed_once_opened_once_and_read_by_everybody() {
    let city = City::new();
    let session = city.committing(2);
    let order = [1, 0];
    let read = |i| {
        let call = wire::ballotCall {
            sessionId: session,
            principal: principal(i),
        };
        let ballot = city.call(STRANGER, call).unwrap();
        (ballot.commitment, ballot.index, ballot.ranking)
    };
    for i in 0..7 {
        assert_eq!(read(i), (B256::ZERO, 0, 0));
        city.commit(session, i, &order);
        assert_eq!(read(i), (seal(session, i, &order), 0, 0));
        let done = wire::AlreadyDone {
            id: session,
            who: principal(i),
        };
        city.refused(principal(i), sealing(session, i, &order), done);
    }
    let wrong = wire::WrongStep {
        sessionId: session,
        step: Step::Committing,
    };
    city.refused(STRANGER, showing(session, 0, &order), wrong);
    city.expire(session);
    for (index, i) in [6, 2, 0, 1, 5].into_iter().enumerate() {
        city.world.take_logs();
        city.reveal(session, i, &order);
        let revealed = wire::BallotRevealed {
            sessionId: session,
            principal: principal(i),
            index: index as u32,
            ranking: bits(&order),
        };
        assert_eq!(city.world.take_events::<wire::BallotRevealed>(), [revealed]);
        assert_eq!(read(i), (B256::ZERO, index as u32, bits(&order)));
    }
    let election = city.election(session);
    assert_eq!((election.commits, election.reveals), (7, 5));
    let late = wire::WrongStep {
        sessionId: session,
        step: Step::Revealing,
    };
    city.refused(principal(9), sealing(session, 9, &order), late);
}

/// R26: commits are the quorum, reveals the tally.
#[test]
fn commits_count_for_the_quorum_and_reveals_for_the_tally() {
    let city = City::new();
    let session = city.committing(2);
    for i in 0..5 {
        city.commit(session, i, &[0, 1]);
    }
    city.expire(session);
    city.failed(session);
    let session = city.committing(2);
    for i in 0..6 {
        city.commit(session, i, if i == 3 { &[1, 0] } else { &[0, 1] });
    }
    city.expire(session);
    city.at(session, Step::Revealing);
    city.reveal(session, 3, &[1, 0]);
    city.expire(session);
    city.tally(session, 9);
    assert_eq!(city.outcome(session).statuteHash, law_of(1));
}

/// The denominator is who could vote when the ballot opened.
#[test]
fn who_joins_during_the_vote_moves_no_quorum() {
    let city = City::new();
    let session = city.debating(2);
    for i in 10..20 {
        city.enrol(i);
    }
    city.expire(session);
    assert_eq!(city.election(session).enrolled, 20);
    for i in 20..200 {
        city.enrol(i);
    }
    for i in 0..12 {
        city.commit(session, i, &[0, 1]);
    }
    city.expire(session);
    city.at(session, Step::Revealing);
}

#[test]
fn a_clique_delays_once_and_alerts() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let mut ballots = alike(8, 10);
    // One pair of candidates apart, behind the head: still of the bloc.
    ballots[3].swap(6, 7);
    let session = city.tallying(&ballots);
    city.world.take_logs();
    city.claim(STRANGER, session, &[0, 1, 3, 9]);
    let proved = city.world.take_events::<wire::CollusionProved>().remove(0);
    let named: Vec<B256> = [0u64, 1, 3, 9].map(number).into();
    let expected = wire::CollusionProved {
        sessionId: session,
        claimant: STRANGER,
        cliqueHash: alloy_primitives::keccak256(named.concat()),
        size: 4,
        delaySecs: u40(DELAY),
    };
    assert_eq!(proved, expected);
    assert_eq!(city.credit_of(STRANGER), BOND, "the bond is back");
    let until = city.world.now() + DELAY;
    let election = city.election(session);
    assert_eq!(
        (election.step, election.expiresAt),
        (Step::Delayed, u40(until))
    );
    let wrong = wire::WrongStep {
        sessionId: session,
        step: Step::Delayed,
    };
    let call = wire::tallyCall {
        sessionId: session,
        ballots: 9,
    };
    city.refused(STRANGER, call, wrong);
    let early = wire::TooEarly {
        from: u40(until + 1),
    };
    city.refused(STRANGER, expiring(session), early);
    city.expire(session);
    city.tally(session, 10);
    city.at(session, Step::Decided);
}

#[test]
fn a_clique_proved_among_reveals_delays_when_they_are_over() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let ballots = alike(8, 10);
    let session = city.revealing(&ballots);
    for i in 0..5 {
        city.reveal(session, i, &ballots[i]);
    }
    city.claim(STRANGER, session, &[0, 1, 2, 3]);
    city.at(session, Step::Revealing);
    city.reveal(session, 5, &ballots[5]);
    city.expire(session);
    city.at(session, Step::Delayed);
    city.expire(session);
    city.at(session, Step::Tallying);
    city.tally(session, u32::MAX);
    city.at(session, Step::Decided);
}

#[test]
fn few_candidates_few_ballots_or_a_late_claim_prove_nothing() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let session = city.tallying(&alike(7, 10));
    let few = wire::CliqueTooSmall { have: 7, need: 8 };
    city.refused(STRANGER, claiming(session, &[0, 1, 2, 3]), few);
    city.tally(session, 10);
    city.at(session, Step::Decided);
    let session = city.tallying(&alike(8, 10));
    let few = wire::CliqueTooSmall { have: 3, need: 4 };
    city.refused(STRANGER, claiming(session, &[0, 1, 2]), few);
    let until = city.election(session).expiresAt;
    city.world.warp(REVEAL + 1);
    city.refused(
        STRANGER,
        claiming(session, &[0, 1, 2, 3]),
        wire::TooLate { until },
    );
    let early = city.committing(8);
    let wrong = wire::WrongStep {
        sessionId: early,
        step: Step::Committing,
    };
    city.refused(STRANGER, claiming(early, &[0, 1, 2, 3]), wrong);
}

#[test]
fn the_bounds_are_the_tables() {
    let city = City::new();
    city.credit(STRANGER, 9 * BOND);
    city.set(ParameterId::CollusionClaimBond, 300);
    city.set(ParameterId::CollusionCliqueMin, 5);
    let mut ballots = alike(8, 10);
    ballots[4].swap(6, 7);
    let session = city.tallying(&ballots);
    let few = wire::CliqueTooSmall { have: 4, need: 5 };
    city.refused(STRANGER, claiming(session, &[0, 1, 2, 3]), few);
    city.set(ParameterId::CollusionTau, 1_000);
    city.claim(STRANGER, session, &[0, 1, 2, 3, 4]);
    assert_eq!(
        city.credit_of(STRANGER),
        6 * BOND,
        "equal rankings alone are alike now"
    );
    city.set(ParameterId::CollusionTau, 900);
    city.claim(STRANGER, session, &[0, 1, 2, 3, 4]);
    city.at(session, Step::Delayed);
}

/// A thousand voters, sixteen candidates: no call needs the whole of it.
#[test]
fn a_thousand_ballots_are_counted_in_parts() {
    let city = City::of(1_000);
    let session = city.committing(16);
    let order = |i: usize| -> Vec<u8> {
        (0..16)
            .map(|place| ((place * 3 + i * 5) % 16) as u8)
            .collect()
    };
    for i in 0..1_000 {
        city.commit(session, i, &order(i));
    }
    city.expire(session);
    for i in 0..1_000 {
        city.reveal(session, i, &order(i));
    }
    city.expire(session);
    let mut work = Vec::new();
    for part in [250, 250, 100, 400] {
        city.world.take_reads();
        city.tally(session, part);
        work.push(city.world.take_reads());
    }
    // A word for four rankings, and what does not grow: constitution and members are not asked before the end.
    let fixed = work[0] - 63;
    assert_eq!(
        work,
        [
            63 + fixed,
            63 + fixed + 15,
            25 + fixed + 15,
            100 + fixed + 15
        ]
    );
    assert!(fixed < 6, "{fixed}");
    let (candidates, ballots) = (16, 1_000);
    assert_eq!(
        matrix(&city, session).iter().sum::<u32>(),
        ballots * candidates * (candidates - 1) / 2,
        "each ballot says which of two it prefers, for every two"
    );
    city.world.warp(REVEAL + 1);
    city.tally(session, 0);
    city.at(session, Step::Decided);
}

/// However many are left and asked for, a call counts 8,192: the rankings in 2,048 words. So no call grows with the city.
#[test]
fn the_work_of_a_part_is_bounded() {
    let city = City::new();
    let session = city.tallying(&alike(16, 10));
    // As if twenty thousand had voted alike, in the words of election and rankings.
    let votes = 20_000u32;
    let election = slot_of(1, session, B256::ZERO);
    let mut word = city.world.slot(here(), election);
    word[16..20].copy_from_slice(&votes.to_be_bytes());
    city.world.set_slot(here(), election, word);
    let four = bits(&alike(16, 1)[0]).to_be_bytes().repeat(4);
    for at in 0..u64::from(votes / 4) {
        let slot = slot_of(8, session, number(at));
        city.world.set_slot(here(), slot, B256::from_slice(&four));
    }
    assert_eq!(city.election(session).reveals, votes);
    for counted in [8_192, 16_384, 20_000] {
        city.world.take_logs();
        city.world.take_reads();
        city.tally(session, u32::MAX);
        let advanced = city.world.take_events::<wire::TallyAdvanced>();
        assert_eq!(advanced[0].counted, counted);
        let reads = city.world.take_reads();
        assert!(reads <= 2_048 + 15 + 6, "{reads}");
    }
    assert_eq!(matrix(&city, session)[1], votes);
}

/// A claim names 2,048 ballots at most: as many reads, and 2,048 comparisons with each of 256 rankings at most.
#[test]
fn the_work_of_a_claim_is_bounded() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let session = city.tallying(&alike(8, 10));
    let many: Vec<u32> = (0..2_049).collect();
    city.refused(STRANGER, claiming(session, &many), wire::MalformedCall {});
    city.world.take_reads();
    city.claim(STRANGER, session, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let ten = city.world.take_reads();
    assert!(
        ten < 24,
        "three words of rankings, and what does not grow: {ten}"
    );
}
