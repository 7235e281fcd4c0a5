//! Results and what they are worth: every window at its last second, every seat in every standing, values against naive
//! models with wider numbers.

mod cases;
mod consensus;
mod decisions;
mod windows;

use agentcity_domain::{
    machine::{MissionState, NodeState},
    verification::case::{Case, Record, Seats, Stage},
};
use alloy_primitives::Address;

pub(crate) const GRACE: u64 = 540;
pub(crate) const COMMIT: u64 = 180;
pub(crate) const REVEAL: u64 = 540;
pub(crate) const DISPUTE: u64 = 120;
/// When the node was routed, and until when it may be worked on.
pub(crate) const ROUTED: u64 = 1_000;
pub(crate) const UNTIL: u64 = 2_000;

pub(crate) fn agent(seat: u8) -> Address {
    Address::with_last_byte(0xa0 + seat)
}

/// A node of tier 2 with so many seats, of which so many must agree, routed and untouched.
pub(crate) fn routed(seats: u8, threshold: u8) -> Case {
    let mut agents = [Address::ZERO; 7];
    for seat in 0..seats {
        agents[usize::from(seat)] = agent(seat);
    }
    Case {
        mission: MissionState::Executing as u8,
        halt: 0,
        state: NodeState::Executing as u8,
        attempt: 3,
        tier: 2,
        threshold,
        mode: 0,
        since: ROUTED,
        expires: UNTIL,
        backup: false,
        budget: 9_000,
        seats: Seats::of(0b111_1111 >> (7 - seats)),
        agents,
        record: Record::default(),
    }
}

/// The same with these seats committed and revealed, at a stage that ends at `expires`.
pub(crate) fn at(stage: Stage, committed: u8, revealed: u8, expires: u64) -> Case {
    let mut case = routed(3, 2);
    case.state = NodeState::PendingVerification as u8;
    case.expires = expires;
    case.record.stage = stage;
    case.record.committed = Seats::of(committed);
    case.record.revealed = Seats::of(revealed);
    case
}
