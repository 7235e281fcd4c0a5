//! Petitions, sessions, proposals, sponsors.

use agentcity_abi::IAssembly as wire;
use alloy_primitives::B256;

use crate::city::*;

#[test]
fn a_petition_of_a_fifth_opens_a_session_once() {
    let city = City::of(25);
    let petition = city.call(principal(0), opening_petition()).unwrap();
    let end = city.world.now() + SPONSORING;
    let logs = city.world.take_events::<wire::PetitionOpened>();
    assert_eq!(
        logs,
        [wire::PetitionOpened {
            petitionId: petition,
            principal: principal(0),
            subjectHash: B256::repeat_byte(0x77),
            contentAddress: B256::repeat_byte(0x78),
            expiresAt: u40(end),
        }]
    );
    let opening = wire::openSessionCall {
        petitionId: petition,
    };
    for i in 1..5 {
        let missing = wire::QuorumMissing {
            id: petition,
            have: i as u32,
            need: 5,
        };
        city.refused(STRANGER, opening.clone(), missing);
        let call = wire::signPetitionCall {
            petitionId: petition,
        };
        city.call(principal(i), call.clone()).unwrap();
        let signed = wire::PetitionSigned {
            petitionId: petition,
            principal: principal(i),
            signatures: i as u32 + 1,
            needed: 5,
        };
        assert_eq!(city.world.take_events::<wire::PetitionSigned>(), [signed]);
        let done = wire::AlreadyDone {
            id: petition,
            who: principal(i),
        };
        city.refused(principal(i), call, done);
    }
    // Who joins the city now moves no goal.
    for i in 25..60 {
        city.enrol(i);
    }
    let session = city.call(STRANGER, opening.clone()).unwrap();
    let now = city.world.now();
    let opened = wire::SessionOpened {
        sessionId: session,
        kind: wire::SessionKind::Mission,
        legislativeEpoch: 1,
        epoch: EPOCH,
        origin: petition,
        node: 0,
        expiresAt: u40(now + SPONSORING),
    };
    assert_eq!(city.world.take_events::<wire::SessionOpened>(), [opened]);
    let election = city.election(session);
    assert_eq!((election.step, election.enrolled), (Step::Proposing, 60));
    assert_eq!(election.origin, petition);
    city.refused(STRANGER, opening, wire::TooLate { until: u40(end) });
    let asked = city
        .call(
            STRANGER,
            wire::petitionCall {
                petitionId: petition,
            },
        )
        .unwrap();
    assert_eq!(
        (asked.subjectHash, asked.used),
        (B256::repeat_byte(0x77), true)
    );
    let unknown = wire::openSessionCall {
        petitionId: salt(1),
    };
    city.refused(STRANGER, unknown, wire::Unknown { id: salt(1) });
}

#[test]
fn sessions_of_the_city_are_counted() {
    let city = City::new();
    for epoch in 1..4 {
        let session = city.session();
        assert_eq!(city.election(session).legislativeEpoch, epoch);
    }
}

#[test]
fn a_proposal_says_who_funds_it_and_whose_norms_bind_it() {
    let city = City::new();
    let session = city.session();
    city.world.take_logs();
    let proposal = city.propose(session, 3, 7);
    let proposed = wire::Proposed {
        sessionId: session,
        proposalId: proposal,
        proposer: agent(3),
        sponsor: principal(3),
        domain: DOMAIN,
        statuteHash: law_of(7),
        contentAddress: B256::repeat_byte(0x79),
        amends: B256::ZERO,
    };
    assert_eq!(city.world.take_events::<wire::Proposed>(), [proposed]);
    // The agent changes hands: who funds is who answered for it when it proposed.
    let agents = (principal(4), 0);
    city.people.borrow_mut().agents.insert(agent(3), agents);
    assert_eq!(
        city.proposal(proposal),
        wire::Proposal {
            state: wire::ProposalState::Sponsoring,
            sessionId: session,
            index: 0,
            proposer: agent(3),
            sponsor: principal(3),
            statuteHash: law_of(7),
            domain: DOMAIN,
            amends: B256::ZERO,
            reintroductions: 0,
            sponsors: 0,
            candidate: 0,
            minorities: 0,
            minorityDigest: B256::ZERO,
        }
    );
    assert_eq!(city.election(session).proposals, 1);
    for bars in [1, 2, 32, 64, 127] {
        city.people
            .borrow_mut()
            .agents
            .insert(agent(5), (principal(5), bars));
        let refused = wire::AgentRefused {
            agent: agent(5),
            rule: bars,
        };
        city.refused(agent(5), proposing(session, 8), refused);
    }
    let unknown = wire::Unknown { id: salt(3) };
    city.refused(agent(0), proposing(salt(3), 8), unknown);
}

#[test]
fn the_needed_sponsor_puts_it_on_the_ballot() {
    let city = City::new();
    let session = city.session();
    let proposal = city.propose(session, 9, 0);
    let call = wire::sponsorCall {
        proposalId: proposal,
    };
    for i in 0..7 {
        city.world.take_logs();
        city.call(principal(i), call.clone()).unwrap();
        let logs = city.world.take_logs();
        let admitted = logs.iter().any(|log| {
            use alloy_sol_types::SolEvent;
            log.topics()[0] == wire::Admitted::SIGNATURE_HASH
        });
        assert_eq!(admitted, i == 4, "with the fifth");
        let done = wire::AlreadyDone {
            id: proposal,
            who: principal(i),
        };
        city.refused(principal(i), call.clone(), done);
    }
    let stored = city.proposal(proposal);
    assert_eq!((stored.sponsors, stored.candidate), (7, 1));
    assert_eq!(
        stored.state,
        wire::ProposalState::Sponsoring,
        "until the window closes"
    );
    let asked = wire::candidateCall {
        sessionId: session,
        index: 0,
    };
    assert_eq!(city.call(STRANGER, asked).unwrap(), proposal);
    city.expire(session);
    assert_eq!(city.proposal(proposal).state, wire::ProposalState::Admitted);
    let until = city.election(session).step;
    assert_eq!(until, Step::Debating);
    let wrong = wire::WrongStep {
        sessionId: session,
        step: Step::Debating,
    };
    city.refused(principal(8), call, wrong);
    let unknown = wire::sponsorCall {
        proposalId: salt(1),
    };
    city.refused(principal(8), unknown, wire::Unknown { id: salt(1) });
}

#[test]
fn small_cities_need_fewer_sponsors_and_never_less_than_three() {
    for (voters, needed) in [(3, 3), (4, 4), (6, 5)] {
        let city = City::of(voters);
        let session = city.session();
        let proposal = city.propose(session, 0, 0);
        city.world.take_logs();
        city.sponsor(proposal, 1);
        let sponsored = city.world.take_events::<wire::Sponsored>();
        assert_eq!(sponsored[0].needed, needed, "{voters}");
    }
}

#[test]
fn what_lost_comes_back_once_with_another_law() {
    let city = City::new();
    // Three candidates: one wins, two lose; one proposal finds no sponsors.
    let session = city.session();
    let proposals: Vec<B256> = (0..4).map(|law| city.propose(session, law, law)).collect();
    for proposal in &proposals[..3] {
        city.sponsor(*proposal, 5);
    }
    city.expire(session);
    city.expire(session);
    for i in 0..10 {
        city.commit(session, i, &[1, 0, 2]);
    }
    city.expire(session);
    for i in 0..10 {
        city.reveal(session, i, &[1, 0, 2]);
    }
    let next = city.session();
    let amending = |i: usize, law| wire::proposeCall {
        amends: proposals[i],
        ..proposing(next, law)
    };
    let refused = |i: usize| wire::NotAmended {
        proposalId: proposals[i],
    };
    city.refused(agent(0), amending(0, 10), refused(0));
    // Undecided yet; then it is.
    city.world.warp(REVEAL + 1);
    city.call(STRANGER, expiring(session)).unwrap();
    city.tally(session, 10);
    assert_eq!(city.outcome(session).winner, proposals[1]);
    let states: Vec<_> = proposals
        .iter()
        .map(|id| city.proposal(*id).state)
        .collect();
    use wire::ProposalState as S;
    assert_eq!(states, [S::Defeated, S::Adopted, S::Defeated, S::Lapsed]);
    city.refused(agent(1), amending(1, 11), refused(1));
    city.refused(agent(0), amending(0, 0), refused(0));
    let back = city.call(agent(0), amending(0, 10)).unwrap();
    city.call(agent(3), amending(3, 13)).unwrap();
    city.refused(agent(0), amending(0, 12), refused(0));
    let stored = city.proposal(back);
    assert_eq!((stored.amends, stored.reintroductions), (proposals[0], 1));
    let unknown = wire::proposeCall {
        amends: salt(9),
        ..proposing(next, 14)
    };
    city.refused(agent(0), unknown, wire::Unknown { id: salt(9) });
    // What came back and lost again stays away.
    city.expire(next);
    city.failed(next);
    let third = city.session();
    let again = wire::proposeCall {
        amends: back,
        ..proposing(third, 15)
    };
    city.refused(agent(0), again, wire::NotAmended { proposalId: back });
}
