//! INV-BID-01, R20: which bids may stand in a session, and how long they bind what was reserved for them.

use std::convert::Infallible;

use agentcity_domain::{
    legislation::{
        bid::{Broken, Head, Limits, Placed, Rule, Standing, has_room},
        session::{Kind, Session},
    },
    machine::SessionState,
    parameter::ParameterId as P,
};
use alloy_primitives::Address;

const NODES: u16 = 5;
const DEADLINE: u64 = 1_000;

fn somebody(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn session(state: SessionState) -> Session {
    let mut session = Session::default();
    session.set_state(state.number());
    session.set_kind(Kind::Mission as u8);
    session.set_nodes(NODES);
    session.set_round(1);
    session
}

fn limits() -> Limits {
    Limits {
        stake: 150,
        budget: 900,
        sponsors: [somebody(0xa0), somebody(0xa1)],
    }
}

fn placed() -> Placed {
    Placed {
        node: NODES - 1,
        runs_code: true,
        price: 900,
        stake: 150,
        fit: 1_000,
        tier: 3,
        principal: somebody(1),
    }
}

#[test]
fn a_bid_at_every_limit_stands_and_one_beyond_is_told_which() {
    let open = session(SessionState::BiddingOpen);
    let judge = |placed: Placed| placed.judge(&open, &limits());
    assert_eq!(judge(placed()), Ok(()));
    assert_eq!(
        judge(Placed {
            tier: 1,
            ..placed()
        }),
        Ok(())
    );
    let sponsor = |number| Placed {
        principal: somebody(number),
        ..placed()
    };
    let broken = |rule, need, have| Err(Broken { rule, need, have });
    for (bid, expected) in [
        (
            Placed {
                node: NODES,
                ..placed()
            },
            broken(Rule::Node, 5, 5),
        ),
        (
            Placed {
                runs_code: false,
                ..placed()
            },
            broken(Rule::Code, 1, 0),
        ),
        (
            Placed {
                stake: 149,
                ..placed()
            },
            broken(Rule::Stake, 150, 149),
        ),
        (
            Placed {
                price: 901,
                ..placed()
            },
            broken(Rule::Budget, 900, 901),
        ),
        (
            Placed {
                fit: 1_001,
                ..placed()
            },
            broken(Rule::Fit, 1_000, 1_001),
        ),
        (
            Placed {
                tier: 0,
                ..placed()
            },
            broken(Rule::Tier, 3, 0),
        ),
        (
            Placed {
                tier: 4,
                ..placed()
            },
            broken(Rule::Tier, 3, 4),
        ),
        (sponsor(0xa0), broken(Rule::Sponsor, 0, 1)),
        (sponsor(0xa1), broken(Rule::Sponsor, 0, 1)),
    ] {
        assert_eq!(judge(bid), expected, "{bid:?}");
    }
}

#[test]
fn a_partial_session_takes_bids_for_its_node_alone() {
    let mut partial = session(SessionState::BiddingOpen);
    partial.set_kind(Kind::Partial as u8);
    partial.set_node(3);
    for node in 0..NODES {
        let judged = Placed { node, ..placed() }.judge(&partial, &limits());
        assert_eq!(judged.is_ok(), node == 3, "{node}");
    }
}

#[test]
fn a_head_keeps_who_bids_beside_what_is_measured() {
    let mut head = Head::default();
    assert_eq!(head.agent(), Address::ZERO);
    head.set_latency_ms(u32::MAX);
    head.set_standing(Standing::Open as u8);
    head.set_agent(somebody(7));
    assert_eq!(head.agent(), somebody(7));
    assert_eq!((head.latency_ms(), head.standing()), (u32::MAX, 2));
    head.set_agent(Address::ZERO);
    assert_eq!(head.agent(), Address::ZERO);
}

#[test]
fn sealed_and_open_bids_reserve_and_released_ones_do_not() {
    let mut head = Head::default();
    assert!(!head.is_reserved(), "no bid");
    for (standing, reserves) in [
        (Standing::Sealed, true),
        (Standing::Open, true),
        (Standing::Released, false),
    ] {
        head.set_standing(standing as u8);
        assert_eq!(head.is_reserved(), reserves, "{standing:?}");
    }
}

#[test]
fn a_bid_binds_in_its_round_and_as_law_until_the_deadline_if_it_is_needed() {
    let bound = |round, state, now, needed: Option<bool>| {
        let mut head = Head::default();
        head.set_round(round);
        let asked =
            || Ok::<_, Infallible>(needed.expect("whether it is needed decides nothing here"));
        head.is_bound(&session(state), DEADLINE, now, asked)
            .unwrap()
    };
    let late = DEADLINE + 1;
    // Before it is law, the round alone decides, whatever the time.
    for state in [
        SessionState::BiddingOpen,
        SessionState::RegulatoryReview,
        SessionState::AwaitingApproval,
    ] {
        assert!(bound(1, state, late, None), "{state:?}");
        assert!(!bound(0, state, 0, None), "{state:?} in another round");
    }
    assert!(!bound(1, SessionState::Failed, 0, None));
    assert!(!bound(0, SessionState::Deployed, 0, None));
    assert!(!bound(1, SessionState::Deployed, late, None));
    for needed in [false, true] {
        let last = bound(1, SessionState::Deployed, DEADLINE, Some(needed));
        assert_eq!(last, needed);
    }
}

#[test]
fn a_node_has_room_up_to_the_most_bids_of_a_round() {
    let most = P::MaxNodeBids.constant();
    assert!(has_room(0) && has_room(most - 1));
    assert!(!has_room(most) && !has_room(u32::MAX));
}
