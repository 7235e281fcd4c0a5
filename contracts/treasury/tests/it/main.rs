//! That the router has every function of the interface and none besides, and what the stubs already keep to.

use agentcity_abi::ITreasury::ITreasuryCalls;
use agentcity_treasury::storage::Treasury;
use agentcity_world::Alone;

fn alone() -> Alone {
    Alone::new::<Treasury, ITreasuryCalls>()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    alone().routes_its_interface();
}

#[test]
fn it_names_its_constitution() {
    alone().names_its_constitution();
}
