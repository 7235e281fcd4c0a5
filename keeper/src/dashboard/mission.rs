//! One mission whole: nodes with what their law says and what became of them, and the edges between them.

use std::collections::BTreeMap;

use alloy::primitives::B256;
use serde_json::{Value, json};

use super::{
    facts::Law,
    picture::mission::{Mission, Node},
    sections::{Unknown, amount, block},
};
use crate::event::Head;

/// Nodes that one event names; of more, the page fetches the mission.
pub const CHANGED_MAX: usize = 256;

/// Labels of nodes by the digests of their terms.
pub type Labels = BTreeMap<B256, String>;

/// `GET /dashboard/missions/<id>`. `law`: its statute, or why that is not known.
pub fn whole(
    mission: &Mission,
    at: Option<Head>,
    law: Result<&Law, &str>,
    labels: &Labels,
) -> Value {
    let mut unknown = Unknown::default();
    if let Err(why) = law {
        for field in [
            "edges",
            "tier",
            "redundancy",
            "threshold",
            "digest",
            "budget",
            "timeoutMs",
        ] {
            unknown.say(field, why);
        }
    }
    if mission.work.is_empty() {
        let why = "the mission ended so long ago that its nodes are not kept here: `agentcity mission show` asks the chain";
        unknown.say("nodes", why);
    }
    let of_law = |ordinal: usize| law.ok().and_then(|law| law.nodes.get(ordinal));
    let mut unlabelled = false;
    let nodes = mission.work.iter().enumerate().map(|(ordinal, node)| {
        let law = of_law(ordinal);
        let label = law.and_then(|law| labels.get(&law.digest));
        unlabelled |= label.is_none();
        let seats = node.seats.iter().map(|seat| {
            json!({
                "agent": seat.agent.to_string(), "accepted": seat.accepted, "submitted": seat.submitted,
            })
        });
        let transitions = node.transitions.iter();
        let transitions = transitions.map(|(state, at)| json!([state.name(), at]));
        json!({
            "ordinal": ordinal, "state": node.state.name(), "attempt": node.attempt,
            "tier": law.map(|law| law.tier), "redundancy": law.map(|law| law.redundancy),
            "threshold": law.map(|law| law.threshold), "label": label, "digest": law.map(|law| law.digest),
            "budget": law.map(|law| amount(alloy::primitives::U256::from(law.budget))),
            "timeoutMs": law.map(|law| law.timeout_ms),
            "since": since(node), "expiresAt": node.expires_at,
            "outputHash": Some(node.output).filter(|hash| !hash.is_zero()),
            "seats": seats.collect::<Vec<_>>(), "transitions": transitions.collect::<Vec<_>>(),
        })
    });
    let nodes: Vec<Value> = nodes.collect();
    if unlabelled {
        unknown.say(
            "label",
            "the chain knows hashes of labels alone: `[router] documents` names a folder with the statutes' texts",
        );
    }
    json!({
        "id": mission.id, "state": mission.state.name(), "block": at.map(block), "nodes": nodes,
        "edges": law.map(|law| law.edges.clone()).unwrap_or_default(), "unknown": unknown.json(),
    })
}

fn since(node: &Node) -> Option<u64> {
    (node.since > 0).then_some(node.since)
}

/// What of a mission an event names: the nodes that changed, or none if they are too many.
pub fn changed(mission: &Mission, nodes: impl ExactSizeIterator<Item = u16>) -> Value {
    if nodes.len() > CHANGED_MAX {
        return json!({ "id": mission.id, "nodes": null });
    }
    let known = nodes.filter_map(|number| {
        let node = mission.work.get(usize::from(number))?;
        Some(json!({
            "ordinal": number, "state": node.state.name(), "attempt": node.attempt, "since": since(node),
            "expiresAt": node.expires_at,
        }))
    });
    json!({ "id": mission.id, "nodes": known.collect::<Vec<_>>() })
}
