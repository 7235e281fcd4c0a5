//! Slots to domain values and back. Layout, in Solidity's terms, packed from the left:
//!
//! ```text
//! slot 0   address constitution                 these three as every member of a city has them
//! slot 1   mapping(uint256 => address)          (`agentcity_shell::member`); the third stays empty here
//! slot 2   mapping(bytes32 => bytes32)
//! slot 3   mapping(address => clerk)            bytes1 flags (1 known, 2 active); uint8 role; uint64 permitted;
//!                                               uint64 prohibited; uint16 operationsMax; uint64 since
//! slot 4   mapping(address => mapping(bytes32 => ledger))   clerk, subject: uint64 answered; uint32 version; uint16 used
//! slot 5   mandates                             uint64 set; uint32 version
//! slot 6   mapping(uint256 => bytes32)          service mandated, by delegated operation
//! slot 7   mapping(uint256 => bytes32)          schema of its artifact
//! slot 8   mapping(bytes32 => delegation)       address clerk; uint8 operation; bytes1 state (the high bit: an artifact
//!                                               is due); uint40 openedAt; uint40 dueAt
//! slot 9   mapping(bytes32 => bytes32)          output, by delegation
//! slot 10  mapping(bytes32 => bytes32)          artifact, by delegation
//! slot 11  mapping(address => address)          principal a clerk was admitted with
//! ```

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{
    clerk::{
        Clerk, ClerkRole, Delegated, Delegation, Mandate, Mandates, Mask, State,
        operation::Operation,
    },
    clerk::{Envelope, Ledger},
    time::Timestamp,
};
use agentcity_shell::{member::Member, output};
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{
    prelude::*,
    storage::{StorageArray, StorageB256, StorageMap},
};

/// The offices' state, and the program's entry point.
#[entrypoint]
#[storage]
pub struct Offices {
    /// Slots of the [`Member`], which reaches them by number.
    _member: StorageArray<StorageB256, 3>,
    clerks: StorageMap<Address, StorageB256>,
    ledgers: StorageMap<Address, StorageMap<B256, StorageB256>>,
    mandates: StorageB256,
    mandated: StorageMap<U256, StorageB256>,
    schemas: StorageMap<U256, StorageB256>,
    delegations: StorageMap<B256, StorageB256>,
    outputs: StorageMap<B256, StorageB256>,
    artifacts: StorageMap<B256, StorageB256>,
    principals: StorageMap<Address, StorageB256>,
}

const KNOWN: u8 = 1;
const ACTIVE: u8 = 2;
const ARTIFACT_DUE: u8 = 0x80;

impl Member for Offices {}

impl Offices {
    pub(crate) fn load_clerk(&self, clerk: Address) -> Option<Clerk> {
        let word = self.clerks.get(clerk);
        if word[0] & KNOWN == 0 {
            return None;
        }
        Some(Clerk {
            role: ClerkRole::at(word[1])?,
            active: word[0] & ACTIVE != 0,
            envelope: Envelope {
                permitted: Mask::new(number(&word[2..10])),
                prohibited: Mask::new(number(&word[10..18])),
                operations_max: number(&word[18..20]) as u16,
            },
            since: Timestamp::new(number(&word[20..28])),
            principal: Address::from_word(self.principals.get(clerk)),
        })
    }

    pub(crate) fn store_clerk(&mut self, clerk: Address, record: Clerk) {
        let mut word = B256::ZERO;
        word[0] = KNOWN | if record.active { ACTIVE } else { 0 };
        word[1] = record.role.number();
        word[2..10].copy_from_slice(&record.envelope.permitted.bits().to_be_bytes());
        word[10..18].copy_from_slice(&record.envelope.prohibited.bits().to_be_bytes());
        word[18..20].copy_from_slice(&record.envelope.operations_max.to_be_bytes());
        word[20..28].copy_from_slice(&record.since.get().to_be_bytes());
        self.clerks.insert(clerk, word);
        self.principals
            .insert(clerk, output::address(record.principal));
    }

    pub(crate) fn load_ledger(&self, clerk: Address, subject: B256) -> Ledger {
        let word = self.ledgers.getter(clerk).get(subject);
        Ledger {
            answered: Mask::new(number(&word[..8])),
            version: number(&word[8..12]) as u32,
            used: number(&word[12..14]) as u16,
        }
    }

    pub(crate) fn store_ledger(&mut self, clerk: Address, subject: B256, ledger: Ledger) {
        let mut word = B256::ZERO;
        word[..8].copy_from_slice(&ledger.answered.bits().to_be_bytes());
        word[8..12].copy_from_slice(&ledger.version.to_be_bytes());
        word[12..14].copy_from_slice(&ledger.used.to_be_bytes());
        self.ledgers.setter(clerk).insert(subject, word);
    }

    pub(crate) fn load_mandates(&self) -> Mandates {
        let word = self.mandates.get();
        Mandates {
            set: Mask::new(number(&word[..8])),
            version: number(&word[8..12]) as u32,
        }
    }

    /// The mandates that an operation may rest on; none are loaded for one that rests on nothing.
    pub(crate) fn load_mandates_behind(&self, role: ClerkRole, operation: Operation) -> Mandates {
        if Delegated::behind(role, operation).is_empty() {
            return Mandates::default();
        }
        self.load_mandates()
    }

    pub(crate) fn load_mandate(&self, operation: Delegated) -> Mandate {
        let key = U256::from(operation.number());
        Mandate {
            service: self.mandated.get(key),
            artifact_schema: self.schemas.get(key),
        }
    }

    pub(crate) fn store_mandate(
        &mut self,
        operation: Delegated,
        mandate: Mandate,
        mandates: Mandates,
    ) {
        let key = U256::from(operation.number());
        self.mandated.insert(key, mandate.service);
        self.schemas.insert(key, mandate.artifact_schema);
        let mut word = B256::ZERO;
        word[..8].copy_from_slice(&mandates.set.bits().to_be_bytes());
        word[8..12].copy_from_slice(&mandates.version.to_be_bytes());
        self.mandates.set(word);
    }

    pub(crate) fn load_delegation(&self, id: B256) -> Option<Delegation> {
        let word = self.delegations.get(id);
        let state = match word[21] & !ARTIFACT_DUE {
            1 => State::Open,
            2 => State::Recorded,
            3 => State::Expired,
            _ => return None,
        };
        Some(Delegation {
            clerk: Address::from_slice(&word[..20]),
            operation: Delegated::at(word[20])?,
            state,
            artifact_due: word[21] & ARTIFACT_DUE != 0,
            opened_at: Timestamp::new(number(&word[22..27])),
            due_at: Timestamp::new(number(&word[27..])),
        })
    }

    pub(crate) fn store_delegation(&mut self, id: B256, record: Delegation) {
        let mut word = B256::ZERO;
        word[..20].copy_from_slice(record.clerk.as_slice());
        word[20] = record.operation.number();
        word[21] = record.state as u8 | if record.artifact_due { ARTIFACT_DUE } else { 0 };
        // Forty bits hold 34,000 years.
        word[22..27].copy_from_slice(&record.opened_at.get().to_be_bytes()[3..]);
        word[27..].copy_from_slice(&record.due_at.get().to_be_bytes()[3..]);
        self.delegations.insert(id, word);
    }

    pub(crate) fn load_answer(&self, id: B256) -> (B256, B256) {
        (self.outputs.get(id), self.artifacts.get(id))
    }

    pub(crate) fn store_answer(&mut self, id: B256, output: B256, artifact: B256) {
        self.outputs.insert(id, output);
        if artifact != B256::ZERO {
            self.artifacts.insert(id, artifact);
        }
    }
}

/// A big-endian number of at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
