//! Windows: each at its last second and the one after it, early ends, and halts that move them.

use agentcity_domain::{
    machine::NodeState,
    parameter::ParameterId,
    reputation::Points,
    time::Seconds,
    verification::{
        Refused,
        case::{Case, Seats, Stage},
        dispute::dispute,
        review::Ruling,
        window::*,
    },
};
use proptest::prelude::*;

use super::*;

fn windows() -> Windows {
    Windows::of([540_000, 180_000, 120_000])
}

#[test]
fn windows_are_rounded_up_and_reveals_last_as_long_as_a_retry() {
    let seconds = Seconds::new;
    assert_eq!(
        windows(),
        Windows {
            grace: seconds(GRACE),
            commit: seconds(COMMIT),
            reveal: seconds(REVEAL),
            dispute: seconds(DISPUTE),
        }
    );
    let odd = Windows::of([1, 5_001, 7_999]);
    assert_eq!((odd.grace, odd.commit), (seconds(1), seconds(6)));
    assert_eq!((odd.reveal, odd.dispute), (seconds(8), seconds(8)));
    assert_eq!(
        Windows::PARAMETERS,
        [
            ParameterId::FinalizationGraceMs,
            ParameterId::VerificationCommitMs,
            ParameterId::VerificationRevealMs
        ]
    );
}

/// Three of three seats commit and reveal one after another: the states, deadlines and stages they pass through.
#[test]
fn the_last_commitment_opens_the_reveals_and_the_last_reveal_the_disputes() {
    let mut case = routed(3, 2);
    let first = commit(&case, &windows(), 1, 1_100).unwrap();
    assert_eq!(first.expires, Some(UNTIL), "as it was, at verification");
    assert_eq!(first.record.committed, Seats::of(0b010));
    case.record = first.record;
    case.state = NodeState::PendingVerification as u8;

    let second = commit(&case, &windows(), 0, 1_200).unwrap();
    assert_eq!(second.expires, None, "nothing changes for the others");
    case.record = second.record;
    assert_eq!(
        reveal(&case, &windows(), 0, 1_300),
        Err(Refused::TooEarly(UNTIL))
    );

    let last = commit(&case, &windows(), 2, 1_400).unwrap();
    assert_eq!(
        (last.expires, last.record.stage),
        (Some(1_400 + REVEAL), Stage::Reveal)
    );
    case.record = last.record;
    case.expires = 1_400 + REVEAL;

    for (seat, now) in [(2, 1_401), (0, 1_402)] {
        let step = reveal(&case, &windows(), seat, now).unwrap();
        assert_eq!((step.expires, step.record.stage), (None, Stage::Reveal));
        case.record = step.record;
    }
    let end = 1_400 + REVEAL;
    let step = reveal(&case, &windows(), 1, end).unwrap();
    assert_eq!(
        (step.expires, step.record.stage),
        (Some(end + DISPUTE), Stage::Dispute)
    );
    assert_eq!(step.record.counting(), Seats::of(0b111));
    assert_eq!(
        reveal(&case, &windows(), 1, end + 1),
        Err(Refused::TooLate(end))
    );
}

#[test]
fn a_seat_commits_once_in_time_and_never_after_a_reveal_was_possible() {
    let case = routed(3, 2);
    assert!(commit(&case, &windows(), 0, UNTIL).is_ok());
    assert_eq!(
        commit(&case, &windows(), 0, UNTIL + 1),
        Err(Refused::TooLate(UNTIL))
    );
    let again = at(Stage::Commit, 0b001, 0, UNTIL);
    assert_eq!(
        commit(&again, &windows(), 0, 1_100),
        Err(Refused::AlreadyDone(0))
    );
    assert!(commit(&again, &windows(), 1, UNTIL).is_ok());
    assert_eq!(
        commit(&again, &windows(), 1, UNTIL + 1),
        Err(Refused::TooLate(UNTIL))
    );
    // Two of three revealed early or late: the third is too late whatever the clock says.
    for (stage, ended) in [
        (Stage::Reveal, UNTIL - REVEAL),
        (Stage::Dispute, UNTIL - DISPUTE),
    ] {
        let opened = at(stage, 0b011, 0b001, UNTIL);
        assert_eq!(
            commit(&opened, &windows(), 2, 1_100),
            Err(Refused::TooLate(ended))
        );
    }
    let other = Case { tier: 1, ..case };
    assert_eq!(commit(&other, &windows(), 0, 1_100), Err(Refused::Tier(1)));
}

#[test]
fn committing_lasts_at_least_its_window_from_the_routing_on() {
    let hasty = Case {
        expires: ROUTED + 5,
        ..routed(3, 2)
    };
    let least = ROUTED + COMMIT;
    let step = commit(&hasty, &windows(), 0, least).unwrap();
    assert_eq!(
        step.expires,
        Some(least),
        "collaboration learns the later instant"
    );
    assert_eq!(
        commit(&hasty, &windows(), 0, least + 1),
        Err(Refused::TooLate(least))
    );
    let announced = announce(&hasty, &windows(), 0, least).unwrap();
    assert_eq!(announced.expires, Some(least + GRACE));
    // A proof has no such window.
    let proof = Case { tier: 1, ..hasty };
    assert_eq!(
        announce(&proof, &windows(), 0, ROUTED + 6),
        Err(Refused::TooLate(ROUTED + 5))
    );
}

#[test]
fn where_a_seat_was_lost_the_others_are_all() {
    let mut case = routed(3, 2);
    case.seats = Seats::of(0b011);
    case.record.committed = Seats::of(0b001);
    let step = commit(&case, &windows(), 1, 1_100).unwrap();
    assert_eq!(
        (step.expires, step.record.stage),
        (Some(1_100 + REVEAL), Stage::Reveal)
    );
}

#[test]
fn an_announcement_moves_the_deadline_once_by_whoever_still_has_to_hand_in() {
    for tier in [1, 2, 3] {
        let case = Case {
            tier,
            ..routed(3, 2)
        };
        let step = announce(&case, &windows(), 0, UNTIL).unwrap();
        assert_eq!(
            (step.expires, step.record.announced),
            (Some(UNTIL + GRACE), true)
        );
        assert_eq!(
            announce(&case, &windows(), 0, UNTIL + 1),
            Err(Refused::TooLate(UNTIL))
        );
        let again = Case {
            record: step.record,
            ..case
        };
        for seat in 0..3 {
            assert_eq!(
                announce(&again, &windows(), seat, 1_100),
                Err(Refused::AlreadyDone(seat))
            );
        }
    }
    let some = at(Stage::Commit, 0b001, 0, UNTIL);
    assert_eq!(
        announce(&some, &windows(), 0, 1_100),
        Err(Refused::AlreadyDone(0))
    );
    assert_eq!(
        announce(&some, &windows(), 1, 1_100).unwrap().expires,
        Some(UNTIL + GRACE)
    );
    for stage in [Stage::Reveal, Stage::Dispute] {
        let opened = at(stage, 0b011, 0, UNTIL);
        assert_eq!(
            announce(&opened, &windows(), 2, 1_100),
            Err(Refused::NodeState(NodeState::PendingVerification as u8, 3))
        );
    }
}

/// All that may be done at each second around each boundary of a verification that time alone drives.
#[test]
fn time_alone_takes_a_verification_from_stage_to_stage() {
    let reveals = UNTIL + REVEAL;
    let disputes = reveals + DISPUTE;
    for (committed, now, phase) in [
        (0b011, UNTIL, Phase::Commits),
        (0b011, UNTIL + 1, Phase::Reveals),
        (0b001, UNTIL + 1, Phase::Short),
        (0b001, disputes + 9, Phase::Short),
        (0b011, reveals, Phase::Reveals),
        (0b011, reveals + 1, Phase::Disputes),
        (0b011, disputes, Phase::Disputes),
        (0b011, disputes + 1, Phase::Over),
    ] {
        let case = at(Stage::Commit, committed, 0, UNTIL);
        let schedule = Schedule::of(&case, &windows());
        assert_eq!(schedule.phase(&case, now), phase, "{committed:b} {now}");
    }
    for (stage, now, phase) in [
        (Stage::Reveal, UNTIL, Phase::Reveals),
        (Stage::Reveal, UNTIL + 1, Phase::Disputes),
        (Stage::Reveal, UNTIL + DISPUTE, Phase::Disputes),
        (Stage::Reveal, UNTIL + DISPUTE + 1, Phase::Over),
        (Stage::Dispute, UNTIL, Phase::Disputes),
        (Stage::Dispute, UNTIL + 1, Phase::Over),
    ] {
        let case = at(stage, 0b111, 0b011, UNTIL);
        let schedule = Schedule::of(&case, &windows());
        assert_eq!(schedule.phase(&case, now), phase, "{stage:?} {now}");
    }
}

#[test]
fn the_first_reveal_after_the_commit_window_tells_the_deadline_and_shuts_the_commits() {
    let case = at(Stage::Commit, 0b011, 0, UNTIL);
    let step = reveal(&case, &windows(), 1, UNTIL + 7).unwrap();
    assert_eq!(
        (step.expires, step.record.stage),
        (Some(UNTIL + REVEAL), Stage::Reveal)
    );
    let after = Case {
        record: step.record,
        expires: UNTIL + REVEAL,
        ..case
    };
    assert_eq!(
        commit(&after, &windows(), 2, UNTIL + 8),
        Err(Refused::TooLate(UNTIL))
    );
}

#[test]
fn what_may_not_be_revealed_is_refused_by_its_reason() {
    let case = at(Stage::Reveal, 0b011, 0b001, UNTIL);
    assert_eq!(
        reveal(&case, &windows(), 2, 1_100),
        Err(Refused::NothingCommitted(2))
    );
    assert_eq!(
        reveal(&case, &windows(), 0, 1_100),
        Err(Refused::AlreadyDone(0))
    );
    assert_eq!(
        reveal(&case, &windows(), 1, UNTIL + 1),
        Err(Refused::TooLate(UNTIL))
    );
    let mut excluded = case;
    excluded.record.excluded = Seats::of(0b010);
    assert_eq!(
        reveal(&excluded, &windows(), 1, 1_100),
        Err(Refused::Excluded(1))
    );
    let short = at(Stage::Commit, 0b001, 0, UNTIL);
    assert_eq!(
        reveal(&short, &windows(), 0, UNTIL + 1),
        Err(Refused::TooFew(1, 2))
    );
    let other = Case { tier: 3, ..case };
    assert_eq!(reveal(&other, &windows(), 1, 1_100), Err(Refused::Tier(3)));
}

#[test]
fn excluding_the_one_who_was_awaited_ends_the_reveals() {
    let case = at(Stage::Reveal, 0b111, 0b011, UNTIL);
    let step = exclude(&case, &windows(), 2, 1_100).unwrap();
    assert_eq!(
        (step.expires, step.record.stage),
        (Some(1_100 + DISPUTE), Stage::Dispute)
    );
    // One who revealed is excluded while another is awaited: nothing else changes.
    let step = exclude(&case, &windows(), 0, 1_100).unwrap();
    assert_eq!((step.expires, step.record.stage), (None, Stage::Reveal));
    assert_eq!(step.record.counting(), Seats::of(0b010));
    // Neither before the reveals nor after them does it begin a stage.
    for (stage, now) in [
        (Stage::Commit, 1_100),
        (Stage::Dispute, 1_100),
        (Stage::Reveal, UNTIL + 1),
    ] {
        let case = at(stage, 0b011, 0b001, UNTIL);
        let step = exclude(&case, &windows(), 1, now).unwrap();
        assert_eq!(
            (step.expires, step.record.stage),
            (None, stage),
            "{stage:?}"
        );
    }
    let reviewed = Case {
        state: NodeState::PendingReview as u8,
        ..case
    };
    assert_eq!(
        exclude(&reviewed, &windows(), 2, 1_100).unwrap().expires,
        None
    );
}

#[test]
fn only_a_commitment_is_excluded_once_and_not_after_a_ruling() {
    let mut case = at(Stage::Reveal, 0b011, 0b001, UNTIL);
    assert_eq!(
        exclude(&case, &windows(), 2, 1_100),
        Err(Refused::NothingCommitted(2))
    );
    case.record.excluded = Seats::of(0b001);
    assert_eq!(
        exclude(&case, &windows(), 0, 1_100),
        Err(Refused::AlreadyDone(0))
    );
    case.record.ruling = Some(Ruling {
        approved: true,
        score: Points::MAX,
        seat: 0,
    });
    assert_eq!(exclude(&case, &windows(), 1, 1_100), Err(Refused::Ruled));
    let proof = Case { tier: 1, ..case };
    assert_eq!(exclude(&proof, &windows(), 1, 1_100), Err(Refused::Tier(1)));
}

#[test]
fn a_verification_closes_when_its_windows_are_over_or_all_agree() {
    let case = at(Stage::Commit, 0b011, 0, UNTIL);
    let closing = |now| close(&case, &windows(), now);
    let (reveals, disputes) = (UNTIL + REVEAL, UNTIL + REVEAL + DISPUTE);
    assert_eq!(closing(UNTIL), Err(Refused::TooEarly(UNTIL)));
    assert_eq!(closing(UNTIL + 1), Err(Refused::TooEarly(reveals)));
    assert_eq!(closing(reveals), Err(Refused::TooEarly(reveals)));
    assert_eq!(closing(reveals + 1), Ok(Close::IfAgreed(disputes)));
    assert_eq!(closing(disputes), Ok(Close::IfAgreed(disputes)));
    assert_eq!(closing(disputes + 1), Ok(Close::Consensus));
    let short = at(Stage::Commit, 0b001, 0, UNTIL);
    assert_eq!(
        close(&short, &windows(), UNTIL),
        Err(Refused::TooEarly(UNTIL))
    );
    assert_eq!(close(&short, &windows(), UNTIL + 1), Ok(Close::Short));
    let proof = Case { tier: 1, ..case };
    assert_eq!(
        close(&proof, &windows(), disputes + 1),
        Err(Refused::Tier(1))
    );
}

#[test]
fn a_dispute_closes_by_its_ruling_or_by_two_periods_of_silence() {
    let mut case = Case {
        state: NodeState::PendingReview as u8,
        ..at(Stage::Dispute, 0b111, 0b111, UNTIL)
    };
    let closing = |case: &Case, now| close(case, &windows(), now);
    assert_eq!(closing(&case, UNTIL), Err(Refused::TooEarly(UNTIL)));
    assert_eq!(closing(&case, UNTIL + 1), Err(Refused::BackupUnopened));
    case.backup = true;
    assert_eq!(closing(&case, UNTIL), Err(Refused::TooEarly(UNTIL)));
    assert_eq!(closing(&case, UNTIL + 1), Ok(Close::Consensus));
    let ruling = Ruling {
        approved: false,
        score: Points::ZERO,
        seat: 0,
    };
    case.record.ruling = Some(ruling);
    assert_eq!(closing(&case, 0), Ok(Close::Ruling(ruling)));
}

#[test]
fn a_seat_that_revealed_disputes_between_the_reveals_and_the_end() {
    let case = at(Stage::Commit, 0b011, 0b011, UNTIL);
    let (reveals, disputes) = (UNTIL + REVEAL, UNTIL + REVEAL + DISPUTE);
    let tried = |case: &Case, seat, now| dispute(case, &windows(), seat, now);
    assert_eq!(tried(&case, 0, UNTIL), Err(Refused::TooEarly(UNTIL)));
    assert_eq!(tried(&case, 0, reveals), Err(Refused::TooEarly(reveals)));
    for now in [reveals + 1, disputes] {
        assert_eq!(tried(&case, 0, now).unwrap().disputant, Some(0));
        assert_eq!(tried(&case, 2, now), Err(Refused::NothingRevealed(2)));
    }
    assert_eq!(
        tried(&case, 0, disputes + 1),
        Err(Refused::TooLate(disputes))
    );
    let mut excluded = case;
    excluded.record.excluded = Seats::of(0b001);
    assert_eq!(
        tried(&excluded, 0, disputes),
        Err(Refused::NothingRevealed(0))
    );
    assert!(tried(&excluded, 1, disputes).is_ok());
    let short = at(Stage::Commit, 0b001, 0, UNTIL);
    assert_eq!(tried(&short, 0, disputes), Err(Refused::TooFew(1, 2)));
    let proof = Case { tier: 1, ..case };
    assert_eq!(tried(&proof, 0, disputes), Err(Refused::Tier(1)));
}

fn any_case() -> impl Strategy<Value = Case> {
    let stages = [Stage::Commit, Stage::Reveal, Stage::Dispute];
    let states = [
        NodeState::Executing,
        NodeState::PendingVerification,
        NodeState::PendingReview,
    ];
    (
        prop::sample::select(stages.to_vec()),
        prop::sample::select(states.to_vec()),
        (0..8u8, 0..8u8, 0..8u8),
        (1_000..2_500u64, 1..=3u8, any::<bool>(), any::<bool>()),
    )
        .prop_map(|(stage, state, (committed, revealed, excluded), rest)| {
            let (expires, threshold, announced, backup) = rest;
            let mut case = at(stage, committed, committed & revealed, expires);
            case.state = state as u8;
            case.threshold = threshold;
            case.backup = backup;
            case.record.announced = announced;
            case.record.excluded = Seats::of(committed & excluded);
            case
        })
}

/// The same later: what a halt does to deadlines.
fn later(refused: Refused, by: u64) -> Refused {
    match refused {
        Refused::TooEarly(at) => Refused::TooEarly(at + by),
        Refused::TooLate(at) => Refused::TooLate(at + by),
        other => other,
    }
}

proptest! {
    /// INV-VERIFY-04.
    #[test]
    fn a_halt_moves_every_window_by_its_length(case in any_case(), now in 900..4_000u64, by in 0..9_999u64, seat in 0..3u8) {
        let moved = Case { since: case.since + by, expires: case.expires + by, ..case };
        let shift = |step: Step| Step { expires: step.expires.map(|at| at + by), ..step };
        for act in [announce, commit, reveal, exclude] {
            let before = act(&case, &windows(), seat, now).map(shift).map_err(|r| later(r, by));
            prop_assert_eq!(act(&moved, &windows(), seat, now + by), before);
        }
        let before = close(&case, &windows(), now).map_err(|r| later(r, by));
        let before = before.map(|close| match close {
            Close::IfAgreed(at) => Close::IfAgreed(at + by),
            other => other,
        });
        prop_assert_eq!(close(&moved, &windows(), now + by), before);
    }

    /// INV-VERIFY-03: whatever the order, a commitment and a reveal are never possible at one and the same moment.
    #[test]
    fn nobody_commits_where_anybody_could_reveal(case in any_case(), now in 900..4_000u64) {
        let commits = (0..3).any(|seat| commit(&case, &windows(), seat, now).is_ok());
        let reveals = (0..3).any(|seat| reveal(&case, &windows(), seat, now).is_ok());
        prop_assert!(!(commits && reveals));
    }

    /// INV-VERIFY-05: whatever came before, waiting makes it possible to close.
    #[test]
    fn every_verification_can_be_closed_by_waiting(case in any_case(), now in 0..9_999u64) {
        let verified = case.state == NodeState::PendingVerification as u8;
        let reviewed = case.state == NodeState::PendingReview as u8 && case.backup;
        prop_assume!(verified || reviewed);
        let end = Schedule::of(&case, &windows()).disputes.max(case.expires) + 1;
        let closes = close(&case, &windows(), now.max(end));
        prop_assert!(matches!(closes, Ok(Close::Consensus | Close::Short)), "{:?}", closes);
    }

    /// A step tells no earlier deadline than the windows promise, and takes nothing back.
    #[test]
    fn steps_only_add(case in any_case(), now in 900..4_000u64, seat in 0..3u8) {
        for act in [announce, commit, reveal, exclude] {
            let Ok(step) = act(&case, &windows(), seat, now) else { continue };
            let (old, new) = (case.record, step.record);
            prop_assert!(old.committed.without(new.committed).is_empty());
            prop_assert!(old.revealed.without(new.revealed).is_empty());
            prop_assert!(old.excluded.without(new.excluded).is_empty());
            prop_assert!(old.stage <= new.stage);
            prop_assert!(step.expires.is_none_or(|at| at >= now));
        }
    }
}
