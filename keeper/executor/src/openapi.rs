//! The protocol as an OpenAPI document, for whoever writes the other side in another language: what a JSON Schema can say of it, with the
//! bounds of the types themselves. `docs/openapi/executor.json` is this, printed; `tests/it/openapi.rs` holds it to what a server takes and
//! answers, request by request and status by status.
//!
//! Guards INV-EXECUTOR-03.
//!
//! A schema counts characters where the protocol counts bytes of UTF-8, and knows nothing of hashes: what must agree beyond the form is
//! said by docs/executors.md, [`JobRequest::check`](crate::protocol::JobRequest::check) and the client.

pub mod shape;

use std::collections::BTreeMap;

use agentcity_abi::document::SCHEMA_BYTES_MAX;
use agentcity_domain::{
    service::POLICIES_MAX, statute::SEATS_MAX, verification::proof::PROOF_BYTES_MAX,
};
use serde_json::{Value, json};

use self::shape::{bytes, counted, list, nullable, number, object, reference, sorted, text, words};
use crate::{
    protocol::{
        CONTEXT_BYTES_MAX, Code, INPUTS_MAX, LABEL_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_TEXT_MAX,
        OUTPUT_BYTES_MAX, RUBRIC_BYTES_MAX, SAID_MAX, SERVICES_MAX, SIGNATURE_BYTES_MAX,
        STEP_BYTES_MAX, VERSION,
    },
    trail::{ENTRIES_MAX, NAME_BYTES_MAX},
};

/// One question that an executor may be asked.
struct Operation {
    method: &'static str,
    /// Behind the version.
    path: &'static str,
    id: &'static str,
    about: &'static str,
    /// What the parts of the path in braces are, in their order.
    parts: &'static [(&'static str, &'static str)],
    /// Schemas of what is asked and answered.
    asked: Option<&'static str>,
    answered: &'static str,
    /// Whether a token may be wanted.
    acts: bool,
    /// How it may be refused.
    refused: &'static [Code],
}

const OPERATIONS: [Operation; 9] = [
    Operation {
        method: "get",
        path: "/identity",
        id: "identity",
        about: "Who answers here, for which agent, with which services.",
        parts: &[],
        asked: None,
        answered: "Identity",
        acts: false,
        refused: &[Code::Busy, Code::Internal],
    },
    Operation {
        method: "get",
        path: "/services/{service}",
        id: "liveCode",
        about: "What the service's code hashes to at this moment; asked right before a node is routed.",
        parts: &[("service", "Word")],
        asked: None,
        answered: "LiveCode",
        acts: false,
        refused: &[Code::Malformed, Code::Unknown, Code::Busy, Code::Internal],
    },
    Operation {
        method: "post",
        path: "/acceptances",
        id: "accept",
        about: "Asks for the promise to take a seat.",
        parts: &[],
        asked: Some("AcceptanceRequest"),
        answered: "Acceptance",
        acts: true,
        refused: &[
            Code::Malformed,
            Code::Unauthorized,
            Code::Declined,
            Code::Conflict,
            Code::Busy,
            Code::Internal,
        ],
    },
    Operation {
        method: "post",
        path: "/jobs",
        id: "take",
        about: "Asks for work. Asked again with the same words it is the same job, and its standing is told; with others it is a conflict.",
        parts: &[],
        asked: Some("JobRequest"),
        answered: "Standing",
        acts: true,
        refused: &[
            Code::Malformed,
            Code::Unauthorized,
            Code::Declined,
            Code::Conflict,
            Code::Busy,
            Code::Internal,
        ],
    },
    Operation {
        method: "get",
        path: "/jobs/{job}",
        id: "standing",
        about: "How a job stands.",
        parts: &[("job", "JobName")],
        asked: None,
        answered: "Standing",
        acts: true,
        refused: &[
            Code::Malformed,
            Code::Unauthorized,
            Code::Unknown,
            Code::Busy,
            Code::Internal,
        ],
    },
    Operation {
        method: "get",
        path: "/jobs/{job}/messages/{from}",
        id: "said",
        about: "What was said in a job, from a message on; of a sealed one nothing before it is delivered.",
        parts: &[("job", "JobName"), ("from", "MessageNumber")],
        asked: None,
        answered: "Said",
        acts: true,
        refused: &[
            Code::Malformed,
            Code::Unauthorized,
            Code::Unknown,
            Code::Busy,
            Code::Internal,
        ],
    },
    Operation {
        method: "delete",
        path: "/jobs/{job}",
        id: "stop",
        about: "Ends the work at once, and tells what it was about.",
        parts: &[("job", "JobName")],
        asked: None,
        answered: "Snapshot",
        acts: true,
        refused: &[
            Code::Malformed,
            Code::Unauthorized,
            Code::Unknown,
            Code::Conflict,
            Code::Busy,
            Code::Internal,
        ],
    },
    Operation {
        method: "post",
        path: "/jobs/{job}/reveal",
        id: "reveal",
        about: "Opens what was sealed, once the executor itself sees that the chain lets it. The body is empty.",
        parts: &[("job", "JobName")],
        asked: None,
        answered: "Delivery",
        acts: true,
        refused: &[
            Code::Malformed,
            Code::Unauthorized,
            Code::Declined,
            Code::Unknown,
            Code::Conflict,
            Code::TooEarly,
            Code::Busy,
            Code::Internal,
        ],
    },
    Operation {
        method: "get",
        path: "/outputs/{hash}",
        id: "output",
        about: "An output that was delivered, by its hash on chain.",
        parts: &[("hash", "Word")],
        asked: None,
        answered: "Output",
        acts: false,
        refused: &[Code::Malformed, Code::Unknown, Code::Busy, Code::Internal],
    },
];

/// The document, its keys in the order of their names.
pub fn document() -> Value {
    let mut paths: BTreeMap<String, BTreeMap<&str, Value>> = BTreeMap::new();
    for operation in &OPERATIONS {
        let path = format!("/{VERSION}{}", operation.path);
        let item = paths.entry(path).or_default();
        item.insert(operation.method, operation.describe());
    }
    sorted(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AgentCity: what an executor is asked and answers",
            "summary": "The server belongs to the owner of one agent, holds its keys, and serves anyone whom it lets.",
            "description": format!(
                "docs/executors.md says what the words mean and what either side checks. Whoever asks with another method gets `malformed`, \
                on another path `unknown`. A request or an answer has at most {MESSAGE_BYTES_MAX} bytes; texts are counted in bytes of UTF-8."
            ),
            "version": VERSION.trim_start_matches('v'),
            "license": {"name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0"}
        },
        "servers": [{"url": "/", "description": "Wherever the agent's owner runs it: over TLS, or on this machine."}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": refusals(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Where the owner wants one."}
            }
        }
    }))
}

impl Operation {
    fn describe(&self) -> Value {
        let mut responses = BTreeMap::new();
        let content = json!({"application/json": {"schema": reference(self.answered)}});
        responses.insert(
            "200".to_owned(),
            json!({"description": "The answer.", "content": content}),
        );
        for code in self.refused {
            let response = json!({"$ref": format!("#/components/responses/{}", name(*code))});
            responses.insert(code.status().to_string(), response);
        }
        let mut told = json!({
            "operationId": self.id,
            "summary": self.about,
            "responses": responses,
        });
        if !self.parts.is_empty() {
            let parts = self.parts.iter().map(|(part, schema)| {
                json!({"name": part, "in": "path", "required": true, "schema": reference(schema)})
            });
            told["parameters"] = parts.collect();
        }
        if let Some(asked) = self.asked {
            let content = json!({"application/json": {"schema": reference(asked)}});
            told["requestBody"] = json!({"required": true, "content": content});
        }
        if self.acts {
            // One of them: with a token, or without where none is wanted.
            told["security"] = json!([{"token": []}, {}]);
        }
        told
    }
}

/// What each code's answer looks like.
fn refusals() -> BTreeMap<String, Value> {
    let describe = |code: Code| {
        let again = match code.may_pass() {
            true => "May be asked again later.",
            false => "Asking again is no use.",
        };
        let schema = json!({
            "allOf": [reference("Refusal"), {"properties": {"code": {"const": name(code)}}}]
        });
        json!({"description": again, "content": {"application/json": {"schema": schema}}})
    };
    Code::ALL
        .into_iter()
        .map(|code| (name(code), describe(code)))
        .collect()
}

fn schemas() -> Value {
    let one = |name: &str, of: Value| object([(name, of)]);
    json!({
        "Word": {"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"},
        "Address": {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"},
        "JobName": {
            "type": "string",
            "pattern": format!("^0x[0-9a-f]{{64}}-(0|[1-9][0-9]{{0,4}})-(0|[1-9][0-9]{{0,2}})-[0-{}]$", SEATS_MAX - 1),
            "description": "<mission>-<node>-<attempt>-<seat>."
        },
        "MessageNumber": number(u32::MAX),
        "Venue": object([
            ("chainId", number(u64::MAX)),
            ("statute", reference("Address")),
            ("verification", reference("Address")),
        ]),
        "Job": object([
            ("mission", reference("Word")),
            ("node", number(u16::MAX)),
            ("attempt", number(u8::MAX)),
            ("seat", number(SEATS_MAX as u64 - 1)),
        ]),
        "Identity": object([
            ("versions", list(text(8), None)),
            ("venue", reference("Venue")),
            ("agent", reference("Address")),
            ("services", list(reference("Word"), Some(SERVICES_MAX))),
        ]),
        "LiveCode": object([("service", reference("Word")), ("codeHash", reference("Word"))]),
        "AcceptanceRequest": object([
            ("venue", reference("Venue")),
            ("job", reference("Job")),
            ("executor", reference("Address")),
            ("service", reference("Word")),
            ("deadline", number(u64::MAX)),
        ]),
        "Acceptance": object([("signature", bytes(SIGNATURE_BYTES_MAX))]),
        "Check": {"oneOf": [
            {"const": "proof", "description": "Tier 1."},
            one("consensus", words(["exact", "numeric", "sketch", "set"])),
            {"const": "review", "description": "Tier 3."},
        ]},
        "Terms": object([
            ("inputSchemaHash", reference("Word")),
            ("outputSchemaHash", reference("Word")),
            ("labelHash", reference("Word")),
            ("rubricHash", reference("Word")),
            ("verifier", reference("Address")),
            ("verifierCodehash", reference("Word")),
            ("expected", reference("Word")),
        ]),
        "Task": object([
            ("label", nullable(text(LABEL_BYTES_MAX))),
            ("rubric", nullable(text(RUBRIC_BYTES_MAX))),
            ("inputSchema", nullable(text(SCHEMA_BYTES_MAX))),
            ("outputSchema", nullable(text(SCHEMA_BYTES_MAX))),
        ]),
        "Input": object([
            ("node", number(u16::MAX)),
            ("check", reference("Check")),
            ("outputHash", reference("Word")),
            ("content", reference("Output")),
        ]),
        "Limits": object([
            ("latencyMs", counted(1, u32::MAX)),
            ("memoryMb", counted(1, u32::MAX)),
            ("concurrency", counted(1, u16::MAX)),
            ("networkPolicies", json!({
                "type": "array", "items": reference("Word"), "maxItems": POLICIES_MAX, "uniqueItems": true,
                "description": "Ascending; none: no network."
            })),
            ("tokens", number(u32::MAX)),
        ]),
        "JobRequest": object([
            ("venue", reference("Venue")),
            ("job", reference("Job")),
            ("agent", reference("Address")),
            ("service", reference("Word")),
            ("codeHash", reference("Word")),
            ("check", reference("Check")),
            ("terms", reference("Terms")),
            ("task", reference("Task")),
            ("inputs", list(reference("Input"), Some(INPUTS_MAX))),
            ("limits", reference("Limits")),
            ("deadline", number(u64::MAX)),
        ]),
        "Usage": object([
            ("tokens", number(u32::MAX)),
            ("toolCalls", number(u32::MAX)),
            ("messages", number(u32::MAX)),
        ]),
        "Result": object([
            ("kind", words(["proof", "commit", "reveal", "review"])),
            ("outputHash", reference("Word")),
            ("trailRoot", reference("Word")),
            ("proof", bytes(PROOF_BYTES_MAX)),
            ("deadline", number(u64::MAX)),
            ("signature", bytes(SIGNATURE_BYTES_MAX)),
        ]),
        "Standing": {"oneOf": [
            one("running", reference("Usage")),
            one("committed", reference("Commitment")),
            one("delivered", reference("Delivery")),
            one("failed", reference("Failure")),
            one("stopped", reference("Snapshot")),
        ]},
        "Commitment": object([
            ("codeHash", reference("Word")),
            ("usage", reference("Usage")),
            ("result", reference("Result")),
        ]),
        "Delivery": object([
            ("codeHash", reference("Word")),
            ("output", reference("Output")),
            ("trail", reference("Trail")),
            ("result", reference("Result")),
        ]),
        "Failure": object([
            ("cause", words(["codeChanged", "latency", "resources", "tokens", "network", "output", "service"])),
            ("message", text(MESSAGE_TEXT_MAX)),
        ]),
        "Snapshot": object([
            ("job", reference("Job")),
            ("trailRoot", reference("Word")),
            ("trail", nullable(reference("Trail"))),
            ("usage", reference("Usage")),
            ("tokensAllocated", number(u32::MAX)),
            ("context", bytes(CONTEXT_BYTES_MAX)),
            ("lastStep", bytes(STEP_BYTES_MAX)),
            ("partialOutput", reference("Output")),
        ]),
        "Said": object([
            ("from", number(u32::MAX)),
            ("messages", list(bytes(STEP_BYTES_MAX), Some(SAID_MAX))),
        ]),
        "Output": bytes(OUTPUT_BYTES_MAX),
        "Trail": list(reference("Entry"), Some(ENTRIES_MAX)),
        "Entry": {"oneOf": [
            one("opened", object([
                ("job", reference("Job")),
                ("agent", reference("Address")),
                ("service", reference("Word")),
                ("codeHash", reference("Word")),
                ("blind", reference("Word")),
            ])),
            one("input", object([("node", number(u16::MAX)), ("outputHash", reference("Word"))])),
            one("tool", object([
                ("name", text(NAME_BYTES_MAX)),
                ("input", reference("Word")),
                ("output", reference("Word")),
                ("atMs", number(u64::MAX)),
            ])),
            one("message", object([
                ("from", text(NAME_BYTES_MAX)),
                ("to", text(NAME_BYTES_MAX)),
                ("content", reference("Word")),
                ("tokens", number(u32::MAX)),
                ("atMs", number(u64::MAX)),
            ])),
            one("output", object([("content", reference("Word"))])),
        ]},
        "Refusal": object([
            ("code", words(Code::ALL.map(name))),
            ("message", text(MESSAGE_TEXT_MAX)),
        ]),
    })
}

/// A code as JSON has it.
fn name(code: Code) -> String {
    let value = serde_json::to_value(code).expect("a code is JSON");
    value.as_str().expect("a code is a text").to_owned()
}
