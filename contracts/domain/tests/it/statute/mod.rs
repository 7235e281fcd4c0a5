//! The pages of a mission: what is read is what was laid out, each rule refuses beside its allowed neighbour, and what is law
//! has no cycle.

mod deployment;
mod encoding;
mod fold;
mod order;
mod page;
mod seats;

use agentcity_domain::{
    parameter::derived::TimeoutBounds,
    statute::{
        Limits, Mode, Node,
        deployment::Imports,
        encode::{self, Draft},
    },
};
use alloy_primitives::B256;

/// LLM tokens of a mission in these tests.
const TOKENS: u32 = 1_000;

/// The bounds of the default parameters, for a law of so many nodes.
fn limits(nodes: u16) -> Limits {
    Limits {
        nodes,
        timeouts: TimeoutBounds::of(|id| id.row().default),
        tokens: TOKENS,
        imports: Imports::None,
    }
}

/// A lawful node of three executors, two of whom must agree, with no edge.
fn node() -> Node {
    Node {
        digest: B256::repeat_byte(0xd1),
        tier: 2,
        risk: 1,
        redundancy: 3,
        threshold: 2,
        mode: Mode::Numeric as u8,
        timeout_ms: 60_000,
        budget: 5,
        first_edge: 0,
        outs: 0,
        tokens: 1,
    }
}

/// A lawful node of tier 1 or 3.
fn alone(tier: u8) -> Node {
    Node {
        tier,
        redundancy: 1,
        threshold: 1,
        mode: Mode::Exact as u8,
        timeout_ms: if tier == 3 { 300_000 } else { 60_000 },
        ..node()
    }
}

fn draft(node: Node, successors: &[u16]) -> Draft {
    Draft {
        node,
        successors: successors.to_vec(),
    }
}

/// A statute of lawful nodes with these edges.
fn graph(nodes: u16, edges: &[(u16, u16)]) -> Vec<Vec<u8>> {
    let mut drafts = vec![draft(alone(1), &[]); nodes.into()];
    for (from, to) in edges {
        drafts[usize::from(*from)].successors.push(*to);
    }
    encode::statute(&drafts, &[]).unwrap()
}
