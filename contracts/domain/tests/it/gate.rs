//! Claims about the gate: every kind of predicate with every answer, against a naive reading.

use agentcity_domain::{
    gate::{GasRule, Gate, Outcome, Predicate, Refused, require_open},
    machine::MissionState,
    time::{Seconds, Timestamp},
};
use proptest::prelude::*;

const OPENED: u64 = 10_000;
const TIMEOUT: u64 = 3_600;

fn predicate(is_human: bool, is_hard: bool) -> Predicate {
    Predicate { is_human, is_hard }
}

const SOFT: Predicate = Predicate {
    is_human: false,
    is_hard: false,
};
const HARD: Predicate = Predicate {
    is_human: false,
    is_hard: true,
};
const HUMAN: Predicate = Predicate {
    is_human: true,
    is_hard: true,
};

fn conclude(
    gate: &Gate,
    predicates: &[Predicate],
    progressed: bool,
    now: u64,
) -> Result<Outcome, Refused> {
    gate.conclude(
        predicates,
        progressed,
        Timestamp::new(OPENED),
        Seconds::new(TIMEOUT),
        Timestamp::new(now),
    )
}

#[test]
fn p07_the_gate_is_open_in_verification_alone() {
    for state in (0..=u8::MAX).filter_map(MissionState::from_u8) {
        let expected = match state {
            MissionState::Verification => Ok(()),
            _ => Err(Refused::WrongMission { state }),
        };
        assert_eq!(require_open(state), expected);
    }
}

#[test]
fn r24_the_floor_is_what_all_that_remain_may_burn_and_not_a_unit_less() {
    let rule = GasRule {
        limit: 200_000,
        margin: 10_000,
    };
    // ⌈200,000 · 64 ÷ 63⌉ + 10,000
    let one = 203_175 + 10_000;
    for programs in 0..=8u32 {
        let needed = one * u64::from(programs);
        assert_eq!(rule.require(needed, programs), Ok(()), "{programs}");
        if let Some(available) = needed.checked_sub(1) {
            let floor = Err(Refused::GasFloor { available, needed });
            assert_eq!(rule.require(available, programs), floor);
        }
    }
    // What is left passes on the limit: 63 of 64 parts of the floor without the margin.
    assert!((one - 10_000) * 63 / 64 >= 200_000);
    assert!((one - 10_001) * 63 / 64 < 200_000);
}

#[test]
fn inv_gate_01_a_program_is_asked_until_it_answered_and_a_human_predicate_never() {
    let predicates = [HARD, SOFT, HUMAN];
    let mut gate = Gate::default();
    assert_eq!(gate.unasked(&predicates), 2);
    gate = gate.note(0, true);
    assert_eq!(gate.unasked(&predicates), 1);
    assert!(!gate.is_unasked(0, HARD) && gate.is_unasked(1, SOFT));
    gate = gate.note(1, false);
    assert_eq!(gate.unasked(&predicates), 0);
    assert_eq!((gate.passed, gate.failed), (0b001, 0b010));
    assert!(!gate.is_unasked(2, HUMAN) && gate.waits(2, HUMAN));
    // Whatever was noted of it, and however often: it was asked.
    let twice = gate.note(0, false);
    assert!(!twice.is_unasked(0, HARD));
}

#[test]
fn a_hard_failure_refuses_whatever_else_there_is() {
    let predicates = [HUMAN, HARD, SOFT];
    let gate = Gate::default().note(1, false);
    for progressed in [false, true] {
        assert_eq!(
            conclude(&gate, &predicates, progressed, OPENED),
            Ok(Outcome::Refuses)
        );
    }
    let soft = Gate::default().note(1, true).note(2, false);
    let waiting = 0b101;
    let waits = Err(Refused::AwaitsPanel { waiting });
    assert_eq!(conclude(&soft, &predicates, false, OPENED), waits);
    assert_eq!(
        conclude(&soft, &predicates, true, OPENED),
        Ok(Outcome::Waits)
    );
}

#[test]
fn p02_people_clear_what_is_asked_of_them_once() {
    let predicates = [HARD, HUMAN];
    let gate = Gate::default().note(0, true);
    for index in [0, 2, 7, 255] {
        let predicates_count = 2;
        let unknown = Refused::UnknownPredicate {
            index,
            predicates: predicates_count,
        };
        assert_eq!(gate.clear(&predicates, index), Err(unknown));
    }
    let cleared = gate.clear(&predicates, 1).unwrap();
    assert_eq!(cleared.cleared, 0b10);
    let index = 1;
    assert_eq!(
        cleared.clear(&predicates, 1),
        Err(Refused::AlreadyCleared { index })
    );
    let waiting = 0b10;
    assert_eq!(
        conclude(&gate, &predicates, false, OPENED),
        Err(Refused::AwaitsPanel { waiting })
    );
    let until = OPENED + TIMEOUT;
    assert_eq!(
        conclude(&cleared, &predicates, false, OPENED),
        Err(Refused::Unreconciled { until })
    );
}

#[test]
fn r10_an_output_leaves_reconciled_or_when_nobody_did_for_too_long() {
    let gate = Gate::default().note(0, true);
    let reconciled = Gate {
        reconciled_at: OPENED + 1,
        ..gate
    };
    let until = OPENED + TIMEOUT;
    for now in [OPENED, until] {
        let early = Err(Refused::Unreconciled { until });
        assert_eq!(conclude(&gate, &[HARD], false, now), early);
        assert_eq!(conclude(&gate, &[HARD], true, now), Ok(Outcome::Waits));
        assert_eq!(
            conclude(&reconciled, &[HARD], false, now),
            Ok(Outcome::Releases)
        );
    }
    let late = Ok(Outcome::ReleasesUnreconciled);
    assert_eq!(conclude(&gate, &[HARD], false, until + 1), late);
    assert_eq!(
        conclude(&reconciled, &[HARD], true, until + 1),
        Ok(Outcome::Releases)
    );
    // Without predicates there is nothing but the log to wait for.
    assert_eq!(conclude(&Gate::default(), &[], false, until + 1), late);
}

#[test]
fn p03_people_release_when_every_hard_program_passed() {
    let predicates = [SOFT, HARD, HUMAN, HARD];
    let asked = Gate::default().note(0, false).note(1, true);
    let index = 3;
    let refused = Err(Refused::HardFailed { index });
    assert_eq!(asked.require_releasable(&predicates), refused, "not asked");
    assert_eq!(
        asked.note(3, false).require_releasable(&predicates),
        refused
    );
    assert_eq!(asked.note(3, true).require_releasable(&predicates), Ok(()));
    assert_eq!(Gate::default().require_releasable(&[SOFT, HUMAN]), Ok(()));
}

proptest! {
    /// What the gate concludes is what a reading of the rules one by one concludes.
    #[test]
    fn the_gate_concludes_what_the_rules_say(
        questions in prop::collection::vec((any::<bool>(), any::<bool>(), 0u8..3), 0..=8),
        reconciled in any::<bool>(),
        progressed in any::<bool>(),
        now in OPENED..OPENED + 2 * TIMEOUT,
    ) {
        let predicates: Vec<_> = questions.iter().map(|(human, hard, _)| predicate(*human, *hard)).collect();
        let mut gate = Gate { reconciled_at: u64::from(reconciled), ..Gate::default() };
        for (index, (human, _, answer)) in (0u8..).zip(&questions) {
            gate = match (human, answer) {
                (false, 0) => gate.note(index, false),
                (false, _) => gate.note(index, true),
                (true, 0) => gate,
                (true, _) => gate.clear(&predicates, index).unwrap(),
            };
        }
        let good = |at: usize| questions[at].2 > 0;
        let hard_failed = (0..questions.len()).any(|at| !good(at) && !questions[at].0 && questions[at].1);
        let all_good = (0..questions.len()).all(good);
        let found = conclude(&gate, &predicates, progressed, now);
        let late = now > OPENED + TIMEOUT;
        let expected = match (hard_failed, all_good, reconciled, late) {
            (true, ..) => Some(Outcome::Refuses),
            (false, true, true, _) => Some(Outcome::Releases),
            (false, true, false, true) => Some(Outcome::ReleasesUnreconciled),
            (false, true, false, false) | (false, false, ..) => progressed.then_some(Outcome::Waits),
        };
        prop_assert_eq!(found.ok(), expected);
        let releasable = (0..questions.len()).all(|at| good(at) || questions[at].0 || !questions[at].1);
        prop_assert_eq!(gate.require_releasable(&predicates).is_ok(), releasable);
    }
}
