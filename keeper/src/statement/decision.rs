//! MSG_TYPE_5: what the regulator decides of an award (seed B.10; RULINGS K12; RESOLUTIONS R-05, L-06, L-12).
//!
//! Who wins follows from the bids alone. The regulator says which bids could not win and why, what it finds wrong, and whether the award
//! may become law. It has no taste: bids are judged by the same function as in the award, and everything else by the table of
//! [`Finding`].

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{
    legislation::award::{Bidder, Offer, PassedOver, Terms},
    signed::legislation::{ComplianceFlag, RejectedBid},
    statute::Node,
};
use alloy::primitives::{Address, B256, U256, keccak256};

/// Most rejected bids and most findings of one decision: as many as the enactment takes. Those beyond are in the bids for all to see.
pub const FINDINGS_MAX: usize = 64;

/// Why a bid is rejected. The number is on the wire (ADR 0013).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Reason {
    /// It costs more than a seat of the node may.
    Price = 1,
    /// Less is staked than the node's risk asks, or more than a seat can say.
    Stake,
    /// It accepts another tier.
    Tier,
    /// Its agent may not work.
    Barred,
    /// It is the sponsor's own.
    Sponsor,
    /// It was sealed, and nobody opened it.
    Sealed,
}

impl From<PassedOver> for Reason {
    fn from(passed: PassedOver) -> Self {
        match passed {
            PassedOver::Price => Self::Price,
            PassedOver::Stake => Self::Stake,
            PassedOver::Tier => Self::Tier,
            PassedOver::Barred => Self::Barred,
            PassedOver::Sponsor => Self::Sponsor,
        }
    }
}

/// What may be wrong with an award. The number is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Finding {
    /// Two seats of a node run the same code: they err together (RULINGS R7: flagged, not forbidden).
    SameCode = 1,
    /// The service of a winner takes no new work.
    Deprecated,
    /// A winner may not work any more.
    WinnerBarred,
    /// The statute is not what the constitution allows.
    Unlawful,
    /// Some node has too few bids that may win, so there is no award.
    Uncovered,
    /// Too few principals have too much of it, and nobody waived that.
    Unfair,
}

/// How grave a finding is, as the interface numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Severity {
    /// For the record.
    Warning = 2,
    /// It blocks codification.
    Critical = 3,
}

impl Finding {
    /// How grave it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::SameCode | Self::Uncovered | Self::Unfair => Severity::Warning,
            Self::Deprecated | Self::WinnerBarred | Self::Unlawful => Severity::Critical,
        }
    }
}

/// A bid as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bid {
    /// Its number.
    pub number: u32,
    /// Its node.
    pub node: u16,
    /// Whether its price is known.
    pub open: bool,
    /// What it offers.
    pub offer: Offer,
    /// Who offers it.
    pub bidder: Bidder,
    /// What it runs.
    pub service: B256,
}

/// What is known of a service that won something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its code.
    pub code_hash: B256,
    /// Whether it takes no new work.
    pub deprecated: bool,
}

/// What the award is, once every node is awarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Award {
    /// The hash of its seats.
    pub assignments_hash: B256,
    /// How fair it is.
    pub fairness: u16,
}

/// Everything that the decision follows from.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The nodes that are bid on, by their numbers.
    pub nodes: BTreeMap<u16, Node>,
    /// Bids of the round.
    pub bids: Vec<Bid>,
    /// Bids that won, by node.
    pub won: BTreeMap<u16, Vec<u32>>,
    /// Services of the winners.
    pub services: BTreeMap<B256, Service>,
    /// What bids are held to.
    pub terms: Terms,
    /// What the award is; none while some node is not awarded.
    pub award: Option<Award>,
    /// The least fairness.
    pub fairness_min: u16,
    /// Whether the panel waived that.
    pub waived: bool,
    /// What the constitution has against the statute.
    pub objection: Option<String>,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The award that is approved; zeros for another proposal.
    pub award: Award,
    /// Whether another proposal is asked for.
    pub repropose: bool,
    /// Bids that could not win, ascending.
    pub rejected: Vec<RejectedBid>,
    /// What was found.
    pub flags: Vec<ComplianceFlag>,
}

const NO_AWARD: Award = Award {
    assignments_hash: B256::ZERO,
    fairness: 0,
};

/// Decides. The same facts give the same decision, to the byte.
pub fn decide(facts: &Facts) -> Decision {
    let mut flags = facts.winners();
    if let Some(objection) = &facts.objection {
        flags.push(flag(Finding::Unlawful, 0, keccak256(objection)));
    }
    let holds = match facts.award {
        None => {
            flags.push(flag(Finding::Uncovered, 0, B256::ZERO));
            None
        }
        Some(award) if award.fairness < facts.fairness_min && !facts.waived => {
            let evidence = U256::from(award.fairness).into();
            flags.push(flag(Finding::Unfair, 0, evidence));
            None
        }
        Some(award) => Some(award),
    };
    // The gravest first: what does not fit is the least that is lost.
    flags.sort_by_key(|flag| (std::cmp::Reverse(flag.severity), flag.code, flag.node));
    flags.truncate(FINDINGS_MAX);
    let critical = flags
        .iter()
        .any(|flag| flag.severity == Severity::Critical as u8);
    let award = holds.filter(|_| !critical);
    Decision {
        award: award.unwrap_or(NO_AWARD),
        repropose: award.is_none(),
        rejected: facts.rejections(),
        flags,
    }
}

impl Facts {
    fn has_won(&self, bid: u32) -> bool {
        self.won.values().any(|bids| bids.contains(&bid))
    }

    /// Bids that cannot win, with the reason of the award's own rule. One that won is not among them: that its bidder fell since is a
    /// finding.
    fn rejections(&self) -> Vec<RejectedBid> {
        let reason = |bid: &Bid| {
            if !bid.open {
                return Some(Reason::Sealed);
            }
            let node = self.nodes.get(&bid.node)?;
            let judged = self.terms.judge(node, &bid.offer, &bid.bidder);
            judged.err().map(Reason::from)
        };
        let mut rejected: Vec<RejectedBid> = self
            .bids
            .iter()
            .filter(|bid| !self.has_won(bid.number))
            .filter_map(|bid| {
                Some(RejectedBid {
                    bid: bid.number,
                    reason: reason(bid)? as u16,
                })
            })
            .collect();
        rejected.sort_by_key(|rejected| rejected.bid);
        rejected.truncate(FINDINGS_MAX);
        rejected
    }

    /// What is wrong with those that won.
    fn winners(&self) -> Vec<ComplianceFlag> {
        let mut flags = Vec::new();
        for (node, won) in &self.won {
            let mut codes = BTreeSet::new();
            let mut shared = None;
            for bid in self.bids.iter().filter(|bid| won.contains(&bid.number)) {
                let evidence = proof(bid.number, bid.service);
                let service = self.services.get(&bid.service);
                if service.is_none_or(|service| service.deprecated) {
                    flags.push(flag(Finding::Deprecated, *node, evidence));
                }
                if bid.bidder.bars != 0 || bid.bidder.principal == Address::ZERO {
                    flags.push(flag(Finding::WinnerBarred, *node, evidence));
                }
                let code = service.map(|service| service.code_hash);
                if code.is_some_and(|code| !codes.insert(code)) {
                    shared = code;
                }
            }
            if let Some(code) = shared {
                flags.push(flag(Finding::SameCode, *node, code));
            }
        }
        flags
    }
}

/// What a finding about a bid rests on: its number and its service.
fn proof(bid: u32, service: B256) -> B256 {
    let number: B256 = U256::from(bid).into();
    keccak256([number, service].concat())
}

fn flag(finding: Finding, node: u16, evidence_hash: B256) -> ComplianceFlag {
    ComplianceFlag {
        node,
        code: finding as u16,
        severity: finding.severity() as u8,
        evidence_hash,
    }
}

#[cfg(test)]
mod tests;
