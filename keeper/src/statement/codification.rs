//! MSG_TYPE_6: whether the codifier may sign. It asks the rules by which the enactment will validate, so what it signs is validated
//! (RULINGS K5).

use agentcity_abi::document::{Document, limits};
use agentcity_domain::{
    legislation::template::{Bounds, Template},
    parameter::ParameterId as P,
    statute::{Degrees, Page, Progress, deployment::Imports},
};
use alloy::primitives::B256;

/// What a session allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// What all nodes may cost, in base units.
    pub budget: u128,
    /// LLM tokens that all nodes may use.
    pub tokens: u32,
    /// How many base units a unit is.
    pub unit_scale: u128,
    /// Whether nodes may be taken over from an earlier mission.
    pub imports: Imports,
}

/// Why a statute cannot be codified: the first node that breaks a rule of docs/statute.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node {node} breaks rule {rule} of docs/statute.md")]
pub struct Broken {
    /// Which node.
    pub node: u16,
    /// Which rule.
    pub rule: u8,
}

/// Holds a statute to the constitution, to a template and to what its session allows.
///
/// Errors: [`Broken`].
pub fn judge(
    document: &Document,
    template: &Template,
    allowed: &Allowed,
    value: impl Fn(P) -> u32,
) -> Result<(), Broken> {
    let nodes = document.totals().nodes;
    let units = |id| allowed.unit_scale.saturating_mul(value(id).into());
    let bounds = Bounds {
        redundancy: [
            value(P::RedundancyLow),
            value(P::RedundancyMedium),
            value(P::RedundancyHigh),
        ],
        risky: [units(P::RiskMediumBudget), units(P::RiskHighBudget)],
        budget: allowed.budget,
        tokens: allowed.tokens,
    };
    let limits = limits(nodes, &value, allowed.imports);
    let whole = |rule: u8| Broken { node: 0, rule };
    template.admits(nodes).map_err(|rule| whole(rule as u8))?;
    let (mut progress, mut degrees) = (Progress::default(), Degrees::of(nodes));
    for bytes in document.pages() {
        let first = progress.nodes;
        let at = |node, rule| Broken { node, rule };
        progress
            .take_page(bytes, &limits, &mut degrees)
            .map_err(|broken| at(first, broken.rule as u8))?;
        let page = Page::read(bytes).unwrap_or_default();
        template
            .judge(&page, first == 0, &bounds)
            .map_err(|(node, rule)| at(first.saturating_add(node), rule as u8))?;
        bounds
            .within(&progress)
            .map_err(|rule| at(first, rule as u8))?;
    }
    let node = progress.nodes;
    progress
        .end_pages(&limits, B256::ZERO)
        .map_err(|broken| Broken {
            node,
            rule: broken.rule as u8,
        })
}
