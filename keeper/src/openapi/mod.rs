//! What a keeper serves over HTTP as an OpenAPI document, for whoever writes what asks it: how it stands, orders, the dashboard, its log,
//! words about outages. `docs/openapi/keeper.json` is this, printed; `tests/it/openapi.rs` holds it to the routers and to what keepers
//! that run answer, request by request and status by status.
//!
//! Guards INV-KEEPER-06.
//!
//! Reading order: `Operation` is one request with all of its answers; `operations`, `dashboard` and `log` list them by what they
//! are about, each with its schemas.

mod dashboard;
mod log;
mod operations;

use std::collections::BTreeMap;

use agentcity_executor::openapi::shape::{nullable, number, reference, sorted};
use serde_json::{Map, Value, json};

/// Whole numbers that every reader of JSON holds exactly.
const COUNT_MAX: u64 = (1 << 53) - 1; // structural: the digits of a double

/// Who listens: each by a key of the configuration, at an address of its own.
#[derive(Clone, Copy)]
enum Listener {
    Operations,
    Admin,
    Log,
    Outages,
}

impl Listener {
    const fn about(self) -> &'static str {
        match self {
            Self::Operations => "`operations.listen`",
            Self::Admin => "`operations.admin_listen`: every request wants the token",
            Self::Log => "`log.listen`",
            Self::Outages => "`escrow.listen`",
        }
    }
}

/// What an answer is made of.
#[derive(Clone, Copy)]
enum Content {
    /// JSON of one of these schemas.
    Json(&'static [&'static str]),
    /// A text or bytes of this media type.
    Other(&'static str),
    /// Server-sent events: sections by their names, and what is sent besides.
    Events,
    /// A file of the page: of whichever type it is.
    File,
    /// Nothing.
    Empty,
}

/// What is asked about a request's parts: name, schema, and for queries whether it must be there.
type Part = (&'static str, &'static str);
type Query = (&'static str, &'static str, Presence);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

/// One request that a keeper answers, and how.
struct Operation {
    listener: Listener,
    method: &'static str,
    path: String,
    id: String,
    about: &'static str,
    parts: Vec<Part>,
    query: &'static [Query],
    /// Schema of the body, and whether there must be one.
    asked: Option<(&'static str, Presence)>,
    answers: Vec<(u16, Content)>,
}

impl Operation {
    fn new(
        listener: Listener,
        (method, path): (&'static str, impl Into<String>),
        id: impl Into<String>,
        about: &'static str,
    ) -> Self {
        Self {
            listener,
            method,
            path: path.into(),
            id: id.into(),
            about,
            parts: Vec::new(),
            query: &[],
            asked: None,
            answers: Vec::new(),
        }
    }

    fn part(mut self, name: &'static str, schema: &'static str) -> Self {
        self.parts.push((name, schema));
        self
    }

    const fn query(mut self, query: &'static [Query]) -> Self {
        self.query = query;
        self
    }

    const fn asks(mut self, schema: &'static str, presence: Presence) -> Self {
        self.asked = Some((schema, presence));
        self
    }

    fn answers(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }

    fn describe(&self) -> Value {
        let responses: BTreeMap<String, Value> = self
            .answers
            .iter()
            .map(|(status, content)| (status.to_string(), response(*status, *content)))
            .collect();
        let mut told = json!({
            "operationId": self.id, "summary": self.about, "responses": responses,
        });
        let parts = self.parts.iter().map(|(name, schema)| {
            json!({"name": name, "in": "path", "required": true, "schema": reference(schema)})
        });
        let query = self.query.iter().map(|(name, schema, presence)| {
            let required = *presence == Presence::Required;
            json!({"name": name, "in": "query", "required": required, "schema": reference(schema)})
        });
        let parameters: Vec<Value> = parts.chain(query).collect();
        if !parameters.is_empty() {
            told["parameters"] = json!(parameters);
        }
        if let Some((schema, presence)) = self.asked {
            let content = json!({"application/json": {"schema": reference(schema)}});
            let required = presence == Presence::Required;
            told["requestBody"] = json!({"required": required, "content": content});
        }
        if matches!(self.listener, Listener::Admin) {
            told["security"] = json!([{"token": []}]);
        }
        told
    }
}

/// What a status means, for people.
const fn meaning(status: u16) -> &'static str {
    match status {
        200 => "The answer.",
        304 => "The asker has it: it sent its `etag`.",
        308 => "Ask at `location`.",
        400 => "The request is not understood.",
        401 => "The token was not shown.",
        403 => "Another site caused the request.",
        404 => "There is nothing of that name.",
        410 => "It was here, and is kept no more.",
        413 => "The body is too long.",
        414 => "The question is too long.",
        415 => "The body is of another kind.",
        421 => "The host is none of this listener's.",
        422 => "It is understood, and cannot be.",
        502 => "The chain does not answer.",
        503 => "Not now: come again.",
        _ => "It failed on this side; its operator was told.",
    }
}

fn response(status: u16, content: Content) -> Value {
    let description = meaning(status);
    let content = match content {
        Content::Empty => return json!({ "description": description }),
        Content::Json([schema]) => json!({"application/json": {"schema": reference(schema)}}),
        Content::Json(schemas) => {
            let all: Vec<Value> = schemas.iter().map(|schema| reference(schema)).collect();
            json!({"application/json": {"schema": {"oneOf": all}}})
        }
        Content::Other(kind) => json!({ kind: {"schema": {"type": "string"}} }),
        Content::Events => json!({
            "text/event-stream": {"schema": {"type": "string"}, "x-events": dashboard::events()}
        }),
        Content::File => dashboard::files(),
    };
    json!({ "description": description, "content": content })
}

/// The document, its keys in the order of their names.
pub fn document() -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let all = [operations::all(), dashboard::all(), log::all()];
    for operation in all.into_iter().flatten() {
        let item = paths.entry(operation.path.clone()).or_default();
        item.insert(operation.method.to_owned(), operation.describe());
        let server = json!([{"url": "/", "description": operation.listener.about()}]);
        item.insert("servers".to_owned(), server);
    }
    let mut schemas = common();
    schemas.extend(operations::schemas());
    schemas.extend(dashboard::schemas());
    schemas.extend(log::schemas());
    let schemas: Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    sorted(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AgentCity: what a keeper serves",
            "summary": "How a keeper stands, orders to it, the dashboard of its city, its log, and its words about outages.",
            "description": "docs/operations.md, docs/dashboard.md and docs/log.md say what the words mean. Each path names its listener, \
                which is a key of the configuration: what is not configured is not served. Another method is answered 405, another path \
                404 (400 below `/dashboard/`, 401 without the token where orders are taken).",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0"}
        },
        "servers": [{"url": "/", "description": "Wherever its operator runs it; each path says on which listener."}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "That of `operations.admin_token_file`."}
            }
        }
    }))
}

/// Schemas by their names.
type Schemas = Vec<(&'static str, Value)>;

/// What several speak of.
fn common() -> Schemas {
    vec![
        (
            "Word",
            json!({"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"}),
        ),
        (
            "Address",
            json!({"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}),
        ),
        ("Count", number(COUNT_MAX)),
        ("Time", {
            let mut time = number(COUNT_MAX);
            time["description"] = json!("Unix seconds.");
            time
        }),
        (
            "Amount",
            json!({
                "type": "string", "pattern": "^(0|[1-9][0-9]{0,77})$", "description": "Base units of the city's asset."
            }),
        ),
        (
            "Hex",
            json!({"type": "string", "pattern": "^0x([0-9a-fA-F]{2})*$"}),
        ),
        (
            "Trace",
            json!({
                "type": "string", "pattern": "^[0-9a-f]{32}$", "description": "It is in the keeper's log too."
            }),
        ),
    ]
}

fn word() -> Value {
    reference("Word")
}

fn address() -> Value {
    reference("Address")
}

fn count() -> Value {
    reference("Count")
}

fn time() -> Value {
    reference("Time")
}

fn said() -> Value {
    json!({"type": "string"})
}

fn truth() -> Value {
    json!({"type": "boolean"})
}

fn maybe(of: Value) -> Value {
    nullable(of)
}

/// What has fields of its own, which are described elsewhere.
fn anything(about: &str) -> Value {
    json!({"type": "object", "description": about})
}

/// Numbers by names that are not known before.
fn by_name() -> Value {
    json!({"type": "object", "additionalProperties": count()})
}

/// Exactly these, in this order.
fn row<const N: usize>(items: [Value; N]) -> Value {
    json!({"type": "array", "prefixItems": items.to_vec(), "minItems": N, "maxItems": N})
}
