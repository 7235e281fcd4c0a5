//! That the router has every function of the interface and none besides, and where everything is kept.

use agentcity_abi::{
    ICollaboration as work,
    IStatute::{self as wire, IStatuteCalls},
};
use agentcity_domain::peer::Peer;
use agentcity_statute::storage::Statutes;
use agentcity_world::Alone;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolEvent;

use crate::city::*;

fn alone() -> Alone {
    Alone::new::<Statutes, IStatuteCalls>()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    alone().routes_its_interface();
}

#[test]
fn a_call_that_is_cut_short_is_malformed() {
    alone().refuses_what_is_cut_short();
}

#[test]
fn coins_are_refused_by_every_function() {
    alone().refuses_coins();
}

#[test]
fn it_names_its_constitution() {
    alone().names_its_constitution();
}

#[test]
fn it_learns_its_peers_once_and_from_a_sealed_constitution() {
    let city = City::constructed();
    let case = city.chain("early", 2);
    city.refused(wire::wireCall {}, wire::NotSealed {});
    city.refused(case.tranche(0, 1), wire::NotWired {});
    city.facts_mut().sealed = true;
    city.call(wire::wireCall {}).unwrap();
    let wired = city.world.take_events::<wire::Wired>();
    assert_eq!(wired.len(), 1);
    city.refused(wire::wireCall {}, wire::AlreadyWired {});
    city.call(case.tranche(0, 1)).unwrap();
}

/// The slot of a word by its key: kind, subject, place.
fn slot(kind: u8, subject: B256, place: u64) -> U256 {
    let key = keccak256(
        [
            &[kind],
            subject.as_slice(),
            &B256::from(U256::from(place))[..],
        ]
        .concat(),
    );
    let words = B256::with_last_byte(2);
    keccak256([key, words].concat()).into()
}

/// The word of a deployment, as it is drawn.
fn drawn(nodes: u16, seat_pages: u16, first: u32, first_seats: u32) -> B256 {
    let mut word = B256::ZERO;
    word[0..2].copy_from_slice(&nodes.to_be_bytes());
    word[2..4].copy_from_slice(&seat_pages.to_be_bytes());
    word[4] = 1;
    word[5..9].copy_from_slice(&(u32::from(nodes) * 10).to_be_bytes());
    word[9..23].copy_from_slice(&(u128::from(nodes) * 300).to_be_bytes()[2..]);
    word[23..27].copy_from_slice(&first.to_be_bytes());
    word[27..31].copy_from_slice(&first_seats.to_be_bytes());
    word
}

#[test]
fn what_is_kept_stands_where_it_is_drawn_here_or_with_collaboration() {
    let city = City::new();
    let case = city.chain("drawn", 300);
    let word = |kind, subject, place| city.world.slot(here(), slot(kind, subject, place));
    let mission = case.mission;
    let created = || U256::from_be_bytes(word(4, B256::ZERO, 0).0) >> 224;
    city.call(case.tranche(0, 2)).unwrap();
    let told = city.take_told::<work::admitTrancheCall>(Peer::Collaboration);
    assert_eq!(told[0].progress, drawn(256, 0, 1, 0));
    let run = |told: &work::admitTrancheCall| (told.firstPage, told.pages, told.firstOrdinal);
    assert_eq!(run(&told[0]), (0, 2, 1));
    assert_eq!(word(1, mission, 1), hash(&case.pages[2..]));
    assert_eq!(word(1, mission, 2), B256::ZERO);
    assert_eq!(created(), U256::from(2));

    city.call(case.seating(0, 10)).unwrap();
    let told = city.take_told::<work::admitSeatsCall>(Peer::Collaboration);
    assert_eq!(told[0].progress, drawn(256, 10, 1, 3));
    let seats = (told[0].firstPage, told[0].pages, told[0].firstOrdinal);
    assert_eq!(seats, (0, 10, 3));
    city.call(case.tranche(2, 3)).unwrap();
    let told = city.take_told::<work::admitTrancheCall>(Peer::Collaboration);
    assert_eq!(told[0].progress, drawn(300, 10, 1, 3));
    assert_eq!(run(&told[0]), (2, 1, 13));
    assert_eq!(word(1, mission, 1), B256::ZERO, "nothing is to come");
    assert_eq!(word(1, mission, 2), hash(&case.seats[10..]));
    assert_eq!(created(), U256::from(13));
}

#[test]
fn a_small_mission_leaves_nothing_here_but_the_count_of_accounts() {
    let city = City::new();
    let before = city.world.storage(here()).len();
    let case = city.chain("small", 10);
    city.deploy(&case);
    assert_eq!(city.world.storage(here()).len(), before + 1);
}

#[test]
fn events_say_what_was_written_and_where() {
    let city = City::new();
    let case = city.chain("said", 140);
    city.call(case.tranche(0, 2)).unwrap();
    let logs = city.world.take_logs();
    let log = wire::TrancheDeployed::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    let accounts = [1, 2].map(|ordinal| here().create(ordinal));
    assert_eq!(
        log,
        wire::TrancheDeployed {
            missionId: case.mission,
            tranche: 0,
            firstNode: 0,
            nodes: 140,
            pages: accounts.to_vec(),
        }
    );
    city.call(case.seating(0, 3)).unwrap();
    city.world.take_logs();
    city.call(case.seating(3, 9)).unwrap();
    let logs = city.world.take_logs();
    let log = wire::SeatsDeployed::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    assert_eq!(
        (log.missionId, log.tranche, log.firstNode),
        (case.mission, 3, 48)
    );
    assert_eq!(
        log.pages,
        (6..12)
            .map(|ordinal| here().create(ordinal))
            .collect::<Vec<_>>()
    );
    city.call(case.finalise()).unwrap();
    let logs = city.world.take_logs();
    let log = wire::DeploymentFinalised::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    assert_eq!(
        log,
        wire::DeploymentFinalised {
            missionId: case.mission,
            statuteHash: hash(&case.pages),
            assignmentsHash: hash(&case.seats),
            epoch: EPOCH,
            deadline: U256::from(city.deadline()).to(),
        }
    );
}
