//! INV-STATUTE-06. From pages to document to pages not a byte changes; from a document to pages and preimages to document, and from its
//! canonical text, not a character; and how a text is laid out says nothing.

use std::collections::BTreeSet;

use agentcity_abi::{
    IVerification::NodeTerms,
    document::{Document, Preimages, Terms, decode, encode},
};
use agentcity_domain::statute::{
    Mode, Node, Predicate,
    encode::{self as packed, Draft},
};
use alloy_primitives::{Address, B256};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;

use super::{SMALL, changed, parsed};

/// A lawful node without edges of which only the digest is known.
pub(super) fn plain() -> Draft {
    Draft {
        node: Node {
            digest: B256::repeat_byte(7),
            tier: 1,
            redundancy: 1,
            threshold: 1,
            timeout_ms: 1_000,
            budget: 1,
            ..Node::default()
        },
        successors: Vec::new(),
    }
}

/// A lawful shape of a node: tier, risk, seats, threshold, comparison.
fn shape() -> impl Strategy<Value = (u8, u8, u8, u8, u8)> {
    let agreed = (2u8..=7, 0u8..3, 0u8..4, any::<Index>());
    prop_oneof![
        Just((0, 0, 0, 0, 0)),
        (0u8..3).prop_map(|risk| (1, risk, 1, 1, Mode::Exact as u8)),
        agreed.prop_map(|(seats, risk, mode, more)| {
            let least = seats / 2 + 1;
            let threshold = least + more.index(usize::from(seats - least) + 1) as u8;
            (2, risk, seats, threshold, mode)
        }),
        (1u8..3).prop_map(|risk| (3, risk, 1, 1, Mode::Exact as u8)),
    ]
}

/// A text with what needs escapes, or a hash of something else.
fn said() -> impl Strategy<Value = Result<String, [u8; 32]>> {
    prop_oneof![
        3 => "[ -~äß∑\u{1F600}\u{FFFF}]{1,12}".prop_map(Ok),
        1 => "[\\x00-\\x1f\"\\\\/]{1,4}".prop_map(Ok),
        1 => any::<[u8; 32]>().prop_map(Err),
        1 => Just(Err([0; 32])),
    ]
}

/// A schema in its one form, another text, or a hash.
fn schema() -> impl Strategy<Value = Result<String, [u8; 32]>> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "true",
            "{}",
            r#"{"$ref":"https://example.org/s"}"#,
            r#"{"enum":[0,-1,9007199254740991,"\n\"","é",null],"type":["string","null"]}"#,
            "{\"\u{1F600}\":1,\"\u{FFFF}\":2}",
            // These are none: not in their one form.
            "{ }",
            r#"{"b":1,"a":2}"#,
            r#"{"maximum":1.5}"#,
            "not JSON",
        ]).prop_map(|text| Ok(text.to_owned())),
        1 => any::<[u8; 32]>().prop_map(Err),
    ]
}

/// Terms, and the texts behind them.
type Behind = (
    [Result<String, [u8; 32]>; 4],
    Option<([u8; 20], [u8; 32])>,
    Option<[u8; 32]>,
);

fn behind() -> impl Strategy<Value = Option<Behind>> {
    let words = (schema(), schema(), said(), said());
    let words = words.prop_map(|(input, output, label, rubric)| [input, output, label, rubric]);
    let verifier = prop::option::of((any::<[u8; 20]>(), any::<[u8; 32]>()));
    let expected = prop::option::of(any::<[u8; 32]>());
    prop::option::weighted(0.8, (words, verifier, expected))
}

fn known(behind: Behind, preimages: &mut Preimages) -> B256 {
    let (words, verifier, expected) = behind;
    let [input, output, label, rubric] = words.map(|word| match word {
        Ok(text) => preimages.add_text(text),
        Err(hash) => B256::new(hash),
    });
    let (verifier, codehash) = verifier.unwrap_or_default();
    preimages.add_terms(NodeTerms {
        inputSchemaHash: input,
        outputSchemaHash: output,
        labelHash: label,
        rubricHash: rubric,
        verifier: Address::new(verifier),
        verifierCodehash: B256::new(codehash),
        expected: B256::new(expected.unwrap_or_default()),
    })
}

/// A lawful statute of up to so many nodes, and preimages of most of its digests.
fn law(most: usize) -> impl Strategy<Value = (Vec<Vec<u8>>, Preimages)> {
    let steps = prop::collection::btree_set(1u16..40, 0..5);
    let numbers = (
        1_000u32..=3_600_000,
        60_000u32..=86_400_000,
        7u128..1 << 96,
        0u32..=10_000_000,
    );
    let node = (shape(), numbers, any::<[u8; 32]>(), behind(), steps);
    let predicate = (
        any::<bool>(),
        any::<bool>(),
        any::<[u8; 20]>(),
        any::<[u8; 32]>(),
    );
    let nodes = prop::collection::vec(node, 1..=most);
    (nodes, prop::collection::vec(predicate, 0..=8)).prop_map(|(nodes, predicates)| {
        let (count, mut preimages) = (nodes.len() as u16, Preimages::default());
        let mut into = vec![0; nodes.len()];
        let drafts = nodes.into_iter().zip(0u16..).map(|(node, place)| {
            let ((tier, risk, redundancy, threshold, mode), numbers, digest, behind, steps) = node;
            let mut node = Node {
                digest: behind.map_or(B256::new(digest), |behind| known(behind, &mut preimages)),
                ..Node::default()
            };
            if tier > 0 {
                (node.tier, node.risk, node.mode) = (tier, risk, mode);
                (node.redundancy, node.threshold) = (redundancy, threshold);
                node.timeout_ms = if tier == 3 { numbers.1 } else { numbers.0 };
                (node.budget, node.tokens) = (numbers.2, numbers.3);
            }
            let to: BTreeSet<u16> = steps.iter().map(|step| place + step).collect();
            let successors = to.into_iter().filter(|to| {
                *to < count && {
                    let into: &mut u8 = &mut into[usize::from(*to)];
                    *into += 1;
                    *into <= 16
                }
            });
            Draft {
                node,
                successors: successors.collect(),
            }
        });
        let drafts: Vec<Draft> = drafts.collect();
        let predicates = predicates
            .into_iter()
            .map(|(human, hard, target, codehash)| Predicate {
                human,
                hard,
                target: if human {
                    Address::ZERO
                } else {
                    Address::new(target)
                },
                codehash: if human {
                    B256::ZERO
                } else {
                    B256::new(codehash)
                },
            });
        let predicates: Vec<Predicate> = predicates.collect();
        (packed::statute(&drafts, &predicates).unwrap(), preimages)
    })
}

/// The same JSON laid out otherwise: members of the document's objects in another order, edges too, spaces anywhere.
fn laid_out(value: &Value, seed: &mut u64, edges: bool) -> String {
    let mut next = |below: usize| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (*seed >> 33) as usize % below
    };
    let space = ["", " ", "\n", "\t  ", "\r\n"][next(5)];
    let (mut parts, open, close): (Vec<String>, _, _) = match value {
        Value::Object(members) => {
            let each = members.iter().map(|(key, value)| {
                let key_text = if next(4) == 0 {
                    let escaped = key.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
                    format!("\"{}\"", escaped.collect::<String>())
                } else {
                    Value::from(key.as_str()).to_string()
                };
                (key_text, key == "dagEdges", value)
            });
            let each: Vec<_> = each.collect();
            let parts = each.into_iter().map(|(key, edges, value)| {
                format!("{space}{key}{space}:{}", laid_out(value, seed, edges))
            });
            (parts.collect(), '{', '}')
        }
        Value::Array(elements) => {
            let parts = elements.iter().map(|value| laid_out(value, seed, false));
            (parts.collect(), '[', ']')
        }
        other => return format!("{space}{other}{space}"),
    };
    if value.is_object() || edges {
        for last in (1..parts.len()).rev() {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            parts.swap(last, (*seed >> 33) as usize % (last + 1));
        }
    }
    format!("{open}{space}{}{space}{close}", parts.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn inv_statute_06_pages_and_documents_say_the_same((pages, preimages) in law(200), seed in any::<u64>()) {
        let document = decode(&pages, &preimages).unwrap();
        prop_assert_eq!(document.pages(), &pages);
        let encoded = encode(&document);
        prop_assert_eq!(&encoded.pages, &pages);
        for (task, terms) in document.tasks().zip(&encoded.terms) {
            prop_assert_eq!(task.terms.digest(), task.node.digest);
            prop_assert_eq!(&task.terms.wire(), terms);
        }
        // What is said is all that is needed to say it again.
        prop_assert_eq!(&decode(&pages, &encoded.preimages).unwrap(), &document);

        let text = document.canonical();
        let read = Document::parse(&text).unwrap();
        prop_assert_eq!(&read, &document);
        prop_assert_eq!(read.canonical(), text.clone());
        prop_assert_eq!(&Document::parse(document.pretty()).unwrap(), &document);
        let value: Value = serde_json::from_str(&text).unwrap();
        let mut seed = seed;
        let otherwise = laid_out(&value, &mut seed, false);
        let read = Document::parse(&otherwise);
        prop_assert_eq!(read.as_ref(), Ok(&document), "{}", otherwise);

        // Without preimages digests are all there is, and the pages stay the same.
        let opaque = decode(&pages, &Preimages::default()).unwrap();
        prop_assert!(opaque.tasks().all(|task| matches!(task.terms, Terms::Digest(_))));
        let read = Document::parse(opaque.canonical()).unwrap();
        prop_assert_eq!(&read, &opaque);
        prop_assert_eq!(read.pages(), &pages);
        prop_assert_eq!(read.statute_hash(), document.statute_hash());
    }

    #[test]
    fn inv_statute_06_a_changed_byte_of_many_pages_is_refused_or_another_document(
        (pages, preimages) in law(300),
        places in prop::collection::vec((any::<Index>(), any::<Index>(), 1u8..), 24),
    ) {
        let document = decode(&pages, &preimages).unwrap();
        for (page, place, flip) in places {
            let mut changed = pages.clone();
            let page = page.get_mut(&mut changed);
            *place.get_mut(page) ^= flip;
            if let Ok(other) = decode(&changed, &preimages) {
                prop_assert_ne!(&other, &document);
                prop_assert_eq!(other.pages(), &changed);
                prop_assert_ne!(other.canonical(), document.canonical());
            }
        }
    }
}

#[test]
fn the_same_said_otherwise_is_the_same() {
    let same = parsed(SMALL);
    for changes in [
        &[(r#""amountScale": 2"#, r#""amountScale": "2""#)][..],
        &[
            (r#""budget": "5.25""#, r#""budget": "5.250""#),
            (r#""amountScale": 2"#, r#""amountScale": 3"#),
            (r#""budget": 6,"#, r#""budget": "0.6","#),
            (r#""budget": "7""#, r#""budget": "0.7""#),
            ("5.250", "0.525"),
        ],
        &[
            (r#""amountScale": 2"#, r#""amountScale": 0"#),
            (r#""5.25""#, "525"),
            (r#""budget": 6,"#, r#""budget": 600,"#),
            (r#""budget": "7""#, r#""budget": 700"#),
        ],
        &[(
            r#""popTier": 1,"#,
            r#""popTier": "1", "redundancyFactor": 1, "consensusThreshold": "1", "comparison": "EXACT", "#,
        )],
        &[(
            "\"rubric\": \"Is it true?\"",
            "\"rubric\": \"Is it tr\\u0075e?\"",
        )],
        &[(
            r#""inputSchema": {"type": "string"}"#,
            r#""inputSchema": { "\u0074ype" : "string" }"#,
        )],
        &[
            ("0x2222", "0x2222"),
            (
                r#""label": "Fetch""#,
                r#""label": "Fetch", "rubricHash": "0x0000000000000000000000000000000000000000000000000000000000000000""#,
            ),
        ],
        &[("00000000aa\"", "00000000AA\"")],
        &[
            (
                r#""nodeId": "fetch""#,
                r#""nodeId": "0x1111111111111111111111111111111111111111111111111111111111111111""#,
            ),
            (
                r#"{"from": "fetch", "to": "classify"}"#,
                r#"{"from": "0x1111111111111111111111111111111111111111111111111111111111111111", "to": "classify"}"#,
            ),
            (
                r#"{"from": "fetch", "to": "report"}"#,
                r#"{"to": "report", "from": "0x1111111111111111111111111111111111111111111111111111111111111111"}"#,
            ),
        ],
    ] {
        assert_eq!(parsed(&changed(changes)), same, "{changes:?}");
    }
    assert_eq!(same.totals().budget, 525 + 600 + 700);
}
