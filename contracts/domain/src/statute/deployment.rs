//! How pages become law: in order, whole, within the bounds of the city; and what else must be true before they bind.
//!
//! ```text
//! (nothing) ──page──▶ nodes grow ──last page──▶ whole ──▶ ┐
//! (nothing) ──page──▶ seats grow ──last page──▶ whole ──▶ ┴─ every requirement met ──▶ law
//! ```
//!
//! Nothing here decides who may bring a page: anybody may, because a page that is not the approved one is refused before it is
//! written ([`super::fold`]). INV-STATUTE-02: what is law has edges that lead upwards only, each once, so it has no cycle, and
//! at least one node without a predecessor.

// structural file: offsets and widths of the layout that the module above draws.

use alloc::{vec, vec::Vec};

use alloy_primitives::B256;

use super::{
    Broken, EDGES_MAX, NODES_PER_PAGE, NODES_PER_SEAT_PAGE, PREDICATES_MAX, Page, Rule, Seat,
    broken, page::EDGE, seats,
};
use crate::parameter::derived::TimeoutBounds;

/// Nodes whose counts stand in one word.
const GROUP: usize = 32;
/// The greatest of the three degrees of risk.
const HIGH: u8 = 2;

/// Whether a law may hold nodes that its mission takes over from another, done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imports {
    /// It begins anew.
    None,
    /// It replaces a mission (RULINGS R18).
    Allowed,
}

/// What the pages of a statute are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes that the law names.
    pub nodes: u16,
    /// Bounds of timeouts, of the law's epoch.
    pub timeouts: TimeoutBounds,
    /// `missionBudgetCap`: LLM tokens of a mission.
    pub tokens: u32,
    /// Whether nodes may come done.
    pub imports: Imports,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Nodes so far.
    pub nodes: u16,
    /// Pages of seats so far.
    pub seat_pages: u16,
    /// The greatest risk of these nodes.
    pub risk: u8,
    /// LLM tokens of these nodes.
    pub tokens: u32,
    /// What these nodes may cost, in base units: less than 2¹¹², as 2¹⁶ nodes of less than 2⁹⁶.
    pub budget: u128,
}

/// How many edges lead into each node of a mission, out of the pages of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degrees {
    counts: Vec<u8>,
    nodes: u16,
}

/// What else a mission needs before it is law. The number is that of docs/statute.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Requirement {
    /// All nodes of the law.
    Nodes = 1,
    /// `adjudicatorQuorum` active adjudicators.
    Quorum,
    /// `minFairnessScore`, unless the panel waived it.
    Fairness,
    /// An audit of the codification, if a node is of high risk.
    Audit,
    /// That the watchdog does not freeze the city.
    Watchdog,
    /// LLM tokens of all nodes within `missionBudgetCap`.
    Tokens,
    /// The seats of all nodes.
    Seats,
    /// A budget within the law's.
    Budget,
    /// That no norm of the law's domain is struck.
    Norm,
    /// That a predicate's program lives for `programLifeMinSecs`.
    Life,
}

/// A requirement that is not met: `need` of what it names, against `have`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Which.
    pub requirement: Requirement,
    /// What is needed, in the requirement's own unit.
    pub need: u128,
    /// What there is.
    pub have: u128,
}

/// What a law says of itself, as far as finalising asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Law {
    /// Nodes.
    pub nodes: u16,
    /// What they may cost, in base units.
    pub budget: u128,
    /// Its fairness, 0 to 1000.
    pub fairness: u16,
    /// Whether the panel accepts it whatever its fairness.
    pub waived: bool,
    /// Whether its codification was audited.
    pub audited: bool,
}

/// How the city stands when a mission is to become law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `adjudicatorQuorum`, as it is now.
    pub quorum: u32,
    /// Adjudicators who are active.
    pub active: u32,
    /// `minFairnessScore`, of the law's epoch.
    pub least_fairness: u32,
    /// Until when the watchdog freezes the city, in unix seconds; zero if it does not.
    pub frozen_until: u64,
    /// Whether a norm of the law's domain is struck.
    pub struck: bool,
}

impl Degrees {
    /// None yet, of a mission with `nodes` nodes.
    pub fn of(nodes: u16) -> Self {
        let groups = usize::from(nodes).div_ceil(GROUP);
        Self {
            counts: vec![0; groups.saturating_mul(GROUP)],
            nodes,
        }
    }

    /// One more edge into `node`; refused beyond the last node, and beyond [`EDGES_MAX`] edges.
    fn lead_into(&mut self, node: u16) -> Option<()> {
        let count = self.counts.get_mut(usize::from(node))?;
        if node >= self.nodes || *count >= EDGES_MAX {
            return None;
        }
        *count = count.saturating_add(1);
        Some(())
    }

    /// Edges into `node`; none into one beyond the last.
    pub fn into_node(&self, node: u16) -> u8 {
        let count = self.counts.get(usize::from(node)).copied();
        count.unwrap_or_default()
    }

    /// Groups of 32 nodes into which edges lead, ascending: their number, and a byte for each node.
    pub fn groups(&self) -> impl Iterator<Item = (u16, B256)> {
        let words = self.counts.as_chunks::<GROUP>().0.iter().copied();
        (0..)
            .zip(words.map(B256::new))
            .filter(|(_, counts)| *counts != B256::ZERO)
    }
}

impl Progress {
    /// That of a law: all of its nodes, with all of their seats.
    pub const fn whole(nodes: u16) -> Self {
        Self {
            nodes,
            seat_pages: nodes.div_ceil(NODES_PER_SEAT_PAGE),
            risk: 0,
            tokens: 0,
            budget: 0,
        }
    }

    /// Pages of the statute so far: all but the last are full.
    pub const fn pages(&self) -> u16 {
        self.nodes.div_ceil(NODES_PER_PAGE)
    }

    /// Whether some node is of high risk.
    pub const fn is_risky(&self) -> bool {
        self.risk >= HIGH
    }

    /// Takes the next page of a statute. `degrees` counts the edges of all pages of the call.
    ///
    /// Errors: the rule that the page breaks, and where.
    /// Source: RULINGS R1, R2; RESOLUTIONS C-04, A-07, A-14.
    #[inline(never)]
    pub fn take_page(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        degrees: &mut Degrees,
    ) -> Result<(), Broken> {
        let Some(page) = Page::read(bytes) else {
            return broken(0, Rule::Form);
        };
        let left = limits.nodes.saturating_sub(self.nodes);
        if left == 0 || page.nodes() != left.min(NODES_PER_PAGE) {
            return broken(0, Rule::Count);
        }
        self.judge_predicates(&page)?;
        let mut edges = 0u16;
        for (law, place) in page.each().zip(0..) {
            let offset = Page::offset_of(place);
            if let Err(rule) = law.judge(limits) {
                return broken(offset, rule);
            }
            edges = edges.saturating_add(law.outs.into());
            if edges > page.edges() {
                return broken(offset, Rule::Edges);
            }
            let (mut last, first) = (self.nodes, usize::from(law.first_edge));
            for (to, edge) in page.successors(&law).zip(first..) {
                if to <= last || degrees.lead_into(to).is_none() {
                    let at = edge.saturating_mul(EDGE);
                    let edges_at = Page::offset_of(page.nodes());
                    return broken(edges_at.saturating_add(at), Rule::Edges);
                }
                last = to;
            }
            self.nodes = self.nodes.saturating_add(1);
            self.risk = self.risk.max(law.risk);
            self.tokens = self.tokens.saturating_add(law.tokens);
            self.budget = self.budget.saturating_add(law.budget);
        }
        if edges != page.edges() {
            return broken(0, Rule::Edges);
        }
        Ok(())
    }

    /// Refuses predicates beyond the first page, more than there may be, and those that ask nobody.
    fn judge_predicates(&self, page: &Page<'_>) -> Result<(), Broken> {
        let count = page.predicates();
        if count > PREDICATES_MAX || count > 0 && self.nodes > 0 {
            return broken(page.offset_of_predicate(0), Rule::Predicates);
        }
        for index in 0..count {
            if page.predicate(index).is_none() {
                return broken(page.offset_of_predicate(index), Rule::Predicates);
            }
        }
        Ok(())
    }

    /// Ends a call that brought pages of the statute, with the hash of what is still to come: it is zero with the last node, and
    /// with no node before.
    ///
    /// Errors: `Count`.
    pub fn end_pages(&self, limits: &Limits, rest: B256) -> Result<(), Broken> {
        if (self.nodes == limits.nodes) != (rest == B256::ZERO) {
            return broken(0, Rule::Count);
        }
        Ok(())
    }

    /// Whether the mission has LLM tokens for the nodes so far.
    ///
    /// Errors: `Tokens`.
    pub fn within_tokens(&self, limits: &Limits) -> Result<(), Unmet> {
        if self.tokens > limits.tokens {
            let (need, have) = (self.tokens.into(), limits.tokens.into());
            return unmet(Requirement::Tokens, need, have);
        }
        Ok(())
    }

    /// Takes the next page of seats, whose nodes stand in `held`, the statute's page that is deployed already: the seats.
    ///
    /// Errors: the rule that the page breaks, and where; `Count` for seats of nodes that are not deployed.
    #[inline(never)]
    pub fn take_seats(&mut self, bytes: &[u8], held: &Page<'_>) -> Result<Vec<Seat>, Broken> {
        let first = seats::first_node(self.seat_pages);
        if first >= self.nodes {
            return broken(0, Rule::Count);
        }
        let nodes = held.each().skip((first % NODES_PER_PAGE).into());
        let nodes = nodes.take(NODES_PER_SEAT_PAGE.into());
        let found = seats::judge(bytes, first, nodes)?;
        self.seat_pages = self.seat_pages.saturating_add(1);
        Ok(found)
    }

    /// The statute's page in which the nodes of the next page of seats stand.
    pub const fn page_of_next_seats(&self) -> u16 {
        seats::first_node(self.seat_pages) / NODES_PER_PAGE
    }

    /// Ends a call that brought pages of seats: what is still to come is nothing with the last of `nodes` nodes, and with none
    /// before.
    pub fn end_seats(&self, nodes: u16, rest: B256) -> Result<(), Broken> {
        let whole = self.seat_pages == nodes.div_ceil(NODES_PER_SEAT_PAGE);
        if whole != (rest == B256::ZERO) {
            return broken(0, Rule::Count);
        }
        Ok(())
    }

    /// Whether everything is there that makes the mission law, but for what others say: escrow, approvals, predicates.
    ///
    /// Errors: the first requirement that is not met.
    /// Source: RESOLUTIONS A-07, C-23, D-01, L-06; RULINGS K4, R9; ADR 0005.2.
    #[inline(never)]
    pub fn finalise(&self, law: &Law, city: &Standing) -> Result<(), Unmet> {
        let seat_pages = law.nodes.div_ceil(NODES_PER_SEAT_PAGE);
        let fairness = if law.waived { 0 } else { city.least_fairness };
        let risky = self.is_risky();
        for (requirement, need, have) in [
            (Requirement::Nodes, law.nodes.into(), self.nodes.into()),
            (
                Requirement::Seats,
                seat_pages.into(),
                self.seat_pages.into(),
            ),
            (Requirement::Budget, self.budget, law.budget),
            (Requirement::Quorum, city.quorum.into(), city.active.into()),
            (Requirement::Fairness, fairness.into(), law.fairness.into()),
            (Requirement::Audit, risky.into(), law.audited.into()),
            (Requirement::Watchdog, city.frozen_until.into(), 0),
            (Requirement::Norm, city.struck.into(), 0),
        ] {
            if have < need {
                return unmet(requirement, need, have);
            }
        }
        Ok(())
    }
}

/// Whether a predicate's program lives long enough.
///
/// Units: seconds.
/// Errors: `Life`.
/// Source: RULINGS A8.
pub const fn outlives(left: u64, least: u64) -> Result<(), Unmet> {
    if left < least {
        return unmet(Requirement::Life, least as u128, left as u128);
    }
    Ok(())
}

const fn unmet<T>(requirement: Requirement, need: u128, have: u128) -> Result<T, Unmet> {
    Err(Unmet {
        requirement,
        need,
        have,
    })
}
