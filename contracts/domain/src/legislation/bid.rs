//! Bids: what is stored of one, whether it may be placed, and how long it binds.
//!
//! INV-BID-01: what is reserved for a bid is free again as soon as nothing can come of it: its round or its session is over, or the
//! session is law and the bid neither won nor comes next, or the mission's time is over.
//!
//! Source: seed B.10 (MSG_TYPE_4); RESOLUTIONS L-18, R-05, C-25, A-14; RULINGS R20.

// structural file: offsets and widths of the layout that the record names.

use alloy_primitives::Address;

use super::session::Session;
use crate::{machine::SessionState, mission::word::packed, parameter::ParameterId as P};

/// Where a bid stands. The number is the interface's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Standing {
    /// Its hash is known.
    Sealed = 1,
    /// It may win.
    Open,
    /// Nothing is reserved for it any more.
    Released,
}

packed! {
    /// The first word of a bid: what is measured, and who bids (bytes 12 to 32).
    Head {
        /// What the bidder says it takes, in milliseconds.
        latency_ms, set_latency_ms: 0, 4, u32;
        /// How well its service matches, in thousandths.
        fit, set_fit: 4, 2, u16;
        /// The node.
        node, set_node: 6, 2, u16;
        /// The tier of proof that it accepts.
        tier, set_tier: 8, 1, u8;
        /// The round in which it was placed.
        round, set_round: 9, 1, u8;
        /// The number of a [`Standing`].
        standing, set_standing: 10, 1, u8;
    }
}

/// Why a bid is refused. The number is the interface's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rule {
    /// The service runs another code.
    Code = 1,
    /// Less is staked than any node asks.
    Stake,
    /// It costs more than the mission may.
    Budget,
    /// A match above the whole.
    Fit,
    /// No such tier.
    Tier,
    /// The node is not bid on.
    Node,
    /// The sponsor's own bid.
    Sponsor,
}

/// A bid that breaks a rule: `need` of what it names against `have`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub rule: Rule,
    /// What is needed, or the most there may be.
    pub need: u128,
    /// What there is.
    pub have: u128,
}

/// A bid that is placed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The node.
    pub node: u16,
    /// Whether the service's registered code is the one that it names.
    pub runs_code: bool,
    /// Base units.
    pub price: u128,
    /// Base units.
    pub stake: u128,
    /// In thousandths.
    pub fit: u16,
    /// A tier of proof.
    pub tier: u8,
    /// Who answers for the bidder.
    pub principal: Address,
}

/// What it is held to. What depends on its node is judged when the node is awarded, by whoever shows the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The least stake at the lowest risk, in base units.
    pub stake: u128,
    /// What the mission may cost, in base units.
    pub budget: u128,
    /// Who funds the mission, and who answers for that account.
    pub sponsors: [Address; 2],
}

/// The whole of a match.
const WHOLE: u16 = 1_000;
/// The greatest tier.
const TIERS: u8 = 3;

impl Head {
    /// Who bids.
    pub fn agent(&self) -> Address {
        Address::from_slice(&self.0[12..])
    }

    /// Writes [`agent`](Self::agent).
    pub fn set_agent(&mut self, agent: Address) {
        self.0[12..].copy_from_slice(agent.as_slice());
    }

    /// Whether something is reserved for it.
    pub fn is_reserved(&self) -> bool {
        let standing = self.standing();
        standing == Standing::Sealed as u8 || standing == Standing::Open as u8
    }

    /// Whether it still binds what was reserved for it: its round goes on, or it is needed by a law whose mission has time.
    ///
    /// `needed` says whether it won or comes next, and is asked only where that decides.
    pub fn is_bound<E>(
        &self,
        session: &Session,
        deadline: u64,
        now: u64,
        needed: impl FnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let state = session.state();
        if self.round() != session.round() || state == SessionState::Failed.number() {
            return Ok(false);
        }
        if state != SessionState::Deployed.number() {
            return Ok(true);
        }
        if now > deadline {
            return Ok(false);
        }
        needed()
    }
}

impl Placed {
    /// Whether it may stand in a session.
    ///
    /// Errors: the first rule that it breaks.
    pub fn judge(&self, session: &Session, limits: &Limits) -> Result<(), Broken> {
        let is_sponsor = limits.sponsors.contains(&self.principal);
        for (rule, holds, need, have) in [
            (
                Rule::Node,
                session.is_bid_on(self.node),
                session.nodes().into(),
                self.node.into(),
            ),
            (Rule::Code, self.runs_code, 1, self.runs_code.into()),
            (
                Rule::Stake,
                self.stake >= limits.stake,
                limits.stake,
                self.stake,
            ),
            (
                Rule::Budget,
                self.price <= limits.budget,
                limits.budget,
                self.price,
            ),
            (Rule::Fit, self.fit <= WHOLE, WHOLE.into(), self.fit.into()),
            (
                Rule::Tier,
                self.tier >= 1 && self.tier <= TIERS,
                TIERS.into(),
                self.tier.into(),
            ),
            (Rule::Sponsor, !is_sponsor, 0, 1),
        ] {
            if !holds {
                return Err(Broken { rule, need, have });
            }
        }
        Ok(())
    }
}

/// Whether a node has room for one bid more in a round.
pub const fn has_room(bids: u32) -> bool {
    bids < P::MaxNodeBids.constant()
}
