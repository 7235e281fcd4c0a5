//! The router has every function of the interface and none besides, and the stubs keep to the role table and to what the
//! panel relies on.

use std::collections::BTreeSet;

use agentcity_abi::{
    IAgent, IConstitution, IRoster as wire,
    roles::{Caller, table},
};
use agentcity_domain::{parameter::ParameterId, peer::Peer, signed::selector};
use agentcity_roster::storage::Roster;
use agentcity_world::{Answer, World};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");

fn member(peer: Peer) -> Address {
    Address::with_last_byte(0x40 + peer.place() as u8)
}

fn contract() -> Address {
    member(Peer::Roster)
}

fn judge(number: u8) -> Address {
    Address::repeat_byte(0x10 + number)
}

/// A city whose constitution has every parameter at its default, and seven genesis adjudicators.
fn city() -> World {
    let world = World::new();
    world.program::<Roster>(contract(), "roster");
    world.install(member(Peer::Constitution), B256::ZERO, |_, data| {
        let answer = match *data.first_chunk().unwrap() {
            IConstitution::membersCall::SELECTOR => Peer::ALL.map(member).abi_encode(),
            IConstitution::assetCall::SELECTOR => Address::ZERO.abi_encode(),
            IConstitution::unitScaleCall::SELECTOR => U256::from(1).abi_encode(),
            IConstitution::adjudicatorsCall::SELECTOR => {
                (0..7).map(judge).collect::<Vec<_>>().abi_encode()
            }
            IConstitution::readCurrentCall::SELECTOR => {
                let call = IConstitution::readCurrentCall::abi_decode(data).unwrap();
                let values = call.ids.iter().map(|id| {
                    let id = ParameterId::at(*id).unwrap();
                    id.default_word()
                });
                (1u64, values.collect::<Vec<_>>()).abi_encode_params()
            }
            other => panic!("the constitution is not asked {other:02x?}"),
        };
        Ok(answer)
    });
    world.install(member(Peer::Agent), B256::ZERO, |_, data| {
        let call = IAgent::principalOfCall::abi_decode(data).unwrap();
        Ok(Address::from(keccak256(call.agent).0.first_chunk().unwrap()).abi_encode())
    });
    let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
    input.extend(member(Peer::Constitution).abi_encode());
    call(&world, STRANGER, 0, &input).expect("constructed");
    call(&world, STRANGER, 0, &wire::wireCall {}.abi_encode()).expect("wired");
    world
}

/// The same with all seven active.
fn panel() -> World {
    let world = city();
    for number in 0..7 {
        world.mint(judge(number), 5_000);
        let stake = wire::stakeCall {
            amount: U256::from(5_000),
        };
        call(&world, judge(number), 5_000, &stake.abi_encode()).expect("staked");
    }
    world
}

fn call(world: &World, from: Address, coins: u64, input: &[u8]) -> Answer {
    world.transact(from, contract(), U256::from(coins), input)
}

fn ask<C: SolCall>(world: &World, call_data: &C) -> C::Return {
    let answer = call(world, STRANGER, 0, &call_data.abi_encode()).expect("answered");
    C::abi_decode_returns(&answer).unwrap()
}

fn selectors() -> impl Iterator<Item = [u8; 4]> {
    (0..wire::IRosterCalls::COUNT).filter_map(wire::IRosterCalls::selector_at)
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    let world = city();
    for selector in selectors() {
        assert_ne!(
            call(&world, STRANGER, 0, &selector),
            Err(Vec::new()),
            "{selector:02x?} is not routed"
        );
    }
    for number in 0..200u32 {
        let hash = keccak256(number.to_be_bytes());
        assert_eq!(
            call(&world, STRANGER, 0, &hash[..4]),
            Err(Vec::new()),
            "{hash}"
        );
    }
}

#[test]
fn coins_are_refused_by_every_function_but_stake() {
    let world = city();
    world.mint(STRANGER, 10);
    for selector in selectors().filter(|selector| *selector != wire::stakeCall::SELECTOR) {
        let answer = call(&world, STRANGER, 1, &selector);
        assert_eq!(answer, Err(wire::NotPayable {}.abi_encode()));
    }
}

/// Each function of members × each member and a stranger.
#[test]
fn only_the_members_that_the_table_names_are_let_in() {
    let named = |caller: Caller| {
        Peer::ALL
            .into_iter()
            .find(|peer| peer.name() == caller.name())
    };
    let mut guarded = BTreeSet::new();
    for (function, role) in &table("Roster").functions {
        let allowed: BTreeSet<_> = role.callers.iter().filter_map(|who| named(*who)).collect();
        if allowed.is_empty() {
            continue;
        }
        guarded.insert(function.clone());
        let input = selectors()
            .find(|selector| {
                wire::IRosterCalls::name_by_selector(*selector) == Some(function.as_str())
            })
            .map(|selector| [&selector[..], &[0; 32 * 8]].concat())
            .unwrap();
        let callers = Peer::ALL
            .into_iter()
            .filter(|peer| *peer != Peer::Roster)
            .map(|peer| (Some(peer), member(peer)))
            .chain([(None, STRANGER)]);
        for (peer, caller) in callers {
            let may = peer.is_some_and(|peer| allowed.contains(&peer));
            let refused = call(&panel(), caller, 0, &input)
                == Err(wire::Unauthorized { caller }.abi_encode());
            assert_eq!(refused, !may, "{function} by {caller}");
        }
    }
    assert_eq!(guarded.len(), 12, "{guarded:?}");
}

#[test]
fn genesis_adjudicators_judge_once_they_staked() {
    let world = city();
    let one = wire::examineCall {
        signers: vec![judge(0)],
    };
    let refused = wire::NotAdjudicator { signer: judge(0) }.abi_encode();
    assert_eq!(call(&world, STRANGER, 0, &one.abi_encode()), Err(refused));
    let world = panel();
    assert_eq!(ask(&world, &wire::activeAdjudicatorsCall {}), 7);
    assert_eq!(ask(&world, &wire::bookedCall {}), U256::from(35_000));
    let found = ask(&world, &one);
    assert_eq!((found.active, found.unflagged, found.flagged), (7, 7, 0));
    assert_eq!(found.interests.len(), 1, "its own principal");
}

#[test]
fn a_declared_association_is_an_interest() {
    let world = panel();
    let principal = Address::repeat_byte(0x77);
    let declare = |principal| wire::declareAssociationCall { principal }.abi_encode();
    call(&world, judge(2), 0, &declare(principal)).expect("declared");
    let found = ask(
        &world,
        &wire::examineCall {
            signers: vec![judge(1), judge(2)],
        },
    );
    let declared: Vec<_> = found
        .interests
        .iter()
        .filter(|interest| interest.principal == principal)
        .map(|interest| interest.signer)
        .collect();
    assert_eq!(declared, [1]);
    for other in 0..3 {
        call(
            &world,
            judge(2),
            0,
            &declare(Address::repeat_byte(0x80 + other)),
        )
        .expect("declared");
    }
    let refused = wire::TooManyAssociations { most: 4 }.abi_encode();
    let answer = call(&world, judge(2), 0, &declare(Address::repeat_byte(0x90)));
    assert_eq!(answer, Err(refused));
}

/// RESOLUTIONS D-21: rubber stamps alone alert; with weakened parameters they freeze the city, which nobody releases early.
#[test]
fn rubber_stamps_that_weaken_parameters_freeze_the_city() {
    let world = panel();
    let decide = |weakens| {
        wire::recordDecisionCall {
            signers: vec![judge(3)],
            approves: true,
            weakens,
            reviews: false,
        }
        .abi_encode()
    };
    let adjudication = member(Peer::Adjudication);
    for _ in 0..20 {
        call(&world, adjudication, 0, &decide(false)).expect("counted");
    }
    assert!(ask(&world, &wire::adjudicatorCall { account: judge(3) }).flagged);
    assert_eq!(ask(&world, &wire::haltedUntilCall {}).to::<u64>(), 0);
    for _ in 0..4 {
        call(&world, adjudication, 0, &decide(true)).expect("counted");
    }
    let until = ask(&world, &wire::haltedUntilCall {});
    assert_eq!(until.to::<u64>(), world.now() + 72 * 3_600);
    let early = call(
        &world,
        STRANGER,
        0,
        &wire::expireWatchdogCall {}.abi_encode(),
    );
    assert_eq!(early, Err(wire::NotDue { dueAt: until }.abi_encode()));
    let release = wire::releaseWatchdogCall { until }.abi_encode();
    call(&world, adjudication, 0, &release).expect("released by the panel");
    assert_eq!(ask(&world, &wire::haltedUntilCall {}).to::<u64>(), 0);
}

#[test]
fn it_names_its_constitution() {
    assert_eq!(
        ask(&city(), &wire::constitutionCall {}),
        member(Peer::Constitution)
    );
    assert_eq!(selector("wire()"), wire::wireCall::SELECTOR);
}
