//! K16, L-07: a failed node of a mission given anew by a partial session.

use agentcity_abi::{ICollaboration as work, IEnactment as wire};
use agentcity_domain::peer::Peer;
use agentcity_domain::statute::encode;
use agentcity_sessions::{
    City, Kind, State, agent, member,
    steps::{Case, SHARE, hash, node},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

const PAGE: Address = Address::repeat_byte(0x9a);

/// A mission of four nodes that is law and deployed: 0 to 3 won one each.
fn deployed() -> (City, Case, B256) {
    let city = City::new();
    let case = city.decided("first", &[node(1); 4]);
    city.proposed(&case);
    for place in 0..4u16 {
        let own = usize::from(place);
        city.bids(&case, place, &[(own, SHARE / 2), ((own + 1) % 4, SHARE)]);
    }
    city.close(&case);
    city.regulated(&case);
    city.codified(&case);
    city.approved(&case);
    assert_eq!(city.law_of(case.id).fairness, 1_000);
    let mission = B256::repeat_byte(0x31);
    let page = [&[0], &case.pages[0][..]].concat();
    city.world.data(PAGE, &page);
    let mut facts = city.facts_mut();
    facts.missions.insert(mission, case.id);
    facts.pages.insert((mission, 0), PAGE);
    drop(facts);
    (city, case, mission)
}

/// A partial session about a node, for which one agent bids; as far as it is law.
fn again(city: &City, name: &str, first: &Case, (mission, place): (B256, u16), i: usize) -> Case {
    let case = city.decided_as(name, &first.nodes, Kind::Partial, (mission, place));
    city.proposed(&case);
    city.bids(&case, place, &[(i, SHARE / 3)]);
    city.close(&case);
    city.regulated(&case);
    city.codified(&case);
    city.approved(&case);
    case
}

fn apply(case: &Case) -> wire::applyReassignmentCall {
    wire::applyReassignmentCall { sessionId: case.id }
}

#[test]
fn a_node_given_anew_has_its_seats_and_the_fairness_of_the_whole() {
    let (city, first, mission) = deployed();
    // Who has node 0 gets node 3, too: 2, 1, 1, 0 of four who could win.
    let case = again(&city, "second", &first, (mission, 3), 0);
    let law = city.law_of(case.id);
    assert_eq!(
        (law.kind, law.missionId, law.node),
        (Kind::Partial, mission, 3)
    );
    // 1000 · (16 − 6) ÷ (16 − 4).
    assert_eq!(law.fairness, 833);
    let call = wire::awardedCall {
        sessionId: case.id,
        node: 3,
    };
    let won = city.enact(call).unwrap();
    assert_eq!(won.seats.len(), 1);
    assert_eq!(won.seats[0].agent, agent(0).address);
    // Its assignments are the page of seats in which the node stands, with that node alone.
    let seat = &city.seats(&case)[0];
    let pages = encode::seats(4, &[*seat]).unwrap();
    assert_eq!(law.assignmentsHash, hash(&pages));
    city.world.take_logs();
    city.enact(apply(&case)).unwrap();
    let logs = city.world.take_logs();
    let told =
        work::reassignNodeCall::abi_decode_validate(&logs.last().unwrap().data.data).unwrap();
    assert_eq!(
        (told.missionId, told.node, told.sessionId),
        (mission, 3, case.id)
    );
    assert_eq!(told.seats.len(), 1);
    assert_eq!(
        (told.seats[0].agent, told.seats[0].price),
        (agent(0).address, SHARE / 3)
    );
    assert_eq!(logs.last().unwrap().address, member(Peer::Collaboration));
    city.refuses(
        Peer::Enactment,
        apply(&case),
        wire::AlreadyDone {
            id: case.id,
            who: Address::ZERO,
        },
    );
}

#[test]
fn what_was_given_anew_is_counted_when_the_next_node_is() {
    let (city, first, mission) = deployed();
    let second = again(&city, "second", &first, (mission, 3), 0);
    // Not applied yet, it is not counted.
    let third = again(&city, "third", &first, (mission, 2), 0);
    assert_eq!(city.law_of(third.id).fairness, 833);
    city.enact(apply(&second)).unwrap();
    city.enact(apply(&third)).unwrap();
    // Now 3, 1, 0, 0: and the same node again, back to whom it was taken from.
    let fourth = again(&city, "fourth", &first, (mission, 3), 3);
    // 2, 1, 0, 1.
    assert_eq!(city.law_of(fourth.id).fairness, 833);
    city.enact(apply(&fourth)).unwrap();
    let fifth = again(&city, "fifth", &first, (mission, 2), 2);
    assert_eq!(city.law_of(fifth.id).fairness, 1_000);
    // Of an outsider the mission has one bidder more.
    let sixth = again(&city, "sixth", &first, (mission, 1), 7);
    // 2, 0, 0, 1, 1 of five: 1000 · (16 − 6) ÷ (16 − 4).
    assert_eq!(city.law_of(sixth.id).fairness, 833);
}

#[test]
fn what_collaboration_refuses_stays_to_be_done() {
    let (city, first, mission) = deployed();
    let case = again(&city, "second", &first, (mission, 3), 0);
    let refusal = b"not yet".to_vec();
    city.facts_mut()
        .refusing
        .insert(Peer::Collaboration as u8, refusal.clone());
    let before = city.storage();
    assert_eq!(city.enact(apply(&case)).err(), Some(refusal));
    assert_eq!(city.storage(), before);
    city.facts_mut().refusing.clear();
    city.enact(apply(&case)).unwrap();
}

#[test]
fn only_a_partial_session_that_is_law_gives_a_node_anew() {
    let (city, first, mission) = deployed();
    let refused = wire::WrongSessionState {
        sessionId: first.id,
        state: State::Deployed as u8,
    };
    city.refuses(Peer::Enactment, apply(&first), refused);
    let case = city.decided_as("open", &first.nodes, Kind::Partial, (mission, 3));
    city.proposed(&case);
    let refused = wire::WrongSessionState {
        sessionId: case.id,
        state: State::BiddingOpen as u8,
    };
    city.refuses(Peer::Enactment, apply(&case), refused);
}

#[test]
fn a_partial_session_without_the_missions_page_awards_nothing() {
    let (city, first, mission) = deployed();
    let case = city.decided_as("lost", &first.nodes, Kind::Partial, (mission, 3));
    city.proposed(&case);
    city.bids(&case, 3, &[(0, 1)]);
    city.close(&case);
    let call = city.awarding(&case);
    let page = city.facts_mut().pages.remove(&(mission, 0)).unwrap();
    city.refuses(Peer::Enactment, call.clone(), wire::Unknown { id: mission });
    city.facts_mut().pages.insert((mission, 0), page);
    city.enact(call).unwrap();
    assert_eq!(city.award_of(&case, 3).0, [0]);
}
