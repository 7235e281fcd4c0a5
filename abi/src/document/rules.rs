//! From what the domain refuses to words: which key breaks the rule, what is there, what may be. Nothing is judged here.

use agentcity_domain::{
    parameter::ParameterId,
    statute::{EDGES_MAX, Limits, Mode, Node, Rule, deployment::Imports},
};
use alloy_primitives::B256;

use super::keys::{self, Key};

/// What is wrong with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) key: Key,
    pub(super) found: String,
    pub(super) wanted: String,
}

/// More rules than a node can break.
const ROUNDS: usize = 8;

/// Everything for which the domain refuses a node: after each refusal the part that it was about is made lawful, and the node is
/// asked again.
pub(super) fn complaints(node: &Node, limits: &Limits) -> Vec<Complaint> {
    let (mut node, mut complaints) = (*node, Vec::new());
    for _ in 0..ROUNDS {
        let Err(rule) = node.judge(limits) else {
            break;
        };
        complaints.push(complaint(&node, rule, limits));
        make_lawful(&mut node, rule, limits);
    }
    complaints
}

fn complaint(node: &Node, rule: Rule, limits: &Limits) -> Complaint {
    let (key, found, wanted) = match rule {
        Rule::Form => (
            keys::TERMS_HASH,
            node.digest.to_string(),
            "the hash of the node's terms, which is not zero".to_owned(),
        ),
        Rule::Tier => (keys::TIER, shape(node), wanted_shape(node, limits)),
        Rule::Timeout => {
            let bounds = limits.timeouts;
            let (least, most) = if node.tier == 3 {
                (bounds.review_min_ms, bounds.review_max_ms)
            } else {
                (bounds.execution_min_ms, bounds.execution_max_ms)
            };
            (
                keys::TIMEOUT,
                node.timeout_ms.to_string(),
                format!("{least} to {most} milliseconds"),
            )
        }
        Rule::Budget => (
            keys::BUDGET,
            format!(
                "{} base units for {} seats in all",
                node.budget, node.redundancy
            ),
            "a base unit or more for each seat".to_owned(),
        ),
        Rule::Tokens => (
            keys::TOKENS,
            node.tokens.to_string(),
            format!("at most {}, what a mission may use", limits.tokens),
        ),
        Rule::Edges => (
            keys::NODE_ID,
            format!("{} edges out of the node", node.outs),
            format!("at most {EDGES_MAX}"),
        ),
        // A node alone breaks none of these.
        Rule::Count | Rule::Predicates | Rule::Seats | Rule::Price | Rule::Roster => (
            keys::NODE_ID,
            "a node".to_owned(),
            format!("one that keeps rule {}", rule as u8),
        ),
    };
    Complaint { key, found, wanted }
}

/// How the parts of a node stand to each other.
fn shape(node: &Node) -> String {
    let named = |names: &[&str], number: u8| {
        let name = names.get(usize::from(number)).copied();
        name.map_or_else(|| number.to_string(), str::to_owned)
    };
    if node.is_imported() {
        return "0".to_owned();
    }
    format!(
        "tier {} of risk {}, {} of {} seats to agree, compared {}",
        node.tier,
        named(&keys::RISKS, node.risk),
        node.threshold,
        node.redundancy,
        named(&keys::COMPARISONS, node.mode),
    )
}

fn wanted_shape(node: &Node, limits: &Limits) -> String {
    let constant = |id: ParameterId| id.row().default;
    match node.tier {
        0 if limits.imports == Imports::None => {
            "1, 2 or 3: only a law that replaces a mission takes nodes over".to_owned()
        }
        2 => format!(
            "{} to {} seats, of which more than half and at most all agree",
            constant(ParameterId::RedundancyMin),
            constant(ParameterId::RedundancyMax),
        ),
        3 => "risk MEDIUM or HIGH, and one seat that decides alone, compared EXACT".to_owned(),
        _ => "one seat that decides alone, compared EXACT".to_owned(),
    }
}

/// Makes the part lawful that a rule is about.
fn make_lawful(node: &mut Node, rule: Rule, limits: &Limits) {
    match rule {
        Rule::Form => node.digest = B256::repeat_byte(1),
        Rule::Tier if node.is_imported() => *node = lawful(limits),
        Rule::Tier => {
            let review = node.tier == 3;
            (node.tier, node.risk) = if review { (3, 1) } else { (1, 0) };
            (node.redundancy, node.threshold) = (1, 1);
            node.mode = Mode::Exact as u8;
        }
        Rule::Timeout if node.tier == 3 => node.timeout_ms = limits.timeouts.review_max_ms,
        Rule::Timeout => node.timeout_ms = limits.timeouts.execution_max_ms,
        Rule::Budget => node.budget = node.redundancy.into(),
        Rule::Tokens => node.tokens = 0,
        Rule::Edges => node.outs = 0,
        Rule::Count | Rule::Predicates | Rule::Seats | Rule::Price | Rule::Roster => {}
    }
}

/// A node against which nothing can be said: it stands where only the others are judged.
pub(super) fn lawful(limits: &Limits) -> Node {
    Node {
        digest: B256::repeat_byte(1),
        tier: 1,
        redundancy: 1,
        threshold: 1,
        timeout_ms: limits.timeouts.execution_max_ms,
        budget: 1,
        ..Node::default()
    }
}
