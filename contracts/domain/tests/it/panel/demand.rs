//! What an action demands, and how the watchdog counts it.

use agentcity_domain::{
    act::{Action, Delay, Panel, RotationClass},
    panel::demand::{self, Demand, Terms},
    parameter::Tier,
};

const PANEL: Panel = Panel {
    active: 7,
    unflagged: 6,
    clear_stop: 3,
    repeated: false,
    overdue: false,
};

const TERMS: Terms = Terms {
    tier: Tier::Medium,
    weakens: true,
    delay_secs: 11,
};

fn of(action: Action, terms: &Terms) -> Demand {
    demand::of(action, &PANEL, terms, 22).unwrap()
}

#[test]
fn the_row_says_how_many_and_among_whom_and_the_delay_comes_from_where_it_says() {
    for action in Action::ALL {
        let (signers, delay, class) = action.demands().unwrap();
        let found = of(*action, &TERMS);
        assert_eq!(found.signers, signers.count(&PANEL, Tier::Medium));
        assert_eq!(found.class, class);
        let expected = match delay {
            Delay::None => 0,
            Delay::ByTier | Delay::Senior => 11,
            Delay::Disburse => 22,
        };
        assert_eq!(found.delay_secs, expected, "{action:?}");
    }
    assert_eq!(demand::of(Action::None, &PANEL, &TERMS, 22), None);
}

/// What waits is decided when it is carried out, so a turn would be taken twice: no row does both.
#[test]
fn what_waits_does_not_rotate() {
    for action in Action::ALL {
        let (_, delay, class) = action.demands().unwrap();
        assert!(
            delay == Delay::None || class == RotationClass::None,
            "{action:?}"
        );
    }
}

#[test]
fn an_amendment_asks_for_as_many_as_its_tier() {
    for (tier, signers) in [(Tier::Low, 1), (Tier::Medium, 2), (Tier::High, 5)] {
        let terms = Terms { tier, ..TERMS };
        assert_eq!(of(Action::AmendParameter, &terms).signers, signers);
        assert_eq!(of(Action::AppointSenior, &terms).signers, 5);
    }
}

#[test]
fn nobody_on_the_panel_decides_nothing() {
    let nobody = Panel {
        active: 0,
        unflagged: 0,
        clear_stop: 0,
        ..PANEL
    };
    for action in Action::ALL {
        let found = demand::of(*action, &nobody, &Terms::NONE, 0).unwrap();
        assert!(found.signers >= 1, "{action:?}");
    }
}

#[test]
fn what_lets_something_pass_is_a_yes_to_the_watchdog() {
    let said = |action, weakens, verdict, delta| {
        let terms = Terms { weakens, ..TERMS };
        demand::approves(action, &terms, verdict, delta)
    };
    assert!(said(Action::DecideReview, false, true, 0));
    assert!(!said(Action::DecideReview, true, false, 1));
    for (delta, expected) in [(-1, false), (0, false), (1, true)] {
        assert_eq!(said(Action::AdjustReputation, true, true, delta), expected);
    }
    for action in [Action::AmendParameter, Action::AppointSenior] {
        assert!(said(action, true, false, 0));
        assert!(!said(action, false, true, 1));
    }
    for action in Action::ALL {
        let of_its_own = matches!(
            action,
            Action::DecideReview
                | Action::AdjustReputation
                | Action::AmendParameter
                | Action::AppointSenior
        );
        if !of_its_own {
            assert_eq!(said(*action, true, true, 1), !action.brakes());
            assert_eq!(said(*action, false, false, -1), !action.brakes());
        }
    }
}

#[test]
fn a_score_moves_by_the_limit_and_no_further() {
    for (delta, far) in [
        (100, false),
        (101, true),
        (-100, false),
        (-101, true),
        (0, false),
    ] {
        assert_eq!(demand::moves_too_far(delta, 100), far, "{delta}");
    }
    assert!(demand::moves_too_far(i16::MIN, 32_767));
    assert!(!demand::moves_too_far(i16::MIN, 32_768));
}
