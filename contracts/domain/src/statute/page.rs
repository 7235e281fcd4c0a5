//! A page of the statute: nodes of a fixed length, their edges, and in the first page the gate's predicates.

// structural file: offsets and widths of the layout that the module above draws.

use alloy_primitives::{Address, B256};

use super::{EDGES_MAX, Limits, Rule, SEATS_MAX, address, deployment::Imports, number, word};
use crate::parameter::derived::is_redundancy;

/// Bytes of the header.
pub(super) const HEADER: usize = 4;
/// Bytes of a node.
pub const NODE: usize = 54;
/// Bytes of an edge.
pub const EDGE: usize = 2;
/// Bytes of a predicate.
pub const PREDICATE: usize = 53;
/// Bits of the byte that holds the comparison and the number of edges which belong to the edges.
pub(super) const OUTS_BITS: u8 = 5;
/// The greatest number that these bits hold.
pub(super) const OUTS_MASK: u8 = (1 << OUTS_BITS) - 1;
/// A predicate that people answer.
pub(super) const HUMAN: u8 = 1;
/// A predicate against which the output cannot leave.
pub(super) const HARD: u8 = 2;

/// How revealed values of a Tier 2 node are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Mode {
    /// They are equal: words, or labels.
    Exact,
    /// They are numbers within a tolerance of each other.
    Numeric,
    /// They are sketches with enough equal lanes.
    Sketch,
    /// They are sets with enough elements in common.
    Set,
}

/// A node as its page holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// keccak256 of its terms.
    pub digest: B256,
    /// 1 proof, 2 consensus, 3 review; 0 for a node that a successor takes over, done, from the mission before.
    pub tier: u8,
    /// 0 low, 1 medium, 2 high.
    pub risk: u8,
    /// Seats.
    pub redundancy: u8,
    /// Seats that must agree.
    pub threshold: u8,
    /// How values are compared; the number of a [`Mode`].
    pub mode: u8,
    /// Time to execute, or to review.
    pub timeout_ms: u32,
    /// Base units for all seats together.
    pub budget: u128,
    /// Place of its first edge among the page's.
    pub first_edge: u16,
    /// Edges out of it.
    pub outs: u8,
    /// LLM tokens.
    pub tokens: u32,
}

/// A gate's predicate as the first page holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// Whether the panel answers it.
    pub human: bool,
    /// Whether the output cannot leave against it.
    pub hard: bool,
    /// What is asked; zero where people are.
    pub target: Address,
    /// The hash that its code must have; zero where people are asked.
    pub codehash: B256,
}

/// A page of a statute, without the zero byte with which an account's code begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page<'a> {
    nodes: &'a [u8],
    edges: &'a [u8],
    predicates: &'a [u8],
}

impl<'a> Page<'a> {
    /// Reads a page; none if its length is not what its header says.
    #[inline(never)]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let nodes = (number(header, 0, 1) as usize).saturating_mul(NODE);
        let edges = (number(header, 1, 2) as usize).saturating_mul(EDGE);
        let predicates = (number(header, 3, 1) as usize).saturating_mul(PREDICATE);
        let (nodes, rest) = rest.split_at_checked(nodes)?;
        let (edges, rest) = rest.split_at_checked(edges)?;
        (rest.len() == predicates).then_some(Self {
            nodes,
            edges,
            predicates: rest,
        })
    }

    /// How many nodes it holds.
    pub const fn nodes(&self) -> u16 {
        (self.nodes.len() / NODE) as u16
    }

    /// How many edges it holds.
    pub const fn edges(&self) -> u16 {
        (self.edges.len() / EDGE) as u16
    }

    /// How many predicates it holds.
    pub const fn predicates(&self) -> u8 {
        (self.predicates.len() / PREDICATE) as u8
    }

    /// Where its `index`-th node begins, in bytes.
    pub const fn offset_of(index: u16) -> usize {
        HEADER + NODE * index as usize
    }

    /// Where its `index`-th predicate begins, in bytes.
    pub const fn offset_of_predicate(&self, index: u8) -> usize {
        let before = self.nodes.len().saturating_add(self.edges.len());
        HEADER
            .saturating_add(before)
            .saturating_add(PREDICATE * index as usize)
    }

    /// Its nodes, in their order.
    pub fn each(&self) -> impl Iterator<Item = Node> + use<'a> {
        let mut first = 0u16;
        self.nodes.chunks_exact(NODE).map(move |bytes| {
            let node = Node::read(bytes, first);
            first = first.saturating_add(node.outs.into());
            node
        })
    }

    /// Its `index`-th node; none beyond the last.
    #[inline(never)]
    pub fn node(&self, index: u16) -> Option<Node> {
        let at = usize::from(index).checked_mul(NODE)?;
        let bytes = self.nodes.get(at..).filter(|rest| rest.len() >= NODE)?;
        let mut first = 0u16;
        for before in self.nodes.chunks_exact(NODE).take(index.into()) {
            first = first.saturating_add(outs_of(before).into());
        }
        Some(Node::read(bytes, first))
    }

    /// The node into which the `index`-th edge of a page leads; none beyond the last.
    pub fn edge(&self, index: usize) -> Option<u16> {
        let at = index.checked_mul(EDGE)?;
        let bytes = self.edges.get(at..)?.first_chunk()?;
        Some(u16::from_be_bytes(*bytes))
    }

    /// The successors of a node of this page.
    pub fn successors(&self, node: &Node) -> impl Iterator<Item = u16> + use<'a> {
        let (page, first) = (*self, usize::from(node.first_edge));
        (first..first.saturating_add(node.outs.into())).filter_map(move |edge| page.edge(edge))
    }

    /// Its `index`-th predicate; none beyond the last, and for one that asks people and a contract, or neither.
    #[inline(never)]
    pub fn predicate(&self, index: u8) -> Option<Predicate> {
        let at = usize::from(index).checked_mul(PREDICATE)?;
        let bytes: &[u8; PREDICATE] = self.predicates.get(at..)?.first_chunk()?;
        let flags = number(bytes, 0, 1) as u8;
        let predicate = Predicate {
            human: flags & HUMAN != 0,
            hard: flags & HARD != 0,
            target: address(bytes, 1),
            codehash: word(bytes, 21),
        };
        (flags <= HUMAN | HARD && predicate.asks_somebody()).then_some(predicate)
    }
}

/// Edges out of the node in these bytes.
fn outs_of(node: &[u8]) -> u8 {
    number(node, 34, 1) as u8 & OUTS_MASK
}

impl Node {
    /// Reads one whose edges begin at `first_edge`.
    #[inline(never)]
    fn read(bytes: &[u8], first_edge: u16) -> Self {
        let (tier, seats) = (number(bytes, 32, 1) as u8, number(bytes, 33, 1) as u8);
        Self {
            digest: word(bytes, 0),
            tier: tier >> 4,
            risk: tier & 15,
            redundancy: seats >> 4,
            threshold: seats & 15,
            mode: number(bytes, 34, 1) as u8 >> OUTS_BITS,
            timeout_ms: number(bytes, 35, 4) as u32,
            budget: number(bytes, 39, 12),
            first_edge,
            outs: outs_of(bytes),
            tokens: number(bytes, 51, 3) as u32,
        }
    }

    /// What each of its seats may cost at most: its budget divided among them, rounded down. Nothing where there are none.
    ///
    /// Units: base units.
    pub fn share(&self) -> u128 {
        let share = self.budget.checked_div(self.redundancy.into());
        share.unwrap_or_default()
    }

    /// Whether it is one that a successor takes over: nothing of it is left to do.
    pub const fn is_imported(&self) -> bool {
        self.tier == 0
    }

    /// Whether it may be law: what a node alone can break.
    ///
    /// Errors: the [`Rule`] it breaks.
    /// Source: RESOLUTIONS V-03, V-09, L-11, C-23; RULINGS R18 for what a successor takes over.
    pub fn judge(&self, limits: &Limits) -> Result<(), Rule> {
        if self.digest == B256::ZERO {
            return Err(Rule::Form);
        }
        if self.outs > EDGES_MAX {
            return Err(Rule::Edges);
        }
        if self.is_imported() {
            let empty = Self {
                digest: self.digest,
                first_edge: self.first_edge,
                outs: self.outs,
                ..Self::default()
            };
            return match limits.imports {
                Imports::Allowed if *self == empty => Ok(()),
                Imports::Allowed | Imports::None => Err(Rule::Tier),
            };
        }
        if !self.is_tier() {
            return Err(Rule::Tier);
        }
        if !limits
            .timeouts
            .accept(self.tier == 3, self.timeout_ms.into())
        {
            return Err(Rule::Timeout);
        }
        if self.share() == 0 {
            return Err(Rule::Budget);
        }
        if self.tokens > limits.tokens {
            return Err(Rule::Tokens);
        }
        Ok(())
    }

    /// Whether tier, risk, seats, threshold and comparison belong together. Human review is never of low risk.
    const fn is_tier(&self) -> bool {
        let (seats, agree) = (self.redundancy as u32, self.threshold as u32);
        let alone = seats == 1 && agree == 1 && self.mode == Mode::Exact as u8;
        let belongs = match self.tier {
            1 => alone,
            2 => is_redundancy(seats, agree) && self.mode <= Mode::Set as u8,
            3 => alone && self.risk > 0,
            _ => false,
        };
        belongs && self.risk <= 2
    }
}

impl Predicate {
    /// Whether it asks either people, or a contract with a code.
    pub fn asks_somebody(&self) -> bool {
        let (nobody, no_code) = (self.target == Address::ZERO, self.codehash == B256::ZERO);
        nobody == self.human && no_code == self.human
    }
}

// The layout takes what the parameter table allows.
const _: () = assert!(SEATS_MAX <= 7 && EDGES_MAX <= OUTS_MASK);
