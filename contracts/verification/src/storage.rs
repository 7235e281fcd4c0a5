//! What is kept, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). In Solidity's terms, besides what a member keeps:
//!
//! ```text
//! RECORD      mission, place · 2³² + node · 2⁸ + attempt
//!             0 the record (agentcity_domain::verification::case)
//!             1 the output that waits for review    2 its trail, or the trails of all who committed
//! COMMITMENT  mission, place · 2³² + node · 2¹⁶ + attempt · 2⁸ + seat
//!             0 what is kept of the commitment; once it is opened, the value's word, the first half of a sketch, or a set's hash
//!             1 the second half of a sketch
//! BOND        mission, node · 2¹⁶ + attempt · 2⁸ + seat: not a slot but the id of a bond
//! ```

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::verification::case::Record;
use agentcity_shell::{
    member::{Kind, Member},
    output,
    words::Laid,
};
use alloy_primitives::B256;
use stylus_sdk::prelude::*;

const RECORD: Kind = 1;
const COMMITMENT: Kind = 2;
const BOND: Kind = 3;

/// Place of a record's output.
pub(crate) const OUTPUT: u64 = 1;
/// Place of a record's trail or trails.
pub(crate) const TRAIL: u64 = 2;

/// Place of a seat's commitment or value.
pub(crate) const VALUE: u64 = 0;
/// Place of the second half of a seat's sketch.
pub(crate) const MORE: u64 = 1;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Verifications {}

impl Member for Verifications {}

/// Mission, node, attempt: what everything here is kept by (V-06).
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) mission: B256,
    pub(crate) node: u16,
    pub(crate) attempt: u8,
}

impl Key {
    fn number(&self, place: u64) -> u64 {
        place << 32 | u64::from(self.node) << 8 | u64::from(self.attempt)
    }

    fn of_seat(&self, seat: u8, place: u64) -> u64 {
        place << 32 | u64::from(self.node) << 16 | u64::from(self.attempt) << 8 | u64::from(seat)
    }
}

impl Verifications {
    pub(crate) fn record(&self, key: &Key) -> Record {
        Record::unpack(&self.entry(RECORD, &key.mission, key.number(0)).0)
    }

    pub(crate) fn set_record(&mut self, key: &Key, record: &Record) {
        let word = B256::new(record.pack());
        self.set_entry(RECORD, &key.mission, key.number(0), &word);
    }

    /// A word beside the record: [`OUTPUT`] or [`TRAIL`].
    pub(crate) fn beside(&self, key: &Key, place: u64) -> B256 {
        self.entry(RECORD, &key.mission, key.number(place))
    }

    pub(crate) fn set_beside(&mut self, key: &Key, place: u64, word: &B256) {
        self.set_entry(RECORD, &key.mission, key.number(place), word);
    }

    /// A word of a seat: [`VALUE`] or [`MORE`].
    #[inline(never)]
    pub(crate) fn of_seat(&self, key: &Key, seat: u8, place: u64) -> B256 {
        self.entry(COMMITMENT, &key.mission, key.of_seat(seat, place))
    }

    #[inline(never)]
    pub(crate) fn set_seat(&mut self, key: &Key, seat: u8, place: u64, word: &B256) {
        self.set_entry(COMMITMENT, &key.mission, key.of_seat(seat, place), word);
    }

    /// The id of the bond that a seat puts up.
    pub(crate) fn bond_id(&self, key: &Key, seat: u8) -> B256 {
        self.key(BOND, key.mission, output::number(key.of_seat(seat, 0)))
    }
}
