//! Slots to domain values and back. Layout, in Solidity's terms:
//!
//! ```text
//! slot 0   address constitution
//! slot 1   address asset (low 20 bytes); uint96 unitScale      (zero until wired)
//! slot 2   address management
//! slot 3   address collaboration
//! slot 4   address treasury
//! slot 5   address adjudication
//! slot 6   totals: lock, voters, booked                        (domain::agent::books)
//! slot 7   dues: insurance, treasury                           (same)
//! slot 8   mapping(address => bytes32) hot words of agents     (domain::agent::record)
//! slot 9   mapping(address => bytes32) their bonds             (same)
//! slot 10  mapping(address => bytes32) their histories         (same)
//! slot 11  mapping(address => bytes32) releases to another principal (same)
//! slot 12  mapping(address => address) parents of sub-agents
//! slot 13  mapping(address => bytes32) principals              (domain::agent::principal)
//! slot 14  mapping(address => uint128) credits
//! ```
//!
//! A first registration writes two new slots, hot word and bond; the principal's word and the totals exist already.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::{
    agent::{
        books::{Dues, Totals},
        principal::Principal,
        record::{Agent, Bond, History, Hot, Proposal, Status},
    },
    amount::Amount,
    peer::Peer,
};
use agentcity_shell::{common, money::Asset, output, slot};
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::prelude::*;

/// The entry point. Words are reached by their slots, so it has no fields.
#[entrypoint]
#[storage]
pub struct Agents {}

const CONSTITUTION: u64 = 0;
const MONEY: u64 = 1;
const MANAGEMENT: u64 = 2;
const COLLABORATION: u64 = 3;
const TREASURY: u64 = 4;
const ADJUDICATION: u64 = 5;
const TOTALS: u64 = 6;
const DUES: u64 = 7;
const HOT: u64 = 8;
const BONDS: u64 = 9;
const HISTORIES: u64 = 10;
const PROPOSALS: u64 = 11;
const PARENTS: u64 = 12;
const PRINCIPALS: u64 = 13;
const CREDITS: u64 = 14;

impl Agents {
    #[inline(never)]
    fn word(&self, slot: u64) -> B256 {
        slot::load(self.vm(), U256::from(slot))
    }

    #[inline(never)]
    fn set_word(&mut self, slot: u64, word: B256) {
        slot::store(self.vm(), U256::from(slot), word);
    }

    /// The word of an account in a mapping.
    #[inline(never)]
    fn entry(&self, mapping: u64, account: Address) -> B256 {
        let vm = self.vm();
        slot::load(vm, slot::of(vm, mapping, account.into_word()))
    }

    #[inline(never)]
    fn set_entry(&mut self, mapping: u64, account: Address, word: B256) {
        let vm = self.vm();
        slot::store(vm, slot::of(vm, mapping, account.into_word()), word);
    }

    pub(crate) fn load_constitution(&self) -> Address {
        Address::from_word(self.word(CONSTITUTION))
    }

    pub(crate) fn store_constitution(&mut self, constitution: Address) {
        self.set_word(CONSTITUTION, constitution.into_word());
    }

    pub(crate) fn is_wired(&self) -> bool {
        self.word(MONEY) != B256::ZERO
    }

    /// `scale` is below 2⁹⁶ and not nought.
    pub(crate) fn store_wiring(
        &mut self,
        members: &[Address; Peer::COUNT],
        asset: Address,
        scale: B256,
    ) {
        let mut money = asset.into_word();
        money[..12].copy_from_slice(&scale[20..]);
        self.set_word(MONEY, money);
        for (slot, peer) in [
            (MANAGEMENT, Peer::Management),
            (COLLABORATION, Peer::Collaboration),
            (TREASURY, Peer::Treasury),
            (ADJUDICATION, Peer::Adjudication),
        ] {
            if let Some(member) = members.get(peer.place()) {
                self.set_word(slot, member.into_word());
            }
        }
    }

    /// The settlement asset, and base units of a stake unit.
    ///
    /// Errors: `NotWired`.
    #[inline(never)]
    pub(crate) fn load_money(&self) -> Result<(Asset, Amount), Vec<u8>> {
        let word = self.word(MONEY);
        if word == B256::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        let mut scale = [0; 16];
        scale[4..].copy_from_slice(&word[..12]);
        let asset = Asset::at(Address::from_word(word));
        Ok((asset, Amount::new(u128::from_be_bytes(scale))))
    }

    /// A peer; the constitution if this contract never calls that one.
    ///
    /// Errors: `NotWired`.
    #[inline(never)]
    pub(crate) fn load_peer(&self, peer: Peer) -> Result<Address, Vec<u8>> {
        let word = self.word(match peer {
            Peer::Management => MANAGEMENT,
            Peer::Collaboration => COLLABORATION,
            Peer::Treasury => TREASURY,
            Peer::Adjudication => ADJUDICATION,
            // Nobody else tells this contract anything, nor is told.
            _ => CONSTITUTION,
        });
        if word == B256::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        Ok(Address::from_word(word))
    }

    #[inline(never)]
    pub(crate) fn load_totals(&self) -> Totals {
        Totals::unpack(&self.word(TOTALS))
    }

    #[inline(never)]
    pub(crate) fn store_totals(&mut self, totals: Totals) {
        self.set_word(TOTALS, totals.pack().into());
    }

    pub(crate) fn load_dues(&self) -> Dues {
        Dues::unpack(&self.word(DUES))
    }

    pub(crate) fn store_dues(&mut self, dues: Dues) {
        self.set_word(DUES, dues.pack().into());
    }

    #[inline(never)]
    pub(crate) fn load_hot(&self, agent: Address) -> Hot {
        Hot::unpack(&self.entry(HOT, agent))
    }

    #[inline(never)]
    pub(crate) fn store_hot(&mut self, agent: Address, hot: &Hot) {
        self.set_entry(HOT, agent, hot.pack().into());
    }

    #[inline(never)]
    pub(crate) fn load_bond(&self, agent: Address) -> Bond {
        Bond::unpack(&self.entry(BONDS, agent))
    }

    #[inline(never)]
    pub(crate) fn load_history(&self, agent: Address) -> History {
        History::unpack(&self.entry(HISTORIES, agent))
    }

    #[inline(never)]
    pub(crate) fn store_history(&mut self, agent: Address, history: &History) {
        self.set_entry(HISTORIES, agent, history.pack().into());
    }

    /// A whole record. Of an agent that never registered, only the first word is read.
    #[inline(never)]
    pub(crate) fn load_agent(&self, address: Address) -> Agent {
        let hot = self.load_hot(address);
        if hot.status == Status::None {
            return Agent {
                address,
                ..Agent::default()
            };
        }
        let history = if hot.has_history {
            self.load_history(address)
        } else {
            History::default()
        };
        Agent {
            address,
            hot,
            bond: self.load_bond(address),
            history,
        }
    }

    /// Writes a record. A word that was read and is as it was costs nothing; a history that never began is not written.
    #[inline(never)]
    pub(crate) fn store_agent(&mut self, agent: &Agent) {
        let hot = Hot {
            has_history: agent.history != History::default(),
            ..agent.hot
        };
        self.store_hot(agent.address, &hot);
        self.set_entry(BONDS, agent.address, agent.bond.pack().into());
        if hot.has_history {
            self.store_history(agent.address, &agent.history);
        }
    }

    pub(crate) fn load_proposal(&self, agent: Address) -> Proposal {
        Proposal::unpack(&self.entry(PROPOSALS, agent))
    }

    pub(crate) fn store_proposal(&mut self, agent: Address, proposal: &Proposal) {
        self.set_entry(PROPOSALS, agent, proposal.pack().into());
    }

    /// The agent above one of this depth; nobody above the first.
    #[inline(never)]
    pub(crate) fn load_parent(&self, agent: Address, depth: u8) -> Address {
        if depth == 0 {
            return Address::ZERO;
        }
        Address::from_word(self.entry(PARENTS, agent))
    }

    pub(crate) fn store_parent(&mut self, agent: Address, parent: Address) {
        self.set_entry(PARENTS, agent, parent.into_word());
    }

    #[inline(never)]
    pub(crate) fn load_principal(&self, account: Address) -> Principal {
        Principal::unpack(&self.entry(PRINCIPALS, account))
    }

    /// Writes a principal, and counts the voters anew if it became one or is none any more.
    #[inline(never)]
    pub(crate) fn store_principal(&mut self, account: Address, after: &Principal) {
        let before = self.load_principal(account);
        self.set_entry(PRINCIPALS, account, after.pack().into());
        if before.is_voter() != after.is_voter() {
            let totals = self.load_totals().recount(&before, after);
            self.store_totals(totals);
        }
    }

    #[inline(never)]
    pub(crate) fn load_credit(&self, account: Address) -> Amount {
        let word = self.entry(CREDITS, account);
        let mut low = [0; 16];
        low.copy_from_slice(&word[16..]);
        Amount::new(u128::from_be_bytes(low))
    }

    #[inline(never)]
    pub(crate) fn store_credit(&mut self, account: Address, credit: Amount) {
        self.set_entry(CREDITS, account, output::amount(credit.get()));
    }
}
