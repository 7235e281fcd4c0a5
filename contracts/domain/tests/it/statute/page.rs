//! A page as bytes: what is laid out is read, what means nothing is refused, and a node is law up to each bound.

use agentcity_domain::{
    parameter::ParameterId,
    statute::{
        EDGES_MAX, Mode, NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Node, PREDICATES_MAX, Page, Rule,
        SEATS_MAX,
        deployment::Imports,
        page::{EDGE, NODE, PREDICATE},
        seats::{POOL, SEAT},
    },
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

use super::{TOKENS, alone, limits, node};

/// A node in the layout of the documentation, written by another hand than the encoder's.
fn laid_out(node: &Node) -> Vec<u8> {
    let mut bytes = node.digest.to_vec();
    bytes.push(node.tier * 16 + node.risk);
    bytes.push(node.redundancy * 16 + node.threshold);
    bytes.push(node.mode * 32 + node.outs);
    bytes.extend(node.timeout_ms.to_be_bytes());
    bytes.extend(&node.budget.to_be_bytes()[4..]);
    bytes.extend(&node.tokens.to_be_bytes()[1..]);
    bytes
}

fn page(nodes: &[Node], edges: &[u16], predicates: &[[u8; 53]]) -> Vec<u8> {
    let mut bytes = vec![nodes.len() as u8];
    bytes.extend((edges.len() as u16).to_be_bytes());
    bytes.push(predicates.len() as u8);
    bytes.extend(nodes.iter().flat_map(laid_out));
    bytes.extend(edges.iter().flat_map(|to| to.to_be_bytes()));
    bytes.extend(predicates.iter().flatten());
    bytes
}

fn arbitrary() -> impl Strategy<Value = Node> {
    let shape = (
        any::<[u8; 32]>(),
        0u8..16,
        0u8..16,
        0u8..16,
        0u8..16,
        0u8..8,
    );
    let rest = (any::<u32>(), 0u128..1 << 96, 0u8..32, 0u32..1 << 24);
    (shape, rest).prop_map(|(shape, rest)| Node {
        digest: B256::new(shape.0),
        tier: shape.1,
        risk: shape.2,
        redundancy: shape.3,
        threshold: shape.4,
        mode: shape.5,
        timeout_ms: rest.0,
        budget: rest.1,
        first_edge: 0,
        outs: rest.2,
        tokens: rest.3,
    })
}

proptest! {
    #[test]
    fn what_is_laid_out_is_read(nodes in prop::collection::vec(arbitrary(), 0..5), edges in prop::collection::vec(any::<u16>(), 0..9), predicates in 0usize..9) {
        let bytes = page(&nodes, &edges, &vec![[7; 53]; predicates]);
        let page = Page::read(&bytes).unwrap();
        prop_assert_eq!(usize::from(page.nodes()), nodes.len());
        prop_assert_eq!(usize::from(page.edges()), edges.len());
        prop_assert_eq!(usize::from(page.predicates()), predicates);
        let mut first_edge = 0;
        for (index, node) in nodes.iter().enumerate() {
            let expected = Node { first_edge, ..*node };
            prop_assert_eq!(page.node(index as u16), Some(expected));
            prop_assert_eq!(page.each().nth(index), Some(expected));
            let at = Page::offset_of(index as u16);
            prop_assert_eq!(&bytes[at..at + NODE], &laid_out(node)[..]);
            first_edge += u16::from(node.outs);
        }
        prop_assert_eq!(page.node(nodes.len() as u16), None);
        for (index, edge) in edges.iter().enumerate() {
            prop_assert_eq!(page.edge(index), Some(*edge));
        }
        prop_assert_eq!(page.edge(edges.len()), None);
    }

    #[test]
    fn a_page_has_the_length_that_its_header_says(cut in 0usize..169, more in 1usize..9) {
        let whole = page(&[node(), node()], &[3, 4], &[[0; 53]]);
        prop_assert_eq!(whole.len(), 169);
        prop_assert_eq!(Page::read(&whole[..cut]), None);
        let mut longer = whole.clone();
        longer.extend(vec![0; more]);
        prop_assert_eq!(Page::read(&longer), None);
        prop_assert!(Page::read(&whole).is_some());
    }
}

#[test]
fn successors_are_the_edges_behind_those_of_the_nodes_before() {
    let with = |outs| Node { outs, ..node() };
    let bytes = page(&[with(2), with(0), with(3)], &[5, 6, 7, 8, 9], &[]);
    let page = Page::read(&bytes).unwrap();
    let of = |index| {
        page.successors(&page.node(index).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(0), [5, 6]);
    assert_eq!(of(1), [0; 0]);
    assert_eq!(of(2), [7, 8, 9]);
}

#[test]
fn a_predicate_asks_people_or_a_contract_and_nothing_between() {
    let raw = |flags: u8, target: u8, code: u8| {
        let mut raw = [code; 53];
        raw[1..21].fill(target);
        raw[0] = flags;
        raw
    };
    let read = |raw: [u8; 53]| {
        let bytes = page(&[node()], &[], &[raw, raw]);
        let page = Page::read(&bytes).unwrap();
        assert_eq!(page.predicate(2), None);
        let at = page.offset_of_predicate(1);
        assert_eq!(bytes[at..], raw);
        page.predicate(1)
    };
    for (flags, hard) in [(0, false), (2, true)] {
        let found = read(raw(flags, 0xaa, 0xcc)).unwrap();
        assert_eq!((found.human, found.hard), (false, hard));
        assert_eq!(found.target, Address::repeat_byte(0xaa));
        assert_eq!(found.codehash, B256::repeat_byte(0xcc));
        let human = read(raw(flags + 1, 0, 0)).unwrap();
        assert_eq!((human.human, human.hard), (true, hard));
        // Nobody is asked, or two at once.
        for (flags, target, code) in [
            (flags, 0, 0),
            (flags, 0, 1),
            (flags, 1, 0),
            (flags + 1, 1, 0),
            (flags + 1, 0, 1),
            (flags + 1, 1, 1),
        ] {
            assert_eq!(
                read(raw(flags, target, code)),
                None,
                "{flags} {target} {code}"
            );
        }
    }
    assert_eq!(read(raw(4, 0xaa, 0xcc)), None, "a flag without a meaning");
}

#[test]
fn a_node_is_law_up_to_each_bound_and_not_beyond() {
    let limits = limits(1);
    assert_eq!(node().judge(&limits), Ok(()));
    let broken = |change: fn(&mut Node)| {
        let mut changed = node();
        change(&mut changed);
        changed.judge(&limits)
    };
    assert_eq!(broken(|n| n.digest = B256::ZERO), Err(Rule::Form));
    // Tier 2: two to seven seats, of which more than half agree.
    for (seats, agree, expected) in [
        (1, 1, Err(Rule::Tier)),
        (2, 1, Err(Rule::Tier)),
        (2, 2, Ok(())),
        (3, 2, Ok(())),
        (3, 3, Ok(())),
        (3, 4, Err(Rule::Tier)),
        (4, 2, Err(Rule::Tier)),
        (7, 3, Err(Rule::Tier)),
        (7, 4, Ok(())),
        (8, 5, Err(Rule::Tier)),
    ] {
        let changed = Node {
            redundancy: seats,
            threshold: agree,
            budget: 100,
            ..node()
        };
        assert_eq!(changed.judge(&limits), expected, "{agree} of {seats}");
    }
    assert_eq!(broken(|n| n.mode = Mode::Set as u8), Ok(()));
    assert_eq!(broken(|n| n.mode = Mode::Set as u8 + 1), Err(Rule::Tier));
    // Tiers 1 and 3: one seat, which decides alone.
    for tier in [1, 3] {
        assert_eq!(alone(tier).judge(&limits), Ok(()), "tier {tier}");
        for change in [
            |n: &mut Node| n.redundancy = 2,
            |n: &mut Node| n.redundancy = 0,
            |n: &mut Node| n.threshold = 0,
            |n: &mut Node| n.mode = 1,
        ] {
            let mut changed = alone(tier);
            change(&mut changed);
            assert_eq!(changed.judge(&limits), Err(Rule::Tier), "tier {tier}");
        }
    }
    let risk = |tier, risk| {
        Node {
            risk,
            ..alone(tier)
        }
        .judge(&limits)
    };
    assert_eq!(risk(1, 0), Ok(()));
    assert_eq!(
        risk(3, 0),
        Err(Rule::Tier),
        "L-11: human review is of medium risk at least"
    );
    assert_eq!(risk(3, 1), Ok(()));
    assert_eq!(risk(3, 2), Ok(()));
    assert_eq!(broken(|n| n.tier = 4), Err(Rule::Tier));
    assert_eq!(broken(|n| n.risk = 2), Ok(()));
    assert_eq!(broken(|n| n.risk = 3), Err(Rule::Tier));
    assert_eq!(broken(|n| n.timeout_ms = 60_001), Err(Rule::Timeout));
    assert_eq!(broken(|n| n.timeout_ms = 999), Err(Rule::Timeout));
    assert_eq!(broken(|n| n.timeout_ms = 1_000), Ok(()));
    assert_eq!(broken(|n| n.budget = 0), Err(Rule::Budget));
    assert_eq!(
        broken(|n| n.budget = 2),
        Err(Rule::Budget),
        "a seat without a share"
    );
    assert_eq!(broken(|n| n.budget = 3), Ok(()));
    assert_eq!(broken(|n| n.tokens = TOKENS), Ok(()));
    assert_eq!(broken(|n| n.tokens = TOKENS + 1), Err(Rule::Tokens));
    assert_eq!(broken(|n| n.outs = 16), Ok(()));
    assert_eq!(broken(|n| n.outs = 17), Err(Rule::Edges));
}

#[test]
fn what_a_successor_takes_over_is_nothing_but_its_terms_and_its_edges() {
    let imported = Node {
        digest: B256::repeat_byte(7),
        outs: 3,
        first_edge: 9,
        ..Node::default()
    };
    let mut allowing = limits(1);
    allowing.imports = Imports::Allowed;
    assert!(imported.is_imported() && !node().is_imported());
    assert_eq!(imported.judge(&allowing), Ok(()));
    assert_eq!(
        imported.judge(&limits(1)),
        Err(Rule::Tier),
        "only a successor takes over"
    );
    for change in [
        |n: &mut Node| n.risk = 1,
        |n: &mut Node| n.redundancy = 1,
        |n: &mut Node| n.threshold = 1,
        |n: &mut Node| n.mode = 1,
        |n: &mut Node| n.timeout_ms = 1,
        |n: &mut Node| n.budget = 1,
        |n: &mut Node| n.tokens = 1,
    ] {
        let mut changed = imported;
        change(&mut changed);
        assert_eq!(changed.judge(&allowing), Err(Rule::Tier), "{changed:?}");
    }
    // A successor's other nodes are held to the same rules as anybody's.
    assert_eq!(node().judge(&allowing), Ok(()));
    let free = Node {
        budget: 0,
        ..node()
    };
    assert_eq!(free.judge(&allowing), Err(Rule::Budget));
}

#[test]
fn human_review_has_bounds_of_its_own() {
    for (timeout_ms, expected) in [
        (299_999, Err(Rule::Timeout)),
        (300_000, Ok(())),
        (3_600_000, Ok(())),
        (3_600_001, Err(Rule::Timeout)),
    ] {
        let review = Node {
            timeout_ms,
            ..alone(3)
        };
        assert_eq!(review.judge(&limits(1)), expected, "{timeout_ms}");
    }
}

#[test]
fn a_share_is_the_budget_divided_among_the_seats_and_rounded_down() {
    for (budget, redundancy, share) in [(7, 3, 2), (9, 3, 3), (2, 3, 0), (5, 1, 5), (5, 0, 0)] {
        let node = Node {
            budget,
            redundancy,
            ..node()
        };
        assert_eq!(node.share(), share, "{budget} among {redundancy}");
    }
}

#[test]
fn the_layout_has_the_bounds_of_the_parameter_table() {
    let constant = |id: ParameterId| id.row().default;
    assert_eq!(constant(ParameterId::MaxNodeEdges), EDGES_MAX.into());
    assert_eq!(constant(ParameterId::MaxPredicates), PREDICATES_MAX.into());
    assert_eq!(constant(ParameterId::RedundancyMax), SEATS_MAX as u32);
    assert!(NODE <= constant(ParameterId::MaxNodeBytes) as usize);
    // No parameter can be set so high that a node could not say it.
    assert!(ParameterId::MissionBudgetCap.row().max < 1 << 24);
    // The fullest pages fit an account.
    let nodes = usize::from(NODES_PER_PAGE);
    let edges = nodes * usize::from(EDGES_MAX);
    let full = 4 + nodes * NODE + edges * EDGE + usize::from(PREDICATES_MAX) * PREDICATE;
    let most = constant(ParameterId::MaxPageBytes) as usize;
    assert!(full < most, "{full}");
    let seats = usize::from(NODES_PER_SEAT_PAGE) * SEATS_MAX * (SEAT + POOL);
    assert!(seats < most, "{seats}");
}
