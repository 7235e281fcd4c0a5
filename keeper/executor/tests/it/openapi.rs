//! The protocol's OpenAPI document, held to the types and to a server that runs: neither says anything that the other does not.
//!
//! `SNAPSHOTS=overwrite` writes docs/openapi/executor.json anew.

mod visit;

use std::collections::BTreeSet;

use agentcity_executor::{
    openapi,
    protocol::{
        Acceptance, AcceptanceRequest, CONTEXT_BYTES_MAX, Cause, Check, Code, Commitment,
        Comparison, Delivery, Failure, Identity, Input, JobId, JobRequest, Kind, Limits, LiveCode,
        Output, RUBRIC_BYTES_MAX, Refusal, Said, SignedResult, Snapshot, Standing, Task, Terms,
        Usage, Venue,
    },
    trail::Entry,
};
use agentcity_test_fixtures::openapi::{Change, Judge, STRANGER, is_committed, structural};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Fields that may be null.
const NULLABLE: [&str; 5] = ["label", "rubric", "inputSchema", "outputSchema", "trail"];

fn committed() -> std::path::PathBuf {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/openapi/executor.json"
    )
    .into()
}

#[test]
fn the_committed_document_is_what_would_be_printed() {
    is_committed(&openapi::document(), &committed());
}

/// What serde would have taken in place of a stranger: all fields of a type, or all its variants.
fn taken<T: DeserializeOwned>(stranger: Value) -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(stranger)
        .err()
        .expect("refused");
    let error = error.to_string();
    let words = error.split('`').skip(1).step_by(2);
    let words: Vec<&str> = words.collect();
    let (first, rest) = words.split_first().expect("words of the type");
    assert_eq!(*first, STRANGER, "{error}");
    rest.iter().map(|word| (*word).to_owned()).collect()
}

fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
    taken::<T>(json!({STRANGER: 0}))
}

fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    taken::<T>(json!(STRANGER))
}

fn within(variant: &str) -> BTreeSet<String> {
    taken::<Entry>(json!({variant: {STRANGER: 0}}))
}

fn keys(object: &Value) -> BTreeSet<String> {
    object
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect()
}

fn texts(list: &Value) -> BTreeSet<String> {
    let all = list.as_array().expect("a list").iter();
    all.map(|word| word.as_str().expect("a text").to_owned())
        .collect()
}

/// The words of a choice: constants, and objects of one field.
fn choices(schema: &Value) -> BTreeSet<String> {
    let all = schema["oneOf"].as_array().expect("a choice").iter();
    all.map(|one| match &one["const"] {
        Value::String(word) => word.clone(),
        _ => texts(&one["required"]).pop_first().expect("a field"),
    })
    .collect()
}

/// INV-EXECUTOR-03.
#[test]
fn every_field_and_every_word_of_the_types_is_in_the_document_and_no_other() {
    let document = openapi::document();
    let schemas = &document["components"]["schemas"];
    let objects = [
        ("Venue", fields::<Venue>()),
        ("Job", fields::<JobId>()),
        ("Identity", fields::<Identity>()),
        ("LiveCode", fields::<LiveCode>()),
        ("AcceptanceRequest", fields::<AcceptanceRequest>()),
        ("Acceptance", fields::<Acceptance>()),
        ("Terms", fields::<Terms>()),
        ("Task", fields::<Task>()),
        ("Input", fields::<Input>()),
        ("Limits", fields::<Limits>()),
        ("JobRequest", fields::<JobRequest>()),
        ("Usage", fields::<Usage>()),
        ("Result", fields::<SignedResult>()),
        ("Commitment", fields::<Commitment>()),
        ("Delivery", fields::<Delivery>()),
        ("Failure", fields::<Failure>()),
        ("Snapshot", fields::<Snapshot>()),
        ("Said", fields::<Said>()),
        ("Refusal", fields::<Refusal>()),
    ];
    for (name, wanted) in &objects {
        let schema = &schemas[name];
        assert_eq!(keys(&schema["properties"]), *wanted, "{name}");
        assert_eq!(texts(&schema["required"]), *wanted, "{name}");
        assert_eq!(schema["additionalProperties"], json!(false), "{name}");
    }
    let several = [
        ("Check", variants::<Check>()),
        ("Standing", variants::<Standing>()),
        ("Entry", variants::<Entry>()),
    ];
    for (name, wanted) in &several {
        assert_eq!(choices(&schemas[name]), *wanted, "{name}");
    }
    for one in schemas["Entry"]["oneOf"].as_array().unwrap() {
        let name = texts(&one["required"]).pop_first().unwrap();
        let entry = &one["properties"][&name];
        assert_eq!(keys(&entry["properties"]), within(&name), "{name}");
    }
    let words = [
        ("/Result/properties/kind", variants::<Kind>()),
        ("/Failure/properties/cause", variants::<Cause>()),
        ("/Refusal/properties/code", variants::<Code>()),
        (
            "/Check/oneOf/1/properties/consensus",
            variants::<Comparison>(),
        ),
    ];
    for (place, wanted) in &words {
        let schema = schemas.pointer(place).expect(place);
        assert_eq!(texts(&schema["enum"]), *wanted, "{place}");
    }
    let bare = [
        "Word",
        "Address",
        "JobName",
        "MessageNumber",
        "Output",
        "Trail",
    ];
    let known = objects.iter().map(|(name, _)| *name);
    let known = known.chain(several.iter().map(|(name, _)| *name));
    let known: BTreeSet<String> = known.chain(bare).map(str::to_owned).collect();
    assert_eq!(keys(schemas), known, "every schema is of a type");
}

#[test]
fn every_route_of_the_server_every_code_and_every_status_is_in_the_document_and_on_the_page() {
    let document = openapi::document();
    let server = include_str!("../../src/server/http.rs");
    let mut served = BTreeSet::new();
    for route in server.split(".route(\"").skip(1) {
        let (path, handlers) = route.split_once('"').unwrap();
        let (handlers, _) = handlers.split_once("))").unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            if handlers.contains(&format!("{method}(")) {
                served.insert((format!("/v1{path}"), method.to_owned()));
            }
        }
    }
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        told.extend(keys(item).into_iter().map(|method| (path.clone(), method)));
    }
    assert_eq!(told, served);
    let page = include_str!("../../../../docs/executors.md");
    for (path, method) in &told {
        let row = format!("| {} `{path}` |", method.to_uppercase());
        assert!(page.contains(&row), "docs/executors.md has no {row}");
    }
    for code in Code::ALL {
        let name = serde_json::to_value(code).unwrap();
        let row = format!("| `{}` | {} |", name.as_str().unwrap(), code.status());
        assert!(page.contains(&row), "docs/executors.md has no {row}");
    }
}

#[tokio::test]
async fn a_running_server_takes_and_answers_what_the_document_says_with_every_status_of_it() {
    let document = openapi::document();
    let mut judge = Judge::new(&document, read);
    visit::everything(&mut judge).await;
    assert_eq!(
        judge.seen, judge.told,
        "left: what was answered; right: what the document says may be"
    );
    let changes = judge.changes_nothing_unseen(changes_of, &NULLABLE);
    assert!(changes > 1_000, "{changes} changes only");
}

/// Changes after which a part is none of the protocol, whatever it was: of another form, or beyond its bounds.
fn changes_of<'v>(place: &str, value: &'v Value) -> Vec<(Change<'v>, Value)> {
    let with = |what, value| (Change::With(what), value);
    let mut all = structural(value);
    match value {
        Value::String(text) if text.starts_with("0x") => {
            all.push(with("half a byte", json!(format!("{text}0"))));
            all.push(with("what is no digit", json!(format!("{text}zz"))));
            // Hashes and addresses have one length, which the digits above break.
            if !matches!(text.len(), 66 | 42) {
                let longest = format!("0x{}", "00".repeat(CONTEXT_BYTES_MAX + 1));
                all.push(with("too many bytes", json!(longest)));
            }
        }
        Value::String(_) if place.ends_with("/message") || place.contains("/task/") => {
            let longest = "x".repeat(RUBRIC_BYTES_MAX + 1);
            all.push(with("too long a text", json!(longest)));
        }
        Value::String(_) => all.push(with("another word", json!("x".repeat(129)))),
        _ => {}
    }
    all
}

/// Reads a message as the types do.
fn read(schema: &str, message: &Value) -> Option<Result<(), String>> {
    fn of<T: DeserializeOwned>(message: &Value) -> Result<(), String> {
        let read = serde_json::from_value::<T>(message.clone());
        read.map(drop).map_err(|error| error.to_string())
    }
    Some(match schema {
        "Identity" => of::<Identity>(message),
        "LiveCode" => of::<LiveCode>(message),
        "AcceptanceRequest" => of::<AcceptanceRequest>(message),
        "Acceptance" => of::<Acceptance>(message),
        "JobRequest" => of::<JobRequest>(message),
        "Standing" => of::<Standing>(message),
        "Delivery" => of::<Delivery>(message),
        "Snapshot" => of::<Snapshot>(message),
        "Said" => of::<Said>(message),
        "Output" => of::<Output>(message),
        "Refusal" => of::<Refusal>(message),
        other => panic!("nobody says a {other} by itself"),
    })
}
