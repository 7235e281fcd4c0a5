//! Slots to domain values and back. Layout, in Solidity's terms:
//!
//! ```text
//! slot 0  bytes32 mandate                   (not zero once constructed)
//! slot 1  address asset; uint8 clerks; uint8 adjudicators; 2 bytes unused; uint64 epoch   (packed from the right)
//! slot 2  uint256 unitScale
//! slot 3  mapping(uint256 peer => address) members
//! slot 4  mapping(uint256 index => address) adjudicators
//! slot 5  mapping(uint256 place => bytes32) clerks     (clerk i: role and agent at 2i, principal at 2i + 1)
//! slot 6  mapping(uint256 id => struct { uint64 lastAt; uint32 used; }) tightenings   (of a parameter: changes at once)
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
        seal::Founding,
    },
    parameter::{ParameterId, amendment::Ledger},
    peer::Peer,
    signed::identity::Clerk,
    time::Timestamp,
};
use agentcity_shell::{output::number, slot};
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::prelude::*;

/// The constitution, and the program's entry point. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Constitution {}

const MANDATE: u64 = 0;
const HEAD: u64 = 1;
const UNIT_SCALE: u64 = 2;
const MEMBERS: u64 = 3;
const ADJUDICATORS: u64 = 4;
const CLERKS: u64 = 5;
const TIGHTENINGS: u64 = 6;
const DOMAINS: u64 = 7;
const STANDINGS: u64 = 8;
const STRUCK: u64 = 9;

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
        self.load(MANDATE)
    }

    pub(crate) fn load_unit_scale(&self) -> U256 {
        self.load(UNIT_SCALE).into()
    }

    pub(crate) fn load_head(&self) -> Head {
        let word = self.load(HEAD);
        let mut epoch = [0; 8];
        epoch.copy_from_slice(&word[..8]);
        Head {
            epoch: u64::from_be_bytes(epoch),
            adjudicators: word[10],
            clerks: word[11],
            asset: Address::from_word(word),
        }
    }

    pub(crate) fn store_head(&self, head: Head) {
        let mut word = head.asset.into_word();
        word[..8].copy_from_slice(&head.epoch.to_be_bytes());
        word[10] = head.adjudicators;
        word[11] = head.clerks;
        self.store(HEAD, word);
    }

    /// Everything a constructor stores, once.
    pub(crate) fn store_founding(&self, founding: Founding<'_>) {
        self.store(MANDATE, founding.mandate);
        self.store_head(Head {
            adjudicators: founding.adjudicators.len() as u8,
            asset: founding.asset,
            ..Head::default()
        });
        self.store(UNIT_SCALE, founding.unit_scale.into());
        let count = founding.adjudicators.len() as u64;
        for (index, adjudicator) in (0..count).zip(founding.adjudicators) {
            self.store_of(ADJUDICATORS, number(index), adjudicator.into_word());
        }
    }

    pub(crate) fn load_adjudicators(&self, head: Head) -> Vec<Address> {
        (0..head.adjudicators)
            .map(|index| Address::from_word(self.load_of(ADJUDICATORS, number(index.into()))))
            .collect()
    }

    pub(crate) fn load_member(&self, peer: Peer) -> Address {
        Address::from_word(self.load_of(MEMBERS, number(peer as u64)))
    }

    pub(crate) fn store_members(&self, members: &[Address; Peer::COUNT]) {
        for (peer, member) in Peer::ALL.into_iter().zip(members) {
            self.store_of(MEMBERS, number(peer as u64), member.into_word());
        }
    }

    pub(crate) fn load_clerk(&self, index: u8) -> Clerk {
        let [place, next] = clerk_places(index);
        let word = self.load_of(CLERKS, place);
        Clerk {
            role: word[0],
            agent: Address::from_word(word),
            principal: Address::from_word(self.load_of(CLERKS, next)),
        }
    }

    pub(crate) fn store_clerks(&self, clerks: &[Clerk]) {
        for (index, clerk) in (0..clerks.len() as u8).zip(clerks) {
            let [place, next] = clerk_places(index);
            let mut word = clerk.agent.into_word();
            word[0] = clerk.role;
            self.store_of(CLERKS, place, word);
            self.store_of(CLERKS, next, clerk.principal.into_word());
        }
    }

    pub(crate) fn load_ledger(&self, id: ParameterId) -> Ledger {
        let word = self.load_of(TIGHTENINGS, number(id as u64));
        let mut used = [0; 4];
        used.copy_from_slice(&word[20..24]);
        Ledger {
            last_at: Timestamp::new(last_number(word)),
            used: u32::from_be_bytes(used),
        }
    }

    pub(crate) fn store_ledger(&self, id: ParameterId, ledger: Ledger) {
        let mut word = number(ledger.last_at.get());
        word[20..24].copy_from_slice(&ledger.used.to_be_bytes());
        self.store_of(TIGHTENINGS, number(id as u64), word);
    }

    pub(crate) fn load_norm(&self, id: B256) -> Norm {
        let word = self.load_of(STANDINGS, id);
        Norm {
            domain: self.load_of(DOMAINS, id),
            // Nothing but a status is ever stored there.
            status: Status::at(word[23]).unwrap_or_default(),
            since: Timestamp::new(last_number(word)),
        }
    }

    pub(crate) fn store_norm(&self, id: B256, before: Norm, norm: Norm) {
        if before.domain != norm.domain {
            self.store_of(DOMAINS, id, norm.domain);
        }
        let mut word = number(norm.since.get());
        word[23] = norm.status as u8;
        self.store_of(STANDINGS, id, word);
    }

    pub(crate) fn load_struck(&self, domain: B256) -> u64 {
        last_number(self.load_of(STRUCK, domain))
    }

    pub(crate) fn store_struck(&self, domain: B256, count: u64) {
        self.store_of(STRUCK, domain, number(count));
    }

    fn load(&self, at: u64) -> B256 {
        slot::load(self.vm(), U256::from_limbs([at, 0, 0, 0]))
    }

    fn store(&self, at: u64, word: B256) {
        slot::store(self.vm(), U256::from_limbs([at, 0, 0, 0]), word);
    }

    #[inline(never)]
    fn load_of(&self, mapping: u64, key: B256) -> B256 {
        slot::load(self.vm(), slot::of(self.vm(), mapping, key))
    }

    #[inline(never)]
    fn store_of(&self, mapping: u64, key: B256, word: B256) {
        slot::store(self.vm(), slot::of(self.vm(), mapping, key), word);
    }
}

/// Keys of a clerk's two words.
fn clerk_places(index: u8) -> [B256; 2] {
    let place = 2 * u64::from(index);
    [number(place), number(place + 1)]
}

/// The number in a word's last eight bytes.
fn last_number(word: B256) -> u64 {
    let mut digits = [0; 8];
    digits.copy_from_slice(&word[24..]);
    u64::from_be_bytes(digits)
}
