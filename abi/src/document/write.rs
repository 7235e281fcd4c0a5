//! The one text of a document: RFC 8785 over all that its pages say and is known behind them. Nodes are called by their numbers and stand in
//! their order, edges ascend, amounts are base units, hexadecimal digits are small. What is nothing is left out, unless its place asks
//! for an answer.

use std::fmt;

use agentcity_domain::statute::Predicate;
use alloy_primitives::{Address, B256};

use super::{
    Document, Known, Said, Task, Terms,
    canonical::{Members, list, quoted},
    keys::{self, Key},
};

impl Document {
    /// The canonical text: what its content address is the hash of.
    pub fn canonical(&self) -> String {
        let nodes = self.tasks().enumerate();
        let nodes = nodes.map(|(number, task)| node(number, &task));
        let edges = self.tasks().enumerate().flat_map(|(from, task)| {
            let to = task.successors.into_iter();
            to.map(move |to| edge(from, to))
        });
        let mut out = Members::default();
        out.put(keys::CONTEXT.name, quoted(keys::CONTEXT_IRI));
        out.put(keys::MISSION_TYPE.name, quoted(keys::MISSION));
        out.put(keys::AMOUNT_SCALE.name, "0");
        out.put(keys::NODES.name, list(nodes));
        out.put(keys::EDGES.name, list(edges));
        out.put(
            keys::PREDICATES.name,
            list(self.predicates().map(predicate)),
        );
        out.close()
    }

    /// The same in lines, for people: two spaces a level. Reads as the same document.
    pub fn pretty(&self) -> String {
        let text = self.canonical();
        let value: Result<serde_json::Value, _> = serde_json::from_str(&text);
        let lines = value.and_then(|value| serde_json::to_string_pretty(&value));
        lines.unwrap_or(text)
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

fn node(number: usize, task: &Task<'_>) -> String {
    let node = &task.node;
    let mut out = Members::default();
    out.put(keys::TASK_TYPE.name, quoted(keys::TASK));
    out.put(keys::NODE_ID.name, quoted(&number.to_string()));
    match task.terms {
        Terms::Digest(digest) => out.put(keys::TERMS_HASH.name, word(digest)),
        Terms::Known(known) => terms(&mut out, known, node.tier),
    }
    out.put(keys::TIER.name, node.tier.to_string());
    if !node.is_imported() {
        let name = |names: &[&str], number: u8| {
            quoted(names.get(usize::from(number)).copied().unwrap_or_default())
        };
        out.put(keys::RISK.name, name(&keys::RISKS, node.risk));
        out.put(keys::REDUNDANCY.name, node.redundancy.to_string());
        out.put(keys::THRESHOLD.name, node.threshold.to_string());
        out.put(keys::COMPARISON.name, name(&keys::COMPARISONS, node.mode));
        out.put(keys::TIMEOUT.name, node.timeout_ms.to_string());
        out.put(keys::BUDGET.name, quoted(&node.budget.to_string()));
        out.put(keys::TOKENS.name, node.tokens.to_string());
    }
    out.close()
}

fn terms(out: &mut Members, known: &Known, tier: u8) {
    said(out, &known.label, &keys::LABEL, &keys::LABEL_HASH, quoted);
    // A schema is canonical text already.
    let (input, input_hash) = (keys::INPUT_SCHEMA, keys::INPUT_SCHEMA_HASH);
    said(out, &known.input_schema, &input, &input_hash, str::to_owned);
    let (output, output_hash) = (keys::OUTPUT_SCHEMA, keys::OUTPUT_SCHEMA_HASH);
    said(
        out,
        &known.output_schema,
        &output,
        &output_hash,
        str::to_owned,
    );
    if tier == 3 || known.rubric != Said::NOTHING {
        said(
            out,
            &known.rubric,
            &keys::RUBRIC,
            &keys::RUBRIC_HASH,
            quoted,
        );
    }
    if known.verifier != Address::ZERO || known.verifier_codehash != B256::ZERO {
        out.put(keys::VERIFIER.name, address(&known.verifier));
        out.put(keys::VERIFIER_CODEHASH.name, word(&known.verifier_codehash));
    }
    if tier == 1 || known.expected != B256::ZERO {
        out.put(keys::EXPECTED.name, word(&known.expected));
    }
}

fn said(out: &mut Members, said: &Said, text: &Key, hash: &Key, write: fn(&str) -> String) {
    match said {
        Said::Text(known) => out.put(text.name, write(known)),
        Said::Hash(known) => out.put(hash.name, word(known)),
    }
}

fn edge(from: usize, to: u16) -> String {
    let mut out = Members::default();
    out.put(keys::FROM.name, quoted(&from.to_string()));
    out.put(keys::TO.name, quoted(&to.to_string()));
    out.close()
}

fn predicate(asked: Predicate) -> String {
    let mut out = Members::default();
    out.put(keys::HUMAN.name, asked.human.to_string());
    out.put(keys::HARD.name, asked.hard.to_string());
    if !asked.human {
        out.put(keys::TARGET.name, address(&asked.target));
        out.put(keys::CODEHASH.name, word(&asked.codehash));
    }
    out.close()
}

fn word(word: &B256) -> String {
    quoted(&word.to_string())
}

fn address(address: &Address) -> String {
    quoted(&alloy_primitives::hex::encode_prefixed(address))
}
