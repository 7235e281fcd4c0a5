//! Seats (INV-MISSION-02), verdicts, faults, recursion, orders, digests.

use agentcity_domain::{
    agent::standing::Bars,
    machine::{MissionState, NodeState},
    mission::{
        Reason, Why, digest, fault,
        node::{CHILD, Eligible, Node, seat_bit, seconds},
        order,
        record::{Child, Link, Mission, Pages, States},
        recursion, refinement,
        seat::{self, CONFLICT, Standing},
        verdict::{self, Outcome},
    },
    parameter::ParameterId as P,
};
use alloy_primitives::{Address, B256, U256};
use proptest::prelude::*;

use super::{at, mission, why};

const SPONSOR: Address = Address::repeat_byte(1);

#[test]
fn windows_follow_from_when_a_node_became_eligible_and_round_up() {
    let (city, mut pages, mut node) = (Mission::default(), Pages::default(), Node::default());
    let mut own = mission(MissionState::Active);
    pages.set_activated(100);
    let millis = [5_000, 1_001, 1];
    let root = Eligible::of(&node, (&own, &pages, &city), millis);
    assert_eq!((root.closes, root.expires), (106, 108));
    own.set_moved(40);
    assert_eq!(
        Eligible::of(&node, (&own, &pages, &city), millis).closes,
        146,
        "halts moved it"
    );
    pages.set_moved_then(40);
    assert_eq!(
        Eligible::of(&node, (&own, &pages, &city), millis).closes,
        106
    );
    node.renew(0, 300, 30);
    assert_eq!(
        Eligible::of(&node, (&own, &pages, &city), millis).closes,
        316
    );
    assert_eq!(
        [seconds(0), seconds(1), seconds(1_000), seconds(1_001)],
        [0, 1, 1, 2]
    );
}

#[test]
fn a_seat_is_taken_once() {
    let mut node = Node::default();
    for place in 0..7 {
        assert_eq!(why(seat::accept(&mut node, place)), Ok(()));
        assert_eq!(why(seat::accept(&mut node, place)), Err(Why::Done));
        assert_eq!(node.accepted(), place + 1);
    }
    assert_eq!((seat_bit(7), seat_bit(8)), (0x80, 0));
}

#[test]
fn a_node_begins_with_all_its_seats_or_after_the_window_with_as_many_as_agree() {
    let windows = Eligible {
        closes: 50,
        expires: 90,
    };
    for redundancy in 1..=7u8 {
        let threshold = redundancy / 2 + 1;
        for fit in 0..1u8 << redundancy {
            for now in [50, 51] {
                let mut node = Node::default();
                let counts = (2, redundancy, threshold);
                let said = seat::begin(
                    &mut node,
                    &windows,
                    counts,
                    fit,
                    [20_000, 540_000, 30_000],
                    (now, 7),
                );
                let needed = if now == 50 { redundancy } else { threshold };
                let accepted = fit.count_ones() as u8;
                if accepted < needed {
                    assert_eq!(why(said), Err(Why::Seats { accepted, needed }));
                    assert_eq!(node, Node::default());
                } else {
                    assert_eq!(said, Ok(()));
                    assert_eq!((node.taken(), node.tier(), node.since()), (fit, 2, now));
                    assert_eq!((node.expires(), node.moved()), (now + 590, 7));
                }
            }
        }
    }
    let nobody = seat::begin(
        &mut Node::default(),
        &windows,
        (0, 0, 0),
        0,
        [0; 3],
        (99, 0),
    );
    assert_eq!(
        why(nobody),
        Err(Why::Seats {
            accepted: 0,
            needed: 1
        }),
        "a node without seats"
    );
}

#[test]
fn reasons_against_work_are_the_missions_own_limits_and_conflicts() {
    let good = Standing {
        principal: Address::repeat_byte(2),
        previous: Address::ZERO,
        bars: 0,
        score: 100,
        enrolled_at: 1_000,
    };
    let others = [Address::repeat_byte(3)];
    let bars =
        |standing: Standing, age| standing.bars_for_work((100, age), SPONSOR, &others, 1_500);
    assert_eq!(bars(good, Some(500)), 0);
    let passed_on = Standing {
        previous: Address::repeat_byte(4),
        ..good
    };
    assert_eq!(bars(passed_on, None), 0, "by somebody who is nobody here");
    assert_eq!(CONFLICT, 128, "a bit that none of the agent's reasons has");
    for (standing, age, expected) in [
        (Standing { bars: 5, ..good }, None, 5),
        (
            Standing { score: 99, ..good },
            None,
            Bars::BELOW_FLOOR.bits(),
        ),
        (good, Some(501), Bars::TOO_YOUNG.bits()),
        (
            Standing {
                principal: SPONSOR,
                ..good
            },
            None,
            CONFLICT,
        ),
        (
            Standing {
                principal: others[0],
                ..good
            },
            None,
            CONFLICT,
        ),
        (
            Standing {
                previous: SPONSOR,
                ..good
            },
            None,
            CONFLICT,
        ),
    ] {
        assert_eq!(bars(standing, age), expected, "{standing:?}");
    }
    assert_eq!(bars(good, None), 0, "who decides alone needs no age");
}

#[test]
fn a_silent_seat_passes_on_after_the_window_and_a_taken_one_never() {
    let windows = Eligible {
        closes: 50,
        expires: 90,
    };
    let mut node = Node::default();
    node.set_taken(1);
    assert_eq!(
        why(seat::substitute(&mut node, &windows, 1, (50, 0))),
        Err(Why::TooEarly { from: 50 })
    );
    assert_eq!(
        why(seat::substitute(&mut node, &windows, 0, (51, 0))),
        Err(Why::Done)
    );
    assert_eq!(
        why(seat::substitute(&mut node, &windows, 1, (51, 3))),
        Ok(())
    );
    assert_eq!(
        (node.taken(), node.replaced(), node.since(), node.moved()),
        (1, 2, 51, 3)
    );
    assert_eq!(
        why(seat::substitute(&mut node, &windows, 1, (52, 3))),
        Ok(())
    );
    assert_eq!(node.replaced(), 2, "twice is replaced, too");
}

#[test]
fn a_verdict_takes_each_tier_its_own_way_and_no_other() {
    use NodeState as S;
    let ways = [
        (1, S::Executing, S::Executing),
        (1, S::Executing, S::Completed),
        (1, S::Executing, S::Failed),
        (2, S::Executing, S::Executing),
        (2, S::Executing, S::PendingVerification),
        (2, S::PendingVerification, S::PendingVerification),
        (2, S::PendingVerification, S::PendingReview),
        (2, S::PendingVerification, S::Completed),
        (2, S::PendingVerification, S::Failed),
        (2, S::PendingReview, S::Completed),
        (2, S::PendingReview, S::Failed),
        (3, S::Executing, S::Executing),
        (3, S::Executing, S::PendingReview),
        (3, S::PendingReview, S::Completed),
        (3, S::PendingReview, S::Failed),
    ];
    for tier in [0, 1, 2, 3, CHILD] {
        for from in S::ALL {
            for to in 0..16u8 {
                let (mut states, mut node) = (at(*from), Node::default());
                node.set_kind(tier);
                node.set_expires(100);
                let said = verdict::apply(&mut states, 0, &mut node, to, 500, (40, 9));
                let known = S::from_u8(to);
                let legal = known.is_some_and(|to| ways.contains(&(tier, *from, to)));
                let asked = known.is_some_and(|to| {
                    matches!(
                        to,
                        S::Executing
                            | S::PendingVerification
                            | S::PendingReview
                            | S::Completed
                            | S::Failed
                    )
                });
                if legal {
                    assert_eq!(said, Ok(()), "{tier} {from:?} {to}");
                    assert_eq!(states.of(0), to);
                    let ends = matches!(known, Some(S::Completed | S::Failed));
                    assert_eq!(node.expires(), if ends { 100 } else { 500 });
                } else {
                    let no = Why::NodeState {
                        state: from.number(),
                        attempt: 0,
                    };
                    assert_eq!(
                        why(said),
                        Err(if asked { no } else { Why::Order }),
                        "{tier} {from:?} {to}"
                    );
                    assert_eq!(states, at(*from));
                }
            }
        }
    }
}

#[test]
fn a_verdict_on_executing_work_gives_as_much_time_as_it_had_or_more() {
    let said = |expires| {
        let (mut states, mut node) = (at(NodeState::Executing), Node::default());
        node.set_kind(1);
        node.set_expires(100);
        let to = NodeState::Executing.number();
        let said = verdict::apply(&mut states, 0, &mut node, to, expires, (40, 9));
        why(said).map(|()| node.ends(9))
    };
    // It had time until 100, and its mission lay for 9 seconds since.
    assert_eq!(said(108), Err(Why::Order), "sooner");
    assert_eq!(said(109), Ok(109), "the same end");
    assert_eq!(said(110), Ok(110), "later");
}

#[test]
fn an_outcome_is_of_a_taken_seat_in_order_and_pays_what_is_completed() {
    let mut node = Node::default();
    node.set_taken(0b101);
    let good = Outcome {
        seat: 2,
        paid: true,
        scored: true,
        score: 1_000,
        fault: 0,
    };
    assert_eq!(why(good.judge(&node, Some(0), true)), Ok(()));
    for (bad, after, completed) in [
        (Outcome { seat: 1, ..good }, None, true),
        (good, Some(2), true),
        (
            Outcome {
                score: 1_001,
                ..good
            },
            None,
            true,
        ),
        (
            Outcome {
                fault: Reason::HumanSilence as u8,
                ..good
            },
            None,
            true,
        ),
        (Outcome { fault: 200, ..good }, None, true),
        (good, None, false),
    ] {
        assert_eq!(
            why(bad.judge(&node, after, completed)),
            Err(Why::Order),
            "{bad:?}"
        );
    }
    let blamed = Outcome {
        paid: false,
        fault: Reason::ConsensusFailed as u8,
        ..good
    };
    assert_eq!(why(blamed.judge(&node, None, false)), Ok(()));
}

#[test]
fn a_fault_costs_what_its_schedule_says() {
    for (reason, first, kind) in [
        (Reason::TimeoutExceeded, P::SlashTimeoutUnits, 1),
        (Reason::SeatNotAccepted, P::SlashTimeoutUnits, 1),
        (Reason::ServiceDeprecated, P::SlashTimeoutUnits, 1),
        (Reason::CodeHashMismatch, P::SlashCodeHashUnits, 2),
        (Reason::ProofRejected, P::SlashNodeFailureUnits, 3),
        (Reason::ConsensusFailed, P::SlashNodeFailureUnits, 3),
        (Reason::ReviewRejected, P::SlashNodeFailureUnits, 3),
        (Reason::FreezeConfirmed, P::SlashNodeFailureUnits, 3),
        (Reason::FaultNamed, P::SlashNodeFailureUnits, 4),
    ] {
        let price = fault::price(reason as u8);
        assert_eq!((price.ids[0], price.kind), (first, kind), "{reason:?}");
    }
    assert_eq!(
        fault::price(Reason::FaultNamed as u8).ids[1],
        P::SlashMissionAbortBps
    );
    assert_eq!(fault::amount(50, 10, 1_000, 3_300), 500, "the absolute");
    assert_eq!(fault::amount(50, 1, 1_000, 3_300), 330, "the share");
    assert_eq!(fault::amount(50, 10, 400, 3_300), 400, "the seat's stake");
    assert_eq!(fault::amount(u64::MAX, u128::MAX, 7, 0), 7, "the same");
    assert_eq!(fault::amount(50, 10, 0, 10_000), 0, "nothing at stake");
    assert_eq!(fault::amount(0, 1, 9_999, 1), 0, "rounded down");
    assert_eq!(
        fault::amount(0, 1, u128::MAX, 10_000),
        u128::MAX,
        "the whole"
    );
}

proptest! {
    #[test]
    fn division_is_division(of in any::<u128>(), by in any::<u128>(), shift in 0u32..128) {
        let by = by >> shift;
        let expected = of.checked_div(by).unwrap_or(0);
        prop_assert_eq!(fault::divide(of, by), expected);
    }

    #[test]
    fn a_share_of_a_stake_is_exact(units in any::<u32>(), unit in any::<u64>(), stake in any::<u128>(), bps in 0u64..=10_000) {
        let share = U256::from(stake) * U256::from(bps) / U256::from(10_000);
        let least = U256::from(units) * U256::from(unit);
        let expected = share.max(least).min(U256::from(stake));
        prop_assert_eq!(U256::from(fault::amount(units.into(), unit.into(), stake, bps)), expected);
    }

    #[test]
    fn a_seat_is_paid_its_price_at_most_its_share(price in any::<u128>(), budget in any::<u128>(), paid in 1u64..8) {
        let pay = seat::pay(price, budget, paid);
        prop_assert!(pay <= price && pay <= budget / u128::from(paid));
        prop_assert!(pay == price || pay == budget / u128::from(paid));
    }
}

#[test]
fn only_the_completed_is_imported_and_something_is_left() {
    for state in NodeState::ALL {
        let mut next = mission(MissionState::Pending);
        let said = refinement::import((&at(*state), 0, 0), (&mut next, &mut States::default(), 3));
        assert_eq!(said.is_ok(), *state == NodeState::Completed, "{state:?}");
    }
    let mut alone = mission(MissionState::Pending);
    alone.set_nodes(1);
    let said = refinement::import(
        (&at(NodeState::Completed), 0, 0),
        (&mut alone, &mut States::default(), 0),
    );
    assert_eq!(why(said), Err(Why::Order));
}

#[test]
fn missions_nest_to_their_limit_under_what_lives() {
    for depth in 0..=5 {
        let mut parent = mission(MissionState::Executing);
        parent.set_depth(depth);
        let expected = if depth < 4 {
            Ok(depth + 1)
        } else {
            Err(Why::Depth {
                depth: depth + 1,
                limit: 4,
            })
        };
        assert_eq!(why(recursion::nest(&parent, 9)), expected);
    }
    assert_eq!(
        why(recursion::nest(&mission(MissionState::Active), 10)),
        Err(Why::UnknownNode { nodes: 10 })
    );
    for state in MissionState::ALL {
        assert_eq!(
            recursion::nest(&mission(*state), 0).is_ok(),
            !state.is_terminal(),
            "{state:?}"
        );
    }
}

#[test]
fn a_child_is_opened_once_for_an_eligible_node_and_closed_once() {
    let own = mission(MissionState::Executing);
    for state in NodeState::ALL {
        let (mut states, mut node, mut link) = (at(*state), Node::default(), Link::default());
        node.set_taken(1);
        let child = mission(MissionState::Pending);
        let said = recursion::open(
            &own,
            &mut states,
            (0, &mut node),
            (&child, &mut link),
            (7, 0),
        );
        assert_eq!(said.is_ok(), *state == NodeState::Eligible, "{state:?}");
        if said.is_err() {
            continue;
        }
        assert_eq!(
            (link.child(), states.of(0)),
            (Child::Opened as u8, NodeState::Executing.number())
        );
        assert!(node.is_child() && node.tier() == 0 && node.taken() == 0);
        let again = recursion::open(
            &own,
            &mut at(NodeState::Eligible),
            (0, &mut node),
            (&child, &mut link),
            (7, 0),
        );
        assert_eq!(why(again), Err(Why::Done));
        for end in MissionState::ALL {
            let (mut states, mut link) = (states, link);
            let said = why(recursion::close(
                &own,
                &mut states,
                (0, &node),
                (&mission(*end), &mut link),
            ));
            match end {
                MissionState::Completed => assert_eq!((said, states.of(0)), (Ok(true), 6)),
                MissionState::Aborted => assert_eq!((said, states.of(0)), (Ok(false), 7)),
                _ => assert_eq!(
                    said,
                    Err(Why::MissionState {
                        state: end.number()
                    })
                ),
            }
            if end.is_terminal() {
                let again =
                    recursion::close(&own, &mut states, (0, &node), (&mission(*end), &mut link));
                assert_eq!(why(again), Err(Why::Done));
            }
        }
    }
}

#[test]
fn a_freeze_binds_its_attempt_and_follows_the_tables() {
    let own = mission(MissionState::Executing);
    for state in NodeState::ALL {
        let (mut states, mut node) = (at(*state), Node::default());
        let said = order::freeze(&own, &mut states, (0, &mut node), 0, 900, (7, 0));
        let may = matches!(state, NodeState::Eligible | NodeState::Executing);
        assert_eq!(said.is_ok(), may, "{state:?}");
        assert_eq!(
            states.of(0),
            if may { NodeState::Frozen } else { *state }.number()
        );
        let lifted = order::unfreeze(&own, &mut at(*state), (0, &mut Node::default()), 0, (7, 0));
        assert_eq!(lifted.is_ok(), *state == NodeState::Frozen, "{state:?}");
        let upheld = order::confirm(&own, &mut at(*state), (0, &Node::default()), 0);
        assert_eq!(
            why(upheld),
            Ok(*state == NodeState::Frozen),
            "else the fault alone"
        );
    }
    let no = Why::NodeState {
        state: NodeState::Eligible.number(),
        attempt: 0,
    };
    let other = order::freeze(
        &own,
        &mut at(NodeState::Eligible),
        (0, &mut Node::default()),
        1,
        900,
        (7, 0),
    );
    assert_eq!(why(other), Err(no));
    let mut child = Node::default();
    child.set_kind(CHILD);
    let busy = order::freeze(
        &own,
        &mut at(NodeState::Executing),
        (0, &mut child),
        0,
        900,
        (7, 0),
    );
    assert_eq!(
        why(busy),
        Err(Why::NodeState {
            state: 3,
            attempt: 0
        }),
        "a mission does its work"
    );
    for state in MissionState::ALL {
        // Evidence does not wait for a degraded mission to be let go on.
        let works = matches!(
            state,
            MissionState::Active | MissionState::Executing | MissionState::Degraded
        );
        let frozen = order::freeze(
            &mission(*state),
            &mut at(NodeState::Eligible),
            (0, &mut Node::default()),
            0,
            9,
            (7, 0),
        );
        assert_eq!(frozen.is_ok(), works, "{state:?}");
        let upheld = order::confirm(
            &mission(*state),
            &mut at(NodeState::Frozen),
            (0, &Node::default()),
            0,
        );
        let expected = match state {
            s if s.is_terminal() => Ok(false),
            _ if works => Ok(true),
            _ => Err(Why::MissionState {
                state: state.number(),
            }),
        };
        assert_eq!(why(upheld), expected, "{state:?}");
    }
}

#[test]
fn the_digest_takes_in_who_when_and_what() {
    let [before, which, output, trail] = digest::preimage(
        B256::repeat_byte(1),
        0x0203,
        4,
        B256::repeat_byte(5),
        B256::repeat_byte(6),
    );
    assert_eq!(
        (before, output, trail),
        (
            B256::repeat_byte(1),
            B256::repeat_byte(5),
            B256::repeat_byte(6)
        )
    );
    assert_eq!(which, B256::from(U256::from(0x020304)));
}
