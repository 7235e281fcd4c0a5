//! R-05, L-06 to L-10, R7, R20: who gets a seat.

use agentcity_abi::IEnactment as wire;
use agentcity_domain::{
    clerk::ClerkRole,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Node, Seat, encode},
};
use agentcity_sessions::{
    City, OPENING, SPONSOR, UNIT, agent, clerk, principal,
    steps::{Case, GOOD, SHARE, hash, node},
};
use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolError;

/// A session in review, whose one node has these bids: agent, price.
fn reviewed(nodes: &[Node], prices: &[(usize, u128)]) -> (City, Case) {
    let city = City::new();
    let case = city.decided("awarded", nodes);
    city.proposed(&case);
    for place in 0..nodes.len() as u16 {
        city.bids(&case, place, prices);
    }
    city.close(&case);
    (city, case)
}

#[test]
fn the_best_wins_and_of_equal_ones_the_earlier() {
    let (city, case) = reviewed(
        &[node(2)],
        &[
            (0, 700 * UNIT),
            (1, 500 * UNIT),
            (2, 500 * UNIT),
            (3, 600 * UNIT),
            (4, 500 * UNIT),
        ],
    );
    city.enact(city.awarding(&case)).unwrap();
    let awarded = city.world.take_events::<wire::NodeAwarded>();
    let expected = wire::NodeAwarded {
        sessionId: case.id,
        node: 0,
        bids: vec![1, 2, 4],
        scores: awarded[0].scores.clone(),
        runnerUp: 3 + 1,
    };
    assert_eq!(awarded, [expected]);
    assert!(awarded[0].scores.is_sorted_by(|a, b| a >= b));
    assert_eq!(city.award_of(&case, 0), (vec![1, 2, 4], 4));
}

#[test]
fn quality_counts_as_much_as_its_weight_says() {
    let nodes = [node(1)];
    // 300 for reputation, 400 for the price, of what may be asked: half of it saved is 200.
    let (city, case) = reviewed(&nodes, &[(0, SHARE / 2), (1, SHARE)]);
    city.change(agent(1).address, |person| person.score = 900);
    city.enact(city.awarding(&case)).unwrap();
    let [awarded] = &city.world.take_events::<wire::NodeAwarded>()[..] else {
        panic!("one node");
    };
    // 0.6·0.9 against 0.6·0.5 + 0.4·0.5.
    assert_eq!(
        (&awarded.bids[..], &awarded.scores[..]),
        (&[1][..], &[540][..])
    );
    let (city, case) = reviewed(&nodes, &[(0, SHARE / 2), (1, SHARE)]);
    city.change(agent(1).address, |person| person.score = 800);
    city.set(P::BidQualityWeight, 100);
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0).0, [0]);
}

#[test]
fn a_principal_has_one_seat_of_a_node() {
    let (city, case) = reviewed(&[node(2)], &[(0, 1), (1, 2), (2, 3), (3, 900)]);
    // Two agents came to one principal after they had bid.
    city.change(agent(1).address, |person| person.principal = principal(0));
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![0, 2, 3], 0));
}

#[test]
fn whoever_is_barred_or_funds_the_mission_wins_nothing() {
    let (city, case) = reviewed(&[node(1)], &[(0, 1), (1, 2), (2, 3), (3, 900)]);
    city.change(agent(0).address, |person| person.bars = 8);
    city.change(agent(1).address, |person| person.principal = SPONSOR);
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![2], 4));
}

#[test]
fn what_costs_more_than_a_seat_or_stakes_less_than_its_risk_wins_nothing() {
    let city = City::new();
    let mut nodes = [node(1), node(1)];
    nodes[1].risk = 2;
    let case = city.decided("strict", &nodes);
    city.proposed(&case);
    let mut dear = city.bid(&case, 0, 0, SHARE + 1);
    dear.stake = 5_000 * UNIT;
    let mut bold = city.bid(&case, 1, 1, 1);
    bold.stake = 2_000 * UNIT - 1;
    let mut other = city.bid(&case, 2, 1, 2);
    other.tierAcceptance = 2;
    let all = [
        (0, dear),
        (1, bold),
        (2, other),
        (3, city.bid(&case, 3, 0, SHARE)),
        (4, city.bid(&case, 4, 1, SHARE)),
    ];
    city.law(city.bidding(&all)).unwrap();
    city.close(&case);
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![3], 0));
    assert_eq!(city.award_of(&case, 1), (vec![4], 0));
}

#[test]
fn a_node_without_enough_principals_stops_the_award() {
    let (city, case) = reviewed(&[node(1), node(2)], &[(0, 1), (1, 2)]);
    let uncovered = wire::NodeUncovered {
        sessionId: case.id,
        node: 1,
        have: 2,
        need: 3,
    };
    city.refuses(Peer::Enactment, city.awarding(&case), uncovered);
}

#[test]
fn an_award_goes_on_over_calls_and_comes_to_the_same() {
    let nodes: Vec<Node> = (0..150).map(|i| node(1 + i % 2)).collect();
    let reviewed = || {
        let city = City::new();
        let case = city.decided("long", &nodes);
        // Seven, so that no two pages of seats are alike.
        city.reviewed(&case, 7);
        (city, case)
    };
    let (city, case) = reviewed();
    city.enact(city.awarding(&case)).unwrap();
    let at_once = city.law_of(case.id);
    assert_eq!(city.award_of(&case, 149).0.len(), 3);

    // Eight pages of seats to the first page of the statute, then what is left of both.
    let (city, case) = reviewed();
    let mut earlier = Vec::new();
    let shown = |most: u16, from: usize, to: usize, earlier: &[B256]| wire::awardCall {
        sessionId: case.id,
        seatPages: most,
        pages: case.pages[from..to]
            .iter()
            .map(|page| page.clone().into())
            .collect(),
        rest: hash(&case.pages[to..]),
        earlier: earlier.to_vec(),
    };
    let wrong = city.enact(shown(1, 1, 2, &[])).err().expect("refused");
    assert_eq!(wrong[..4], wire::WrongPages::SELECTOR);
    city.enact(shown(3, 0, 1, &[])).unwrap();
    city.enact(shown(9, 0, 1, &[])).unwrap();
    let mut seats = Vec::new();
    for place in 0..128 {
        let call = wire::awardedCall {
            sessionId: case.id,
            node: place,
        };
        let won = city.enact(call).unwrap().seats;
        seats.extend(won.into_iter().zip(0..).map(|(won, seat)| Seat {
            node: place,
            seat,
            agent: won.agent,
            price: won.price,
            stake: won.stake,
            source: won.source,
            service: won.serviceId,
        }));
    }
    for page in encode::seats(128, &seats).unwrap() {
        earlier.push(keccak256(page));
    }
    let mut wrong = earlier.clone();
    wrong.swap(2, 3);
    for wrong in [&wrong[..], &earlier[1..], &[]] {
        let refused = city.enact(shown(9, 1, 2, wrong)).err().expect("refused");
        assert_eq!(refused[..4], wire::Mismatch::SELECTOR);
    }
    let incomplete = wire::AwardIncomplete {
        sessionId: case.id,
        awarded: 128,
        nodes: 150,
    };
    let early = city.deciding(0, city.decision(&case));
    city.refuses(Peer::Enactment, early, incomplete);
    city.enact(shown(9, 1, 2, &earlier)).unwrap();
    let in_parts = city.law_of(case.id);
    assert_eq!(in_parts.assignmentsHash, at_once.assignmentsHash);
    assert_eq!(in_parts.fairness, at_once.fairness);
    let done = city.enact(shown(9, 1, 2, &earlier)).err().expect("refused");
    assert_eq!(done[..4], wire::AlreadyDone::SELECTOR);
}

#[test]
fn fairness_is_counted_over_the_whole_mission() {
    let city = City::new();
    let case = city.decided("unfair", &[node(1); 4]);
    city.proposed(&case);
    // Zero wins three nodes of four, though four bid.
    for place in 0..4 {
        let first = usize::from(place == 3);
        city.bids(&case, place, &[(first, 1), (2, 5), (3, 6)]);
    }
    city.close(&case);
    city.enact(city.awarding(&case)).unwrap();
    let [done] = &city.world.take_events::<wire::AwardCompleted>()[..] else {
        panic!("completed");
    };
    // 1000 · (16 − 10) ÷ (16 − 4), all four being able to win.
    assert_eq!((done.fairness, done.seats, done.bidders), (500, 4, 4));
    assert_eq!(done.assignmentsHash, city.law_of(case.id).assignmentsHash);
}

/// A deviation from one bid to another, signed by a regulator.
fn deviating(city: &City, case: &Case, best: u32, chosen: u32) -> wire::deviateAwardCall {
    let message = wire::AwardDeviation {
        sessionId: case.id,
        node: 0,
        best,
        chosen,
        justificationHash: B256::repeat_byte(7),
        deadline: GOOD,
    };
    wire::deviateAwardCall {
        signature: city.sign(Peer::Enactment, &clerk(ClerkRole::Regulator, 0), &message),
        message,
    }
}

fn countersigning(case: &Case, chosen: u32) -> wire::countersignAwardCall {
    wire::countersignAwardCall {
        sessionId: case.id,
        node: 0,
        chosen,
    }
}

#[test]
fn another_bid_comes_first_when_regulator_and_panel_both_say_so() {
    let (city, case) = reviewed(&[node(2)], &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let nothing = wire::Mismatch {
        sessionId: case.id,
        expected: B256::ZERO,
        found: B256::with_last_byte(5),
    };
    assert_eq!(
        city.panel(countersigning(&case, 4)).err().expect("refused"),
        nothing.abi_encode(),
        "the panel alone decides nothing"
    );
    city.enact(deviating(&city, &case, 0, 4)).unwrap();
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(
        city.award_of(&case, 0).0,
        [0, 1, 2],
        "nor does the regulator"
    );
    let other = city.panel(countersigning(&case, 3)).err().expect("refused");
    assert_eq!(other[..4], wire::Mismatch::SELECTOR);
    city.panel(countersigning(&case, 4)).unwrap();
    assert_eq!(
        city.award_of(&case, 0).0,
        [0u32; 0],
        "the award begins anew"
    );
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![4, 0, 1], 3));
}

#[test]
fn a_deviation_from_another_best_is_none() {
    let (city, case) = reviewed(&[node(1)], &[(0, 1), (1, 2), (2, 3)]);
    city.enact(deviating(&city, &case, 1, 2)).unwrap();
    city.panel(countersigning(&case, 2)).unwrap();
    let mismatch = wire::Mismatch {
        sessionId: case.id,
        expected: B256::with_last_byte(2),
        found: B256::with_last_byte(1),
    };
    city.refuses(Peer::Enactment, city.awarding(&case), mismatch);
    // The regulator takes it back by another, which nobody countersigned yet.
    city.enact(deviating(&city, &case, 0, 2)).unwrap();
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0).0, [0]);
}

#[test]
fn nobody_awards_before_sealed_bids_could_be_opened() {
    let city = City::new();
    let case = city.decided("sealed", &[node(1)]);
    city.proposed(&case);
    let bid = city.bid(&case, 0, 0, 5);
    let sealed = city.sealing(0, &bid, B256::repeat_byte(5));
    city.law(sealed).unwrap();
    city.bids(&case, 0, &[(1, 50)]);
    city.close(&case);
    let from = city.session(case.id).awardsFrom;
    let early = wire::TooEarly { from };
    city.refuses(Peer::Enactment, city.awarding(&case), early.clone());
    city.world.warp(OPENING - 1);
    city.law(city.opening(0, &bid, B256::repeat_byte(5)))
        .unwrap();
    city.world.warp(1);
    city.refuses(Peer::Enactment, city.awarding(&case), early);
    city.world.warp(1);
    city.enact(city.awarding(&case)).unwrap();
    assert_eq!(city.award_of(&case, 0), (vec![0], 2));
}
