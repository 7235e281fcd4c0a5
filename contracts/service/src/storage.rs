//! Slots to domain values and back. Layout, in Solidity's terms:
//!
//! ```text
//! slot 0  address constitution
//! slot 1  address agent                    (zero until wired)
//! slot 2  mapping(bytes32 => bytes32)      code hash by service
//! slot 3  mapping(bytes32 => uint64)       deprecated since, by service; zero while it takes work
//! ```
//!
//! One fresh slot a registration: the id commits to the rest, and the second is written by those services alone that
//! end.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{service::Stored, time::Timestamp};
use agentcity_shell::output;
use alloy_primitives::{Address, B256};
use stylus_sdk::{
    prelude::*,
    storage::{StorageB256, StorageMap},
};

/// The registry's state, and the program's entry point.
#[entrypoint]
#[storage]
pub struct Services {
    constitution: StorageB256,
    agent: StorageB256,
    code_hashes: StorageMap<B256, StorageB256>,
    deprecations: StorageMap<B256, StorageB256>,
}

impl Services {
    pub(crate) fn load_constitution(&self) -> Address {
        Address::from_word(self.constitution.get())
    }

    pub(crate) fn store_constitution(&mut self, constitution: Address) {
        self.constitution.set(constitution.into_word());
    }

    /// Zero until wired.
    pub(crate) fn load_agent(&self) -> Address {
        Address::from_word(self.agent.get())
    }

    pub(crate) fn store_agent(&mut self, agent: Address) {
        self.agent.set(agent.into_word());
    }

    /// Without the deprecation, which nothing unregistered has.
    pub(crate) fn load_code_hash(&self, service: B256) -> Stored {
        Stored {
            code_hash: self.code_hashes.get(service),
            deprecated_at: None,
        }
    }

    pub(crate) fn load_service(&self, service: B256) -> Stored {
        let word = self.deprecations.get(service);
        let mut seconds = [0; 8];
        seconds.copy_from_slice(&word[24..]);
        Stored {
            deprecated_at: (word != B256::ZERO)
                .then_some(Timestamp::new(u64::from_be_bytes(seconds))),
            ..self.load_code_hash(service)
        }
    }

    pub(crate) fn store_code_hash(&mut self, service: B256, stored: Stored) {
        self.code_hashes.insert(service, stored.code_hash);
    }

    pub(crate) fn store_deprecation(&mut self, service: B256, at: Timestamp) {
        self.deprecations.insert(service, output::number(at.get()));
    }
}
