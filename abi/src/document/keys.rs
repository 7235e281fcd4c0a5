//! Every key of a document, and what stands under it. The schema and the context beside this crate say the same; a test compares them.

use std::fmt;

/// The document's `@context`.
pub const CONTEXT_IRI: &str = "https://agentcity.ai/ontology/v1/statute.context.jsonld";
/// The document's `@type`.
pub const MISSION: &str = "dag:MissionSpecification";
/// A node's `@type`.
pub const TASK: &str = "dag:TaskNode";
/// Names of the degrees of risk, by their numbers in a page.
pub const RISKS: [&str; 3] = ["LOW", "MEDIUM", "HIGH"];
/// Names of the ways to compare, by their numbers in a page.
pub const COMPARISONS: [&str; 4] = ["EXACT", "NUMERIC", "SKETCH", "SET"];

/// A key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// Whether every object of its kind has it.
    pub always: bool,
    /// What stands under it, in words.
    pub wanted: &'static str,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An object of the document.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// What it is called in the schema.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Keys that the seed's documents have and a statute has no place for, and why.
    pub outside: &'static [(&'static str, &'static str)],
}

const fn always(name: &'static str, wanted: &'static str) -> Key {
    Key {
        name,
        always: true,
        wanted,
    }
}

const fn sometimes(name: &'static str, wanted: &'static str) -> Key {
    Key {
        name,
        always: false,
        wanted,
    }
}

const WORD: &str = "0x and 64 hexadecimal digits";
const ADDRESS: &str = "0x and 40 hexadecimal digits";

/// `@context` of the document.
pub const CONTEXT: Key = always(
    "@context",
    "\"https://agentcity.ai/ontology/v1/statute.context.jsonld\"",
);
/// `@type` of the document.
pub const MISSION_TYPE: Key = always("@type", "\"dag:MissionSpecification\"");
/// Decimal places of the document's amounts.
pub const AMOUNT_SCALE: Key = always(
    "amountScale",
    "a whole number from 0 to 28: how many decimal places the document's amounts have, 0 for base units",
);
/// The nodes.
pub const NODES: Key = always("dagNodes", "a list of 1 to 65535 nodes");
/// What waits for what.
pub const EDGES: Key = always("dagEdges", "a list of edges, empty if no node waits");
/// What the gate asks.
pub const PREDICATES: Key = always(
    "gatePredicates",
    "a list of predicates, empty if there are none",
);

/// `@type` of a node.
pub const TASK_TYPE: Key = always("@type", "\"dag:TaskNode\"");
/// A node's name within the document.
pub const NODE_ID: Key = always(
    "nodeId",
    "1 to 66 letters, digits, dots, colons, dashes or underscores",
);
/// What people call the task.
pub const LABEL: Key = sometimes(
    "label",
    "text of 1 to 256 bytes without control characters, or `labelHash`",
);
/// Its hash.
pub const LABEL_HASH: Key = sometimes("labelHash", WORD);
/// JSON Schema of the input.
pub const INPUT_SCHEMA: Key = sometimes(
    "inputSchema",
    "a JSON Schema of at most 65536 bytes, or `inputSchemaHash`",
);
/// Its hash.
pub const INPUT_SCHEMA_HASH: Key = sometimes("inputSchemaHash", WORD);
/// JSON Schema of the output.
pub const OUTPUT_SCHEMA: Key = sometimes(
    "outputSchema",
    "a JSON Schema of at most 65536 bytes, or `outputSchemaHash`",
);
/// Its hash.
pub const OUTPUT_SCHEMA_HASH: Key = sometimes("outputSchemaHash", WORD);
/// By what people judge the output.
pub const RUBRIC: Key = sometimes("rubric", "text of 1 to 65536 bytes, or `rubricHash`");
/// Its hash.
pub const RUBRIC_HASH: Key = sometimes("rubricHash", WORD);
/// The program that judges a proof.
pub const VERIFIER: Key = sometimes(
    "verifier",
    "the address of the program that judges a proof: 0x and 40 hexadecimal digits",
);
/// The hash of that program's code.
pub const VERIFIER_CODEHASH: Key = sometimes(
    "verifierCodehash",
    "the hash of the verifier's code: 0x and 64 hexadecimal digits",
);
/// The reference commitment, or what the verifier compares with.
pub const EXPECTED: Key = sometimes(
    "expected",
    "the reference commitment, or what the verifier compares with: 0x and 64 hexadecimal digits",
);
/// The hash of all terms, where nothing else is known of them.
pub const TERMS_HASH: Key = sometimes("termsHash", WORD);
/// How the result is verified.
pub const TIER: Key = always(
    "popTier",
    "0 (taken over), 1 (proof), 2 (consensus) or 3 (review)",
);
/// How much harm it can do.
pub const RISK: Key = sometimes("riskTier", "\"LOW\", \"MEDIUM\" or \"HIGH\"");
/// Seats.
pub const REDUNDANCY: Key = sometimes("redundancyFactor", "a whole number of seats from 0 to 15");
/// Seats that must agree.
pub const THRESHOLD: Key = sometimes("consensusThreshold", "a whole number of seats from 0 to 15");
/// How results are compared.
pub const COMPARISON: Key = sometimes(
    "comparison",
    "\"EXACT\", \"NUMERIC\", \"SKETCH\" or \"SET\"",
);
/// Time to execute, or to review.
pub const TIMEOUT: Key = sometimes(
    "timeoutMs",
    "a whole number of milliseconds from 0 to 4294967295",
);
/// What all seats together may cost.
pub const BUDGET: Key = sometimes(
    "budget",
    "an amount below 2^96 base units, as decimal text or a whole number",
);
/// LLM tokens.
pub const TOKENS: Key = sometimes(
    "tokenBudget",
    "a whole number of LLM tokens from 0 to 16777215",
);

/// The node that is waited for.
pub const FROM: Key = always("from", "the `nodeId` of a node");
/// The node that waits.
pub const TO: Key = always("to", "the `nodeId` of a node");

/// Whether people answer.
pub const HUMAN: Key = always("isHumanAssisted", "true or false");
/// Whether the output cannot leave against it.
pub const HARD: Key = always("isHard", "true or false");
/// The contract that is asked.
pub const TARGET: Key = sometimes("contractAddr", ADDRESS);
/// The hash of that contract's code.
pub const CODEHASH: Key = sometimes("codehash", WORD);

const STATE: &str = "nothing: it is state outside the statute (R1)";
const PARAMETER: &str = "nothing: parameters are the epoch's, not the statute's (R15)";
const ASSIGNED: &str =
    "nothing: who executes for what is bound by the assignments hash, not by the statute (R1)";
const UNPACKED: &str = "nothing: a page has no place for it";

/// The document.
pub const DOCUMENT: Object = Object {
    name: "document",
    keys: &[
        CONTEXT,
        MISSION_TYPE,
        AMOUNT_SCALE,
        NODES,
        EDGES,
        PREDICATES,
    ],
    outside: &[
        ("missionId", STATE),
        ("epoch", STATE),
        ("legislativeSessionId", STATE),
        ("createdAt", STATE),
        ("approvedBy", STATE),
        ("constitutionalParams", PARAMETER),
        ("serviceContracts", ASSIGNED),
        ("stakeSchedule", ASSIGNED),
    ],
};

/// The terms of a node: what only their hash stands in a page of.
pub const TERMS: [Key; 11] = [
    LABEL,
    LABEL_HASH,
    INPUT_SCHEMA,
    INPUT_SCHEMA_HASH,
    OUTPUT_SCHEMA,
    OUTPUT_SCHEMA_HASH,
    RUBRIC,
    RUBRIC_HASH,
    VERIFIER,
    VERIFIER_CODEHASH,
    EXPECTED,
];

/// The work of a node: what one that is taken over has nothing of.
pub const WORK: [Key; 7] = [
    RISK, REDUNDANCY, THRESHOLD, COMPARISON, TIMEOUT, BUDGET, TOKENS,
];

/// A node.
pub const NODE: Object = Object {
    name: "node",
    keys: &[
        TASK_TYPE,
        NODE_ID,
        LABEL,
        LABEL_HASH,
        INPUT_SCHEMA,
        INPUT_SCHEMA_HASH,
        OUTPUT_SCHEMA,
        OUTPUT_SCHEMA_HASH,
        RUBRIC,
        RUBRIC_HASH,
        VERIFIER,
        VERIFIER_CODEHASH,
        EXPECTED,
        TERMS_HASH,
        TIER,
        RISK,
        REDUNDANCY,
        THRESHOLD,
        COMPARISON,
        TIMEOUT,
        BUDGET,
        TOKENS,
    ],
    outside: &[("serviceId", ASSIGNED), ("producerAgentDid", ASSIGNED)],
};

/// An edge.
pub const EDGE: Object = Object {
    name: "edge",
    keys: &[FROM, TO],
    outside: &[("dataFlowSchema", UNPACKED)],
};

/// A predicate.
pub const PREDICATE: Object = Object {
    name: "predicate",
    keys: &[HUMAN, HARD, TARGET, CODEHASH],
    outside: &[
        ("predicateId", UNPACKED),
        ("description", UNPACKED),
        (
            "checkFunctionSelector",
            "nothing: every predicate has the function of `IPredicate`",
        ),
    ],
};

/// All objects of a document.
pub const OBJECTS: [Object; 4] = [DOCUMENT, NODE, EDGE, PREDICATE];
