//! That the router has every function of the interface and none besides, and what the stubs already keep to.

use agentcity_abi::ILegislature::ILegislatureCalls;
use agentcity_legislature::storage::Legislature;
use agentcity_world::Alone;

fn alone() -> Alone {
    Alone::new::<Legislature, ILegislatureCalls>()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    alone().routes_its_interface();
}

#[test]
fn coins_are_refused_by_every_function() {
    alone().refuses_coins();
}

#[test]
fn it_names_its_constitution() {
    alone().names_its_constitution();
}
