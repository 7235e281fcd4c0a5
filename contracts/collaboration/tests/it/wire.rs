//! That the router has every function of the interface and none besides, and that numbers mean the same on both sides.

use agentcity_abi::ICollaboration::{self as wire, ICollaborationCalls};
use agentcity_collaboration::storage::Missions;
use agentcity_domain::{
    machine::{MissionState, NodeState},
    mission::{Reason, halt},
};
use agentcity_world::Alone;

fn alone() -> Alone {
    Alone::new::<Missions, ICollaborationCalls>()
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
fn the_rules_number_states_reasons_and_halts_as_the_interface_does() {
    for state in MissionState::ALL {
        let named = wire::MissionState::try_from(state.number()).expect("a state");
        let name = format!("{named:?}").to_uppercase();
        assert_eq!(name, state.name());
    }
    for state in NodeState::ALL {
        let named = wire::NodeState::try_from(state.number()).expect("a state");
        let name = format!("{named:?}").to_uppercase();
        assert_eq!(name, state.name().replace('_', ""));
    }
    for number in 0..=Reason::Succeeded as u8 {
        let named = wire::Reason::try_from(number).expect("a reason");
        let faultless = number == 0 || number >= wire::Reason::HumanSilence as u8;
        assert_eq!(Reason::is_fault(number), !faultless, "{named:?}");
    }
    assert_eq!(Reason::Succeeded as u8, wire::Reason::Succeeded as u8);
    assert_eq!(Reason::FaultNamed as u8, wire::Reason::FaultNamed as u8);
    assert_eq!(
        Reason::FreezeExpired as u8,
        wire::Reason::FreezeExpired as u8
    );
    assert_eq!(
        Reason::SeatNotAccepted as u8,
        wire::Reason::SeatNotAccepted as u8
    );
    assert!(wire::Reason::try_from(Reason::Succeeded as u8 + 1).is_err());
    assert_eq!(halt::STOP, wire::Halt::EmergencyStop as u8);
    assert_eq!(halt::PAUSE, wire::Halt::Divergence as u8);
}
