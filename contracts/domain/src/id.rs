//! Who and what: identifiers that cannot be mistaken for each other.
//!
//! No identifier is taken from `block.number`: on Arbitrum it is an estimate of the parent chain's and many blocks share
//! it, so two registrations would collide (RESOLUTIONS A-11). What is created is numbered by its creator's own counter.

use alloy_primitives::{Address, B256};

/// An agent, by the address its key controls (seed §3.6.1, `agent` contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(Address);

/// A principal: the person who answers for agents, by the address of their consent signature (RULINGS K1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(Address);

/// A mission. Creator and the creator's counter in one word, hence unique without a hash and readable back.
///
/// Layout: bytes 0..20 creator, 20..24 zero, 24..32 counter (big-endian).
/// Source: RESOLUTIONS A-11 (per-sender counters).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MissionId(B256);

/// A node of a mission's DAG: its index in the statute, which lists nodes in topological order (DESIGN §3). Sixteen
/// bits hold more nodes than a statute's pages can. Alone it identifies nothing: state is keyed by mission and node
/// (RESOLUTIONS A-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u16);

impl AgentId {
    /// The agent at `address`; none at the zero address, which is what an empty slot and a failed recovery read as.
    pub fn new(address: Address) -> Option<Self> {
        (address != Address::ZERO).then_some(Self(address))
    }

    /// Its address.
    pub const fn address(self) -> Address {
        self.0
    }
}

impl PrincipalId {
    /// The principal at `address`; none at the zero address, which is what an empty slot and a failed recovery read as.
    pub fn new(address: Address) -> Option<Self> {
        (address != Address::ZERO).then_some(Self(address))
    }

    /// Its address.
    pub const fn address(self) -> Address {
        self.0
    }
}

impl MissionId {
    /// The mission that `creator` creates as their `counter`-th.
    pub fn of_creator(creator: Address, counter: u64) -> Self {
        let mut word = [0; 32];
        word[..20].copy_from_slice(creator.as_slice());
        word[24..].copy_from_slice(&counter.to_be_bytes());
        Self(B256::new(word))
    }

    /// The word that contracts and logs carry.
    pub const fn word(self) -> B256 {
        self.0
    }

    /// Who created it.
    pub fn creator(self) -> Address {
        Address::from_slice(&self.0[..20])
    }
}

impl NodeId {
    /// The node at `index` of its statute.
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its index in the statute.
    pub const fn index(self) -> u16 {
        self.0
    }
}
