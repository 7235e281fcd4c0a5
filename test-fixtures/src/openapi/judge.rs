//! What was asked and answered, held against the document.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Value, json};

use super::{
    change::{Change, form, parts},
    schema::{Schema, named},
};

/// Method, path and status.
pub type Answered = (String, String, u16);
/// Reads a message as the type behind a schema does; nothing where no type reads it.
type Read = fn(&str, &Value) -> Option<Result<(), String>>;

/// Keys of a path that are no methods.
const NO_METHODS: [&str; 3] = ["servers", "summary", "description"];
/// The kind of body that schemas are about.
const JSON: &str = "application/json";

/// Holds messages against the document, and remembers them.
#[derive(Debug)]
pub struct Judge {
    document: Value,
    read: Read,
    /// What the document says may be answered.
    pub told: BTreeSet<Answered>,
    /// What was answered.
    pub seen: BTreeSet<Answered>,
    /// Of each schema the messages that were said, by their form.
    said: BTreeMap<(String, String), Value>,
    /// Schemas that something said is of.
    used: RefCell<BTreeSet<String>>,
}

impl Judge {
    /// By a document, and by the types that read what it says.
    pub fn new(document: &Value, read: Read) -> Self {
        let mut told = BTreeSet::new();
        for (path, item) in object(&document["paths"]) {
            let operations = object(item).iter();
            for (method, operation) in
                operations.filter(|(key, _)| !NO_METHODS.contains(&key.as_str()))
            {
                for status in object(&operation["responses"]).keys() {
                    let status = status.parse().expect("a status is a number");
                    told.insert((method.clone(), path.clone(), status));
                }
            }
        }
        Self {
            document: document.clone(),
            read,
            told,
            seen: BTreeSet::new(),
            said: BTreeMap::new(),
            used: RefCell::default(),
        }
    }

    /// A request that is one of the document's.
    #[track_caller]
    pub fn asked(&mut self, method: &str, path: &str, body: &Value) {
        let schema =
            self.document["paths"][path][method]["requestBody"]["content"][JSON]["schema"].clone();
        self.holds(&schema, body);
    }

    /// Whether the document takes a body of a request.
    pub fn takes(&self, method: &str, path: &str, body: &Value) -> bool {
        let asked = &self.document["paths"][path][method]["requestBody"];
        self.found(&asked["content"][JSON]["schema"], body).is_ok()
    }

    /// An answer, with its header `content-type`, which is empty where there is none.
    #[track_caller]
    pub fn answered(&mut self, answered: Answered, kind: &str, body: &str) {
        let response = self.response(&answered, body).clone();
        let (method, path, status) = &answered;
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match &response["content"] {
            Value::Null => assert!(
                body.is_empty() && kind != JSON,
                "{method} {path} {status}: the document says of no body: {body}"
            ),
            content => {
                let told = &content[kind];
                assert!(
                    told.is_object(),
                    "{method} {path} {status} is {kind:?}, the document says {content}: {body}"
                );
                if kind == JSON {
                    let read = serde_json::from_str(body);
                    let body = read.unwrap_or_else(|error| panic!("{error}: {body}"));
                    self.holds(&told["schema"], &body);
                }
            }
        }
        self.seen.insert(answered);
    }

    /// An event of a stream that an operation answers.
    #[track_caller]
    pub fn happened(&mut self, (method, path): (&str, &str), event: &str, data: &Value) {
        let streams = &self.document["paths"][path][method]["responses"]["200"]["content"];
        let schema = streams["text/event-stream"]["x-events"][event].clone();
        assert!(
            schema.is_object(),
            "{method} {path} sends `{event}`, of which the document says nothing: {data}"
        );
        self.holds(&schema, data);
    }

    #[track_caller]
    fn response(&self, (method, path, status): &Answered, body: &str) -> &Value {
        let told = &self.document["paths"][path][method]["responses"][status.to_string()];
        assert!(
            told.is_object(),
            "{method} {path} answered {status}, of which the document says nothing: {body}"
        );
        match told["$ref"].as_str() {
            Some(to) => self
                .document
                .pointer(&to[1..])
                .expect("references lead somewhere"),
            None => told,
        }
    }

    /// Both the document and the types take it.
    #[track_caller]
    fn holds(&mut self, schema: &Value, message: &Value) {
        if let Err(cause) = self.found(schema, message) {
            panic!("{schema}: {cause}: {message}");
        }
        let named = self.named(schema, message);
        let Some(name) = named else {
            return;
        };
        if let Some(Err(error)) = (self.read)(&name, message) {
            panic!("{name}: {error}: {message}");
        }
        let key = (name, form(message));
        self.said.entry(key).or_insert_with(|| message.clone());
    }

    /// The schema's name, or that of the alternative that the message is of.
    fn named(&self, schema: &Value, message: &Value) -> Option<String> {
        if let Some(all) = schema["oneOf"].as_array() {
            let of = all.iter().find(|one| self.found(one, message).is_ok())?;
            return self.named(of, message);
        }
        let to = schema["$ref"]
            .as_str()
            .or_else(|| schema["allOf"][0]["$ref"].as_str())?;
        Some(named(to).to_owned())
    }

    /// What the schema says of a message.
    fn found(&self, schema: &Value, message: &Value) -> Result<(), String> {
        let (document, used) = (&self.document, &self.used);
        Schema {
            document,
            schema,
            used,
        }
        .allows(message, "")
    }

    /// Schemas of the document of which nothing was said.
    pub fn unsaid(&self) -> BTreeSet<String> {
        let all = object(&self.document["components"]["schemas"]).keys();
        let used = self.used.borrow();
        all.filter(|name| !used.contains(*name)).cloned().collect()
    }

    /// Whatever is changed in a message that was said, types and schemas refuse alike: whoever reads takes the absence of a `lenient`
    /// field for nothing, a schema does not. How many changes that were.
    #[track_caller]
    pub fn changes_nothing_unseen(
        &self,
        changes: for<'v> fn(&str, &'v Value) -> Vec<(Change<'v>, Value)>,
        lenient: &[&str],
    ) -> usize {
        let mut count = 0;
        for ((name, _), message) in &self.said {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            for (place, value) in parts(message) {
                for (what, changed) in changes(&place, &value) {
                    let mut other = message.clone();
                    *other.pointer_mut(&place).expect("it is a part of it") = changed;
                    let by_types = (self.read)(name, &other);
                    let by_schema = self.found(&schema, &other);
                    assert!(
                        by_schema.is_err(),
                        "{name}{place} with {what} is allowed by the schema; by the types: {by_types:?}"
                    );
                    let is_lenient =
                        matches!(what, Change::Without(field) if lenient.contains(&field));
                    assert!(
                        by_types.as_ref().is_none_or(Result::is_err) || is_lenient,
                        "{name}{place} with {what} is allowed by the types; by the schema: {by_schema:?}"
                    );
                    count += 1;
                }
            }
        }
        count
    }
}

/// Fields of what the document has as an object.
fn object(of: &Value) -> &serde_json::Map<String, Value> {
    of.as_object().expect("the document has an object here")
}
