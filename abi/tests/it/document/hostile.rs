//! Texts that were written to do harm: they are refused in bounded steps, or read.

use agentcity_abi::document::{
    DOCUMENT_BYTES_MAX, Document, PROBLEMS_MAX, SCHEMA_BYTES_MAX, SCHEMA_DEPTH_MAX,
};
use alloy_primitives::{B256, keccak256};

use super::{SMALL, changed, order::graph, parsed, problems};

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    let deep = nested(1_000_000);
    assert_eq!(
        problems(&deep),
        ["1:1 $: found a list, wanted an object: the document"]
    );
    assert_eq!(
        problems(&"[".repeat(1_000_000)),
        ["1:1000001 $: found the end, wanted JSON (EOF while parsing a list)"]
    );
    let in_list = changed(&[("\"dagEdges\": [", &format!("\"dagEdges\": [{deep},"))]);
    let told = problems(&in_list);
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("$.dagEdges[0]: found a list, wanted an object: the edge"));
    let with = |depth: usize| {
        let schema = format!("{{\"x\": {}}}", nested(depth));
        changed(&[(
            "\"inputSchema\": true",
            &format!("\"inputSchema\": {schema}"),
        )])
    };
    // The object is the first level.
    parsed(&with(SCHEMA_DEPTH_MAX - 1));
    let told = problems(&with(SCHEMA_DEPTH_MAX));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("$.dagNodes[2].inputSchema.x[0][0]"),
        "{told:?}"
    );
    assert!(told[0].ends_with("found a list, wanted at most 32 levels of a schema"));
    assert_eq!(problems(&with(20_000)).len(), 1);
}

#[test]
fn huge_numbers_and_long_texts_are_refused_and_not_repeated() {
    let digits = "9".repeat(5_000_000);
    let long = "a".repeat(5_000_000);
    for (from, to) in [
        ("\"timeoutMs\": 15000", format!("\"timeoutMs\": {digits}")),
        ("\"timeoutMs\": 15000", format!("\"timeoutMs\": 1e{digits}")),
        ("\"timeoutMs\": 15000", format!("\"timeoutMs\": 0.{digits}")),
        ("\"budget\": 6", format!("\"budget\": \"{digits}\"")),
        ("\"budget\": 6", format!("\"budget\": \"1.{digits}\"")),
        ("\"label\": \"Fetch\"", format!("\"label\": \"{long}\"")),
        (
            "\"label\": \"Fetch\"",
            format!("\"{long}\": \"Fetch\", \"label\": \"a\""),
        ),
        (
            "\"nodeId\": \"fetch\"",
            format!("\"nodeId\": \"fetch\", \"@type\": \"{long}\""),
        ),
        (
            "\"rubric\": \"Is it true?\"",
            format!("\"rubric\": \"{long}\""),
        ),
        (
            "\"inputSchema\": true",
            format!("\"inputSchema\": {{\"x\": \"{long}\"}}"),
        ),
        (
            "\"comparison\": \"SET\"",
            format!("\"comparison\": \"{long}\""),
        ),
        ("{\"from\": \"classify\"", format!("{{\"from\": \"{long}\"")),
    ] {
        let told = problems(&changed(&[(from, &to)]));
        assert_eq!(told.len(), 1, "{from}");
        assert!(told[0].len() < 300, "{}", told[0]);
    }
}

#[test]
fn texts_up_to_their_bounds_are_read() {
    let with = |text: &str, bytes: usize| {
        let long = "ä".repeat(bytes / 2) + &"b".repeat(bytes % 2);
        problems(&changed(&[(text, &long)])).len()
    };
    assert_eq!((with("Fetch", 256), with("Fetch", 257)), (0, 1));
    assert_eq!(
        (with("Is it true?", 65_536), with("Is it true?", 65_537)),
        (0, 1)
    );
    // The quotes and braces of the schema count.
    let frame = r#"{"x": ""}"#.len();
    let schema = |bytes: usize| {
        let schema = format!("{{\"x\": \"{}\"}}", "a".repeat(bytes - frame));
        problems(&changed(&[(
            "\"inputSchema\": true",
            &format!("\"inputSchema\": {schema}"),
        )]))
        .len()
    };
    assert_eq!(
        (schema(SCHEMA_BYTES_MAX), schema(SCHEMA_BYTES_MAX + 1)),
        (0, 1)
    );
    let name = |length: usize| {
        let name = "n".repeat(length);
        let text = SMALL.replace("\"fetch\"", &format!("\"{name}\""));
        problems(&text).len()
    };
    assert_eq!(name(66), 0);
    assert!(name(67) > 0);
}

#[test]
fn a_text_beyond_the_bound_is_not_looked_at() {
    let problems = Document::parse(vec![0; DOCUMENT_BYTES_MAX + 1]).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "1:1 $: found 134217729 bytes, wanted at most 134217728"
    );
    // One byte less is looked at, and is no JSON.
    let problems = Document::parse(vec![0; DOCUMENT_BYTES_MAX]).unwrap_err();
    assert!(problems.to_string().contains("JSON"), "{problems}");
}

#[test]
fn bytes_that_are_no_text_are_refused_at_their_place() {
    let (before, after) = SMALL.split_once("Fetch").unwrap();
    for (bytes, shown) in [
        (&[0xff][..], "0xff"),
        (&[0xc3, 0x28], "0xc3"),
        // Half a surrogate pair, and a code point that has a shorter form.
        (&[0xed, 0xa0, 0x80], "0xed"),
        (&[0xc0, 0xaf], "0xc0"),
    ] {
        let text = [before.as_bytes(), bytes, after.as_bytes()].concat();
        let problems = Document::parse(text).unwrap_err();
        assert_eq!(
            problems.to_string(),
            format!("9:17 $: found byte {shown}, wanted UTF-8")
        );
    }
    let cut = &before.as_bytes()[..before.len() - 1];
    let cut = [cut, "ä".as_bytes().split_last().unwrap().1].concat();
    assert!(
        Document::parse(cut)
            .unwrap_err()
            .to_string()
            .contains("0xc3")
    );
}

#[test]
fn many_problems_are_bounded_and_counted() {
    let more = "\"budget\": 1,".repeat(40);
    let told = problems(&changed(&[("\"budget\": 6,", &more)]));
    assert_eq!(
        told.len(),
        39 + 1,
        "39 again, and a budget of one for three seats: {told:?}"
    );
    // Members beyond those that are looked at are counted once.
    let more = "\"x\": 1,".repeat(100_000);
    let problems = Document::parse(changed(&[("\"budget\": 6,", &more)])).unwrap_err();
    assert!(problems.list().len() <= PROBLEMS_MAX);
    assert!(problems.list()[0].found.ends_with("members"), "{problems}");

    let edges = vec!["{\"from\": \"nobody\", \"to\": \"no one\"}"; 500].join(",");
    let text = changed(&[("\"dagEdges\": [", &format!("\"dagEdges\": [{edges},"))]);
    let problems = Document::parse(text).unwrap_err();
    assert_eq!(problems.list().len(), PROBLEMS_MAX);
    assert_eq!(problems.untold(), 1_000 - PROBLEMS_MAX);
    assert!(problems.to_string().ends_with("\nand 936 more"));
    let places: Vec<(usize, usize)> = problems.list().iter().map(|p| (p.line, p.column)).collect();
    assert!(places.is_sorted());
}

#[test]
fn a_terminal_is_told_nothing_that_it_would_obey() {
    let told = problems(&changed(&[(
        "\"comparison\"",
        "\"\\u001b[2J\u{202e}comparison\"",
    )]));
    let text = told.join("\n");
    assert!(text.contains("\\u{1b}[2J\\u{202e}comparison"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
}

#[test]
fn lists_beyond_what_pages_hold_are_counted() {
    let people = "{\"isHumanAssisted\": true, \"isHard\": false}";
    let many = |count: usize| {
        let people = vec![people; count].join(",");
        problems(&changed(&[(
            "{\"isHumanAssisted\": true, \"isHard\": false}",
            &people,
        )]))
    };
    let told = many(300);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("$.gatePredicates: found 301 elements, wanted at most 256"));
    assert!(told[1].contains("$.gatePredicates[8]: found 256 predicates, wanted at most 8"));
    let node = "{\"@type\":\"dag:TaskNode\"}";
    let nodes = vec![node; 65_533].join(",");
    let text = changed(&[("\"dagNodes\": [", &format!("\"dagNodes\": [{nodes},"))]);
    let problems = Document::parse(text).unwrap_err();
    assert_eq!(
        problems.list()[0].to_string(),
        "5:15 $.dagNodes: found 65536 elements, wanted at most 65535"
    );
}

/// A chain, a wheel, and circles of five thousand: found without a stack that grows with them.
#[test]
fn large_graphs_are_judged() {
    let names: Vec<String> = (0..5_000).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut chain: Vec<(&str, &str)> = names.windows(2).map(|two| (two[0], two[1])).collect();
    chain.reverse();
    let document = parsed(&graph(&names, &chain));
    assert_eq!(document.tasks().count(), 5_000);
    chain.push((names[4_999], names[0]));
    let told = problems(&graph(&names, &chain));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("a circle of 5000: n0 → n1 → n2 → n3 → n4 → n5 → … → n0"),
        "{told:?}"
    );
    let wheel: Vec<(&str, &str)> = names[1..].iter().map(|to| ("n0", *to)).collect();
    let told = problems(&graph(&names, &wheel));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].ends_with("found 4999 edges out of `n0`, wanted at most 16"),
        "{told:?}"
    );
    let hub: Vec<(&str, &str)> = names[1..].iter().map(|from| (*from, "n0")).collect();
    let told = problems(&graph(&names, &hub));
    assert_eq!(told.len(), 1, "once for all of five thousand: {told:?}");
    assert!(
        told[0].contains("$.dagEdges[16]: found edge 17 into `n0`"),
        "{told:?}"
    );
}

/// What is too much counts over all pages, and one thing too much hides no other.
#[test]
fn too_many_edges_are_counted_over_pages() {
    let names: Vec<String> = (0..140).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let into = |from: std::ops::Range<usize>| from.map(|from| (names[from], names[139]));
    let sixteen: Vec<(&str, &str)> = into(0..8).chain(into(128..136)).collect();
    parsed(&graph(&names, &sixteen));
    let more: Vec<(&str, &str)> = into(0..8).chain(into(128..138)).collect();
    let told = problems(&graph(&names, &more));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].ends_with(
            "$.dagEdges[16]: found edge 17 into `n139`, wanted at most 16 edges into a node"
        ),
        "{told:?}"
    );
    let out = (20..37).map(|to| (names[0], names[to]));
    let into = (1..17).map(|from| (names[from], names[20]));
    let both: Vec<(&str, &str)> = out.chain(into).collect();
    let told = problems(&graph(&names, &both));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("$.dagEdges[16]: found 17 edges out of `n0`"));
    assert!(told[1].contains("$.dagEdges[32]: found edge 17 into `n20`"));
}

#[test]
fn five_thousand_nodes_are_read_written_and_packed() {
    let nodes: Vec<String> = (0..5_000)
        .map(|n| {
            let digest = B256::left_padding_from(&[1, (n >> 8) as u8, n as u8]);
            format!(
                "{{\"@type\":\"dag:TaskNode\",\"nodeId\":\"task.{n}\",\"label\":\"Task {n}\",\
                 \"inputSchema\":{{\"$ref\":\"https://example.org/{n}\"}},\"outputSchemaHash\":\"{digest}\",\
                 \"expected\":\"{digest}\",\"popTier\":1,\"riskTier\":\"LOW\",\"timeoutMs\":60000,\
                 \"budget\":\"{}\",\"tokenBudget\":20}}",
                n + 1
            )
        })
        .collect();
    let edges: Vec<String> = (0u32..4_999)
        .flat_map(|n| {
            let far = (n + 1 + n.wrapping_mul(2_654_435_761) % 97).min(4_999);
            let two = [Some(n + 1), (n % 4 == 0 && far > n + 1).then_some(far)];
            two.into_iter().flatten().map(move |to| (n, to))
        })
        .map(|(from, to)| format!("{{\"from\":\"task.{from}\",\"to\":\"task.{to}\"}}"))
        .collect();
    assert!(edges.len() > 6_000, "{}", edges.len());
    let text = changed(&[]);
    let (head, rest) = text.split_once("\"dagNodes\": [").unwrap();
    let (_, rest) = rest.split_once("\"gatePredicates\"").unwrap();
    let text = format!(
        "{head}\"dagNodes\": [{}],\n\"dagEdges\": [{}],\n\"gatePredicates\"{rest}",
        nodes.join(",\n"),
        edges.join(",\n")
    );
    let document = parsed(&text.replace("\"amountScale\": 2", "\"amountScale\": 0"));
    assert_eq!(document.pages().len(), 40);
    assert_eq!(document.totals().tokens, 100_000);
    assert_eq!(document.totals().budget, 5_000 * 5_001 / 2);
    assert_eq!(
        document
            .tasks()
            .map(|task| task.successors.len())
            .sum::<usize>(),
        edges.len()
    );
    document.judge(&super::defaults(5_000)).unwrap();
    let folded = document
        .pages()
        .iter()
        .rev()
        .fold(B256::ZERO, |rest, page| {
            keccak256([keccak256(page), rest].concat())
        });
    assert_eq!(document.statute_hash(), folded);
    assert_eq!(parsed(&document.canonical()), document);
}
