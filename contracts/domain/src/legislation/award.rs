//! Which bids may win a node, and which of them win it.
//!
//! INV-AWARD-01: a seat goes to the best bid that may win and whose principal has no seat of the node yet; of equal scores the
//! earlier bid is better. Only the regulator and the panel together may let another come first.
//!
//! Source: seed eq. (1); RESOLUTIONS R-05, L-10, L-11, S-12; RULINGS R7, R20; vectors `bid_score`.

// structural file: offsets and widths of the layout that the run's record names.

use alloc::vec::Vec;

use alloy_primitives::Address;

use super::fairness::Spread;
use crate::{
    mission::word::packed,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Node, SEATS_MAX},
};

/// The whole of a permille.
const WHOLE: u128 = 1_000;

/// Bits of an amount in a seat.
const AMOUNT_BITS: u32 = 96;

/// Bytes of a run that are its spread.
const SPREAD: usize = 16;

/// What a bid offers, as far as its award asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Base units.
    pub price: u128,
    /// Base units.
    pub stake: u128,
    /// How well the service matches the node, in thousandths.
    pub fit: u16,
    /// The tier of proof that it accepts.
    pub tier: u8,
}

/// Who offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bidder {
    /// Who answers for the agent.
    pub principal: Address,
    /// What bars it (IAgent); nothing if zero.
    pub bars: u8,
    /// Its reputation, 0 to 1000.
    pub score: u16,
}

/// What bids are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How much quality counts against the price, in thousandths.
    pub quality: u16,
    /// The least stake by risk, in base units.
    pub stakes: [u128; 3],
    /// Who funds the mission, and who answers for that account: neither bids.
    pub sponsors: [Address; 2],
}

packed! {
    /// A run of an award through the nodes of a statute. Its first sixteen bytes are those of the spread of its seats
    /// ([`super::fairness::Spread`]).
    Run {
        /// The node that is awarded next.
        node, set_node: 16, 2, u16;
        /// Regulators who decided for it.
        decisions, set_decisions: 18, 1, u8;
        /// Regulators who want another proposal.
        returns, set_returns: 19, 1, u8;
        /// Whether every node is awarded.
        whole, set_whole: 20, 1, u8;
        /// Whether a regulator found what blocks codification.
        blocked, set_blocked: 21, 1, u8;
        /// Its fairness, once it is whole.
        fairness, set_fairness: 22, 2, u16;
    }
}

impl Run {
    /// The statute's page in which the next node stands, and that node's place in it.
    pub fn place(&self) -> (u16, u16) {
        (self.node() / NODES_PER_PAGE, self.node() % NODES_PER_PAGE)
    }

    /// How its seats are spread.
    pub fn spread(&self) -> Spread {
        Spread(self.0)
    }

    /// Writes the [`spread`](Self::spread), which has the first sixteen bytes.
    pub fn set_spread(&mut self, spread: Spread) {
        self.0[..SPREAD].copy_from_slice(&spread.0[..SPREAD]);
    }

    /// Nodes of the next page of seats, of a statute with `nodes` nodes.
    pub fn step(&self, nodes: u16) -> u16 {
        nodes.saturating_sub(self.node()).min(NODES_PER_SEAT_PAGE)
    }
}

/// Why a bid cannot win a node. None of it is the session's fault, so the bid is passed over and nothing is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// It costs more than a seat of the node may.
    Price,
    /// Less is staked than the node's risk asks, or more than a seat can say.
    Stake,
    /// It accepts another tier.
    Tier,
    /// Its agent may not work.
    Barred,
    /// It is the sponsor's own.
    Sponsor,
}

/// A bid that may win.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub bid: u32,
    /// Whose it is.
    pub principal: Address,
    /// How good it is, 0 to 1000.
    pub score: u16,
}

/// Another bid than the best, countersigned by the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The best when it was signed: of another best nobody has spoken.
    pub best: u32,
    /// What comes first instead.
    pub chosen: u32,
}

/// Whom a node is awarded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awarded {
    /// As many as the node has seats, the best first.
    pub seats: Vec<Candidate>,
    /// Who comes next, of yet another principal.
    pub runner_up: Option<Candidate>,
}

/// Why a node cannot be awarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unawarded {
    /// Fewer principals than seats have bids that may win.
    Uncovered {
        /// Principals.
        have: u8,
        /// Seats.
        need: u8,
    },
    /// The deviation was from another best, or to a bid that may not win. Numbers plus one; zero for none.
    Deviated {
        /// The best, or the bid that was chosen.
        signed: u32,
        /// What is found in its place.
        found: u32,
    },
}

/// How good an offer is, as a fraction of one: quality against price, each by its weight. None for one that costs more than `share`.
///
/// Units: `quality`, `fit` and `score` in thousandths; price and share in base units, less than 2⁹⁶, so that no product leaves
/// 128 bits.
/// Source: seed eq. (1).
pub fn fraction(offer: &Offer, share: u128, score: u16, quality: u16) -> Option<(u128, u128)> {
    let saved = share.checked_sub(offer.price)?;
    let weight = u128::from(quality).min(WHOLE);
    let proven = weight
        .saturating_mul(score.into())
        .saturating_mul(offer.fit.into())
        .saturating_mul(share);
    let cheap = WHOLE
        .saturating_sub(weight)
        .saturating_mul(saved)
        .saturating_mul(WHOLE * WHOLE);
    let whole = share.saturating_mul(WHOLE * WHOLE * WHOLE);
    Some((proven.saturating_add(cheap), whole))
}

/// The same in whole thousandths, rounded down; nothing for what costs too much.
pub fn score_floor(offer: &Offer, share: u128, score: u16, quality: u16) -> u16 {
    let fraction = fraction(offer, share, score, quality);
    let score = fraction.and_then(|(of, whole)| of.checked_div(whole.checked_div(WHOLE)?));
    score.unwrap_or_default() as u16
}

impl Terms {
    /// How good an offer is for a node; why it cannot win it otherwise.
    pub fn judge(&self, node: &Node, offer: &Offer, bidder: &Bidder) -> Result<u16, PassedOver> {
        let share = node.share();
        let least = self.stakes.get(usize::from(node.risk)).copied();
        if offer.price > share {
            return Err(PassedOver::Price);
        }
        // A seat has no room for a stake of more than 96 bits, and the award of nobody else is to fail for it.
        if offer.stake < least.unwrap_or(u128::MAX) || offer.stake >> AMOUNT_BITS != 0 {
            return Err(PassedOver::Stake);
        }
        if offer.tier != node.tier {
            return Err(PassedOver::Tier);
        }
        if bidder.bars != 0 || bidder.principal == Address::ZERO {
            return Err(PassedOver::Barred);
        }
        if self.sponsors.contains(&bidder.principal) {
            return Err(PassedOver::Sponsor);
        }
        Ok(score_floor(offer, share, bidder.score, self.quality))
    }
}

/// Awards a node with `seats` seats among these bids, which stand in the order of their placing.
///
/// Errors: `Uncovered`, `Deviated`.
#[inline(never)]
pub fn award(
    bids: &[Candidate],
    seats: u8,
    deviation: Option<Deviation>,
) -> Result<Awarded, Unawarded> {
    let mut awarded = Awarded {
        seats: Vec::with_capacity(SEATS_MAX),
        runner_up: None,
    };
    if let Some(deviation) = deviation {
        let best = next(bids, &[]).map(|best| best.bid);
        if best != Some(deviation.best) {
            return deviated(deviation.best, best);
        }
        let chosen = bids.iter().find(|other| other.bid == deviation.chosen);
        let Some(chosen) = chosen else {
            return deviated(deviation.chosen, None);
        };
        awarded.seats.push(*chosen);
    }
    while awarded.seats.len() < usize::from(seats) {
        let Some(best) = next(bids, &awarded.seats) else {
            return Err(Unawarded::Uncovered {
                have: awarded.seats.len() as u8,
                need: seats,
            });
        };
        awarded.seats.push(best);
    }
    awarded.runner_up = next(bids, &awarded.seats);
    Ok(awarded)
}

/// The best bid of a principal that has none of these seats; of equal ones the first.
fn next(bids: &[Candidate], seats: &[Candidate]) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for bid in bids {
        let is_seated = seats.iter().any(|seat| seat.principal == bid.principal);
        if !is_seated && best.is_none_or(|best| bid.score > best.score) {
            best = Some(*bid);
        }
    }
    best
}

const fn deviated<T>(signed: u32, found: Option<u32>) -> Result<T, Unawarded> {
    Err(Unawarded::Deviated {
        signed: signed.saturating_add(1),
        found: match found {
            Some(bid) => bid.saturating_add(1),
            None => 0,
        },
    })
}
