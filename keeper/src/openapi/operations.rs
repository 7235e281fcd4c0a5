//! How a keeper stands and what it is told (docs/operations.md), and its words about outages.

use agentcity_executor::openapi::shape::{list, object, reference, text, words};
use serde_json::json;

use super::{
    Content, Listener, Operation, Presence, Schemas, address, anything, by_name, count, maybe,
    said, time, truth, word,
};
use crate::operations::{CONDITIONS, metrics::MEDIA_TYPE};

/// Bytes of a key's signature.
const SIGNATURE_CHARS: usize = 2 + 2 * 65; // structural: `0x` and two digits a byte

/// Refusals of what reads, and of what gives orders.
const BUSY: Content = Content::Json(&["Refused"]);
const DEED: Content = Content::Json(&["DeedRefused"]);
const DEED_OR_BUSY: Content = Content::Json(&["DeedRefused", "Refused"]);

pub(super) fn all() -> Vec<Operation> {
    let reads = |path: &'static str, id: &'static str, about: &'static str, content: Content| {
        Operation::new(Listener::Operations, ("get", path), id, about).answers(200, content)
    };
    let metrics = MEDIA_TYPE.split(';').next().unwrap_or(MEDIA_TYPE);
    let outage = Operation::new(
        Listener::Outages,
        ("get", "/v1/outages/{mission}"),
        "outage",
        "This monitor's word about the last outage that it saw, for a mission that it watches.",
    );
    let mut all = vec![
        reads(
            "/health",
            "health",
            "Whether the process lives and its loop turns; restart it when not.",
            Content::Json(&["Health"]),
        )
        .answers(503, Content::Json(&["Health", "Refused"])),
        reads(
            "/ready",
            "ready",
            "Whether every condition holds, and of each why not.",
            Content::Json(&["Readiness"]),
        )
        .answers(503, Content::Json(&["Readiness", "Refused"])),
        reads(
            "/metrics",
            "metrics",
            "What Prometheus scrapes.",
            Content::Other(metrics),
        )
        .answers(503, BUSY),
        reads(
            "/status",
            "status",
            "Standing, streams, missions, endpoints; where `operations.status` opens it.",
            Content::Json(&["Status"]),
        )
        .answers(503, BUSY),
        outage
            .part("mission", "Word")
            .answers(200, Content::Json(&["OutageWord"]))
            .answers(400, BUSY)
            .answers(404, BUSY)
            .answers(500, BUSY)
            .answers(503, BUSY),
    ];
    all.extend(orders());
    all
}

fn orders() -> Vec<Operation> {
    let order =
        |method: &'static str, name: &'static str, id: &'static str, about: &'static str| {
            Operation::new(
                Listener::Admin,
                (method, format!("/admin/{name}")),
                id,
                about,
            )
            .answers(401, Content::Json(&["Refused"]))
        };
    // The host carries it out, and may say no.
    let carried = |operation: Operation| {
        operation
            .answers(200, Content::Json(&["Done"]))
            .answers(500, DEED)
            .answers(503, DEED_OR_BUSY)
    };
    let with_body = |operation: Operation| operation.answers(400, DEED).answers(413, DEED);
    let of_stream = |name: &'static str, about: &'static str| {
        let operation = order("post", name, name, about).asks("OfStream", Presence::Optional);
        // There may be no such stream.
        carried(with_body(operation)).answers(404, DEED)
    };
    vec![
        order(
            "get",
            "actions",
            "actions",
            "Every open action, and why it waits.",
        )
        .answers(200, Content::Json(&["Actions"]))
        .answers(500, BUSY)
        .answers(503, BUSY),
        of_stream(
            "pause",
            "Begin nothing new of a stream (`router` unless it is said), until it is resumed, over restarts too.",
        ),
        of_stream("resume", "Begin new things of a stream again."),
        of_stream(
            "look",
            "Look at the world now, and try again what rests: of a stream, or of all.",
        ),
        carried(order(
            "post",
            "checkpoint",
            "checkpoint",
            "Record every machine's state now.",
        )),
        with_body(order(
            "post",
            "log-level",
            "logLevel",
            "What is logged, until the next restart.",
        ))
        .asks("LogLevel", Presence::Required)
        .answers(200, Content::Json(&["LevelSet"]))
        .answers(503, BUSY),
        order(
            "post",
            "drain",
            "drain",
            "As SIGTERM: end what is open, begin nothing, leave.",
        )
        .answers(200, Content::Json(&["Draining"]))
        .answers(503, BUSY),
    ]
}

pub(super) fn schemas() -> Schemas {
    let mut all = standing();
    all.extend(deeds());
    all.push((
        "OutageWord",
        object([
            ("missionId", word()),
            ("from", time()),
            ("until", time()),
            ("deadline", time()),
            ("monitor", address()),
            ("signature", json!({"type": "string", "pattern": "^0x([0-9a-f]{2})*$", "maxLength": SIGNATURE_CHARS})),
        ]),
    ));
    all
}

/// How it stands.
fn standing() -> Schemas {
    vec![
        ("Refused", object([("error", said())])),
        ("Health", object([("healthy", truth()), ("says", said())])),
        (
            "Readiness",
            object([
                ("ready", truth()),
                ("draining", truth()),
                (
                    "conditions",
                    list(reference("Condition"), Some(CONDITIONS.len())),
                ),
            ]),
        ),
        (
            "Condition",
            object([
                ("condition", words(CONDITIONS)),
                ("holds", truth()),
                ("says", said()),
            ]),
        ),
        (
            "Status",
            object([
                ("version", said()),
                ("keeper", reference("Picture")),
                ("missions", list(reference("MissionSeen"), None)),
                ("chain", maybe(reference("Sighting"))),
                ("readiness", reference("Readiness")),
            ]),
        ),
        (
            "Picture",
            object([
                ("name", said()),
                ("account", maybe(address())),
                ("standing", reference("Standing")),
                ("transactions_open", count()),
                ("streams", list(reference("Stream"), None)),
            ]),
        ),
        (
            "Standing",
            json!({"oneOf": [
                object([("is", words(["starting", "working"]))]),
                object([("is", words(["waiting"])), ("holder", said())]),
            ]}),
        ),
        (
            "Stream",
            object([
                ("stream", said()),
                ("held", truth()),
                ("paused", truth()),
                ("takes_logs", truth()),
                ("unsure", truth()),
                ("reached", maybe(count())),
                ("open", count()),
                ("looked_secs_ago", maybe(count())),
                ("pause_secs", count()),
            ]),
        ),
        (
            "MissionSeen",
            object([
                ("mission", word()),
                (
                    "seen",
                    object([
                        ("state", said()),
                        ("halt", said()),
                        ("block", count()),
                        ("nodes", by_name()),
                    ]),
                ),
            ]),
        ),
        (
            "Sighting",
            object([
                ("head", maybe(count())),
                ("head_time", maybe(time())),
                ("endpoints", list(reference("Endpoint"), None)),
                ("quorum", count()),
            ]),
        ),
        (
            "Endpoint",
            object([
                ("endpoint", said()),
                ("head", maybe(count())),
                ("agrees", truth()),
                ("silent", maybe(said())),
            ]),
        ),
    ]
}

/// Orders and what they come to.
fn deeds() -> Schemas {
    // A field that may be left out, or be null, which says the same.
    let optional = |name: &str| {
        json!({
            "type": "object", "properties": {name: maybe(said())}, "additionalProperties": false
        })
    };
    vec![
        ("OfStream", optional("stream")),
        ("LogLevel", object([("filter", said())])),
        (
            "Done",
            object([
                ("streams", list(said(), None)),
                ("trace", reference("Trace")),
            ]),
        ),
        (
            "LevelSet",
            object([("filter", said()), ("trace", reference("Trace"))]),
        ),
        (
            "Draining",
            object([
                ("draining", json!({"const": true})),
                ("trace", reference("Trace")),
            ]),
        ),
        (
            "DeedRefused",
            object([("error", said()), ("trace", reference("Trace"))]),
        ),
        (
            "Actions",
            object([
                ("open", count()),
                (
                    "actions",
                    list(
                        reference("OpenAction"),
                        Some(crate::operations::ACTIONS_MAX),
                    ),
                ),
            ]),
        ),
        (
            "OpenAction",
            object([
                ("stream", said()),
                ("key", word()),
                ("trace", reference("Trace")),
                ("kind", text(64)),
                ("why", said()),
                ("transaction", maybe(reference("OpenTransaction"))),
                (
                    "action",
                    anything("What exactly is wanted, as the journal has it."),
                ),
            ]),
        ),
        (
            "OpenTransaction",
            object([("hash", word()), ("nonce", count()), ("sends", count())]),
        ),
    ]
}
