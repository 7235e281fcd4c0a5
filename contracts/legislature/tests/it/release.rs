//! INV-BID-01: what is set aside for a bid is free again as soon as nothing can come of it, to the last unit.

use agentcity_abi::ILegislature as wire;
use agentcity_domain::peer::Peer;
use agentcity_sessions::{
    City, State, UNIT, agent,
    doubles::{credit_of, lock, reserved},
    steps::{Case, SHARE, node},
};
use alloy_primitives::B256;

const MONEY: u128 = 1_000_000 * UNIT;

fn release(case: &Case, bids: &[u32]) -> wire::releaseBidsCall {
    wire::releaseBidsCall {
        sessionId: case.id,
        bids: bids.to_vec(),
    }
}

fn bound(city: &City, case: &Case, bid: u32) -> wire::BidBound {
    wire::BidBound {
        sessionId: case.id,
        bid,
        until: city.session(case.id).missionDeadline,
    }
}

#[test]
fn a_failed_session_sets_everything_free_once() {
    let city = City::new();
    let case = city.decided("failed", &[node(1), node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, 5), (1, 6)]);
    let sealed = city.bid(&case, 2, 0, 7);
    city.law(city.sealing(2, &sealed, B256::repeat_byte(1)))
        .unwrap();
    city.refuses(
        Peer::Legislature,
        release(&case, &[0]),
        bound(&city, &case, 0),
    );
    city.close(&case);
    city.is_in(case.id, State::Failed);
    city.world.take_logs();
    city.law(release(&case, &[0, 1, 2])).unwrap();
    let released = city.world.take_events::<wire::BidReleased>();
    assert_eq!(released.len(), 3);
    assert_eq!(
        (released[2].agent, released[2].stake),
        (agent(2).address, 150 * UNIT)
    );
    for i in 0..3 {
        assert_eq!(reserved(&city, case.id, agent(i).address), 0);
        assert_eq!(credit_of(&city, agent(i).address), MONEY);
    }
    let unknown = wire::Unknown { id: case.id };
    city.refuses(Peer::Legislature, release(&case, &[1]), unknown.clone());
    city.refuses(Peer::Legislature, release(&case, &[3]), unknown);
    assert_eq!(
        city.law(wire::bidOfCall {
            sessionId: case.id,
            bid: 1
        })
        .unwrap()
        .state,
        wire::BidState::Released
    );
}

#[test]
fn a_law_keeps_winners_and_the_runner_up_until_the_missions_time_is_over() {
    let city = City::new();
    let case = city.decided("law", &[node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, SHARE / 2), (1, SHARE / 3), (2, SHARE)]);
    city.close(&case);
    city.refuses(
        Peer::Legislature,
        release(&case, &[2]),
        bound(&city, &case, 2),
    );
    city.regulated(&case);
    city.codified(&case);
    city.refuses(
        Peer::Legislature,
        release(&case, &[2]),
        bound(&city, &case, 2),
    );
    city.approved(&case);
    city.law(release(&case, &[2])).unwrap();
    for needed in [0, 1] {
        city.refuses(
            Peer::Legislature,
            release(&case, &[needed]),
            bound(&city, &case, needed),
        );
    }
    let until: u64 = city.session(case.id).missionDeadline.to();
    city.world.warp(until - city.world.now());
    city.refuses(
        Peer::Legislature,
        release(&case, &[1]),
        bound(&city, &case, 1),
    );
    city.world.warp(1);
    city.law(release(&case, &[0, 1])).unwrap();
    for i in 0..3 {
        assert_eq!(credit_of(&city, agent(i).address), MONEY);
    }
}

#[test]
fn bids_of_an_earlier_round_are_free_while_the_session_goes_on() {
    let city = City::new();
    let case = city.decided("rounds", &[node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, 5)]);
    city.close(&case);
    for i in 0..2 {
        let mut message = city.decision(&case);
        message.repropose = true;
        city.enact(city.deciding(i, message)).unwrap();
    }
    city.is_in(case.id, State::ProposalOpen);
    city.law(release(&case, &[0])).unwrap();
    assert_eq!(credit_of(&city, agent(0).address), MONEY);
    let mut message = city.proposal(&case);
    message.deadline -= 1;
    city.law(city.proposing(message)).unwrap();
    let mut again = city.bid(&case, 0, 0, 5);
    again.deadline -= 1;
    city.law(city.bidding(&[(0, again)])).unwrap();
    city.refuses(
        Peer::Legislature,
        release(&case, &[1]),
        bound(&city, &case, 1),
    );
}

/// An agent's reserves of one source are one sum. What a seat took of it is gone, whichever bid is asked about first; the rest
/// comes back whole.
#[test]
fn what_a_seat_took_is_not_given_back_and_the_rest_is() {
    for order in [[0, 1], [1, 0]] {
        let city = City::new();
        let case = city.decided("shared", &[node(1), node(1)]);
        city.proposed(&case);
        let account = agent(0).address;
        let (won, mut lost) = (city.bid(&case, 0, 0, 5), city.bid(&case, 0, 1, SHARE));
        lost.stake = 400 * UNIT;
        city.law(city.bidding(&[(0, won.clone()), (0, lost.clone())]))
            .unwrap();
        for (i, price) in [(1, 6), (2, 7)] {
            city.bids(&case, 1, &[(i, price)]);
        }
        city.close(&case);
        city.regulated(&case);
        city.codified(&case);
        city.approved(&case);
        assert_eq!(city.award_of(&case, 0).0, [0]);
        lock(&city, case.id, account, won.stake);
        let until: u64 = city.session(case.id).missionDeadline.to();
        city.world.warp(until + 1 - city.world.now());
        for bid in order {
            city.law(release(&case, &[bid])).unwrap();
        }
        assert_eq!(reserved(&city, case.id, account), 0, "{order:?}");
        assert_eq!(credit_of(&city, account), MONEY - won.stake, "{order:?}");
    }
}

#[test]
fn what_the_treasury_refuses_stays_to_be_released() {
    let city = City::new();
    let case = city.decided("failed", &[node(1), node(1)]);
    city.proposed(&case);
    city.bids(&case, 0, &[(0, 5)]);
    city.close(&case);
    city.facts_mut()
        .refusing
        .insert(Peer::Treasury as u8, b"halted".to_vec());
    let before = city.storage();
    assert_eq!(
        city.law(release(&case, &[0])).err(),
        Some(b"halted".to_vec())
    );
    assert_eq!(city.storage(), before);
    city.facts_mut().refusing.clear();
    city.law(release(&case, &[0])).unwrap();
}
