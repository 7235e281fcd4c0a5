//! Slots to domain values and back. Layout, in Solidity's terms:
//!
//! ```text
//! slot 0  bytes32 mandate                   (not zero once constructed)
//! slot 1  address asset; uint8 clerks; uint8 adjudicators; 2 bytes unused; uint64 epoch   (packed from the right)
//! slot 2  uint256 unitScale
//! slot 3  mapping(uint256 peer => address) members
//! slot 4  mapping(uint256 index => address) adjudicators
//! slot 5  mapping(uint256 place => bytes32) clerks     (clerk i: role and agent at 2i, principal at 2i + 1)
//! slot 6  mapping(uint256 id => struct { uint64 lastAt; uint32 used; }) tightenings   (immediate ones, of a parameter)
//! slot 7  mapping(bytes32 norm => bytes32 domain) domains
//! slot 8  mapping(bytes32 norm => struct { uint64 since; uint8 status; }) standings
//! slot 9  mapping(bytes32 domain => uint256) struck    (how many of its norms)
//! ```
//!
//! The epoch is not zero once the city is sealed. The values of parameters are in no slot but in pages.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{
    constitution::{
        norm::{Norm, Status},
        seal::Clerk,
    },
    parameter::{ParameterId, amendment::Ledger},
    peer::Peer,
    time::Timestamp,
};
use agentcity_shell::output;
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{
    prelude::*,
    storage::{StorageB256, StorageMap},
};

/// The constitution's state, and the program's entry point.
#[entrypoint]
#[storage]
pub struct Constitution {
    mandate: StorageB256,
    head: StorageB256,
    unit_scale: StorageB256,
    members: StorageMap<U256, StorageB256>,
    adjudicators: StorageMap<U256, StorageB256>,
    clerks: StorageMap<U256, StorageB256>,
    tightenings: StorageMap<U256, StorageB256>,
    domains: StorageMap<U256, StorageB256>,
    standings: StorageMap<U256, StorageB256>,
    struck: StorageMap<U256, StorageB256>,
}

/// What stands in slot 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The epoch in force; zero before the seal.
    pub(crate) epoch: u64,
    /// How many genesis adjudicators there are.
    pub(crate) adjudicators: u8,
    /// How many genesis clerks.
    pub(crate) clerks: u8,
    /// The settlement asset.
    pub(crate) asset: Address,
}

impl Constitution {
    pub(crate) fn load_mandate(&self) -> B256 {
        self.mandate.get()
    }

    pub(crate) fn load_unit_scale(&self) -> U256 {
        self.unit_scale.get().into()
    }

    pub(crate) fn load_head(&self) -> Head {
        let word = self.head.get();
        let mut epoch = [0; 8];
        epoch.copy_from_slice(&word[..8]);
        Head {
            epoch: u64::from_be_bytes(epoch),
            adjudicators: word[10],
            clerks: word[11],
            asset: Address::from_word(word),
        }
    }

    pub(crate) fn store_head(&mut self, head: Head) {
        let mut word = head.asset.into_word();
        word[..8].copy_from_slice(&head.epoch.to_be_bytes());
        word[10] = head.adjudicators;
        word[11] = head.clerks;
        self.head.set(word);
    }

    /// Everything a constructor stores, once.
    pub(crate) fn store_founding(
        &mut self,
        mandate: B256,
        asset: Address,
        unit_scale: U256,
        adjudicators: &[Address],
    ) {
        self.mandate.set(mandate);
        self.store_head(Head {
            adjudicators: adjudicators.len() as u8,
            asset,
            ..Head::default()
        });
        self.unit_scale.set(unit_scale.into());
        for (index, adjudicator) in adjudicators.iter().enumerate() {
            let word = adjudicator.into_word();
            self.adjudicators.insert(U256::from(index), word);
        }
    }

    pub(crate) fn load_adjudicators(&self, head: Head) -> Vec<Address> {
        (0..head.adjudicators)
            .map(|index| Address::from_word(self.adjudicators.get(U256::from(index))))
            .collect()
    }

    pub(crate) fn load_member(&self, peer: Peer) -> Address {
        Address::from_word(self.members.get(U256::from(peer.place())))
    }

    pub(crate) fn store_members(&mut self, members: &[Address; Peer::COUNT]) {
        for (place, member) in members.iter().enumerate() {
            self.members.insert(U256::from(place), member.into_word());
        }
    }

    pub(crate) fn load_clerk(&self, index: u8) -> Clerk {
        let place = 2 * usize::from(index);
        let word = self.clerks.get(U256::from(place));
        let principal = self.clerks.get(U256::from(place + 1));
        Clerk {
            role: word[0],
            agent: Address::from_word(word),
            principal: Address::from_word(principal),
        }
    }

    pub(crate) fn store_clerks(&mut self, clerks: &[Clerk]) {
        for (index, clerk) in clerks.iter().enumerate() {
            let place = 2 * index;
            let mut word = clerk.agent.into_word();
            word[0] = clerk.role;
            self.clerks.insert(U256::from(place), word);
            let principal = clerk.principal.into_word();
            self.clerks.insert(U256::from(place + 1), principal);
        }
    }

    pub(crate) fn load_ledger(&self, id: ParameterId) -> Ledger {
        let word = self.tightenings.get(U256::from(id.place()));
        let mut used = [0; 4];
        used.copy_from_slice(&word[20..24]);
        Ledger {
            last_at: Timestamp::new(last_number(word)),
            used: u32::from_be_bytes(used),
        }
    }

    pub(crate) fn store_ledger(&mut self, id: ParameterId, ledger: Ledger) {
        let mut word = output::number(ledger.last_at.get());
        word[20..24].copy_from_slice(&ledger.used.to_be_bytes());
        self.tightenings.insert(U256::from(id.place()), word);
    }

    pub(crate) fn load_norm(&self, id: B256) -> Norm {
        let word = self.standings.get(id.into());
        Norm {
            domain: self.domains.get(id.into()),
            // Nothing but a status is ever stored there.
            status: Status::at(word[23]).unwrap_or_default(),
            since: Timestamp::new(last_number(word)),
        }
    }

    pub(crate) fn store_norm(&mut self, id: B256, before: Norm, norm: Norm) {
        if before.domain != norm.domain {
            self.domains.insert(id.into(), norm.domain);
        }
        let mut word = output::number(norm.since.get());
        word[23] = norm.status as u8;
        self.standings.insert(id.into(), word);
    }

    pub(crate) fn load_struck(&self, domain: B256) -> u64 {
        last_number(self.struck.get(domain.into()))
    }

    pub(crate) fn store_struck(&mut self, domain: B256, count: u64) {
        self.struck.insert(domain.into(), output::number(count));
    }
}

/// The number in a word's last eight bytes.
fn last_number(word: B256) -> u64 {
    let mut digits = [0; 8];
    digits.copy_from_slice(&word[24..]);
    u64::from_be_bytes(digits)
}
