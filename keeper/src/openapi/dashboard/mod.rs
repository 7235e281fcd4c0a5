//! What is served below `/dashboard/` (docs/dashboard.md): its requests here, the sections of the city's state in [`sections`], parameters
//! and what amends them in [`amendments`].

mod amendments;
mod sections;

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
};
use agentcity_executor::openapi::shape::{list, object, reference, words};
use serde_json::{Value, json};

use super::{
    Content, Listener, Operation, Presence, Query, Schemas, count, log, maybe, said, time, word,
};
use crate::dashboard::{assets::ASSETS, guard::Refusal, mission::CHANGED_MAX, sections::NAMES};

/// Its refusals by their statuses, each with a schema of its own since the status says which codes there may be.
const REFUSALS: [(u16, &[&str]); 9] = [
    (400, &["DashboardRefused400"]),
    (403, &["DashboardRefused403"]),
    (404, &["DashboardRefused404"]),
    (413, &["DashboardRefused413"]),
    (415, &["DashboardRefused415"]),
    (421, &["DashboardRefused421"]),
    (422, &["DashboardRefused422"]),
    (502, &["DashboardRefused502"]),
    (503, &["DashboardRefused503"]),
];
const PROOF: &[Query] = &[
    ("place", "Number", Presence::Optional),
    ("transaction", "Word", Presence::Optional),
];

/// A refusal's content, by its status.
fn refusal(status: u16) -> Content {
    let known = REFUSALS.iter().find(|(of, _)| *of == status);
    Content::Json(known.map_or(&[], |(_, schemas)| schemas))
}

/// What the door says to any request.
const DOOR: [u16; 3] = [400, 421, 503];

pub(super) fn all() -> Vec<Operation> {
    let reads = |path: &'static str,
                 id: &'static str,
                 about: &'static str,
                 status: u16,
                 content: Content| {
        let operation =
            Operation::new(Listener::Operations, ("get", path), id, about).answers(status, content);
        refused(operation, &DOOR)
    };
    let posts = |path: &'static str,
                 id: &'static str,
                 about: &'static str,
                 asked: &'static str,
                 answered: Content| {
        let operation = Operation::new(Listener::Operations, ("post", path), id, about)
            .asks(asked, Presence::Required)
            .answers(200, answered);
        refused(refused(operation, &DOOR), &[403, 413, 415, 422, 502])
    };
    let mut all = vec![
        reads(
            "/dashboard",
            "dashboardHome",
            "Leads to the page.",
            308,
            Content::Empty,
        ),
        reads(
            "/dashboard/",
            "dashboardPage",
            "The page about the city, for people.",
            200,
            Content::Other("text/html"),
        )
        .answers(304, Content::Other("text/html")),
        reads(
            "/dashboard/{asset}",
            "dashboardFile",
            "What the page is made of; a name may have slashes.",
            200,
            Content::File,
        )
        .part("asset", "AssetName")
        .answers(304, Content::File),
        reads(
            "/dashboard/state",
            "dashboardState",
            "The city as it stands: all sections.",
            200,
            Content::Json(&["State"]),
        ),
        refused(
            reads(
                "/dashboard/missions/{id}",
                "dashboardMission",
                "A mission with its nodes, edges and what became of each.",
                200,
                Content::Json(&["Mission"]),
            )
            .part("id", "Word"),
            &[404],
        ),
        reads(
            "/dashboard/events",
            "dashboardEvents",
            "Server-sent events: each section at first, then whatever changed.",
            200,
            Content::Events,
        ),
        refused(
            reads(
                "/dashboard/proof",
                "dashboardProof",
                "That an entry is in the keeper's log, by its place or its transaction, and that its root is on the chain.",
                200,
                Content::Json(&["Proof"]),
            )
            .query(PROOF),
            &[404],
        ),
        refused(
            reads(
                "/dashboard/parameters",
                "dashboardParameters",
                "Every parameter of the city, with its bounds and what amends it.",
                200,
                Content::Json(&["Parameters"]),
            ),
            &[502],
        ),
        posts(
            "/dashboard/proposal",
            "dashboardPropose",
            "An amendment or another action as adjudicators sign it. Nothing is stored and nothing is signed.",
            "Proposal",
            Content::Json(&["Proposed"]),
        ),
        posts(
            "/dashboard/submission",
            "dashboardSubmit",
            "The transaction that hands signatures in.",
            "Submission",
            Content::Json(&["Submitted"]),
        ),
    ];
    // The log's own requests, behind the same door.
    let own = log::below(Listener::Operations, "/dashboard", "dashboard");
    all.extend(own.into_iter().map(behind_the_door));
    all
}

fn refused(operation: Operation, statuses: &[u16]) -> Operation {
    statuses.iter().fold(operation, |operation, status| {
        operation.answers(*status, refusal(*status))
    })
}

/// With what the door may say before the log is asked.
fn behind_the_door(mut operation: Operation) -> Operation {
    for status in DOOR {
        let either = match status {
            400 => Content::Json(&["LogRefused400", "DashboardRefused400"]),
            503 => Content::Json(&["LogRefused503", "DashboardRefused503"]),
            other => refusal(other),
        };
        match operation.answers.iter_mut().find(|(of, _)| *of == status) {
            Some((_, content)) => *content = either,
            // Without a question there is nothing that the log does not understand.
            None => operation.answers.push((status, refusal(status))),
        }
    }
    operation
}

/// Files by their types.
pub(super) fn files() -> Value {
    let kinds: BTreeSet<&str> = ASSETS
        .iter()
        .map(|asset| asset.kind.split(';').next().unwrap_or(asset.kind))
        .collect();
    let all: BTreeMap<&str, Value> = kinds
        .into_iter()
        .map(|kind| (kind, json!({"schema": {"type": "string"}})))
        .collect();
    json!(all)
}

/// Schemas of what is sent, by the events' names.
pub(super) fn events() -> Value {
    let mut all: BTreeMap<&str, Value> = NAMES
        .iter()
        .map(|name| (*name, reference(&section(name))))
        .collect();
    all.insert("mission", reference("NodesChanged"));
    all.insert("end", reference("StreamEnd"));
    json!(all)
}

/// A section's schema: its name, as types are written.
fn section(name: &str) -> String {
    format!("Section{}{}", name[..1].to_uppercase(), &name[1..])
}

pub(super) fn schemas() -> Schemas {
    let mut all = vec![
        (
            "AssetName",
            json!({"type": "string", "description": "A path below `/dashboard/`."}),
        ),
        ("State", state()),
        ("Unknown", unknowns()),
        (
            "NodeState",
            words(NodeState::ALL.iter().map(|state| state.name())),
        ),
        (
            "MissionState",
            words(MissionState::ALL.iter().map(|state| state.name())),
        ),
        ("Peer", words(Peer::ALL.map(Peer::name))),
        (
            "Block",
            object([("number", count()), ("hash", word()), ("time", time())]),
        ),
        (
            "NodesChanged",
            object([
                ("id", word()),
                (
                    "nodes",
                    maybe(list(reference("NodeChanged"), Some(CHANGED_MAX))),
                ),
            ]),
        ),
        (
            "NodeChanged",
            object([
                ("ordinal", count()),
                ("state", reference("NodeState")),
                ("attempt", count()),
                ("since", maybe(time())),
                ("expiresAt", maybe(time())),
            ]),
        ),
        ("StreamEnd", object([("why", words(["slow", "stopping"]))])),
    ];
    all.extend(sections::schemas());
    all.extend(amendments::schemas());
    for (status, schemas) in REFUSALS {
        all.extend(schemas.iter().map(|name| (*name, refused_with(status))));
    }
    all
}

fn state() -> Value {
    let mut properties: BTreeMap<&str, Value> = NAMES
        .iter()
        .map(|name| (*name, reference(&section(name))))
        .collect();
    properties.insert("version", json!({"const": 1}));
    let required: Vec<&str> = properties.keys().copied().collect();
    json!({
        "type": "object", "required": required, "properties": properties, "additionalProperties": false
    })
}

/// What an object does not know, and why.
fn unknowns() -> Value {
    list(object([("field", said()), ("why", said())]), None)
}

fn unknown() -> Value {
    reference("Unknown")
}

fn amount() -> Value {
    reference("Amount")
}

fn refused_with(status: u16) -> Value {
    let codes = Refusal::CODES.iter();
    let codes: BTreeSet<&str> = codes
        .filter(|(_, of)| of.as_u16() == status)
        .map(|(code, _)| *code)
        .collect();
    let error = object([("code", words(codes)), ("message", said()), ("do", said())]);
    object([("error", error)])
}
