//! That the router has every function of the interface and none besides, and who may call what.

use agentcity_abi::{
    IAssembly as wire,
    IAssembly::IAssemblyCalls,
    roles::{Caller, table},
};
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

/// The table's rows by who calls: everybody for anyone, those with a voice of their own for self; no member has a power here.
#[test]
fn the_role_table_names_no_member() {
    for (function, role) in table("Assembly").functions {
        let [caller] = role.callers[..] else {
            panic!("{function}: {:?}", role.callers);
        };
        assert!(
            matches!(caller, Caller::Anyone | Caller::Own),
            "{function}: {caller:?}"
        );
    }
}

/// What a caller does for itself it cannot do without a voice, and neither can a member.
#[test]
fn strangers_and_members_have_no_voice() {
    let city = City::new();
    let petition = city.petition();
    let session = city.session();
    let proposal = city.propose(session, 0, 0);
    let debated = City::new();
    let debate = debated.debating(1);
    let asked = wire::candidateCall {
        sessionId: debate,
        index: 0,
    };
    let candidate = debated.call(STRANGER, asked).unwrap();
    let voted = City::new();
    let ballot = voted.committing(1);
    for from in Peer::ALL.map(member).into_iter().chain([STRANGER]) {
        let refused = wire::PrincipalRefused {
            principal: from,
            rule: 1,
        };
        city.refused(from, opening_petition(), refused.clone());
        let call = wire::signPetitionCall {
            petitionId: petition,
        };
        city.refused(from, call, refused.clone());
        let call = wire::sponsorCall {
            proposalId: proposal,
        };
        city.refused(from, call, refused.clone());
        let bars = wire::AgentRefused {
            agent: from,
            rule: 1,
        };
        city.refused(from, proposing(session, 3), bars);
        let call = wire::recordMinorityCall {
            proposalId: candidate,
            positionHash: salt(0),
        };
        debated.refused(from, call, refused.clone());
        voted.refused(from, sealing(ballot, 0, &[0]), refused);
    }
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
