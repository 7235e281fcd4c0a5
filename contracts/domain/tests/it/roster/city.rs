//! The count of the panel, and the watchdog's freeze.

use agentcity_domain::roster::{Refused, city::City, due};

use super::{NOW, city};

const HOURS: u64 = 3_600;

#[test]
fn the_panel_has_at_most_sixty_four() {
    let joined = city(63).joined().unwrap();
    assert_eq!((joined.active, joined.unflagged), (64, 64));
    assert_eq!(joined.joined(), Err(Refused::PanelFull { most: 64 }));
}

#[test]
fn counts_of_nobody_stay_at_nobody() {
    assert_eq!(city(0).left(false), city(0));
    assert_eq!(city(0).reflagged(false, true), city(0));
}

#[test]
fn a_flag_that_comes_or_goes_is_counted_once() {
    let seven = city(7);
    let six = City {
        unflagged: 6,
        ..seven
    };
    assert_eq!(seven.reflagged(false, true), six);
    assert_eq!(six.reflagged(true, false), seven);
    assert_eq!(six.reflagged(true, true), six);
    assert_eq!(six.reflagged(false, false), six);
}

/// INV-ROSTER-04
#[test]
fn inv_roster_04_a_freeze_has_one_end_that_nothing_moves() {
    let frozen = city(7).frozen(72, NOW);
    assert_eq!(frozen.frozen_until, NOW + 72 * HOURS);
    assert!(frozen.is_frozen() && !city(7).is_frozen());
    assert_eq!(frozen.frozen(72, NOW + HOURS), frozen);
    assert_eq!(frozen.frozen(72, NOW + 100 * HOURS), frozen, "overdue");
    for (now, overdue) in [
        (NOW, false),
        (frozen.frozen_until, false),
        (frozen.frozen_until + 1, true),
    ] {
        assert_eq!(frozen.is_overdue(now), overdue, "{now}");
    }
    assert!(!city(7).is_overdue(u64::MAX));
}

/// RULINGS R9: nothing resumes without the panel, however long it is silent.
#[test]
fn nobody_outside_the_panel_ends_a_freeze_while_one_of_it_may() {
    let frozen = City {
        unflagged: 1,
        ..city(7).frozen(72, NOW)
    };
    let until = frozen.frozen_until;
    assert_eq!(frozen.thawed(until), Err(Refused::NotDue(until + 1)));
    for now in [until + 1, u64::MAX] {
        assert_eq!(frozen.thawed(now), Err(Refused::NotAdjudicator));
    }
    assert_eq!(city(7).thawed(NOW), Err(Refused::NoCase));
}

#[test]
fn the_panel_releases_the_freeze_that_it_signed_for() {
    let frozen = city(7).frozen(1, NOW);
    let until = NOW + HOURS;
    assert_eq!(frozen.released(until), Ok(city(7)));
    for expected in [0, until - 1, until + 1] {
        let found = until;
        let changed = Refused::Changed { expected, found };
        assert_eq!(frozen.released(expected), Err(changed));
    }
    let (expected, found) = (0, 0);
    assert_eq!(
        city(7).released(0),
        Err(Refused::Changed { expected, found })
    );
}

/// All of nobody is nobody: no release could be signed, so that after the maximum anyone ends it.
#[test]
fn where_everybody_is_flagged_or_gone_time_ends_a_freeze() {
    for active in [7, 0] {
        let frozen = City {
            active,
            unflagged: 0,
            ..city(7).frozen(1, NOW)
        };
        let until = frozen.frozen_until;
        assert_eq!(frozen.thawed(until), Err(Refused::NotDue(until + 1)));
        let thawed = frozen.thawed(until + 1).unwrap();
        assert!(!thawed.is_frozen());
        // Whoever signed a release was not flagged then; that its decision flags the last of them takes nothing back.
        assert_eq!(frozen.released(until), Ok(thawed));
    }
}

#[test]
fn something_is_due_from_its_instant_on() {
    assert_eq!(due(NOW, NOW - 1), Err(Refused::NotDue(NOW)));
    assert_eq!(due(NOW, NOW), Ok(()));
    assert_eq!(due(NOW, NOW + 1), Ok(()));
}
