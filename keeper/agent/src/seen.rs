//! What an agent knows of its city, as of one block: what its next steps follow from.

use agentcity_domain::legislation::award::Terms;
use agentcity_domain::statute::Node;
use agentcity_keeper::{docket::Docket, event::Head};
use alloy::primitives::{Address, B256};

/// Where somebody who is not registered stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entering {
    /// Whether the principal is enrolled.
    pub enrolled: bool,
    /// The nonce of the principal's record.
    pub principal_nonce: u16,
    /// How often the agent was registered.
    pub registrations: u16,
}

/// A petition that gathers names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Petition {
    /// Its number.
    pub id: B256,
    /// Who opened it.
    pub opener: Address,
    /// What it is about.
    pub subject_hash: B256,
    /// Names so far.
    pub signatures: u32,
    /// Names that it needs.
    pub needed: u32,
    /// Last second.
    pub expires_at: u64,
    /// Whether it opened its session.
    pub used: bool,
    /// Whether the principal's name is under it.
    pub signed: bool,
}

/// A proposal of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub id: B256,
    /// Its statute.
    pub statute_hash: B256,
    /// Whose norms bind it.
    pub domain: B256,
    /// Its place on the ballot, from one; zero if it has none.
    pub place: u8,
    /// What it may cost and how many nodes it has, if its document is known.
    pub totals: Option<(u128, u16)>,
    /// Whether the principal's name is under it.
    pub sponsored: bool,
}

/// A bid of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnBid {
    /// Its number.
    pub number: u32,
    /// Its node.
    pub node: u16,
    /// The round in which it was placed.
    pub round: u8,
    /// Whether it is sealed still.
    pub sealed: bool,
    /// Whether anything of its stake is reserved: what a seat of the mission took is not.
    pub reserved: bool,
    /// Its stake, in base units.
    pub stake: u128,
    /// Whether it won or comes next, once its node is awarded.
    pub needed: bool,
}

/// A session, as an agent sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// As everybody sees it; `own.attested` is the agent's.
    pub docket: Docket,
    /// Its proposals.
    pub proposals: Vec<Proposal>,
    /// Whether the principal polled.
    pub polled: bool,
    /// Whether its ballot is cast.
    pub committed: bool,
    /// Whether its ballot is opened.
    pub revealed: bool,
    /// Whose norms bind what is legislated.
    pub domain: B256,
    /// Who funds it, and who answers for that account.
    pub sponsors: [Address; 2],
    /// The mission's deadline, unix seconds: after it no seat needs a bid any more. Zero until the speaker carried it into bidding.
    pub mission_deadline: u64,
    /// Nodes that may be bid on, with their numbers, if the statute's text is known.
    pub nodes: Vec<(u16, Node)>,
    /// What bids are held to.
    pub terms: Option<Terms>,
    /// The agent's bids, of all rounds.
    pub bids: Vec<OwnBid>,
}

/// The city, as an agent sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// As of which block.
    pub at: Head,
    /// The agent.
    pub agent: Address,
    /// Who answers for it; zero if it is not registered.
    pub principal: Address,
    /// How far it is on its way into the city, until it is registered.
    pub entering: Option<Entering>,
    /// Whether the principal is old enough to vote, sponsor and petition (RULINGS K1).
    pub of_age: bool,
    /// What bars it (IAgent).
    pub bars: u8,
    /// Credit at the treasury, in base units.
    pub credit: u128,
    /// Petitions that gather names.
    pub petitions: Vec<Petition>,
    /// Sessions that are open, and those that ended while something of the agent's is reserved in them.
    pub sessions: Vec<Session>,
}
