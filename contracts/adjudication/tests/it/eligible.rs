//! Who may decide: without an interest, in turn, not flagged; the second stop; the senior alone.

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::{
    act::{Action, Parties, RotationClass},
    parameter::ParameterId,
};
use alloy_primitives::{Address, B256, aliases::U40};
use alloy_sol_types::SolError;

use crate::{
    city::*,
    lands::{city_for, enough, pass},
};

fn conflict(city: &City, place: usize, act: &Act) -> wire::ConflictOfInterest {
    wire::ConflictOfInterest {
        signer: city.keys[place].address,
        mission: act.words[0],
    }
}

/// INV-PANEL-04: every row that acts in a mission, and every interest: one's own principal, and one declared.
#[test]
fn whose_principal_takes_part_in_a_mission_does_not_judge_it() {
    let mut rows = 0;
    for action in Action::ALL {
        if action.parties() != Parties::Mission {
            continue;
        }
        let (city, act) = (city_for(*action), Act::of(*action));
        let places = enough(&city, &act);
        let last = *places.last().unwrap();
        city.interest(last, act.words[0]);
        let no = conflict(&city, last, &act);
        refused(&city, |city| city.submit(&act, &places), no);
        // In another mission the same people may.
        let other = act.clone().about(mission(2));
        city.set_end(mission(2), 1, UNTIL);
        city.set_end(mission(2), 2, UNTIL);
        city.submit(&other, &places).expect("another mission");
        // Somebody else may in this one.
        let others: Vec<usize> = places
            .iter()
            .map(|place| if *place == last { 6 } else { *place })
            .collect();
        city.submit(&act, &others).expect("others");

        let declared = City::new();
        declared.seat(0, |seat| seat.interests.push(principal("friend")));
        let known = (act.words[0], principal("friend"));
        declared.given.borrow_mut().interested.insert(known);
        let no = conflict(&declared, 0, &act);
        refused(&declared, |city| city.submit(&act, &places), no);
        rows += 1;
    }
    assert_eq!(rows, 17);
}

/// Of several with an interest the first is named; more signatures than needed do not help.
#[test]
fn one_signer_with_an_interest_spoils_the_action() {
    let (city, act) = (City::new(), Act::of(Action::ReleaseOutput));
    for place in [2, 4] {
        city.interest(place, mission(1));
    }
    let no = conflict(&city, 2, &act);
    refused(&city, |city| city.submit(&act, &[0, 1, 2, 3, 4]), no);
    city.submit(&act, &[0, 1, 3]).unwrap();
}

#[test]
fn a_sessions_sponsor_and_the_chosen_bidder_bar_their_principals() {
    let join = |city: &City, place: usize, whose: Address| {
        city.seat(place, |seat| seat.interests.push(whose));
    };
    for action in [
        Action::WaiveFairness,
        Action::CountersignAward,
        Action::AuditCodification,
    ] {
        let act = Act::of(action);
        for whose in ["sponsor", "owner", "owner before", "somebody"] {
            let city = City::new();
            let places = enough(&city, &act);
            join(&city, 0, principal(whose));
            let chooses = action == Action::CountersignAward;
            let barred = whose == "sponsor" || chooses && whose.starts_with("owner");
            if barred {
                let no = conflict(&city, 0, &act);
                refused(&city, |city| city.submit(&act, &places), no);
            } else {
                city.submit(&act, &places).expect(whose);
            }
        }
        // A sponsor that is an agent: who answers for it.
        let city = City::new();
        city.given.borrow_mut().sponsor = AGENT;
        join(&city, 0, principal("owner"));
        let no = conflict(&city, 0, &act);
        let places = enough(&city, &act);
        refused(&city, |city| city.submit(&act, &places), no);
    }
}

#[test]
fn nobody_signs_what_is_about_his_own() {
    for action in Action::ALL {
        let act = Act::of(*action);
        let whose = match action.parties() {
            Parties::Agent => vec![AGENT, principal("owner"), principal("owner before")],
            Parties::Person(place) => vec![Address::from_word(act.words[usize::from(place)])],
            _ => continue,
        };
        for whose in whose {
            let city = City::new();
            let places = enough(&city, &act);
            let last = *places.last().unwrap();
            city.seat(last, |seat| seat.interests.push(whose));
            let no = conflict(&city, last, &act);
            refused(&city, |city| city.submit(&act, &places), no);
        }
        // Of which he is the person himself.
        let city = City::new();
        let place = match action.parties() {
            Parties::Person(place) => usize::from(place),
            _ => 0,
        };
        let mut own = act.clone();
        let places = enough(&city, &own);
        let last = *places.last().unwrap();
        own.words[place] = city.keys[last].address.into_word();
        let no = conflict(&city, last, &own);
        refused(&city, |city| city.submit(&own, &places), no);
    }
}

/// RULINGS A7, D-21: a second pair of eyes is another's. Who was flagged would otherwise halt the city alone, and so would an
/// adjudicator with two hands: an agent's key for which the flagged one answers.
#[test]
fn who_was_flagged_does_not_confirm_it_himself() {
    let city = City::new();
    city.seat(2, |seat| seat.flagged = true);
    let flagged = city.keys[2].address;
    let act = Act::of(Action::ConfirmAlert).with("adjudicator", flagged.into_word());
    let no = conflict(&city, 2, &act);
    refused(&city, |city| city.submit(&act, &[2]), no);
    city.seat(3, |seat| seat.interests.push(flagged));
    let no = conflict(&city, 3, &act);
    refused(&city, |city| city.submit(&act, &[3]), no);
    // Nor does it help that another signs beside him.
    let no = conflict(&city, 2, &act);
    refused(&city, |city| city.submit(&act, &[1, 2]), no);
    city.submit(&act, &[1]).expect("somebody else confirms");
}

fn turn(city: &City, place: usize, act: &Act, class: RotationClass) -> wire::RotationRequired {
    wire::RotationRequired {
        signer: city.keys[place].address,
        mission: act.words[0],
        class: wire::RotationClass::try_from(class as u8).unwrap(),
    }
}

/// INV-PANEL-03: every row that rotates. The third decision running is somebody else's; of several, of another set.
#[test]
fn nobody_decides_a_class_thrice_running() {
    let mut rows = 0;
    for action in Action::ALL {
        let class = action.demands().unwrap().2;
        if class == RotationClass::None {
            continue;
        }
        let (city, act) = (City::new(), Act::of(*action));
        let places = enough(&city, &act);
        for number in 0..2 {
            city.submit(&act.clone().again(number), &places).unwrap();
        }
        let third = act.clone().again(2);
        let no = turn(&city, 0, &act, class);
        refused(&city, |city| city.submit(&third, &places), no);
        // Another matter has turns of its own.
        let elsewhere = match action.parties() {
            Parties::Mission => third.clone().about(mission(2)),
            _ => third.clone().about(Address::repeat_byte(0x77).into_word()),
        };
        if action.parties() != Parties::Session {
            city.set_end(mission(2), 1, UNTIL);
            city.set_end(mission(2), 2, UNTIL);
            city.submit(&elsewhere, &places).expect("another matter");
        }
        let mut others = places.clone();
        *others.last_mut().unwrap() = 6;
        city.submit(&third, &others).expect("others");
        city.submit(&act.clone().again(3), &places)
            .expect("their turn again");
        rows += 1;
    }
    assert_eq!(rows, 18);
}

/// Rows of one class share their turns (D-12); those of others do not.
#[test]
fn a_class_counts_whatever_it_decides() {
    let city = City::new();
    let [lift, confirm, classify] = [
        Action::UnfreezeNode,
        Action::ConfirmFreeze,
        Action::ClassifyFalsePositive,
    ]
    .map(Act::of);
    city.submit(&lift, &[0]).unwrap();
    city.submit(&confirm, &[0]).unwrap();
    let no = turn(&city, 0, &classify, RotationClass::Freeze);
    refused(&city, |city| city.submit(&classify, &[0]), no);
    city.submit(&Act::of(Action::DecideReview), &[0])
        .expect("another class");
    city.submit(&Act::of(Action::FreezeNode), &[0])
        .expect("a brake has no turns");
    // A second person beside him is another set.
    city.submit(&classify, &[0, 1]).unwrap();
}

#[test]
fn turns_are_as_many_as_the_parameters_say() {
    let city = City::new();
    city.set(ParameterId::MaxConsecutiveActions, 3);
    city.set(ParameterId::MaxIdenticalSignerSets, 1);
    let alone = Act::of(Action::ConfirmFreeze);
    for number in 0..3 {
        city.submit(&alone.clone().again(number), &[0]).unwrap();
    }
    assert!(city.submit(&alone.clone().again(3), &[0]).is_err());
    let together = Act::of(Action::ReleaseOutput);
    city.submit(&together.clone().again(0), &[0, 1]).unwrap();
    let no = turn(&city, 0, &together, RotationClass::Output);
    refused(&city, |city| city.submit(&together.again(1), &[0, 1]), no);
}

/// RULINGS R12, D-11: the limit lifts with an event, when nobody else decided for long enough.
#[test]
fn the_limit_lifts_after_its_wait() {
    let city = City::new();
    let act = Act::of(Action::ConfirmFreeze).with("deadline", number(city.world.now() + 9 * DAY));
    for number in 0..2 {
        city.submit(&act.clone().again(number), &[0]).unwrap();
    }
    city.world.warp(DAY);
    let third = act.clone().again(2);
    let no = turn(&city, 0, &act, RotationClass::Freeze);
    refused(&city, |city| city.submit(&third, &[0]), no);
    city.world.warp(1);
    city.look();
    city.submit(&third, &[0]).expect("nobody else came");
    let lifted = city.look().said::<wire::RotationLifted>();
    assert_eq!(lifted.len(), 1);
    assert_eq!(
        (lifted[0].mission, lifted[0].class),
        (mission(1), wire::RotationClass::Freeze)
    );
    let no = turn(&city, 0, &act, RotationClass::Freeze);
    refused(&city, |city| city.submit(&act.again(3), &[0]), no);
}

/// RULINGS R12: a review's backup period lifts the limit for its reviews, and for nothing else.
#[test]
fn the_limit_of_reviews_lifts_when_their_backup_period_opens() {
    let city = City::new();
    let (review, fault) = (
        Act::of(Action::DecideReview),
        Act::of(Action::DeclareSpecificationFault),
    );
    for number in 0..2 {
        city.submit(&review.clone().again(number), &[0]).unwrap();
    }
    let no = turn(&city, 0, &review, RotationClass::Tier3);
    refused(
        &city,
        |city| city.submit(&review.clone().again(2), &[0]),
        no,
    );
    city.given.borrow_mut().backup = true;
    let no = turn(&city, 0, &fault, RotationClass::Tier3);
    refused(&city, |city| city.submit(&fault, &[0]), no);
    city.look();
    for number in 2..4 {
        city.submit(&review.clone().again(number), &[0])
            .expect("the backup period is open");
        assert_eq!(city.look().said::<wire::RotationLifted>().len(), 1);
    }
    // Whose turn it is says nothing of a lift.
    city.submit(&review.again(4), &[1]).unwrap();
    assert!(city.look().said::<wire::RotationLifted>().is_empty());
}

/// RULINGS A7: a second stop of a mission by one of those who stopped it needs two.
#[test]
fn a_second_stop_of_a_mission_by_the_same_signer_needs_two() {
    let city = City::new();
    let stop = Act::of(Action::TriggerStop);
    city.submit(&stop.clone().again(0), &[0]).unwrap();
    let no = wire::SignersMissing { have: 1, need: 2 };
    refused(&city, |city| city.submit(&stop.clone().again(1), &[0]), no);
    city.submit(&stop.clone().about(mission(2)), &[0])
        .expect("another mission");
    city.submit(&stop.clone().again(1), &[1])
        .expect("another signer");
    city.submit(&stop.clone().again(2), &[0, 1])
        .expect("two of them");
    // Both had a part in that one: each needs company from now on.
    city.submit(&stop.clone().again(3), &[2]).unwrap();
    let no = wire::SignersMissing { have: 1, need: 2 };
    refused(&city, |city| city.submit(&stop.clone().again(4), &[2]), no);
    city.submit(&stop.again(4), &[2, 3]).unwrap();
    assert_eq!(city.needs(&Act::of(Action::TriggerStop)).signers, 1);
}

#[test]
fn whom_the_watchdog_flagged_does_not_release_its_freeze() {
    let city = City::new();
    city.seat(2, |seat| seat.flagged = true);
    let act = Act::of(Action::ReleaseWatchdog);
    let signer = city.keys[2].address;
    refused(
        &city,
        |city| city.submit(&act, &city.first(7)),
        wire::NotAdjudicator { signer },
    );
    let no = wire::SignersMissing { have: 5, need: 6 };
    refused(&city, |city| city.submit(&act, &[0, 1, 3, 4, 5]), no);
    city.submit(&act, &[0, 1, 3, 4, 5, 6]).unwrap();
    // Once it is overdue, two thirds of them.
    city.given.borrow_mut().overdue = true;
    city.submit(&act.again(1), &[0, 1, 3, 4]).unwrap();
    // A flag bars from nothing else.
    city.submit(&Act::of(Action::FreezeNode), &[2]).unwrap();
}

/// With everybody flagged nobody's word would be all of theirs: nothing is released by nobody.
#[test]
fn nobody_releases_nothing() {
    let city = City::new();
    for place in 0..PANEL {
        city.seat(place, |seat| seat.flagged = true);
    }
    let no = wire::SignersMissing { have: 0, need: 1 };
    let act = Act::of(Action::ReleaseWatchdog);
    refused(&city, |city| city.submit(&act, &[]), no);
}

/// Everybody of the panel has an interest, but for so many.
fn torn(free: usize) -> City {
    let city = City::new();
    city.appoint(0);
    for place in 0..PANEL - free {
        city.interest(place, mission(1));
    }
    city
}

fn suspended(audit: u64, available: u8) -> wire::SeniorRefused {
    wire::SeniorRefused {
        auditId: audit,
        available,
    }
}

/// INV-PANEL-05: with half of the panel free the senior has no power of its own; with one fewer it has; names that have no
/// interest show nothing.
#[test]
fn the_senior_brakes_alone_when_fewer_than_half_are_free() {
    let stop = Act::of(Action::TriggerStop);
    let city = torn(4);
    refused(
        &city,
        |city| city.alone(&stop, 0, &city.first(7)),
        suspended(0, 4),
    );
    let city = torn(3);
    refused(
        &city,
        |city| city.alone(&stop, 0, &[0, 1, 2]),
        suspended(0, 4),
    );
    city.look();
    city.alone(&stop, 0, &city.first(7)).unwrap();
    let look = city.look();
    let said = look.said::<wire::UnilateralOverride>();
    let digest = city.digest(&stop);
    assert_eq!(
        (said[0].senior, said[0].digest, said[0].auditId),
        (city.keys[0].address, digest, 1)
    );
    let act = &look.said::<wire::OverrideAction>()[0];
    assert!(act.unilateral);
    assert_eq!((act.digest, act.mission), (digest, mission(1)));
    assert_eq!(act.signers, [city.keys[0].address]);
    assert_eq!(look.counted()[0].signers, act.signers);
    assert_eq!(look.told.len(), 2, "the roster and the guardian");
    let senior = city.call(STRANGER, wire::seniorCall {}).unwrap();
    assert_eq!((senior.account, senior.auditId), (city.keys[0].address, 1));
    // The senior's own interest counts without being named.
    let city = torn(3);
    city.alone(&stop, 0, &[1, 2, 3]).unwrap();
}

#[test]
fn the_senior_can_do_nothing_but_brake() {
    for action in Action::ALL {
        let city = torn(0);
        let act = Act::of(*action);
        let brakes = matches!(action, Action::FreezeNode | Action::TriggerStop);
        if brakes {
            city.alone(&act, 0, &city.first(7)).unwrap();
            let digest = city.digest(&act);
            let state = wire::ActionState::Executed;
            let no = wire::WrongActionState { digest, state };
            refused(
                &city,
                |city| city.alone(&act, 0, &city.first(7)),
                no.clone(),
            );
            refused(&city, |city| city.submit(&act, &[6]), no);
        } else {
            let available = if action.parties() == Parties::Mission {
                0
            } else {
                7
            };
            refused(
                &city,
                |city| city.alone(&act, 0, &city.first(7)),
                suspended(0, available),
            );
        }
    }
}

/// RULINGS K9: once, until two others closed the audit.
#[test]
fn an_audit_suspends_the_power_until_two_others_close_it() {
    let city = torn(0);
    let freeze = Act::of(Action::FreezeNode);
    city.alone(&freeze, 0, &city.first(7)).unwrap();
    let again = freeze.clone().again(1);
    refused(
        &city,
        |city| city.alone(&again, 0, &city.first(7)),
        suspended(1, 0),
    );
    let close = |audit| Act::of(Action::CloseAudit).with("auditId", number(audit));
    refused(
        &city,
        |city| city.submit(&close(2), &[1, 2]),
        wire::NoAudit { auditId: 2 },
    );
    let no = wire::SignersMissing { have: 1, need: 2 };
    refused(&city, |city| city.submit(&close(1), &[1]), no);
    let signer = city.keys[0].address;
    refused(
        &city,
        |city| city.submit(&close(1), &[0, 1]),
        wire::NotAdjudicator { signer },
    );
    refused(
        &city,
        |city| city.submit(&close(1), &[0, 1, 2]),
        wire::NotAdjudicator { signer },
    );
    // A new senior is no way around it, and the audited one remains it.
    city.appoint(3);
    refused(
        &city,
        |city| city.alone(&again, 3, &city.first(7)),
        suspended(1, 0),
    );
    refused(
        &city,
        |city| city.submit(&close(1), &[0, 1]),
        wire::NotAdjudicator { signer },
    );
    city.look();
    city.submit(&close(1), &[1, 3]).unwrap();
    assert_eq!(city.look().said::<wire::AuditClosed>()[0].auditId, 1);
    refused(
        &city,
        |city| city.submit(&close(1).again(1), &[1, 2]),
        wire::NoAudit { auditId: 1 },
    );
    city.appoint(0);
    city.alone(&again, 0, &city.first(7)).unwrap();
    let senior = city.call(STRANGER, wire::seniorCall {}).unwrap();
    assert_eq!(senior.auditId, 2);
}

#[test]
fn the_senior_is_who_is_appointed_and_still_on_the_panel() {
    let freeze = Act::of(Action::FreezeNode);
    let city = torn(0);
    let signer = city.keys[0].address;
    refused(
        &city,
        |city| city.alone(&freeze, 1, &city.first(7)),
        wire::InvalidSignature { signer },
    );
    city.seat(0, |seat| seat.active = false);
    let gone = wire::NotAdjudicator { signer };
    refused(
        &city,
        |city| city.alone(&freeze, 0, &[1, 2, 3, 4, 5, 6]),
        gone,
    );
    // Nobody is appointed.
    let city = City::new();
    for place in 0..PANEL {
        city.interest(place, mission(1));
    }
    let signer = Address::ZERO;
    refused(
        &city,
        |city| city.alone(&freeze, 0, &city.first(7)),
        wire::InvalidSignature { signer },
    );
}

#[test]
fn those_with_an_interest_are_named_once_in_order_and_are_of_the_panel() {
    let freeze = Act::of(Action::FreezeNode);
    let city = torn(3);
    let (previous, signer) = (city.keys[1].address, city.keys[1].address);
    let no = wire::SignersNotAscending { previous, signer };
    refused(&city, |city| city.alone(&freeze, 0, &[0, 1, 1, 2]), no);
    let (previous, signer) = (city.keys[2].address, city.keys[1].address);
    let no = wire::SignersNotAscending { previous, signer };
    refused(&city, |city| city.alone(&freeze, 0, &[0, 2, 1, 3]), no);
    city.seat(3, |seat| seat.active = false);
    let signer = city.keys[3].address;
    refused(
        &city,
        |city| city.alone(&freeze, 0, &[0, 1, 2, 3]),
        wire::NotAdjudicator { signer },
    );
}

/// RULINGS A7 binds the senior too, whoever signed the first stop with it.
#[test]
fn the_senior_does_not_stop_a_mission_twice_alone() {
    let city = torn(0);
    let stop = Act::of(Action::TriggerStop);
    city.alone(&stop, 0, &city.first(7)).unwrap();
    city.submit(&Act::of(Action::CloseAudit), &[1, 2]).unwrap();
    let no = wire::SignersMissing { have: 1, need: 2 };
    refused(
        &city,
        |city| city.alone(&stop.clone().again(1), 0, &city.first(7)),
        no,
    );
    for place in 0..PANEL {
        city.interest(place, mission(2));
    }
    city.alone(&stop.clone().about(mission(2)), 0, &city.first(7))
        .expect("another mission");
    // And what it did alone counts for what it signs with others.
    let free = City::new();
    free.appoint(0);
    for place in 0..PANEL {
        free.interest(place, mission(1));
    }
    free.alone(&stop, 0, &free.first(7)).unwrap();
    free.given.borrow_mut().interested.clear();
    let no = wire::SignersMissing { have: 1, need: 2 };
    refused(&free, |city| city.submit(&stop.again(1), &[0]), no);
}

/// A great panel: the roster is asked in parts, places and flags stay whose they are.
#[test]
fn a_panel_of_sixty_four_is_asked_about_in_parts() {
    let mut city = City::new();
    let mut keys: Vec<_> = (0..64)
        .map(|n| agentcity_world::Key::of(&format!("member {n}")))
        .collect();
    keys.sort_by_key(|key| key.address);
    city.given.borrow_mut().seats.clear();
    for key in &keys {
        let interests = (0..5)
            .map(|n| principal(&format!("{n} of {}", key.address)))
            .collect();
        let seat = Seat {
            active: true,
            flagged: false,
            interests,
        };
        city.given.borrow_mut().seats.insert(key.address, seat);
    }
    city.keys = keys;
    let release = Act::of(Action::ReleaseWatchdog);
    let all: Vec<usize> = (0..64).collect();
    for place in [0, 23, 24, 47, 48, 63] {
        city.seat(place, |seat| seat.flagged = true);
        let signer = city.keys[place].address;
        refused(
            &city,
            |city| city.submit(&release, &all),
            wire::NotAdjudicator { signer },
        );
        city.seat(place, |seat| seat.flagged = false);
    }
    city.submit(&release, &all).unwrap();
    let abort = Act::of(Action::AbortForFault);
    for place in [0, 23, 24, 47, 48, 63] {
        city.given.borrow_mut().interested.clear();
        city.interest(place, mission(1));
        let no = conflict(&city, place, &abort);
        refused(&city, |city| city.submit(&abort, &all), no);
    }
    city.given.borrow_mut().interested.clear();
    pass(&city, &abort, &all[..32]);
}

/// RESOLUTIONS A-03, the attack: one signature over a stop of mission zero would stop the city, and two would resume it.
#[test]
fn the_city_is_no_mission() {
    for action in Action::ALL {
        if action.parties() != Parties::Mission {
            continue;
        }
        let city = City::new();
        let act = Act::of(*action).about(CITY);
        let no = wire::MalformedPayload {
            action: wire::Action::try_from(*action as u8).unwrap(),
            word: 0,
        };
        refused(&city, |city| city.submit(&act, &city.first(7)), no.clone());
        if action.is_seniors() {
            city.appoint(0);
            refused(&city, |city| city.alone(&act, 0, &city.first(7)), no);
        }
    }
}

/// RESOLUTIONS R-04, to the point.
#[test]
fn a_score_moves_by_its_limit_and_no_further() {
    let delta = |points: i64| {
        let word = B256::from(alloy_primitives::U256::from(points.unsigned_abs()));
        let word = if points < 0 {
            B256::from(
                alloy_primitives::U256::ZERO - alloy_primitives::U256::from(points.unsigned_abs()),
            )
        } else {
            word
        };
        Act::of(Action::AdjustReputation).with("delta", word)
    };
    for points in [100, -100, 0] {
        City::new().submit(&delta(points), &[0, 1]).unwrap();
    }
    for points in [101, -101, 32_767, -32_768] {
        let city = City::new();
        let answer = city.submit(&delta(points), &[0, 1]).unwrap_err();
        let no = wire::DeltaTooLarge {
            delta: points as i16,
            limit: 100,
        };
        assert_eq!(answer, no.abi_encode());
    }
}

#[test]
fn clearing_a_stop_takes_as_many_as_its_parameter_says() {
    let city = City::new();
    city.set(ParameterId::ClearStopSigners, 3);
    let act = Act::of(Action::ClearStop);
    let no = wire::SignersMissing { have: 2, need: 3 };
    refused(&city, |city| city.submit(&act, &[0, 1]), no);
    city.submit(&act, &[0, 1, 2]).unwrap();
    let needs = city.needs(&act.again(1));
    assert_eq!((needs.signers, needs.delaySecs), (3, U40::ZERO));
}

#[test]
fn agents_at_fault_are_named_in_order() {
    let agent = |n: u8| Address::repeat_byte(n).into_word();
    let named = |agents: [u8; 4]| {
        let mut act = Act::of(Action::AbortForFault);
        for (place, n) in agents.into_iter().enumerate() {
            act.words[place + 1] = if n == 0 { B256::ZERO } else { agent(n) };
        }
        act
    };
    for (agents, word) in [
        ([0, 0, 0, 0], 1),
        ([0, 1, 0, 0], 2),
        ([2, 1, 0, 0], 2),
        ([1, 1, 0, 0], 2),
        ([1, 2, 0, 3], 4),
    ] {
        let city = City::new();
        let action = wire::Action::AbortForFault;
        let no = wire::MalformedPayload { action, word };
        refused(
            &city,
            |city| city.submit(&named(agents), &city.first(4)),
            no,
        );
    }
    City::new()
        .submit(&named([1, 2, 3, 4]), &[0, 1, 2, 3])
        .unwrap();
}
