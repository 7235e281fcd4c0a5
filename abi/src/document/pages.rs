//! Pages as a document's body: which bytes can be law, and where in them a broken rule is. All rules are the domain's.

use std::fmt;

use agentcity_domain::{
    parameter::{ParameterId, derived::TimeoutBounds},
    statute::{
        Broken, Degrees, Limits, Node, Page, Progress, Rule,
        deployment::Imports,
        page::{EDGE, NODE},
    },
};
use alloy_primitives::B256;

/// Why bytes are no statute, under no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The page, from zero.
    pub page: usize,
    /// The byte of the page.
    pub offset: usize,
    /// The rule that is broken there; docs/statute.md numbers them.
    pub rule: Rule,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, offset, rule } = self;
        let number = *rule as u8;
        write!(
            f,
            "page {page}, byte {offset}: breaks rule {number} ({rule:?})"
        )
    }
}

impl std::error::Error for Unreadable {}

/// What a byte of a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// The page as a whole.
    Page,
    /// A node of the page.
    Node(usize),
    /// An edge of the page.
    Edge(usize),
    /// A predicate.
    Predicate,
}

/// What a broken rule is about.
pub(super) fn spot(page: &Page<'_>, broken: Broken) -> Spot {
    let (nodes, edges) = (Page::offset_of(0), Page::offset_of(page.nodes()));
    let at = broken.offset;
    if at < nodes {
        Spot::Page
    } else if at < edges {
        Spot::Node((at - nodes) / NODE)
    } else if at < page.offset_of_predicate(0) {
        Spot::Edge((at - edges) / EDGE)
    } else {
        Spot::Predicate
    }
}

/// The limits of a law under these parameters.
pub fn limits(nodes: u16, value: impl Fn(ParameterId) -> u32, imports: Imports) -> Limits {
    Limits {
        nodes,
        timeouts: TimeoutBounds::of(&value),
        tokens: value(ParameterId::MissionBudgetCap),
        imports,
    }
}

/// The limits that no parameters can widen.
pub(super) fn widest(nodes: u16) -> Limits {
    let value = |id: ParameterId| {
        let row = id.row();
        if id == ParameterId::MinHumanReviewTimeoutMs {
            row.min
        } else {
            row.max
        }
    };
    limits(nodes, value, Imports::Allowed)
}

/// How many nodes these pages say they have; none if they are more than there can be.
pub(super) fn count(pages: &[Vec<u8>]) -> Option<u16> {
    let each = pages.iter().filter_map(|page| Page::read(page));
    let sum: usize = each.map(|page| usize::from(page.nodes())).sum();
    u16::try_from(sum).ok()
}

/// Takes pages one after the other, all of a law.
///
/// Errors: the first rule that is broken.
pub(super) fn walk(pages: &[Vec<u8>], limits: &Limits) -> Result<Progress, Unreadable> {
    let (mut progress, mut degrees) = (Progress::default(), Degrees::of(limits.nodes));
    for (page, bytes) in pages.iter().enumerate() {
        let taken = progress.take_page(bytes, limits, &mut degrees);
        taken.map_err(|Broken { offset, rule }| Unreadable { page, offset, rule })?;
    }
    let ended = progress.end_pages(limits, B256::ZERO);
    ended.map_err(|Broken { offset, rule }| Unreadable {
        page: pages.len().saturating_sub(1),
        offset,
        rule,
    })?;
    Ok(progress)
}

/// The nodes of pages with their successors, in their order.
pub(super) fn nodes(pages: &[Vec<u8>]) -> impl Iterator<Item = (Node, Vec<u16>)> {
    let pages = pages.iter().filter_map(|bytes| Page::read(bytes));
    pages.flat_map(|page| {
        let each = page.each();
        each.map(move |node| (node, page.successors(&node).collect()))
    })
}
