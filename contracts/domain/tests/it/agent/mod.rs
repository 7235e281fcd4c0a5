//! Agents and their principals: a table at every boundary, and random values against naive models.

mod books;
mod did;
mod outcome;
mod packing;
mod principal;
mod registration;
mod sanction;
mod sketch;
mod standing;

use agentcity_domain::{
    agent::{
        principal::{Principal, enrol},
        record::Agent,
        registration::{Request, Terms, register},
    },
    time::{Seconds, Timestamp},
};
use alloy_primitives::Address;

/// The agent of most tests.
const AGENT: Address = Address::repeat_byte(0xa1);
/// The agent above, where there is one.
const PARENT: Address = Address::repeat_byte(0xa2);
/// The principal of most tests.
const ANN: Address = Address::repeat_byte(0x11);
/// Another.
const BOB: Address = Address::repeat_byte(0x22);
/// Now, in most tests.
const NOW: u64 = 1_700_000_000;

const STAKE: u32 = 1_000;
const MEMORY: u64 = 2_592_000;
/// Greatest instant of a record.
const LAST_INSTANT: u64 = (1 << 40) - 1;

fn at(seconds: u64) -> Timestamp {
    Timestamp::new(seconds)
}

fn secs(seconds: u64) -> Seconds {
    Seconds::new(seconds)
}

fn terms() -> Terms {
    Terms {
        stake: STAKE,
        memory: secs(MEMORY),
    }
}

fn request(agent_type: u8, principal: Address, max_sub_agents: u32) -> Request {
    Request {
        agent_type,
        principal,
        max_sub_agents,
    }
}

fn nobody(address: Address) -> Agent {
    Agent {
        address,
        ..Agent::default()
    }
}

/// A principal that enrolled `NOW`.
fn enrolled(account: Address) -> Principal {
    let mut principal = Principal::default();
    enrol(account, &mut principal, 1, 5_000, at(NOW)).unwrap();
    principal
}

/// An agent that registered `NOW` under a principal, with places below it.
fn registered(address: Address, by: Address, principal: &mut Principal, places: u32) -> Agent {
    let mut agent = nobody(address);
    register(
        &request(1, by, places),
        &mut agent,
        principal,
        None,
        &terms(),
        at(NOW),
    )
    .unwrap();
    agent
}
