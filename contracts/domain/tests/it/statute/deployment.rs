//! INV-STATUTE-02. How pages become law: whole, in order, without a cycle, and with everything that the city asks for.

use std::collections::BTreeSet;

use agentcity_domain::statute::{
    Broken, Degrees, EDGES_MAX, Limits, Node, Page, Predicate, Progress, Requirement, Rule, Seat,
    Unmet,
    deployment::{Law, Standing, outlives},
    encode,
    page::NODE,
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

use super::{TOKENS, alone, draft, graph, limits, node};

/// Takes pages one after another, all in one call.
fn take(pages: &[Vec<u8>], limits: &Limits) -> Result<(Progress, Degrees), Broken> {
    let (mut progress, mut degrees) = (Progress::default(), Degrees::of(limits.nodes));
    for page in pages {
        progress.take_page(page, limits, &mut degrees)?;
    }
    progress.end_pages(limits, B256::ZERO)?;
    Ok((progress, degrees))
}

const fn broken<T>(offset: usize, rule: Rule) -> Result<T, Broken> {
    Err(Broken { offset, rule })
}

/// Where the `edge`-th edge of a page of so many nodes stands.
const fn edge_at(nodes: usize, edge: usize) -> usize {
    4 + nodes * NODE + 2 * edge
}

#[test]
fn pages_are_counted_and_so_are_the_edges_into_each_node() {
    let nodes = [
        draft(node(), &[1, 2]),
        draft(alone(1), &[2]),
        draft(
            Node {
                risk: 2,
                ..alone(3)
            },
            &[],
        ),
    ];
    let pages = encode::statute(&nodes, &[]).unwrap();
    let (progress, degrees) = take(&pages, &limits(3)).unwrap();
    assert_eq!(
        progress,
        Progress {
            nodes: 3,
            seat_pages: 0,
            risk: 2,
            tokens: 3,
            budget: 15,
        }
    );
    assert!(progress.is_risky());
    assert_eq!(
        [0, 1, 2, 3].map(|node| degrees.into_node(node)),
        [0, 1, 2, 0]
    );
    let mut word = B256::ZERO;
    (word[1], word[2]) = (1, 2);
    assert_eq!(degrees.groups().collect::<Vec<_>>(), [(0, word)]);
}

#[test]
fn groups_without_an_edge_are_left_out_and_the_others_keep_their_number() {
    let pages = graph(100, &[(0, 40), (0, 41), (1, 41), (3, 99)]);
    let (_, degrees) = take(&pages, &limits(100)).unwrap();
    let (mut second, mut fourth) = (B256::ZERO, B256::ZERO);
    (second[8], second[9], fourth[3]) = (1, 2, 1);
    assert_eq!(
        degrees.groups().collect::<Vec<_>>(),
        [(1, second), (3, fourth)]
    );
}

#[test]
fn inv_statute_02_an_edge_leads_to_a_later_node_that_there_is() {
    for (edges, expected) in [
        (&[(0, 1), (1, 2)][..], Ok(())),
        (&[(0, 2), (1, 2)], Ok(())),
        (&[(0, 0)], broken(edge_at(3, 0), Rule::Edges)),
        (&[(1, 0)], broken(edge_at(3, 0), Rule::Edges)),
        (
            &[(0, 1), (1, 2), (2, 0)],
            broken(edge_at(3, 2), Rule::Edges),
        ),
        (&[(0, 3)], broken(edge_at(3, 0), Rule::Edges)),
        (&[(0, u16::MAX)], broken(edge_at(3, 0), Rule::Edges)),
        (&[(0, 1), (0, 1)], broken(edge_at(3, 1), Rule::Edges)),
        (&[(0, 2), (0, 1)], broken(edge_at(3, 1), Rule::Edges)),
    ] {
        let taken = take(&graph(3, edges), &limits(3)).map(|_| ());
        assert_eq!(taken, expected, "{edges:?}");
    }
}

#[test]
fn at_most_sixteen_edges_lead_into_a_node_also_where_a_byte_would_wrap() {
    let into_last = |from: u16| {
        let edges: Vec<(u16, u16)> = (0..from).map(|node| (node, 299)).collect();
        take(&graph(300, &edges), &limits(300))
    };
    let (_, degrees) = into_last(16).unwrap();
    assert_eq!(degrees.into_node(299), EDGES_MAX);
    assert_eq!(
        into_last(17).unwrap_err(),
        Broken {
            offset: edge_at(128, 16),
            rule: Rule::Edges
        }
    );
    assert!(
        into_last(256).is_err(),
        "a count in a byte would be nought again"
    );
    assert!(into_last(272).is_err());
}

#[test]
fn edges_of_no_node_and_nodes_without_their_edges_are_refused() {
    // One edge more than the nodes have.
    let mut page = graph(2, &[(0, 1)]).remove(0);
    page[2] = 2;
    page.extend([0, 1]);
    assert_eq!(
        take(&[page], &limits(2)).map(|_| ()),
        broken(0, Rule::Edges)
    );
    // The nodes have one more than the page holds.
    let mut page = graph(2, &[(0, 1)]).remove(0);
    page[2] = 0;
    page.truncate(edge_at(2, 0));
    assert_eq!(
        take(&[page], &limits(2)).map(|_| ()),
        broken(4, Rule::Edges)
    );
}

#[test]
fn pages_before_the_last_are_full_and_the_last_holds_what_is_left() {
    let pages = graph(300, &[]);
    assert_eq!(pages.len(), 3);
    assert_eq!(take(&pages, &limits(300)).unwrap().0.nodes, 300);
    let count = |pages: &[Vec<u8>], nodes| take(pages, &limits(nodes)).map(|_| ());
    let refused = broken(0, Rule::Count);
    assert_eq!(count(&pages, 299), refused, "more nodes than the law names");
    assert_eq!(count(&pages, 301), refused, "fewer");
    assert_eq!(count(&pages, 256), refused, "a page too many");
    assert_eq!(
        count(&[pages[0].clone(), pages[2].clone(), pages[1].clone()], 300),
        refused
    );
    assert_eq!(
        count(&[graph(0, &[]), vec![vec![0; 4]]].concat(), 1),
        refused,
        "an empty page"
    );
    assert_eq!(count(&[], 0), Ok(()));
}

#[test]
fn what_is_still_to_come_is_nothing_with_the_last_page_and_with_none_before() {
    let (pages, limits) = (graph(200, &[]), limits(200));
    let (mut progress, mut degrees) = (Progress::default(), Degrees::of(200));
    let more = B256::repeat_byte(1);
    progress
        .take_page(&pages[0], &limits, &mut degrees)
        .unwrap();
    assert_eq!(progress.end_pages(&limits, more), Ok(()));
    assert_eq!(
        progress.end_pages(&limits, B256::ZERO),
        broken(0, Rule::Count)
    );
    progress
        .take_page(&pages[1], &limits, &mut degrees)
        .unwrap();
    assert_eq!(progress.end_pages(&limits, B256::ZERO), Ok(()));
    assert_eq!(progress.end_pages(&limits, more), broken(0, Rule::Count));
    assert_eq!((progress.pages(), progress.nodes), (2, 200));
}

#[test]
fn predicates_stand_in_the_first_page_and_ask_somebody() {
    let human = Predicate {
        human: true,
        hard: true,
        target: Address::ZERO,
        codehash: B256::ZERO,
    };
    let nodes = vec![draft(alone(1), &[]); 129];
    let asking = |count: usize| encode::statute(&nodes, &vec![human; count]).unwrap();
    let at = edge_at(128, 0);
    assert!(take(&asking(8), &limits(129)).is_ok());
    assert_eq!(
        take(&asking(9), &limits(129)).map(|_| ()),
        broken(at, Rule::Predicates)
    );
    let nobody = Predicate {
        human: false,
        ..human
    };
    let pages = encode::statute(&nodes, &[human, nobody]).unwrap();
    assert_eq!(
        take(&pages, &limits(129)).map(|_| ()),
        broken(at + 53, Rule::Predicates)
    );
    // The second page with one that would be lawful in the first.
    let mut pages = asking(0);
    pages[1][3] = 1;
    pages[1].extend([&[1][..], &[0; 52]].concat());
    assert_eq!(
        Page::read(&pages[1]).unwrap().predicate(0),
        Some(Predicate {
            hard: false,
            ..human
        })
    );
    assert_eq!(
        take(&pages, &limits(129)).map(|_| ()),
        broken(edge_at(1, 0), Rule::Predicates)
    );
}

#[test]
fn a_node_that_is_no_law_is_refused_where_it_stands() {
    let bad = Node {
        budget: 0,
        ..alone(1)
    };
    let pages = encode::statute(&[draft(node(), &[]), draft(bad, &[])], &[]).unwrap();
    let taken = take(&pages, &limits(2)).map(|_| ());
    assert_eq!(taken, broken(Page::offset_of(1), Rule::Budget));
    assert_eq!(
        take(&[vec![1, 0, 0]], &limits(1)).map(|_| ()),
        broken(0, Rule::Form)
    );
}

#[test]
fn the_tokens_of_all_nodes_are_the_missions() {
    let nodes = |tokens: u32| {
        let node = Node { tokens, ..alone(1) };
        vec![
            draft(node, &[]),
            draft(
                Node {
                    tokens: TOKENS,
                    ..node
                },
                &[],
            ),
        ]
    };
    for (first, expected) in [
        (0, Ok(())),
        (
            1,
            Err(Unmet {
                requirement: Requirement::Tokens,
                need: u128::from(TOKENS) + 1,
                have: TOKENS.into(),
            }),
        ),
    ] {
        let pages = encode::statute(&nodes(first), &[]).unwrap();
        let (progress, _) = take(&pages, &limits(2)).unwrap();
        assert_eq!(progress.within_tokens(&limits(2)), expected);
    }
    // As many as bytes can say: the sum stays above what it is held against.
    let most = Progress {
        tokens: u32::MAX - 1,
        ..Progress::default()
    };
    let mut limits = limits(1);
    limits.tokens = 1 << 24;
    let many = Node {
        tokens: (1 << 24) - 1,
        ..alone(1)
    };
    let page = encode::statute(&[draft(many, &[])], &[]).unwrap().remove(0);
    let mut progress = most;
    progress
        .take_page(&page, &limits, &mut Degrees::of(1))
        .unwrap();
    assert!(progress.within_tokens(&limits).is_err());
}

#[test]
fn seats_come_page_by_page_behind_the_nodes_that_they_are_of() {
    let nodes = vec![draft(alone(1), &[]); 20];
    let pages = encode::statute(&nodes, &[]).unwrap();
    let (mut progress, _) = take(&pages, &limits(20)).unwrap();
    let agent = Address::repeat_byte(9);
    let seats: Vec<Seat> = (0..20)
        .map(|node| Seat {
            node,
            seat: 0,
            agent,
            price: 5,
            stake: 1,
            source: agent.into_word(),
            service: B256::repeat_byte(2),
        })
        .collect();
    let seat_pages = encode::seats(20, &seats).unwrap();
    let held = Page::read(&pages[0]).unwrap();
    let more = B256::repeat_byte(1);
    assert_eq!(
        progress.take_seats(&seat_pages[1], &held),
        broken(4 * 77, Rule::Seats),
        "the last page has too few for the first"
    );
    let mut before = Progress::default();
    assert_eq!(
        before.take_seats(&seat_pages[0], &held),
        broken(0, Rule::Count),
        "before their nodes"
    );
    assert_eq!(
        progress.take_seats(&seat_pages[0], &held).unwrap(),
        seats[..16]
    );
    assert_eq!(progress.end_seats(20, more), Ok(()));
    assert_eq!(progress.end_seats(20, B256::ZERO), broken(0, Rule::Count));
    assert_eq!(progress.page_of_next_seats(), 0);
    assert_eq!(
        progress.take_seats(&seat_pages[1], &held).unwrap(),
        seats[16..]
    );
    assert_eq!(progress.end_seats(20, B256::ZERO), Ok(()));
    assert_eq!(progress.end_seats(20, more), broken(0, Rule::Count));
    assert_eq!(
        progress.take_seats(&[], &held),
        broken(0, Rule::Count),
        "there are no more"
    );
    let ninth = Progress {
        seat_pages: 8,
        ..progress
    };
    assert_eq!(
        ninth.page_of_next_seats(),
        1,
        "nodes 128 and on stand in the second page"
    );
}

/// A mission that lacks nothing, just so.
fn ready() -> (Progress, Law, Standing) {
    (
        Progress {
            nodes: 20,
            seat_pages: 2,
            risk: 2,
            tokens: 0,
            budget: 1_000,
        },
        Law {
            nodes: 20,
            budget: 1_000,
            fairness: 600,
            waived: false,
            audited: true,
        },
        Standing {
            quorum: 7,
            active: 7,
            least_fairness: 600,
            frozen_until: 0,
            struck: false,
        },
    )
}

#[test]
fn a_mission_is_law_with_everything_it_needs_and_with_nothing_less() {
    let (progress, law, city) = ready();
    assert_eq!(progress.finalise(&law, &city), Ok(()));
    let lacks = |change: fn(&mut Progress, &mut Law, &mut Standing)| {
        let (mut progress, mut law, mut city) = ready();
        change(&mut progress, &mut law, &mut city);
        progress.finalise(&law, &city)
    };
    let unmet = |requirement, need, have| {
        Err(Unmet {
            requirement,
            need,
            have,
        })
    };
    assert_eq!(
        lacks(|p, _, _| p.nodes = 19),
        unmet(Requirement::Nodes, 20, 19)
    );
    assert_eq!(
        lacks(|p, _, _| p.seat_pages = 1),
        unmet(Requirement::Seats, 2, 1)
    );
    assert_eq!(
        lacks(|_, l, _| l.budget = 999),
        unmet(Requirement::Budget, 1_000, 999)
    );
    assert_eq!(lacks(|_, l, _| l.budget = 1_001), Ok(()));
    assert_eq!(
        lacks(|_, _, c| c.active = 6),
        unmet(Requirement::Quorum, 7, 6)
    );
    assert_eq!(
        lacks(|_, l, _| l.fairness = 599),
        unmet(Requirement::Fairness, 600, 599)
    );
    assert_eq!(lacks(|_, l, _| (l.fairness, l.waived) = (0, true)), Ok(()));
    assert_eq!(
        lacks(|_, l, _| l.audited = false),
        unmet(Requirement::Audit, 1, 0)
    );
    assert_eq!(lacks(|p, l, _| (p.risk, l.audited) = (1, false)), Ok(()));
    assert_eq!(
        lacks(|_, _, c| c.frozen_until = 5),
        unmet(Requirement::Watchdog, 5, 0)
    );
    assert_eq!(
        lacks(|_, _, c| c.struck = true),
        unmet(Requirement::Norm, 1, 0)
    );
}

#[test]
fn a_predicates_program_lives_for_as_long_as_it_must() {
    assert_eq!(outlives(30, 30), Ok(()));
    let short = Unmet {
        requirement: Requirement::Life,
        need: 30,
        have: 29,
    };
    assert_eq!(outlives(29, 30), Err(short));
}

#[test]
fn requirements_and_rules_have_the_numbers_of_the_documentation() {
    let page = include_str!("../../../../../docs/statute.md");
    let rules = [
        Rule::Form,
        Rule::Count,
        Rule::Tier,
        Rule::Timeout,
        Rule::Budget,
        Rule::Tokens,
        Rule::Edges,
        Rule::Predicates,
        Rule::Seats,
        Rule::Price,
        Rule::Roster,
    ];
    let requirements = [
        Requirement::Nodes,
        Requirement::Quorum,
        Requirement::Fairness,
        Requirement::Audit,
        Requirement::Watchdog,
        Requirement::Tokens,
        Requirement::Seats,
        Requirement::Budget,
        Requirement::Norm,
        Requirement::Life,
    ];
    let rows = |heading: &str| {
        let section = page.split(heading).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let numbers = section.lines().filter_map(|line| line.strip_prefix("| "));
        numbers
            .filter_map(|line| line.split(' ').next().unwrap().parse::<u8>().ok())
            .collect::<Vec<_>>()
    };
    assert_eq!(rows("## Rules of a page"), rules.map(|rule| rule as u8));
    let numbers = requirements.map(|requirement| requirement as u8);
    assert_eq!(rows("## Requirements of a deployment"), numbers);
}

/// Whether the graph can be worked off, by taking away again and again what nothing leads into: the textbook's way, which
/// knows nothing of numbers and order.
fn is_acyclic(nodes: u16, edges: &[(u16, u16)]) -> bool {
    let mut left: BTreeSet<u16> = (0..nodes).collect();
    loop {
        let blocked = |node: &u16| {
            edges
                .iter()
                .any(|(from, to)| to == node && left.contains(from))
        };
        let free: Vec<u16> = left.iter().copied().filter(|node| !blocked(node)).collect();
        if free.is_empty() {
            return left.is_empty();
        }
        left.retain(|node| !free.contains(node));
    }
}

proptest! {
    #[test]
    fn inv_statute_02_what_is_taken_has_no_cycle_and_counts_every_edge(
        nodes in 1u16..24,
        edges in prop::collection::vec((0u16..24, 0u16..26), 0..30),
        sorted in any::<bool>(),
    ) {
        let mut edges: Vec<(u16, u16)> = edges.into_iter().filter(|(from, _)| *from < nodes).collect();
        if sorted {
            edges = edges
                .into_iter()
                .filter(|(from, to)| from < to && *to < nodes)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
        }
        let unique: BTreeSet<_> = edges.iter().collect();
        let degree = |node| edges.iter().filter(|(_, to)| *to == node).count();
        // Of each node's edges, in the order in which they were drawn.
        let ascending = (0..nodes).all(|node| {
            let to: Vec<u16> = edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to).collect();
            to.windows(2).all(|pair| pair[0] < pair[1])
        });
        let lawful = edges.iter().all(|(from, to)| from < to && *to < nodes)
            && unique.len() == edges.len()
            && ascending
            && (0..nodes).all(|node| degree(node) <= 16);
        let out = (0..nodes).map(|node| edges.iter().filter(|(from, _)| *from == node).count()).max();
        prop_assume!(out.unwrap_or_default() <= 16);
        let taken = take(&graph(nodes, &edges), &limits(nodes));
        prop_assert_eq!(taken.is_ok(), lawful);
        if let Ok((progress, degrees)) = taken {
            prop_assert!(is_acyclic(nodes, &edges));
            prop_assert_eq!(progress.nodes, nodes);
            for node in 0..nodes {
                prop_assert_eq!(usize::from(degrees.into_node(node)), degree(node));
            }
        }
    }
}

#[test]
fn what_is_law_is_whole() {
    for (nodes, pages, seat_pages) in [(1, 1, 1), (16, 1, 1), (17, 1, 2), (128, 1, 8), (129, 2, 9)]
    {
        let whole = Progress::whole(nodes);
        assert_eq!((whole.nodes, whole.pages()), (nodes, pages));
        assert_eq!(whole.seat_pages, seat_pages, "{nodes} nodes");
    }
}
