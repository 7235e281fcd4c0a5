//! That the router has every function of the interface and none besides, and who may call what.

use agentcity_abi::{IAssembly as wire, IAssembly::IAssemblyCalls};
use agentcity_assembly::storage::Assembly;
use agentcity_domain::{
    exit::{Halts, forbidders},
    machine::Command,
    peer::Peer,
};
use agentcity_world::Alone;

use crate::city::*;

fn alone() -> Alone {
    Alone::new::<Assembly, IAssemblyCalls>()
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
fn it_is_wired_once_and_only_after_the_seal() {
    let city = City::constructed();
    city.refused(STRANGER, wire::wireCall {}, wire::NotSealed {});
    let city = City::sealed();
    city.refused(principal(0), opening_petition(), wire::NotWired {});
    let city = City::new();
    city.refused(STRANGER, wire::wireCall {}, wire::AlreadyWired {});
}

#[test]
fn wiring_says_whom_it_learned() {
    let city = City::sealed();
    city.call(STRANGER, wire::wireCall {}).expect("wired");
    let members = Peer::ALL.map(member);
    assert_eq!(
        city.world.take_events::<wire::Wired>(),
        [wire::Wired { members }]
    );
}

/// R9: halts lie on missions. None of them keeps anybody from making law, or from ending what nobody finishes.
#[test]
fn no_halt_forbids_anything_here() {
    let own = Command::ALL
        .iter()
        .filter(|command| command.peer() == Peer::Assembly);
    for command in own {
        assert_eq!(forbidders(*command), Halts::NONE, "{command:?}");
    }
}
