//! Graphs of tasks, drawn at random from a seed: same seed, same graph.

use agentcity_domain::statute::EDGES_MAX;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::BTreeSet;

/// How far back most edges reach: tasks mostly wait for what came shortly before.
const NEAR: u16 = 40;

/// Tasks from zero on, in an order in which they can be done, and what leads where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// How many tasks.
    pub nodes: u16,
    /// From an earlier to a later one, ascending, each once.
    pub edges: Vec<(u16, u16)>,
}

impl Graph {
    /// A graph of `nodes` tasks and at least `edges` edges, none of which any task has more than sixteen of either way.
    ///
    /// Panics when there is no room for so many: the test asks for what cannot be.
    pub fn random(seed: u64, nodes: u16, edges: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let most = usize::from(EDGES_MAX);
        let (mut out, mut into) = (vec![0; nodes.into()], vec![0; nodes.into()]);
        let mut drawn = BTreeSet::new();
        let mut lead = |from: u16, to: u16, drawn: &mut BTreeSet<(u16, u16)>| {
            let (of, at) = (usize::from(from), usize::from(to));
            if out[of] < most && into[at] < most && drawn.insert((from, to)) {
                out[of] += 1;
                into[at] += 1;
            }
        };
        for to in 1..nodes {
            // A tenth begin without waiting for anything.
            if rng.random_ratio(9, 10) {
                lead(
                    rng.random_range(to.saturating_sub(NEAR)..to),
                    to,
                    &mut drawn,
                );
            }
        }
        let mut tries = 0;
        while drawn.len() < edges {
            tries += 1;
            assert!(tries < 1_000 * (edges + 1), "{edges} edges among {nodes}");
            let to = rng.random_range(1..nodes.max(2));
            // A tenth reach back as far as they like.
            let from = if rng.random_ratio(1, 10) {
                0
            } else {
                to.saturating_sub(NEAR)
            };
            lead(rng.random_range(from..to), to, &mut drawn);
        }
        Self {
            nodes,
            edges: drawn.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_domain::statute::order::order;

    #[test]
    fn a_seed_draws_one_graph_that_can_be_worked_off() {
        for (nodes, edges) in [(10, 12), (500, 600), (5_000, 6_000)] {
            let graph = Graph::random(7, nodes, edges);
            assert_eq!(graph, Graph::random(7, nodes, edges));
            assert_ne!(graph, Graph::random(8, nodes, edges));
            assert!(graph.edges.len() >= edges);
            assert!(
                graph
                    .edges
                    .iter()
                    .all(|(from, to)| from < to && *to < nodes)
            );
            let found = order(nodes, &graph.edges).unwrap();
            assert_eq!(found.renumber(&graph.edges).len(), graph.edges.len());
            let most = |end: fn(&(u16, u16)) -> u16| {
                (0..nodes)
                    .map(|node| graph.edges.iter().filter(|edge| end(edge) == node).count())
                    .max()
            };
            if nodes <= 500 {
                assert!(most(|edge| edge.0) <= Some(16) && most(|edge| edge.1) <= Some(16));
            }
        }
    }
}
