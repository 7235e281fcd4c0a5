//! A page of seats: who executes the nodes of sixteen, for what price and stake. A seat's length depends on where its stake
//! comes from, so seats are read one after another.
//!
//! INV-STATUTE-05: an agent has one seat of a node at most. Whose agents they are is asked when a node begins, because that may
//! change until then, and one winner who changes it must not spoil the mission of all.

// structural file: offsets and widths of the layout that the module above draws.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};

use super::{Broken, NODES_PER_SEAT_PAGE, Node, Rule, SEATS_MAX, address, broken, number, word};

/// Bytes of a seat whose stake is its agent's own.
pub const SEAT: usize = 77;
/// Bytes that one has more whose stake is a pool's.
pub const POOL: usize = 32;
/// The bit of a seat whose stake is a pool's.
pub(super) const POOLED: u8 = 128;
/// Bits of the first byte that belong to the node.
pub(super) const NODE_BITS: u8 = 4;
/// What these bits can hold.
const NODE_MASK: u8 = (1 << NODE_BITS) - 1;

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

/// Stake of one agent out of one source, for all its seats of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stake {
    /// Whose.
    pub agent: Address,
    /// Out of what.
    pub source: B256,
    /// Base units.
    pub amount: u128,
    /// What these seats are to be paid, in base units.
    pub price: u128,
}

/// The seats of a page, in their order. Ends early where bytes are no seat.
#[derive(Clone, Debug)]
pub struct Seats<'a> {
    rest: &'a [u8],
    first_node: u16,
}

impl<'a> Seats<'a> {
    /// Of the page of seats that begins with `first_node`.
    pub const fn of(page: &'a [u8], first_node: u16) -> Self {
        Self {
            rest: page,
            first_node,
        }
    }
}

impl Iterator for Seats<'_> {
    type Item = Seat;

    #[inline(never)]
    fn next(&mut self) -> Option<Seat> {
        let key = *self.rest.first()?;
        let pooled = key & POOLED != 0;
        let length = if pooled { SEAT + POOL } else { SEAT };
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        let own = address(bytes, 1);
        let source = if pooled {
            word(bytes, SEAT)
        } else {
            own.into_word()
        };
        let seat = Seat {
            node: self.first_node.saturating_add((key & NODE_MASK).into()),
            seat: (key & !POOLED) >> NODE_BITS,
            agent: own,
            price: number(bytes, 21, 12),
            stake: number(bytes, 33, 12),
            source,
            service: word(bytes, 45),
        };
        if !seat.is_somebody() || pooled != seat.is_pooled() {
            return None;
        }
        self.rest = rest;
        Some(seat)
    }
}

impl Seat {
    /// Whether somebody runs something.
    fn is_somebody(&self) -> bool {
        self.agent != Address::ZERO && self.service != B256::ZERO && self.source != B256::ZERO
    }

    /// Whether its stake is a pool's.
    pub fn is_pooled(&self) -> bool {
        self.source != self.agent.into_word()
    }

    /// The seat of that node and place in its page.
    #[inline(never)]
    pub fn find(page: &[u8], node: u16, seat: u8) -> Option<Self> {
        of_node(page, node).find(|found| found.seat == seat)
    }

    /// Its length, in bytes.
    fn length(&self) -> usize {
        if self.is_pooled() { SEAT + POOL } else { SEAT }
    }
}

/// The seats of a node in its page, in their order.
pub fn of_node(page: &[u8], node: u16) -> impl Iterator<Item = Seat> {
    let seats = Seats::of(page, first_node(node / NODES_PER_SEAT_PAGE));
    seats.filter(move |seat| seat.node == node)
}

/// The first node of a page of seats.
pub const fn first_node(page: u16) -> u16 {
    page.saturating_mul(NODES_PER_SEAT_PAGE)
}

/// The seats of a page whose first node is `first`, if they are those that its `nodes` demand, each within its share.
///
/// Errors: `Form`, `Seats`, `Price` with the offset of the seat; `Roster` for an agent with two seats of one node.
/// Source: RULINGS R1, R7; RESOLUTIONS V-04, S-12.
#[inline(never)]
pub fn judge(
    page: &[u8],
    first: u16,
    nodes: impl Iterator<Item = Node>,
) -> Result<Vec<Seat>, Broken> {
    let mut seats = Seats::of(page, first);
    let (mut found, mut offset) = (Vec::new(), 0usize);
    for (law, number) in nodes.zip(first..) {
        let begun = found.len();
        for place in 0..law.redundancy.min(SEATS_MAX as u8) {
            let Some(seat) = seats.next() else {
                let rule = if seats.rest.is_empty() {
                    Rule::Seats
                } else {
                    Rule::Form
                };
                return broken(offset, rule);
            };
            if seat.node != number || seat.seat != place {
                return broken(offset, Rule::Seats);
            }
            if seat.price > law.share() {
                return broken(offset, Rule::Price);
            }
            let mut others = found.iter().skip(begun);
            if others.any(|other: &Seat| other.agent == seat.agent) {
                return broken(offset, Rule::Roster);
            }
            offset = offset.saturating_add(seat.length());
            found.push(seat);
        }
    }
    if !seats.rest.is_empty() {
        return broken(offset, Rule::Seats);
    }
    Ok(found)
}

/// Whether as many executors as a node demands, each of them agent and principal, are distinct in both.
///
/// Source: RESOLUTIONS V-04; RULINGS R7; vectors `roster_ok`.
pub fn is_roster<T: PartialEq>(redundancy: usize, executors: &[(T, T)]) -> bool {
    executors.len() == redundancy
        && executors
            .iter()
            .enumerate()
            .all(|(at, (agent, principal))| {
                let mut before = executors.iter().take(at);
                !before.any(|(other, of)| other == agent || of == principal)
            })
}

/// What has to be locked for the seats of a page: one sum for each agent and source, of stakes and of prices, in the order of their
/// first seats; none of nothing.
#[inline(never)]
pub fn stakes(seats: &[Seat]) -> Vec<Stake> {
    let mut stakes: Vec<Stake> = Vec::new();
    for seat in seats.iter().filter(|seat| seat.stake > 0 || seat.price > 0) {
        let same = |stake: &&mut Stake| stake.agent == seat.agent && stake.source == seat.source;
        match stakes.iter_mut().find(same) {
            // A page holds 112 seats of 96 bits: no sum of theirs leaves 128.
            Some(stake) => {
                stake.amount = stake.amount.saturating_add(seat.stake);
                stake.price = stake.price.saturating_add(seat.price);
            }
            None => stakes.push(Stake {
                agent: seat.agent,
                source: seat.source,
                amount: seat.stake,
                price: seat.price,
            }),
        }
    }
    stakes
}
