//! The example of the documentation is a document, and its pages are those that docs/statute.md lays out.

use std::path::Path;

use agentcity_abi::document::{Document, Source, decode, encode};
use alloy_primitives::{B256, Keccak256, hex, keccak256};
use serde_json::Value;

use super::{SMALL, defaults, parsed};

/// The block of the documentation.
pub(super) fn example() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/statute-document.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```json\n").expect("an example");
    let (example, _) = rest.split_once("```").unwrap();
    example.to_owned()
}

#[test]
fn the_example_is_lawful_under_the_default_parameters() {
    let text = example();
    let source = Source::read(text.as_bytes()).unwrap();
    source.judge(&defaults(3)).unwrap();
    let document = source.into_document();
    document.judge(&defaults(3)).unwrap();
    let totals = document.totals();
    assert_eq!(totals.nodes, 3);
    assert_eq!(totals.tokens, 19_000, "the seed's sum");
    assert_eq!(totals.budget, 15_500_001);
}

/// The example's pages by another hand than the encoder's: the table of docs/statute.md over the JSON as any reader sees it.
#[test]
fn the_pages_of_the_example_are_those_of_the_documentation() {
    let document: Value = serde_json::from_str(&example()).unwrap();
    let hash = |value: &Value| match value {
        Value::Null => B256::ZERO,
        Value::String(text) => keccak256(text),
        // All keys are ASCII and all numbers small, so sorted compact text is canonical.
        other => keccak256(sorted(other)),
    };
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let mut page = vec![3, 0, 2, 1];
    let shapes = [(0x10, 0x11, 0x01), (0x20, 0x32, 0x01), (0x31, 0x11, 0x00)];
    let budgets = [2_500_000u128, 9_000_000, 4_000_001];
    let nodes = document["dagNodes"].as_array().unwrap();
    let mut all = Vec::new();
    for ((node, shape), budget) in nodes.iter().zip(shapes).zip(budgets) {
        let mut terms = Keccak256::new();
        let mut words = Vec::new();
        for key in ["inputSchema", "outputSchema", "label", "rubric"] {
            words.extend(hash(&node[key]));
        }
        for key in ["verifier", "verifierCodehash", "expected"] {
            let mut word = [0; 32];
            if let Some(text) = node[key].as_str() {
                let bytes = hex::decode(text).unwrap();
                word[32 - bytes.len()..].copy_from_slice(&bytes);
            }
            words.extend(word);
        }
        terms.update(&words);
        page.extend(terms.finalize());
        page.extend([shape.0, shape.1, shape.2]);
        let number = |key: &str| node[key].as_u64().unwrap() as u32;
        page.extend(number("timeoutMs").to_be_bytes());
        page.extend(&budget.to_be_bytes()[4..]);
        page.extend(&number("tokenBudget").to_be_bytes()[1..]);
        all.push(words);
    }
    page.extend([0, 1, 0, 2]);
    page.push(2);
    page.extend(bytes(&document["gatePredicates"][0]["contractAddr"]));
    page.extend(bytes(&document["gatePredicates"][0]["codehash"]));

    let encoded = encode(&parsed(&example()));
    assert_eq!(encoded.pages.len(), 1);
    assert_eq!(hex::encode(&encoded.pages[0]), hex::encode(&page));
    for (terms, words) in encoded.terms.iter().zip(all) {
        use alloy_sol_types::SolValue;
        assert_eq!(terms.as_ref().unwrap().abi_encode(), words);
    }
    let folded = keccak256([keccak256(&page).as_slice(), &[0; 32]].concat());
    assert_eq!(parsed(&example()).statute_hash(), folded);
}

/// Labels, rubrics of several lines and schemas come back where they belong.
#[test]
fn a_document_is_decoded_from_what_it_is_encoded_to() {
    for document in [parsed(&example()), parsed(SMALL)] {
        let encoded = encode(&document);
        assert_eq!(decode(&encoded.pages, &encoded.preimages), Ok(document));
    }
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("\"{key}\":{}", sorted(value)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(sorted).collect();
            format!("[{}]", elements.join(","))
        }
        other => other.to_string(),
    }
}

/// A change of the canonical form changes what addresses on chain mean, so it is not made by accident. Text and address were compared
/// with what another language's sorted compact JSON, SHA-256 and base 32 make of the documentation's block.
#[test]
fn the_canonical_text_of_the_example_stands() {
    let document = parsed(&example());
    snapbox::assert_data_eq!(
        document.canonical(),
        snapbox::file!["example.canonical.txt"].raw()
    );
    assert_eq!(document.to_string(), document.canonical());
    assert_eq!(parsed(&document.canonical()), document);
    assert_eq!(
        document.content_address().to_string(),
        "bafkreic2fcd45zz3ap3mufg3bw2w3tfqo4mb73k3zkacmzhkvkfzjaw364"
    );
    assert_eq!(
        Document::parse(document.pretty()).unwrap(),
        document,
        "lines for people say the same"
    );
    assert!(document.pretty().lines().count() > 100);
    // What is nothing is left out.
    let people = r#"{"isHard":false,"isHumanAssisted":true}"#;
    assert!(parsed(SMALL).canonical().contains(people));
}
