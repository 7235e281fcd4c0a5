//! Principals: enrolling, leaving, being of age, revoking.

use agentcity_domain::agent::{
    Refused, in_time,
    principal::{Class, Principal, complete_leave, enrol, request_leave},
    saturating_until,
};
use alloy_primitives::Address;

use super::*;

#[test]
fn whoever_may_enrols_with_the_stake_of_the_table() {
    let mut ann = Principal {
        stake: 0,
        frozen_until: NOW + 5,
        ..Principal::default()
    };
    enrol(ANN, &mut ann, 2, 77, at(NOW)).unwrap();
    let expected = Principal {
        class: Class::Foundation,
        stake: 77,
        nonce: 1,
        enrolled_at: NOW,
        frozen_until: NOW + 5,
        ..Principal::default()
    };
    assert_eq!(ann, expected);
    let again = enrol(ANN, &mut ann, 1, 77, at(NOW));
    assert_eq!(again, Err(Refused::AlreadyEnrolled(ANN)));
    assert_eq!(ann, expected);
}

#[test]
fn nobody_no_class_and_no_banned_one_enrols() {
    let enrols = |account, principal: &Principal, class| {
        let mut principal = *principal;
        enrol(account, &mut principal, class, 1, at(NOW))
    };
    let new = Principal::default();
    assert_eq!(
        enrols(Address::ZERO, &new, 1),
        Err(Refused::InvalidPrincipal(Address::ZERO))
    );
    for class in [0, 3, 255] {
        assert_eq!(
            enrols(ANN, &new, class),
            Err(Refused::InvalidPrincipalClass(class))
        );
    }
    let banned = Principal {
        appeal_until: 1,
        ..new
    };
    assert_eq!(enrols(ANN, &banned, 1), Err(Refused::IsBanned(ANN, 1)));
    let last = Principal {
        nonce: 2_046,
        ..new
    };
    assert_eq!(enrols(ANN, &last, 1), Ok(()));
    let full = Principal {
        nonce: 2_047,
        ..new
    };
    assert_eq!(enrols(ANN, &full, 1), Err(Refused::CounterExhausted(ANN)));
}

#[test]
fn revoking_moves_the_nonce_by_one_and_nothing_else() {
    let mut ann = enrolled(ANN);
    let before = ann;
    ann.revoke(ANN).unwrap();
    assert_eq!(ann, Principal { nonce: 2, ..before });
    ann.nonce = 2_047;
    assert_eq!(ann.revoke(ANN), Err(Refused::CounterExhausted(ANN)));
    assert_eq!(ann.nonce, 2_047);
}

#[test]
fn a_principal_without_agents_leaves_after_its_cooldown() {
    let mut ann = enrolled(ANN);
    request_leave(ANN, &mut ann, secs(100), at(NOW + 1)).unwrap();
    assert_eq!(ann.leaves_at, NOW + 101);
    assert!(ann.is_leaving() && ann.is_enrolled());
    let again = request_leave(ANN, &mut ann, secs(100), at(NOW + 2));
    assert_eq!(again, Err(Refused::IsLeaving(ANN)));
    let early = complete_leave(ANN, &mut ann, at(NOW + 101));
    assert_eq!(early, Err(Refused::TooEarly(NOW + 101)));
    let mut banned = ann;
    banned.appeal_until = 5;
    assert_eq!(
        complete_leave(ANN, &mut banned, at(NOW + 102)),
        Err(Refused::IsBanned(ANN, 5))
    );
    assert_eq!(complete_leave(ANN, &mut ann, at(NOW + 102)), Ok(5_000));
    let left = Principal {
        class: Class::Owner,
        nonce: 1,
        ..Principal::default()
    };
    assert_eq!(ann, left);
    assert_eq!(
        complete_leave(ANN, &mut ann, at(NOW + 103)),
        Err(Refused::NotLeaving(ANN))
    );
}

#[test]
fn who_is_not_there_banned_or_has_agents_does_not_begin_to_leave() {
    let leaves = |mut principal: Principal| request_leave(ANN, &mut principal, secs(9), at(NOW));
    assert_eq!(leaves(Principal::default()), Err(Refused::NotEnrolled(ANN)));
    let ann = enrolled(ANN);
    let banned = Principal {
        appeal_until: 7,
        ..ann
    };
    assert_eq!(leaves(banned), Err(Refused::IsBanned(ANN, 7)));
    let busy = Principal { agents: 1, ..ann };
    assert_eq!(leaves(busy), Err(Refused::AgentsRemain(ANN, 1)));
    assert_eq!(leaves(ann), Ok(()));
}

#[test]
fn ages_freezes_and_deadlines_have_their_last_seconds() {
    let ann = enrolled(ANN);
    for (passed, of_age) in [(0, false), (99, false), (100, true), (101, true)] {
        assert_eq!(ann.is_of_age(secs(100), at(NOW + passed)), of_age);
    }
    assert!(!Principal::default().is_of_age(secs(0), at(NOW)));
    assert!(ann.is_of_age(secs(0), at(NOW)));
    let frozen = Principal {
        frozen_until: NOW,
        ..ann
    };
    assert!(frozen.is_frozen(at(NOW)) && !frozen.is_frozen(at(NOW + 1)));
    assert_eq!(in_time(NOW, at(NOW)), Ok(()));
    assert_eq!(in_time(NOW, at(NOW + 1)), Err(Refused::Expired(NOW)));
    assert_eq!(saturating_until(at(NOW), secs(7)), NOW + 7);
    for (now, window) in [(LAST_INSTANT, 1), (1, u64::MAX), (u64::MAX, 0)] {
        assert_eq!(saturating_until(at(now), secs(window)), LAST_INSTANT);
    }
    assert_eq!(
        saturating_until(at(LAST_INSTANT - 1), secs(1)),
        LAST_INSTANT
    );
}

#[test]
fn who_may_answer_is_unbanned_unfrozen_and_stays_in_this_order() {
    let ann = enrolled(ANN);
    assert_eq!(ann.require_free(ANN, at(NOW)), Ok(()));
    let leaving = Principal {
        leaves_at: NOW,
        ..ann
    };
    assert_eq!(
        leaving.require_free(ANN, at(NOW)),
        Err(Refused::IsLeaving(ANN))
    );
    let frozen = Principal {
        frozen_until: NOW,
        ..leaving
    };
    assert_eq!(
        frozen.require_free(ANN, at(NOW)),
        Err(Refused::IsFrozen(ANN, NOW))
    );
    assert_eq!(
        frozen.require_free(ANN, at(NOW + 1)),
        Err(Refused::IsLeaving(ANN))
    );
    let banned = Principal {
        appeal_until: 3,
        ..frozen
    };
    assert_eq!(
        banned.require_free(ANN, at(NOW)),
        Err(Refused::IsBanned(ANN, 3))
    );
    assert_eq!(ann.require_unbanned(ANN), Ok(()));
}

#[test]
fn a_voter_is_enrolled_unbanned_and_has_a_producer() {
    for enrolled_at in [0, NOW] {
        for appeal_until in [0, 1] {
            for producers in [0, 1, 2] {
                let principal = Principal {
                    enrolled_at,
                    appeal_until,
                    producers,
                    ..Principal::default()
                };
                let expected = enrolled_at != 0 && appeal_until == 0 && producers != 0;
                assert_eq!(principal.is_voter(), expected);
            }
        }
    }
}

#[test]
fn the_worst_is_remembered_and_nothing_better() {
    let milli = |value| agentcity_domain::reputation::MilliPoints::new(value).unwrap();
    let mut ann = Principal::default();
    for (reputation, worst) in [
        (700_000, 500_000),
        (400_000, 400_000),
        (450_000, 400_000),
        (0, 0),
    ] {
        ann.remember(milli(reputation));
        assert_eq!(ann.worst, milli(worst));
    }
}
