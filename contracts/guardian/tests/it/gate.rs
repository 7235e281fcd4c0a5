//! The gate: what passes, what fails, what waits; hostile predicates, the gas floor, the panel's part.

use agentcity_abi::{ICollaboration as work, IGuardian as wire, IStatute as statute};
use agentcity_domain::{machine::MissionState, peer::Peer};
use agentcity_world::predicate::{self, Manners};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue};

use crate::{
    city::*,
    halts::{clear, diverge, lift, reconcile, stop},
};

/// What one program needs of the default limit and margin: ⌈200,000 · 64 ÷ 63⌉ + 10,000.
const FLOOR: u64 = 213_175;

pub(crate) fn filter() -> wire::filterOutputCall {
    wire::filterOutputCall {
        missionId: mission(1),
    }
}

pub(crate) fn release() -> wire::releaseOutputCall {
    wire::releaseOutputCall {
        missionId: mission(1),
    }
}

pub(crate) fn veto() -> wire::vetoOutputCall {
    wire::vetoOutputCall {
        missionId: mission(1),
        justificationHash: EVIDENCE,
    }
}

pub(crate) fn clear_predicate(index: u8) -> wire::clearPredicateCall {
    wire::clearPredicateCall {
        missionId: mission(1),
        index,
    }
}

pub(crate) fn at(index: usize) -> Address {
    Address::repeat_byte(0x90 + index as u8)
}

/// A question of the statute.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Hard(Manners),
    Soft(Manners),
    Human,
}

use Question::{Hard, Human, Soft};

/// A city whose mission 1 is at its gate with these questions.
pub(crate) fn gated(questions: &[Question]) -> City {
    let city = City::new();
    lay_down(&city, questions);
    city.set_state(1, MissionState::Verification);
    city.world.take_logs();
    city
}

fn lay_down(city: &City, questions: &[Question]) {
    for (index, question) in questions.iter().enumerate() {
        let target = at(index);
        let (manners, human, hard) = match question {
            Hard(manners) => (Some(manners), false, true),
            Soft(manners) => (Some(manners), false, false),
            Human => (None, true, true),
        };
        let codehash = manners.map(predicate::codehash).unwrap_or_default();
        if let Some(manners) = manners {
            predicate::install(&city.world, target, manners.clone());
            city.given.borrow_mut().approved.insert(target, codehash);
        }
        city.given.borrow_mut().predicates.push(statute::Predicate {
            target,
            codehash,
            human,
            hard,
        });
    }
}

/// A gate with a monitor who reconciled.
fn reconciled(questions: &[Question]) -> City {
    let city = gated(questions);
    let a = city.monitor("mon a", "ann", "scorer a");
    city.call(a.address, reconcile(mission(1))).unwrap();
    city.world.take_logs();
    city
}

/// A call of a stranger's contract with so much gas.
pub(crate) fn with_gas(city: &City, gas: u64) -> Result<Vec<u8>, Vec<u8>> {
    let caller = Address::repeat_byte(0x6a);
    city.world.install(caller, B256::ZERO, move |frame, input| {
        frame.call(here(), U256::ZERO, input, false, gas)
    });
    city.world
        .transact(STRANGER, caller, U256::ZERO, &filter().abi_encode())
}

fn evaluated(city: &City) -> Vec<(u8, bool)> {
    city.events::<wire::PredicateEvaluated>()
        .iter()
        .map(|said| (said.index, said.passed))
        .collect()
}

#[test]
fn p01_an_output_leaves_when_everything_permits_it_and_a_monitor_reconciled() {
    let city = reconciled(&[Hard(Manners::Permits), Soft(Manners::Permits)]);
    city.call(STRANGER, filter()).unwrap();
    let logs = city.world.take_logs();
    let of = |log: &alloy_primitives::Log| {
        wire::PredicateEvaluated::decode_log_validate(log)
            .unwrap()
            .data
    };
    for index in 0..2 {
        let said = of(&logs[usize::from(index)]);
        assert_eq!(
            (said.index, said.target, said.passed),
            (index, at(index.into()), true)
        );
    }
    let left = wire::OutputReleased::decode_log_validate(&logs[2])
        .unwrap()
        .data;
    let expected = wire::OutputReleased {
        missionId: mission(1),
        digest: digest_of(mission(1)),
        byPanel: false,
    };
    assert_eq!(left, expected);
    assert_eq!(logs.len(), 4, "and one order");
    assert_eq!(city.state(1), MissionState::Completed);
    let gate = city.gate(1);
    assert_eq!((gate.passed, gate.failed, gate.cleared), (0b11, 0, 0));
}

#[test]
fn p06_predicates_are_asked_about_the_mission_and_its_completion_digest() {
    let (id, root) = (mission(1), digest_of(mission(1)));
    for (expects, passes) in [
        ((id, root), true),
        ((mission(2), root), false),
        ((id, digest_of(mission(2))), false),
    ] {
        let city = gated(&[Soft(Manners::Expects(expects.0, expects.1))]);
        city.call(STRANGER, filter()).unwrap();
        assert_eq!(evaluated(&city), [(0, passes)]);
    }
}

#[test]
fn the_gate_is_closed_in_every_other_state() {
    for number in (1..=8).filter(|number| *number != MissionState::Verification as u8) {
        let city = gated(&[Human]);
        city.set_state(1, MissionState::from_u8(number).unwrap());
        let wrong = || wire::WrongMissionState {
            missionId: mission(1),
            state: wire::MissionState::try_from(number).unwrap(),
        };
        city.refused(STRANGER, filter(), wrong());
        city.panel_refused(clear_predicate(0), wrong());
        city.panel_refused(veto(), wrong());
        city.panel_refused(release(), wrong());
    }
}

#[test]
fn a_hard_no_fails_the_mission_and_spares_the_rest() {
    let city = reconciled(&[
        Soft(Manners::Permits),
        Hard(Manners::Refuses),
        Hard(Manners::Permits),
    ]);
    city.call(STRANGER, filter()).unwrap();
    assert_eq!(city.state(1), MissionState::Failed);
    assert_eq!(city.reason(1), work::Reason::PredicateFailed as u64);
    assert_eq!(evaluated(&city), [(0, true), (1, false)]);
}

#[test]
fn a_soft_no_waits_for_the_panel_which_may_release() {
    let city = reconciled(&[Soft(Manners::Refuses), Hard(Manners::Permits)]);
    city.call(STRANGER, filter()).unwrap();
    assert_eq!(city.state(1), MissionState::Verification);
    let waits = wire::AwaitsPanel {
        missionId: mission(1),
        waiting: 0b01,
    };
    city.refused(STRANGER, filter(), waits);
    city.rule(release()).unwrap();
    assert!(city.events::<wire::OutputReleased>()[0].byPanel);
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn p02_a_human_predicate_is_asked_for_once_and_cleared_once() {
    let city = reconciled(&[Human, Hard(Manners::Permits), Human]);
    city.call(STRANGER, filter()).unwrap();
    let logs = city.world.take_logs();
    let asked: Vec<_> = logs
        .iter()
        .filter_map(|log| wire::HumanFilterRequired::decode_log_validate(log).ok())
        .map(|said| (said.index, said.expiresAt))
        .collect();
    let until = u40(city.world.now() + DAY);
    assert_eq!(asked, [(0, until), (2, until)]);
    let waits = |waiting| wire::AwaitsPanel {
        missionId: mission(1),
        waiting,
    };
    city.refused(STRANGER, filter(), waits(0b101));
    for index in [1, 3, 255] {
        let unknown = wire::UnknownPredicate {
            missionId: mission(1),
            index,
            predicates: 3,
        };
        city.panel_refused(clear_predicate(index), unknown);
    }
    city.rule(clear_predicate(2)).unwrap();
    assert_eq!(city.events::<wire::PredicateCleared>()[0].index, 2);
    let again = wire::AlreadyCleared {
        missionId: mission(1),
        index: 2,
    };
    city.panel_refused(clear_predicate(2), again);
    city.refused(STRANGER, filter(), waits(0b001));
    city.rule(clear_predicate(0)).unwrap();
    city.world.take_logs();
    city.call(STRANGER, filter()).unwrap();
    assert!(
        evaluated(&city).is_empty(),
        "nothing is asked a second time"
    );
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn p03_the_panel_releases_nothing_that_a_hard_program_did_not_permit() {
    let city = gated(&[Soft(Manners::Refuses), Hard(Manners::Permits), Human]);
    let unasked = wire::HardPredicateFailed {
        missionId: mission(1),
        index: 1,
    };
    city.panel_refused(release(), unasked);
    city.call(STRANGER, filter()).unwrap();
    city.rule(release()).unwrap();
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn p07_a_veto_fails_the_mission_at_the_gate_and_under_a_stop() {
    for halts in [&[][..], &[mission(1)], &[CITY], &[mission(1), CITY]] {
        let city = gated(&[Human]);
        for halted in halts {
            city.rule(stop(*halted)).unwrap();
        }
        city.world.take_logs();
        city.rule(veto()).unwrap();
        let said = city.events::<wire::OutputVetoed>();
        assert_eq!(said[0].justificationHash, EVIDENCE);
        assert_eq!(city.state(1), MissionState::Failed);
        assert_eq!(city.reason(1), work::Reason::OutputVetoed as u64);
    }
}

#[test]
fn what_halts_the_mission_halts_its_gate() {
    let city = gated(&[Human]);
    let a = city.monitor("mon a", "ann", "scorer a");
    let until = u40(city.world.now() + MAXIMUM);
    let halted = |mission_id, halt| wire::Halted {
        missionId: mission_id,
        halt,
        until,
    };
    for mission_id in [mission(1), CITY] {
        city.rule(stop(mission_id)).unwrap();
        let by_stop = || halted(mission_id, wire::Halt::EmergencyStop);
        city.refused(STRANGER, filter(), by_stop());
        city.panel_refused(clear_predicate(0), by_stop());
        city.panel_refused(release(), by_stop());
        city.rule(clear(mission_id)).unwrap();
    }
    city.call(a.address, diverge(mission(1))).unwrap();
    let by_pause = || halted(mission(1), wire::Halt::Divergence);
    city.refused(STRANGER, filter(), by_pause());
    city.panel_refused(release(), by_pause());
    // People may answer meanwhile.
    city.rule(clear_predicate(0)).unwrap();
    city.rule(lift(mission(1), true)).unwrap();
    city.rule(release()).unwrap();
}

#[test]
fn r10_without_a_reconciliation_it_leaves_after_the_timeout_and_says_so() {
    let city = gated(&[Hard(Manners::Permits)]);
    let opened = city.world.now();
    // What permits is noted although the output waits.
    city.call(STRANGER, filter()).unwrap();
    assert_eq!(evaluated(&city), [(0, true)]);
    let early = || wire::TooEarly {
        from: u40(opened + 3_601),
    };
    city.refused(STRANGER, filter(), early());
    city.world.warp(3_600);
    city.refused(STRANGER, filter(), early());
    city.world.warp(1);
    city.call(STRANGER, filter()).unwrap();
    let logs = city.world.take_logs();
    let missed = wire::ReconciliationMissed::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    assert_eq!((missed.missionId, missed.since), (mission(1), u40(opened)));
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn a_stop_at_the_gate_gives_monitors_their_time_again() {
    for halted in [mission(1), CITY] {
        let city = gated(&[]);
        city.rule(stop(halted)).unwrap();
        city.world.warp(10_000);
        city.rule(clear(halted)).unwrap();
        let from = u40(city.world.now() + 3_601);
        city.refused(STRANGER, filter(), wire::TooEarly { from });
        let a = city.monitor("mon a", "ann", "scorer a");
        city.call(a.address, reconcile(mission(1))).unwrap();
        city.call(STRANGER, filter()).unwrap();
        assert_eq!(city.state(1), MissionState::Completed);
    }
}

// INV-GATE-02.
#[test]
fn inv_gate_02_whatever_is_not_one_true_word_is_a_no() {
    let yes = true.abi_encode();
    let mut smudged = yes.clone();
    smudged[0] = 0x80;
    let hostile = [
        // These end as a yes ends, and are none.
        Manners::Says(vec![1]),
        Manners::Says(smudged),
        Manners::Says([yes.as_slice(), &[1]].concat()),
        Manners::Refuses,
        Manners::Burns,
        Manners::Writes,
        Manners::Destroys,
        Manners::TooMuch,
        Manners::Bomb,
        Manners::TooLittle,
        Manners::Garbage,
        Manners::Silent,
        Manners::RevertsWithYes,
        Manners::SecondTime,
    ];
    for manners in hostile {
        for hard in [false, true] {
            let question = if hard {
                Hard(manners.clone())
            } else {
                Soft(manners.clone())
            };
            let city = reconciled(&[question]);
            city.call(STRANGER, filter()).unwrap();
            assert_eq!(evaluated(&city), [(0, false)], "{manners:?}");
            let expected = if hard {
                MissionState::Failed
            } else {
                MissionState::Verification
            };
            assert_eq!(city.state(1), expected, "{manners:?}");
            assert!(city.world.storage(at(0)).is_empty(), "nothing was written");
        }
    }
}

#[test]
fn attack_a8_a_predicate_that_lapsed_fails_no_honest_mission() {
    let city = reconciled(&[Soft(Manners::Refuses), Hard(Manners::Permits)]);
    city.activation.lapse(at(1));
    let lapsed = wire::PredicateLapsed { target: at(1) };
    city.refused(STRANGER, filter(), lapsed.clone());
    assert_eq!(city.state(1), MissionState::Verification, "nothing failed");
    // Nor was the other's answer kept: all that happened is undone.
    city.activation.lapse(at(0));
    let first = wire::PredicateLapsed { target: at(0) };
    city.refused(STRANGER, filter(), first);
    city.activation.renew(at(0));
    city.refused(STRANGER, filter(), lapsed);
    // Somebody activates it, and it says what it always said.
    city.activation.renew(at(1));
    city.call(STRANGER, filter()).unwrap();
    assert_eq!(evaluated(&city), [(0, false), (1, true)]);
}

#[test]
fn a_predicate_that_calls_back_changes_nothing() {
    let back = Manners::CallsBack(here(), filter().abi_encode());
    let city = reconciled(&[Hard(back)]);
    city.call(STRANGER, filter()).unwrap();
    // Asked statically, it can ask and not change: the inner call failed, the outer one was told yes.
    assert_eq!(evaluated(&city), [(0, true)]);
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn a_program_that_is_not_the_approved_one_fails_without_being_called() {
    // The panel disavowed it; the statute names other code than the panel approved; there is none.
    let changes: [&dyn Fn(&City); 3] = [
        &|city| {
            city.given.borrow_mut().approved.clear();
        },
        &|city| {
            let other = keccak256("other");
            city.given.borrow_mut().approved.insert(at(0), other);
        },
        &|city| {
            city.given.borrow_mut().approved.insert(at(0), B256::ZERO);
            city.given.borrow_mut().predicates[0].codehash = B256::ZERO;
        },
    ];
    for change in changes {
        let city = reconciled(&[Hard(Manners::Permits)]);
        change(&city);
        city.call(STRANGER, filter()).unwrap();
        assert_eq!(city.state(1), MissionState::Failed);
        assert_eq!(evaluated(&city), [(0, false)]);
    }
}

#[test]
fn r24_less_gas_than_all_that_remain_need_changes_nothing() {
    let questions = [
        Soft(Manners::Permits),
        Human,
        Hard(Manners::Permits),
        Soft(Manners::Burns),
    ];
    let city = gated(&questions);
    let needed = U256::from(3 * FLOOR);
    let before = city.world.storage(here());
    let available = U256::from(3 * FLOOR - 1);
    let floor = wire::GasFloor { available, needed };
    assert_eq!(with_gas(&city, 3 * FLOOR - 1), Err(floor.abi_encode()));
    assert_eq!(city.world.storage(here()), before);
    assert!(city.orders().is_empty());
    with_gas(&city, 3 * FLOOR).unwrap();
    assert_eq!(evaluated(&city), [(0, true), (2, true), (3, false)]);
}

// INV-GATE-01.
#[test]
fn inv_gate_01_answers_are_remembered_and_cost_no_gas_again() {
    let city = gated(&[Hard(Manners::Permits), Human, Soft(Manners::Permits)]);
    with_gas(&city, 2 * FLOOR).unwrap();
    assert_eq!(city.gate(1).passed, 0b101);
    // Afterwards they say no, which nobody hears.
    for index in [0, 2] {
        predicate::install(&city.world, at(index), Manners::Refuses);
    }
    let a = city.monitor("mon a", "ann", "scorer a");
    city.call(a.address, reconcile(mission(1))).unwrap();
    city.rule(clear_predicate(1)).unwrap();
    city.world.take_logs();
    with_gas(&city, 0).unwrap();
    assert_eq!(city.state(1), MissionState::Completed);
}

#[test]
fn eight_predicates_are_as_many_as_there_are() {
    let questions: Vec<_> = (0..8).map(|_| Hard(Manners::Permits)).collect();
    let city = reconciled(&questions);
    with_gas(&city, 8 * FLOOR).unwrap();
    assert_eq!(city.gate(1).passed, 0xff);
    let mut nine = questions;
    nine.push(Human);
    let city = reconciled(&nine);
    city.refused(STRANGER, filter(), wire::MalformedCall {});
}

#[test]
fn the_panel_alone_clears_vetoes_and_releases() {
    let city = gated(&[Human]);
    let caller = member(Peer::Collaboration);
    let no = || wire::Unauthorized { caller };
    city.refused(caller, clear_predicate(0), no());
    city.refused(caller, veto(), no());
    city.refused(caller, release(), no());
}
