//! Pages of the statute: in any number of calls, by anybody, in their order, and no others.

use agentcity_abi::{ICollaboration as work, IEnactment as enacting, IStatute as wire};
use agentcity_domain::{
    parameter::ParameterId,
    peer::Peer,
    statute::{Node, Page, Predicate},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolError;

use crate::city::*;

#[test]
fn a_statute_is_written_as_code_page_by_page() {
    let city = City::new();
    let case = city.chain("long", 300);
    for page in 0..3 {
        city.call(case.tranche(page, page + 1)).unwrap();
        let told = city.take_told::<work::admitTrancheCall>(Peer::Collaboration);
        assert_eq!(told.len(), 1);
        assert_eq!(usize::from(told[0].firstPage), page);
        assert_eq!(told[0].missionId, case.mission);
        let deployment = city.deployment(&case);
        assert_eq!(usize::from(deployment.tranches), page + 1);
        assert_eq!(deployment.statuteRest, hash(&case.pages[page + 1..]));
    }
    let deployment = city.deployment(&case);
    assert_eq!((deployment.nodes, deployment.tokens), (300, 3_000));
    assert_eq!(deployment.budget, 300 * 300);
    for index in 0..3 {
        let asked = wire::pageCall {
            missionId: case.mission,
            index,
        };
        let found = city.call(asked).unwrap();
        assert_eq!(found.account, here().create(u64::from(index) + 1));
        let code = [&[0], &case.pages[usize::from(index)][..]].concat();
        assert_eq!(found.codehash, alloy_primitives::keccak256(code));
    }
    let beyond = wire::pageCall {
        missionId: case.mission,
        index: 3,
    };
    let found = city.call(beyond).unwrap();
    assert_eq!((found.account, found.codehash), (Address::ZERO, B256::ZERO));
}

#[test]
fn collaboration_learns_how_many_edges_lead_into_each_node() {
    let city = City::new();
    let mut nodes = chain(70);
    nodes[0].successors = vec![1, 2, 69];
    let case = city.case("edges", &nodes, &[], &seats_of(&nodes));
    city.call(case.tranche(0, 1)).unwrap();
    let told = &city.take_told::<work::admitTrancheCall>(Peer::Collaboration)[0];
    assert_eq!((told.firstPage, told.pages, told.firstOrdinal), (0, 1, 1));
    let mut counts = [[0u8; 32]; 3];
    for draft in &nodes {
        for to in &draft.successors {
            counts[usize::from(*to) / 32][usize::from(*to) % 32] += 1;
        }
    }
    let words: Vec<(u16, B256)> = told
        .degrees
        .iter()
        .map(|word| (word.group, word.counts))
        .collect();
    let expected: Vec<(u16, B256)> = (0..).zip(counts.map(B256::new)).collect();
    assert_eq!(words, expected);
    assert_eq!((counts[0][2], counts[2][5]), (2, 2));
}

#[test]
fn two_missions_are_deployed_in_turn_and_each_finds_its_own_pages() {
    let city = City::new();
    let (one, two) = (city.chain("one", 300), city.chain("two", 200));
    city.call(one.tranche(0, 1)).unwrap();
    city.call(two.tranche(0, 1)).unwrap();
    city.call(one.tranche(1, 3)).unwrap();
    city.call(two.tranche(1, 2)).unwrap();
    for (case, accounts) in [(&one, &[1, 3, 4][..]), (&two, &[2, 5])] {
        for (index, account) in (0..).zip(accounts) {
            let asked = wire::pageCall {
                missionId: case.mission,
                index,
            };
            assert_eq!(city.call(asked).unwrap().account, here().create(*account));
        }
        city.call(case.seating(0, case.seats.len())).unwrap();
        city.call(case.finalise()).unwrap();
    }
}

#[test]
fn predicates_are_read_from_the_first_page() {
    let city = City::new();
    let asked = Predicate {
        human: false,
        hard: true,
        target: Address::repeat_byte(7),
        codehash: B256::repeat_byte(8),
    };
    let human = Predicate {
        human: true,
        hard: false,
        target: Address::ZERO,
        codehash: B256::ZERO,
    };
    let nodes = chain(2);
    let case = city.case("gated", &nodes, &[asked, human], &seats_of(&nodes));
    let call = || wire::predicatesCall {
        missionId: case.mission,
    };
    assert_eq!(city.call(call()).unwrap(), []);
    city.call(case.tranche(0, 1)).unwrap();
    let as_wire = |predicate: Predicate| wire::Predicate {
        target: predicate.target,
        codehash: predicate.codehash,
        human: predicate.human,
        hard: predicate.hard,
    };
    assert_eq!(city.call(call()).unwrap(), [asked, human].map(as_wire));
}

#[test]
fn a_tranche_is_the_next_and_not_another() {
    let city = City::new();
    let case = city.chain("ordered", 300);
    let wrong = |expected, given| wire::WrongTranche {
        missionId: case.mission,
        expected,
        given,
    };
    city.refused(case.tranche(1, 2), wrong(0, 1));
    city.call(case.tranche(0, 1)).unwrap();
    city.refused(case.tranche(0, 1), wrong(1, 0));
    city.refused(case.tranche(2, 3), wrong(1, 2));
    city.call(case.tranche(1, 3)).unwrap();
    city.refused(case.tranche(0, 3), wrong(3, 0));
}

#[test]
fn a_call_brings_a_page_at_least() {
    let city = City::new();
    let case = city.chain("empty", 300);
    city.refused(case.tranche(0, 0), case.broken(0, 0, 2));
    city.call(case.tranche(0, 1)).unwrap();
    city.refused(case.tranche(1, 1), case.broken(1, 0, 2));
}

#[test]
fn only_a_pending_mission_is_deployed_and_until_its_deadline() {
    let city = City::new();
    let case = city.chain("timely", 2);
    let unknown = B256::repeat_byte(9);
    let mut call = case.tranche(0, 1);
    call.missionId = unknown;
    city.refused(call, wire::UnknownMission { missionId: unknown });
    for state in 2..9 {
        city.facts_mut()
            .missions
            .get_mut(&case.mission)
            .unwrap()
            .state = work::MissionState::try_from(state).unwrap();
        let wrong = || wire::WrongMissionState {
            missionId: case.mission,
            state: wire::MissionState::try_from(state).unwrap(),
        };
        city.refused(case.tranche(0, 1), wrong());
        city.refused(case.seating(0, 1), wrong());
        city.refused(case.finalise(), wrong());
    }
    city.facts_mut()
        .missions
        .get_mut(&case.mission)
        .unwrap()
        .state = work::MissionState::Pending;
    let until = city.deadline();
    city.world.warp(LIFE + 1);
    let late = || wire::TooLate {
        until: U256::from(until).to(),
    };
    city.refused(case.tranche(0, 1), late());
    city.refused(case.seating(0, 1), late());
    city.refused(case.finalise(), late());

    // At the last second it is in time.
    let city = City::new();
    let case = city.chain("timely", 2);
    city.world.warp(LIFE);
    city.deploy(&case);
    city.call(case.finalise()).unwrap();
}

#[test]
fn a_law_that_is_not_approved_is_not_deployed() {
    let city = City::new();
    let case = city.chain("waiting", 2);
    city.facts_mut()
        .laws
        .get_mut(&case.session)
        .unwrap()
        .approved = false;
    let statute = hash(&case.pages);
    city.refused(case.tranche(0, 1), case.unapproved(statute, B256::ZERO));
    city.facts_mut()
        .laws
        .get_mut(&case.session)
        .unwrap()
        .approved = true;
    city.call(case.tranche(0, 1)).unwrap();
}

/// Each rule of a node, broken in one page that was approved all the same: the contract trusts no approval of what is no law.
#[test]
fn a_page_that_breaks_a_rule_is_refused_with_the_byte_and_the_rule() {
    type Change = fn(&mut Node);
    let change: [(u8, Change); 8] = [
        (1, |n| n.digest = B256::ZERO),
        (3, |n| n.tier = 0),
        (3, |n| n.threshold = 2),
        (3, |n| n.risk = 3),
        (4, |n| n.timeout_ms = 60_001),
        (5, |n| n.budget = 0),
        (6, |n| n.tokens = 100_001),
        (7, |n| n.tokens = 0),
    ];
    for (index, (rule, change)) in change.into_iter().enumerate() {
        let city = City::new();
        let mut nodes = chain(2);
        change(&mut nodes[1].node);
        let offset = if rule == 7 {
            nodes[1].successors = vec![0];
            Page::offset_of(2) + 2
        } else {
            Page::offset_of(1)
        };
        let case = city.case("broken", &nodes, &[], &[]);
        city.refused(case.tranche(0, 1), case.broken(0, offset, rule));
        println!("case {index}: rule {rule} at {offset}");
    }
}

#[test]
fn bounds_are_those_of_the_missions_epoch() {
    let city = City::new();
    let case = city.chain("bounded", 2);
    let id = ParameterId::MaxNodeTimeoutMs as u8;
    city.facts_mut().in_force.insert(id, 1_000);
    city.facts_mut().of_law.insert(id, 59_999);
    city.refused(case.tranche(0, 1), case.broken(0, 4, 4));
    city.facts_mut().of_law.insert(id, 60_000);
    city.call(case.tranche(0, 1)).unwrap();
}

#[test]
fn pages_end_with_the_last_node_and_not_before() {
    let city = City::new();
    let nodes = vec![draft(node(1), &[]); 130];
    let whole = agentcity_domain::statute::encode::statute(&nodes, &[]).unwrap();
    let count = |nodes, pages: &[Vec<u8>]| {
        let case = city.case_of(&format!("{nodes}"), nodes, pages.to_vec(), Vec::new());
        let last = pages.len() as u16 - 1;
        (case.tranche(0, pages.len()), case.clone(), last)
    };
    let (call, case, last) = count(258, &whole);
    // The second page is not full, and more nodes are to come.
    city.refused(call, case.broken(last, 0, 2));
    let (call, case, last) = count(128, &whole);
    city.refused(call, case.broken(last, 0, 2));
    let (call, case, last) = count(129, &whole[..1]);
    city.refused(call, case.broken(last, 0, 2));
    let (call, ..) = count(130, &whole);
    city.call(call).unwrap();
}

#[test]
fn tokens_of_all_nodes_are_held_to_the_missions() {
    let city = City::new();
    let mut nodes = chain(2);
    nodes[0].node.tokens = 100_000;
    let case = city.case("thirsty", &nodes, &[], &[]);
    city.refused(case.tranche(0, 1), case.unmet(6, 100_010, 100_000));
    let id = ParameterId::MissionBudgetCap as u8;
    city.facts_mut().of_law.insert(id, 100_010);
    city.call(case.tranche(0, 1)).unwrap();
}

#[test]
fn only_a_law_that_replaces_a_mission_takes_nodes_over() {
    let city = City::new();
    let mut nodes = chain(130);
    for number in [0, 129] {
        nodes[number].node = Node {
            digest: B256::repeat_byte(3),
            ..Node::default()
        };
    }
    let seats = seats_of(&nodes);
    let case = city.case("heir", &nodes, &[], &seats);
    city.refused(case.tranche(0, 2), case.broken(0, 4, 3));
    let law = |kind| {
        city.facts_mut().laws.get_mut(&case.session).unwrap().kind = kind;
    };
    for kind in [enacting::SessionKind::Child, enacting::SessionKind::Partial] {
        law(kind);
        city.refused(case.tranche(0, 2), case.broken(0, 4, 3));
    }
    law(enacting::SessionKind::Full);
    // What the first call learnt of the law holds for the second.
    city.call(case.tranche(0, 1)).unwrap();
    city.call(case.tranche(1, 2)).unwrap();
    city.call(case.seating(0, 9)).unwrap();
    city.call(case.finalise()).unwrap();
}

#[test]
fn what_collaboration_refuses_was_never_written() {
    let city = City::new();
    let case = city.chain("refused", 2);
    let refusal = work::TooManyEdges {
        missionId: case.mission,
        node: 1,
        degree: 17,
        limit: 16,
    };
    let peer = Peer::Collaboration as u8;
    city.facts_mut().refusing.insert(peer, refusal.abi_encode());
    city.refused(case.tranche(0, 1), refusal);
    city.facts_mut().refusing.clear();
    city.call(case.tranche(0, 1)).unwrap();
    let first = wire::pageCall {
        missionId: case.mission,
        index: 0,
    };
    assert_eq!(city.call(first).unwrap().account, here().create(1));
}

#[test]
fn a_call_carries_at_most_sixty_four_pages() {
    let city = City::new();
    let case = city.chain("many", 2);
    let mut call = case.tranche(0, 1);
    let zero = B256::ZERO;
    call.pages = vec![Bytes::new(); 65];
    city.refused(call.clone(), wire::MalformedCall {});
    call.pages.truncate(64);
    let keccak = |bytes: &[u8]| alloy_primitives::keccak256(bytes);
    let empty = call.pages.iter().map(|page| &page[..]);
    let found = agentcity_domain::statute::fold::fold(&keccak, empty, zero);
    city.refused(call, case.unapproved(hash(&case.pages), found));
}
