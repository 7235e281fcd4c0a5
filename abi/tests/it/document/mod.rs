//! Statutes as documents: one text for each, one place for each problem, and pages that say the same.

mod address;
mod bad;
mod corruption;
mod example;
mod hostile;
mod judged;
mod order;
mod round;
mod schema;
mod terms;

use agentcity_abi::document::{Document, Source, limits};
use agentcity_domain::statute::{Limits, deployment::Imports};

/// A lawful document of three tasks, in lines, so that a change of one line is a change of one thing.
const SMALL: &str = r#"{
  "@context": "https://agentcity.ai/ontology/v1/statute.context.jsonld",
  "@type": "dag:MissionSpecification",
  "amountScale": 2,
  "dagNodes": [
    {
      "@type": "dag:TaskNode",
      "nodeId": "fetch",
      "label": "Fetch",
      "inputSchema": {"type": "string"},
      "outputSchema": {"type": "string", "maxLength": 9},
      "expected": "0x1111111111111111111111111111111111111111111111111111111111111111",
      "popTier": 1,
      "riskTier": "LOW",
      "timeoutMs": 15000,
      "budget": "5.25",
      "tokenBudget": 50
    },
    {
      "@type": "dag:TaskNode",
      "nodeId": "classify",
      "termsHash": "0x2222222222222222222222222222222222222222222222222222222222222222",
      "popTier": 2,
      "redundancyFactor": 3,
      "consensusThreshold": 2,
      "comparison": "SET",
      "riskTier": "MEDIUM",
      "timeoutMs": 20000,
      "budget": 6,
      "tokenBudget": 80
    },
    {
      "@type": "dag:TaskNode",
      "nodeId": "report",
      "labelHash": "0x3333333333333333333333333333333333333333333333333333333333333333",
      "inputSchema": true,
      "outputSchemaHash": "0x4444444444444444444444444444444444444444444444444444444444444444",
      "rubric": "Is it true?",
      "popTier": 3,
      "riskTier": "HIGH",
      "timeoutMs": 300000,
      "budget": "7",
      "tokenBudget": "60"
    }
  ],
  "dagEdges": [
    {"from": "fetch", "to": "classify"},
    {"from": "fetch", "to": "report"},
    {"from": "classify", "to": "report"}
  ],
  "gatePredicates": [
    {"isHumanAssisted": true, "isHard": false},
    {"isHumanAssisted": false, "isHard": true, "contractAddr": "0x00000000000000000000000000000000000000aa", "codehash": "0x5555555555555555555555555555555555555555555555555555555555555555"}
  ]
}
"#;

/// [`SMALL`] with parts of it written otherwise; each part stands there exactly once, unless it is said how often.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = SMALL.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    text
}

fn parsed(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Everything that is wrong with a text, a line each.
fn problems(text: &str) -> Vec<String> {
    match Source::read(text.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.list().iter().map(ToString::to_string).collect(),
    }
}

/// The limits of the default parameters, for a law of so many nodes that replaces none.
fn defaults(nodes: u16) -> Limits {
    limits(nodes, |id| id.row().default, Imports::None)
}
