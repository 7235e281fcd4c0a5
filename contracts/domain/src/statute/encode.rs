//! From a law to its pages: the other direction of [`super::page`] and [`super::seats`]. Whoever proposes, awards, deploys or
//! checks encodes here, so that all get the same bytes. What does not fit its place is refused; what fits and is no law is
//! written all the same, because the rules are the reader's. INV-STATUTE-03: one law has one encoding.

// structural file: offsets and widths of the layout that the module above draws.

use alloc::vec::Vec;

use super::{
    NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Node, Predicate, Seat,
    page::{HARD, HUMAN, OUTS_BITS, OUTS_MASK},
    seats::{NODE_BITS, POOLED},
};

/// Bits of a budget, a price and a stake.
const AMOUNT_BITS: u32 = 96;
/// Bits of a number of LLM tokens.
const TOKEN_BITS: u32 = 24;
/// The greatest tier, risk, redundancy and threshold that has a place.
const NIBBLE_MAX: u8 = 15;
/// The greatest place of a seat at its node.
const PLACE_MAX: u8 = 7;

/// A node and the nodes it leads into. The edges of the node itself are not looked at: they follow from these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The node.
    pub node: Node,
    /// Where its edges lead.
    pub successors: Vec<u16>,
}

/// What has no place in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// There are so many nodes.
    Nodes(usize),
    /// There are so many predicates.
    Predicates(usize),
    /// Tier, risk, redundancy, threshold or comparison of this node.
    Shape(u16),
    /// The budget of this node.
    Budget(u16, u128),
    /// The LLM tokens of this node.
    Tokens(u16, u32),
    /// So many edges out of this node.
    Edges(u16, usize),
    /// Price or stake of this seat.
    Money(u16, u8),
    /// This seat: it does not come behind the one before, its place is too high, or its node is none.
    Order(u16, u8),
}

/// The last bytes of a number, as many as its place has.
fn put(page: &mut Vec<u8>, number: u128, bytes: usize) {
    let digits = number.to_be_bytes();
    page.extend(digits.iter().skip(digits.len().saturating_sub(bytes)));
}

const fn fits(number: u128, bits: u32) -> bool {
    number >> bits == 0
}

/// The pages of a statute.
///
/// Errors: what has no place in one.
pub fn statute(nodes: &[Draft], predicates: &[Predicate]) -> Result<Vec<Vec<u8>>, Unfit> {
    if nodes.len() > u16::MAX.into() {
        return Err(Unfit::Nodes(nodes.len()));
    }
    let Ok(asked) = u8::try_from(predicates.len()) else {
        return Err(Unfit::Predicates(predicates.len()));
    };
    let mut pages = Vec::new();
    for (part, index) in nodes.chunks(NODES_PER_PAGE.into()).zip(0u16..) {
        let edges: usize = part.iter().map(|draft| draft.successors.len()).sum();
        let mut page = Vec::new();
        put(&mut page, part.len() as u128, 1);
        put(&mut page, edges as u128, 2);
        page.push(if index == 0 { asked } else { 0 });
        let first = index.saturating_mul(NODES_PER_PAGE);
        for (draft, number) in part.iter().zip(first..) {
            put_node(&mut page, number, draft)?;
        }
        for to in part.iter().flat_map(|draft| &draft.successors) {
            put(&mut page, (*to).into(), 2);
        }
        if index == 0 {
            for predicate in predicates {
                let human = if predicate.human { HUMAN } else { 0 };
                page.push(human | if predicate.hard { HARD } else { 0 });
                page.extend(predicate.target);
                page.extend(predicate.codehash);
            }
        }
        pages.push(page);
    }
    Ok(pages)
}

fn put_node(page: &mut Vec<u8>, number: u16, draft: &Draft) -> Result<(), Unfit> {
    let node = &draft.node;
    let outs = draft.successors.len();
    if outs > OUTS_MASK.into() {
        return Err(Unfit::Edges(number, outs));
    }
    let nibbles = [node.tier, node.risk, node.redundancy, node.threshold];
    if nibbles.iter().any(|nibble| *nibble > NIBBLE_MAX) || node.mode > u8::MAX >> OUTS_BITS {
        return Err(Unfit::Shape(number));
    }
    if !fits(node.budget, AMOUNT_BITS) {
        return Err(Unfit::Budget(number, node.budget));
    }
    if !fits(node.tokens.into(), TOKEN_BITS) {
        return Err(Unfit::Tokens(number, node.tokens));
    }
    page.extend(node.digest);
    page.push(node.tier << 4 | node.risk);
    page.push(node.redundancy << 4 | node.threshold);
    page.push(node.mode << OUTS_BITS | outs as u8);
    put(page, node.timeout_ms.into(), 4);
    put(page, node.budget, 12);
    put(page, node.tokens.into(), 3);
    Ok(())
}

/// The pages of seats of a mission with `nodes` nodes. The seats ascend by node and place.
///
/// Errors: what has no place in one.
pub fn seats(nodes: u16, seats: &[Seat]) -> Result<Vec<Vec<u8>>, Unfit> {
    let mut pages = Vec::new();
    pages.resize(nodes.div_ceil(NODES_PER_SEAT_PAGE).into(), Vec::new());
    let mut before = None;
    for seat in seats {
        let place = (seat.node, seat.seat);
        let page = pages.get_mut(usize::from(seat.node / NODES_PER_SEAT_PAGE));
        let Some(page) = page.filter(|_| seat.node < nodes && seat.seat <= PLACE_MAX) else {
            return Err(Unfit::Order(seat.node, seat.seat));
        };
        if before.is_some_and(|before| before >= place) {
            return Err(Unfit::Order(seat.node, seat.seat));
        }
        if !fits(seat.price, AMOUNT_BITS) || !fits(seat.stake, AMOUNT_BITS) {
            return Err(Unfit::Money(seat.node, seat.seat));
        }
        before = Some(place);
        let pool = if seat.is_pooled() { POOLED } else { 0 };
        let of_page = (seat.node % NODES_PER_SEAT_PAGE) as u8;
        page.push(pool | seat.seat << NODE_BITS | of_page);
        page.extend(seat.agent);
        put(page, seat.price, 12);
        put(page, seat.stake, 12);
        page.extend(seat.service);
        if seat.is_pooled() {
            page.extend(seat.source);
        }
    }
    Ok(pages)
}
