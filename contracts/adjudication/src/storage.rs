//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). A key is of a kind and two words; what the words hold, in bytes from the left:
//!
//! ```text
//! kind      of          at           holds
//! ACTION    digest      0            where it stands (agentcity_domain::panel::queue::Entry)
//! ACTION    digest      place + 1    a signer of a queued action; zero once it withdrew
//! ROTATION  matter      class        the latest decisions of that class (agentcity_domain::panel::rotation::Rotation)
//! STOPPED   mission     signer       1 if that adjudicator stopped that mission before
//! AUDITS    0           0            audits of unilateral acts (agentcity_domain::panel::audit::Audits)
//! ```

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::panel::{audit::Audits, queue::Entry};
use agentcity_shell::{
    member::{Kind, Member},
    output::number,
};
use alloy_primitives::B256;
use stylus_sdk::prelude::*;

pub(crate) const ACTION: Kind = 1;
pub(crate) const ROTATION: Kind = 2;
pub(crate) const STOPPED: Kind = 3;
pub(crate) const AUDITS: Kind = 4;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Adjudication {}

impl Member for Adjudication {}

impl Adjudication {
    /// Where an action stands.
    pub(crate) fn entry(&self, digest: B256) -> Entry {
        Entry(self.word_at(ACTION, &digest, 0))
    }

    pub(crate) fn set_entry(&mut self, digest: B256, entry: &Entry) {
        self.put(ACTION, &digest, 0, &entry.0);
    }

    /// A signer of a queued action, by its place.
    pub(crate) fn signer(&self, digest: B256, place: u8) -> B256 {
        self.word_at(ACTION, &digest, behind(place))
    }

    pub(crate) fn set_signer(&mut self, digest: B256, place: u8, signer: &B256) {
        self.put(ACTION, &digest, behind(place), signer);
    }

    /// Whether somebody stopped a mission before.
    pub(crate) fn has_stopped(&self, mission: B256, signer: B256) -> bool {
        self.read(self.key(STOPPED, mission, signer)) != B256::ZERO
    }

    pub(crate) fn note_stop(&mut self, mission: B256, signer: B256) {
        let key = self.key(STOPPED, mission, signer);
        self.write(key, number(1));
    }

    pub(crate) fn audits(&self) -> Audits {
        Audits(self.word_at(AUDITS, &B256::ZERO, 0))
    }

    pub(crate) fn set_audits(&mut self, audits: &Audits) {
        self.put(AUDITS, &B256::ZERO, 0, &audits.0);
    }
}

/// The entry stands before the signers.
fn behind(place: u8) -> u64 {
    u64::from(place).saturating_add(1)
}
