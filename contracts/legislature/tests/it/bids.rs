//! MSG_TYPE_4, L-18, R20: bids, open and sealed.

use agentcity_abi::{ILegislature as wire, IService as services};
use agentcity_domain::{clerk::ClerkRole, parameter::ParameterId as P, peer::Peer};
use agentcity_sessions::{
    BIDDING, City, OPENING, SPONSOR, State, UNIT, agent, clerk,
    doubles::{credit_of, reserved},
    principal, service,
    steps::{Case, SHARE, commitment, node},
};
use alloy_primitives::{B256, U256, aliases::U40};
use alloy_sol_types::SolError;

fn proposed() -> (City, Case) {
    let city = City::new();
    let case = city.decided("bid", &[node(1), node(2)]);
    city.proposed(&case);
    city.world.take_logs();
    (city, case)
}

#[test]
fn a_bid_is_stored_with_every_field_and_its_stake_set_aside() {
    let (city, case) = proposed();
    let bid = city.bid(&case, 3, 1, 70_000);
    let before = credit_of(&city, bid.agent);
    city.law(city.bidding(&[(3, bid.clone())])).unwrap();
    let expected = wire::BidPlaced {
        sessionId: case.id,
        node: 1,
        agent: bid.agent,
        bid: 0,
        serviceId: bid.serviceId,
        price: bid.price,
        stake: bid.stake,
        latencyMs: bid.latencyMs,
        matchPermille: bid.matchPermille,
        tierAcceptance: bid.tierAcceptance,
    };
    assert_eq!(city.world.take_events::<wire::BidPlaced>(), [expected]);
    let stored = wire::Bid {
        number: 0,
        state: wire::BidState::Open,
        round: 0,
        node: 1,
        agent: bid.agent,
        serviceId: bid.serviceId,
        price: bid.price,
        stake: bid.stake,
        source: bid.source,
        latencyMs: bid.latencyMs,
        matchPermille: bid.matchPermille,
        tierAcceptance: bid.tierAcceptance,
    };
    let call = wire::bidOfCall {
        sessionId: case.id,
        bid: 0,
    };
    assert_eq!(city.law(call).unwrap(), stored.clone());
    let call = wire::bidsOfCall {
        sessionId: case.id,
        bids: vec![0, 0],
    };
    assert_eq!(city.law(call).unwrap(), [stored.clone(), stored.clone()]);
    let on = |node, first| {
        city.law(wire::bidsOnCall {
            sessionId: case.id,
            node,
            first,
        })
        .unwrap()
    };
    assert_eq!(on(1, 0), [stored]);
    assert_eq!((on(1, 1), on(0, 0)), (vec![], vec![]));
    assert_eq!(reserved(&city, case.id, bid.agent), bid.stake);
    assert_eq!(credit_of(&city, bid.agent), before - bid.stake);
}

/// Which rule a changed bid breaks, with what it needed and had.
#[track_caller]
fn breaks(change: fn(&mut wire::TaskBid), rule: u8, need: u128, have: u128) {
    let (city, case) = proposed();
    let mut bid = city.bid(&case, 0, 0, 5);
    change(&mut bid);
    let refused = wire::BidRefused {
        node: bid.node,
        rule,
        need: U256::from(need),
        have: U256::from(have),
    };
    city.refuses(Peer::Legislature, city.bidding(&[(0, bid)]), refused);
}

#[test]
fn a_bid_that_breaks_a_rule_is_refused_with_its_numbers() {
    breaks(|bid| bid.codeHash = B256::repeat_byte(1), 1, 1, 0);
    breaks(
        |bid| bid.stake = 150 * UNIT - 1,
        2,
        150 * UNIT,
        150 * UNIT - 1,
    );
    breaks(|bid| bid.price = 4 * SHARE + 1, 3, 4 * SHARE, 4 * SHARE + 1);
    breaks(|bid| bid.matchPermille = 1_001, 4, 1_000, 1_001);
    breaks(|bid| bid.tierAcceptance = 0, 5, 3, 0);
    breaks(|bid| bid.tierAcceptance = 4, 5, 3, 4);
    breaks(|bid| bid.node = 2, 6, 2, 2);
}

#[test]
fn the_sponsor_does_not_bid_nor_does_whoever_answers_for_it() {
    let (city, case) = proposed();
    let refused = wire::BidRefused {
        node: 0,
        rule: 7,
        need: U256::ZERO,
        have: U256::from(1),
    };
    // The sponsor's account is an agent of principal 0.
    let person = agentcity_sessions::Person {
        principal: principal(0),
        kind: 1,
        bars: 0,
        score: 500,
    };
    city.facts_mut().people.insert(SPONSOR, person);
    let bid = city.bid(&case, 0, 0, 5);
    city.refuses(
        Peer::Legislature,
        city.bidding(&[(0, bid)]),
        refused.clone(),
    );
    let bid = city.bid(&case, 1, 0, 5);
    city.law(city.bidding(&[(1, bid)])).unwrap();
    let other = City::new();
    let case = other.decided("own", &[node(1)]);
    other.change(agent(0).address, |person| person.principal = SPONSOR);
    other.proposed(&case);
    let bid = other.bid(&case, 0, 0, 5);
    other.refuses(Peer::Legislature, other.bidding(&[(0, bid)]), refused);
}

#[test]
fn whoever_did_not_attest_or_is_barred_does_not_bid() {
    let city = City::new();
    let case = city.decided("barred", &[node(1)]);
    city.proposed(&case);
    city.enrol(20);
    let bid = city.bid(&case, 20, 0, 5);
    let refused = |i, rule| wire::AgentRefused {
        agent: agent(i).address,
        rule,
    };
    city.refuses(
        Peer::Legislature,
        city.bidding(&[(20, bid)]),
        refused(20, 1),
    );
    city.change(agent(1).address, |person| person.bars = 16);
    let bid = city.bid(&case, 1, 0, 5);
    city.refuses(Peer::Legislature, city.bidding(&[(1, bid)]), refused(1, 16));
    let mut bid = city.bid(&case, 2, 0, 5);
    bid.serviceId = service(99);
    let refused = services::UnknownService {
        service: service(99),
    };
    city.refuses(Peer::Legislature, city.bidding(&[(2, bid)]), refused);
    // A clerk attested, and is no producer.
    let by = clerk(ClerkRole::Speaker, 0);
    let mut bid = city.bid(&case, 2, 0, 5);
    (bid.agent, bid.source) = (by.address, by.address.into_word());
    let call = wire::placeBidsCall {
        signatures: vec![city.sign(Peer::Legislature, &by, &bid)],
        messages: vec![bid],
    };
    let refused = wire::AgentRefused {
        agent: by.address,
        rule: 2,
    };
    city.refuses(Peer::Legislature, call, refused);
}

#[test]
fn a_principal_bids_once_on_a_node_in_a_round_with_whatever_agent() {
    let city = City::new();
    city.change(agent(1).address, |person| person.principal = principal(0));
    let case = city.decided("twice", &[node(1), node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, 5)]);
    let mut bid = city.bid(&case, 1, 0, 4);
    let done = city
        .law(city.bidding(&[(1, bid.clone())]))
        .err()
        .expect("refused");
    assert_eq!(done[..4], wire::AlreadyDone::SELECTOR);
    bid.node = 1;
    city.law(city.bidding(&[(1, bid)])).unwrap();
}

/// What somebody signed for one round is no bid in the next, where others may bid and time is shorter.
#[test]
fn a_bid_of_an_earlier_round_is_not_good_again() {
    let (city, case) = proposed();
    let open = city.bid(&case, 0, 0, 5);
    let sealed = city.sealing(1, &city.bid(&case, 1, 1, 5), salt());
    city.law(city.bidding(&[(0, open.clone())])).unwrap();
    city.law(sealed.clone()).unwrap();
    city.close(&case);
    for i in 0..2 {
        let mut message = city.decision(&case);
        message.repropose = true;
        city.enact(city.deciding(i, message)).unwrap();
    }
    let mut message = city.proposal(&case);
    message.deadline -= 1;
    city.law(city.proposing(message)).unwrap();
    let used = wire::AlreadyUsed {
        digest: city.digest(Peer::Legislature, &open),
    };
    let again = city.bidding(&[(0, open.clone())]);
    city.refuses(Peer::Legislature, again, used);
    let used = wire::AlreadyUsed {
        digest: city.digest(Peer::Legislature, &sealed.message),
    };
    city.refuses(Peer::Legislature, sealed, used);
    let mut signed_anew = open;
    signed_anew.deadline -= 1;
    city.law(city.bidding(&[(0, signed_anew)])).unwrap();
}

#[test]
fn many_bids_are_placed_at_once_or_none_of_them() {
    let (city, case) = proposed();
    let mut all: Vec<_> = (0..5)
        .map(|i| (i, city.bid(&case, i, (i % 2) as u16, 9)))
        .collect();
    all[4].1.price = u128::MAX;
    let refused = wire::BidRefused {
        node: 0,
        rule: 3,
        need: U256::from(4 * SHARE),
        have: U256::from(u128::MAX),
    };
    city.refuses(Peer::Legislature, city.bidding(&all), refused);
    all[4].1.price = 9;
    city.law(city.bidding(&all)).unwrap();
    assert_eq!(city.session(case.id).bids, 5);
}

/// an award looks at every bid on a node, so there are no more than it can.
#[test]
fn a_node_has_room_for_sixty_four_bids() {
    let most = P::MaxNodeBids.constant() as usize;
    assert_eq!(most, 64);
    let city = City::of(0);
    for i in 0..=64 {
        city.enrol(i);
    }
    let case = city.decided("crowd", &[node(1)]);
    city.law(city.request(&case)).unwrap();
    let mut all: Vec<_> = (0..=64).map(agent).collect();
    all.extend(ClerkRole::ALL.iter().map(|role| clerk(*role, 0)));
    for some in all.chunks(32) {
        city.law(city.attesting(&case, some)).unwrap();
    }
    city.law(wire::confirmRosterCall { sessionId: case.id })
        .unwrap();
    city.law(city.proposing(city.proposal(&case))).unwrap();
    for i in 0..64 {
        city.bids(&case, 0, &[(i, 9)]);
    }
    let bid = city.bid(&case, 64, 0, 9);
    let full = city.law(city.bidding(&[(64, bid)])).err().expect("refused");
    let expected = wire::TooMany {
        id: case.id,
        limit: 64,
    };
    assert_eq!(full, expected.abi_encode());
    for first in [0u32, 16, 48] {
        let on = city
            .law(wire::bidsOnCall {
                sessionId: case.id,
                node: 0,
                first,
            })
            .unwrap();
        let numbers: Vec<u32> = on.iter().map(|bid| bid.number).collect();
        assert_eq!(numbers, (first..first + 16).collect::<Vec<_>>());
    }
}

#[test]
fn a_stake_that_is_not_there_leaves_no_bid() {
    let (city, case) = proposed();
    let mut bid = city.bid(&case, 0, 0, 5);
    bid.stake = 2_000_000 * UNIT;
    let before = city.storage();
    let refused = city.law(city.bidding(&[(0, bid)])).err();
    assert_eq!(refused, Some(b"not there".to_vec()));
    assert_eq!(city.storage(), before);
}

#[test]
fn bidding_ends_with_its_window_in_review_or_in_nothing() {
    let (city, case) = proposed();
    let close = || wire::closeBiddingCall { sessionId: case.id };
    let until = city.session(case.id).expiresAt;
    let from = until + U40::from(1);
    city.bids(&case, 0, &[(0, 5)]);
    city.world.warp(BIDDING);
    city.refuses(Peer::Legislature, close(), wire::TooEarly { from });
    let last = city.bid(&case, 1, 0, 5);
    city.law(city.bidding(&[(1, last)]))
        .expect("the last second is in time");
    city.world.warp(1);
    let late = city.bid(&case, 2, 1, 5);
    city.refuses(
        Peer::Legislature,
        city.bidding(&[(2, late)]),
        wire::TooLate { until },
    );
    city.law(close()).unwrap();
    city.is_in(case.id, State::Failed);
    let (city, case) = proposed();
    city.bids(&case, 0, &[(0, 5)]);
    city.bids(&case, 1, &[(0, 5)]);
    city.close(&case);
    city.is_in(case.id, State::RegulatoryReview);
}

fn salt() -> B256 {
    B256::repeat_byte(0x5a)
}

#[test]
fn a_sealed_bid_shows_its_price_when_bidding_has_closed() {
    let (city, case) = proposed();
    let bid = city.bid(&case, 0, 0, 70_000);
    city.law(city.sealing(0, &bid, salt())).unwrap();
    let expected = wire::BidSealed {
        sessionId: case.id,
        node: 0,
        agent: bid.agent,
        bid: 0,
        commitment: commitment(&bid, salt()),
    };
    assert_eq!(city.world.take_events::<wire::BidSealed>(), [expected]);
    let read = || {
        city.law(wire::bidOfCall {
            sessionId: case.id,
            bid: 0,
        })
        .unwrap()
    };
    assert_eq!(
        (read().state, read().price, read().serviceId),
        (wire::BidState::Sealed, 0, B256::ZERO)
    );
    assert_eq!(read().stake, bid.stake);
    assert_eq!(reserved(&city, case.id, bid.agent), bid.stake);
    let state = wire::WrongSessionState {
        sessionId: case.id,
        state: State::BiddingOpen,
    };
    city.refuses(Peer::Legislature, city.opening(0, &bid, salt()), state);
    city.bids(&case, 1, &[(1, 5)]);
    city.close(&case);
    let closed = city.session(case.id).expiresAt - U40::from(300);
    assert_eq!(
        city.session(case.id).awardsFrom,
        closed + U40::from(OPENING + 1)
    );
    city.law(city.opening(0, &bid, salt())).unwrap();
    let opened = read();
    assert_eq!(
        (opened.state, opened.price, opened.serviceId),
        (wire::BidState::Open, 70_000, bid.serviceId)
    );
    assert_eq!((opened.round, opened.number), (0, 0));
    let wrong = wire::WrongOpening {
        commitment: bid.serviceId,
    };
    city.refuses(Peer::Legislature, city.opening(0, &bid, salt()), wrong);
}

#[test]
fn an_opening_says_what_was_sealed_and_nothing_else() {
    let (city, case) = proposed();
    let bid = city.bid(&case, 0, 0, 70_000);
    city.law(city.sealing(0, &bid, salt())).unwrap();
    // A copy of the seal, under another name.
    let mut copied = city.sealing(1, &city.bid(&case, 1, 0, 70_000), salt());
    copied.message.commitment = commitment(&bid, salt());
    copied.signature = city.sign(Peer::Legislature, &agent(1), &copied.message);
    city.law(copied).unwrap();
    // What was sealed in the open is not said otherwise behind the seal.
    let mut other = city.bid(&case, 2, 0, 70_000);
    let mut sealing = city.sealing(2, &other, salt());
    other.stake += 1;
    sealing.message.commitment = commitment(&other, salt());
    sealing.signature = city.sign(Peer::Legislature, &agent(2), &sealing.message);
    city.law(sealing).unwrap();
    city.bids(&case, 1, &[(1, 5)]);
    city.close(&case);
    let seal = commitment(&bid, salt());
    let wrong = |commitment| wire::WrongOpening { commitment };
    city.refuses(
        Peer::Legislature,
        city.opening(0, &bid, B256::ZERO),
        wrong(seal),
    );
    city.refuses(
        Peer::Legislature,
        city.opening(1, &bid, salt()),
        wrong(seal),
    );
    let behind = commitment(&other, salt());
    city.refuses(
        Peer::Legislature,
        city.opening(2, &other, salt()),
        wrong(behind),
    );
    let changes: [fn(&mut wire::TaskBid); 12] = [
        |bid| bid.sessionId = B256::repeat_byte(1),
        |bid| bid.node = 1,
        |bid| bid.agent = agent(1).address,
        |bid| bid.serviceId = service(1),
        |bid| bid.codeHash = B256::ZERO,
        |bid| bid.price += 1,
        |bid| bid.stake += 1,
        |bid| bid.source = B256::ZERO,
        |bid| bid.latencyMs += 1,
        |bid| bid.matchPermille -= 1,
        |bid| bid.tierAcceptance = 2,
        |bid| bid.deadline -= 1,
    ];
    for change in changes {
        let mut changed = bid.clone();
        change(&mut changed);
        let before = city.storage();
        assert!(city.law(city.opening(0, &changed, salt())).is_err());
        assert_eq!(city.storage(), before);
    }
    city.law(city.opening(0, &bid, salt())).unwrap();
}

#[test]
fn an_opening_that_comes_too_late_or_breaks_a_rule_opens_nothing() {
    let (city, case) = proposed();
    let bid = city.bid(&case, 0, 0, 70_000);
    city.law(city.sealing(0, &bid, salt())).unwrap();
    let dear = city.bid(&case, 1, 0, 4 * SHARE + 1);
    city.law(city.sealing(1, &dear, salt())).unwrap();
    city.bids(&case, 1, &[(1, 5)]);
    city.close(&case);
    let refused = wire::BidRefused {
        node: 0,
        rule: 3,
        need: U256::from(4 * SHARE),
        have: U256::from(4 * SHARE + 1),
    };
    city.refuses(Peer::Legislature, city.opening(1, &dear, salt()), refused);
    let until = city.session(case.id).awardsFrom - U40::from(1);
    city.world.warp(OPENING + 1);
    city.refuses(
        Peer::Legislature,
        city.opening(0, &bid, salt()),
        wire::TooLate { until },
    );
}

#[test]
fn a_seal_shows_at_once_what_is_wrong_with_what_it_shows() {
    let (city, case) = proposed();
    let mut bid = city.bid(&case, 0, 0, 5);
    bid.stake = 149 * UNIT;
    let refused = |rule, need: u128, have: u128| wire::BidRefused {
        node: if rule == 6 { 2 } else { 0 },
        rule,
        need: U256::from(need),
        have: U256::from(have),
    };
    city.refuses(
        Peer::Legislature,
        city.sealing(0, &bid, salt()),
        refused(2, 150 * UNIT, 149 * UNIT),
    );
    bid.stake = 150 * UNIT;
    bid.node = 2;
    city.refuses(
        Peer::Legislature,
        city.sealing(0, &bid, salt()),
        refused(6, 2, 2),
    );
}
