//! Reports: what freezes and what is noted; each refusal beside its allowed neighbour.

use agentcity_abi::{ICollaboration as work, IGuardian as wire, IRoster as roster};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
};
use agentcity_world::Key;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

fn three(city: &City) -> [Key; 3] {
    [
        city.monitor("mon a", "ann", "scorer a"),
        city.monitor("mon b", "bob", "scorer b"),
        city.monitor("mon c", "cid", "scorer c"),
    ]
}

fn is_frozen(city: &City, node: u16) -> bool {
    city.node(1, node) == NodeState::Frozen
}

#[test]
fn counters_beyond_their_limit_freeze_at_once() {
    let city = City::new();
    let [a, ..] = three(&city);
    city.relay(&[(&a, Said::counters(1, 2, 1, 40))]).unwrap();
    assert!(!is_frozen(&city, 2), "at the limit");
    city.world.take_logs();
    city.relay(&[(&a, Said::counters(1, 2, 2, 41))]).unwrap();
    let logs = city.world.take_logs();
    assert_eq!(logs.len(), 3, "reported, frozen, ordered");
    assert!(is_frozen(&city, 2));
    let number = city.watch(mission(1)).freezes;
    assert_eq!(number.to::<u32>(), 1);
    let frozen = wire::NodeFrozen::decode(&logs[1]);
    let now = city.world.now();
    assert_eq!(
        (frozen.missionId, frozen.node, frozen.attempt),
        (mission(1), 2, 1)
    );
    assert_eq!(frozen.agent, seated(2));
    assert_eq!(frozen.cause, wire::FreezeCause::ToolLimit);
    assert_eq!(frozen.expiresAt, u40(now + MAXIMUM));
    let freeze = city.freeze(1, frozen.freezeId);
    let expected = wire::Freeze {
        node: 2,
        attempt: 1,
        agent: seated(2),
        cause: wire::FreezeCause::ToolLimit,
        at: u40(now),
        expiresAt: u40(now + MAXIMUM),
        open: true,
        falsePositive: false,
        charged: false,
        monitors: vec![a.address],
    };
    assert_eq!(freeze, expected);
}

trait Decode: Sized {
    fn decode(log: &alloy_primitives::Log) -> Self;
}

impl<E: alloy_sol_types::SolEvent> Decode for E {
    fn decode(log: &alloy_primitives::Log) -> Self {
        E::decode_log_validate(log).expect("the event").data
    }
}

#[test]
fn messages_have_their_own_limit_and_kinds_their_own_measure() {
    let city = City::new();
    let [a, ..] = three(&city);
    let said = |kind, sequence, messages| Said {
        kind,
        messages,
        ..Said::counters(1, 0, sequence, 0)
    };
    let counters = wire::ReportKind::Counters;
    city.relay(&[(&a, said(counters, 1, 120))]).unwrap();
    // In a report of another kind the same number is not looked at.
    city.relay(&[(&a, said(wire::ReportKind::Deviation, 2, 121))])
        .unwrap();
    assert!(!is_frozen(&city, 0));
    city.relay(&[(&a, said(counters, 3, 121))]).unwrap();
    let frozen = city.events::<wire::NodeFrozen>();
    assert_eq!(frozen[0].cause, wire::FreezeCause::MessageLimit);
}

#[test]
fn a_report_is_said_as_it_was_signed() {
    let city = City::new();
    let [a, ..] = three(&city);
    let said = Said {
        messages: 9,
        ..Said::deviation(1, 3, 5, 1_999)
    };
    city.relay(&[(&a, said)]).unwrap();
    let reported = city.events::<wire::AnomalyReported>();
    let expected = wire::AnomalyReported {
        missionId: mission(1),
        node: 3,
        monitor: a.address,
        attempt: 1,
        agent: seated(3),
        kind: wire::ReportKind::Deviation,
        deviation: 1_999,
        toolInvocations: 0,
        messageVolume: 9,
        evidenceHash: EVIDENCE,
        sequence: 5,
    };
    assert_eq!(reported, [expected]);
    let counters = wire::countersCall {
        missionId: mission(1),
        index: 3,
        attempt: 1,
        agent: seated(3),
        monitor: a.address,
    };
    let found = city.call(STRANGER, counters).unwrap();
    let found = (found.toolInvocations, found.messageVolume, found.sequence);
    assert_eq!(found, (0, 9, 5));
}

#[test]
fn two_deviations_freeze_and_both_monitors_are_remembered() {
    let city = City::new();
    let [a, b, _] = three(&city);
    city.relay(&[(&a, Said::deviation(1, 1, 1, 2_001))])
        .unwrap();
    assert!(!is_frozen(&city, 1));
    city.world.warp(60);
    city.relay(&[(&b, Said::deviation(1, 1, 1, 2_001))])
        .unwrap();
    assert!(is_frozen(&city, 1));
    let frozen = city.events::<wire::NodeFrozen>();
    assert_eq!(frozen[0].cause, wire::FreezeCause::Deviation);
    let freeze = city.freeze(1, frozen[0].freezeId);
    assert_eq!(freeze.monitors, [a.address, b.address]);
}

#[test]
fn a_batch_may_hold_both_words() {
    let city = City::new();
    let [a, b, _] = three(&city);
    let both = [
        (&a, Said::deviation(1, 1, 1, 3_000)),
        (&b, Said::deviation(1, 1, 1, 3_000)),
    ];
    city.relay(&both).unwrap();
    assert!(is_frozen(&city, 1));
}

#[test]
fn deviations_agree_within_the_window_beyond_the_threshold_and_about_one_attempt_of_one_agent() {
    let other_agent = |said: Said| Said {
        agent: worker(2),
        ..said
    };
    let nothing = |said: Said| said;
    let quiet = |said: Said| Said {
        deviation: 2_000,
        ..said
    };
    let other_node = |said: Said| Said { node: 0, ..said };
    type Change<'a> = &'a dyn Fn(Said) -> Said;
    let cases: [(&str, u64, Change<'_>); 5] = [
        ("too late", 61, &nothing),
        ("too little", 0, &quiet),
        ("another agent", 0, &other_agent),
        ("another node", 0, &|said| Said {
            agent: worker(1),
            ..other_node(said)
        }),
        ("another mission", 0, &|said| Said { mission: 2, ..said }),
    ];
    for (why, pause, change) in cases {
        let city = City::new();
        let [a, b, _] = three(&city);
        city.relay(&[(&a, Said::deviation(1, 1, 1, 2_001))])
            .unwrap();
        city.world.warp(pause);
        let said = change(Said::deviation(1, 1, 1, 2_001));
        city.relay(&[(&b, said)]).unwrap();
        assert!(city.orders().is_empty(), "{why}");
    }
}

#[test]
fn a_word_that_waits_counts_as_long_as_its_monitor_does() {
    for change in [
        |m: &mut Registered| m.standing = roster::Standing::Leaving,
        |m: &mut Registered| m.suspended_until = u64::MAX >> 24,
    ] {
        let city = City::new();
        let [a, b, c] = three(&city);
        city.relay(&[(&a, Said::deviation(1, 1, 1, 2_001))])
            .unwrap();
        city.change_monitor(&a, change);
        city.relay(&[(&b, Said::deviation(1, 1, 1, 2_001))])
            .unwrap();
        assert!(!is_frozen(&city, 1), "one word is left");
        city.relay(&[(&c, Said::deviation(1, 1, 1, 2_001))])
            .unwrap();
        assert!(is_frozen(&city, 1), "b and c agree");
    }
}

#[test]
fn as_many_have_to_agree_as_the_table_says() {
    let city = City::new();
    city.set(ParameterId::DeviationMonitors, 3);
    let [a, b, c] = three(&city);
    let same = city.monitor("mon d", "ann", "scorer d");
    for key in [&a, &same, &b] {
        city.relay(&[(key, Said::deviation(1, 1, 1, 2_001))])
            .unwrap();
    }
    assert!(!is_frozen(&city, 1), "two of three are one principal's");
    city.relay(&[(&c, Said::deviation(1, 1, 1, 2_001))])
        .unwrap();
    let frozen = city.events::<wire::NodeFrozen>();
    let freeze = city.freeze(1, frozen[0].freezeId);
    assert_eq!(freeze.monitors.len(), 3);
    assert_eq!(freeze.monitors[2], c.address);
}

#[test]
fn those_who_agreed_are_used_up() {
    let city = City::new();
    let [a, b, c] = three(&city);
    for key in [&a, &b] {
        city.relay(&[(key, Said::deviation(1, 1, 1, 2_001))])
            .unwrap();
    }
    city.set_node(1, 1, NodeState::Eligible, 1);
    city.relay(&[(&c, Said::deviation(1, 1, 1, 2_001))])
        .unwrap();
    assert!(!is_frozen(&city, 1), "c is alone");
    city.relay(&[(&a, Said::deviation(1, 1, 2, 2_001))])
        .unwrap();
    assert!(is_frozen(&city, 1));
}

#[test]
fn g14_a_substitution_takes_two_principals_whatever_they_score_with() {
    let city = City::new();
    let [a, b, _] = three(&city);
    let same_person = city.monitor("mon d", "ann", "scorer d");
    let same_scorer = city.monitor("mon e", "eve", "scorer a");
    city.relay(&[(&a, Said::substitution(1, 0, 1))]).unwrap();
    city.relay(&[(&same_person, Said::substitution(1, 0, 1))])
        .unwrap();
    // A deviation is another accusation.
    city.relay(&[(&b, Said::deviation(1, 0, 1, 9_999))])
        .unwrap();
    assert!(!is_frozen(&city, 0), "one principal's word is one word");
    city.relay(&[(&same_scorer, Said::substitution(1, 0, 1))])
        .unwrap();
    let frozen = city.events::<wire::NodeFrozen>();
    assert_eq!(frozen[0].cause, wire::FreezeCause::DeploymentSubstitution);
    // It halts for evidence; nothing is taken without the panel.
    assert!(city.told(agentcity_domain::peer::Peer::Treasury).is_empty());
}

#[test]
fn what_cannot_be_frozen_now_is_noted() {
    let states = [
        NodeState::Waiting,
        NodeState::PendingVerification,
        NodeState::PendingReview,
        NodeState::Completed,
        NodeState::Failed,
        NodeState::Frozen,
    ];
    for state in states {
        let city = City::new();
        let [a, b, _] = three(&city);
        city.set_node(1, 0, state, 1);
        city.relay(&[(&a, Said::counters(1, 0, 1, 99))]).unwrap();
        for (key, sequence) in [(&a, 2), (&b, 1)] {
            let said = Said {
                tools: 99,
                ..Said::deviation(1, 0, sequence, 9_999)
            };
            city.relay(&[(key, said)]).unwrap();
        }
        assert_eq!(city.node(1, 0), state);
        assert_eq!(city.watch(mission(1)).freezes.to::<u32>(), 0, "{state:?}");
    }
    for state in [
        MissionState::Verification,
        MissionState::Failed,
        MissionState::Aborted,
    ] {
        let city = City::new();
        let [a, ..] = three(&city);
        city.set_state(1, state);
        city.relay(&[(&a, Said::counters(1, 0, 1, 99))]).unwrap();
        assert!(!is_frozen(&city, 0), "{state:?}");
    }
    for state in [MissionState::Active, MissionState::Degraded] {
        let city = City::new();
        let [a, ..] = three(&city);
        city.set_state(1, state);
        city.set_node(1, 0, NodeState::Executing, 1);
        city.relay(&[(&a, Said::counters(1, 0, 1, 99))]).unwrap();
        assert!(is_frozen(&city, 0), "{state:?}");
    }
}

#[test]
fn only_monitors_in_good_standing_are_heard() {
    let city = City::new();
    let [a, ..] = three(&city);
    let stranger = Key::of("stranger");
    let now = city.world.now();
    let say = |key: &Key| city.reports(&[(key, Said::counters(1, 0, 1, 1))]);
    let refused = |key: &Key| {
        let monitor = key.address;
        city.refused(STRANGER, say(key), wire::MonitorRefused { monitor });
    };
    refused(&stranger);
    for standing in [
        roster::Standing::Candidate,
        roster::Standing::Leaving,
        roster::Standing::Removed,
        roster::Standing::Released,
    ] {
        city.change_monitor(&a, |m| m.standing = standing);
        refused(&a);
    }
    city.change_monitor(&a, |m| {
        m.standing = roster::Standing::Active;
        m.suspended_until = now + 1;
    });
    refused(&a);
    city.world.warp(1);
    assert!(city.call(STRANGER, say(&a)).is_ok(), "to the last second");
}

#[test]
fn a_report_is_refused_with_what_is_wrong_about_it() {
    let city = City::new();
    let [a, b, _] = three(&city);
    let relay = |said| city.reports(&[(&a, said)]);
    let good = Said::counters(1, 0, 7, 10);
    let (mission_id, node) = (mission(1), 0);
    let wrong = |found, given| wire::WrongAttempt {
        missionId: mission_id,
        node,
        found,
        given,
    };
    city.refused(STRANGER, relay(Said { attempt: 2, ..good }), wrong(1, 2));
    city.refused(STRANGER, relay(Said { attempt: 0, ..good }), wrong(1, 0));
    for agent in [worker(3), Address::ZERO] {
        let not_seated = wire::NotSeated {
            missionId: mission_id,
            node,
            agent,
        };
        city.refused(STRANGER, relay(Said { agent, ..good }), not_seated);
    }
    city.call(STRANGER, relay(good)).unwrap();
    let stale = |sequence| wire::StaleReport { sequence, last: 7 };
    city.refused(STRANGER, relay(good), stale(7));
    city.refused(
        STRANGER,
        relay(Said {
            sequence: 6,
            ..good
        }),
        stale(6),
    );
    let less = Said {
        sequence: 8,
        tools: 9,
        ..good
    };
    city.refused(STRANGER, relay(less), stale(8));
    // Another monitor counts for itself.
    let fewer = Said {
        sequence: 1,
        tools: 1,
        ..good
    };
    city.relay(&[(&b, fewer)]).unwrap();
    let late = relay(Said {
        sequence: 8,
        ..good
    });
    let deadline = city.world.now() + 600;
    city.world.warp(600);
    city.call(STRANGER, late).unwrap();
    let late = city.reports(&[(
        &a,
        Said {
            sequence: 9,
            ..good
        },
    )]);
    let next = deadline + 600;
    city.world.warp(601);
    city.refused(STRANGER, late, wire::DeadlinePassed { deadline: next });
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let city = City::new();
    let [a, b, _] = three(&city);
    let good = (&a, Said::counters(1, 0, 1, 41));
    let bad = (
        &b,
        Said {
            attempt: 3,
            ..Said::counters(1, 1, 1, 1)
        },
    );
    let wrong = wire::WrongAttempt {
        missionId: mission(1),
        node: 1,
        found: 1,
        given: 3,
    };
    city.refused(STRANGER, city.reports(&[good, bad]), wrong);
    assert!(!is_frozen(&city, 0));
    let nine: Vec<_> = (1..=9).map(|n| (&a, Said::counters(1, 0, n, 0))).collect();
    city.refused(STRANGER, city.reports(&nine), wire::MalformedCall {});
    city.relay(&nine[..8]).unwrap();
    let mut uneven = city.reports(&[(&b, Said::counters(1, 0, 1, 0))]);
    uneven.signatures.clear();
    city.refused(STRANGER, uneven, wire::MalformedCall {});
    city.relay(&[]).unwrap();
}

#[test]
fn a_kind_that_is_none_is_malformed() {
    let city = City::new();
    let [a, ..] = three(&city);
    let none = Said {
        kind: wire::ReportKind::None,
        ..Said::counters(1, 0, 1, 0)
    };
    city.refused(
        STRANGER,
        city.reports(&[(&a, none)]),
        wire::MalformedCall {},
    );
    // Beyond the last of the enum, as bytes: the kind is the fifth word of the only report.
    let mut call = city
        .reports(&[(&a, Said::counters(1, 0, 1, 0))])
        .abi_encode();
    call[4 + 32 * 3 + 32 * 5 - 1] = 4;
    let answer = city.world.transact(STRANGER, here(), U256::ZERO, &call);
    assert_eq!(answer, Err(wire::MalformedCall {}.abi_encode()));
}

#[test]
fn orders_name_whom_and_until_when() {
    let city = City::new();
    let [a, ..] = three(&city);
    city.relay(&[(&a, Said::counters(1, 4, 1, 41))]).unwrap();
    let expected = work::Intervention {
        node: 4,
        attempt: 1,
        agent: seated(4),
        until: u40(city.world.now() + MAXIMUM),
        ..order(work::Order::Freeze, mission(1))
    };
    assert_eq!(city.orders(), [expected]);
}
