//! Who and what: identifiers that cannot be mistaken for each other.
//!
//! No identifier is taken from `block.number`: on Arbitrum it is an estimate of the parent chain's and many blocks share
//! it, so two registrations would collide (RESOLUTIONS A-11). What is created is numbered by its creator's own counter, or
//! named after the session that made it (ADR 0006).

use alloy_primitives::{Address, B256};

/// An agent, by the address its key controls (seed §3.6.1, `agent` contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(Address);

/// A principal: the person who answers for agents, by the address of their consent signature (RULINGS K1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(Address);

/// A mission. A session makes one mission and its law names the sponsor, so both together name it: no counter is kept, and
/// whether a session has made its mission is whether there is a mission of this number.
///
/// Layout: bytes 0..20 sponsor, 20..32 the first twelve of keccak256(session).
///
/// 96 bits are enough. Two sessions whose hashes meet in them do nothing but this: the second mission of the *same* sponsor is
/// refused as made already; no money and no state changes hands, and its sponsor asks for another session. To meet the session
/// of somebody else takes 2⁹⁶ trials, whether made on a chain or off it. A sponsor who tries for two of its own (2⁴⁸) refuses
/// itself, which it could do by creating nothing. And nothing meets by chance: no two sessions have one number
///
/// Source: RESOLUTIONS A-11, S-10; ADR 0006.
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
    /// The mission of a sponsor's session, which the keccak256 of the session's number names.
    pub fn of_session(sponsor: Address, session_hash: B256) -> Self {
        let mut word = session_hash;
        word.copy_within(..12, 20); // structural: the layout above
        word[..20].copy_from_slice(sponsor.as_slice()); // structural: the layout above
        Self(word)
    }

    /// The word that contracts and logs carry.
    pub const fn word(self) -> B256 {
        self.0
    }

    /// Who pays for it.
    pub fn sponsor(self) -> Address {
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
