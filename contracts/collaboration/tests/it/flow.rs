//! Missions from creation to their ends.

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{mission::record::Pages, peer::Peer, statute::encode};
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
            progress: B256::ZERO,
            firstPage: 0,
            pages: 0,
            firstOrdinal: 1,
            degrees: vec![],
        },
        no(),
    );
    city.refused(
        STRANGER,
        wire::admitSeatsCall {
            missionId: mission,
            progress: B256::ZERO,
            firstPage: 0,
            pages: 0,
            firstOrdinal: 1,
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
    let before = city.world.storage(here()).len();
    let ((pages, first), degrees) = city.pages(&plan);
    let mut progress = Pages::default();
    progress.set_first_page(first);
    let call = wire::admitTrancheCall {
        missionId: mission,
        progress: progress.0,
        firstPage: 0,
        pages,
        firstOrdinal: first,
        degrees,
    };
    city.call(member(Peer::Statute), call).expect("admitted");
    city.world.take_logs();
    city.activate(mission).expect("active");
    let words = city.world.storage(here()).len() - before;
    // Forty pages in words of eight, and the word of the first, which says since when it is law.
    let expected = usize::from(NODES.div_ceil(32)) + 5 + 1;
    assert_eq!(words, expected, "states with open edges, and the pages");
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
fn no_node_has_more_edges_into_it_than_it_may() {
    let city = City::new();
    let mission = city.create("pages", city.root_law(40)).expect("created");
    let statute = member(Peer::Statute);
    let call = |first: u16, edges: u8| {
        let mut counts = [0; 32];
        counts[3] = edges;
        wire::admitTrancheCall {
            missionId: mission,
            progress: B256::ZERO,
            firstPage: first,
            pages: 1,
            firstOrdinal: 1,
            degrees: vec![wire::DegreeWord {
                group: 1,
                counts: counts.into(),
            }],
        }
    };
    city.call(statute, call(0, 9)).expect("the first");
    let many = |degree| wire::TooManyEdges {
        missionId: mission,
        node: 35,
        degree,
        limit: 16,
    };
    city.refused(statute, call(1, 8), many(17));
    city.refused(statute, call(1, 255), many(255));
    city.call(statute, call(1, 7)).expect("sixteen");
}

#[test]
fn every_page_is_found_by_its_ordinal_whatever_was_created_between() {
    let city = City::new();
    let mission = city.create("pages", city.root_law(300)).expect("created");
    let mut plan = Plan::of(&[1; 300], &[]);
    for (draft, number) in plan.nodes.iter_mut().zip(0..) {
        draft.node.timeout_ms = 10_000 + number;
    }
    let pages = encode::statute(&plan.nodes, &[]).expect("pages");
    let seats = encode::seats(300, &plan.seats).expect("seats");
    let statute = member(Peer::Statute);
    let mut word = Pages::default();
    let bring = |of_seats: bool, from: usize, to: usize, word: &mut Pages| {
        let of = if of_seats { &seats } else { &pages };
        // Somebody else's page comes between.
        city.write(&[vec![9]]);
        let (count, first) = city.write(&of[from..to]);
        match (from, of_seats) {
            (0, false) => word.set_first_page(first),
            (0, true) => word.set_first_seats(first),
            _ => {}
        }
        let (progress, from) = (word.0, from as u16);
        let told = if of_seats {
            let call = wire::admitSeatsCall {
                missionId: mission,
                progress,
                firstPage: from,
                pages: count,
                firstOrdinal: first,
                agents: vec![agent(1)],
            };
            city.call(statute, call).map(|_| ())
        } else {
            let call = wire::admitTrancheCall {
                missionId: mission,
                progress,
                firstPage: from,
                pages: count,
                firstOrdinal: first,
                degrees: vec![],
            };
            city.call(statute, call).map(|_| ())
        };
        told.expect("admitted");
    };
    bring(false, 0, 2, &mut word);
    bring(true, 0, 9, &mut word);
    bring(false, 2, 3, &mut word);
    bring(true, 9, 19, &mut word);
    city.activate(mission).expect("active");
    for node in [0, 127, 128, 255, 256, 299] {
        let law = &plan.nodes[usize::from(node)].node;
        assert_eq!(city.assignment(mission, node).digest, law.digest, "{node}");
        let seat = wire::seatCall {
            missionId: mission,
            index: node,
            place: 0,
        };
        let found = city.call(STRANGER, seat).expect("a seat");
        let expected = plan.seats.iter().find(|seat| seat.node == node).unwrap();
        assert_eq!(found.agent, expected.agent, "{node}");
    }
    let asked = |seats, word| wire::pageOrdinalsCall {
        missionId: mission,
        seats,
        word,
    };
    let ordinals = |seats, word| {
        let word = city.call(STRANGER, asked(seats, word)).expect("ordinals");
        let at = |at: usize| u32::from_be_bytes(word[4 * at..4 * at + 4].try_into().unwrap());
        [0, 1, 2, 3, 4, 5, 6, 7].map(at)
    };
    // Of page zero the deployment's word says it.
    assert_eq!(ordinals(false, 0), [0, 3, 15, 0, 0, 0, 0, 0]);
    assert_eq!(ordinals(true, 0), [0, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(ordinals(true, 1), [13, 17, 18, 19, 20, 21, 22, 23]);
    assert_eq!(ordinals(true, 2), [24, 25, 26, 0, 0, 0, 0, 0]);
    let asked = wire::deploymentCall { missionId: mission };
    let found = Pages(city.call(STRANGER, asked).expect("a deployment").progress);
    assert!(found.are_law());
    assert_eq!((found.first_page(), found.first_seats()), (2, 5));
    assert_eq!(found.activated(), city.world.now());
}

#[test]
fn obligations_of_many_are_opened_in_calls_that_the_agent_contract_takes() {
    let city = City::new();
    let mission = city.create("many", city.root_law(1)).expect("created");
    let many = |number: u8| Address::repeat_byte(number);
    for number in 1..=150 {
        let worker = Worker {
            principal: principal(number % 3),
            previous: Address::ZERO,
            bars: u8::from(number == 77),
            score: 500,
            enrolled_at: 0,
        };
        city.peers.borrow_mut().workers.insert(many(number), worker);
    }
    let mut agents: Vec<Address> = (1..=150).map(many).collect();
    // Twice near each other, and far from each other.
    agents.insert(3, many(2));
    agents.push(many(1));
    let call = wire::admitSeatsCall {
        missionId: mission,
        progress: B256::ZERO,
        firstPage: 0,
        pages: 1,
        firstOrdinal: 1,
        agents,
    };
    city.told();
    city.call(member(Peer::Statute), call).expect("seated");
    let active = (1..=150).filter(|number| *number != 77);
    let expected: Vec<Told> = active.map(|number| Told::Obliged(many(number))).collect();
    assert_eq!(city.told(), expected, "each once, but for who left");
    for number in 0..3 {
        let asked = wire::isInterestedCall {
            missionId: mission,
            principal: principal(number),
        };
        assert!(city.call(STRANGER, asked).expect("a view"));
    }
}
