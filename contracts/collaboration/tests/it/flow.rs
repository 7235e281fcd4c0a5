//! Missions from creation to their ends.

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, keccak256};

use crate::city::*;

const LINE: &[(u16, u16)] = &[(0, 1), (1, 2)];

#[test]
fn a_mission_goes_from_its_law_to_the_gate_and_out() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1, 2, 3], LINE));
    assert_eq!(
        city.states(mission),
        (2, vec![2, 1, 1]),
        "the root may begin"
    );
    city.begin(mission, 0).expect("routed");
    assert_eq!(city.states(mission), (3, vec![3, 1, 1]));
    city.complete(mission, 0).expect("done");
    assert_eq!(city.states(mission), (3, vec![6, 2, 1]));
    let told = city.told();
    assert!(
        told.contains(&Told::Settled(
            mission,
            0,
            BUDGET,
            vec![(agent(1), 500_000, PRICE)]
        )),
        "paid its price, with the reputation it had when it began: {told:?}"
    );
    assert!(told.contains(&Told::Scored(agent(1), 1_000, (PRICE / SCALE) as u64)));
    city.begin(mission, 1).expect("routed");
    city.complete(mission, 1).expect("done");
    city.begin(mission, 2).expect("routed");
    city.complete(mission, 2).expect("done");
    assert_eq!(city.states(mission), (4, vec![6, 6, 6]), "at the gate");
    assert_eq!(city.node(mission, 1).outputHash, output(1));
    city.order(order(wire::Order::Release, mission))
        .expect("out");
    assert_eq!(city.states(mission).0, MissionState::Completed.number());
    assert!(city.told().contains(&Told::Closing(mission, 259_200)));
    for number in 1..=3 {
        let call = wire::releaseAgentCall {
            missionId: mission,
            agent: agent(number),
        };
        city.call(STRANGER, call.clone()).expect("released");
        let expected = wire::NotSeated {
            missionId: mission,
            node: 0,
            agent: agent(number),
        };
        city.refused(STRANGER, call, expected);
    }
    let told = city.told();
    assert!(told.contains(&Told::Released(mission, agent(2))));
    assert!(told.contains(&Told::Completed(agent(3))));
}

#[test]
fn the_digest_runs_over_every_completed_node() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1, 1], &[(0, 1)]));
    let digest = || {
        let call = wire::completionDigestCall { missionId: mission };
        city.call(STRANGER, call).expect("a digest")
    };
    let mut expected = B256::ZERO;
    for node in [0u16, 1] {
        assert_eq!(digest(), expected);
        city.begin(mission, node).expect("routed");
        city.complete(mission, node).expect("done");
        let mut which = B256::ZERO;
        which[29..31].copy_from_slice(&node.to_be_bytes());
        let words = [expected, which, output(node), B256::repeat_byte(0x77)];
        expected = keccak256(words.concat());
    }
    assert_eq!(digest(), expected);
}

#[test]
fn only_the_sponsor_of_a_law_creates_its_mission_and_once() {
    let city = City::new();
    let session = city.law("a", city.root_law(3));
    let call = |deadline: u64| wire::createMissionCall {
        sessionId: session,
        deadline: deadline.try_into().unwrap(),
    };
    let now = city.world.now();
    let stranger = wire::Unauthorized { caller: STRANGER };
    city.refused(STRANGER, call(now + 10), stranger);
    let late = wire::TooLate {
        until: (now + DURATION).try_into().unwrap(),
    };
    city.refused(SPONSOR, call(now), late.clone());
    city.refused(SPONSOR, call(now + DURATION + 1), late);
    let mission = city.call(SPONSOR, call(now + DURATION)).expect("created");
    assert_eq!(city.told(), [Told::Opened(mission, SPONSOR)]);
    let done = wire::AlreadyDone {
        missionId: mission,
        node: 0,
        agent: SPONSOR,
    };
    city.refused(SPONSOR, call(now + 10), done);
    let found = city.mission(mission);
    assert_eq!(
        (found.sponsor, found.sessionId, found.nodes, found.epoch),
        (SPONSOR, session, 3, EPOCH)
    );
}

#[test]
fn a_law_that_makes_no_mission_or_a_sponsor_who_may_not_is_refused() {
    let city = City::new();
    let none = |session| wire::NotApproved {
        missionId: session,
        expected: keccak256("statute"),
        found: B256::ZERO,
    };
    let call = |session| wire::createMissionCall {
        sessionId: session,
        deadline: (city.world.now() + 5).try_into().unwrap(),
    };
    for (name, law) in [
        (
            "unapproved",
            Law {
                approved: false,
                ..city.root_law(1)
            },
        ),
        (
            "partial",
            Law {
                kind: PARTIAL,
                ..city.root_law(1)
            },
        ),
        ("empty", city.root_law(0)),
    ] {
        let session = city.law(name, law);
        city.refused(SPONSOR, call(session), none(session));
    }
    let other = Address::repeat_byte(0x51);
    let session = city.law(
        "other",
        Law {
            sponsor: other,
            ..city.root_law(1)
        },
    );
    let unknown = wire::AgentRefused {
        agent: other,
        rule: 4,
    };
    city.refused(other, call(session), unknown);
    city.peers.borrow_mut().banned.push(other);
    let banned = wire::AgentRefused {
        agent: other,
        rule: 8,
    };
    city.refused(other, call(session), banned);
}

#[test]
fn peers_alone_admit_judge_order_and_reassign() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1], &[]));
    let expected = wire::Unauthorized { caller: STRANGER };
    let no = || expected.clone();
    city.refused(
        STRANGER,
        city.verdict(mission, 0, NodeState::Completed, 0, vec![]),
        no(),
    );
    city.refused(STRANGER, city.reassigning(mission, 0, &[agent(1)]), no());
    city.refused(
        STRANGER,
        wire::interveneCall {
            intervention: order(wire::Order::Halt, mission),
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::activateMissionCall {
            missionId: mission,
            epoch: 1,
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::abortMissionCall {
            missionId: mission,
            justificationHash: B256::ZERO,
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::abortForFaultCall {
            missionId: mission,
            agents: vec![],
            justificationHash: B256::ZERO,
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::admitTrancheCall {
            missionId: mission,
            firstPage: 0,
            pages: vec![],
            degrees: vec![],
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::admitSeatsCall {
            missionId: mission,
            firstPage: 0,
            pages: vec![],
            agents: vec![],
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::acceptSeatForCall {
            missionId: mission,
            node: 0,
            attempt: 0,
            executor: agent(1),
        },
        no(),
    );
    // Each of them is let in where it belongs.
    let taken = wire::acceptSeatForCall {
        missionId: mission,
        node: 0,
        attempt: 0,
        executor: agent(1),
    };
    city.call(member(Peer::Statute), taken).expect("taken");
}

#[test]
fn a_thousand_roots_of_five_thousand_nodes_begin_without_a_word_of_their_own() {
    const NODES: u16 = 5_000;
    let city = City::new();
    let mission = city.create("large", city.root_law(NODES)).expect("created");
    // Each of the first thousand leads into four of the others.
    let edges = |from: u16| (from < 1_000).then(|| (0..4).map(move |i| 1_000 + from * 4 + i));
    let mut plan = Plan::of(&vec![1; NODES.into()], &[]);
    plan.seats.clear();
    for (draft, from) in plan.nodes.iter_mut().zip(0..) {
        draft.successors = edges(from).into_iter().flatten().collect();
    }
    let (pages, degrees) = city.pages(mission, &plan);
    let call = wire::admitTrancheCall {
        missionId: mission,
        firstPage: 0,
        pages,
        degrees,
    };
    city.call(member(Peer::Statute), call).expect("admitted");
    let before = city.world.storage(here()).len();
    city.world.take_logs();
    city.activate(mission).expect("active");
    let words = city.world.storage(here()).len() - before;
    let expected = usize::from(NODES.div_ceil(64)) + 1;
    assert_eq!(words, expected, "the states, and since when");
    assert_eq!(city.world.take_events::<wire::NodeEligible>().len(), 1_000);
    let (state, states) = city.states(mission);
    assert_eq!(state, MissionState::Active.number());
    for (number, state) in states.iter().enumerate() {
        assert_eq!(*state, if number < 1_000 { 2 } else { 1 }, "{number}");
    }
    assert_eq!(
        city.expires_at(mission, 999),
        city.world.now() + CLOSES + ROUTE
    );
}

#[test]
fn pages_come_in_their_order_and_no_node_has_more_edges_than_it_may() {
    let city = City::new();
    let mission = city.create("pages", city.root_law(40)).expect("created");
    let statute = member(Peer::Statute);
    let call = |first: u16, edges: u8| {
        let mut counts = [0; 32];
        counts[3] = edges;
        wire::admitTrancheCall {
            missionId: mission,
            firstPage: first,
            pages: vec![STRANGER],
            degrees: vec![wire::DegreeWord {
                group: 1,
                counts: counts.into(),
            }],
        }
    };
    let next = |expected, given| wire::WrongPage {
        missionId: mission,
        expected,
        given,
    };
    city.refused(statute, call(1, 1), next(0, 1));
    city.call(statute, call(0, 9)).expect("the first");
    city.refused(statute, call(0, 1), next(1, 0));
    let many = wire::TooManyEdges {
        missionId: mission,
        node: 35,
        degree: 17,
        limit: 16,
    };
    city.refused(statute, call(1, 8), many);
    city.call(statute, call(1, 7)).expect("sixteen");
}
