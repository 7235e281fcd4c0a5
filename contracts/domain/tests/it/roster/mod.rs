//! Claims about adjudicators, monitors, approved programs, and the checks on humans.

mod anchor;
mod association;
mod books;
mod case;
mod city;
mod monitor;
mod program;
mod seat;
mod tree;
mod watchdog;

use agentcity_domain::{
    machine::SeatState,
    roster::{
        city::City,
        seat::{Seat, Stake},
    },
};
use alloy_primitives::Address;

const NOW: u64 = 1_700_000_000;
const DAY: u64 = 86_400;

/// Every standing, and none.
const STANDINGS: [Option<SeatState>; 6] = [
    None,
    Some(SeatState::Candidate),
    Some(SeatState::Active),
    Some(SeatState::Leaving),
    Some(SeatState::Removed),
    Some(SeatState::Released),
];

fn who(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn seat(standing: Option<SeatState>) -> Seat {
    Seat {
        standing,
        principal: who(0xaa),
        since: NOW - DAY,
        ..Seat::default()
    }
}

fn active() -> Seat {
    seat(Some(SeatState::Active))
}

fn city(active: u8) -> City {
    City {
        active,
        unflagged: active,
        ..City::default()
    }
}

fn no_stake() -> Stake {
    Stake::default()
}
