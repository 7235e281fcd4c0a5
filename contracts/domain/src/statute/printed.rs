//! What the seed computes of a deployment, for the report beside what was measured. No rule of ours uses it.

// structural file: the seed's own numbers (L1074).

/// Tranches of `size` nodes.
///
/// Source: seed L1074; vectors `tranches`.
pub const fn tranches(nodes: u64, size: u64) -> u64 {
    if size == 0 { 0 } else { nodes.div_ceil(size) }
}

/// Gas of deploying a graph: as much for a node as for an edge, and for three slots.
pub const fn deployment_gas(nodes: u64, edges: u64) -> u64 {
    nodes
        .saturating_add(edges)
        .saturating_add(3)
        .saturating_mul(20_000)
}
