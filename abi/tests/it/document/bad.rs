//! Bad documents, each with everything that is said of it. The list of messages is `bad.txt`; a change of a message is seen there.

use std::fmt::Write;

use super::{SMALL, changed, problems};

/// What is wrong, and what of [`SMALL`] is written instead of what.
const BAD: &[(&str, &[(&str, &str)])] = &[
    // The form of JSON.
    (
        "a comma too many",
        &[("\"isHard\": false}", "\"isHard\": false,}")],
    ),
    (
        "a comma too few",
        &[("\"amountScale\": 2,", "\"amountScale\": 2")],
    ),
    (
        "a key without quotes",
        &[("\"amountScale\"", "amountScale")],
    ),
    (
        "text that does not end",
        &[("\"Is it true?\"", "\"Is it true?")],
    ),
    (
        "an escape that is none",
        &[
            ("Is it true?", "Is it \\true?"),
            ("\"rubric\"", "\"rubric\" "),
            ("Fetch", "\\x"),
        ],
    ),
    ("a number that is none", &[("15000", "015000")]),
    (
        "a constant that is none",
        &[("\"inputSchema\": true", "\"inputSchema\": True")],
    ),
    ("something behind the document", &[("\n}\n", "\n}\n{}")]),
    ("half a surrogate pair as text", &[("Fetch", "\\ud800")]),
    (
        "half a surrogate pair as a key",
        &[("\"label\"", "\"\\udc00\"")],
    ),
    (
        "half a surrogate pair in a schema",
        &[("{\"type\": \"string\"}", "{\"type\": \"\\ud800\"}")],
    ),
    (
        "a comment",
        &[("\"amountScale\": 2,", "\"amountScale\": 2, // places")],
    ),
    // Keys.
    (
        "a key that is nearly one",
        &[("\"timeoutMs\": 15000", "\"timeoutMS\": 15000")],
    ),
    (
        "a key with a typing error",
        &[("\"redundancyFactor\"", "\"redundencyFactor\"")],
    ),
    (
        "a key that is like none",
        &[("\"amountScale\": 2,", "\"amountScale\": 2, \"colour\": 1,")],
    ),
    (
        "a key with odd characters",
        &[(
            "\"amountScale\": 2,",
            "\"amountScale\": 2, \"a b\\\"\\n\": 1,",
        )],
    ),
    (
        "the same key twice",
        &[("\"popTier\": 2,", "\"popTier\": 2, \"popTier\": 3,")],
    ),
    (
        "the same key twice, once escaped",
        &[("\"popTier\": 2,", "\"popTier\": 2, \"pop\\u0054ier\": 2,")],
    ),
    (
        "the same key twice in a schema",
        &[(
            "{\"type\": \"string\"}",
            "{\"type\": \"string\", \"type\": \"null\"}",
        )],
    ),
    (
        "a mission's number",
        &[(
            "\"amountScale\": 2,",
            "\"amountScale\": 2, \"missionId\": \"0x00\",",
        )],
    ),
    (
        "parameters",
        &[(
            "\"amountScale\": 2,",
            "\"amountScale\": 2, \"constitutionalParams\": {},",
        )],
    ),
    (
        "stakes",
        &[(
            "\"amountScale\": 2,",
            "\"amountScale\": 2, \"stakeSchedule\": [],",
        )],
    ),
    (
        "an executor",
        &[(
            "\"label\": \"Fetch\",",
            "\"label\": \"Fetch\", \"producerAgentDid\": \"did:key:z\",",
        )],
    ),
    (
        "the data of an edge",
        &[(
            "{\"from\": \"classify\",",
            "{\"dataFlowSchema\": {}, \"from\": \"classify\",",
        )],
    ),
    (
        "a predicate's selector",
        &[(
            "{\"isHumanAssisted\": true,",
            "{\"checkFunctionSelector\": \"0x00000000\", \"isHumanAssisted\": true,",
        )],
    ),
    // What is missing.
    (
        "no context",
        &[(
            "\"@context\": \"https://agentcity.ai/ontology/v1/statute.context.jsonld\",",
            "",
        )],
    ),
    ("no edges", &[("\"dagEdges\"", "\"dagEdge\"")]),
    (
        "no name",
        &[
            ("\"nodeId\": \"report\",", ""),
            ("    {\"from\": \"fetch\", \"to\": \"report\"},\n", ""),
            (",\n    {\"from\": \"classify\", \"to\": \"report\"}", ""),
        ],
    ),
    ("no tier", &[("\"popTier\": 3,", "")]),
    (
        "no seats where several agree",
        &[
            ("\"redundancyFactor\": 3,", ""),
            ("\"consensusThreshold\": 2,", ""),
            ("\"comparison\": \"SET\",", ""),
        ],
    ),
    ("no label", &[("\"label\": \"Fetch\",", "")]),
    (
        "no schemas",
        &[
            ("\"inputSchema\": true,", ""),
            ("\"outputSchemaHash\"", "\"labelhash\""),
        ],
    ),
    (
        "no commitment where a proof is wanted",
        &[(
            "\"expected\": \"0x1111111111111111111111111111111111111111111111111111111111111111\",",
            "",
        )],
    ),
    (
        "no rubric where people review",
        &[("\"rubric\": \"Is it true?\",", "")],
    ),
    (
        "a verifier without a codehash",
        &[(
            "\"label\": \"Fetch\",",
            "\"label\": \"Fetch\", \"verifier\": \"0x00000000000000000000000000000000000000bb\",",
        )],
    ),
    (
        "a codehash without a verifier",
        &[(
            "\"label\": \"Fetch\",",
            "\"label\": \"Fetch\", \"verifierCodehash\": \"0x5555555555555555555555555555555555555555555555555555555555555555\",",
        )],
    ),
    (
        "a digest with a part of its terms",
        &[(
            "\"termsHash\": ",
            "\"label\": \"Classify\", \"termsHash\": ",
        )],
    ),
    (
        "an empty node",
        &[
            (
                "{\n      \"@type\": \"dag:TaskNode\",\n      \"nodeId\": \"fetch\",\n      \"label\": \"Fetch\",\n      \"inputSchema\": {\"type\": \"string\"},\n      \"outputSchema\": {\"type\": \"string\", \"maxLength\": 9},\n      \"expected\": \"0x1111111111111111111111111111111111111111111111111111111111111111\",\n      \"popTier\": 1,\n      \"riskTier\": \"LOW\",\n      \"timeoutMs\": 15000,\n      \"budget\": \"5.25\",\n      \"tokenBudget\": 50\n    }",
                "{}",
            ),
            (
                "    {\"from\": \"fetch\", \"to\": \"classify\"},\n    {\"from\": \"fetch\", \"to\": \"report\"},\n",
                "",
            ),
        ],
    ),
    // Values of another kind.
    ("another context", &[("/v1/statute", "/v2/statute")]),
    (
        "another type",
        &[("dag:MissionSpecification", "dag:Mission")],
    ),
    (
        "a list that is an object",
        &[("\"gatePredicates\": [", "\"gatePredicates\": {}, \"x\": [")],
    ),
    (
        "a node that is text",
        &[("\"dagNodes\": [", "\"dagNodes\": [\"fetch\",")],
    ),
    ("a fraction of a millisecond", &[("15000", "15000.0")]),
    ("an exponent", &[("15000", "15e3")]),
    ("a number below zero", &[("15000", "-15000")]),
    ("a number with a sign as text", &[("15000", "\"+15000\"")]),
    ("a number with zeros before it", &[("15000", "\"015000\"")]),
    ("a number in hexadecimal digits", &[("15000", "\"0x3a98\"")]),
    ("no number", &[("15000", "null")]),
    (
        "a truth as text",
        &[("\"isHard\": true", "\"isHard\": \"true\"")],
    ),
    (
        "a name with a space",
        &[
            ("\"nodeId\": \"fetch\"", "\"nodeId\": \"fetch it\""),
            (
                "    {\"from\": \"fetch\", \"to\": \"classify\"},\n    {\"from\": \"fetch\", \"to\": \"report\"},\n",
                "",
            ),
        ],
    ),
    ("an empty label", &[("\"Fetch\"", "\"\"")]),
    (
        "a label of two lines",
        &[("\"Fetch\"", "\"Fetch\\nand more\"")],
    ),
    (
        "a schema that is text",
        &[(
            "\"inputSchema\": true",
            "\"inputSchema\": \"https://example.org\"",
        )],
    ),
    (
        "a fraction in a schema",
        &[("\"maxLength\": 9", "\"multipleOf\": 0.5")],
    ),
    (
        "a great number in a schema",
        &[(
            "\"maxLength\": 9",
            "\"items\": [{\"maximum\": 9007199254740992}]",
        )],
    ),
    ("a risk in small letters", &[("\"LOW\"", "\"low\"")]),
    ("a comparison that is none", &[("\"SET\"", "\"JACCARD\"")]),
    (
        "a tier that is none",
        &[("\"popTier\": 3", "\"popTier\": 4")],
    ),
    ("a hash that is too short", &[("0x1111", "0x11")]),
    ("a hash without 0x", &[("0x1111", "111111")]),
    ("a hash with another letter", &[("0x1111", "0x11g1")]),
    (
        "an address with a wrong checksum",
        &[("00000000aa\"", "00000000aA\"")],
    ),
    (
        "a hash that is not that of its text",
        &[(
            "\"label\": \"Fetch\",",
            "\"label\": \"Fetch\", \"labelHash\": \"0x1111111111111111111111111111111111111111111111111111111111111111\",",
        )],
    ),
    // Amounts.
    (
        "more decimal places than the scale",
        &[("\"5.25\"", "\"5.251\"")],
    ),
    ("an amount as a float", &[("\"5.25\"", "5.25")]),
    (
        "an amount with nothing before its point",
        &[("\"5.25\"", "\".25\"")],
    ),
    (
        "an amount with nothing behind its point",
        &[("\"5.25\"", "\"5.\"")],
    ),
    ("an amount with a unit", &[("\"5.25\"", "\"5.25 USDC\"")]),
    (
        "an amount beyond its place",
        &[("\"5.25\"", "\"792281625142643375935439503.36\"")],
    ),
    (
        "an amount beyond all numbers",
        &[("\"5.25\"", "\"999999999999999999999999999999999999999\"")],
    ),
    (
        "a scale that is none",
        &[("\"amountScale\": 2", "\"amountScale\": 29")],
    ),
    // Rules of a node, which are the domain's.
    (
        "half is no majority",
        &[("\"redundancyFactor\": 3", "\"redundancyFactor\": 4")],
    ),
    (
        "more seats than there may be",
        &[
            ("\"redundancyFactor\": 3", "\"redundancyFactor\": 8"),
            ("\"consensusThreshold\": 2", "\"consensusThreshold\": 5"),
        ],
    ),
    (
        "seats that have no place",
        &[("\"redundancyFactor\": 3", "\"redundancyFactor\": 16")],
    ),
    (
        "a proof by two",
        &[(
            "\"popTier\": 1,",
            "\"popTier\": 1, \"redundancyFactor\": 2,",
        )],
    ),
    ("a review of low risk", &[("\"HIGH\"", "\"LOW\"")]),
    ("no budget", &[("\"budget\": \"7\"", "\"budget\": 0")]),
    (
        "a budget of less than a unit a seat",
        &[("\"budget\": 6", "\"budget\": \"0.02\"")],
    ),
    (
        "a timeout that no parameters allow",
        &[("15000", "3600001")],
    ),
    (
        "a review that is too short for any parameters",
        &[("300000", "59999")],
    ),
    (
        "tokens that no parameters allow",
        &[("\"tokenBudget\": 50", "\"tokenBudget\": 10000001")],
    ),
    (
        "a digest of nothing",
        &[(
            "0x2222222222222222222222222222222222222222222222222222222222222222",
            "0x0000000000000000000000000000000000000000000000000000000000000000",
        )],
    ),
    (
        "a node that is taken over and has work",
        &[("\"popTier\": 2", "\"popTier\": 0")],
    ),
    (
        "everything wrong with one node",
        &[
            ("\"redundancyFactor\": 3", "\"redundancyFactor\": 2"),
            ("\"consensusThreshold\": 2", "\"consensusThreshold\": 1"),
            ("20000", "1"),
            ("\"budget\": 6", "\"budget\": 0"),
            ("\"tokenBudget\": 80", "\"tokenBudget\": 16777215"),
            (
                "0x2222222222222222222222222222222222222222222222222222222222222222",
                "0x0000000000000000000000000000000000000000000000000000000000000000",
            ),
        ],
    ),
    // The graph.
    (
        "a name twice",
        &[
            ("\"nodeId\": \"report\"", "\"nodeId\": \"fetch\""),
            ("    {\"from\": \"fetch\", \"to\": \"report\"},\n", ""),
            (",\n    {\"from\": \"classify\", \"to\": \"report\"}", ""),
        ],
    ),
    (
        "an edge from nobody",
        &[("{\"from\": \"classify\"", "{\"from\": \"clasify\"")],
    ),
    (
        "an edge to nobody like any",
        &[("\"to\": \"classify\"", "\"to\": \"T7\"")],
    ),
    (
        "an edge twice",
        &[(
            "{\"from\": \"fetch\", \"to\": \"report\"}",
            "{\"from\": \"fetch\", \"to\": \"classify\"}",
        )],
    ),
    (
        "an edge to itself",
        &[(
            "{\"from\": \"fetch\", \"to\": \"report\"}",
            "{\"from\": \"fetch\", \"to\": \"fetch\"}",
        )],
    ),
    (
        "a circle",
        &[(
            "{\"from\": \"fetch\", \"to\": \"report\"}",
            "{\"from\": \"report\", \"to\": \"fetch\"}",
        )],
    ),
    (
        "two circles and an edge twice",
        &[(
            "{\"from\": \"fetch\", \"to\": \"report\"}",
            "{\"from\": \"classify\", \"to\": \"fetch\"}, {\"from\": \"report\", \"to\": \"report\"}, {\"from\": \"classify\", \"to\": \"report\"}",
        )],
    ),
    (
        "no nodes",
        &[("\"dagNodes\": [", "\"dagNodes\": [], \"nodes\": [")],
    ),
    // Predicates.
    (
        "a predicate that asks nobody",
        &[("{\"isHumanAssisted\": true", "{\"isHumanAssisted\": false")],
    ),
    (
        "a predicate without a codehash",
        &[(
            ", \"codehash\": \"0x5555555555555555555555555555555555555555555555555555555555555555\"",
            "",
        )],
    ),
    (
        "a predicate that asks people and a contract",
        &[("{\"isHumanAssisted\": false", "{\"isHumanAssisted\": true")],
    ),
    (
        "nine predicates",
        &[(
            "{\"isHumanAssisted\": true, \"isHard\": false},",
            "{\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false}, {\"isHumanAssisted\": true, \"isHard\": false},",
        )],
    ),
    (
        "a place behind letters of several bytes",
        &[(
            "\"label\": \"Fetch\",",
            "\"label\": \"Fätch €\u{1F600}\", \"labels\": 1,",
        )],
    ),
    // All at once.
    (
        "a problem of each kind",
        &[
            ("\"amountScale\": 2", "\"amountScale\": -1"),
            ("\"label\": \"Fetch\"", "\"label\": 7"),
            ("15000", "0"),
            ("\"HIGH\"", "\"LOW\""),
            (
                "{\"from\": \"fetch\", \"to\": \"report\"}",
                "{\"from\": \"report\", \"to\": \"fetch\"}",
            ),
            ("\"isHard\": false", "\"isHard\": 0"),
        ],
    ),
];

#[test]
fn bad_documents_are_refused_with_their_places() {
    assert!(problems(SMALL).is_empty());
    assert!(BAD.len() >= 90, "{}", BAD.len());
    let mut all = String::new();
    for (what, changes) in BAD {
        let told = problems(&changed(changes));
        assert!(!told.is_empty(), "{what}");
        writeln!(all, "{what}").unwrap();
        for problem in told {
            writeln!(all, "    {problem}").unwrap();
        }
    }
    snapbox::assert_data_eq!(all, snapbox::file!["bad.txt"].raw());
}

/// Words that begin no document.
#[test]
fn other_texts_are_no_documents() {
    for text in [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "\"text\"",
        "{",
        "\u{feff}{}",
        "0x",
        "{\"@context\"}",
    ] {
        assert!(!problems(text).is_empty(), "{text}");
    }
    assert_eq!(problems("{}").len(), 6);
}
