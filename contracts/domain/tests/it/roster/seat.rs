//! Every standing × every command, and what each does to the count.

use agentcity_domain::{
    amount::Amount,
    machine::SeatState::{self, Active, Candidate, Leaving, Released, Removed},
    roster::{
        Refused,
        city::City,
        seat::{FLOOR, Seat, Stake, Staker},
        watchdog::Alerts,
    },
};

use super::{DAY, NOW, STANDINGS, city, no_stake, seat, who};

const STAKE: Amount = Amount::new(5_000);

fn person() -> Staker {
    Staker {
        principal: who(7),
        is_agent: false,
    }
}

type Outcome = Result<(Seat, City), Refused>;

/// What a command makes of each standing, in the order of `STANDINGS`; it also is a step of the machine's table.
fn table(command: impl Fn(Seat) -> Outcome, to: [Option<SeatState>; 6]) {
    for (from, to) in STANDINGS.into_iter().zip(to) {
        let before = seat(from);
        match (command(before), to) {
            (Ok((after, _)), Some(to)) => {
                assert_eq!(after.standing, Some(to), "{from:?}");
                assert_eq!(after.since, NOW, "{from:?}");
                if let Some(from) = from {
                    let step = SeatState::transition(from, to);
                    assert!(step.is_ok() || from == Released, "{from:?} to {to:?}");
                }
            }
            (Err(refused), None) => assert_eq!(refused, Refused::WrongStanding(from)),
            (outcome, to) => panic!("{from:?}: {outcome:?} instead of {to:?}"),
        }
    }
}

#[test]
fn each_standing_takes_the_commands_that_the_machine_draws_and_no_others() {
    let q = city(9);
    table(
        |seat| seat.stake(person(), STAKE, STAKE, q, NOW),
        [Some(Candidate), None, None, None, None, Some(Candidate)],
    );
    table(
        |seat| seat.admit(who(0xaa), q, NOW),
        [None, Some(Active), None, None, None, None],
    );
    table(
        |seat| seat.resign(q, NOW),
        [None, Some(Leaving), Some(Leaving), None, None, None],
    );
    table(
        |seat| seat.remove(q, NOW),
        [None, Some(Leaving), Some(Leaving), None, None, None],
    );
    table(
        |seat| seat.release(&no_stake(), 0, NOW).map(|seat| (seat, q)),
        [None, None, None, Some(Released), None, None],
    );
    table(
        |seat| seat.revoke(q, NOW),
        [None, None, Some(Removed), Some(Removed), None, None],
    );
}

#[test]
fn a_genesis_adjudicator_is_active_by_its_stake_and_by_nothing_else() {
    let named = Seat::of_genesis(NOW - 1);
    assert_eq!(
        (named.standing, named.is_genesis, named.since),
        (Some(Candidate), true, NOW - 1)
    );
    let wrong = Err(Refused::WrongStanding(Some(Candidate)));
    assert_eq!(named.admit(named.principal, city(6), NOW), wrong);
    let (seat, q) = named.stake(person(), STAKE, STAKE, city(6), NOW).unwrap();
    assert_eq!((seat.standing, seat.is_genesis), (Some(Active), false));
    assert_eq!((seat.principal, seat.is_agent), (who(7), false));
    assert_eq!((q.active, q.unflagged), (7, 7));
    assert_eq!(
        seat.stake(person(), STAKE, STAKE, q, NOW),
        Err(Refused::WrongStanding(Some(Active)))
    );
    // The panel may remove one who never staked; he is a candidate like others then.
    let (seat, _) = named.remove(city(6), NOW).unwrap();
    assert_eq!((seat.standing, seat.is_genesis), (Some(Leaving), false));
    let seat = seat.release(&no_stake(), 0, NOW).unwrap();
    let (seat, q) = seat.stake(person(), STAKE, STAKE, city(6), NOW).unwrap();
    assert_eq!((seat.standing, q.active), (Some(Candidate), 6));
}

#[test]
fn the_stake_is_exactly_that_of_the_table() {
    for given in [0, 4_999, 5_001] {
        let refused = seat(None).stake(person(), Amount::new(given), STAKE, city(7), NOW);
        assert_eq!(refused, Err(Refused::WrongStake { needed: 5_000 }));
    }
    // Who may not stake at all is told that first.
    let refused = seat(Some(Removed)).stake(person(), Amount::ZERO, STAKE, city(7), NOW);
    assert_eq!(refused, Err(Refused::WrongStanding(Some(Removed))));
}

#[test]
fn a_new_seat_is_of_its_staker_and_unflagged() {
    let flagged = Seat {
        alerts: Alerts {
            rubber: true,
            weaken: true,
            confirmed: true,
        },
        associations: 3,
        ..seat(Some(Released))
    };
    let staker = Staker {
        principal: who(9),
        is_agent: true,
    };
    let (seat, q) = flagged.stake(staker, STAKE, STAKE, city(7), NOW).unwrap();
    assert_eq!(seat.alerts, Alerts::default());
    assert_eq!((seat.principal, seat.is_agent), (who(9), true));
    assert_eq!((seat.associations, q), (3, city(7)));
}

#[test]
fn a_candidate_is_admitted_with_the_principal_that_the_panel_signed_for() {
    let refused = seat(Some(Candidate)).admit(who(1), city(7), NOW);
    assert_eq!(refused, Err(Refused::OtherPrincipal { found: who(0xaa) }));
    let (_, q) = seat(Some(Candidate))
        .admit(who(0xaa), city(7), NOW)
        .unwrap();
    assert_eq!((q.active, q.unflagged), (8, 8));
}

#[test]
fn as_many_sit_as_signers_are_counted() {
    let full = Err(Refused::PanelFull { most: 64 });
    let candidate = seat(Some(Candidate));
    assert_eq!(candidate.admit(who(0xaa), city(64), NOW), full);
    assert!(candidate.admit(who(0xaa), city(63), NOW).is_ok());
    let named = Seat::of_genesis(NOW);
    assert_eq!(named.stake(person(), STAKE, STAKE, city(64), NOW), full);
    // A further candidate is none of them.
    assert!(
        seat(None)
            .stake(person(), STAKE, STAKE, city(64), NOW)
            .is_ok()
    );
}

#[test]
fn leaving_lowers_the_count_of_those_who_sat_alone() {
    let flag = |standing| Seat {
        alerts: Alerts {
            rubber: true,
            ..Alerts::default()
        },
        ..seat(Some(standing))
    };
    let q = City {
        unflagged: 6,
        ..city(7)
    };
    let counts = |outcome: Outcome| {
        let (_, city) = outcome.unwrap();
        (city.active, city.unflagged)
    };
    assert_eq!(counts(seat(Some(Active)).resign(q, NOW)), (6, 5));
    assert_eq!(counts(flag(Active).resign(q, NOW)), (6, 6));
    assert_eq!(counts(seat(Some(Candidate)).resign(q, NOW)), (7, 6));
    assert_eq!(counts(seat(Some(Active)).revoke(q, NOW)), (6, 5));
    assert_eq!(counts(flag(Active).revoke(q, NOW)), (6, 6));
    assert_eq!(counts(seat(Some(Leaving)).revoke(q, NOW)), (7, 6));
}

/// RESOLUTIONS D-01: the floor binds the panel's removals, not those who leave, nor revocation.
#[test]
fn removal_without_fault_stops_at_the_floor_and_nothing_else_does() {
    assert_eq!(FLOOR, 5);
    let one = seat(Some(Active));
    let refused = Refused::QuorumFloor { left: 4, floor: 5 };
    assert_eq!(one.remove(city(5), NOW), Err(refused));
    assert!(one.remove(city(6), NOW).is_ok());
    assert!(one.resign(city(5), NOW).is_ok());
    assert!(one.revoke(city(5), NOW).is_ok());
    assert!(seat(Some(Candidate)).remove(city(4), NOW).is_ok());
}

/// INV-ROSTER-01
#[test]
fn inv_roster_01_a_stake_is_released_after_the_window_and_after_its_case() {
    let stake = Stake::default().leaving(7 * DAY, NOW);
    assert_eq!(stake.released_from, NOW + 7 * DAY);
    let leaving = seat(Some(Leaving));
    let early = |case, now, from| {
        assert_eq!(
            leaving.release(&stake, case, now),
            Err(Refused::NotDue(from)),
            "{case} at {now}"
        );
    };
    let end = NOW + 7 * DAY;
    early(0, end - 1, end);
    assert!(leaving.release(&stake, 0, end).is_ok());
    // A case holds it through its last second.
    early(end, end, end + 1);
    assert!(leaving.release(&stake, end, end + 1).is_ok());
    assert!(leaving.release(&stake, end - 1, end).is_ok());
    early(NOW, end - 1, end);
}

#[test]
fn a_stake_that_was_taken_is_nothing_and_keeps_its_case() {
    let stake = Stake {
        amount: STAKE,
        released_from: NOW,
        case: 3,
    };
    assert_eq!(
        stake.taken(),
        Stake {
            amount: Amount::ZERO,
            ..stake
        }
    );
}
