//! What a city's parameters refuse of a document that others might allow, at the line of the text.

use agentcity_abi::document::{Source, limits};
use agentcity_domain::{parameter::ParameterId, statute::deployment::Imports};

use super::{SMALL, changed, defaults, parsed};

/// What the default parameters say of a text, a line each.
fn judged(text: &str) -> Vec<String> {
    let source = Source::read(text.as_bytes()).unwrap();
    match source.judge(&defaults(source.document().totals().nodes)) {
        Ok(()) => Vec::new(),
        Err(problems) => problems.list().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_default_parameters_bound_each_number() {
    assert_eq!(judged(SMALL), [""; 0]);
    for (changes, expected) in [
        (&[("15000", "60000")][..], &[][..]),
        (
            &[("15000", "60001")],
            &["15:20 $.dagNodes[0].timeoutMs: found 60001, wanted 1000 to 60000 milliseconds"],
        ),
        (&[("300000", "3600000")], &[]),
        (
            &[("300000", "299999")],
            &["41:20 $.dagNodes[2].timeoutMs: found 299999, wanted 300000 to 3600000 milliseconds"],
        ),
        (&[("\"tokenBudget\": 50", "\"tokenBudget\": 99860")], &[]),
        (
            &[("\"tokenBudget\": 50", "\"tokenBudget\": 99861")],
            &[
                "5:15 $.dagNodes: found 100001 LLM tokens of all nodes, wanted at most 100000, what a mission may use",
            ],
        ),
        (
            &[("\"tokenBudget\": 50", "\"tokenBudget\": 100001")],
            &[
                "5:15 $.dagNodes: found 100141 LLM tokens of all nodes, wanted at most 100000, what a mission may use",
                "17:22 $.dagNodes[0].tokenBudget: found 100001, wanted at most 100000, what a mission may use",
            ],
        ),
    ] {
        assert_eq!(judged(&changed(changes)), expected, "{changes:?}");
    }
}

#[test]
fn a_law_names_how_many_nodes_it_has() {
    let source = Source::read(SMALL.as_bytes()).unwrap();
    let problems = source.judge(&defaults(4)).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "5:15 $.dagNodes: found 3 nodes, wanted 4, as many as the law names"
    );
    assert_eq!(source.judge(&defaults(2)).unwrap_err().list().len(), 1);
}

#[test]
fn only_a_law_that_replaces_a_mission_takes_nodes_over() {
    let text = changed(&[(
        "\"popTier\": 1,\n      \"riskTier\": \"LOW\",\n      \"timeoutMs\": 15000,\n      \"budget\": \"5.25\",\n      \"tokenBudget\": 50",
        "\"popTier\": 0",
    )]);
    let source = Source::read(text.as_bytes()).unwrap();
    let replacing = limits(3, |id| id.row().default, Imports::Allowed);
    source.judge(&replacing).unwrap();
    let problems = source.judge(&defaults(3)).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "13:18 $.dagNodes[0].popTier: found 0, wanted 1, 2 or 3: only a law that replaces a mission takes nodes over"
    );
    let node = source.document().tasks().next().unwrap().node;
    assert!(node.is_imported());
    assert_eq!(parsed(&source.document().canonical()), *source.document());
}

/// A node that stands elsewhere in the statute is found where it stands in the text.
#[test]
fn problems_are_told_where_the_text_has_them() {
    let text = changed(&[
        (
            r#"{"from": "fetch", "to": "classify"},"#,
            r#"{"from": "report", "to": "fetch"},"#,
        ),
        (r#"    {"from": "fetch", "to": "report"},"#, ""),
        (
            r#"{"from": "classify", "to": "report"}"#,
            r#"{"from": "classify", "to": "report"}"#,
        ),
        ("300000", "299999"),
    ]);
    let source = Source::read(text.as_bytes()).unwrap();
    let tiers: Vec<u8> = source
        .document()
        .tasks()
        .map(|task| task.node.tier)
        .collect();
    assert_eq!(tiers, [2, 3, 1]);
    assert_eq!(
        judged(&text),
        ["41:20 $.dagNodes[2].timeoutMs: found 299999, wanted 300000 to 3600000 milliseconds"]
    );
    // Without a text of its own a document is judged in lines for people, by its own numbers.
    let problems = source.document().judge(&defaults(3)).unwrap_err();
    let problem = &problems.list()[0];
    assert_eq!(problem.path, "$.dagNodes[1].timeoutMs");
    let line = source.document().pretty();
    let line = line.lines().nth(problem.line - 1).unwrap();
    assert!(line[problem.column - 1..].starts_with("299999"), "{line}");
}

/// The widest values of the table, whatever they are.
#[test]
fn what_no_parameters_allow_is_refused_without_them() {
    let most = ParameterId::MaxNodeTimeoutMs.row().max;
    parsed(&changed(&[("15000", &most.to_string())]));
    let beyond = changed(&[("15000", &(most + 1).to_string())]);
    assert!(Source::read(beyond.as_bytes()).is_err());
    let least = ParameterId::MinHumanReviewTimeoutMs.row().min;
    parsed(&changed(&[("300000", &least.to_string())]));
    let below = changed(&[("300000", &(least - 1).to_string())]);
    assert!(Source::read(below.as_bytes()).is_err());
    let tokens = ParameterId::MissionBudgetCap.row().max;
    parsed(&changed(&[("\"60\"", &tokens.to_string())]));
    let beyond = changed(&[("\"60\"", &(tokens + 1).to_string())]);
    assert!(Source::read(beyond.as_bytes()).is_err());
}
