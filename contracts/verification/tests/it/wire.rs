//! That the router has every function of the interface and none besides, and who may call what, when.

use agentcity_abi::{
    ICollaboration::Halt, IVerification as wire, IVerification::IVerificationCalls,
};
use agentcity_domain::{
    exit::{self, Halts, forbidding},
    machine::Command,
    peer::Peer,
    verification::case::STOPPED,
};
use agentcity_verification::storage::Verifications;
use agentcity_world::Alone;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

fn alone() -> Alone {
    Alone::new::<Verifications, IVerificationCalls>()
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
    city.route(0, 1, law(2, 3, 2, 0));
    city.refused(
        executor(0).address,
        city.committing(0, 0, &value(1)),
        wire::NotWired {},
    );
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

fn deciding(node: u16, approved: bool) -> wire::decideReviewCall {
    wire::decideReviewCall {
        missionId: mission(),
        node,
        attempt: 1,
        approved,
        score: 0,
        seat: 0,
    }
}

pub(crate) fn excluding(node: u16, seat: u8) -> wire::disqualifyCall {
    wire::disqualifyCall {
        missionId: mission(),
        node,
        attempt: 1,
        executor: executor(seat).address,
    }
}

/// Everything that a stop forbids, as somebody may call it.
fn halted_calls(city: &City) -> Vec<(Address, Vec<u8>)> {
    let me = executor(0).address;
    let panel = member(Peer::Adjudication);
    vec![
        (me, announcing(0).abi_encode()),
        (me, city.committing(0, 0, &value(1)).abi_encode()),
        (STRANGER, revealing(0, 0, &value(1)).abi_encode()),
        (STRANGER, closing(0).abi_encode()),
        (me, disputing(0).abi_encode()),
        (panel, deciding(0, true).abi_encode()),
        (panel, excluding(0, 0).abi_encode()),
        (
            me,
            wire::submitResultCall {
                missionId: mission(),
                node: 0,
                terms: terms(),
                outputHash: value(1).into(),
                trailRoot: trail(0),
                proof: Vec::new().into(),
            }
            .abi_encode(),
        ),
    ]
}

#[test]
fn a_stop_forbids_every_step_and_says_until_when() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.standing.replace((3, Halt::EmergencyStop as u8, 9_999));
    assert_eq!(STOPPED, Halt::EmergencyStop as u8);
    let halted = wire::Halted {
        missionId: mission(),
        halt: wire::Halt::EmergencyStop,
        until: u40(9_999),
    };
    for (from, call) in halted_calls(&city) {
        let answer = city.world.transact(from, here(), U256::ZERO, &call);
        assert_eq!(answer, Err(halted.abi_encode()), "{:02x?}", &call[..4]);
    }
}

#[test]
fn a_mission_that_does_not_work_takes_no_result() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for state in [0, 1, 4, 5, 6, 7, 8] {
        city.standing.replace((state, 0, 0));
        let expected = wire::WrongMissionState {
            missionId: mission(),
            state: wire::MissionState::try_from(state).unwrap(),
        };
        for (from, call) in halted_calls(&city) {
            let answer = city.world.transact(from, here(), U256::ZERO, &call);
            assert_eq!(answer, Err(expected.abi_encode()), "{state}");
        }
    }
}

/// A pause and a struck norm let work under way go on; so says the list of halts (R9).
#[test]
fn a_pause_and_a_struck_norm_forbid_nothing_here() {
    for (number, halt) in [
        (Halt::Divergence, exit::Halt::Pause),
        (Halt::NormStruck, exit::Halt::NormStruck),
    ] {
        assert_eq!(forbidding(Halts::only(halt), Command::CommitResult), None);
        let city = City::new();
        city.route(0, 1, law(2, 3, 2, 0));
        city.standing.replace((3, number as u8, 9_999));
        city.play(0, &[&value(1), &value(1), &value(1)]);
        assert_eq!(city.verdicts().len(), 3);
    }
}

#[test]
fn results_are_taken_in_the_states_that_are_theirs() {
    for state in 1..=8u8 {
        let refused = wire::WrongNodeState {
            missionId: mission(),
            node: 0,
            state: wire::NodeState::try_from(state).unwrap(),
            attempt: 7,
        };
        let refused = Err(refused.abi_encode());
        for place in 0..8 {
            let city = City::new();
            city.route(0, 7, law(2, 3, 2, 0));
            city.set(0, 0, state.into());
            // Executing, in verification, in review: the places are those of `halted_calls`.
            let fits = match place {
                0 | 1 => state == 3 || state == 4,
                2 | 4 => state == 4,
                3 | 6 => state == 4 || state == 5,
                5 => state == 5,
                _ => state == 3,
            };
            let (from, call) = halted_calls(&city).swap_remove(place);
            let answer = city.world.transact(from, here(), U256::ZERO, &call);
            assert_eq!(answer == refused, !fits, "{state}: call {place}");
        }
    }
}

#[test]
fn an_attempt_is_kept_apart_from_the_one_before() {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city.commit(0, 0, &value(1));
    city.route(0, 2, law(2, 3, 2, 0));
    assert_eq!(city.record(0).committed, 0);
    // What was sealed for the first attempt opens nothing in the second.
    let old = city.seal(0, 1, &value(1));
    city.route(0, 3, law(2, 3, 2, 0));
    let call = wire::commitResultCall {
        missionId: mission(),
        node: 0,
        commitment: old,
        trailRoot: trail(1),
    };
    city.call(executor(1).address, call).unwrap();
    for seat in [0, 2] {
        city.commit(0, seat, &value(1));
    }
    city.refused(
        STRANGER,
        revealing(0, 1, &value(1)),
        wire::WrongPreimage {
            digest: kept(old, 1),
        },
    );
    let of = |attempt, seat| {
        let call = wire::commitmentOfCall {
            missionId: mission(),
            node: 0,
            attempt,
            seat,
        };
        city.call(STRANGER, call).unwrap()
    };
    assert_ne!(of(1, 0).commitment, B256::ZERO);
    assert_eq!(of(2, 0).commitment, B256::ZERO);
    assert_eq!(of(3, 1).commitment, kept(old, 1));
}
