//! Cases of revocation: who accuses, who votes, what it costs whom.

use agentcity_abi::IRoster as wire;
use agentcity_domain::parameter::ParameterId;
use alloy_primitives::U256;

use crate::city::*;

fn done(who: u8) -> wire::AlreadyDone {
    wire::AlreadyDone { who: judge(who) }
}

fn none(id: u64) -> wire::NoCase {
    wire::NoCase { caseId: id }
}

fn stranger(who: u8) -> wire::NotAdjudicator {
    wire::NotAdjudicator { signer: judge(who) }
}

fn not(who: u8, standing: wire::Standing) -> wire::WrongStanding {
    wire::WrongStanding {
        account: judge(who),
        standing,
    }
}

/// Five of seven vote against number six.
fn carry(city: &City) -> u64 {
    let id = city.accuse(0, 6);
    for voter in 1..5 {
        city.call(judge(voter), vote(id)).unwrap();
    }
    id
}

#[test]
fn two_thirds_revoke_and_the_stake_is_lost_by_halves() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    let opened = city.events::<wire::ImpeachmentInitiated>();
    assert_eq!(
        (opened[0].caseId, opened[0].needed, opened[0].evidenceHash),
        (1, 5, EVIDENCE)
    );
    let bonds: Vec<_> = city.treasury.borrow().bonds.values().copied().collect();
    assert_eq!(bonds, [(judge(0), 5, CASE_BOND)]);
    for voter in 1..4 {
        city.call(judge(voter), vote(id)).unwrap();
        assert!(!city.case(id).closed);
    }
    assert_eq!(city.case(id).votes, 4);
    city.world.take_logs();
    city.call(judge(4), vote(id)).unwrap();
    let logs = city.world.take_logs();
    assert_eq!(logs.iter().filter(|log| log.address == here()).count(), 4);
    assert!(city.case(id).closed);
    assert_eq!(city.standing(judge(6)), wire::Standing::Removed);
    assert_eq!((city.active(), city.panel(&[]).unflagged), (6, 6));
    assert_eq!(city.seat(judge(6)).stake, 0);
    // Due to the funds; anyone sends it there.
    assert_eq!(city.books(), (6 * STAKE, STAKE));
    assert_eq!(city.call(STRANGER, wire::skimCall {}).unwrap(), U256::ZERO);
    let half = STAKE / 2;
    assert_eq!(city.treasury.borrow().funds, [STAKE - half, half]);
    assert_eq!(city.books(), (6 * STAKE, 0));
    // The bond comes back.
    assert_eq!(city.treasury.borrow().returned, CASE_BOND);
    assert!(city.treasury.borrow().bonds.is_empty());
    city.refused(judge(5), vote(id), none(id));
    city.refused(STRANGER, lapse(id), none(id));
    // Nobody is revoked twice, and there is no way back.
    city.refused(judge(0), accuse(6), not(6, wire::Standing::Removed));
    city.world.refused(
        judge(6),
        here(),
        STAKE,
        wire::stakeCall {
            amount: U256::from(STAKE),
        },
        not(6, wire::Standing::Removed),
    );
}

#[test]
fn what_a_revocation_says() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    for voter in 1..4 {
        city.call(judge(voter), vote(id)).unwrap();
    }
    let voted = city.events::<wire::ImpeachmentVoted>();
    assert_eq!((voted[2].voter, voted[2].votes), (judge(3), 4));
    city.call(judge(4), vote(id)).unwrap();
    let ended = city.events::<wire::AdjudicatorImpeached>();
    assert_eq!((ended[0].caseId, ended[0].target), (id, judge(6)));
    assert_eq!(ended[0].slashed, U256::from(STAKE));
    let other = City::seated();
    let id = carry(&other);
    let slashed = other.events::<wire::AdjudicatorSlashed>();
    assert_eq!(U256::from_be_bytes(slashed[0].cause.0), U256::from(id));
}

/// RESOLUTIONS D-18: one adjudicator alone reached five in the seed.
#[test]
fn nobody_votes_twice_nor_the_initiator_again_nor_the_accused() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    city.refused(judge(0), vote(id), done(0));
    city.refused(judge(6), vote(id), done(6));
    city.call(judge(1), vote(id)).unwrap();
    city.refused(judge(1), vote(id), done(1));
    city.refused(
        STRANGER,
        vote(id),
        wire::NotAdjudicator { signer: STRANGER },
    );
    assert_eq!(city.case(id).votes, 2);
}

/// RESOLUTIONS D-17, D-19: the count is fixed, votes of those who left stay, newcomers have none.
#[test]
fn the_count_is_fixed_when_the_case_begins() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    city.call(judge(1), vote(id)).unwrap();
    city.call(judge(1), wire::resignCall {}).unwrap();
    city.world.warp(1);
    for number in 7..10 {
        city.admit(number);
        city.refused(judge(number), vote(id), stranger(number));
    }
    city.refused(judge(1), vote(id), stranger(1));
    city.call(judge(2), vote(id)).unwrap();
    city.call(judge(3), vote(id)).unwrap();
    assert_eq!((city.case(id).votes, city.case(id).needed), (4, 5));
    city.call(judge(4), vote(id)).unwrap();
    assert_eq!(city.standing(judge(6)), wire::Standing::Removed);
    // Of those who are nine now, six are needed.
    assert_eq!(city.active(), 8);
    let next = city.accuse(7, 8);
    assert_eq!(city.case(next).needed, 6);
}

#[test]
fn a_case_lapses_and_its_bond_is_lost() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    let end = city.world.now() + LIFE;
    city.world.warp(LIFE);
    city.refused(
        STRANGER,
        lapse(id),
        wire::NotDue {
            dueAt: u40(end + 1),
        },
    );
    city.call(judge(1), vote(id)).unwrap();
    city.world.warp(1);
    city.refused(judge(2), vote(id), none(id));
    city.call(STRANGER, lapse(id)).unwrap();
    let lapsed = city.events::<wire::ImpeachmentLapsed>();
    assert_eq!(lapsed[0].caseId, id);
    assert!(city.case(id).closed);
    assert_eq!(city.treasury.borrow().forfeited, CASE_BOND);
    assert_eq!(
        (city.standing(judge(6)), city.books()),
        (wire::Standing::Active, (7 * STAKE, 0))
    );
    city.refused(STRANGER, lapse(id), none(id));
    // The target may be accused anew, with another number.
    assert_eq!(city.accuse(1, 6), id + 1);
}

#[test]
fn one_case_is_open_about_somebody_at_a_time() {
    let city = City::seated();
    city.accuse(0, 6);
    city.refused(judge(1), accuse(6), done(6));
    city.refused(judge(1), accuse(1), done(1));
    city.accuse(6, 1);
    assert_eq!(city.treasury.borrow().bonds.len(), 2);
    city.refused(
        STRANGER,
        accuse(1),
        wire::NotAdjudicator { signer: STRANGER },
    );
    city.refused(judge(2), accuse(9), not(9, wire::Standing::None));
    // The bond is the treasury's to take.
    city.treasury.borrow_mut().refuses = Some(b"no credit".to_vec());
    assert_eq!(city.call(judge(0), accuse(2)), Err(b"no credit".to_vec()));
    city.treasury.borrow_mut().refuses = None;
    city.accuse(0, 2);
}

/// Whoever leaves under a case keeps the stake only when the case has lapsed.
#[test]
fn nobody_leaves_his_case_behind() {
    let city = City::seated();
    city.call(judge(6), wire::resignCall {}).unwrap();
    city.world.warp(APPEAL - 1);
    let id = city.accuse(0, 6);
    // Six are active now: four of them.
    assert_eq!(city.case(id).needed, 4);
    let end = city.world.now() + LIFE;
    city.world.warp(1);
    city.refused(
        STRANGER,
        release(judge(6)),
        wire::NotDue {
            dueAt: u40(end + 1),
        },
    );
    // Once the window is over nobody prolongs it.
    city.world.warp(LIFE);
    city.call(STRANGER, lapse(id)).unwrap();
    city.refused(judge(1), accuse(6), not(6, wire::Standing::Leaving));
    city.call(STRANGER, release(judge(6))).unwrap();
    assert_eq!(city.owed(judge(6)), STAKE);
}

#[test]
fn who_leaves_under_a_case_loses_the_stake_if_it_is_carried() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    city.call(judge(6), wire::resignCall {}).unwrap();
    for voter in 1..5 {
        city.call(judge(voter), vote(id)).unwrap();
    }
    assert_eq!(city.standing(judge(6)), wire::Standing::Removed);
    assert_eq!((city.active(), city.books()), (6, (6 * STAKE, STAKE)));
}

/// A case that nobody closed holds nothing: its time is over.
#[test]
fn a_case_that_is_over_holds_no_stake_though_nobody_closed_it() {
    let city = City::seated();
    let id = city.accuse(0, 6);
    city.call(judge(6), wire::resignCall {}).unwrap();
    city.world.warp(LIFE + 1);
    city.call(STRANGER, release(judge(6))).unwrap();
    city.call(STRANGER, lapse(id)).unwrap();
    assert_eq!(city.treasury.borrow().forfeited, CASE_BOND);
    assert_eq!(city.owed(judge(6)), STAKE);
}

/// One who is left alone revokes nobody.
#[test]
fn one_voice_is_never_enough() {
    let city = City::seated();
    for number in 1..7 {
        city.call(judge(number), wire::resignCall {}).unwrap();
    }
    let id = city.accuse(0, 6);
    assert_eq!((city.case(id).votes, city.case(id).needed), (1, 1));
    city.refused(judge(0), vote(id), done(0));
    city.world.warp(LIFE + 1);
    city.call(STRANGER, lapse(id)).unwrap();
    assert_eq!(city.standing(judge(6)), wire::Standing::Leaving);
}

/// RESOLUTIONS D-01: revocations below the quorum only block new missions.
#[test]
fn revocation_knows_no_floor() {
    let city = City::seated();
    for (target, q) in [(6, 7u8), (5, 6), (4, 5), (3, 4), (2, 3)] {
        let id = city.accuse(0, target);
        let needed = (2 * q).div_ceil(3);
        for voter in 1..needed {
            city.call(judge(voter), vote(id)).unwrap();
        }
        assert_eq!(city.active(), q - 1);
    }
}

#[test]
fn the_life_of_a_case_is_the_tables() {
    let city = City::seated();
    city.set(ParameterId::ImpeachmentExpirySecs, DAY);
    city.set(ParameterId::ImpeachmentBond, 3);
    let id = city.accuse(0, 6);
    assert_eq!(city.case(id).expiresAt, u40(city.world.now() + DAY));
    let bonds: Vec<_> = city.treasury.borrow().bonds.values().copied().collect();
    assert_eq!(bonds, [(judge(0), 5, 3 * SCALE)]);
    let case = city.case(id);
    assert_eq!(
        (case.target, case.initiator, case.evidenceHash),
        (judge(6), judge(0), EVIDENCE)
    );
}
