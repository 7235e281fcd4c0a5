//! The city's state: a schema for each section of it, and for what these have in common.

use std::collections::BTreeMap;

use agentcity_domain::{machine::NodeState, peer::Peer};
use agentcity_executor::openapi::shape::{list, object, reference, words};
use serde_json::{Value, json};

use super::{
    super::{Schemas, address, count, log, maybe, row, said, time, truth, word},
    amount, unknown,
};
use crate::dashboard::{
    alerts::ALERTS_MAX,
    metrics::TABLE,
    picture::{
        mission::NODES_MAX,
        sums::{BUCKETS_MAX, EPOCHS_MAX},
    },
    sections::MISSIONS_MAX,
};

pub(super) fn schemas() -> Schemas {
    let all = [seen(), people(), work(), books(), proofs()];
    all.into_iter().flatten().collect()
}

/// The city, its metrics, and what was frozen.
fn seen() -> Schemas {
    vec![
        (
            "SectionCity",
            object([
                ("chainId", count()),
                ("constitution", address()),
                ("asset", maybe(address())),
                ("unitScale", maybe(amount())),
                ("epoch", count()),
                ("block", maybe(reference("Block"))),
                ("tip", count()),
                ("caughtUp", truth()),
                ("doubt", maybe(said())),
                ("now", time()),
                (
                    "members",
                    list(
                        object([
                            ("peer", reference("Peer")),
                            ("address", address()),
                            ("codeHash", maybe(word())),
                        ]),
                        Some(Peer::COUNT),
                    ),
                ),
                ("keeper", object([("name", said()), ("version", said())])),
                ("unknown", unknown()),
            ]),
        ),
        ("MetricId", words(TABLE.iter().map(|row| row.id))),
        (
            "SectionMetrics",
            list(reference("Metric"), Some(TABLE.len())),
        ),
        (
            "Metric",
            object([
                ("id", reference("MetricId")),
                ("name", said()),
                ("value", maybe(count())),
                ("unit", said()),
                ("text", said()),
                ("condition", said()),
                ("alerting", maybe(truth())),
                ("since", maybe(time())),
                ("why", maybe(said())),
                ("series", list(row([time(), count()]), None)),
            ]),
        ),
        (
            "SectionFreezes",
            object([
                ("total", count()),
                ("open", list(reference("Freeze"), None)),
                (
                    "byCause",
                    list(
                        object([("cause", said()), ("count", count()), ("false", count())]),
                        None,
                    ),
                ),
                (
                    "byAgent",
                    list(object([("agent", address()), ("count", count())]), None),
                ),
                ("bucketSecs", count()),
                (
                    "byTime",
                    list(
                        object([("from", time()), ("count", count())]),
                        Some(BUCKETS_MAX),
                    ),
                ),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Freeze",
            object([
                ("mission", word()),
                ("node", count()),
                // Its id is of 64 bits, more than a double holds, so it is a text.
                (
                    "freeze",
                    json!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"}),
                ),
                ("attempt", count()),
                ("agent", address()),
                ("cause", said()),
                ("at", time()),
                ("expiresAt", time()),
            ]),
        ),
    ]
}

/// How work was judged, what waits for people, and who may call whom.
fn people() -> Schemas {
    vec![
        (
            "SectionVerification",
            object([
                (
                    "byTier",
                    list(
                        object([
                            ("tier", words([1, 2, 3])),
                            ("completed", count()),
                            ("rejected", count()),
                            ("timedOut", count()),
                            ("other", count()),
                            ("rateBps", maybe(count())),
                        ]),
                        Some(3),
                    ),
                ),
                (
                    "disputes",
                    object([
                        ("opened", count()),
                        ("closed", count()),
                        ("bondsReturned", count()),
                    ]),
                ),
                ("substitutions", count()),
                ("unknown", unknown()),
            ]),
        ),
        (
            "SectionReviews",
            object([
                ("items", list(reference("Review"), None)),
                (
                    "decided",
                    object([
                        ("approved", count()),
                        ("rejected", count()),
                        ("medianSecs", maybe(count())),
                    ]),
                ),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Review",
            object([
                ("kind", words(["result", "dispute", "predicate"])),
                ("mission", word()),
                ("node", maybe(count())),
                ("attempt", maybe(count())),
                ("index", maybe(count())),
                ("since", time()),
                ("deadline", maybe(time())),
                ("backup", truth()),
                ("rubricHash", maybe(word())),
                ("who", said()),
                ("command", said()),
            ]),
        ),
        (
            "SectionAlerts",
            object([
                ("total", count()),
                ("items", list(reference("Alert"), Some(ALERTS_MAX))),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Alert",
            object([
                ("id", said()),
                ("severity", words(["critical", "warning", "notice"])),
                ("since", time()),
                ("deadline", maybe(time())),
                ("metric", maybe(reference("MetricId"))),
                ("what", said()),
                ("mission", maybe(word())),
                ("node", maybe(count())),
                (
                    "evidence",
                    list(object([("kind", said()), ("value", said())]), None),
                ),
                ("who", said()),
                ("act", said()),
                ("command", maybe(said())),
            ]),
        ),
        (
            "SectionWiring",
            object([
                (
                    "nodes",
                    list(
                        object([("peer", reference("Peer")), ("address", address())]),
                        Some(Peer::COUNT),
                    ),
                ),
                (
                    "edges",
                    list(
                        object([
                            ("from", reference("Peer")),
                            ("to", reference("Peer")),
                            ("functions", list(said(), None)),
                        ]),
                        None,
                    ),
                ),
                ("unknown", unknown()),
            ]),
        ),
    ]
}

/// Missions and their nodes.
fn work() -> Schemas {
    vec![
        (
            "SectionMissions",
            object([
                ("total", count()),
                ("items", list(reference("MissionShown"), Some(MISSIONS_MAX))),
                ("unknown", unknown()),
            ]),
        ),
        (
            "MissionShown",
            object([
                ("id", word()),
                ("state", reference("MissionState")),
                ("halt", maybe(said())),
                ("haltedUntil", maybe(time())),
                ("sponsor", address()),
                ("session", word()),
                ("epoch", maybe(count())),
                ("nodes", count()),
                ("counts", counts()),
                ("createdAt", time()),
                ("since", time()),
                ("deadline", maybe(time())),
                ("parent", maybe(word())),
                ("depth", maybe(count())),
                ("refinements", maybe(count())),
                ("stalled", truth()),
                (
                    "phases",
                    list(
                        object([
                            ("state", reference("MissionState")),
                            ("at", time()),
                            ("reason", said()),
                        ]),
                        None,
                    ),
                ),
                ("money", reference("MissionMoney")),
                ("gas", maybe(count())),
                ("unknown", unknown()),
            ]),
        ),
        (
            "MissionMoney",
            object([
                ("state", words(["None", "Open", "Closing", "Closed"])),
                ("deposited", amount()),
                ("allocated", amount()),
                ("paid", amount()),
                ("subsidy", amount()),
                ("fees", amount()),
                ("residual", amount()),
                ("refunded", amount()),
                ("movedIn", amount()),
                ("movedOut", amount()),
                ("slashed", amount()),
                ("releaseAt", maybe(time())),
            ]),
        ),
        (
            "Mission",
            object([
                ("id", word()),
                ("state", reference("MissionState")),
                ("block", maybe(reference("Block"))),
                (
                    "nodes",
                    list(reference("NodeShown"), Some(NODES_MAX.into())),
                ),
                ("edges", list(row([count(), count()]), None)),
                ("unknown", unknown()),
            ]),
        ),
        (
            "NodeShown",
            object([
                ("ordinal", count()),
                ("state", reference("NodeState")),
                ("attempt", count()),
                ("tier", maybe(count())),
                ("redundancy", maybe(count())),
                ("threshold", maybe(count())),
                ("label", maybe(said())),
                ("digest", maybe(word())),
                ("budget", maybe(amount())),
                ("timeoutMs", maybe(count())),
                ("since", maybe(time())),
                ("expiresAt", maybe(time())),
                ("outputHash", maybe(word())),
                (
                    "seats",
                    list(
                        object([
                            ("agent", address()),
                            ("accepted", truth()),
                            ("submitted", truth()),
                        ]),
                        None,
                    ),
                ),
                (
                    "transitions",
                    list(row([reference("NodeState"), time()]), None),
                ),
            ]),
        ),
        (
            "SectionEpochs",
            object([
                ("items", list(reference("Epoch"), Some(EPOCHS_MAX))),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Epoch",
            object([
                ("epoch", count()),
                ("missions", count()),
                ("completed", count()),
                ("failed", count()),
                ("aborted", count()),
                ("nodesCompleted", count()),
                ("nodesFailed", count()),
                ("freezes", count()),
                ("refinements", count()),
                ("medianNodeSecs", maybe(count())),
                ("paid", amount()),
                ("slashed", amount()),
                ("gas", count()),
            ]),
        ),
    ]
}

/// Numbers of nodes by their states, each of which is there.
fn counts() -> Value {
    let names: Vec<&str> = NodeState::ALL.iter().map(|state| state.name()).collect();
    let properties: BTreeMap<&str, Value> = names.iter().map(|name| (*name, count())).collect();
    json!({
        "type": "object", "required": names, "properties": properties, "additionalProperties": false
    })
}

/// What it costs, and where the money is.
fn books() -> Schemas {
    let gas_of =
        |name: &'static str, of: Value| [(name, of), ("transactions", count()), ("gas", count())];
    let mut members: Vec<&str> = Peer::ALL.map(Peer::name).to_vec();
    members.push("other");
    let [id, transactions, gas] = gas_of("id", word());
    vec![
        (
            "SectionGas",
            object([
                ("transactions", count()),
                ("measured", count()),
                ("total", count()),
                (
                    "byContract",
                    list(object(gas_of("peer", words(members))), None),
                ),
                (
                    "byMission",
                    list(
                        object([id, transactions, gas, ("budget", maybe(count()))]),
                        None,
                    ),
                ),
                ("unknown", unknown()),
            ]),
        ),
        (
            "SectionMoney",
            object([
                ("asset", maybe(address())),
                ("block", count()),
                ("holds", maybe(truth())),
                ("lines", list(reference("Line"), Some(3))),
                (
                    "moved",
                    object([
                        ("deposited", amount()),
                        ("withdrawn", amount()),
                        ("paid", amount()),
                        ("returned", amount()),
                        ("forfeited", amount()),
                    ]),
                ),
                ("contracts", list(reference("Book"), Some(3))),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Line",
            object([
                ("kind", words(["escrows", "stakes", "bonds"])),
                ("in", amount()),
                ("paid", amount()),
                ("returned", amount()),
                ("forfeited", amount()),
                ("held", maybe(amount())),
                ("holds", maybe(truth())),
            ]),
        ),
        (
            "Book",
            object([
                ("peer", words(["treasury", "agent", "roster"])),
                ("booked", amount()),
                ("held", amount()),
                (
                    "parts",
                    list(object([("kind", said()), ("amount", amount())]), None),
                ),
                ("holds", truth()),
            ]),
        ),
    ]
}

/// The log as a page needs it.
fn proofs() -> Schemas {
    vec![
        (
            "SectionLog",
            object([
                ("kept", truth()),
                ("chainId", maybe(count())),
                ("author", maybe(address())),
                ("size", maybe(count())),
                ("root", maybe(word())),
                ("signed", maybe(reference("SignedHead"))),
                ("anchored", maybe(reference("Anchor"))),
                ("anchors", list(log::anchor_seen(), None)),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Proof",
            object([
                ("place", count()),
                ("size", count()),
                ("line", said()),
                ("leaf", word()),
                ("root", word()),
                ("path", list(word(), Some(64))),
                ("signed", maybe(reference("SignedHead"))),
                ("log", object([("chainId", count()), ("author", address())])),
                ("anchor", maybe(reference("Anchor"))),
                ("anchorPath", maybe(list(word(), Some(64)))),
                (
                    "onChain",
                    maybe(object([("size", count()), ("root", word())])),
                ),
                ("unknown", unknown()),
            ]),
        ),
    ]
}
