//! Schema, context and parser know the same keys, and mean the same by them.

use std::{collections::BTreeSet, path::Path};

use agentcity_abi::document::{
    SCHEMA_BYTES_MAX,
    keys::{self, Object},
    terms::{LABEL_BYTES_MAX, RUBRIC_BYTES_MAX},
};
use serde_json::Value;

use super::{changed, example::example, problems};

fn file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn schema() -> Value {
    file("statute.schema.json")
}

fn names(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(elements) => elements.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

fn of_parser(object: &Object, always: bool) -> BTreeSet<&'static str> {
    let keys = object.keys.iter().filter(|key| key.always || !always);
    keys.map(|key| key.name).collect()
}

#[test]
fn each_key_of_the_parser_stands_in_the_schema_and_each_of_the_schema_in_the_parser() {
    let schema = schema();
    for object in keys::OBJECTS {
        let def = &schema["$defs"][object.name];
        assert_eq!(
            names(&def["properties"]),
            of_parser(&object, false),
            "{}",
            object.name
        );
        assert_eq!(
            names(&def["required"]),
            of_parser(&object, true),
            "{}",
            object.name
        );
        assert_eq!(def["additionalProperties"], false, "{}", object.name);
        for (outside, _) in object.outside {
            assert!(!of_parser(&object, false).contains(outside), "{outside}");
        }
    }
}

#[test]
fn each_key_stands_in_the_context_once_and_no_other() {
    let context = file("statute.context.jsonld");
    let terms = context["@context"].as_object().unwrap();
    let all = keys::OBJECTS.iter().flat_map(|object| object.keys);
    let all: BTreeSet<&str> = all
        .map(|key| key.name)
        .filter(|key| !key.starts_with('@'))
        .collect();
    let prefixes = ["dag", "xsd"];
    let named = terms.keys().map(String::as_str);
    let named: BTreeSet<&str> = named
        .filter(|term| !term.starts_with('@') && !prefixes.contains(term))
        .collect();
    assert_eq!(named, all);
    for key in all {
        assert_eq!(terms[key]["@id"], format!("dag:{key}"));
    }
    for (key, of) in [
        ("dagNodes", "@container"),
        ("dagEdges", "@container"),
        ("gatePredicates", "@container"),
    ] {
        assert_eq!(
            terms[key][of], "@list",
            "the order of {key} means something"
        );
    }
    for key in ["inputSchema", "outputSchema"] {
        assert_eq!(terms[key]["@type"], "@json", "{key} is no linked data");
    }
}

#[test]
fn constants_and_names_are_the_same() {
    let schema = schema();
    let of = |object: &str, key: &str| schema["$defs"][object]["properties"][key].clone();
    assert_eq!(of("document", "@context")["const"], keys::CONTEXT_IRI);
    assert_eq!(of("document", "@type")["const"], keys::MISSION);
    assert_eq!(of("node", "@type")["const"], keys::TASK);
    let values = |key: &str| of("node", key)["enum"].clone();
    assert_eq!(values("riskTier"), serde_json::json!(keys::RISKS));
    assert_eq!(values("comparison"), serde_json::json!(keys::COMPARISONS));
    assert_eq!(of("node", "label")["maxLength"], LABEL_BYTES_MAX);
    assert_eq!(of("node", "rubric")["maxLength"], RUBRIC_BYTES_MAX);
    assert!(keys::LABEL.wanted.contains(&format!(" {LABEL_BYTES_MAX} ")));
    assert!(
        keys::RUBRIC
            .wanted
            .contains(&format!(" {RUBRIC_BYTES_MAX} "))
    );
    assert!(
        keys::INPUT_SCHEMA
            .wanted
            .contains(&format!(" {SCHEMA_BYTES_MAX} "))
    );
    assert!(
        keys::OUTPUT_SCHEMA
            .wanted
            .contains(&format!(" {SCHEMA_BYTES_MAX} "))
    );
    for (key, text) in [
        (keys::CONTEXT, keys::CONTEXT_IRI),
        (keys::MISSION_TYPE, keys::MISSION),
        (keys::TASK_TYPE, keys::TASK),
    ] {
        assert_eq!(key.wanted, format!("\"{text}\""));
    }
    let quoted = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
    };
    for name in quoted(&keys::RISKS) {
        assert!(keys::RISK.wanted.contains(&name));
    }
    for name in quoted(&keys::COMPARISONS) {
        assert!(keys::COMPARISON.wanted.contains(&name));
    }
}

/// Each number has a form up to the schema's greatest, and none beyond it. Rules of law may refuse it, at another key or in other words.
#[test]
fn the_greatest_numbers_of_the_schema_are_those_of_the_parser() {
    let schema = schema();
    for (object, key, from) in [
        ("document", "amountScale", "\"amountScale\": 2"),
        ("node", "popTier", "\"popTier\": 1"),
        ("node", "redundancyFactor", "\"redundancyFactor\": 3"),
        ("node", "consensusThreshold", "\"consensusThreshold\": 2"),
        ("node", "timeoutMs", "\"timeoutMs\": 15000"),
        ("node", "tokenBudget", "\"tokenBudget\": 50"),
    ] {
        let most = schema["$defs"][object]["properties"][key]["maximum"]
            .as_u64()
            .unwrap();
        let known = keys::OBJECTS.iter().find(|o| o.name == object).unwrap();
        let wanted = known.keys.iter().find(|k| k.name == key).unwrap().wanted;
        let told = |value: u64| {
            let text = changed(&[(from, &format!("\"{key}\": {value}"))]);
            let told = format!("{key}: found {value}, wanted {wanted}");
            problems(&text)
                .iter()
                .any(|problem| problem.ends_with(&told))
        };
        assert!(!told(most), "{key} {most}");
        assert!(told(most + 1), "{key} {}", most + 1);
        assert!(
            key == "popTier" || wanted.contains(&most.to_string()),
            "{wanted}"
        );
    }
}

#[test]
fn the_example_uses_every_key_but_hashes_and_people() {
    let example: Value = serde_json::from_str(&example()).unwrap();
    let mut used = BTreeSet::new();
    let mut count = |value: &Value| {
        for key in value.as_object().unwrap().keys() {
            used.insert(key.clone());
        }
    };
    count(&example);
    for list in ["dagNodes", "dagEdges", "gatePredicates"] {
        example[list]
            .as_array()
            .unwrap()
            .iter()
            .for_each(&mut count);
    }
    let all = keys::OBJECTS.iter().flat_map(|object| object.keys);
    let unused: Vec<&str> = all
        .map(|key| key.name)
        .filter(|key| !used.contains(*key))
        .collect();
    assert_eq!(
        unused,
        [
            "labelHash",
            "inputSchemaHash",
            "outputSchemaHash",
            "rubricHash",
            "termsHash"
        ]
    );
}
