//! From any graph without a cycle to the order in which a statute lists its nodes: for those who write laws. The contract needs no
//! search, because in this order every edge leads upwards (C-04).

// structural file: a search over a graph; what is bounded is bounded by the layout.

use alloc::{
    collections::{BTreeSet, BinaryHeap},
    vec,
    vec::Vec,
};
use core::cmp::Reverse;

/// A graph that can be worked off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Every node, each behind all that lead into it; of those that could be next, the one with the least number.
    pub order: Vec<u16>,
    /// Nodes into which nothing leads, ascending.
    pub roots: Vec<u16>,
    /// Nodes that lead nowhere, ascending.
    pub terminals: Vec<u16>,
}

/// Why a graph has no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unordered {
    /// This edge ends, or begins, at no node.
    NoSuchNode(u16, u16),
    /// This edge is there twice.
    Twice(u16, u16),
    /// So many nodes wait for each other, or for themselves.
    Cycle(usize),
}

/// The order of a graph with the nodes 0 to `nodes - 1`.
///
/// Errors: the first edge that cannot be, else a cycle.
/// Source: RESOLUTIONS C-04; vectors `dag_check`.
pub fn order(nodes: u16, edges: &[(u16, u16)]) -> Result<Order, Unordered> {
    let count = usize::from(nodes);
    let (mut into, mut out) = (vec![0usize; count], vec![Vec::new(); count]);
    let mut seen = BTreeSet::new();
    for &(from, to) in edges {
        let (Some(successors), Some(degree)) = (
            out.get_mut(usize::from(from)),
            into.get_mut(usize::from(to)),
        ) else {
            return Err(Unordered::NoSuchNode(from, to));
        };
        if !seen.insert((from, to)) {
            return Err(Unordered::Twice(from, to));
        }
        successors.push(to);
        *degree = degree.saturating_add(1);
    }
    let numbered = |wanted: &dyn Fn(usize) -> bool| -> Vec<u16> {
        let all = (0..nodes).filter(|node| wanted(usize::from(*node)));
        all.collect()
    };
    let roots = numbered(&|node| into.get(node) == Some(&0));
    let terminals = numbered(&|node| out.get(node).is_some_and(Vec::is_empty));
    let mut ready: BinaryHeap<Reverse<u16>> = roots.iter().copied().map(Reverse).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for to in out.get(usize::from(node)).into_iter().flatten() {
            let Some(left) = into.get_mut(usize::from(*to)) else {
                continue;
            };
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.push(Reverse(*to));
            }
        }
    }
    let waiting = count.saturating_sub(order.len());
    if waiting > 0 {
        return Err(Unordered::Cycle(waiting));
    }
    Ok(Order {
        order,
        roots,
        terminals,
    })
}

impl Order {
    /// The edges as a statute has them: nodes numbered by their places in this order, edges ascending.
    pub fn renumber(&self, edges: &[(u16, u16)]) -> Vec<(u16, u16)> {
        let mut places = vec![0u16; self.order.len()];
        for (node, place) in self.order.iter().zip(0u16..) {
            if let Some(slot) = places.get_mut(usize::from(*node)) {
                *slot = place;
            }
        }
        let place = |node: u16| places.get(usize::from(node)).copied().unwrap_or_default();
        let mut numbered: Vec<(u16, u16)> = edges
            .iter()
            .map(|(from, to)| (place(*from), place(*to)))
            .collect();
        numbered.sort_unstable();
        numbered
    }
}
