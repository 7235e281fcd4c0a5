//! The Override Panel on a strict devnode: what adjudicators decide, what they cannot, and what stops them. Every ruling is signed by
//! staked adjudicators and relayed by a courier who is nobody.

mod amendments;
mod attacks;
mod freezes;
mod revocation;
mod stopped;
mod watchdog;

use agentcity_abi::IRoster as roster;
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    city::panel::number,
    mission::{Plan, Scene, Task},
};
use alloy::primitives::{Address, B256};

/// A seat's price and stake, in base units: 300 and 200 units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// Base units of a unit.
const UNIT: u128 = 1_000_000_000_000;

/// So many proofs that wait for nothing.
fn proofs(name: &str, count: usize) -> Plan {
    let tasks = (0..count).map(|task| Task::proved(&format!("{name} {task}"), PRICE));
    Plan {
        name: name.to_owned(),
        tasks: tasks.collect(),
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// Words of an amendment of the value in force.
#[track_caller]
fn amendment(scene: &mut Scene, id: P, to: u32) -> [B256; 3] {
    let from = scene.stage.city.number(id).unwrap();
    [number(id as u8), number(from), number(to)]
}

/// An adjudicator, by number, as the roster knows him.
#[track_caller]
fn seat(scene: &mut Scene, place: usize) -> roster::Adjudicator {
    let account = address(scene, place);
    scene.ask(Peer::Roster, &roster::adjudicatorCall { account })
}

fn address(scene: &Scene, place: usize) -> Address {
    scene.stage.city.adjudicators[place].address()
}
