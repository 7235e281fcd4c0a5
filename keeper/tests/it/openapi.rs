//! The document of what keepers serve, held to the routers and to keepers that run: neither says anything that the other does not.
//!
//! `SNAPSHOTS=overwrite` writes docs/openapi/keeper.json anew.

mod broken;
mod life;
mod visitor;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use agentcity_hub::head::SignedHead;
use agentcity_keeper::{
    dashboard::{
        guard::Refusal,
        proposal::{Acting, Amending, Proposal, Submission},
    },
    executor::outage::Word,
    openapi,
};
use agentcity_test_fixtures::openapi::{Change, Judge, STRANGER, is_committed, structural};
use alloy::primitives::B256;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use visitor::Visitor;

/// Places at which a message holds what the document leaves open: an action of the journal or its fields, and what a wallet is given to sign.
const OPEN: [&str; 4] = ["/action", "/fields", "/types", "/message"];
/// Schemas of what stands in paths and queries: no message is of them.
const ASKED: [&str; 6] = ["AssetName", "Cid", "EventType", "Limit", "Node", "Number"];
/// What nothing was said of here: missions are seen by routers, of which this keeper has none; the others as [`OUTAGE`] and [`UNPROVOKED`].
const UNSAID: [&str; 3] = ["LogRefused503", "MissionSeen", "OutageWord"];
/// What a monitor says of an outage, which is asked in the story of one.
const OUTAGE: &str = "/v1/outages/{mission}";
/// What nobody brings about from outside: there are never so many requests open of those that are answered at once, and no other process
/// holds the log's store for longer than a reader waits for it.
const UNPROVOKED: [(&str, u16); 8] = [
    ("/metrics", 503),
    ("/status", 503),
    ("/cid/{cid}", 503),
    ("/log/head", 503),
    ("/log/entries", 503),
    ("/log/query", 503),
    ("/log/inclusion", 503),
    ("/log/consistency", 503),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn committed() -> PathBuf {
    root().join("docs/openapi/keeper.json")
}

#[test]
fn the_committed_document_is_what_would_be_printed() {
    is_committed(&openapi::document(), &committed());
}

/// The document as it is committed: that is what others read.
fn document() -> Value {
    let text = std::fs::read_to_string(committed()).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Methods and paths of a router's source, below a prefix.
fn routes(source: &str, prefix: &str) -> BTreeSet<(String, String)> {
    let mut served = BTreeSet::new();
    for route in source.split(".route(\"").skip(1) {
        let (path, handlers) = route.split_once('"').unwrap();
        let (handlers, _) = handlers.split_once("))").unwrap();
        // A part that may have slashes is a part to the document.
        let path = path.replace("{*", "{");
        for method in ["get", "post", "put", "patch", "delete"] {
            if handlers.contains(&format!("{method}(")) {
                served.insert((method.to_owned(), format!("{prefix}{path}")));
            }
        }
    }
    served
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// INV-KEEPER-06.
#[test]
fn every_route_of_a_keeper_is_in_the_document_and_every_path_of_the_document_is_a_route() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let hub = read("keeper/hub/src/http.rs");
    // Mirrors are no keepers: what they take is theirs.
    let (log, _) = hub.split_once("pub fn mirror_router").unwrap();
    let routers = [
        ("keeper/src/operations/serve.rs", ""),
        ("keeper/src/dashboard/http.rs", ""),
        ("keeper/src/part/escrow/exchange.rs", ""),
    ];
    let mut served: BTreeSet<(String, String)> = routers
        .iter()
        .flat_map(|(file, prefix)| routes(&read(file), prefix))
        .collect();
    for prefix in ["", "/dashboard"] {
        served.extend(routes(log, prefix));
    }
    let document = document();
    let told = Judge::new(&document, reads).told;
    let told: BTreeSet<(String, String)> = told
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    assert_eq!(
        told, served,
        "left: the document's; right: those of the routers"
    );
    // Nobody else routes anything, but a drill, which puts itself before an endpoint.
    let mut all = Vec::new();
    sources(&root().join("keeper/src"), &mut all);
    all.retain(|file| std::fs::read_to_string(file).unwrap().contains(".route(\""));
    let known = routers.iter().map(|(file, _)| *file);
    let known: Vec<&str> = known.chain(["keeper/src/drill/proxy.rs"]).collect();
    for file in all {
        let is_known = known.iter().any(|known| file.ends_with(known));
        assert!(is_known, "{} routes too", file.display());
    }
    let page = read("docs/operations.md");
    assert!(page.contains("openapi/keeper.json"), "the page leads there");
    for (method, path) in told.iter().filter(|(_, path)| path.starts_with("/admin")) {
        let asked = [
            format!("`{path}`"),
            format!("`{} {path}`", method.to_uppercase()),
        ];
        let is_told = asked.iter().any(|asked| page.contains(asked));
        assert!(is_told, "docs/operations.md has no {path}");
    }
}

/// What serde would have taken in place of a stranger's field.
fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(json!({ STRANGER: 0 }));
    let error = error.err().expect("refused").to_string();
    let words = error.split('`').skip(3).step_by(2);
    words.map(str::to_owned).collect()
}

#[test]
fn every_field_of_a_type_that_is_read_is_in_the_document_and_every_code_of_a_refusal() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for (name, wanted) in [
        ("Amending", fields::<Amending>()),
        ("Acting", fields::<Acting>()),
        ("Submission", fields::<Submission>()),
        ("OutageWord", fields::<Word>()),
        ("SignedHead", fields::<SignedHead>()),
    ] {
        let told = schemas[name]["properties"].as_object().unwrap();
        assert_eq!(
            told.keys().cloned().collect::<BTreeSet<_>>(),
            wanted,
            "{name}"
        );
    }
    for (code, status) in Refusal::CODES {
        let schema = &schemas[format!("DashboardRefused{}", status.as_u16())];
        let codes = &schema["properties"]["error"]["properties"]["code"]["enum"];
        assert!(
            codes
                .as_array()
                .is_some_and(|all| all.contains(&json!(code))),
            "{code} is answered with {status}"
        );
    }
}

/// INV-KEEPER-06.
#[test]
fn keepers_that_run_answer_what_the_document_says_with_every_status_of_it() {
    let document = document();
    let mut judge = Judge::new(&document, reads);
    let alone = broken::Alone::begin();
    let scene = life::visit(&mut judge);
    broken::visit(&mut judge, &alone, scene);
    let mut wanted = judge.told.clone();
    wanted.retain(|(_, path, status)| {
        path != OUTAGE && !UNPROVOKED.contains(&(path.as_str(), *status))
    });
    assert_eq!(
        judge.seen, wanted,
        "left: what was answered; right: what the document says may be"
    );
    let unsaid = ASKED.iter().chain(&UNSAID).map(|name| (*name).to_owned());
    let unsaid: BTreeSet<String> = unsaid.collect();
    assert_eq!(judge.unsaid(), unsaid, "what nothing was said of");
    let changes = judge.changes_nothing_unseen(changes_of, &[]);
    assert!(changes > 1_000, "{changes} changes only");
}

/// An example of each answer, which the page is tried with.
#[test]
fn the_examples_of_the_page_are_of_the_document() {
    let path = root().join("keeper/dashboard/example.json");
    let examples: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let document = document();
    let mut judge = Judge::new(&document, reads);
    for (name, path, method) in [
        ("state", "/dashboard/state", "get"),
        ("mission", "/dashboard/missions/{id}", "get"),
        ("parameters", "/dashboard/parameters", "get"),
        ("proposal", "/dashboard/proposal", "post"),
        ("submission", "/dashboard/submission", "post"),
        ("proof", "/dashboard/proof", "get"),
    ] {
        let answered = (method.to_owned(), path.to_owned(), 200);
        judge.answered(answered, "application/json", &examples[name].to_string());
    }
}

/// Judges what a monitor answers who saw an outage of a mission: for the story of one.
pub(crate) fn judge_words(address: &str, mission: B256) {
    let document = document();
    let mut judge = Judge::new(&document, reads);
    let mut visitor = Visitor::of(&mut judge, address);
    let outage = ("get", OUTAGE);
    for (mission, status) in [
        (mission.to_string(), 200),
        (B256::ZERO.to_string(), 404),
        ("0x12".to_owned(), 400),
    ] {
        visitor.is_told(outage, &format!("/v1/outages/{mission}"), "", status);
    }
    judge.changes_nothing_unseen(changes_of, &[]);
}

/// Changes after which a part is none of what a keeper says, except where the document leaves it open.
fn changes_of<'v>(place: &str, value: &'v Value) -> Vec<(Change<'v>, Value)> {
    if OPEN.iter().any(|open| place.contains(open)) {
        return Vec::new();
    }
    // What may be absent, and be a number or null or a text: a parameter and its value.
    let mut all = structural(value);
    let is_loose = ["/parameter", "/value", "/default"]
        .iter()
        .any(|end| place.ends_with(end));
    all.retain(|(what, changed)| {
        let optional = matches!(what, Change::Without("stream" | "deadlineSecs"));
        let nothing = value.is_null();
        !(optional || nothing || is_loose && !changed.is_object())
    });
    all
}

/// Reads a message as its type does, if one reads it.
fn reads(schema: &str, message: &Value) -> Option<Result<(), String>> {
    fn of<T: DeserializeOwned>(message: &Value) -> Option<Result<(), String>> {
        let read = serde_json::from_value::<T>(message.clone());
        Some(read.map(drop).map_err(|error| error.to_string()))
    }
    match schema {
        "Proposal" => of::<Proposal>(message),
        "Amending" => of::<Amending>(message),
        "Acting" => of::<Acting>(message),
        "OutageWord" => of::<Word>(message),
        "SignedHead" => of::<SignedHead>(message),
        _ => None,
    }
}
