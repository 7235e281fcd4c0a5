//! Monitors: every standing × command, and what false alarms cost.

use agentcity_domain::{
    amount::{Amount, Bps},
    machine::SeatState::{self, Active, Candidate, Leaving, Released, Removed},
    roster::{
        Refused,
        monitor::{Monitor, Penalty},
    },
};
use alloy_primitives::{Address, B256};

use super::{DAY, NOW, STANDINGS, who};

const SCORER: B256 = B256::repeat_byte(5);
const BOND: Amount = Amount::new(1_000);

fn monitor(standing: Option<SeatState>) -> Monitor {
    Monitor {
        standing,
        principal: who(2),
        scorer: SCORER,
        left: BOND,
        units: 1_000,
        false_positives: 1,
        suspended_until: NOW - 5,
        released_from: NOW,
    }
}

fn penalty(share: u64) -> Penalty {
    Penalty {
        share: Bps::new(share).unwrap(),
        suspension: DAY,
    }
}

fn table(command: impl Fn(Monitor) -> Result<Monitor, Refused>, to: [Option<SeatState>; 6]) {
    for (from, to) in STANDINGS.into_iter().zip(to) {
        match (command(monitor(from)), to) {
            (Ok(after), Some(to)) => assert_eq!(after.standing, Some(to), "{from:?}"),
            (Err(refused), None) => assert_eq!(refused, Refused::WrongStanding(from)),
            (outcome, to) => panic!("{from:?}: {outcome:?} instead of {to:?}"),
        }
    }
}

#[test]
fn each_standing_takes_the_commands_that_are_drawn_and_no_others() {
    let again = Some(Candidate);
    table(
        |one| one.bond(who(3), SCORER, 500, BOND),
        [again, None, None, None, again, again],
    );
    table(
        Monitor::approve,
        [None, Some(Active), None, None, None, None],
    );
    table(
        |one| one.retire(DAY, NOW),
        [None, Some(Leaving), Some(Leaving), None, None, None],
    );
    table(
        |one| one.release(NOW),
        [None, None, None, Some(Released), None, None],
    );
    table(
        Monitor::revoke,
        [
            None,
            Some(Removed),
            Some(Removed),
            Some(Removed),
            None,
            None,
        ],
    );
    table(
        |one| one.charge(BOND, penalty(1_000), NOW).map(|(one, _)| one),
        [None, None, Some(Active), Some(Leaving), None, None],
    );
}

#[test]
fn a_monitor_is_of_somebody_and_keeps_its_past() {
    let nobody = Refused::OtherPrincipal {
        found: Address::ZERO,
    };
    let bond = |principal| monitor(Some(Released)).bond(principal, B256::ZERO, 7, Amount::new(70));
    assert_eq!(bond(Address::ZERO), Err(nobody));
    let bonded = bond(who(3)).unwrap();
    let expected = Monitor {
        standing: Some(Candidate),
        principal: who(3),
        scorer: B256::ZERO,
        left: Amount::new(70),
        units: 7,
        released_from: 0,
        ..monitor(None)
    };
    assert_eq!(bonded, expected);
}

#[test]
fn a_retired_monitor_is_released_after_the_window_and_holds_nothing() {
    let retired = monitor(Some(Active)).retire(7 * DAY, NOW).unwrap();
    let end = NOW + 7 * DAY;
    assert_eq!(retired.released_from, end);
    assert_eq!(retired.release(end - 1), Err(Refused::NotDue(end)));
    assert_eq!(retired.release(end).unwrap().left, Amount::ZERO);
    assert_eq!(monitor(Some(Active)).revoke().unwrap().left, Amount::ZERO);
}

/// RESOLUTIONS G-10: each false alarm costs the same, so that a bond ends.
#[test]
fn a_false_alarm_costs_a_share_of_what_was_put_up_rounded_up() {
    let mut one = monitor(Some(Active));
    for round in 1..=10u16 {
        let (after, cost) = one.charge(BOND, penalty(1_000), NOW).unwrap();
        assert_eq!(cost, Amount::new(100));
        assert_eq!(after.false_positives, 1 + round);
        assert_eq!(after.suspended_until, NOW + DAY);
        let expected = if round < 10 { Active } else { Removed };
        assert_eq!(after.standing, Some(expected), "{round}");
        one = after;
    }
    assert_eq!(one.left, Amount::ZERO);
    let charge = |left, share| {
        let left = Amount::new(left);
        let found = Monitor {
            left,
            ..monitor(Some(Leaving))
        };
        let (after, cost) = found
            .charge(Amount::new(1_001), penalty(share), NOW)
            .unwrap();
        (cost.get(), after.left.get(), after.standing)
    };
    assert_eq!(charge(1_001, 1_000), (101, 900, Some(Leaving)), "up");
    assert_eq!(
        charge(50, 1_000),
        (50, 0, Some(Removed)),
        "no more than is left"
    );
    assert_eq!(charge(1_001, 0), (0, 1_001, Some(Leaving)));
    assert_eq!(charge(1_001, 10_000), (1_001, 0, Some(Removed)));
}

#[test]
fn a_suspension_is_never_shortened_and_a_count_never_wraps() {
    let found = Monitor {
        false_positives: u16::MAX,
        suspended_until: NOW + 2 * DAY,
        ..monitor(Some(Active))
    };
    let (after, _) = found.charge(BOND, penalty(1), NOW).unwrap();
    assert_eq!(
        (after.false_positives, after.suspended_until),
        (u16::MAX, NOW + 2 * DAY)
    );
}
