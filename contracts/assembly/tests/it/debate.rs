//! Evidence, straw poll, speaking order, statements, minority positions.

use agentcity_abi::IAssembly as wire;
use alloy_primitives::{Address, B256, U256, keccak256};

use crate::city::*;

pub(crate) fn drawing(session: B256) -> wire::drawSpeakingOrderCall {
    wire::drawSpeakingOrderCall { sessionId: session }
}

fn debate(city: &City, session: B256) -> wire::Debate {
    let call = wire::debateCall { sessionId: session };
    city.call(STRANGER, call).unwrap()
}

fn speaker(city: &City, session: B256, place: u16) -> Address {
    let call = wire::speakerCall {
        sessionId: session,
        place,
    };
    city.call(STRANGER, call).unwrap()
}

/// A debate whose order of these straw voters is drawn.
pub(crate) fn drawn(city: &City, voters: &[usize]) -> B256 {
    let session = city.debating(2);
    city.inform(session);
    for (i, voter) in voters.iter().enumerate() {
        city.call(STRANGER, city.voting(session, *voter, i as u8 % 2))
            .unwrap();
    }
    city.world.warp(ROUND + 1);
    city.call(STRANGER, drawing(session)).unwrap();
    session
}

#[test]
fn evidence_comes_before_poll_and_statements() {
    let city = City::new();
    let session = city.debating(2);
    let missing = wire::EvidenceMissing { sessionId: session };
    city.refused(STRANGER, city.voting(session, 0, 0), missing.clone());
    city.refused(STRANGER, city.informing(session, B256::ZERO), missing);
    city.inform(session);
    let recorded = wire::EvidenceRecorded {
        sessionId: session,
        clerk: regulator().address,
        evidenceHash: B256::repeat_byte(0xe1),
        contentAddress: B256::repeat_byte(0xe2),
    };
    assert_eq!(
        city.world.take_events::<wire::EvidenceRecorded>(),
        [recorded]
    );
    city.call(STRANGER, city.voting(session, 0, 0)).unwrap();
    // More evidence is more evidence; the first stays on record.
    let more = city.informing(session, B256::repeat_byte(0xe9));
    city.call(STRANGER, more).unwrap();
    assert_eq!(debate(&city, session).evidenceHash, B256::repeat_byte(0xe1));
}

#[test]
fn evidence_may_be_there_before_the_debate_and_not_after_it() {
    let city = City::new();
    let early = city.session();
    city.inform(early);
    let session = city.committing(1);
    let wrong = wire::WrongStep {
        sessionId: session,
        step: Step::Committing,
    };
    city.refused(STRANGER, city.informing(session, salt(1)), wrong);
}

#[test]
fn evidence_of_somebody_else_than_a_clerk_is_none() {
    let city = City::new();
    let session = city.debating(1);
    let mut call = city.informing(session, salt(1));
    call.evidence.evidenceHash = salt(2);
    // The signature recovers somebody whom management does not know.
    let before = city.world.storage(here());
    let refusal = city.call(STRANGER, call).err();
    assert_eq!(refusal, Some(b"no clerk".to_vec()));
    assert_eq!(city.world.storage(here()), before);
}

#[test]
fn each_principal_polls_once_for_a_candidate() {
    let city = City::new();
    let session = city.debating(2);
    city.inform(session);
    city.call(STRANGER, city.voting(session, 0, 1)).unwrap();
    let voted = wire::StrawVoted {
        sessionId: session,
        principal: principal(0),
        proposal: 1,
    };
    assert_eq!(city.world.take_events::<wire::StrawVoted>(), [voted]);
    let done = wire::AlreadyDone {
        id: session,
        who: principal(0),
    };
    city.refused(STRANGER, city.voting(session, 0, 0), done);
    let unknown = wire::Unknown { id: number(2u64) };
    city.refused(STRANGER, city.voting(session, 1, 2), unknown);
    let nobody = wire::PrincipalRefused {
        principal: principal(77),
        rule: 1,
    };
    city.refused(STRANGER, city.voting(session, 77, 0), nobody);
}

/// From the logs alone, by the words of the interface: seed, order, hash.
#[test]
fn anybody_verifies_the_speaking_order_from_the_logs() {
    let city = City::of(40);
    let session = city.debating(2);
    city.inform(session);
    city.world.take_logs();
    for voter in 0..40 {
        let call = city.voting(session, voter, voter as u8 % 2);
        city.call(STRANGER, call).unwrap();
    }
    let votes = city.world.take_events::<wire::StrawVoted>();
    city.world.warp(ROUND + 1);
    city.call(STRANGER, drawing(session)).unwrap();
    let drawn = city
        .world
        .take_events::<wire::SpeakingOrderDrawn>()
        .remove(0);
    let mut seed = B256::ZERO;
    for vote in &votes {
        let words = [session, vote.principal.into_word(), number(vote.proposal)];
        seed ^= keccak256(words.concat());
    }
    assert_eq!((drawn.seed, drawn.speakers), (seed, 32));
    let mut order: Vec<Address> = votes.iter().map(|vote| vote.principal).collect();
    let mut h = seed;
    for i in 0..32 {
        h = keccak256(h);
        let r = U256::from_be_slice(&h[24..]);
        let rest: U256 = r % U256::from(order.len() - i);
        let with = i + rest.to::<usize>();
        order.swap(i, with);
    }
    order.truncate(32);
    let words: Vec<B256> = order.iter().map(|who| who.into_word()).collect();
    assert_eq!(drawn.orderHash, keccak256(words.concat()));
    for (place, who) in order.iter().enumerate() {
        assert_eq!(speaker(&city, session, place as u16), *who);
    }
    assert_eq!(speaker(&city, session, 32), Address::ZERO);
    let stored = debate(&city, session);
    assert_eq!(
        (stored.seed, stored.voters, stored.speakers),
        (seed, 40, 32)
    );
    assert_eq!(stored.drawnAt, u40(city.world.now()));
}

#[test]
fn the_order_is_drawn_once_after_the_poll_if_anybody_voted() {
    let city = City::new();
    let session = city.debating(2);
    city.inform(session);
    city.world.warp(ROUND + 1);
    let nobody = wire::QuorumMissing {
        id: session,
        have: 0,
        need: 1,
    };
    city.refused(STRANGER, drawing(session), nobody);
    city.call(STRANGER, city.voting(session, 0, 0)).unwrap();
    city.call(STRANGER, drawing(session)).unwrap();
    let drawn = city.world.now();
    let done = wire::AlreadyDone {
        id: session,
        who: STRANGER,
    };
    city.refused(STRANGER, drawing(session), done);
    let late = wire::TooLate { until: u40(drawn) };
    city.refused(STRANGER, city.voting(session, 1, 0), late);
}

#[test]
fn speakers_speak_in_their_turn_each_round_once() {
    let city = City::new();
    let voters = [3, 1, 4];
    let session = drawn(&city, &voters);
    let who = |place| {
        let at = speaker(&city, session, place);
        voters.into_iter().find(|i| principal(*i) == at).unwrap()
    };
    let order = [who(0), who(1), who(2)];
    for round in 1..=3u8 {
        for (place, i) in order.into_iter().enumerate() {
            let other = order[(place + 1) % 3];
            let turn = wire::OutOfTurn {
                expected: principal(i),
                round,
            };
            city.refused(STRANGER, city.speaking(session, other, round), turn.clone());
            city.refused(STRANGER, city.speaking(session, i, round + 1), turn);
            // One of them is silent once; his turn passes.
            if (round, place) != (2, 1) {
                city.call(STRANGER, city.speaking(session, i, round))
                    .unwrap();
                let spoke = wire::Spoke {
                    sessionId: session,
                    principal: principal(i),
                    round,
                    statementHash: B256::repeat_byte(0x51),
                    reasonsHash: B256::repeat_byte(0x52),
                };
                assert_eq!(city.world.take_events::<wire::Spoke>(), [spoke]);
                let done = wire::AlreadyDone {
                    id: session,
                    who: principal(i),
                };
                city.refused(STRANGER, city.speaking(session, i, round), done);
            }
            if (round, place) != (3, 2) {
                city.world.warp(ROUND / 3);
            }
        }
    }
    let until = city.election(session).expiresAt;
    city.world.warp(ROUND / 3);
    city.refused(
        STRANGER,
        city.speaking(session, 3, 3),
        wire::TooLate { until },
    );
}

/// Whoever polled and lost his voice since has none in his turn either.
#[test]
fn who_is_frozen_does_not_speak() {
    let city = City::new();
    let session = drawn(&city, &[3]);
    let until = city.world.now() + 9;
    city.change(3, |record| record.frozenUntil = u40(until));
    let refused = wire::PrincipalRefused {
        principal: principal(3),
        rule: 5,
    };
    city.refused(STRANGER, city.speaking(session, 3, 1), refused);
    city.world.warp(10);
    city.call(STRANGER, city.speaking(session, 3, 1)).unwrap();
}

#[test]
fn nobody_speaks_before_the_draw_and_without_reasons() {
    let city = City::new();
    let session = city.debating(1);
    city.inform(session);
    city.call(STRANGER, city.voting(session, 0, 0)).unwrap();
    let nobody = wire::OutOfTurn {
        expected: Address::ZERO,
        round: 0,
    };
    city.refused(STRANGER, city.speaking(session, 0, 1), nobody);
    city.world.warp(ROUND + 1);
    city.call(STRANGER, drawing(session)).unwrap();
    for field in 0..2 {
        let mut call = city.speaking(session, 0, 1);
        if field == 0 {
            call.statement.statementHash = B256::ZERO;
        } else {
            call.statement.reasonsHash = B256::ZERO;
        }
        let missing = wire::ReasonsMissing {
            principal: principal(0),
        };
        city.refused(STRANGER, call, missing);
    }
}

#[test]
fn minority_positions_stay_with_their_proposal() {
    let city = City::new();
    let session = city.debating(2);
    let asked = |index| wire::candidateCall {
        sessionId: session,
        index,
    };
    let proposal = city.call(STRANGER, asked(1)).unwrap();
    let mut digest = B256::ZERO;
    for i in 0..3 {
        let call = wire::recordMinorityCall {
            proposalId: proposal,
            positionHash: salt(i),
        };
        city.call(principal(i), call.clone()).unwrap();
        digest = keccak256([digest, principal(i).into_word(), salt(i)].concat());
        let done = wire::AlreadyDone {
            id: proposal,
            who: principal(i),
        };
        city.refused(principal(i), call, done);
    }
    city.expire(session);
    let stored = city.proposal(proposal);
    assert_eq!((stored.minorities, stored.minorityDigest), (3, digest));
    let other = city.call(STRANGER, asked(0)).unwrap();
    assert_eq!(city.proposal(other).minorities, 0);
    let call = wire::recordMinorityCall {
        proposalId: proposal,
        positionHash: salt(9),
    };
    let wrong = wire::WrongStep {
        sessionId: session,
        step: Step::Committing,
    };
    city.refused(principal(9), call, wrong);
}

#[test]
fn only_what_is_on_the_ballot_has_minorities() {
    let city = City::new();
    let session = city.session();
    let placed = city.propose(session, 0, 0);
    let other = city.propose(session, 1, 1);
    city.sponsor(placed, 5);
    city.sponsor(other, 4);
    city.expire(session);
    for id in [other, salt(4)] {
        let call = wire::recordMinorityCall {
            proposalId: id,
            positionHash: salt(0),
        };
        city.refused(principal(0), call, wire::Unknown { id });
    }
}
