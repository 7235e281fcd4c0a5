//! Construction and wiring; that the router has every function of the interface and none besides; views of what is not there.

use agentcity_abi::{IGuardian as wire, IGuardian::IGuardianCalls};
use agentcity_domain::peer::Peer;
use agentcity_guardian::storage::Guardian;
use agentcity_world::Alone;
use alloy_primitives::{Address, B256};

use crate::city::{City, EVIDENCE, STRANGER, here, member, mission, seated, u40};

fn alone() -> Alone {
    Alone::new::<Guardian, IGuardianCalls>()
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
fn it_is_wired_once_after_the_seal() {
    let city = City::constructed();
    city.refused(STRANGER, wire::wireCall {}, wire::NotSealed {});
    let stop = || wire::triggerStopCall {
        missionId: mission(1),
        evidenceHash: EVIDENCE,
    };
    city.panel_refused(stop(), wire::NotWired {});
    city.given.borrow_mut().is_sealed = true;
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let wired = city.events::<wire::Wired>();
    assert_eq!(wired[0].members, Peer::ALL.map(member));
    city.refused(STRANGER, wire::wireCall {}, wire::AlreadyWired {});
    assert!(city.construct(member(Peer::Constitution)).is_err());
    assert_eq!(wired[0].members[Peer::Guardian as usize], here());
}

#[test]
fn what_is_not_there_reads_as_nothing_or_is_refused() {
    let city = City::new();
    let (mission_id, agent) = (mission(1), seated(0));
    let counters = wire::countersCall {
        missionId: mission_id,
        index: 0,
        attempt: 1,
        agent,
        monitor: STRANGER,
    };
    let found = city.call(STRANGER, counters).unwrap();
    let none = (found.toolInvocations, found.messageVolume, found.sequence);
    assert_eq!(none, (0, 0, 0));
    let watch = city.watch(mission_id);
    assert_eq!((watch.stoppedUntil, watch.pausedUntil), (u40(0), u40(0)));
    let gate = city.gate(1);
    assert_eq!((gate.passed, gate.logRoot), (0, B256::ZERO));
    for freeze_id in [0, 1, u64::MAX] {
        let call = wire::freezeOfCall {
            missionId: mission_id,
            freezeId: freeze_id,
        };
        let unknown = wire::UnknownFreeze {
            missionId: mission_id,
            node: 0,
            freezeId: freeze_id,
        };
        city.refused(STRANGER, call, unknown);
    }
    assert_ne!(agent, Address::ZERO);
}
