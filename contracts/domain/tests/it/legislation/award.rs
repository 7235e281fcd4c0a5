//! INV-AWARD-01, R-05, R7, R20: which bids may win, and which win, against a naive sort.

use agentcity_domain::{
    legislation::award::{
        Bidder, Candidate, Deviation, Offer, PassedOver, Run, Terms, Unawarded, award, score_floor,
    },
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Node},
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

fn somebody(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn node(tier: u8, risk: u8, redundancy: u8, budget: u128) -> Node {
    Node {
        digest: B256::repeat_byte(1),
        tier,
        risk,
        redundancy,
        threshold: redundancy / 2 + 1,
        budget,
        ..Node::default()
    }
}

fn terms() -> Terms {
    Terms {
        quality: 600,
        stakes: [150, 500, 2_000],
        sponsors: [somebody(0xa0), somebody(0xa1)],
    }
}

fn offer() -> Offer {
    Offer {
        price: 100,
        stake: 500,
        fit: 1_000,
        tier: 2,
    }
}

fn bidder() -> Bidder {
    Bidder {
        principal: somebody(1),
        bars: 0,
        score: 500,
    }
}

#[test]
fn a_bid_that_breaks_one_condition_is_passed_over_for_it() {
    let node = node(2, 1, 3, 300);
    let judge = |offer, bidder| terms().judge(&node, &offer, &bidder);
    assert_eq!(judge(offer(), bidder()), Ok(300));
    for (offer, bidder, why) in [
        (
            Offer {
                price: 101,
                ..offer()
            },
            bidder(),
            PassedOver::Price,
        ),
        (
            Offer {
                stake: 499,
                ..offer()
            },
            bidder(),
            PassedOver::Stake,
        ),
        (Offer { tier: 1, ..offer() }, bidder(), PassedOver::Tier),
        (Offer { tier: 3, ..offer() }, bidder(), PassedOver::Tier),
        (
            offer(),
            Bidder {
                bars: 1,
                ..bidder()
            },
            PassedOver::Barred,
        ),
        (
            offer(),
            Bidder {
                principal: Address::ZERO,
                ..bidder()
            },
            PassedOver::Barred,
        ),
        (
            offer(),
            Bidder {
                principal: somebody(0xa0),
                ..bidder()
            },
            PassedOver::Sponsor,
        ),
        (
            offer(),
            Bidder {
                principal: somebody(0xa1),
                ..bidder()
            },
            PassedOver::Sponsor,
        ),
    ] {
        assert_eq!(judge(offer, bidder), Err(why));
    }
}

#[test]
fn the_least_stake_is_that_of_the_nodes_risk_and_an_unknown_risk_has_none() {
    for (risk, least) in [(0, 150), (1, 500), (2, 2_000)] {
        let node = node(2, risk, 3, 300);
        let judge = |stake| terms().judge(&node, &Offer { stake, ..offer() }, &bidder());
        assert!(judge(least).is_ok(), "{risk}");
        assert_eq!(judge(least - 1), Err(PassedOver::Stake), "{risk}");
    }
    let node = node(2, 3, 3, 300);
    let all = Offer {
        stake: u128::MAX - 1,
        ..offer()
    };
    assert_eq!(
        terms().judge(&node, &all, &bidder()),
        Err(PassedOver::Stake)
    );
}

/// Otherwise one bidder with more than a seat can say would keep the node, and with it the session, from everybody.
#[test]
fn a_stake_beyond_what_a_seat_says_is_passed_over() {
    let node = node(2, 1, 3, 300);
    for (stake, expected) in [((1 << 96) - 1, Ok(300)), (1 << 96, Err(PassedOver::Stake))] {
        let offer = Offer { stake, ..offer() };
        assert_eq!(terms().judge(&node, &offer, &bidder()), expected);
    }
}

#[test]
fn the_scores_of_the_specification() {
    for (reputation, fit, price, share, expected) in [
        (500, 1_000, 1_000, 1_000, 300),
        (580, 900, 4_000, 5_000, 393),
        (1_000, 1_000, 0, 1, 1_000),
        (610, 750, 8_001, 8_000, 0),
        (800, 640, 777, 1_000, 396),
        (1_000, 1_000, 0, 0, 0),
    ] {
        let offer = Offer {
            price,
            fit,
            ..offer()
        };
        assert_eq!(
            score_floor(&offer, share, reputation, 600),
            expected,
            "{price}"
        );
    }
}

#[test]
fn the_greatest_amounts_there_are_do_not_leave_the_arithmetic() {
    let share = (1 << 96) - 1;
    let offer = Offer {
        price: 0,
        fit: 1_000,
        ..offer()
    };
    assert_eq!(score_floor(&offer, share, 1_000, 500), 1_000);
    let half = Offer {
        price: share / 2,
        ..offer
    };
    assert_eq!(score_floor(&half, share, 0, 0), 500);
}

/// Bids as scores and principals, in the order of their placing.
fn bids(of: &[(u16, u8)]) -> Vec<Candidate> {
    let numbered = of.iter().zip(10u32..);
    let candidates = numbered.map(|((score, who), bid)| Candidate {
        bid,
        principal: somebody(*who),
        score: *score,
    });
    candidates.collect()
}

fn numbers(seats: &[Candidate]) -> Vec<u32> {
    seats.iter().map(|seat| seat.bid).collect()
}

#[test]
fn of_equal_bids_the_earlier_wins_and_a_principal_wins_once() {
    let field = bids(&[(300, 1), (500, 2), (500, 2), (500, 3), (100, 4)]);
    let awarded = award(&field, 3, None).expect("three principals");
    assert_eq!(numbers(&awarded.seats), [11, 13, 10]);
    assert_eq!(awarded.runner_up.map(|next| next.bid), Some(14));
    let awarded = award(&field, 4, None).expect("four principals");
    assert_eq!(
        awarded.runner_up, None,
        "the second bid of a winner is no runner-up"
    );
}

#[test]
fn a_node_without_enough_principals_is_not_awarded() {
    let field = bids(&[(300, 1), (500, 1), (400, 2)]);
    let refused = award(&field, 3, None);
    assert_eq!(refused, Err(Unawarded::Uncovered { have: 2, need: 3 }));
    assert_eq!(
        award(&[], 1, None),
        Err(Unawarded::Uncovered { have: 0, need: 1 })
    );
}

#[test]
fn a_deviation_holds_from_the_best_that_was_signed_only() {
    let field = bids(&[(300, 1), (500, 2), (400, 3)]);
    let from = |best, chosen| award(&field, 2, Some(Deviation { best, chosen }));
    assert_eq!(numbers(&from(11, 10).expect("signed").seats), [10, 11]);
    assert_eq!(
        from(12, 10),
        Err(Unawarded::Deviated {
            signed: 13,
            found: 12
        })
    );
    assert_eq!(
        from(11, 99),
        Err(Unawarded::Deviated {
            signed: 100,
            found: 0
        })
    );
    let none = award(
        &[],
        1,
        Some(Deviation {
            best: 11,
            chosen: 10,
        }),
    );
    assert_eq!(
        none,
        Err(Unawarded::Deviated {
            signed: 12,
            found: 0
        })
    );
}

/// Sorts by score and place, and keeps the first of each principal.
fn naive(field: &[Candidate], seats: usize) -> Option<(Vec<u32>, Option<u32>)> {
    let mut sorted = field.to_vec();
    sorted.sort_by_key(|bid| (std::cmp::Reverse(bid.score), bid.bid));
    let mut seen = Vec::new();
    sorted.retain(|bid| {
        let first = !seen.contains(&bid.principal);
        seen.push(bid.principal);
        first
    });
    let all = numbers(&sorted);
    (all.len() >= seats).then(|| (all[..seats].to_vec(), all.get(seats).copied()))
}

proptest! {
    #[test]
    fn the_award_is_the_sorted_list_without_repeated_principals(
        field in prop::collection::vec((0u16..6, 0u8..6), 0..20),
        seats in 1u8..=7,
    ) {
        let field = bids(&field);
        let awarded = award(&field, seats, None).ok();
        let awarded = awarded.map(|a| (numbers(&a.seats), a.runner_up.map(|next| next.bid)));
        prop_assert_eq!(awarded, naive(&field, seats.into()));
    }

    #[test]
    fn a_cheaper_or_better_offer_is_never_worse(
        price in 0u128..1_000, less in 0u128..1_000,
        fit in 0u16..=1_000, more in 0u16..=1_000,
        reputation in 0u16..=1_000, quality in 0u16..=1_000,
    ) {
        let of = |price, fit| score_floor(&Offer { price, fit, ..offer() }, 1_000, reputation, quality);
        prop_assert!(of(price.min(less), fit.max(more)) >= of(price.max(less), fit.min(more)));
        prop_assert!(of(price, fit) <= 1_000);
    }
}

#[test]
fn a_run_goes_through_pages_of_nodes_by_pages_of_seats() {
    let mut run = Run::default();
    assert_eq!(run.place(), (0, 0));
    run.set_node(2 * NODES_PER_PAGE + 5);
    assert_eq!(run.place(), (2, 5));
    // A whole page of seats, then what is left, then nothing.
    let last = run.node() + NODES_PER_SEAT_PAGE;
    assert_eq!(run.step(last + 1), NODES_PER_SEAT_PAGE);
    assert_eq!(run.step(last - 3), NODES_PER_SEAT_PAGE - 3);
    assert_eq!(run.step(run.node()), 0);
    assert_eq!(run.step(0), 0);
}

#[test]
fn the_spread_of_a_run_leaves_the_rest_of_it_as_it_is() {
    let mut run = Run::default();
    run.set_node(7);
    run.set_fairness(900);
    let mut spread = run.spread();
    assert_eq!(spread.seats(), 0);
    spread.count_bidder();
    spread.seat(0);
    spread.seat(1);
    run.set_spread(spread);
    let read = run.spread();
    let counted = (read.seats(), read.bidders(), read.squares());
    assert_eq!(counted, (2, 1, 4), "two seats of one principal");
    assert_eq!((run.node(), run.fairness()), (7, 900));
}
