//! What was asked and answered, held against the document.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_executor::protocol::{CONTEXT_BYTES_MAX, RUBRIC_BYTES_MAX};
use serde_json::{Value, json};

use super::{STRANGER, read, schema::Schema};

/// Fields that may be null.
const NULLABLE: [&str; 5] = ["label", "rubric", "inputSchema", "outputSchema", "trail"];

/// Method, path and status.
pub(super) type Answered = (String, String, u16);

/// Holds messages against the document, and remembers them.
pub(super) struct Judge {
    document: Value,
    /// What the document says may be answered.
    pub(super) told: BTreeSet<Answered>,
    /// What was answered.
    pub(super) seen: BTreeSet<Answered>,
    /// Of each schema the messages that were said, by their form.
    said: BTreeMap<(String, String), Value>,
}

impl Judge {
    pub(super) fn new(document: &Value) -> Self {
        let mut told = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for status in operation["responses"].as_object().unwrap().keys() {
                    told.insert((method.clone(), path.clone(), status.parse().unwrap()));
                }
            }
        }
        Self {
            document: document.clone(),
            told,
            seen: BTreeSet::new(),
            said: BTreeMap::new(),
        }
    }

    /// A request that is one of the protocol.
    pub(super) fn asked(&mut self, method: &str, path: &str, body: &Value) {
        let schema = self.document["paths"][path][method]["requestBody"]["content"]
            ["application/json"]["schema"]
            .clone();
        self.holds(&schema, body);
    }

    /// An answer.
    pub(super) fn answered(&mut self, answered: Answered, body: &Value) {
        let (method, path, status) = &answered;
        let told = &self.document["paths"][path][method]["responses"][status.to_string()];
        assert!(
            told.is_object(),
            "{method} {path} answered {status}, of which the document says nothing: {body}"
        );
        let response = match told["$ref"].as_str() {
            Some(to) => self.document.pointer(&to[1..]).expect("a response"),
            None => told,
        };
        let schema = response["content"]["application/json"]["schema"].clone();
        self.holds(&schema, body);
        self.seen.insert(answered);
    }

    /// Both the document and the types take it.
    fn holds(&mut self, schema: &Value, message: &Value) {
        let found = self.found(schema, message);
        assert!(found.is_ok(), "{schema}: {}: {message}", found.unwrap_err());
        let named = schema["$ref"]
            .as_str()
            .or_else(|| schema["allOf"][0]["$ref"].as_str());
        let name = named.and_then(|to| to.rsplit('/').next()).expect("a name");
        read(name, message).unwrap_or_else(|error| panic!("{name}: {error}: {message}"));
        let key = (name.to_owned(), form(message));
        self.said.entry(key).or_insert_with(|| message.clone());
    }

    /// What the schema says of a message.
    fn found(&self, schema: &Value, message: &Value) -> Result<(), String> {
        let document = &self.document;
        Schema { document, schema }.allows(message, "")
    }

    /// Whatever is changed in a message that was said, types and schemas refuse alike: a field more or less, a value of another type or
    /// beyond its bounds.
    pub(super) fn changes_nothing_unseen(&mut self) {
        let mut changes = 0;
        for ((name, _), message) in self.said.clone() {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            for (place, value) in parts(&message) {
                for (what, changed) in changes_of(&place, &value) {
                    let mut other = message.clone();
                    *other.pointer_mut(&place).expect("a part") = changed;
                    let by_types = read(&name, &other);
                    let by_schema = self.found(&schema, &other);
                    assert!(
                        by_schema.is_err(),
                        "{name}{place} with {what} is allowed by the schema; by the types: {by_types:?}"
                    );
                    // Whoever reads takes the absence of what may be null for that.
                    let is_lenient =
                        matches!(what, Change::Without(field) if NULLABLE.contains(&field));
                    assert!(
                        by_types.is_err() || is_lenient,
                        "{name}{place} with {what} is allowed by the types; by the schema: {by_schema:?}"
                    );
                    changes += 1;
                }
            }
        }
        assert!(changes > 1_000, "{changes} changes only");
        eprintln!("{} messages, {changes} changes", self.said.len());
    }
}

/// Keys and kinds without values: messages of one form tell the same.
fn form(message: &Value) -> String {
    match message {
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}:{}", form(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(form).collect::<String>()),
        Value::String(_) => "s".to_owned(),
        Value::Number(_) => "n".to_owned(),
        Value::Bool(_) => "b".to_owned(),
        Value::Null => "0".to_owned(),
    }
}

/// Every part of a message, by its pointer.
fn parts(message: &Value) -> Vec<(String, Value)> {
    let mut parts = vec![(String::new(), message.clone())];
    let mut next = 0;
    while let Some((place, value)) = parts.get(next).cloned() {
        match value {
            Value::Object(fields) => {
                parts.extend(
                    fields
                        .into_iter()
                        .map(|(key, of)| (format!("{place}/{key}"), of)),
                );
            }
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                parts.extend(items.map(|(number, of)| (format!("{place}/{number}"), of)));
            }
            _ => {}
        }
        next += 1;
    }
    parts
}

/// How a part was changed.
#[derive(Debug)]
pub(super) enum Change<'v> {
    With(&'static str),
    Without(&'v str),
}

impl std::fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::With(what) => f.write_str(what),
            Self::Without(field) => write!(f, "no {field}"),
        }
    }
}

/// Changes after which a part is none of the protocol, whatever it was.
fn changes_of<'v>(place: &str, value: &'v Value) -> Vec<(Change<'v>, Value)> {
    let with = |what, value| (Change::With(what), value);
    match value {
        Value::Object(fields) => {
            let mut more = value.clone();
            more[STRANGER] = json!(0);
            let mut all = vec![with("a stranger's field", more), with("a text", json!("x"))];
            for key in fields.keys() {
                let mut less = fields.clone();
                less.remove(key);
                all.push((Change::Without(key), Value::Object(less)));
            }
            all
        }
        Value::Array(_) => vec![with("a number", json!(1)), with("an object", json!({}))],
        Value::Number(_) => vec![
            with("a negative number", json!(-1)),
            with("a fraction", json!(0.5)),
            with("a text", json!("1")),
            with("what 64 bits do not hold", json!(1e20)),
        ],
        Value::String(text) if text.starts_with("0x") => {
            let mut all = vec![
                with("half a byte", json!(format!("{text}0"))),
                with("what is no digit", json!(format!("{text}zz"))),
                with("a number", json!(7)),
            ];
            // Hashes and addresses have one length, which the digits above break.
            if !matches!(text.len(), 66 | 42) {
                let longest = format!("0x{}", "00".repeat(CONTEXT_BYTES_MAX + 1));
                all.push(with("too many bytes", json!(longest)));
            }
            all
        }
        Value::String(_) if place.ends_with("/message") || place.contains("/task/") => vec![
            with("too long a text", json!("x".repeat(RUBRIC_BYTES_MAX + 1))),
            with("a number", json!(7)),
        ],
        Value::String(_) => vec![
            with("another word", json!("x".repeat(129))),
            with("a number", json!(7)),
        ],
        Value::Null | Value::Bool(_) => vec![with("a number", json!(7))],
    }
}
