//! A statute in the plainest form, and its pages, written by docs/statute.md.

use agentcity_abi::IVerification::NodeTerms;
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolValue;

/// Nodes of a page.
pub const NODES_PER_PAGE: usize = 128;
/// Nodes whose seats are in one page.
pub const NODES_PER_SEAT_PAGE: usize = 16;

/// A seat as awarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatSpec {
    /// Who executes.
    pub agent: Address,
    /// What it runs.
    pub service: B256,
    /// Base units.
    pub price: u128,
    /// Base units.
    pub stake: u128,
    /// Where the stake comes from.
    pub source: B256,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// 1 proof, 2 consensus, 3 review.
    pub tier: u8,
    /// 0 low, 1 medium, 2 high.
    pub risk: u8,
    /// Seats that must agree.
    pub threshold: u8,
    /// How values are compared.
    pub mode: u8,
    /// Milliseconds.
    pub timeout_ms: u32,
    /// Base units.
    pub budget: u128,
    /// LLM tokens.
    pub tokens: u32,
    /// Nodes after it, ascending.
    pub outs: Vec<u16>,
    /// What its digest commits to.
    pub terms: NodeTerms,
    /// Who executes it.
    pub seats: Vec<SeatSpec>,
}

/// A gate predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredicateSpec {
    /// Whether the panel answers.
    pub human: bool,
    /// Whether the output cannot leave against it.
    pub hard: bool,
    /// What is asked.
    pub target: Address,
    /// Its code.
    pub codehash: B256,
}

/// A statute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statute {
    /// In topological order.
    pub nodes: Vec<NodeSpec>,
    /// Of the gate.
    pub predicates: Vec<PredicateSpec>,
}

impl Statute {
    /// What all nodes may cost.
    pub fn budget(&self) -> u128 {
        self.nodes.iter().map(|node| node.budget).sum()
    }

    /// Its pages.
    pub fn pages(&self) -> Vec<Vec<u8>> {
        let mut pages = Vec::new();
        for (index, nodes) in self.nodes.chunks(NODES_PER_PAGE).enumerate() {
            let predicates = if index == 0 {
                &self.predicates[..]
            } else {
                &[]
            };
            let edges: usize = nodes.iter().map(|node| node.outs.len()).sum();
            let mut page = vec![nodes.len() as u8];
            page.extend((edges as u16).to_be_bytes());
            page.push(predicates.len() as u8);
            for node in nodes {
                page.extend(keccak256(node.terms.abi_encode()));
                page.push(node.tier << 4 | node.risk);
                page.push((node.seats.len() as u8) << 4 | node.threshold);
                page.push(node.mode << 5 | node.outs.len() as u8);
                page.extend(node.timeout_ms.to_be_bytes());
                page.extend(&node.budget.to_be_bytes()[4..]);
                page.extend(&node.tokens.to_be_bytes()[1..]);
            }
            for to in nodes.iter().flat_map(|node| &node.outs) {
                page.extend(to.to_be_bytes());
            }
            for predicate in predicates {
                page.push(u8::from(predicate.human) | u8::from(predicate.hard) << 1);
                page.extend(predicate.target);
                page.extend(predicate.codehash);
            }
            pages.push(page);
        }
        pages
    }

    /// The pages of its seats.
    pub fn seat_pages(&self) -> Vec<Vec<u8>> {
        let mut pages = Vec::new();
        for nodes in self.nodes.chunks(NODES_PER_SEAT_PAGE) {
            let mut page = Vec::new();
            for (node, number) in nodes.iter().zip(0u8..) {
                for (seat, place) in node.seats.iter().zip(0u8..) {
                    let pooled = seat.source != seat.agent.into_word();
                    page.push(u8::from(pooled) << 7 | place << 4 | number);
                    page.extend(seat.agent);
                    page.extend(&seat.price.to_be_bytes()[4..]);
                    page.extend(&seat.stake.to_be_bytes()[4..]);
                    page.extend(seat.service);
                    if pooled {
                        page.extend(seat.source);
                    }
                }
            }
            pages.push(page);
        }
        pages
    }
}

/// The hash of the pages from each one on; the last is that of none.
pub fn rests(pages: &[Vec<u8>]) -> Vec<B256> {
    let mut rests = vec![B256::ZERO];
    for page in pages.iter().rev() {
        let rest = rests[rests.len() - 1];
        rests.push(keccak256([keccak256(page), rest].concat()));
    }
    rests.reverse();
    rests
}
