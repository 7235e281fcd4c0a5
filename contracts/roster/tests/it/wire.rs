//! Construction and wiring; that the router has every function of the interface and none besides; views of what is not there.

use agentcity_abi::{IRoster as wire, IRoster::IRosterCalls};
use agentcity_domain::peer::Peer;
use agentcity_roster::storage::Roster;
use agentcity_world::Alone;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface};

use crate::city::*;

fn alone() -> Alone {
    Alone::new::<Roster, IRosterCalls>()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    let city = City::new();
    let mut routed = 0;
    for selector in (0..IRosterCalls::COUNT).filter_map(IRosterCalls::selector_at) {
        let answer = city.world.transact(STRANGER, here(), U256::ZERO, &selector);
        assert_ne!(answer, Err(Vec::new()), "{selector:02x?} is not routed");
        routed += 1;
    }
    assert_eq!(routed, 42);
    for number in 0..200u32 {
        let hash = keccak256(number.to_be_bytes());
        let answer = city
            .world
            .transact(STRANGER, here(), U256::ZERO, &hash[..4]);
        assert_eq!(answer, Err(Vec::new()), "{hash}");
    }
}

#[test]
fn it_names_its_constitution() {
    alone().names_its_constitution();
}

#[test]
fn a_call_that_is_cut_short_is_malformed() {
    let city = City::seated();
    for (selector, bytes) in [
        (wire::stakeCall::SELECTOR, 32),
        (wire::withdrawToCall::SELECTOR, 64),
        (wire::declareAssociationCall::SELECTOR, 32),
        (wire::recordDecisionCall::SELECTOR, 128),
        (wire::examineCall::SELECTOR, 32),
        (wire::initiateImpeachmentCall::SELECTOR, 64),
        (wire::anchorCall::SELECTOR, 96),
        (wire::proveConsistencyCall::SELECTOR, 128),
        (wire::monitorCall::SELECTOR, 32),
    ] {
        for cut in [0, bytes - 1] {
            let input = [&selector[..], &vec![0; cut]].concat();
            let from = member(Peer::Adjudication);
            let answer = city.world.transact(from, here(), U256::ZERO, &input);
            let malformed = wire::MalformedCall {}.abi_encode();
            assert_eq!(answer, Err(malformed), "{selector:02x?} with {cut} bytes");
        }
    }
}

#[test]
fn coins_are_refused_by_every_function_but_stake() {
    let city = City::new();
    city.world.mint(STRANGER, 10);
    for selector in (0..IRosterCalls::COUNT).filter_map(IRosterCalls::selector_at) {
        if selector != wire::stakeCall::SELECTOR {
            let answer = city
                .world
                .transact(STRANGER, here(), U256::from(1), &selector);
            assert_eq!(
                answer,
                Err(wire::NotPayable {}.abi_encode()),
                "{selector:02x?}"
            );
        }
    }
}

#[test]
fn it_is_wired_once_after_the_seal_and_knows_who_was_named() {
    let city = City::constructed(Address::ZERO);
    city.refused(STRANGER, wire::wireCall {}, wire::NotSealed {});
    city.fund(judge(0));
    let stake = wire::stakeCall {
        amount: U256::from(STAKE),
    };
    city.world
        .refused(judge(0), here(), STAKE, stake, wire::NotWired {});
    city.refused(STRANGER, wire::withdrawCall {}, wire::NotWired {});
    city.refused(STRANGER, wire::skimCall {}, wire::NotWired {});
    city.is_sealed.set(true);
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let logs = city.world.take_logs();
    assert_eq!(logs.len(), 8);
    for number in 0..7 {
        assert_eq!(city.standing(judge(number)), wire::Standing::Candidate);
    }
    assert_eq!(city.standing(judge(7)), wire::Standing::None);
    assert_eq!((city.active(), city.books()), (0, (0, 0)));
    city.refused(STRANGER, wire::wireCall {}, wire::AlreadyWired {});
    assert!(city.construct(member(Peer::Constitution)).is_err());
}

#[test]
fn wiring_tells_its_peers_and_its_adjudicators() {
    let city = City::constructed(Address::ZERO);
    city.is_sealed.set(true);
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let wired = city.events::<wire::Wired>();
    assert_eq!(wired[0].members, Peer::ALL.map(member));
    let city = City::constructed(Address::ZERO);
    city.is_sealed.set(true);
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let named = city.events::<wire::StandingChanged>();
    let expected: Vec<_> = (0..7).map(judge).collect();
    let found: Vec<_> = named.iter().map(|event| event.adjudicator).collect();
    assert_eq!(found, expected);
    assert!(
        named
            .iter()
            .all(|event| event.standing == wire::Standing::Candidate)
    );
}

#[test]
fn what_is_not_there_reads_as_nothing() {
    let city = City::new();
    let seat = city.seat(STRANGER);
    assert_eq!(
        (seat.standing, seat.principal, seat.actions),
        (wire::Standing::None, Address::ZERO, 0)
    );
    let found = city.watcher(STRANGER);
    assert_eq!(
        (found.standing, found.bond),
        (wire::Standing::None, U256::ZERO.to())
    );
    for id in [0, 1, u64::MAX] {
        let case = city.case(id);
        assert_eq!(
            (case.target, case.needed, case.closed),
            (Address::ZERO, 0, false)
        );
        let none = wire::NoCase { caseId: id };
        city.refused(STRANGER, lapse(id), none.clone());
        city.refused(judge(0), vote(id), none);
    }
    let anchor = city
        .call(
            STRANGER,
            wire::anchorOfCall {
                author: STRANGER,
                sequence: 1,
            },
        )
        .unwrap();
    assert_eq!((anchor.size, anchor.root), (0, B256::ZERO));
    assert_eq!(city.halted_until(), 0);
    city.refused(
        STRANGER,
        wire::expireWatchdogCall {},
        wire::NoCase { caseId: 0 },
    );
}
