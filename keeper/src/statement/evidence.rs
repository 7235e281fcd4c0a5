//! The evidence that opens a debate (seed §3.4): what the regulator found out about every proposal, as a document that anybody can
//! compute again.

use agentcity_abi::document::{ContentAddress, Document};
use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

/// A proposal as the assembly knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// Its number.
    pub proposal: B256,
    /// The hash of its statute.
    pub statute_hash: B256,
    /// Where its document is said to be found.
    pub content_address: B256,
    /// Whose norms would bind it.
    pub domain: B256,
}

/// What is found out about one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    proposal: B256,
    statute_hash: B256,
    content_address: String,
    domain: B256,
    document: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Totals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objection: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Totals {
    nodes: u16,
    // A number of JSON holds 53 bits.
    budget: String,
    tokens: u32,
    predicates: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evidence {
    #[serde(rename = "type")]
    kind: &'static str,
    session: B256,
    proposals: Vec<Finding>,
}

/// The evidence, as the text that is kept, and its two hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The document.
    pub text: String,
    /// keccak256 of it.
    pub hash: B256,
    /// Where it is found.
    pub address: ContentAddress,
}

/// What the regulator says about the proposals of a session. `known` finds a document by its statute's hash; `judge` says what the
/// constitution has against it.
pub fn evidence<'d>(
    session: B256,
    proposals: &[Proposed],
    known: impl Fn(B256) -> Option<&'d Document>,
    judge: impl Fn(&Document) -> Result<(), String>,
) -> Text {
    let findings = proposals.iter().map(|proposed| {
        let document = known(proposed.statute_hash);
        Finding {
            proposal: proposed.proposal,
            statute_hash: proposed.statute_hash,
            content_address: ContentAddress::of_word(proposed.content_address).to_string(),
            domain: proposed.domain,
            document: match document {
                None => "unknown",
                Some(found) if found.content_address().word() == proposed.content_address => {
                    "found"
                }
                Some(_) => "found elsewhere",
            },
            totals: document.map(|document| {
                let totals = document.totals();
                Totals {
                    nodes: totals.nodes,
                    budget: totals.budget.to_string(),
                    tokens: totals.tokens,
                    predicates: document.predicates().count(),
                }
            }),
            objection: document.and_then(|document| judge(document).err()),
        }
    });
    let evidence = Evidence {
        kind: "agentcity/evidence/1",
        session,
        proposals: findings.collect(),
    };
    let text = serde_json::to_string(&evidence).expect("words and numbers are JSON");
    Text {
        hash: keccak256(&text),
        address: ContentAddress::of(&text),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said_to_be_unknown_and_the_text_is_the_same_again() {
        let proposed = Proposed {
            proposal: B256::repeat_byte(1),
            statute_hash: B256::repeat_byte(2),
            content_address: B256::repeat_byte(3),
            domain: B256::repeat_byte(4),
        };
        let say = || evidence(B256::ZERO, &[proposed], |_| None, |_| Ok(()));
        let said = say();
        assert!(
            said.text.contains("\"document\":\"unknown\""),
            "{}",
            said.text
        );
        assert_eq!(said, say());
        assert_eq!(said.hash, keccak256(&said.text));
        assert_ne!(
            said.hash,
            evidence(B256::repeat_byte(9), &[proposed], |_| None, |_| Ok(())).hash
        );
    }
}
