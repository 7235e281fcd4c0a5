//! A keeper's log (docs/log.md), as its own listener serves it, and the dashboard beside what it shows.

use agentcity_executor::openapi::shape::{counted, list, number, object, reference, words};
use agentcity_hub::{http::kind_of, kind::EventType, store::PAGE_MAX};
use serde_json::{Value, json};

use super::{
    Content, Listener, Operation, Presence, Query, Schemas, address, count, maybe, said, time, word,
};

/// Statuses of its refusals, each with a schema of its own since the status decides the code.
const REFUSALS: [(u16, &str); 6] = [
    (400, "LogRefused400"),
    (404, "LogRefused404"),
    (410, "LogRefused410"),
    (414, "LogRefused414"),
    (500, "LogRefused500"),
    (503, "LogRefused503"),
];

const ENTRIES: &[Query] = &[
    ("from", "Number", Presence::Optional),
    ("limit", "Limit", Presence::Optional),
];
const QUERY: &[Query] = &[
    ("mission", "Word", Presence::Optional),
    ("session", "Word", Presence::Optional),
    ("node", "Node", Presence::Optional),
    ("agent", "Address", Presence::Optional),
    ("principal", "Address", Presence::Optional),
    ("contract", "Address", Presence::Optional),
    ("type", "EventType", Presence::Optional),
    ("epoch", "Number", Presence::Optional),
    ("from", "Number", Presence::Optional),
    ("to", "Number", Presence::Optional),
    ("fromBlock", "Number", Presence::Optional),
    ("toBlock", "Number", Presence::Optional),
    ("after", "Cursor", Presence::Optional),
    ("limit", "Limit", Presence::Optional),
];
const INCLUSION: &[Query] = &[
    ("place", "Number", Presence::Required),
    ("size", "Number", Presence::Required),
];
const CONSISTENCY: &[Query] = &[
    ("old", "Number", Presence::Required),
    ("new", "Number", Presence::Required),
];

/// The requests of the log's own listener.
pub(super) fn all() -> Vec<Operation> {
    below(Listener::Log, "", "")
}

/// The same below a path of another listener; ids have its name in front.
pub(super) fn below(listener: Listener, prefix: &str, name: &str) -> Vec<Operation> {
    let reads = |path: &str,
                 (id, about): (&str, &'static str),
                 query: &'static [Query],
                 schema: Content| {
        let id = match name {
            "" => id.to_owned(),
            // As identifiers of several words are written.
            name => format!("{name}{}{}", id[..1].to_uppercase(), &id[1..]),
        };
        Operation::new(listener, ("get", format!("{prefix}{path}")), id, about)
            .query(query)
            .answers(200, schema)
            .answers(500, Content::Json(&["LogRefused500"]))
            .answers(503, Content::Json(&["LogRefused503"]))
    };
    let asked = |operation: Operation| {
        operation
            .answers(400, Content::Json(&["LogRefused400"]))
            .answers(404, Content::Json(&["LogRefused404"]))
            .answers(414, Content::Json(&["LogRefused414"]))
    };
    let payload = reads(
        "/cid/{cid}",
        (
            "payload",
            "A payload, for ever the same; 410 with its tombstone's place when it is gone.",
        ),
        &[],
        Content::Other("application/octet-stream"),
    );
    vec![
        payload
            .part("cid", "Cid")
            .answers(304, Content::Other("application/octet-stream"))
            .answers(400, Content::Json(&["LogRefused400"]))
            .answers(404, Content::Json(&["LogRefused404"]))
            .answers(410, Content::Json(&["LogRefused410"])),
        reads(
            "/log/head",
            (
                "logHead",
                "Size and root, and the newest signed head and anchor.",
            ),
            &[],
            Content::Json(&["LogHead"]),
        ),
        asked(reads(
            "/log/entries",
            ("logEntries", "Lines from a place on."),
            ENTRIES,
            Content::Json(&["Entries"]),
        )),
        // What is looked for and not there is an empty page.
        reads(
            "/log/query",
            (
                "logQuery",
                "Lines that are looked for: all of what is given must hold.",
            ),
            QUERY,
            Content::Json(&["Page"]),
        )
        .answers(400, Content::Json(&["LogRefused400"]))
        .answers(414, Content::Json(&["LogRefused414"])),
        asked(reads(
            "/log/inclusion",
            ("logInclusion", "The path from an entry to a root."),
            INCLUSION,
            Content::Json(&["Inclusion"]),
        )),
        asked(reads(
            "/log/consistency",
            ("logConsistency", "The path from a root to a later one."),
            CONSISTENCY,
            Content::Json(&["Consistency"]),
        )),
    ]
}

pub(super) fn schemas() -> Schemas {
    let mut all = vec![
        ("Number", number(u64::MAX)),
        ("Node", number(u16::MAX)),
        ("Limit", counted(1, PAGE_MAX as u64)),
        (
            "Cid",
            json!({"type": "string", "pattern": "^baf[a-z2-7]{56}$"}),
        ),
        (
            "Cursor",
            json!({"type": "string", "pattern": "^[0-9a-f]{0,64}\\.[0-9]{1,20}$", "description": "`next` of the page before."}),
        ),
        (
            "EventType",
            words(EventType::ALL.iter().map(|kind| kind.text())),
        ),
        (
            "LogHead",
            object([
                ("chainId", count()),
                ("author", address()),
                ("size", count()),
                ("root", word()),
                ("signed", maybe(reference("SignedHead"))),
                ("anchored", maybe(reference("Anchor"))),
            ]),
        ),
        (
            "SignedHead",
            object([
                (
                    "head",
                    object([("size", count()), ("root", word()), ("timestamp", count())]),
                ),
                ("signature", reference("Hex")),
            ]),
        ),
        ("Anchor", anchor()),
        ("Entry", object([("place", count()), ("line", said())])),
        (
            "Entries",
            object([("entries", list(reference("Entry"), Some(PAGE_MAX)))]),
        ),
        (
            "Page",
            object([
                ("entries", list(reference("Entry"), Some(PAGE_MAX))),
                ("next", maybe(reference("Cursor"))),
            ]),
        ),
        (
            "Inclusion",
            object([
                ("place", count()),
                ("size", count()),
                ("root", word()),
                ("path", list(word(), Some(64))),
            ]),
        ),
        (
            "Consistency",
            object([
                ("old", count()),
                ("oldRoot", word()),
                ("new", count()),
                ("newRoot", word()),
                ("path", list(word(), Some(64))),
            ]),
        ),
    ];
    all.extend(REFUSALS.map(|(status, name)| (name, refused(status))));
    all
}

fn anchor() -> Value {
    object([
        ("sequence", count()),
        ("size", count()),
        ("root", word()),
        ("roster", address()),
        ("block", count()),
        ("transaction", word()),
    ])
}

/// An anchor as the roster's events tell it to everybody.
pub(super) fn anchor_seen() -> Value {
    object([
        ("author", address()),
        ("sequence", count()),
        ("size", count()),
        ("root", word()),
        ("block", count()),
        ("transaction", word()),
        ("time", time()),
    ])
}

fn refused(status: u16) -> Value {
    let code = words([kind_of(status)]);
    match status {
        410 => object([("code", code), ("error", said()), ("tombstone", count())]),
        _ => object([("code", code), ("error", said())]),
    }
}
