//! That the router has every function of the interface and none besides, and what every function keeps to.

use agentcity_abi::ILegislature::{self as wire, ILegislatureCalls};
use agentcity_domain::peer::Peer;
use agentcity_legislature::storage::Legislature;
use agentcity_sessions::{City, member};
use agentcity_world::Alone;

fn alone() -> Alone {
    Alone::new::<Legislature, ILegislatureCalls>()
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
fn anyone_wires_it_once_after_the_seal() {
    let city = City::constructed();
    city.refuses(Peer::Legislature, wire::wireCall {}, wire::NotSealed {});
    city.facts_mut().sealed = true;
    city.law(wire::wireCall {}).expect("wired");
    let members = Peer::ALL.map(member);
    assert_eq!(
        city.world.take_events::<wire::Wired>(),
        [wire::Wired { members }]
    );
    city.refuses(Peer::Legislature, wire::wireCall {}, wire::AlreadyWired {});
}
