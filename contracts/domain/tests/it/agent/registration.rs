//! Coming, leaving, changing sides.

use agentcity_domain::{
    agent::{
        Refused,
        principal::Principal,
        record::{Agent, AgentType, History, Proposal, Status},
        registration::*,
    },
    reputation::MilliPoints,
};
use alloy_primitives::Address;

use super::*;

fn milli(value: u64) -> MilliPoints {
    MilliPoints::new(value).unwrap()
}

/// What a registration of `AGENT` under `ANN` answers; nothing of the arguments is changed.
fn enters(
    request: &Request,
    agent: &Agent,
    ann: &Principal,
    former: Option<&Principal>,
) -> Result<(), Refused> {
    let (mut agent, mut ann) = (*agent, *ann);
    register(request, &mut agent, &mut ann, former, &terms(), at(NOW))
}

#[test]
fn a_newcomer_is_entered_with_its_principals_worst() {
    let mut ann = enrolled(ANN);
    ann.worst = milli(320_000);
    let agent = registered(AGENT, ANN, &mut ann, 7);
    assert_eq!(agent.hot.status, Status::Active);
    assert_eq!(agent.hot.agent_type, AgentType::Producer);
    assert_eq!(
        (agent.hot.reputation, agent.hot.stake),
        (milli(320_000), STAKE)
    );
    assert_eq!((agent.hot.obligations, agent.hot.sub_agents), (0, 0));
    let bond = agent.bond;
    assert_eq!((bond.principal, bond.registered_at), (ANN, NOW));
    assert_eq!(
        (bond.registrations, bond.max_sub_agents, bond.depth),
        (1, 7, 0)
    );
    assert_eq!(agent.history, History::default());
    assert_eq!((ann.agents, ann.producers), (1, 1));
}

#[test]
fn clerks_have_no_stake_and_a_principal_that_need_not_enrol() {
    for (kind, stake, producers, enrols) in
        [(1, STAKE, 1, true), (2, 0, 0, false), (3, STAKE, 0, true)]
    {
        let mut ann = enrolled(ANN);
        let mut agent = nobody(AGENT);
        register(
            &request(kind, ANN, 0),
            &mut agent,
            &mut ann,
            None,
            &terms(),
            at(NOW),
        )
        .unwrap();
        assert_eq!(agent.hot.stake, stake);
        assert_eq!((ann.agents, ann.producers), (1, producers));
        let unknown = Principal::default();
        let answer = enters(&request(kind, ANN, 0), &nobody(AGENT), &unknown, None);
        let expected = if enrols {
            Err(Refused::NotEnrolled(ANN))
        } else {
            Ok(())
        };
        assert_eq!(answer, expected);
    }
}

#[test]
fn each_refusal_of_a_registration_stands_beside_its_neighbour() {
    let ann = enrolled(ANN);
    let new = nobody(AGENT);
    let good = request(1, ANN, 0);
    assert_eq!(enters(&good, &new, &ann, None), Ok(()));
    for kind in [0, 4, 255] {
        let refused = Err(Refused::InvalidAgentType(kind));
        assert_eq!(enters(&request(kind, ANN, 0), &new, &ann, None), refused);
    }
    for invalid in [Address::ZERO, AGENT] {
        let refused = Err(Refused::InvalidPrincipal(invalid));
        assert_eq!(enters(&request(1, invalid, 0), &new, &ann, None), refused);
    }
    for (status, expected) in [
        (Status::Active, Err(Refused::AlreadyRegistered(AGENT))),
        (Status::Leaving, Err(Refused::AlreadyRegistered(AGENT))),
        (Status::Gone, Ok(())),
    ] {
        let mut agent = new;
        agent.hot.status = status;
        assert_eq!(enters(&good, &agent, &ann, None), expected);
    }
    let refuses = |principal: Principal, refused| {
        assert_eq!(enters(&good, &new, &principal, None), Err(refused));
    };
    refuses(
        Principal {
            appeal_until: 4,
            ..ann
        },
        Refused::IsBanned(ANN, 4),
    );
    refuses(
        Principal {
            frozen_until: NOW,
            ..ann
        },
        Refused::IsFrozen(ANN, NOW),
    );
    refuses(
        Principal {
            leaves_at: 1,
            ..ann
        },
        Refused::IsLeaving(ANN),
    );
    refuses(
        Principal {
            agents: u16::MAX,
            ..ann
        },
        Refused::CounterExhausted(ANN),
    );
    let last = Principal {
        agents: u16::MAX - 1,
        ..ann
    };
    assert_eq!(enters(&good, &new, &last, None), Ok(()));
    let most = u32::from(u16::MAX);
    assert_eq!(enters(&request(1, ANN, most), &new, &ann, None), Ok(()));
    let refused = Refused::OutOfRange(u64::from(most) + 1, u64::from(most));
    assert_eq!(
        enters(&request(1, ANN, most + 1), &new, &ann, None),
        Err(refused)
    );
    let mut tired = new;
    tired.bond.registrations = u16::MAX - 1;
    assert_eq!(enters(&good, &tired, &ann, None), Ok(()));
    tired.bond.registrations = u16::MAX;
    assert_eq!(
        enters(&good, &tired, &ann, None),
        Err(Refused::CounterExhausted(AGENT))
    );
}

#[test]
fn who_comes_back_keeps_its_reputation_and_brings_a_ban_along() {
    let mut ann = enrolled(ANN);
    let mut agent = registered(AGENT, ANN, &mut ann, 0);
    agent.hot.status = Status::Gone;
    agent.hot.reputation = milli(800_000);
    let mut again = agent;
    ann.worst = milli(100_000);
    register(
        &request(3, ANN, 0),
        &mut again,
        &mut ann,
        None,
        &terms(),
        at(NOW + 5),
    )
    .unwrap();
    assert_eq!(
        again.hot.reputation,
        milli(800_000),
        "its own, under the same principal"
    );
    assert_eq!(
        (again.bond.registrations, again.bond.registered_at),
        (2, NOW + 5)
    );
    assert_eq!(again.hot.agent_type, AgentType::Monitor);
    assert_eq!(again.history, History::default());

    for (own, worst, expected) in [(800_000, 300_000, 300_000), (200_000, 300_000, 200_000)] {
        let mut bob = enrolled(BOB);
        bob.worst = milli(worst);
        let mut other = agent;
        other.hot.reputation = milli(own);
        register(
            &request(1, BOB, 0),
            &mut other,
            &mut bob,
            Some(&ann),
            &terms(),
            at(NOW),
        )
        .unwrap();
        assert_eq!(other.hot.reputation, milli(expected));
        let remembered = History {
            previous: ANN,
            remembered_until: NOW + MEMORY,
            leaves_at: 0,
            changes: 1,
        };
        assert_eq!(other.history, remembered);
        assert_eq!(other.bond.principal, BOB);
    }
    let bob = enrolled(BOB);
    ann.appeal_until = 9;
    let banned = Err(Refused::IsBanned(ANN, 9));
    assert_eq!(
        enters(&request(1, BOB, 0), &agent, &bob, Some(&ann)),
        banned
    );
    ann.appeal_until = 0;
    agent.history = History {
        previous: Address::repeat_byte(0x33),
        remembered_until: NOW,
        leaves_at: 0,
        changes: 4,
    };
    let remembered = Err(Refused::PrincipalRemembered(AGENT, NOW));
    assert_eq!(
        enters(&request(1, BOB, 0), &agent, &bob, Some(&ann)),
        remembered
    );
    agent.history.changes = u16::MAX;
    agent.history.remembered_until = NOW - 1;
    let full = Err(Refused::CounterExhausted(AGENT));
    assert_eq!(enters(&request(1, BOB, 0), &agent, &bob, Some(&ann)), full);
}

#[test]
fn a_sub_agent_takes_a_place_and_those_it_may_give_away() {
    let mut ann = enrolled(ANN);
    let mut parent = registered(PARENT, ANN, &mut ann, 5);
    let mut child = nobody(AGENT);
    let below = |kind, places| request(kind, ANN, places);
    let of_ann = ann;
    let enter = |request: &Request, parent: &Agent| {
        let (mut child, mut parent, mut ann) = (nobody(AGENT), *parent, of_ann);
        register_sub_agent(
            request,
            &mut child,
            &mut parent,
            &mut ann,
            None,
            &terms(),
            at(NOW),
        )
        .map(|()| (child.bond.depth, parent.hot.sub_agents))
    };
    assert_eq!(enter(&below(1, 4), &parent), Ok((1, 5)));
    let limit = |needed, free| Err(Refused::SubAgentLimit(PARENT, needed, free));
    assert_eq!(enter(&below(1, 5), &parent), limit(6, 5));
    assert_eq!(enter(&below(1, u32::MAX), &parent), limit(u32::MAX, 5));
    for kind in [0, 2, 4] {
        let invalid = Err(Refused::InvalidAgentType(kind));
        assert_eq!(
            enter(&below(kind, 0), &parent),
            invalid,
            "no clerk, nothing unknown"
        );
    }
    assert_eq!(enter(&below(3, 0), &parent), Ok((1, 1)));
    for status in [Status::None, Status::Leaving, Status::Gone] {
        let mut parent = parent;
        parent.hot.status = status;
        let refused = Err(Refused::NotActive(PARENT));
        assert_eq!(
            enter(&below(1, 0), &parent),
            refused,
            "who leaves takes nobody in"
        );
    }
    // Eight agents in the longest chain, the first at depth nought.
    assert_eq!(DEPTH_MAX, 7);
    let mut deep = parent;
    deep.bond.depth = DEPTH_MAX - 1;
    assert_eq!(enter(&below(1, 0), &deep), Ok((DEPTH_MAX, 1)));
    deep.bond.depth = DEPTH_MAX;
    let too_deep = Err(Refused::ChainTooDeep(DEPTH_MAX + 1, DEPTH_MAX));
    assert_eq!(enter(&below(1, 0), &deep), too_deep);

    register_sub_agent(
        &below(1, 2),
        &mut child,
        &mut parent,
        &mut ann,
        None,
        &terms(),
        at(NOW),
    )
    .unwrap();
    assert_eq!((parent.hot.sub_agents, child.bond.max_sub_agents), (3, 2));
    assert_eq!(child.bond.principal, ANN);
    assert_eq!(ann.agents, 2);
    assert_eq!(enter(&below(1, 2), &parent), limit(3, 2));
    without_sub_agent(&mut parent.hot, &child.bond);
    assert_eq!(parent.hot.sub_agents, 0);
    without_sub_agent(&mut parent.hot, &child.bond);
    assert_eq!(parent.hot.sub_agents, 0);
    // What the domain of the principal refuses is refused below a parent too, and takes no place.
    let mut banned = ann;
    banned.appeal_until = 6;
    let before = parent;
    let answer = register_sub_agent(
        &below(1, 0),
        &mut nobody(BOB),
        &mut parent,
        &mut banned,
        None,
        &terms(),
        at(NOW),
    );
    assert_eq!(answer, Err(Refused::IsBanned(ANN, 6)));
    assert_eq!(parent, before);
}

#[test]
fn leaving_begins_whatever_is_open_and_ends_when_nothing_is() {
    let mut ann = enrolled(ANN);
    let mut agent = registered(AGENT, ANN, &mut ann, 9);
    (agent.hot.obligations, agent.hot.sub_agents) = (2, 3);
    let banned = Principal {
        appeal_until: 8,
        ..ann
    };
    let mut barred = agent;
    assert_eq!(
        request_deregistration(&mut barred, &banned, secs(100), at(NOW)),
        Err(Refused::IsBanned(ANN, 8))
    );
    assert_eq!(barred, agent);
    request_deregistration(&mut agent, &ann, secs(100), at(NOW)).unwrap();
    assert_eq!(
        (agent.hot.status, agent.history.leaves_at),
        (Status::Leaving, NOW + 100)
    );
    assert_eq!(
        request_deregistration(&mut agent, &ann, secs(100), at(NOW)),
        Err(Refused::NotActive(AGENT))
    );
    assert_eq!(
        agent.hot.open_obligation(AGENT),
        Err(Refused::NotActive(AGENT))
    );

    let goes = |agent: &Agent, ann: &Principal, now| {
        let (mut agent, mut ann) = (*agent, *ann);
        complete_deregistration(&mut agent, &mut ann, at(now))
    };
    let late = NOW + 1_000;
    assert_eq!(goes(&agent, &banned, late), Err(Refused::IsBanned(ANN, 8)));
    assert_eq!(
        goes(&agent, &ann, late),
        Err(Refused::ObligationsOpen(AGENT, 2))
    );
    agent.hot.close_obligation(AGENT).unwrap();
    assert!(!must_wait_anew(&agent.hot));
    agent.hot.complete_obligation(AGENT).unwrap();
    assert!(must_wait_anew(&agent.hot));
    assert_eq!(
        goes(&agent, &ann, late),
        Err(Refused::SubAgentsRemain(AGENT, 3))
    );
    agent.hot.sub_agents = 0;
    assert_eq!(
        goes(&agent, &ann, NOW + 100),
        Err(Refused::TooEarly(NOW + 100))
    );
    assert_eq!(goes(&agent, &ann, NOW + 101), Ok(STAKE));
    wait_anew(&mut agent.history, secs(100), at(late));
    assert_eq!(
        goes(&agent, &ann, late + 100),
        Err(Refused::TooEarly(late + 100))
    );
    // A shorter cooldown by now ends nothing earlier.
    wait_anew(&mut agent.history, secs(1), at(late));
    assert_eq!(agent.history.leaves_at, late + 100);
    let stake = complete_deregistration(&mut agent, &mut ann, at(late + 101));
    assert_eq!(stake, Ok(STAKE));
    assert_eq!((agent.hot.status, agent.hot.stake), (Status::Gone, 0));
    assert_eq!((ann.agents, ann.producers), (0, 0));
    assert_eq!(goes(&agent, &ann, late), Err(Refused::NotLeaving(AGENT)));
}

#[test]
fn only_the_last_obligation_of_who_leaves_begins_the_cooldown_anew() {
    let mut agent = nobody(AGENT);
    for (status, obligations, expected) in [
        (Status::Active, 0, false),
        (Status::Gone, 0, false),
        (Status::Leaving, 1, false),
        (Status::Leaving, 0, true),
    ] {
        (agent.hot.status, agent.hot.obligations) = (status, obligations);
        assert_eq!(must_wait_anew(&agent.hot), expected);
    }
}

#[test]
fn who_goes_leaves_its_reputation_with_its_principal() {
    let mut ann = enrolled(ANN);
    let mut agent = registered(AGENT, ANN, &mut ann, 0);
    agent.hot.reputation = milli(123_456);
    request_deregistration(&mut agent, &ann, secs(0), at(NOW)).unwrap();
    complete_deregistration(&mut agent, &mut ann, at(NOW + 1)).unwrap();
    assert_eq!(ann.worst, milli(123_456));
    assert_eq!(agent.hot.reputation, milli(123_456));
}

#[test]
fn obligations_are_counted_to_their_ends() {
    let mut hot = registered(AGENT, ANN, &mut enrolled(ANN), 0).hot;
    assert_eq!(
        hot.close_obligation(AGENT),
        Err(Refused::NoObligation(AGENT))
    );
    assert_eq!(
        hot.complete_obligation(AGENT),
        Err(Refused::NoObligation(AGENT))
    );
    hot.open_obligation(AGENT).unwrap();
    hot.open_obligation(AGENT).unwrap();
    hot.close_obligation(AGENT).unwrap();
    assert_eq!((hot.obligations, hot.missions), (1, 0));
    hot.complete_obligation(AGENT).unwrap();
    assert_eq!((hot.obligations, hot.missions), (0, 1));
    hot.obligations = u16::MAX;
    assert_eq!(
        hot.open_obligation(AGENT),
        Err(Refused::CounterExhausted(AGENT))
    );
    hot.missions = u32::MAX;
    assert_eq!(
        hot.complete_obligation(AGENT),
        Err(Refused::CounterExhausted(AGENT))
    );
    for (status, known, active) in [
        (Status::None, false, false),
        (Status::Active, true, true),
        (Status::Leaving, true, false),
        (Status::Gone, true, false),
    ] {
        hot.status = status;
        assert_eq!(hot.require_known(AGENT).is_ok(), known);
        assert_eq!(hot.require_active(AGENT).is_ok(), active);
    }
}

/// A release by `ANN` to `to`, with what was stored before.
fn releases(
    agent: &Agent,
    ann: &Principal,
    last: &Proposal,
    to: Address,
) -> Result<Proposal, Refused> {
    propose(agent, Address::ZERO, ann, last, (to, NOW + 50), at(NOW))
}

#[test]
fn a_release_names_its_heir_its_end_and_its_number() {
    let mut ann = enrolled(ANN);
    let agent = registered(AGENT, ANN, &mut ann, 0);
    let first = releases(&agent, &ann, &Proposal::default(), BOB).unwrap();
    let expected = Proposal {
        to: BOB,
        until: NOW + 50,
        registrations: 1,
        changes: 0,
        releases: 1,
    };
    // What is stored for an agent that never released counts for none.
    assert_eq!(first, expected);
    let second = releases(&agent, &ann, &first, PARENT).unwrap();
    assert_eq!((second.to, second.releases), (PARENT, 2));
    let withdrawn = releases(&agent, &ann, &second, ANN).unwrap();
    assert_eq!((withdrawn.to, withdrawn.releases), (Address::ZERO, 3));
    let far = propose(
        &agent,
        Address::ZERO,
        &ann,
        &first,
        (BOB, u64::MAX),
        at(NOW),
    );
    assert_eq!(far.map(|release| release.until), Ok(LAST_INSTANT));
}

#[test]
fn each_refusal_of_a_release_stands_beside_its_neighbour() {
    let mut ann = enrolled(ANN);
    let agent = registered(AGENT, ANN, &mut ann, 0);
    let none = Proposal::default();
    let refuses = |agent: &Agent, ann: &Principal, to, refused| {
        assert_eq!(releases(agent, ann, &none, to).err(), Some(refused));
        // Nothing of that stands against a withdrawal.
        if agent.bond.principal == ANN {
            assert!(releases(agent, ann, &none, ANN).is_ok());
        }
    };
    for invalid in [Address::ZERO, AGENT] {
        refuses(&agent, &ann, invalid, Refused::InvalidPrincipal(invalid));
    }
    for status in [Status::Leaving, Status::Gone] {
        let mut agent = agent;
        agent.hot.status = status;
        refuses(&agent, &ann, BOB, Refused::NotActive(AGENT));
    }
    let mut busy = agent;
    busy.hot.obligations = 1;
    refuses(&busy, &ann, BOB, Refused::ObligationsOpen(AGENT, 1));
    busy.hot.obligations = 0;
    busy.hot.sub_agents = 2;
    refuses(&busy, &ann, BOB, Refused::SubAgentsRemain(AGENT, 2));
    let mut below = agent;
    below.bond.depth = 1;
    refuses(
        &below,
        &ann,
        BOB,
        Refused::PrincipalInherited(AGENT, Address::ZERO),
    );
    refuses(
        &agent,
        &Principal {
            appeal_until: 3,
            ..ann
        },
        BOB,
        Refused::IsBanned(ANN, 3),
    );
    refuses(
        &agent,
        &Principal {
            frozen_until: NOW,
            ..ann
        },
        BOB,
        Refused::IsFrozen(ANN, NOW),
    );
    let mut moved = agent;
    moved.history.previous = PARENT;
    moved.history.remembered_until = NOW;
    refuses(&moved, &ann, BOB, Refused::PrincipalRemembered(AGENT, NOW));
    assert!(
        releases(&moved, &ann, &none, PARENT).is_ok(),
        "back to the one remembered"
    );
    moved.history.remembered_until = NOW - 1;
    assert!(releases(&moved, &ann, &none, BOB).is_ok());

    let unknown = releases(&nobody(AGENT), &Principal::default(), &none, Address::ZERO);
    assert_eq!(
        unknown,
        Err(Refused::NotRegistered(AGENT)),
        "nobody's principal is nobody"
    );
    for to in [BOB, ANN] {
        let timed = |now| propose(&agent, Address::ZERO, &ann, &none, (to, NOW), at(now));
        assert!(timed(NOW).is_ok());
        assert_eq!(timed(NOW + 1), Err(Refused::Expired(NOW)));
    }
    let mut last = releases(&agent, &ann, &none, BOB).unwrap();
    last.releases = u16::MAX - 1;
    assert_eq!(
        releases(&agent, &ann, &last, BOB).map(|release| release.releases),
        Ok(u16::MAX)
    );
    last.releases = u16::MAX;
    assert_eq!(
        releases(&agent, &ann, &last, BOB),
        Err(Refused::CounterExhausted(AGENT))
    );
    let withdrawn = releases(&agent, &ann, &last, ANN).unwrap();
    assert_eq!(
        (withdrawn.to, withdrawn.releases),
        (Address::ZERO, u16::MAX)
    );
    last.changes = 5;
    assert_eq!(
        releases(&agent, &ann, &last, BOB).map(|release| release.releases),
        Ok(1)
    );
}

/// What an acceptance answers; nothing of the arguments is changed.
fn accepts(
    agent: &Agent,
    release: &Proposal,
    (ann, bob): (&Principal, &Principal),
    places: u32,
    now: u64,
) -> Result<(), Refused> {
    let (mut agent, mut ann, mut bob) = (*agent, *ann, *bob);
    accept(
        &mut agent,
        Address::ZERO,
        release,
        (&mut ann, &mut bob),
        places,
        secs(MEMORY),
        at(now),
    )
}

#[test]
fn an_accepted_agent_changes_sides_with_everything_it_is() {
    let (mut ann, mut bob) = (enrolled(ANN), enrolled(BOB));
    let mut agent = registered(AGENT, ANN, &mut ann, 4);
    agent.hot.reputation = milli(400_000);
    let release = releases(&agent, &ann, &Proposal::default(), BOB).unwrap();
    accept(
        &mut agent,
        Address::ZERO,
        &release,
        (&mut ann, &mut bob),
        2,
        secs(MEMORY),
        at(NOW + 50),
    )
    .unwrap();
    assert_eq!((agent.bond.principal, agent.bond.max_sub_agents), (BOB, 2));
    let remembered = History {
        previous: ANN,
        remembered_until: NOW + 50 + MEMORY,
        leaves_at: 0,
        changes: 1,
    };
    assert_eq!(agent.history, remembered);
    assert_eq!(
        (ann.agents, ann.producers, bob.agents, bob.producers),
        (0, 0, 1, 1)
    );
    assert_eq!(
        (ann.worst, bob.worst),
        (milli(400_000), milli(400_000)),
        "both answer for it"
    );
    let again = accepts(&agent, &release, (&ann, &bob), 2, NOW + 50);
    assert_eq!(
        again,
        Err(Refused::NoProposal(AGENT)),
        "a release is taken once"
    );
}

#[test]
fn each_refusal_of_an_acceptance_stands_beside_its_neighbour() {
    let (mut ann, bob) = (enrolled(ANN), enrolled(BOB));
    let agent = registered(AGENT, ANN, &mut ann, 0);
    let release = releases(&agent, &ann, &Proposal::default(), BOB).unwrap();
    let both = (&ann, &bob);
    assert_eq!(accepts(&agent, &release, both, 0, NOW + 50), Ok(()));
    let nothing = Err(Refused::NoProposal(AGENT));
    assert_eq!(accepts(&agent, &release, both, 0, NOW + 51), nothing);
    for other in [
        Proposal {
            to: Address::ZERO,
            ..release
        },
        Proposal {
            registrations: 2,
            ..release
        },
        Proposal {
            changes: 1,
            ..release
        },
        Proposal::default(),
    ] {
        assert_eq!(accepts(&agent, &other, both, 0, NOW), nothing);
    }
    let mut busy = agent;
    busy.hot.obligations = 1;
    assert_eq!(
        accepts(&busy, &release, both, 0, NOW),
        Err(Refused::ObligationsOpen(AGENT, 1))
    );
    let mut leaving = agent;
    leaving.hot.status = Status::Leaving;
    assert_eq!(
        accepts(&leaving, &release, both, 0, NOW),
        Err(Refused::NotActive(AGENT))
    );
    let banned = Principal {
        appeal_until: 1,
        ..ann
    };
    assert_eq!(
        accepts(&agent, &release, (&banned, &bob), 0, NOW),
        Err(Refused::IsBanned(ANN, 1))
    );
    for (heir, refused) in [
        (
            Principal {
                appeal_until: 1,
                ..bob
            },
            Refused::IsBanned(BOB, 1),
        ),
        (
            Principal {
                frozen_until: NOW,
                ..bob
            },
            Refused::IsFrozen(BOB, NOW),
        ),
        (
            Principal {
                leaves_at: 1,
                ..bob
            },
            Refused::IsLeaving(BOB),
        ),
        (
            Principal {
                enrolled_at: 0,
                ..bob
            },
            Refused::NotEnrolled(BOB),
        ),
        (
            Principal {
                agents: u16::MAX,
                ..bob
            },
            Refused::CounterExhausted(BOB),
        ),
    ] {
        assert_eq!(
            accepts(&agent, &release, (&ann, &heir), 0, NOW),
            Err(refused)
        );
    }
    let mut clerk = agent;
    clerk.hot.agent_type = AgentType::Management;
    let stranger = Principal::default();
    assert_eq!(
        accepts(&clerk, &release, (&ann, &stranger), 0, NOW),
        Ok(()),
        "clerks' principals need not enrol"
    );
    let most = u64::from(u16::MAX);
    assert_eq!(accepts(&agent, &release, both, 65_535, NOW), Ok(()));
    assert_eq!(
        accepts(&agent, &release, both, 65_536, NOW),
        Err(Refused::OutOfRange(65_536, most))
    );
    let mut moved = agent;
    moved.history.previous = PARENT;
    moved.history.remembered_until = NOW;
    assert_eq!(
        accepts(&moved, &release, both, 0, NOW),
        Err(Refused::PrincipalRemembered(AGENT, NOW))
    );
    let mut full = agent;
    full.history.changes = u16::MAX;
    let last = Proposal {
        changes: u16::MAX,
        ..release
    };
    assert_eq!(
        accepts(&full, &last, both, 0, NOW),
        Err(Refused::CounterExhausted(AGENT))
    );
}
