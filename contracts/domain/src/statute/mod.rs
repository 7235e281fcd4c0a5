//! The pages of a mission: what a law's bytes mean, which of them are law, and how they become one (docs/statute.md).
//!
//! A mission's law is two sequences of pages. Those of the statute say what is to be done: nodes, edges, predicates. Those
//! of the seats say who does it, for what price and stake. Each sequence has one hash, which is what is voted, approved and
//! compared; anybody may bring the pages.
//!
//! ```text
//! page       header ‖ node × nodes ‖ edge × edges ‖ predicate × predicates
//! header      0 nodes        1..3 edges      3 predicates
//! node        0..32 digest  32 tier, risk   33 redundancy, threshold   34 mode (3 bits), edges out (5 bits)
//!            35..39 timeout 39..51 budget   51..54 tokens
//! edge        0..2 the node it leads into
//! predicate   0 flags: 1 human, 2 hard       1..21 target              21..53 code's hash
//! seat        0 from a pool (1 bit), seat (3 bits), node of the page (4 bits)
//!             1..21 agent   21..33 price    33..45 stake               45..77 service
//!            77..109 pool, only of a seat whose stake is from one
//! ```
//!
//! Numbers are big-endian; of two in one byte the first has the high half. Budgets, prices and stakes are base units,
//! timeouts milliseconds. A page of the statute holds 128 nodes, the last one what is left, so a node's page follows from its
//! number; its edges stand in the order of its nodes, so a node's first edge follows from those before it. Nothing is
//! written that follows from something else, and what has no meaning is refused: one law has one encoding (INV-STATUTE-03).
//!
//! Reading order: [`page`] (what a page of the statute holds), [`seats`] (what a page of seats holds), [`mod@fold`] (the hash of
//! pages), [`deployment`] (how pages become law), [`encode`] (from a law to its pages), [`mod@order`] (from a graph to a law's
//! order), [`printed`] (the seed's numbers).
//!
//! Source: RULINGS R1, R2, A6; RESOLUTIONS C-04, A-14.

// structural file: offsets and widths of the layout drawn above.

pub mod deployment;
pub mod encode;
pub mod fold;
pub mod order;
pub mod page;
pub mod printed;
pub mod seats;

pub use deployment::{Degrees, Limits, Progress, Requirement, Unmet};
pub use page::{Mode, Node, Page, Predicate};
pub use seats::{Seat, Seats};

use alloy_primitives::{Address, B256};

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

/// Why a page is no law. The number is that of docs/statute.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rule {
    /// The page has another length than its parts, or bytes that mean nothing.
    Form = 1,
    /// There are more nodes than the law names, a page before the last is not full, or pages and nodes do not end together.
    Count,
    /// Tier, risk, redundancy, threshold and comparison do not belong together.
    Tier,
    /// The timeout is out of bounds.
    Timeout,
    /// The budget leaves some seat without a share.
    Budget,
    /// The node's LLM tokens alone exceed the mission's.
    Tokens,
    /// Edges lead backwards, beyond the last node, or not upwards; or they are too many, out of a node or into one.
    Edges,
    /// Predicates stand in another page than the first, are too many, or ask nobody.
    Predicates,
    /// Seats do not ascend, belong to other nodes, or are not as many as the node demands.
    Seats,
    /// A seat costs more than its share of the node's budget.
    Price,
    /// An agent has two seats of one node.
    Roster,
}

/// Where in a page which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In bytes from the page's beginning.
    pub offset: usize,
    /// The rule.
    pub rule: Rule,
}

/// A rule is broken at `offset`.
pub(crate) const fn broken<T>(offset: usize, rule: Rule) -> Result<T, Broken> {
    Err(Broken { offset, rule })
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
