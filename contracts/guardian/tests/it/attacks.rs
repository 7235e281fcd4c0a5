//! Attacks, each mounted and named for the ruling that answers it.

use agentcity_abi::{ICollaboration as work, IGuardian as wire};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
};
use agentcity_world::predicate::{self, Manners};
use alloy_primitives::{Address, B256, U256};

use crate::{
    city::*,
    freezes::{classify, freeze, pair, unfreeze},
    gate::{Question, at, filter, gated, release, with_gas},
    halts::{clear, diverge, lift, reconcile, stop},
};

/// A report that is good, and the key that signed it.
fn good(city: &City) -> wire::reportCall {
    let a = city.monitor("mon a", "ann", "scorer a");
    city.reports(&[(&a, Said::counters(1, 0, 1, 41))])
}

#[test]
fn a10_a_report_binds_every_field_it_has() {
    type Change<'a> = &'a dyn Fn(&mut wire::MonitorReport);
    let changes: [(&str, Change<'_>); 11] = [
        ("mission", &|r| r.missionId = mission(2)),
        ("node", &|r| r.node = 4),
        ("attempt", &|r| r.attempt = 2),
        ("agent", &|r| r.agent = worker(1)),
        ("kind", &|r| r.kind = wire::ReportKind::Deviation),
        ("deviation", &|r| r.deviation = 1),
        ("tools", &|r| r.toolInvocations = 42),
        ("messages", &|r| r.messageVolume = 1),
        ("evidence", &|r| r.evidenceHash = B256::ZERO),
        ("sequence", &|r| r.sequence = 2),
        ("deadline", &|r| r.deadline += 1),
    ];
    for (field, change) in changes {
        let city = City::new();
        let mut call = good(&city);
        let signer = call.reports[0].monitor;
        change(&mut call.reports[0]);
        // The fifth node's first seat is the first node's agent too, so nothing but the signature is wrong.
        city.refused(STRANGER, call, wire::InvalidSignature { signer });
        assert!(city.orders().is_empty(), "{field}");
    }
    let city = City::new();
    let mut call = good(&city);
    let b = city.monitor("mon b", "bob", "scorer b");
    call.reports[0].monitor = b.address;
    let signer = b.address;
    city.refused(STRANGER, call, wire::InvalidSignature { signer });
    city.call(STRANGER, good(&city)).unwrap();
}

#[test]
fn a10_a_report_is_not_replayed_here_or_elsewhere() {
    // Again in the same place.
    let city = City::new();
    let call = good(&city);
    city.call(STRANGER, call.clone()).unwrap();
    let stale = wire::StaleReport {
        sequence: 1,
        last: 1,
    };
    city.refused(STRANGER, call.clone(), stale);
    // In a later attempt of the same node.
    city.set_node(1, 0, NodeState::Executing, 2);
    let wrong = wire::WrongAttempt {
        missionId: mission(1),
        node: 0,
        found: 2,
        given: 1,
    };
    city.refused(STRANGER, call, wrong);
    // On another chain.
    let city = City::new();
    let call = good(&city);
    let signer = call.reports[0].monitor;
    city.world.set_chain_id(1);
    city.refused(STRANGER, call, wire::InvalidSignature { signer });
    // At another contract.
    let city = City::new();
    let mut call = good(&city);
    let a = agentcity_world::Key::of("mon a");
    let elsewhere = digest_at(city.world.chain_id(), STRANGER, &words_of(&call.reports[0]));
    call.signatures[0] = a.sign(elsewhere).into();
    city.refused(STRANGER, call, wire::InvalidSignature { signer });
    // In its other form.
    let city = City::new();
    let mut call = good(&city);
    let digest = city.digest(&words_of(&call.reports[0]));
    call.signatures[0] = a.sign_high(digest).into();
    city.refused(STRANGER, call, wire::InvalidSignature { signer });
}

// INV-GUARD-01.
#[test]
fn a10_a_liar_makes_no_honest_monitor_stale() {
    let city = City::new();
    let [liar, honest] = pair(&city);
    let most = Said {
        messages: u32::MAX,
        ..Said::counters(1, 0, u64::MAX, u32::MAX)
    };
    city.relay(&[(&liar, most)]).unwrap();
    let id = city.events::<wire::NodeFrozen>()[0].freezeId;
    city.rule(unfreeze(0, id, wire::UnfreezeKind::FalsePositive))
        .unwrap();
    city.rule(classify(0, id)).unwrap();
    city.relay(&[(&honest, Said::counters(1, 0, 1, 3))])
        .unwrap();
    assert_eq!(city.node(1, 0), NodeState::Eligible);
    city.relay(&[(&honest, Said::counters(1, 0, 2, 41))])
        .unwrap();
    assert_eq!(city.node(1, 0), NodeState::Frozen);
}

#[test]
fn a7_one_monitor_stops_nothing_with_however_many_reports() {
    let city = City::new();
    let [a, _] = pair(&city);
    city.set_score(seated(0), 0);
    for round in 0..30 {
        city.set_node(1, 0, NodeState::Eligible, 1);
        freeze(&city, &a, 0);
        assert_eq!(city.halt(mission(1)).0, 0, "{round}");
    }
}

#[test]
fn a7_an_honest_word_about_another_agent_lends_a_liar_nothing() {
    let city = City::new();
    let [liar, honest] = pair(&city);
    city.set_score(seated(0), 0);
    freeze(&city, &honest, 1);
    for round in 0..7 {
        city.set_node(1, 0, NodeState::Eligible, 1);
        freeze(&city, &liar, 0);
        assert_eq!(city.halt(mission(1)).0, 0, "{round}");
    }
}

// INV-GUARD-05.
#[test]
fn a7_monitors_of_one_principal_stop_nothing_either() {
    let city = City::new();
    city.set_score(seated(0), 0);
    for round in 0..12 {
        let key = city.monitor(&format!("mon {round}"), "ann", &format!("scorer {round}"));
        city.set_node(1, 0, NodeState::Eligible, 1);
        freeze(&city, &key, 0);
    }
    assert_eq!(city.halt(mission(1)).0, 0);
}

#[test]
fn a7_a_monitor_who_cries_wolf_pays_with_each_cry() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    for round in 0..3u8 {
        city.call(a.address, diverge(mission(1))).unwrap();
        let bond = city.events::<wire::DivergenceReported>()[0].bondId;
        city.rule(lift(mission(1), true)).unwrap();
        let closed = city.events::<wire::DivergenceClosed>();
        assert_eq!(
            (closed[0].bondId, closed[0].returned),
            (bond, false),
            "{round}"
        );
    }
}

#[test]
fn a7_a_stop_that_lasts_is_not_prolonged() {
    let city = City::new();
    city.rule(stop(mission(1))).unwrap();
    let until = city.halt(mission(1)).1;
    city.world.warp(MAXIMUM - 1);
    let lasts = wire::Halted {
        missionId: mission(1),
        halt: wire::Halt::EmergencyStop,
        until: u40(until),
    };
    city.panel_refused(stop(mission(1)), lasts);
    assert_eq!(city.halt(mission(1)).1, until);
}

#[test]
fn r13_scorers_of_one_principal_or_principals_with_one_scorer_freeze_nothing() {
    for (principals, scorers) in [(["ann", "ann"], ["x", "y"]), (["ann", "bob"], ["x", "x"])] {
        let city = City::new();
        for n in 0..2 {
            let key = city.monitor(["one", "two"][n], principals[n], scorers[n]);
            for sequence in 1..=4 {
                city.relay(&[(&key, Said::deviation(1, 0, sequence, 9_999))])
                    .unwrap();
            }
        }
        assert!(city.orders().is_empty(), "{principals:?} {scorers:?}");
    }
}

#[test]
fn r13_a_crowd_of_one_principals_accusers_hides_no_honest_one() {
    let city = City::new();
    for n in 0..20 {
        let name = format!("sock {n}");
        let key = city.monitor(&name, "ann", &name);
        city.relay(&[(&key, Said::deviation(1, 0, 1, 9_999))])
            .unwrap();
    }
    assert!(city.orders().is_empty());
    let honest = city.monitor("honest", "bob", "scorer b");
    city.relay(&[(&honest, Said::deviation(1, 0, 1, 9_999))])
        .unwrap();
    assert_eq!(city.node(1, 0), NodeState::Frozen);
}

// INV-GUARD-03.
#[test]
fn r8_nobody_waits_a_freeze_out() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    city.world.warp(10 * MAXIMUM);
    // No time makes it eligible: nobody but the panel has a function that does.
    let lift = unfreeze(0, id, wire::UnfreezeKind::FalsePositive);
    let caller = seated(0);
    city.refused(caller, lift, wire::Unauthorized { caller });
    assert_eq!(city.node(1, 0), NodeState::Frozen);
    // What collaboration was given is the end, after which anyone fails the node.
    let freeze = city.freeze(1, id);
    assert_eq!(freeze.expiresAt, freeze.at + u40(MAXIMUM));
}

#[test]
fn r8_a_later_attempt_inherits_neither_counters_nor_warnings() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    city.rule(unfreeze(0, id, wire::UnfreezeKind::Warning))
        .unwrap();
    city.set_node(1, 0, NodeState::Executing, 2);
    let said = |sequence, tools| Said {
        attempt: 2,
        ..Said::counters(1, 0, sequence, tools)
    };
    city.relay(&[(&a, said(1, 40))]).unwrap();
    assert_eq!(city.node(1, 0), NodeState::Executing);
    city.relay(&[(&a, said(2, 41))]).unwrap();
    assert_eq!(city.node(1, 0), NodeState::Frozen);
}

// INV-GUARD-06.
#[test]
fn r9_every_halt_has_an_end_that_collaboration_knows_and_the_panel_alone_lifts() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    city.set(ParameterId::PauseMaxSecs, 7_200);
    city.rule(stop(mission(1))).unwrap();
    city.rule(stop(CITY)).unwrap();
    city.rule(clear(CITY)).unwrap();
    city.call(a.address, diverge(mission(2))).unwrap();
    let now = city.world.now();
    assert_eq!(city.halt(mission(1)), (1, now + MAXIMUM));
    assert_eq!(city.halt(mission(2)), (2, now + 7_200));
    city.world.warp(30 * DAY);
    let caller = a.address;
    let no = || wire::Unauthorized { caller };
    city.refused(caller, clear(mission(1)), no());
    city.refused(caller, lift(mission(2), false), no());
    // Long overdue, the panel may still let them go on.
    city.rule(clear(mission(1))).unwrap();
    city.rule(lift(mission(2), false)).unwrap();
    assert_eq!(city.moved(mission(1)), 30 * DAY);
}

#[test]
fn r9_a_freeze_and_a_stop_stand_under_each_other() {
    let city = City::new();
    let [a, b] = pair(&city);
    city.rule(stop(CITY)).unwrap();
    city.rule(stop(mission(1))).unwrap();
    freeze(&city, &a, 0);
    freeze(&city, &b, 1);
    assert_eq!(city.node(1, 1), NodeState::Frozen);
}

#[test]
fn r10_a_pass_by_one_monitor_is_stopped_by_anothers_bonded_word() {
    let city = gated(&[]);
    let [a, b] = pair(&city);
    city.call(a.address, reconcile(mission(1))).unwrap();
    city.call(b.address, diverge(mission(1))).unwrap();
    let paused = wire::Halted {
        missionId: mission(1),
        halt: wire::Halt::Divergence,
        until: u40(city.world.now() + MAXIMUM),
    };
    city.refused(STRANGER, filter(), paused);
}

#[test]
fn r24_a_burner_blocks_nothing_and_starves_nobody() {
    let burns = || Question::Soft(Manners::Burns);
    let city = gated(&[burns(), Question::Hard(Manners::Permits), burns()]);
    city.call(STRANGER, filter()).unwrap();
    let gate = city.gate(1);
    assert_eq!((gate.passed, gate.failed), (0b010, 0b101));
    city.rule(release()).unwrap();
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn r24_sending_little_gas_makes_no_predicate_fail() {
    let questions: Vec<_> = (0..4).map(|_| Question::Hard(Manners::Permits)).collect();
    let city = gated(&questions);
    for gas in [0, 1, 213_174, 213_175, 3 * 213_175, 4 * 213_175 - 1] {
        let answer = with_gas(&city, gas).unwrap_err();
        let expected = wire::GasFloor {
            available: U256::from(gas),
            needed: U256::from(4 * 213_175),
        };
        use alloy_sol_types::SolError;
        assert_eq!(answer, expected.abi_encode());
        assert_eq!(city.gate(1).failed, 0);
    }
    assert_eq!(city.state(1), MissionState::Verification);
}

#[test]
fn p05_code_that_changed_behind_its_address_is_not_asked() {
    let city = gated(&[Question::Hard(Manners::Permits)]);
    let a = city.monitor("mon a", "ann", "scorer a");
    city.call(a.address, reconcile(mission(1))).unwrap();
    // It would say yes, as well as anybody can.
    let yes = Manners::Expects(mission(1), digest_of(mission(1)));
    predicate::install(&city.world, at(0), yes);
    city.call(STRANGER, filter()).unwrap();
    assert_eq!(city.state(1), MissionState::Failed);
    assert_eq!(city.reason(1), work::Reason::PredicateFailed as u64);
}

#[test]
fn p05_a_proxy_of_constant_code_answers_once_and_its_change_of_mind_is_not_heard() {
    // The pinned code cannot show what is behind it: that is for the panel to see when it approves. What holds here is that it
    // is asked once, whatever it says, and that what it says later changes nothing.
    for (first, then) in [
        (Manners::Permits, Manners::Refuses),
        (Manners::Refuses, Manners::Permits),
    ] {
        let city = gated(&[Question::Soft(Manners::Proxy), Question::Human]);
        let passes = first == Manners::Permits;
        let (one, other) = (Address::repeat_byte(0x71), Address::repeat_byte(0x72));
        predicate::install(&city.world, one, first);
        predicate::install(&city.world, other, then);
        let point = |to: Address| {
            city.world
                .transact(STRANGER, at(0), U256::ZERO, to.as_slice())
        };
        point(one).unwrap();
        city.call(STRANGER, filter()).unwrap();
        point(other).unwrap();
        let waits = wire::AwaitsPanel {
            missionId: mission(1),
            waiting: if passes { 0b10 } else { 0b11 },
        };
        city.refused(STRANGER, filter(), waits);
        assert_eq!(city.gate(1).passed, u8::from(passes));
    }
}

#[test]
fn a6_a_predicate_whose_code_vanished_has_failed() {
    for hard in [true, false] {
        let manners = Manners::Permits;
        let question = if hard {
            Question::Hard(manners)
        } else {
            Question::Soft(manners)
        };
        let city = gated(&[question]);
        // As after SELFDESTRUCT in the transaction that created it.
        city.world.data(at(0), &[]);
        city.call(STRANGER, filter()).unwrap();
        assert_eq!(city.gate(1).failed, 1);
        assert_eq!(city.state(1) == MissionState::Failed, hard);
    }
}

#[test]
fn a_predicate_that_agrees_only_the_second_time_was_asked_already() {
    let city = gated(&[Question::Soft(Manners::SecondTime)]);
    city.call(STRANGER, filter()).unwrap();
    city.world
        .transact(STRANGER, at(0), U256::ZERO, b"now")
        .unwrap();
    let waits = wire::AwaitsPanel {
        missionId: mission(1),
        waiting: 1,
    };
    city.refused(STRANGER, filter(), waits);
    assert_eq!(city.gate(1).failed, 1);
}

#[test]
fn r30_two_monitors_cannot_stretch_deadlines_for_ever() {
    let city = City::new();
    let keys = pair(&city);
    let mut moved = 0;
    for round in 0..6 {
        city.world.warp(30_000);
        let now = city.world.now();
        let call = city.outage(
            1,
            [(&keys[0], now - 25_000, now), (&keys[1], now - 25_000, now)],
        );
        if round < 4 {
            city.call(STRANGER, call).unwrap();
            moved = city.watch(mission(1)).extendedSecs.to::<u64>();
            assert_eq!(city.moved(mission(1)), moved);
            city.rule(wire::exitDegradedCall {
                missionId: mission(1),
            })
            .unwrap();
        } else {
            let day = u40(DAY);
            let exhausted = wire::ExtensionExhausted {
                missionId: mission(1),
                extended: day,
                limit: day,
            };
            city.refused(STRANGER, call, exhausted);
        }
    }
    assert_eq!(moved, DAY);
}

#[test]
fn r30_one_outage_moves_deadlines_once() {
    let city = City::new();
    let keys = pair(&city);
    city.world.warp(30_000);
    let now = city.world.now();
    let words = |from, until| [(&keys[0], from, until), (&keys[1], from, until)];
    city.call(STRANGER, city.outage(1, words(now - 9_000, now)))
        .unwrap();
    city.rule(wire::exitDegradedCall {
        missionId: mission(1),
    })
    .unwrap();
    city.world.warp(60);
    // The same outage, and one that only begins in it.
    for until in [now, now + 60] {
        let call = city.outage(1, words(now - 9_000, until));
        let too_short = wire::OutageTooShort {
            secs: u40(until - now),
            threshold: u40(1_800),
        };
        city.refused(STRANGER, call, too_short);
    }
}

#[test]
fn r30_monitors_of_one_principal_prove_no_outage() {
    let city = City::new();
    let one = city.monitor("one", "ann", "x");
    let two = city.monitor("two", "ann", "y");
    city.world.warp(30_000);
    let now = city.world.now();
    for pair in [[&one, &two], [&one, &one]] {
        let call = city.outage(1, pair.map(|key| (key, now - 9_000, now)));
        let monitor = pair[1].address;
        city.refused(STRANGER, call, wire::MonitorsDependent { monitor });
    }
}

#[test]
fn r30_an_outage_word_binds_every_field_it_has() {
    let changes: [&dyn Fn(&mut wire::OutageReport); 4] = [
        &|r| r.missionId = mission(2),
        &|r| r.from -= u40(1),
        &|r| r.until -= u40(1),
        &|r| r.deadline += 1,
    ];
    for change in changes {
        let city = City::new();
        let keys = pair(&city);
        city.world.warp(30_000);
        let now = city.world.now();
        let mut call = city.outage(
            1,
            [(&keys[0], now - 9_000, now), (&keys[1], now - 9_000, now)],
        );
        for report in &mut call.reports {
            change(report);
        }
        let signer = keys[0].address;
        city.refused(STRANGER, call, wire::InvalidSignature { signer });
    }
}

#[test]
fn g14_no_word_of_a_monitor_takes_anybodys_stake() {
    let city = City::new();
    let [a, b] = pair(&city);
    for key in [&a, &b] {
        city.relay(&[(key, Said::substitution(1, 0, 1))]).unwrap();
    }
    let orders = city.orders();
    assert!(
        orders
            .iter()
            .all(|order| order.order == work::Order::Freeze)
    );
    assert!(orders.iter().all(|order| order.points == 0));
    assert_ne!(seated(0), Address::ZERO);
}

#[test]
fn the_freezes_number_of_one_mission_is_nothing_in_another() {
    // A signer without an interest in mission 2 rules on a freeze of mission 1 by its number.
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    let call = wire::confirmFreezeCall {
        missionId: mission(2),
        node: 0,
        freezeId: id,
    };
    let unknown = wire::UnknownFreeze {
        missionId: mission(2),
        node: 0,
        freezeId: id,
    };
    city.panel_refused(call, unknown);
}
