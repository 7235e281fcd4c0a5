//! The order of a law's nodes: every graph that can be worked off has one, and in it the graph is law.

use std::collections::BTreeSet;

use agentcity_domain::statute::{
    Degrees, Progress,
    order::{Unordered, order},
    printed,
};
use alloy_primitives::B256;
use proptest::prelude::*;

use super::{graph, limits};

#[test]
fn a_graph_is_ordered_by_what_leads_where_and_then_by_number() {
    let found = order(5, &[(4, 0), (4, 1), (0, 2), (1, 2), (3, 2)]).unwrap();
    assert_eq!(found.order, [3, 4, 0, 1, 2]);
    assert_eq!((found.roots, found.terminals), (vec![3, 4], vec![2]));
    let alone = order(3, &[]).unwrap();
    assert_eq!(alone.order, [0, 1, 2]);
    assert_eq!(
        (alone.roots, alone.terminals),
        (vec![0, 1, 2], vec![0, 1, 2])
    );
    assert_eq!(order(0, &[]).unwrap().order, [0; 0]);
}

#[test]
fn a_graph_that_cannot_be_worked_off_says_why() {
    assert_eq!(order(2, &[(0, 2)]), Err(Unordered::NoSuchNode(0, 2)));
    assert_eq!(order(2, &[(2, 0)]), Err(Unordered::NoSuchNode(2, 0)));
    assert_eq!(order(2, &[(0, 1), (0, 1)]), Err(Unordered::Twice(0, 1)));
    assert_eq!(order(2, &[(1, 1)]), Err(Unordered::Cycle(1)));
    assert_eq!(
        order(4, &[(0, 1), (1, 2), (2, 1), (2, 3)]),
        Err(Unordered::Cycle(3))
    );
}

#[test]
fn the_seed_counts_as_it_prints() {
    assert_eq!(printed::tranches(5_000, 500), 10);
    assert_eq!(printed::tranches(501, 500), 2);
    assert_eq!(printed::tranches(1, 0), 0);
    assert_eq!(printed::deployment_gas(10, 12), 500_000);
}

proptest! {
    #[test]
    fn a_graph_in_its_order_is_law(
        nodes in 1u16..30,
        shuffle in any::<u64>(),
        edges in prop::collection::btree_set((0u16..30, 0u16..30), 0..40),
    ) {
        // An order drawn at random; edges lead along it, so there is one.
        let mut drawn: Vec<u16> = (0..nodes).collect();
        drawn.sort_by_key(|node| (u64::from(*node) + 1).wrapping_mul(shuffle | 1));
        let edges: Vec<(u16, u16)> = edges
            .into_iter()
            .filter(|(from, to)| from < to && *to < nodes)
            .map(|(from, to)| (drawn[usize::from(from)], drawn[usize::from(to)]))
            .collect();
        let found = order(nodes, &edges).unwrap();
        let all: BTreeSet<u16> = found.order.iter().copied().collect();
        prop_assert_eq!(all.len(), usize::from(nodes));
        let place = |node| found.order.iter().position(|at| *at == node);
        for (from, to) in &edges {
            prop_assert!(place(*from) < place(*to));
        }
        let numbered = found.renumber(&edges);
        prop_assert_eq!(numbered.len(), edges.len());
        let many = |node, end: fn(&(u16, u16)) -> u16| numbered.iter().filter(|edge| end(edge) == node).count();
        prop_assume!((0..nodes).all(|node| many(node, |edge| edge.0) <= 16 && many(node, |edge| edge.1) <= 16));
        let (mut progress, mut degrees) = (Progress::default(), Degrees::of(nodes));
        for page in graph(nodes, &numbered) {
            prop_assert!(progress.take_page(&page, &limits(nodes), &mut degrees).is_ok());
        }
        prop_assert_eq!(progress.end_pages(&limits(nodes), B256::ZERO), Ok(()));
        let roots = (0..nodes).filter(|node| degrees.into_node(*node) == 0).count();
        prop_assert_eq!(roots, found.roots.len());
    }
}
