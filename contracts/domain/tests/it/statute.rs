//! The pages of a mission: what is read is what was laid out, and each rule refuses beside its allowed neighbour.

use agentcity_domain::{
    parameter::{ParameterId, derived::TimeoutBounds},
    statute::{EDGES_MAX, Mode, Node, PREDICATES_MAX, Page, Rule, SEAT, SEATS_MAX, Seat},
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

const TOKENS: u32 = 1_000;

fn bounds() -> TimeoutBounds {
    TimeoutBounds::of(|id| id.row().default)
}

fn node() -> Node {
    Node {
        digest: B256::repeat_byte(0xd1),
        tier: 2,
        risk: 1,
        redundancy: 3,
        threshold: 2,
        mode: Mode::Numeric as u8,
        timeout_ms: 60_000,
        budget: 5,
        first_edge: 0,
        outs: 2,
        tokens: TOKENS,
    }
}

/// A node in the layout of the documentation, written by another hand than the reader's.
fn laid_out(node: &Node) -> Vec<u8> {
    let mut bytes = node.digest.to_vec();
    bytes.push(node.tier << 4 | node.risk);
    bytes.push(node.redundancy << 4 | node.threshold);
    bytes.push(node.mode);
    bytes.extend(node.timeout_ms.to_be_bytes());
    bytes.extend(&node.budget.to_be_bytes()[4..]);
    bytes.extend(node.first_edge.to_be_bytes());
    bytes.push(node.outs);
    bytes.extend(node.tokens.to_be_bytes());
    bytes.extend([0; 6]);
    bytes
}

fn page(nodes: &[Node], edges: &[u16], predicates: &[[u8; 53]]) -> Vec<u8> {
    let mut bytes = (nodes.len() as u16).to_be_bytes().to_vec();
    bytes.extend((edges.len() as u16).to_be_bytes());
    bytes.push(predicates.len() as u8);
    bytes.extend([0; 3]);
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
        any::<u8>(),
    );
    let rest = (
        any::<u32>(),
        0u128..1 << 96,
        any::<u16>(),
        any::<u8>(),
        any::<u32>(),
    );
    (shape, rest).prop_map(|(shape, rest)| Node {
        digest: B256::new(shape.0),
        tier: shape.1,
        risk: shape.2,
        redundancy: shape.3,
        threshold: shape.4,
        mode: shape.5,
        timeout_ms: rest.0,
        budget: rest.1,
        first_edge: rest.2,
        outs: rest.3,
        tokens: rest.4,
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
        for (index, node) in nodes.iter().enumerate() {
            prop_assert_eq!(page.node(index as u16), Some(*node));
            let at = Page::offset_of(index as u16);
            prop_assert_eq!(&bytes[at..at + 64], &laid_out(node)[..]);
        }
        prop_assert_eq!(page.node(nodes.len() as u16), None);
        for (index, edge) in edges.iter().enumerate() {
            prop_assert_eq!(page.edge(index), Some(*edge));
        }
        prop_assert_eq!(page.edge(edges.len()), None);
    }

    #[test]
    fn a_page_has_the_length_that_its_header_says(cut in 0usize..193, more in 1usize..9) {
        let whole = page(&[node(), node()], &[3, 4], &[[0; 53]]);
        if let Some(shorter) = whole.get(..cut) {
            prop_assert_eq!(Page::read(shorter), None);
        }
        let mut longer = whole.clone();
        longer.extend(vec![0; more]);
        prop_assert_eq!(Page::read(&longer), None);
        prop_assert!(Page::read(&whole).is_some());
    }
}

#[test]
fn bytes_that_mean_nothing_are_zero() {
    for at in 5..8 {
        let mut bytes = page(&[node()], &[], &[]);
        bytes[at] = 1;
        assert_eq!(Page::read(&bytes), None, "header byte {at}");
    }
    for at in 58..64 {
        let mut bytes = page(&[node()], &[], &[]);
        bytes[8 + at] = 1;
        assert_eq!(Page::read(&bytes).unwrap().node(0), None, "node byte {at}");
    }
}

#[test]
fn successors_are_the_edges_from_the_first_on() {
    let mut second = node();
    second.first_edge = 2;
    second.outs = 3;
    let bytes = page(&[node(), second], &[5, 6, 7, 8, 9], &[]);
    let page = Page::read(&bytes).unwrap();
    let of = |index| {
        page.successors(&page.node(index).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(0), [5, 6]);
    assert_eq!(of(1), [7, 8, 9]);
    let at = Page::offset_of(1);
    assert_eq!(bytes[at..at + 64], laid_out(&second)[..]);
}

#[test]
fn predicates_carry_their_flags_target_and_code() {
    let mut raw = [0xcc; 53];
    raw[1..21].fill(0xaa);
    for (flags, human, hard) in [
        (0, false, false),
        (1, true, false),
        (2, false, true),
        (3, true, true),
    ] {
        raw[0] = flags;
        let bytes = page(&[], &[], &[[0; 53], raw]);
        let predicate = Page::read(&bytes).unwrap().predicate(1).unwrap();
        assert_eq!((predicate.human, predicate.hard), (human, hard));
        assert_eq!(predicate.target, Address::repeat_byte(0xaa));
        assert_eq!(predicate.codehash, B256::repeat_byte(0xcc));
        assert_eq!(Page::read(&bytes).unwrap().predicate(2), None);
    }
}

#[test]
fn a_node_is_law_up_to_each_bound_and_not_beyond() {
    let bounds = bounds();
    assert_eq!(node().judge(&bounds, TOKENS), Ok(()));
    let broken = |change: fn(&mut Node)| {
        let mut changed = node();
        change(&mut changed);
        changed.judge(&bounds, TOKENS)
    };
    // Tier 2: two to seven seats, of which more than half agree.
    assert_eq!(broken(|n| n.redundancy = 1), Err(Rule::Tier));
    assert_eq!(broken(|n| (n.redundancy, n.threshold) = (2, 2)), Ok(()));
    assert_eq!(
        broken(|n| (n.redundancy, n.threshold) = (2, 1)),
        Err(Rule::Tier)
    );
    assert_eq!(broken(|n| (n.redundancy, n.threshold) = (7, 4)), Ok(()));
    assert_eq!(
        broken(|n| (n.redundancy, n.threshold) = (7, 3)),
        Err(Rule::Tier)
    );
    assert_eq!(
        broken(|n| (n.redundancy, n.threshold) = (8, 5)),
        Err(Rule::Tier)
    );
    assert_eq!(broken(|n| n.threshold = 3), Ok(()));
    assert_eq!(broken(|n| n.threshold = 4), Err(Rule::Tier));
    assert_eq!(broken(|n| n.mode = Mode::Set as u8), Ok(()));
    assert_eq!(broken(|n| n.mode = Mode::Set as u8 + 1), Err(Rule::Tier));
    // Tiers 1 and 3: one seat, which decides alone.
    for tier in [1, 3] {
        let mut alone = node();
        (alone.tier, alone.redundancy, alone.threshold, alone.mode) = (tier, 1, 1, 0);
        alone.timeout_ms = if tier == 3 { 300_000 } else { 60_000 };
        assert_eq!(alone.judge(&bounds, TOKENS), Ok(()), "tier {tier}");
        for change in [
            |n: &mut Node| n.redundancy = 2,
            |n: &mut Node| n.threshold = 0,
            |n: &mut Node| n.mode = 1,
        ] {
            let mut changed = alone;
            change(&mut changed);
            assert_eq!(
                changed.judge(&bounds, TOKENS),
                Err(Rule::Tier),
                "tier {tier}"
            );
        }
    }
    assert_eq!(broken(|n| n.tier = 0), Err(Rule::Tier));
    assert_eq!(broken(|n| n.tier = 4), Err(Rule::Tier));
    assert_eq!(broken(|n| n.risk = 2), Ok(()));
    assert_eq!(broken(|n| n.risk = 3), Err(Rule::Tier));
    assert_eq!(broken(|n| n.timeout_ms = 60_001), Err(Rule::Timeout));
    assert_eq!(broken(|n| n.budget = 0), Err(Rule::Budget));
    assert_eq!(broken(|n| n.tokens = TOKENS + 1), Err(Rule::Tokens));
    assert_eq!(broken(|n| n.outs = 16), Ok(()));
    assert_eq!(broken(|n| n.outs = 17), Err(Rule::Edges));
}

#[test]
fn human_review_has_bounds_of_its_own() {
    let mut review = node();
    (
        review.tier,
        review.redundancy,
        review.threshold,
        review.mode,
    ) = (3, 1, 1, 0);
    for (timeout, expected) in [
        (299_999, Err(Rule::Timeout)),
        (300_000, Ok(())),
        (3_600_000, Ok(())),
        (3_600_001, Err(Rule::Timeout)),
    ] {
        review.timeout_ms = timeout;
        assert_eq!(review.judge(&bounds(), TOKENS), expected, "{timeout}");
    }
}

#[test]
fn the_layout_has_the_bounds_of_the_parameter_table() {
    let constant = |id: ParameterId| id.row().default;
    assert_eq!(constant(ParameterId::MaxNodeEdges), EDGES_MAX.into());
    assert_eq!(constant(ParameterId::MaxPredicates), PREDICATES_MAX.into());
    assert_eq!(constant(ParameterId::RedundancyMax), SEATS_MAX as u32);
    assert_eq!(
        constant(ParameterId::MaxNodeBytes),
        laid_out(&node()).len() as u32
    );
    // The fullest pages fit an account.
    let full = 8 + 128 * 64 + 128 * 16 * 2 + 8 * 53;
    assert!(full < constant(ParameterId::MaxPageBytes), "{full}");
    let seats = 16 * SEATS_MAX * SEAT;
    assert!(
        seats < constant(ParameterId::MaxPageBytes) as usize,
        "{seats}"
    );
}

fn seat_bytes(seat: &Seat) -> Vec<u8> {
    let mut bytes = seat.node.to_be_bytes().to_vec();
    bytes.push(seat.seat);
    bytes.extend(seat.agent.as_slice());
    bytes.extend(seat.price.to_be_bytes());
    bytes.extend(seat.stake.to_be_bytes());
    bytes.extend(seat.source.as_slice());
    bytes.extend(seat.service.as_slice());
    bytes
}

#[test]
fn a_seat_is_found_by_node_and_place() {
    let seats: Vec<Seat> = (0..4)
        .map(|index: u8| Seat {
            node: 300 + u16::from(index / 2),
            seat: index % 2,
            agent: Address::repeat_byte(index + 1),
            price: u128::MAX - u128::from(index),
            stake: 1 << 100 | u128::from(index),
            source: B256::repeat_byte(0x40 + index),
            service: B256::repeat_byte(0x80 + index),
        })
        .collect();
    let page: Vec<u8> = seats.iter().flat_map(seat_bytes).collect();
    for seat in &seats {
        assert_eq!(Seat::find(&page, seat.node, seat.seat), Some(*seat));
    }
    assert_eq!(Seat::find(&page, 300, 2), None);
    assert_eq!(Seat::find(&page, 302, 0), None);
    let first = seat_bytes(&seats[0]);
    assert_eq!(Seat::read(&first), Some(seats[0]));
    assert_eq!(Seat::read(&first[1..]), None);
    assert_eq!(Seat::read(&page), None);
}
