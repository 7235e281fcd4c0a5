//! Parameters, amendments and other actions as adjudicators sign them, and the transaction that hands signatures in.

use std::collections::BTreeMap;

use agentcity_abi::action::verb;
use agentcity_domain::parameter::ParameterId;
use agentcity_executor::openapi::shape::{list, object, reference, text, words};
use serde_json::{Value, json};

use super::{
    super::{Schemas, address, anything, count, maybe, said, time, truth, word},
    unknown,
};
use crate::dashboard::{act::OFFERED, proposal::WHY_BYTES_MAX};

/// Signatures that are handed in at once.
const SIGNATURES_MAX: usize = 32; // structural: more than a panel has members

pub(super) fn schemas() -> Schemas {
    let value = json!({"oneOf": [count(), word(), address()]});
    // With what all end with, which may leave the deadline out.
    let asked = |own: [(&str, Value); 2]| {
        let required = [own[0].0, own[1].0, "justification"];
        let mut properties: BTreeMap<&str, Value> = own.clone().into();
        properties.insert("justification", text(WHY_BYTES_MAX));
        properties.insert("deadlineSecs", maybe(count()));
        json!({
            "type": "object", "required": required, "properties": properties, "additionalProperties": false
        })
    };
    let loose = || json!({"oneOf": [said(), count()]});
    let amending = asked([("parameter", loose()), ("value", loose())]);
    let fields = "Those of the action's struct, but the last three (docs/dashboard.md).";
    let acting = asked([
        ("action", words(OFFERED.map(verb))),
        ("fields", anything(fields)),
    ]);
    let proposed = json!({"oneOf": [reference("Amending"), reference("Acting")]});
    let typed = || {
        [
            ("types", anything("Fields of each type, by its name.")),
            ("primaryType", said()),
            (
                "domain",
                object([
                    ("name", said()),
                    ("version", said()),
                    ("chainId", count()),
                    ("verifyingContract", address()),
                ]),
            ),
            (
                "message",
                anything("What is signed, by the fields of its type."),
            ),
        ]
    };
    let [types, primary, domain, message] = typed();
    vec![
        (
            "Parameters",
            object([
                ("epoch", count()),
                ("block", count()),
                (
                    "items",
                    list(reference("Parameter"), Some(ParameterId::COUNT)),
                ),
                ("unknown", unknown()),
            ]),
        ),
        ("ParameterValue", value),
        (
            "Parameter",
            object([
                ("id", count()),
                ("name", said()),
                ("text", said()),
                ("unit", said()),
                ("kind", words(["number", "address", "hash", "constant"])),
                ("value", maybe(reference("ParameterValue"))),
                ("default", maybe(reference("ParameterValue"))),
                ("least", maybe(count())),
                ("greatest", maybe(count())),
                ("tier", words(["low", "medium", "high"])),
                ("weakens", words(["up", "down", "any", "none"])),
                ("scope", words(["city", "session", "mission"])),
                ("consumer", said()),
                ("source", said()),
                ("amendable", truth()),
                (
                    "needs",
                    maybe(object([
                        ("signers", maybe(count())),
                        ("weakerDelaySecs", count()),
                        ("tighterShareOfRange", count()),
                        ("tighterWindowSecs", count()),
                    ])),
                ),
            ]),
        ),
        ("Proposal", proposed),
        ("Amending", amending),
        ("Acting", acting),
        ("TypedData", object(typed())),
        (
            "OverrideFile",
            object([
                types,
                primary,
                domain,
                message,
                ("override", reference("Override")),
            ]),
        ),
        (
            "Override",
            object([
                ("version", count()),
                ("action", said()),
                ("number", count()),
                ("constitution", address()),
                ("payload", reference("Hex")),
                ("digest", word()),
                (
                    "signatures",
                    list(
                        object([
                            ("signer", address()),
                            ("signature", reference("Hex")),
                            ("contract", truth()),
                        ]),
                        None,
                    ),
                ),
            ]),
        ),
        (
            "Proposed",
            object([
                ("digest", word()),
                ("typedData", reference("TypedData")),
                ("file", reference("OverrideFile")),
                ("fileName", said()),
                (
                    "justification",
                    object([("hash", word()), ("contentAddress", said())]),
                ),
                ("deadline", time()),
                ("nonce", json!({"type": "null"})),
                (
                    "words",
                    list(object([("key", said()), ("text", said())]), None),
                ),
                (
                    "needs",
                    object([
                        ("signers", count()),
                        ("active", count()),
                        ("delaySecs", count()),
                        ("rotation", maybe(said())),
                    ]),
                ),
                ("commands", list(said(), None)),
                ("unknown", unknown()),
            ]),
        ),
        (
            "Submission",
            object([
                ("file", reference("OverrideFile")),
                (
                    "signatures",
                    list(
                        object([("signer", address()), ("signature", reference("Hex"))]),
                        Some(SIGNATURES_MAX),
                    ),
                ),
            ]),
        ),
        (
            "Submitted",
            object([
                ("digest", word()),
                ("to", address()),
                ("data", reference("Hex")),
                ("value", words(["0"])),
                ("signers", list(address(), Some(SIGNATURES_MAX))),
                ("missing", maybe(count())),
                ("file", reference("OverrideFile")),
                ("command", said()),
                ("unknown", unknown()),
            ]),
        ),
    ]
}
