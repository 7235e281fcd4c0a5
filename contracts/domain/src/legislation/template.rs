//! What a codified statute is held to besides the form of pages ([`crate::statute`]): the template that codification names, the
//! constitution's bounds by risk, and what the session allows.
//!
//! Source: RULINGS K5; RESOLUTIONS L-11, V-03, A-07, C-23; seed §3.4.5.

// structural file: offsets and widths of the layout that the record names.

use crate::{
    mission::word::packed,
    statute::{Node, Page, Progress},
};

packed! {
    /// A version of a template. All zero means that there is none.
    Template {
        /// Most nodes.
        nodes_max, set_nodes_max: 0, 2, u16;
        /// Tiers that it allows, a bit each.
        tiers, set_tiers: 2, 1, u8;
        /// The greatest risk that it allows.
        risk_max, set_risk_max: 3, 1, u8;
        /// The least number of predicates at the gate.
        predicates_min, set_predicates_min: 4, 1, u8;
    }
}

/// Why a statute is not codified. The numbers follow those of [`crate::statute::Rule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rule {
    /// The template does not allow the node's tier.
    Tier = 12,
    /// The template does not allow the node's risk.
    Risk,
    /// The node's risk asks for more executors.
    Redundancy,
    /// The node's budget asks for a greater risk.
    RiskOfBudget,
    /// The template asks for more predicates.
    Predicates,
    /// All nodes together cost more than the speaker's message says.
    Budget,
    /// All nodes together use more LLM tokens than the speaker's message says.
    Tokens,
    /// The template allows fewer nodes.
    Nodes,
}

/// What the constitution and the session bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Executors of a Tier 2 node, by risk.
    pub redundancy: [u32; 3],
    /// From which budget on a node is of medium, and of high risk; in base units.
    pub risky: [u128; 2],
    /// What all nodes may cost, in base units.
    pub budget: u128,
    /// LLM tokens that all nodes may use.
    pub tokens: u32,
}

impl Template {
    /// Whether no statute could hold to it: it allows no node, or no tier that there is.
    pub fn allows_nothing(&self) -> bool {
        const TIERS: u8 = 0b1110;
        self.nodes_max() == 0 || self.tiers() & TIERS == 0
    }

    /// Whether it allows a statute of so many nodes.
    ///
    /// Errors: `Nodes`.
    pub fn admits(&self, nodes: u16) -> Result<(), Rule> {
        if nodes > self.nodes_max() {
            return Err(Rule::Nodes);
        }
        Ok(())
    }

    /// Whether it allows a page of a statute, which is of the right form already: the first node that breaks a rule, counted from
    /// the page's first.
    #[inline(never)]
    pub fn judge(
        &self,
        page: &Page<'_>,
        is_first: bool,
        bounds: &Bounds,
    ) -> Result<(), (u16, Rule)> {
        if is_first && page.predicates() < self.predicates_min() {
            return Err((0, Rule::Predicates));
        }
        for (node, index) in page.each().zip(0..) {
            self.judge_node(&node, bounds)
                .map_err(|rule| (index, rule))?;
        }
        Ok(())
    }

    /// Whether it allows a node. One that a successor takes over is done: nothing of it is left to bound.
    fn judge_node(&self, node: &Node, bounds: &Bounds) -> Result<(), Rule> {
        if node.is_imported() {
            return Ok(());
        }
        if u32::from(self.tiers())
            .checked_shr(node.tier.into())
            .unwrap_or_default()
            & 1
            == 0
        {
            return Err(Rule::Tier);
        }
        if node.risk > self.risk_max() {
            return Err(Rule::Risk);
        }
        if node.risk < bounds.least_risk(node.budget) {
            return Err(Rule::RiskOfBudget);
        }
        let executors = bounds.redundancy.get(usize::from(node.risk)).copied();
        if node.tier == 2 && u32::from(node.redundancy) < executors.unwrap_or(u32::MAX) {
            return Err(Rule::Redundancy);
        }
        Ok(())
    }
}

impl Bounds {
    /// The least risk of a node with this budget (L-11).
    pub fn least_risk(&self, budget: u128) -> u8 {
        let [medium, high] = self.risky;
        if budget >= high {
            2
        } else {
            (budget >= medium).into()
        }
    }

    /// Whether the nodes so far are within what the speaker's message says.
    ///
    /// Errors: `Budget`, `Tokens`.
    pub fn within(&self, progress: &Progress) -> Result<(), Rule> {
        if progress.budget > self.budget {
            return Err(Rule::Budget);
        }
        if progress.tokens > self.tokens {
            return Err(Rule::Tokens);
        }
        Ok(())
    }
}
