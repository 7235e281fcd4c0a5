//! That the router has every function of the interface and none besides, and what the stubs already keep to.

use agentcity_abi::ICollaboration::ICollaborationCalls;
use agentcity_collaboration::storage::Missions;
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
