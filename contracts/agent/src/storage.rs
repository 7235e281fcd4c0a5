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
use agentcity_shell::{common, money::Asset, output};
use alloy_primitives::{Address, B256};
use stylus_sdk::{
    prelude::*,
    storage::{StorageB256, StorageMap},
};

type Words = StorageMap<Address, StorageB256>;

/// The contract's state, and the program's entry point.
#[entrypoint]
#[storage]
pub struct Agents {
    constitution: StorageB256,
    money: StorageB256,
    management: StorageB256,
    collaboration: StorageB256,
    treasury: StorageB256,
    adjudication: StorageB256,
    totals: StorageB256,
    dues: StorageB256,
    hot: Words,
    bonds: Words,
    histories: Words,
    proposals: Words,
    parents: Words,
    principals: Words,
    credits: Words,
}

impl Agents {
    pub(crate) fn load_constitution(&self) -> Address {
        Address::from_word(self.constitution.get())
    }

    pub(crate) fn store_constitution(&mut self, constitution: Address) {
        self.constitution.set(constitution.into_word());
    }

    pub(crate) fn is_wired(&self) -> bool {
        self.money.get() != B256::ZERO
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
        self.money.set(money);
        let place = |peer: Peer| members[peer.place()].into_word();
        self.management.set(place(Peer::Management));
        self.collaboration.set(place(Peer::Collaboration));
        self.treasury.set(place(Peer::Treasury));
        self.adjudication.set(place(Peer::Adjudication));
    }

    /// The settlement asset, and base units of a stake unit.
    ///
    /// Errors: `NotWired`.
    #[inline(never)]
    pub(crate) fn load_money(&self) -> Result<(Asset, Amount), Vec<u8>> {
        let word = self.money.get();
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
        let word = match peer {
            Peer::Management => self.management.get(),
            Peer::Collaboration => self.collaboration.get(),
            Peer::Treasury => self.treasury.get(),
            Peer::Adjudication => self.adjudication.get(),
            // Nobody else tells this contract anything, nor is told.
            _ => self.constitution.get(),
        };
        if word == B256::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        Ok(Address::from_word(word))
    }

    #[inline(never)]
    pub(crate) fn load_totals(&self) -> Totals {
        Totals::unpack(&self.totals.get())
    }

    #[inline(never)]
    pub(crate) fn store_totals(&mut self, totals: Totals) {
        self.totals.set(totals.pack().into());
    }

    pub(crate) fn load_dues(&self) -> Dues {
        Dues::unpack(&self.dues.get())
    }

    pub(crate) fn store_dues(&mut self, dues: Dues) {
        self.dues.set(dues.pack().into());
    }

    #[inline(never)]
    pub(crate) fn load_hot(&self, agent: Address) -> Hot {
        Hot::unpack(&self.hot.get(agent))
    }

    #[inline(never)]
    pub(crate) fn store_hot(&mut self, agent: Address, hot: &Hot) {
        self.hot.insert(agent, hot.pack().into());
    }

    #[inline(never)]
    pub(crate) fn load_bond(&self, agent: Address) -> Bond {
        Bond::unpack(&self.bonds.get(agent))
    }

    #[inline(never)]
    pub(crate) fn load_history(&self, agent: Address) -> History {
        History::unpack(&self.histories.get(agent))
    }

    pub(crate) fn store_history(&mut self, agent: Address, history: &History) {
        self.histories.insert(agent, history.pack().into());
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
        Agent {
            address,
            hot,
            bond: self.load_bond(address),
            history: self.load_history(address),
        }
    }

    /// Writes a record. A word that was read and is as it was costs nothing; a history that never began is not written.
    #[inline(never)]
    pub(crate) fn store_agent(&mut self, agent: &Agent) {
        self.store_hot(agent.address, &agent.hot);
        self.bonds.insert(agent.address, agent.bond.pack().into());
        let history = B256::new(agent.history.pack());
        if history != B256::ZERO {
            self.histories.insert(agent.address, history);
        }
    }

    pub(crate) fn load_proposal(&self, agent: Address) -> Proposal {
        Proposal::unpack(&self.proposals.get(agent))
    }

    pub(crate) fn store_proposal(&mut self, agent: Address, proposal: &Proposal) {
        self.proposals.insert(agent, proposal.pack().into());
    }

    /// The agent above one of this depth; nobody above the first.
    #[inline(never)]
    pub(crate) fn load_parent(&self, agent: Address, depth: u8) -> Address {
        if depth == 0 {
            return Address::ZERO;
        }
        Address::from_word(self.parents.get(agent))
    }

    pub(crate) fn store_parent(&mut self, agent: Address, parent: Address) {
        self.parents.insert(agent, parent.into_word());
    }

    #[inline(never)]
    pub(crate) fn load_principal(&self, account: Address) -> Principal {
        Principal::unpack(&self.principals.get(account))
    }

    /// Writes a principal, and counts the voters anew if it became one or is none any more.
    #[inline(never)]
    pub(crate) fn store_principal(&mut self, account: Address, after: &Principal) {
        let before = self.load_principal(account);
        self.principals.insert(account, after.pack().into());
        if before.is_voter() != after.is_voter() {
            let totals = self.load_totals().recount(&before, after);
            self.store_totals(totals);
        }
    }

    #[inline(never)]
    pub(crate) fn load_credit(&self, account: Address) -> Amount {
        let word = self.credits.get(account);
        let mut low = [0; 16];
        low.copy_from_slice(&word[16..]);
        Amount::new(u128::from_be_bytes(low))
    }

    pub(crate) fn store_credit(&mut self, account: Address, credit: Amount) {
        self.credits.insert(account, output::amount(credit.get()));
    }
}
