//! Cases: every state × command, who may vote, and the votes against a set of names.

use std::collections::BTreeSet;

use agentcity_domain::{
    machine::{ImpeachmentState, SeatState},
    roster::{
        Refused,
        case::Case,
        city::City,
        seat::{Seat, Stake},
    },
};
use proptest::prelude::*;

use super::{DAY, NOW, STANDINGS, active, city, seat, who};

const LIFE: u64 = 7 * DAY;

fn open(q: u8) -> Case {
    Case::open(
        (who(1), &active()),
        (who(9), &active(), &Stake::default()),
        city(q),
        LIFE,
        NOW,
    )
    .unwrap()
    .0
}

#[test]
fn a_case_counts_the_panel_when_it_begins_and_the_initiator_first() {
    let q = City {
        cases: 4,
        ..city(7)
    };
    let stake = Stake {
        released_from: 3,
        ..Stake::default()
    };
    let (case, stake, q) = Case::open(
        (who(1), &active()),
        (who(9), &active(), &stake),
        q,
        LIFE,
        NOW,
    )
    .unwrap();
    let expected = Case {
        state: ImpeachmentState::Open,
        target: who(9),
        initiator: who(1),
        votes: 1,
        needed: 5,
        opened_at: NOW,
        expires_at: NOW + LIFE,
    };
    assert_eq!(
        (case, stake.case, stake.released_from, q.cases),
        (expected, 5, 3, 5)
    );
    for (q, needed) in [(2, 2), (3, 2), (5, 4), (9, 6), (13, 9), (64, 43)] {
        assert_eq!(open(q).needed, needed, "{q}");
    }
}

#[test]
fn an_active_adjudicator_accuses_another_who_sits_or_is_about_to_leave() {
    let end = NOW + 10;
    let accuse = |accuser: Seat, target: u8, accused: Seat, stake: Stake| {
        Case::open(
            (who(1), &accuser),
            (who(target), &accused, &stake),
            city(7),
            LIFE,
            NOW,
        )
        .map(|_| ())
    };
    let free = Stake {
        released_from: end,
        ..Stake::default()
    };
    for standing in STANDINGS {
        let expected = match standing {
            Some(SeatState::Active) => Ok(()),
            _ => Err(Refused::NotAdjudicator),
        };
        assert_eq!(accuse(seat(standing), 9, active(), free), expected);
        let expected = match standing {
            Some(SeatState::Active | SeatState::Leaving) => Ok(()),
            other => Err(Refused::WrongStanding(other)),
        };
        assert_eq!(accuse(active(), 9, seat(standing), free), expected);
    }
    assert_eq!(
        accuse(active(), 1, active(), free),
        Err(Refused::AlreadyDone)
    );
    let accused = Stake { case: 1, ..free };
    assert_eq!(
        accuse(active(), 9, active(), accused),
        Err(Refused::AlreadyDone)
    );
    // Once its stake may be released, nobody prolongs that.
    let leaving = Some(SeatState::Leaving);
    let due = Stake {
        released_from: NOW,
        ..Stake::default()
    };
    let wrong = Err(Refused::WrongStanding(leaving));
    assert_eq!(accuse(active(), 9, seat(leaving), due), wrong);
    let later = Stake {
        released_from: NOW + 1,
        ..Stake::default()
    };
    assert_eq!(accuse(active(), 9, seat(leaving), later), Ok(()));
}

/// INV-ROSTER-03
#[test]
fn inv_roster_03_each_votes_once_the_accused_never_and_newcomers_not() {
    let case = open(7);
    let vote = |voter: u8, seat: Seat, has_voted, now| case.vote(who(voter), &seat, has_voted, now);
    assert_eq!(vote(2, active(), false, NOW).unwrap().votes, 2);
    assert_eq!(vote(2, active(), true, NOW), Err(Refused::AlreadyDone));
    assert_eq!(vote(9, active(), false, NOW), Err(Refused::AlreadyDone));
    for standing in STANDINGS {
        let voted = vote(2, seat(standing), false, NOW);
        assert_eq!(voted.is_ok(), standing == Some(SeatState::Active));
    }
    let since = |since| Seat { since, ..active() };
    assert!(vote(2, since(NOW), false, NOW).is_ok());
    assert_eq!(
        vote(2, since(NOW + 1), false, NOW + 1),
        Err(Refused::NotAdjudicator)
    );
}

#[test]
fn each_state_takes_the_commands_that_the_machine_draws_and_no_others() {
    let end = NOW + LIFE;
    for state in ImpeachmentState::ALL {
        let state = *state;
        let case = Case { state, ..open(7) };
        let is_open = state == ImpeachmentState::Open;
        let vote = |now| {
            case.vote(who(2), &active(), false, now)
                .map(|case| case.state)
        };
        let lapse = |now| case.lapse(now).map(|case| case.state);
        let closed = Err(Refused::NoCase);
        let or_closed = |outcome| if is_open { outcome } else { closed };
        assert_eq!(
            vote(end),
            or_closed(Ok(ImpeachmentState::Open)),
            "{state:?}"
        );
        assert_eq!(vote(end + 1), closed, "{state:?}");
        assert_eq!(
            lapse(end),
            or_closed(Err(Refused::NotDue(end + 1))),
            "{state:?}"
        );
        assert_eq!(
            lapse(end + 1),
            or_closed(Ok(ImpeachmentState::Lapsed)),
            "{state:?}"
        );
    }
}

#[test]
fn the_vote_that_is_needed_carries_it_and_the_one_before_does_not() {
    let case = Case {
        votes: 3,
        ..open(7)
    };
    let four = case.vote(who(2), &active(), false, NOW).unwrap();
    assert_eq!((four.votes, four.state), (4, ImpeachmentState::Open));
    let five = four.vote(who(3), &active(), false, NOW).unwrap();
    assert_eq!((five.votes, five.state), (5, ImpeachmentState::Carried));
    let refused = five.vote(who(4), &active(), false, NOW);
    assert_eq!(refused, Err(Refused::NoCase));
}

proptest! {
    /// Vectors `impeachment`, at random: supporters are a set of names.
    #[test]
    fn votes_are_a_set_of_names(q in 3..=20u8, voters in prop::collection::vec(1..20u8, 0..60)) {
        let mut case = open(q);
        let mut names = BTreeSet::from([1u8]);
        for voter in voters {
            let counts = !names.contains(&voter) && voter != 9;
            let running = case.state == ImpeachmentState::Open;
            match case.vote(who(voter), &active(), names.contains(&voter), NOW) {
                Ok(after) => {
                    prop_assert!(counts && running);
                    names.insert(voter);
                    case = after;
                }
                Err(_) => prop_assert!(!counts || !running),
            }
            let needed = (2 * usize::from(q)).div_ceil(3);
            prop_assert_eq!(usize::from(case.votes), names.len());
            prop_assert_eq!(case.state == ImpeachmentState::Carried, names.len() >= needed);
        }
    }
}
