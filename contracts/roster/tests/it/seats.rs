//! Adjudicators: stakes, admission, leaving, interests, pay.

use agentcity_abi::IRoster as wire;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use alloy_primitives::{Address, U256};

use crate::city::*;

fn remove(number: u8) -> wire::removeAdjudicatorCall {
    wire::removeAdjudicatorCall {
        account: judge(number),
    }
}

fn add(number: u8, principal: Address) -> wire::addAdjudicatorCall {
    wire::addAdjudicatorCall {
        account: judge(number),
        principal,
    }
}

fn not(account: Address, standing: wire::Standing) -> wire::WrongStanding {
    wire::WrongStanding { account, standing }
}

#[test]
fn genesis_adjudicators_judge_once_they_staked() {
    let city = City::new();
    let signers = vec![judge(0)];
    let refused = wire::NotAdjudicator { signer: judge(0) };
    city.refused(STRANGER, wire::examineCall { signers }, refused);
    city.stake(judge(0)).unwrap();
    let staked = city.events::<wire::Staked>();
    assert_eq!(
        (staked[0].adjudicator, staked[0].principal),
        (judge(0), judge(0))
    );
    assert_eq!(staked[0].amount, U256::from(STAKE));
    let seat = city.seat(judge(0));
    assert_eq!((seat.standing, seat.stake), (wire::Standing::Active, STAKE));
    assert_eq!(seat.since, u40(city.world.now()));
    assert_eq!((city.active(), city.books()), (1, (STAKE, 0)));
}

#[test]
fn a_stake_is_what_the_table_says_and_what_came() {
    let city = City::new();
    city.fund(judge(0));
    let stake = |amount: u128| wire::stakeCall {
        amount: U256::from(amount),
    };
    for (given, coins) in [(STAKE - 1, STAKE - 1), (STAKE + 1, STAKE + 1), (0, 0)] {
        let wrong = wire::WrongStake {
            given: U256::from(given),
            needed: U256::from(STAKE),
        };
        city.world
            .refused(judge(0), here(), coins, stake(given), wrong);
    }
    for coins in [0, STAKE - 1, STAKE + 1] {
        let mismatch = wire::AmountMismatch {
            expected: U256::from(STAKE),
            received: U256::from(coins),
        };
        city.world
            .refused(judge(0), here(), coins, stake(STAKE), mismatch);
    }
    assert_eq!(city.books(), (0, 0));
}

#[test]
fn others_are_candidates_whom_the_panel_admits_with_their_principal() {
    let city = City::seated();
    city.stake(judge(9)).unwrap();
    assert_eq!(city.standing(judge(9)), wire::Standing::Candidate);
    assert_eq!(city.active(), 7);
    city.rule_refused(
        add(9, owner(1)),
        wire::ValueChanged {
            expected: owner(1).into_word(),
            found: judge(9).into_word(),
        },
    );
    city.rule_refused(add(8, judge(8)), not(judge(8), wire::Standing::None));
    city.rule_refused(add(0, judge(0)), not(judge(0), wire::Standing::Active));
    city.rule(add(9, judge(9))).unwrap();
    let changed = city.events::<wire::StandingChanged>();
    assert_eq!(changed.last().unwrap().standing, wire::Standing::Active);
    assert_eq!((city.active(), city.panel(&[]).unflagged), (8, 8));
    // Nobody stakes twice.
    city.world.refused(
        judge(9),
        here(),
        STAKE,
        wire::stakeCall {
            amount: U256::from(STAKE),
        },
        not(judge(9), wire::Standing::Active),
    );
}

/// RULINGS R14: the smallest city has seven; and one named at genesis is admitted by nothing but a stake.
#[test]
fn who_was_named_and_did_not_stake_is_no_candidate_to_admit() {
    let city = City::new();
    city.rule_refused(
        add(0, Address::ZERO),
        not(judge(0), wire::Standing::Candidate),
    );
    city.rule(remove(0)).unwrap();
    city.world.warp(APPEAL);
    city.call(STRANGER, release(judge(0))).unwrap();
    assert_eq!(
        (city.standing(judge(0)), city.owed(judge(0))),
        (wire::Standing::Released, 0)
    );
    city.stake(judge(0)).unwrap();
    assert_eq!(
        city.standing(judge(0)),
        wire::Standing::Candidate,
        "as anybody"
    );
}

#[test]
fn a_stake_is_owed_after_the_window_to_its_owner_whoever_calls() {
    let city = City::seated();
    city.call(judge(3), wire::resignCall {}).unwrap();
    let end = city.world.now() + APPEAL;
    assert_eq!(
        (city.active(), city.standing(judge(3))),
        (6, wire::Standing::Leaving)
    );
    city.world.warp(APPEAL - 1);
    city.refused(
        STRANGER,
        release(judge(3)),
        wire::NotDue { dueAt: u40(end) },
    );
    city.world.warp(1);
    city.call(STRANGER, release(judge(3))).unwrap();
    assert_eq!((city.owed(judge(3)), city.owed(STRANGER)), (STAKE, 0));
    assert_eq!(city.books(), (6 * STAKE, STAKE));
    city.refused(
        STRANGER,
        release(judge(3)),
        not(judge(3), wire::Standing::Released),
    );
    let before = city.purse(judge(3));
    assert_eq!(
        city.call(judge(3), wire::withdrawCall {}).unwrap(),
        U256::from(STAKE)
    );
    assert_eq!(city.purse(judge(3)), before + STAKE);
    assert_eq!(city.books(), (6 * STAKE, 0));
    let nothing = wire::NothingOwed { account: judge(3) };
    city.refused(judge(3), wire::withdrawCall {}, nothing);
}

/// The known fault: a removal is without fault and owes the stake, a revocation takes it.
#[test]
fn a_removal_by_the_panel_owes_the_stake() {
    let city = City::seated();
    city.rule(remove(4)).unwrap();
    assert_eq!(city.standing(judge(4)), wire::Standing::Leaving);
    city.world.warp(APPEAL);
    city.call(STRANGER, release(judge(4))).unwrap();
    assert_eq!(city.owed(judge(4)), STAKE);
    assert_eq!(city.treasury.borrow().funds, [0, 0]);
    city.rule_refused(remove(4), not(judge(4), wire::Standing::Released));
}

/// RESOLUTIONS D-01: the floor binds removals alone.
#[test]
fn the_panel_removes_down_to_five_and_whoever_wants_to_leaves() {
    let city = City::seated();
    city.rule(remove(0)).unwrap();
    city.rule(remove(1)).unwrap();
    city.rule_refused(remove(2), wire::QuorumFloor { left: 4, floor: 5 });
    for number in 2..7 {
        city.call(judge(number), wire::resignCall {}).unwrap();
    }
    assert_eq!(city.active(), 0);
}

#[test]
fn as_many_sit_as_signers_are_counted() {
    let city = City::seated();
    for number in 7..64 {
        city.admit(number);
    }
    assert_eq!(city.active(), 64);
    city.stake(judge(70)).unwrap();
    city.rule_refused(add(70, judge(70)), wire::PanelFull { most: 64 });
    city.call(judge(20), wire::resignCall {}).unwrap();
    city.rule(add(70, judge(70))).unwrap();
}

#[test]
fn what_is_owed_is_taken_in_parts_and_sent_where_its_owner_says() {
    let city = City::seated();
    city.call(judge(0), wire::resignCall {}).unwrap();
    city.world.warp(APPEAL);
    city.call(STRANGER, release(judge(0))).unwrap();
    let to = |to, amount: u128| wire::withdrawToCall {
        to,
        amount: U256::from(amount),
    };
    let nothing = || wire::NothingOwed { account: judge(0) };
    city.refused(judge(0), to(owner(1), STAKE + 1), nothing());
    city.refused(judge(0), to(owner(1), 0), nothing());
    for nobody in [Address::ZERO, here()] {
        let failed = wire::PaymentFailed {
            to: nobody,
            amount: U256::from(7),
        };
        city.refused(judge(0), to(nobody, 7), failed);
    }
    city.world.take_logs();
    city.call(judge(0), to(owner(1), 7)).unwrap();
    let taken = city.events::<wire::Withdrawn>();
    assert_eq!(
        (taken[0].account, taken[0].to, taken[0].amount),
        (judge(0), owner(1), U256::from(7))
    );
    assert_eq!((city.purse(owner(1)), city.owed(judge(0))), (7, STAKE - 7));
    city.refused(
        STRANGER,
        to(STRANGER, 1),
        wire::NothingOwed { account: STRANGER },
    );
    city.books();
}

// ---------------------------------------------------------------------- interests

fn interests(city: &City, signers: &[Address]) -> Vec<(u8, Address)> {
    let panel = city.panel(signers);
    panel
        .interests
        .iter()
        .map(|interest| (interest.signer, interest.principal))
        .collect()
}

#[test]
fn a_signer_is_interested_in_itself_and_in_whom_it_declares() {
    let city = City::seated();
    let declare = |principal| wire::declareAssociationCall { principal };
    city.call(judge(2), declare(owner(1))).unwrap();
    let until = city.world.now() + MEMORY;
    let declared = city.events::<wire::AssociationDeclared>();
    assert_eq!(
        (declared[0].principal, declared[0].until),
        (owner(1), u40(until))
    );
    let signers = [judge(1), judge(2)];
    let expected = vec![(0, judge(1)), (1, judge(2)), (1, owner(1))];
    assert_eq!(interests(&city, &signers), expected);
    city.world.warp(MEMORY);
    assert_eq!(interests(&city, &signers), expected);
    city.world.warp(1);
    assert_eq!(interests(&city, &signers), expected[..2], "it lapsed");
}

#[test]
fn four_associations_count_at_a_time_and_a_fifth_waits() {
    let city = City::seated();
    let declare = |number| wire::declareAssociationCall {
        principal: owner(number),
    };
    for number in 0..4 {
        city.call(judge(2), declare(number)).unwrap();
        city.world.warp(10);
    }
    let many = wire::TooManyAssociations { most: 4 };
    city.refused(judge(2), declare(4), many);
    city.call(judge(2), declare(3)).unwrap();
    assert_eq!(interests(&city, &[judge(2)]).len(), 5);
    city.world.warp(MEMORY - 39);
    city.call(judge(2), declare(4)).unwrap();
    let now: Vec<_> = interests(&city, &[judge(2)])
        .into_iter()
        .map(|(_, who)| who)
        .collect();
    assert_eq!(now, [judge(2), owner(4), owner(1), owner(2), owner(3)]);
}

#[test]
fn who_does_not_sit_declares_nothing_and_nobody_is_no_principal() {
    let city = City::seated();
    let declare = |principal| wire::declareAssociationCall { principal };
    city.refused(
        STRANGER,
        declare(owner(1)),
        not(STRANGER, wire::Standing::None),
    );
    city.call(judge(1), wire::resignCall {}).unwrap();
    city.refused(
        judge(1),
        declare(owner(1)),
        not(judge(1), wire::Standing::Leaving),
    );
    city.refused(judge(2), declare(Address::ZERO), wire::MalformedCall {});
    city.stake(judge(9)).unwrap();
    city.call(judge(9), declare(owner(1))).unwrap();
}

/// RESOLUTIONS D-13, I-07: an agent's key is interested in its principal of today and of lately.
#[test]
fn a_key_that_changes_hands_brings_both_hands_along() {
    let city = City::seated();
    let set = |present, previous| {
        let known = (present, previous);
        city.principals.borrow_mut().insert(judge(9), known);
    };
    set(owner(1), Address::ZERO);
    city.stake(judge(9)).unwrap();
    let call = wire::addAdjudicatorCall {
        account: judge(9),
        principal: owner(1),
    };
    city.rule(call).unwrap();
    assert_eq!(city.seat(judge(9)).principal, owner(1));
    let signers = [judge(0), judge(9)];
    let mut expected = vec![(0, judge(0)), (1, owner(1))];
    assert_eq!(interests(&city, &signers), expected);
    set(owner(2), owner(1));
    expected.push((1, owner(2)));
    assert_eq!(interests(&city, &signers), expected);
    set(owner(3), owner(2));
    expected.insert(2, (1, owner(3)));
    assert_eq!(interests(&city, &signers), expected);
}

// ---------------------------------------------------------------------- pay

/// RESOLUTIONS D-27: yes and no are worth the same.
#[test]
fn reviews_are_paid_by_claim_equal_for_yes_and_no_and_once() {
    let city = City::seated();
    let review = |who: u8, approves| wire::recordDecisionCall {
        signers: vec![judge(who)],
        approves,
        weakens: false,
        reviews: true,
    };
    for (who, approves) in [(0, true), (0, true), (1, false), (1, false)] {
        city.rule(review(who, approves)).unwrap();
    }
    city.decide(judge(1), "YN");
    for who in [0, 1] {
        assert_eq!(city.seat(judge(who)).unpaidReviews, 2);
        city.call(judge(who), wire::claimCompensationCall {})
            .unwrap();
        assert_eq!(city.treasury.borrow().paid[&judge(who)], 2);
        let claimed = city.events::<wire::CompensationClaimed>();
        assert_eq!(
            (claimed[0].adjudicator, claimed[0].reviews),
            (judge(who), 2)
        );
        let nothing = wire::NothingOwed {
            account: judge(who),
        };
        city.refused(judge(who), wire::claimCompensationCall {}, nothing);
    }
    // Where the treasury cannot pay, the claim stays.
    city.rule(review(0, true)).unwrap();
    city.treasury.borrow_mut().refuses = Some(b"empty".to_vec());
    let answer = city.call(judge(0), wire::claimCompensationCall {});
    assert_eq!(answer.err(), Some(b"empty".to_vec()));
    assert_eq!(city.seat(judge(0)).unpaidReviews, 1);
}

#[test]
fn a_city_of_another_stake_demands_another() {
    let city = City::new();
    city.set(ParameterId::AdjudicatorStake, 6_000);
    let wrong = wire::WrongStake {
        given: U256::from(STAKE),
        needed: U256::from(6_000 * SCALE),
    };
    city.fund(judge(0));
    let stake = wire::stakeCall {
        amount: U256::from(STAKE),
    };
    city.world.refused(judge(0), here(), STAKE, stake, wrong);
    assert_ne!(member(Peer::Roster), Address::ZERO);
}
