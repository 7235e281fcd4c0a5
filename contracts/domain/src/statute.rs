//! The pages of a mission: what a statute's bytes mean, and which of them are law (docs/statute.md).
//!
//! A statute's page holds 128 nodes, the last one what is left, so that a node's page follows from its number. Nodes have a
//! fixed length and stand first; their edges stand behind them, and behind those, in the first page alone, the gate's
//! predicates. A page of seats holds the seats of 16 nodes.
//!
//! ```text
//! page       header ‖ node × nodes ‖ edge × edges ‖ predicate × predicates
//! header      0..2 nodes     2..4 edges      4 predicates            5..8 zero
//! node        0..32 digest  32 tier, risk   33 redundancy, threshold 34 mode
//!            35..39 timeout 39..51 budget   51..53 first edge        53 edges out
//!            54..58 tokens  58..64 zero
//! edge        0..2 the node it leads into
//! predicate   0 flags: 1 human, 2 hard       1..21 target            21..53 code's hash
//! seat        0..2 node      2 seat          3..23 agent             23..39 price
//!            39..55 stake   55..87 source    87..119 service
//! ```
//!
//! Numbers are big-endian; of two in one byte the first has the high half. Budgets, prices and stakes are base units,
//! timeouts milliseconds. Everything that no meaning is drawn for is zero, so that one law has one encoding.
//!
//! Source: RULINGS R1, R2, A6; RESOLUTIONS C-04, A-14.

// structural file: offsets and widths of the layout drawn above.

use alloy_primitives::{Address, B256};

use crate::parameter::derived::TimeoutBounds;

/// Nodes of a page, but for the last.
pub const NODES_PER_PAGE: u16 = 128;
/// Nodes whose seats stand in one page.
pub const NODES_PER_SEAT_PAGE: u16 = 16;
/// Most seats of a node.
pub const SEATS_MAX: usize = 7;
/// Most edges out of, and into, one node: a row of the parameter table that the layout relies on.
pub const EDGES_MAX: u8 = 16;
/// Most predicates of a mission; the same.
pub const PREDICATES_MAX: u8 = 8;

const HEADER: usize = 8;
const NODE: usize = 64;
const EDGE: usize = 2;
const PREDICATE: usize = 53;
/// Bytes of a seat.
pub const SEAT: usize = 119;

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

/// Why a page is no law. The number is that of docs/statute.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rule {
    /// The page has another length than its header says, or bytes that mean nothing.
    Form = 1,
    /// There are more nodes than the law names, or a page before the last is not full.
    Count,
    /// Tier, redundancy and threshold do not belong together.
    Tier,
    /// The timeout is out of bounds.
    Timeout,
    /// A node without a budget.
    Budget,
    /// The node's LLM tokens alone exceed the mission's.
    Tokens,
    /// Edges lead backwards, beyond the last node, or not upwards; or they are too many.
    Edges,
    /// Predicates stand in another page than the first, or are too many.
    Predicates,
    /// Seats do not ascend, belong to other nodes, or are not as many as the node demands.
    Seats,
    /// A seat costs more than its share of the node's budget.
    Price,
}

/// A node as its page holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// keccak256 of its terms.
    pub digest: B256,
    /// 1 proof, 2 consensus, 3 review.
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
    /// The hash that its code must have.
    pub codehash: B256,
}

/// A seat as its page holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its node.
    pub node: u16,
    /// Its place at the node.
    pub seat: u8,
    /// Who executes.
    pub agent: Address,
    /// Base units.
    pub price: u128,
    /// Base units.
    pub stake: u128,
    /// Where the stake comes from: the agent as a word, or a pool.
    pub source: B256,
    /// What it runs.
    pub service: B256,
}

/// A page of a statute, without its leading zero byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    nodes: &'a [u8],
    edges: &'a [u8],
    predicates: &'a [u8],
}

/// The number in `bytes` bytes from `at`, at most sixteen; what is beyond the end counts as zero.
#[inline(never)]
fn number(from: &[u8], at: usize, bytes: usize) -> u128 {
    let mut value = 0;
    for byte in from.iter().skip(at).take(bytes) {
        value = value << 8 | u128::from(*byte);
    }
    value
}

/// The word from `at`; zero beyond the end.
#[inline(never)]
fn word(from: &[u8], at: usize) -> B256 {
    let rest = from.get(at..).and_then(<[u8]>::first_chunk);
    rest.copied().map_or(B256::ZERO, B256::new)
}

/// The address from `at`; zero beyond the end.
#[inline(never)]
fn address(from: &[u8], at: usize) -> Address {
    let rest = from.get(at..).and_then(<[u8]>::first_chunk);
    rest.copied().map_or(Address::ZERO, Address::new)
}

impl<'a> Page<'a> {
    /// Reads a page; none if its length is not what its header says.
    #[inline(never)]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        if number(header, 5, 3) != 0 {
            return None;
        }
        let nodes = (number(header, 0, 2) as usize).saturating_mul(NODE);
        let edges = (number(header, 2, 2) as usize).saturating_mul(EDGE);
        let predicates = (number(header, 4, 1) as usize).saturating_mul(PREDICATE);
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

    /// Its `index`-th node; none beyond the last, and for one whose unused bytes are not zero.
    #[inline(never)]
    pub fn node(&self, index: u16) -> Option<Node> {
        let at = usize::from(index).checked_mul(NODE)?;
        let bytes: &[u8; NODE] = self.nodes.get(at..)?.first_chunk()?;
        if number(bytes, 58, 6) != 0 {
            return None;
        }
        let (tier, seats) = (number(bytes, 32, 1) as u8, number(bytes, 33, 1) as u8);
        Some(Node {
            digest: word(bytes, 0),
            tier: tier >> 4,
            risk: tier & 15,
            redundancy: seats >> 4,
            threshold: seats & 15,
            mode: number(bytes, 34, 1) as u8,
            timeout_ms: number(bytes, 35, 4) as u32,
            budget: number(bytes, 39, 12),
            first_edge: number(bytes, 51, 2) as u16,
            outs: number(bytes, 53, 1) as u8,
            tokens: number(bytes, 54, 4) as u32,
        })
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

    /// Its `index`-th predicate; none beyond the last.
    #[inline(never)]
    pub fn predicate(&self, index: u8) -> Option<Predicate> {
        let at = usize::from(index).checked_mul(PREDICATE)?;
        let bytes: &[u8; PREDICATE] = self.predicates.get(at..)?.first_chunk()?;
        let flags = number(bytes, 0, 1);
        Some(Predicate {
            human: flags & 1 != 0,
            hard: flags & 2 != 0,
            target: address(bytes, 1),
            codehash: word(bytes, 21),
        })
    }
}

impl Node {
    /// Whether it may be law: what a node alone can break.
    ///
    /// Units: `tokens_max` LLM tokens.
    /// Errors: the [`Rule`] it breaks.
    /// Source: RESOLUTIONS V-03, V-09, C-23.
    pub fn judge(&self, bounds: &TimeoutBounds, tokens_max: u32) -> Result<(), Rule> {
        let (seats, agree) = (self.redundancy, self.threshold);
        let belongs = match self.tier {
            1 | 3 => seats == 1 && agree == 1 && self.mode == Mode::Exact as u8,
            2 => {
                (2..=SEATS_MAX as u8).contains(&seats)
                    && agree > seats / 2
                    && agree <= seats
                    && self.mode <= Mode::Set as u8
            }
            _ => false,
        };
        if !belongs || self.risk > 2 {
            return Err(Rule::Tier);
        }
        if !bounds.accept(self.tier == 3, self.timeout_ms.into()) {
            return Err(Rule::Timeout);
        }
        if self.budget == 0 {
            return Err(Rule::Budget);
        }
        if self.tokens > tokens_max {
            return Err(Rule::Tokens);
        }
        if self.outs > EDGES_MAX {
            return Err(Rule::Edges);
        }
        Ok(())
    }
}

impl Seat {
    /// Reads one; none for another length than [`SEAT`].
    #[inline(never)]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; SEAT] = bytes.try_into().ok()?;
        Some(Self {
            node: number(bytes, 0, 2) as u16,
            seat: number(bytes, 2, 1) as u8,
            agent: address(bytes, 3),
            price: number(bytes, 23, 16),
            stake: number(bytes, 39, 16),
            source: word(bytes, 55),
            service: word(bytes, 87),
        })
    }

    /// The seat of that node and place in a page of seats, where they stand in ascending order.
    #[inline(never)]
    pub fn find(page: &[u8], node: u16, seat: u8) -> Option<Self> {
        page.chunks_exact(SEAT)
            .find(|bytes| {
                number(bytes, 0, 2) == u128::from(node) && number(bytes, 2, 1) == u128::from(seat)
            })
            .and_then(Self::read)
    }
}
