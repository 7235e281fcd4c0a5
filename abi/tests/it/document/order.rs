//! Nodes and edges may stand in any order; the statute has one.

use agentcity_abi::document::Document;
use alloy_primitives::B256;

use super::{SMALL, changed, parsed};

/// A document of tasks of which only digests are known.
pub(super) fn graph(names: &[&str], edges: &[(&str, &str)]) -> String {
    let nodes = names.iter().zip(1u32..).map(|(name, number)| {
        let digest = B256::left_padding_from(&number.to_be_bytes());
        format!(
            "{{\"@type\":\"dag:TaskNode\",\"nodeId\":\"{name}\",\"termsHash\":\"{digest}\",\"popTier\":1,\"riskTier\":\"LOW\",\
             \"timeoutMs\":1000,\"budget\":\"1\",\"tokenBudget\":0}}"
        )
    });
    let edges = edges
        .iter()
        .map(|(from, to)| format!("{{\"from\":\"{from}\",\"to\":\"{to}\"}}"));
    format!(
        "{{\"@context\":\"https://agentcity.ai/ontology/v1/statute.context.jsonld\",\"@type\":\"dag:MissionSpecification\",\
         \"amountScale\":0,\"dagNodes\":[{}],\"dagEdges\":[{}],\"gatePredicates\":[]}}",
        nodes.collect::<Vec<_>>().join(","),
        edges.collect::<Vec<_>>().join(","),
    )
}

/// The last byte of each digest, and where its edges lead.
fn laid(document: &Document) -> Vec<(u8, Vec<u16>)> {
    let tasks = document.tasks();
    tasks
        .map(|task| (task.node.digest[31], task.successors))
        .collect()
}

#[test]
fn a_node_stands_behind_all_that_it_waits_for_and_else_where_it_stood() {
    let document = parsed(&graph(
        &["a", "b", "c", "d"],
        &[("d", "a"), ("c", "a"), ("a", "b")],
    ));
    let expected = [(3, vec![2]), (4, vec![2]), (1, vec![3]), (2, vec![])];
    assert_eq!(laid(&document), expected);
    // Nothing waits: nothing moves.
    let document = parsed(&graph(&["z", "y", "x"], &[]));
    assert_eq!(laid(&document), [(1, vec![]), (2, vec![]), (3, vec![])]);
    // What is in order already stays, whatever the names say.
    let document = parsed(&graph(
        &["2", "1", "0"],
        &[("2", "0"), ("2", "1"), ("1", "0")],
    ));
    assert_eq!(
        laid(&document),
        [(1, vec![1, 2]), (2, vec![2]), (3, vec![])]
    );
}

#[test]
fn edges_may_stand_in_any_order() {
    let (first, last) = (
        r#"{"from": "fetch", "to": "classify"},"#,
        r#"{"from": "classify", "to": "report"}"#,
    );
    let otherwise = changed(&[
        (first, ""),
        (last, &format!("{last}, {}", first.trim_end_matches(','))),
    ]);
    assert_eq!(parsed(&otherwise), parsed(SMALL));
}

#[test]
fn sixteen_edges_lead_out_of_a_node_and_into_one_and_eight_predicates_are_asked() {
    let names: Vec<String> = (0..17).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let out: Vec<(&str, &str)> = names[1..].iter().map(|to| ("n0", *to)).collect();
    assert_eq!(laid(&parsed(&graph(&names, &out)))[0].1.len(), 16);
    let into: Vec<(&str, &str)> = names[..16].iter().map(|from| (*from, "n16")).collect();
    parsed(&graph(&names, &into));
    let asked = [r#"{"isHumanAssisted":true,"isHard":true}"#; 8].join(",");
    let asking = graph(&["a"], &[]).replace(
        "\"gatePredicates\":[]",
        &format!("\"gatePredicates\":[{asked}]"),
    );
    assert_eq!(parsed(&asking).predicates().count(), 8);
}
