//! Attacks on the assembly, each mounted as its attacker would.

use agentcity_abi::IAssembly as wire;
use agentcity_domain::legislation::ballot;
use alloy_primitives::{Address, B256, aliases::U40, keccak256};
use alloy_sol_types::SolError;

use crate::city::*;

/// A1: addresses are free. Twenty-five of them open no session, put nothing on a ballot and cast no vote.
#[test]
fn a1_free_principals_cannot_petition_sponsor_or_vote() {
    let city = City::new();
    let session = city.session();
    let proposal = city.propose(session, 0, 0);
    city.sponsor(proposal, 4);
    let petition = city.call(principal(0), opening_petition()).unwrap();
    for i in 100..125 {
        let free = principal(i);
        let nobody = |rule| wire::PrincipalRefused {
            principal: free,
            rule,
        };
        city.refused(free, opening_petition(), nobody(1));
        let sign = wire::signPetitionCall {
            petitionId: petition,
        };
        city.refused(free, sign.clone(), nobody(1));
        let sponsor = wire::sponsorCall {
            proposalId: proposal,
        };
        city.refused(free, sponsor.clone(), nobody(1));
        let agent = agent(i);
        city.refused(
            agent,
            proposing(session, 1),
            wire::AgentRefused { agent, rule: 1 },
        );
        // With an agent, enrolled, and all on the day of the vote.
        city.enrol(i);
        city.change(i, |record| {
            record.enrolledAt = U40::from(city.world.now() - AGE + 1)
        });
        city.refused(free, sign, nobody(6));
        city.refused(free, sponsor, nobody(6));
        city.refused(free, opening_petition(), nobody(6));
    }
    city.sponsor_by(proposal, 4);
    city.expire(session);
    city.expire(session);
    for i in 100..125 {
        // They are a second older by now: what keeps them out is what they are, not how the clock stands.
        city.change(i, |record| {
            record.enrolledAt = U40::from(city.world.now() - AGE + 1)
        });
        let refused = wire::PrincipalRefused {
            principal: principal(i),
            rule: 6,
        };
        city.refused(principal(i), sealing(session, i, &[0]), refused);
    }
    assert_eq!(city.election(session).commits, 0);
}

/// A1: nor by signatures that somebody relays.
#[test]
fn a1_relayed_names_of_free_principals_are_no_names() {
    let city = City::new();
    let petition = city.call(principal(0), opening_petition()).unwrap();
    let (name, signature) = city.naming(petition, 99);
    let call = wire::signPetitionForCall {
        names: vec![name],
        signatures: vec![signature.into()],
    };
    let refused = wire::PrincipalRefused {
        principal: principal(99),
        rule: 1,
    };
    city.refused(STRANGER, call, refused);
}

/// Each reason against a voice, alone.
#[test]
fn a_voice_is_heard_by_every_rule() {
    let city = City::new();
    let petition = city.call(principal(0), opening_petition()).unwrap();
    let now = city.world.now();
    type Change = fn(&mut agentcity_abi::IAgent::PrincipalRecord, u64);
    let changes: [(u8, Change); 6] = [
        (1, |record, _| record.enrolledAt = U40::ZERO),
        (2, |record, now| record.leavesAt = U40::from(now + 9)),
        (3, |record, _| record.producers = 0),
        (4, |record, now| record.appealUntil = U40::from(now - 9)),
        (5, |record, now| record.frozenUntil = U40::from(now)),
        (6, |record, now| {
            record.enrolledAt = U40::from(now - AGE + 1)
        }),
    ];
    for (rule, change) in changes {
        let i = usize::from(rule);
        city.change(i, |record| change(record, now));
        let refused = wire::PrincipalRefused {
            principal: principal(i),
            rule,
        };
        let call = wire::signPetitionCall {
            petitionId: petition,
        };
        city.refused(principal(i), call, refused);
    }
}

/// Watch a leader's sealed ballot, hand in a copy, and open it with the leader's own opening.
#[test]
fn a_copied_commitment_opens_to_nothing() {
    let city = City::new();
    let session = city.committing(3);
    let (leader, thief) = (0, 1);
    let order = [2, 0, 1];
    for i in (0..10).filter(|i| *i != thief) {
        city.commit(session, i, &order);
    }
    let copied = seal(session, leader, &order);
    let call = wire::commitBallotCall {
        sessionId: session,
        commitment: copied,
    };
    city.call(principal(thief), call).unwrap();
    city.expire(session);
    city.reveal(session, leader, &order);
    let stolen = wire::revealBallotCall {
        principal: principal(thief),
        ..showing(session, leader, &order)
    };
    let wrong = wire::WrongOpening { commitment: copied };
    city.refused(principal(thief), stolen, wrong.clone());
    // Nor with the leader's salt under the thief's name.
    let own = wire::revealBallotCall {
        ranking: bits(&order),
        ..showing(session, thief, &order)
    };
    city.refused(principal(thief), own, wrong);
    assert_eq!(city.election(session).reveals, 1);
}

/// Hand in the number of somebody's opening as a seal, to look as if one had voted like him.
#[test]
fn a_number_is_no_seal() {
    let city = City::new();
    let session = city.committing(2);
    for number in [B256::ZERO, ballot::opened(0), ballot::opened(77)] {
        let call = wire::commitBallotCall {
            sessionId: session,
            commitment: number,
        };
        let refused = wire::WrongOpening { commitment: number };
        city.refused(principal(0), call, refused);
    }
}

/// A ballot's seal of one session opens nothing in another.
#[test]
fn a_seal_is_of_one_session() {
    let city = City::new();
    let first = city.committing(2);
    let second = city.committing(2);
    let call = wire::commitBallotCall {
        sessionId: second,
        commitment: seal(first, 0, &[0, 1]),
    };
    city.call(principal(0), call).unwrap();
    for i in 1..10 {
        city.commit(second, i, &[0, 1]);
    }
    city.expire(second);
    let wrong = wire::WrongOpening {
        commitment: seal(first, 0, &[0, 1]),
    };
    city.refused(STRANGER, showing(second, 0, &[0, 1]), wrong);
}

/// Keep a ballot back until the others are open, then decide with it: after the window it opens no more, not even while a
/// clique delays the outcome.
#[test]
fn a_ballot_kept_back_stays_shut() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let ballots = alike(8, 10);
    let session = city.revealing(&ballots);
    for (i, order) in ballots.iter().enumerate().skip(1) {
        city.reveal(session, i, order);
    }
    city.expire(session);
    let late = |step| wire::WrongStep {
        sessionId: session,
        step,
    };
    city.refused(
        STRANGER,
        showing(session, 0, &ballots[0]),
        late(Step::Tallying),
    );
    city.claim(STRANGER, session, &[0, 1, 2, 3]);
    city.refused(
        STRANGER,
        showing(session, 0, &ballots[0]),
        late(Step::Delayed),
    );
}

/// Open one's ballots in the last second and close the tally in the next, so that nobody has time to claim.
#[test]
fn a_tally_leaves_time_for_claims() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let session = city.tallying(&alike(8, 10));
    city.tally(session, u32::MAX);
    city.at(session, Step::Tallying);
    let until: u64 = city.election(session).expiresAt.to();
    let call = wire::tallyCall {
        sessionId: session,
        ballots: 9,
    };
    city.refused(
        STRANGER,
        call,
        wire::TooEarly {
            from: u40(until + 1),
        },
    );
    city.world.warp(until - city.world.now());
    city.claim(STRANGER, session, &[0, 1, 2, 3]);
    city.at(session, Step::Delayed);
    city.expire(session);
    // Everything is counted already, and no second claim can come.
    city.at(session, Step::Decided);
}

/// Four friends open first, alike, and cry collusion themselves, to delay what they dislike.
#[test]
fn a_few_early_ballots_are_no_bloc() {
    let city = City::of(40);
    city.credit(STRANGER, BOND);
    let session = city.committing(8);
    for i in 0..40 {
        city.commit(session, i, &alike(8, 1)[0]);
    }
    city.expire(session);
    for i in 0..5 {
        city.reveal(session, i, &alike(8, 1)[0]);
    }
    let small = wire::CliqueTooSmall { have: 5, need: 6 };
    city.refused(STRANGER, claiming(session, &[0, 1, 2, 3, 4]), small);
    city.reveal(session, 5, &alike(8, 1)[0]);
    city.claim(STRANGER, session, &[0, 1, 2, 3, 4, 5]);
    assert_eq!(
        city.election(session).step,
        Step::Revealing,
        "reveals go on"
    );
}

/// Claims again and again: there is one delay, and every claim that does not hold costs its bond.
#[test]
fn a_claim_repeated_gains_nothing() {
    let city = City::new();
    city.credit(STRANGER, 3 * BOND);
    let mut ballots = alike(8, 10);
    ballots[4].reverse();
    let session = city.tallying(&ballots);
    for lost in 1..=2 {
        city.claim(STRANGER, session, &[0, 1, 2, 4]);
        assert_eq!(city.credit_of(STRANGER), (3 - lost) * BOND);
        let refuted = wire::CollusionRefuted {
            sessionId: session,
            claimant: STRANGER,
            first: 0,
            second: 4,
        };
        assert_eq!(
            city.world.take_events::<wire::CollusionRefuted>(),
            [refuted]
        );
        city.at(session, Step::Tallying);
    }
    city.claim(STRANGER, session, &[0, 1, 2, 3]);
    assert_eq!(
        city.credit_of(STRANGER),
        BOND,
        "a claim that holds costs nothing and pays nothing"
    );
    let done = wire::WrongStep {
        sessionId: session,
        step: Step::Delayed,
    };
    city.refused(STRANGER, claiming(session, &[0, 1, 2, 3]), done);
    city.expire(session);
    let done = wire::AlreadyDone {
        id: session,
        who: STRANGER,
    };
    city.refused(STRANGER, claiming(session, &[0, 1, 2, 3]), done);
    // Who cannot pay cannot claim.
    let poor = City::new();
    let session = poor.tallying(&ballots);
    let before = poor.world.storage(here());
    let refusal = poor.call(STRANGER, claiming(session, &[0, 1, 2, 4])).err();
    assert_eq!(refusal, Some(b"poor".to_vec()));
    assert_eq!(poor.world.storage(here()), before);
}

/// Name one ballot several times, or ballots that nobody opened, to make a bloc of it.
#[test]
fn a_clique_is_of_different_opened_ballots() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let ballots = alike(8, 10);
    let session = city.revealing(&ballots);
    for i in 0..5 {
        city.reveal(session, i, &ballots[i]);
    }
    for named in [
        &[0, 1, 2, 2][..],
        &[3, 2, 1, 0],
        &[0, 1, 2, 5],
        &[0, 1, 2, u32::MAX],
    ] {
        city.refused(STRANGER, claiming(session, named), wire::MalformedCall {});
    }
}

/// Take one name out of a batch and hand it in first, so that the batch fails.
#[test]
fn who_gets_ahead_of_a_batch_does_not_stop_it() {
    let city = City::new();
    let petition = city.call(principal(0), opening_petition()).unwrap();
    let named: Vec<_> = (1..4).map(|i| city.naming(petition, i)).collect();
    let batch = |range: std::ops::Range<usize>| {
        let (names, signatures): (Vec<_>, Vec<_>) = named[range].iter().cloned().unzip();
        wire::signPetitionForCall {
            names,
            signatures: signatures.into_iter().map(Into::into).collect(),
        }
    };
    city.call(STRANGER, batch(1..2)).unwrap();
    city.call(STRANGER, batch(0..3)).unwrap();
    let asked = wire::petitionCall {
        petitionId: petition,
    };
    assert_eq!(
        city.call(STRANGER, asked).unwrap().signatures,
        4,
        "each once"
    );
}

/// Fill the ballot with sixteen proposals of one's own before anybody else has his sponsors.
#[test]
fn a_quick_bloc_does_not_fill_the_ballot() {
    let city = City::of(20);
    let session = city.session();
    for law in 0..16 {
        let proposal = city.propose(session, law % 5, law);
        city.sponsor(proposal, 5);
    }
    assert_eq!(city.election(session).candidates, 16);
    let other = city.propose(session, 19, 99);
    for i in 10..15 {
        let call = wire::sponsorCall { proposalId: other };
        city.call(principal(i), call).unwrap();
    }
    assert_eq!(city.proposal(other).candidate, 0, "as many are not more");
    city.world.take_logs();
    let call = wire::sponsorCall { proposalId: other };
    city.call(principal(15), call).unwrap();
    assert_eq!(
        city.proposal(other).candidate,
        16,
        "it takes the latest place"
    );
    let displaced = city.world.take_events::<wire::Displaced>();
    assert_eq!(displaced.len(), 1);
    let lost = city.proposal(displaced[0].proposalId);
    assert_eq!((lost.candidate, lost.index), (0, 15));
    assert_eq!(city.election(session).candidates, 16);
    city.expire(session);
    assert_eq!(
        city.proposal(displaced[0].proposalId).state,
        wire::ProposalState::Lapsed
    );
    assert_eq!(city.proposal(other).state, wire::ProposalState::Admitted);
}

/// Use up the numbers of a session's proposals, so that nobody else makes one.
#[test]
fn one_agent_does_not_use_up_a_sessions_proposals() {
    let city = City::new();
    // A second agent of the same principal has no second share.
    let second = (principal(0), 0);
    city.people.borrow_mut().agents.insert(agent(77), second);
    let session = city.session();
    for law in 0..16 {
        city.propose(session, if law % 2 == 0 { 0 } else { 77 }, law);
    }
    let many = || wire::TooMany {
        id: session,
        limit: 16,
    };
    city.refused(agent(0), proposing(session, 16), many());
    city.refused(agent(77), proposing(session, 16), many());
    city.propose(session, 1, 17);
    assert_eq!(city.election(session).proposals, 17);
    let other = city.session();
    city.propose(other, 0, 18);
}

/// Vote in the straw poll at once and close it behind oneself.
#[test]
fn who_polls_first_does_not_close_the_poll() {
    let city = City::new();
    let session = city.debating(2);
    city.inform(session);
    city.call(STRANGER, city.voting(session, 0, 0)).unwrap();
    let draw = wire::drawSpeakingOrderCall { sessionId: session };
    let from = u40(city.election(session).expiresAt.to::<u64>() - 3 * ROUND + 1);
    city.refused(principal(0), draw, wire::TooEarly { from });
}

/// Use up the one reintroduction of another's proposal.
#[test]
fn nobody_amends_what_is_not_his() {
    let city = City::new();
    let session = city.session();
    let lost = city.propose(session, 0, 0);
    city.expire(session);
    city.failed(session);
    let next = city.session();
    let amending = |law| wire::proposeCall {
        amends: lost,
        ..proposing(next, law)
    };
    let refused = wire::NotAmended { proposalId: lost };
    city.refused(agent(1), amending(1), refused.clone());
    city.refused(agent(0), amending(0), refused.clone());
    city.call(agent(0), amending(1)).unwrap();
    city.refused(agent(0), amending(2), refused);
}

/// move the count that another's call will number its thing by.
#[test]
fn nobody_moves_anothers_numbers() {
    let city = City::new();
    let expected = |who: Address, count: u8| {
        let mut id = B256::ZERO;
        id[..20].copy_from_slice(who.as_slice());
        id[31] = count;
        id
    };
    let mine = city.call(principal(0), opening_petition()).unwrap();
    assert_eq!(mine, expected(principal(0), 1));
    for i in 1..5 {
        let other = city.call(principal(i), opening_petition()).unwrap();
        assert_eq!(other, expected(principal(i), 1));
    }
    let next = city.call(principal(0), opening_petition()).unwrap();
    assert_eq!(next, expected(principal(0), 2));
    // One count for all kinds of things: no number means two of them.
    let call = wire::signPetitionCall { petitionId: mine };
    city.call(principal(1), call).unwrap();
    let call = wire::openSessionCall { petitionId: mine };
    let session = city.call(principal(0), call).unwrap();
    assert_eq!(session, expected(principal(0), 3));
    assert_eq!(city.propose(session, 0, 0), expected(agent(0), 1));
    assert_eq!(city.election(session).legislativeEpoch, 1);
}

/// Whoever knows a salt can open a ballot; not to another ranking than was sealed, and only to a complete one.
#[test]
fn a_leaked_salt_opens_what_was_sealed() {
    let city = City::new();
    let session = city.committing(3);
    let half = keccak256(ballot::sealed(&session, &principal(0), 0x11, &salt(0)).concat());
    let call = wire::commitBallotCall {
        sessionId: session,
        commitment: half,
    };
    city.call(principal(0), call).unwrap();
    for i in 1..10 {
        city.commit(session, i, &[0, 1, 2]);
    }
    city.expire(session);
    let other = showing(session, 1, &[2, 1, 0]);
    let wrong = wire::WrongOpening {
        commitment: seal(session, 1, &[0, 1, 2]),
    };
    city.refused(STRANGER, other, wrong);
    let partial = wire::revealBallotCall {
        sessionId: session,
        principal: principal(0),
        ranking: 0x11,
        salt: salt(0),
    };
    let invalid = wire::InvalidRanking {
        ranking: 0x11,
        candidates: 3,
    };
    city.refused(principal(0), partial, invalid);
    city.reveal(session, 1, &[0, 1, 2]);
    let again = city
        .call(STRANGER, showing(session, 1, &[0, 1, 2]))
        .err()
        .unwrap();
    assert_eq!(again[..4], wire::WrongOpening::SELECTOR, "once");
}
