//! Three laws for one mission, as three agents would have it. All three fetch the pages and report; they differ in how topics are told,
//! which is what the city votes about. Budgets are what the treasury would pay at most.

use agentcity_abi::document::{
    Document,
    keys::{CONTEXT_IRI, MISSION, TASK},
};
use alloy::primitives::{Address, B256, keccak256};
use serde_json::{Value, json};

use super::{
    TownError,
    input::Sources,
    services::{LATENCY_MS, Services},
};

/// Decimal places of amounts: they are in coins.
const SCALE: u32 = 18;
/// The header of the table that a fetch hands in, which the verifier of tables holds it to.
const HEADER: &str = "url,contentHash,language,title,text";
/// How long people may review, in milliseconds: the least that the defaults allow.
const REVIEW_MS: u32 = 300_000;

/// A law that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    /// What it is called here.
    pub name: &'static str,
    /// The domain whose norms bind it.
    pub domain: &'static str,
    /// How many tell topics, and how many of them must agree; one is reviewed.
    readers: (u8, u8),
    /// What telling topics may cost, and the report, in coins.
    budgets: (&'static str, &'static str),
}

impl Bill {
    /// All, in the order in which they are proposed. The first is the mission of docs/pages.md.
    pub const ALL: [Self; 3] = [
        Self {
            name: "topics in triplicate",
            domain: "research",
            readers: (3, 2),
            budgets: ("0.009", "0.004"),
        },
        Self {
            name: "topics by five",
            domain: "assurance",
            readers: (5, 3),
            budgets: ("0.0095", "0.004"),
        },
        Self {
            name: "topics by one",
            domain: "thrift",
            readers: (1, 1),
            budgets: ("0.003", "0.003"),
        },
    ];

    /// The domain as the chain has it.
    pub fn domain_hash(&self) -> B256 {
        keccak256(self.domain)
    }

    /// Its document.
    ///
    /// Errors: [`TownError`].
    pub fn document(
        &self,
        title: &str,
        sources: &Sources,
        services: &Services,
        verifier: (Address, B256),
    ) -> Result<Document, TownError> {
        let topics = schema(services, "classify-a")?;
        let report = schema(services, "report")?;
        let fetch = json!({
            "@type": TASK, "nodeId": "T1", "label": "FetchAndParse",
            // What it fetches stands in the rubric. A table is no JSON: its form is the verifier's matter, and the hash names it.
            "inputSchemaHash": keccak256("none"), "outputSchemaHash": keccak256(HEADER),
            "rubric": sources.rubric(title),
            "expected": keccak256(HEADER), "verifier": verifier.0, "verifierCodehash": verifier.1,
            "popTier": 1, "riskTier": "LOW", "timeoutMs": LATENCY_MS, "budget": "0.0025", "tokenBudget": 5_000,
        });
        let mut classify = json!({
            "@type": TASK, "nodeId": "T2", "label": "TopicClassify",
            "inputSchemaHash": keccak256(HEADER), "outputSchema": topics,
            "riskTier": "LOW", "budget": self.budgets.0, "tokenBudget": 8_000,
        });
        match self.readers {
            (1, _) => {
                classify["popTier"] = json!(3);
                classify["riskTier"] = json!("MEDIUM");
                classify["timeoutMs"] = json!(REVIEW_MS);
                classify["rubric"] =
                    json!("The topic of each page is what its text is mostly about.");
            }
            (redundancy, threshold) => {
                classify["popTier"] = json!(2);
                classify["timeoutMs"] = json!(LATENCY_MS);
                classify["redundancyFactor"] = json!(redundancy);
                classify["consensusThreshold"] = json!(threshold);
                classify["comparison"] = json!("EXACT");
            }
        }
        let aggregate = json!({
            "@type": TASK, "nodeId": "T3", "label": "AggregateReport",
            "inputSchemaHash": keccak256([HEADER, "topics"].concat()), "outputSchema": report,
            "rubric": "Every page of the input is counted under exactly one topic.\nWhere models differ, the report says so.",
            "popTier": 3, "riskTier": "MEDIUM", "timeoutMs": REVIEW_MS, "budget": self.budgets.1, "tokenBudget": 6_000,
        });
        let edge = |from: &str, to: &str| json!({"from": from, "to": to});
        let text = json!({
            "@context": CONTEXT_IRI, "@type": MISSION, "amountScale": SCALE,
            "dagNodes": [fetch, classify, aggregate],
            // The report compares topics with the pages that they are of.
            "dagEdges": [edge("T1", "T2"), edge("T2", "T3"), edge("T1", "T3")],
            "gatePredicates": [],
        });
        Document::parse(text.to_string()).map_err(|problems| TownError::Law(problems.to_string()))
    }
}

fn schema(services: &Services, name: &str) -> Result<Value, TownError> {
    let text = &services.named(name)?.output_schema;
    serde_json::from_str(text).map_err(|_| TownError::Answer {
        what: "a schema of agentcity-pages",
        answer: text.clone(),
    })
}

/// How one principal would have its agent rank: tables of a policy. Three tempers, in turns.
pub fn temper(voter: usize) -> String {
    let [triplicate, five, _] = Bill::ALL.map(|bill| bill.domain_hash());
    let (order, prefers) = match voter % 3 {
        // Three are enough, and if not, then at least cheap.
        0 => ("cheapest", format!("[\"{triplicate}\"]")),
        1 => ("cheapest", "[]".to_owned()),
        // Never by one alone.
        _ => ("smallest", format!("[\"{triplicate}\", \"{five}\"]")),
    };
    format!("[vote]\norder = \"{order}\"\nprefers_domains = {prefers}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::{input::Network, services::tests::services};

    #[test]
    fn every_bill_is_a_statute_of_three_tasks_and_another_one_in_each_run() {
        let sources = Sources::of(&[], Network::Public, "pages".into()).unwrap();
        let services = services(&sources);
        let verifier = (Address::repeat_byte(1), B256::repeat_byte(2));
        let mut budgets = Vec::new();
        for bill in Bill::ALL {
            let of = |title| bill.document(title, &sources, &services, verifier).unwrap();
            let document = of("mission 1");
            let tasks: Vec<_> = document.tasks().collect();
            assert_eq!(tasks.len(), 3);
            assert_eq!(tasks[0].successors, [1, 2]);
            assert_eq!(tasks[1].successors, [2]);
            assert_eq!(
                (tasks[1].node.redundancy, tasks[1].node.threshold),
                bill.readers
            );
            assert_ne!(document.statute_hash(), of("mission 2").statute_hash());
            budgets.push(document.totals().budget);
        }
        // By price alone the city would have topics told by one.
        assert!(
            budgets[2] < budgets[0] && budgets[0] < budgets[1],
            "{budgets:?}"
        );
    }

    #[test]
    fn neighbours_rank_by_different_tempers() {
        assert_ne!(temper(0), temper(1));
        assert_ne!(temper(1), temper(2));
        assert_eq!(temper(0), temper(3));
        assert!(temper(2).contains("smallest"));
    }
}
