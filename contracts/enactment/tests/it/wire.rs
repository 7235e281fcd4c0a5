//! That the router has every function of the interface and none besides, and what every function keeps to.

use agentcity_abi::IEnactment::{self as wire, IEnactmentCalls};
use agentcity_domain::peer::Peer;
use agentcity_enactment::storage::Enactment;
use agentcity_sessions::{City, member};
use agentcity_world::Alone;

fn alone() -> Alone {
    Alone::new::<Enactment, IEnactmentCalls>()
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

#[test]
fn anyone_wires_it_once_after_the_seal() {
    let city = City::constructed();
    city.refuses(Peer::Enactment, wire::wireCall {}, wire::NotSealed {});
    city.facts_mut().sealed = true;
    city.enact(wire::wireCall {}).expect("wired");
    let members = Peer::ALL.map(member);
    assert_eq!(
        city.world.take_events::<wire::Wired>(),
        [wire::Wired { members }]
    );
    city.refuses(Peer::Enactment, wire::wireCall {}, wire::AlreadyWired {});
}

#[test]
fn before_it_is_wired_nobody_is_anybody() {
    let city = City::sealed();
    let call = || wire::waiveFairnessCall {
        sessionId: [1; 32].into(),
        justificationHash: [2; 32].into(),
    };
    city.refuses(Peer::Enactment, call(), wire::NotWired {});
}
