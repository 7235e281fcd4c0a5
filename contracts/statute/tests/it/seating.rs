//! Pages of seats: who executes what for how much, and the stakes behind it.

use agentcity_abi::{
    IAgent as agents, ICollaboration as work, IStatute as wire, ITreasury as treasury,
};
use agentcity_domain::{
    peer::Peer,
    statute::{Seat, seats::SEAT},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolError;

use crate::city::*;

/// A mission of one node for three, one for one, whose seats `change` may spoil.
fn with(city: &City, change: impl Fn(&mut Vec<Seat>)) -> Case {
    let nodes = [draft(node(2), &[1]), draft(node(1), &[])];
    let mut seats = seats_of(&nodes);
    change(&mut seats);
    let case = city.case("seated", &nodes, &[], &seats);
    city.call(case.tranche(0, 1)).expect("pages");
    city.world.take_logs();
    case
}

#[test]
fn seats_are_written_and_their_stakes_locked_out_of_the_sessions_reserve() {
    let city = City::new();
    let pool = B256::repeat_byte(0x99);
    let case = with(&city, |seats| {
        // The first agent works at both nodes; the second is backed by a pool.
        seats[3].agent = agent(0);
        seats[3].source = agent(0).into_word();
        seats[1].source = pool;
    });
    city.call(case.seating(0, 1)).unwrap();
    let logs = city.world.take_logs();
    let of = |peer| logs.iter().filter(move |log| log.address == member(peer));
    let locked: Vec<treasury::lockStakesCall> = of(Peer::Treasury)
        .map(|log| alloy_sol_types::SolCall::abi_decode_validate(&log.data.data).unwrap())
        .collect();
    let stake = |number, source: B256, amount, price| treasury::Stake {
        agent: agent(number),
        source,
        amount,
        price,
    };
    let stakes = treasury::lockStakesCall {
        missionId: case.mission,
        sessionId: case.session,
        stakes: vec![
            stake(0, agent(0).into_word(), 50 + 50, 100 + 300),
            stake(1, pool, 51, 100),
            stake(2, agent(2).into_word(), 52, 100),
        ],
    };
    assert_eq!(locked, [stakes], "one call for all");
    let admitted: Vec<work::admitSeatsCall> = of(Peer::Collaboration)
        .map(|log| alloy_sol_types::SolCall::abi_decode_validate(&log.data.data).unwrap())
        .collect();
    assert_eq!(
        admitted,
        [work::admitSeatsCall {
            missionId: case.mission,
            progress: admitted[0].progress,
            firstPage: 0,
            pages: 1,
            firstOrdinal: 2,
            agents: vec![agent(0), agent(1), agent(2)],
        }]
    );
    assert_eq!(admitted[0].progress[23..31], [0, 0, 0, 1, 0, 0, 0, 2]);
    let asked = wire::seatPageCall {
        missionId: case.mission,
        index: 0,
    };
    assert_eq!(city.call(asked).unwrap().account, here().create(2));
    assert_eq!(city.deployment(&case).seatPages, 1);
}

#[test]
fn seats_follow_their_nodes_page_by_page_over_pages_of_the_statute() {
    let city = City::new();
    let case = city.chain("long", 260);
    city.call(case.tranche(0, 1)).unwrap();
    // Eight pages of seats belong to the first page of the statute; the ninth has to wait for the second.
    city.call(case.seating(0, 7)).unwrap();
    city.refused(case.seating(7, 9), case.broken(8, 0, 2));
    city.call(case.seating(7, 8)).unwrap();
    city.call(case.tranche(1, 3)).unwrap();
    city.call(case.seating(8, 17)).unwrap();
    assert_eq!(city.deployment(&case).assignmentsRest, B256::ZERO);
    let wrong = wire::WrongTranche {
        missionId: case.mission,
        expected: 17,
        given: 16,
    };
    city.refused(case.seating(16, 17), wrong);
    city.call(case.finalise()).unwrap();
}

#[test]
fn seats_before_any_node_are_refused() {
    let city = City::new();
    let case = city.chain("early", 2);
    city.refused(case.seating(0, 1), case.broken(0, 0, 2));
}

#[test]
fn other_seats_than_the_awarded_ones_are_refused() {
    let city = City::new();
    let case = city.chain("awarded", 40);
    city.call(case.tranche(0, 1)).unwrap();
    let awaited = hash(&case.seats);
    let mut call = case.seating(0, 1);
    let mut page = call.pages[0].to_vec();
    page[5] ^= 1;
    call.pages[0] = page.clone().into();
    let mut found = case.seats.clone();
    found[0] = page;
    city.refused(call, case.unapproved(awaited, hash(&found)));
    city.call(case.seating(0, 3)).unwrap();
}

#[test]
fn a_page_of_seats_that_breaks_a_rule_is_refused_with_the_byte_and_the_rule() {
    let refused = |rule: u8, offset: usize, change: fn(&mut Vec<Seat>)| {
        let city = City::new();
        let case = with(&city, change);
        city.refused(case.seating(0, 1), case.broken(0, offset, rule));
    };
    refused(9, SEAT, |seats| {
        seats.remove(1);
    });
    refused(9, 3 * SEAT, |seats| seats.truncate(3));
    refused(9, 4 * SEAT, |seats| {
        seats.push(Seat {
            seat: 1,
            ..seats[3]
        });
    });
    refused(10, 2 * SEAT, |seats| seats[2].price = 101);
    refused(10, 3 * SEAT, |seats| seats[3].price = 301);
    // INV-STATUTE-05.
    refused(11, 2 * SEAT, |seats| {
        (seats[2].agent, seats[2].source) = (seats[0].agent, seats[0].source);
    });
    refused(1, 0, |seats| seats[0].service = B256::ZERO);
}

#[test]
fn what_treasury_or_agent_refuse_was_never_written() {
    let city = City::new();
    let case = with(&city, |_| ());
    let poor = treasury::InsufficientStake {
        source: agent(0).into_word(),
        available: U256::from(1),
        needed: U256::from(50),
    };
    let peers = [Peer::Treasury as u8, Peer::Collaboration as u8];
    city.facts_mut()
        .refusing
        .insert(peers[0], poor.abi_encode());
    city.refused(case.seating(0, 1), poor);
    city.facts_mut().refusing.clear();
    // Collaboration opens obligations, and hands on what the agent contract says to somebody who left.
    let left = agents::NotActive { agent: agent(1) };
    city.facts_mut()
        .refusing
        .insert(peers[1], left.abi_encode());
    city.refused(case.seating(0, 1), left);
    city.facts_mut().refusing.clear();
    city.call(case.seating(0, 1)).unwrap();
}

#[test]
fn an_agents_seats_of_a_page_are_locked_at_once() {
    let city = City::new();
    let case = city.chain("many", 64);
    city.call(case.tranche(0, 1)).unwrap();
    city.call(case.seating(0, 4)).unwrap();
    let told = city.take_told::<treasury::lockStakesCall>(Peer::Treasury);
    // One call, and in it one stake for each agent of a page, not for each seat.
    let agents: usize = (0..4)
        .map(|page| {
            let first = page * 16;
            let seats =
                agentcity_domain::statute::seats::Seats::of(&case.seats[page], first as u16);
            let agents: std::collections::BTreeSet<Address> =
                seats.map(|seat| seat.agent).collect();
            agents.len()
        })
        .sum();
    let [told] = told.as_slice() else {
        panic!("one call: {}", told.len())
    };
    assert_eq!(told.stakes.len(), agents);
}
