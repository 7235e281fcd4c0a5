//! The money of missions: where a share goes, what an escrow may give, what a stake may lose, what adds up.

mod books;
mod escrow;
mod fund;
mod pool;
mod settlement;
mod stake;

use agentcity_domain::{amount::Amount, treasury::Short};
use alloy_primitives::Address;

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);

fn units(value: u128) -> Amount {
    Amount::new(value)
}

fn short(available: u128, needed: u128) -> Short {
    Short {
        available: units(available),
        needed: units(needed),
    }
}
