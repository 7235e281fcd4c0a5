//! INV-STATUTE-03. One law has one encoding: what is encoded is read as it was, and what is read as law encodes to the bytes it came from.

use agentcity_domain::statute::{
    Degrees, NODES_PER_PAGE, Node, Page, Predicate, Progress, Seat,
    deployment::Imports,
    encode::{self, Draft, Unfit},
    seats::{Seats, first_node},
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

use super::{alone, draft, limits, node};

/// A law read back out of its pages.
fn drafts(pages: &[Vec<u8>]) -> (Vec<Draft>, Vec<Predicate>) {
    let (mut drafts, mut predicates) = (Vec::new(), Vec::new());
    for bytes in pages {
        let page = Page::read(bytes).unwrap();
        drafts.extend(page.each().map(|node| Draft {
            successors: page.successors(&node).collect(),
            node: Node {
                first_edge: 0,
                outs: 0,
                ..node
            },
        }));
        predicates.extend((0..page.predicates()).map(|at| page.predicate(at).unwrap()));
    }
    (drafts, predicates)
}

/// Lawful nodes with edges that mostly lead upwards, over one page or several.
fn law() -> impl Strategy<Value = (Vec<Draft>, Vec<Predicate>)> {
    let node = (
        1u8..4,
        any::<[u8; 32]>(),
        1u128..1 << 96,
        0u32..9,
        prop::collection::btree_set(1u16..40, 0..5),
    );
    let nodes = prop::collection::vec(node, 1..300).prop_map(|shapes| {
        let count = shapes.len();
        let nodes = (0..).zip(shapes);
        nodes
            .map(|(index, (tier, digest, budget, tokens, steps))| {
                let base = if tier == 2 {
                    node_of_consensus()
                } else {
                    alone(tier)
                };
                let node = Node {
                    digest: B256::new(digest),
                    budget: budget.max(3),
                    tokens,
                    ..base
                };
                let to = steps.into_iter().map(|step| index + step);
                Draft {
                    node,
                    successors: to.filter(|to| usize::from(*to) < count).collect(),
                }
            })
            .collect()
    });
    let predicate = (
        any::<bool>(),
        any::<bool>(),
        any::<[u8; 20]>(),
        any::<[u8; 32]>(),
    );
    let predicates = prop::collection::vec(predicate, 0..9).prop_map(|shapes| {
        let shapes = shapes.into_iter();
        shapes
            .map(|(human, hard, target, code)| Predicate {
                human,
                hard,
                target: if human {
                    Address::ZERO
                } else {
                    Address::new(target)
                },
                codehash: if human { B256::ZERO } else { B256::new(code) },
            })
            .collect()
    });
    (nodes, predicates)
}

fn node_of_consensus() -> Node {
    node()
}

fn some_seats() -> impl Strategy<Value = Vec<Seat>> {
    let seat = (
        any::<[u8; 20]>(),
        0u128..1 << 96,
        0u128..1 << 96,
        any::<[u8; 32]>(),
        any::<Option<[u8; 32]>>(),
    );
    prop::collection::btree_map((0u16..60, 0u8..7), seat, 0..40).prop_map(|seats| {
        let seats = seats.into_iter();
        seats
            .map(
                |((node, seat), (agent, price, stake, service, pool))| Seat {
                    node,
                    seat,
                    agent: Address::new(agent),
                    price,
                    stake,
                    source: pool.map_or(Address::new(agent).into_word(), B256::new),
                    service: B256::new(service),
                },
            )
            .collect()
    })
}

proptest! {
    #[test]
    fn inv_statute_03_a_law_is_read_as_it_was_written_and_has_one_encoding((nodes, predicates) in law()) {
        let pages = encode::statute(&nodes, &predicates).unwrap();
        prop_assert_eq!(pages.len(), nodes.len().div_ceil(NODES_PER_PAGE.into()));
        let read = drafts(&pages);
        prop_assert_eq!(&read.0, &nodes);
        prop_assert_eq!(&read.1, &predicates);
        prop_assert_eq!(encode::statute(&read.0, &read.1).unwrap(), pages);
    }

    #[test]
    fn inv_statute_03_seats_are_read_as_they_were_written_and_have_one_encoding(seats in some_seats()) {
        let pages = encode::seats(60, &seats).unwrap();
        prop_assert_eq!(pages.len(), 4);
        let read: Vec<Seat> = (0..4)
            .flat_map(|page| Seats::of(&pages[usize::from(page)], first_node(page)))
            .collect();
        prop_assert_eq!(&read, &seats);
        prop_assert_eq!(encode::seats(60, &read).unwrap(), pages);
    }

    /// Canonical from the other side: whatever bytes are taken as law are those that the encoder writes for what they mean.
    #[test]
    fn inv_statute_03_bytes_that_are_law_are_the_encoders(at in 0usize..400, to in any::<u8>()) {
        let nodes = [draft(node(), &[1, 2]), draft(alone(1), &[2]), draft(alone(3), &[])];
        let predicate = Predicate {
            human: false,
            hard: true,
            target: Address::repeat_byte(1),
            codehash: B256::repeat_byte(2),
        };
        let mut bytes = encode::statute(&nodes, &[predicate]).unwrap().remove(0);
        let place = at % bytes.len();
        bytes[place] = to;
        let mut limits = limits(3);
        limits.imports = Imports::Allowed;
        let taken = Progress::default().take_page(&bytes, &limits, &mut Degrees::of(3));
        if taken.is_ok() {
            let (nodes, predicates) = drafts(std::slice::from_ref(&bytes));
            prop_assert_eq!(encode::statute(&nodes, &predicates).unwrap(), [bytes]);
        }
    }
}

#[test]
fn what_has_no_place_in_a_page_is_refused() {
    let with = |change: fn(&mut Node)| {
        let mut changed = node();
        change(&mut changed);
        encode::statute(&[draft(alone(1), &[]), draft(changed, &[])], &[])
    };
    assert!(with(|n| n.budget = (1 << 96) - 1).is_ok());
    assert_eq!(with(|n| n.budget = 1 << 96), Err(Unfit::Budget(1, 1 << 96)));
    assert!(with(|n| n.tokens = (1 << 24) - 1).is_ok());
    assert_eq!(with(|n| n.tokens = 1 << 24), Err(Unfit::Tokens(1, 1 << 24)));
    for change in [
        |n: &mut Node| n.tier = 16,
        |n: &mut Node| n.risk = 16,
        |n: &mut Node| n.redundancy = 16,
        |n: &mut Node| n.threshold = 16,
        |n: &mut Node| n.mode = 8,
    ] {
        assert_eq!(with(change), Err(Unfit::Shape(1)));
    }
    for change in [
        |n: &mut Node| n.tier = 15,
        |n: &mut Node| n.risk = 15,
        |n: &mut Node| n.redundancy = 15,
        |n: &mut Node| n.threshold = 15,
        |n: &mut Node| n.mode = 7,
    ] {
        assert!(with(change).is_ok());
    }
    let fan = |edges: u16| encode::statute(&[draft(node(), &(1..=edges).collect::<Vec<_>>())], &[]);
    assert!(fan(31).is_ok());
    assert_eq!(fan(32), Err(Unfit::Edges(0, 32)));
    let human = Predicate {
        human: true,
        hard: false,
        target: Address::ZERO,
        codehash: B256::ZERO,
    };
    let asking = |count: usize| encode::statute(&[draft(node(), &[])], &vec![human; count]);
    assert!(asking(255).is_ok());
    assert_eq!(asking(256), Err(Unfit::Predicates(256)));
    let many = |count: usize| encode::statute(&vec![draft(node(), &[]); count], &[]);
    assert_eq!(many(65_535).map(|pages| pages.len()), Ok(512));
    assert_eq!(many(65_536), Err(Unfit::Nodes(65_536)));
    assert_eq!(many(0), Ok(Vec::new()));
}
