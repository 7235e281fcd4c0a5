//! Monitors: bonds, approval, false alarms.

use agentcity_abi::IRoster as wire;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use alloy_primitives::{Address, B256, U256};

use crate::city::*;

fn not(account: Address, standing: wire::Standing) -> wire::WrongStanding {
    wire::WrongStanding { account, standing }
}

fn approve(account: Address, scorer: B256) -> wire::approveMonitorCall {
    wire::approveMonitorCall {
        account,
        scorerId: scorer,
    }
}

fn charge(city: &City, account: Address, freeze: u64) -> Result<(), Vec<u8>> {
    let call = wire::chargeMonitorCall {
        account,
        freezeId: freeze,
    };
    city.call(member(Peer::Guardian), call).map(|_| ())
}

fn left(city: &City, account: Address) -> u128 {
    let bonded = city.treasury.borrow().bonds[&account.into_word()];
    assert_eq!((bonded.0, bonded.1), (account, 4));
    assert_eq!(city.watcher(account).bond, bonded.2);
    bonded.2
}

#[test]
fn a_monitor_is_bonded_by_itself_and_approved_with_its_scorer() {
    let city = City::new();
    let who = city.bond(1);
    let bonded = city.events::<wire::MonitorBonded>();
    assert_eq!(
        (bonded[0].monitor, bonded[0].principal, bonded[0].scorerId),
        (who, owner(1), SCORER)
    );
    assert_eq!(bonded[0].amount, U256::from(MONITOR_BOND));
    assert_eq!(left(&city, who), MONITOR_BOND);
    let found = city.watcher(who);
    assert_eq!(
        (found.standing, found.principal, found.scorerId),
        (wire::Standing::Candidate, owner(1), SCORER)
    );
    let other = B256::repeat_byte(1);
    city.rule_refused(
        approve(who, other),
        wire::ValueChanged {
            expected: other,
            found: SCORER,
        },
    );
    city.rule(approve(who, SCORER)).unwrap();
    assert_eq!(city.watcher(who).standing, wire::Standing::Active);
    city.rule_refused(approve(who, SCORER), not(who, wire::Standing::Active));
    city.rule_refused(
        approve(STRANGER, B256::ZERO),
        not(STRANGER, wire::Standing::None),
    );
    let again = wire::bondMonitorCall { scorerId: SCORER };
    city.refused(who, again, not(who, wire::Standing::Active));
}

#[test]
fn somebody_for_whom_nobody_answers_is_no_monitor() {
    let city = City::new();
    let bond = wire::bondMonitorCall { scorerId: SCORER };
    let nobody = wire::ValueChanged {
        expected: B256::ZERO,
        found: B256::ZERO,
    };
    city.refused(STRANGER, bond.clone(), nobody);
    city.principals
        .borrow_mut()
        .insert(STRANGER, (owner(1), Address::ZERO));
    city.treasury.borrow_mut().refuses = Some(b"no credit".to_vec());
    assert_eq!(city.call(STRANGER, bond).err(), Some(b"no credit".to_vec()));
    assert_eq!(city.watcher(STRANGER).standing, wire::Standing::None);
}

#[test]
fn a_retired_monitor_has_its_bond_back_after_the_window() {
    let city = City::new();
    let who = city.approved(1);
    city.call(who, wire::retireMonitorCall {}).unwrap();
    let end = city.world.now() + APPEAL;
    let free = wire::releaseMonitorCall { monitor: who };
    city.world.warp(APPEAL - 1);
    city.refused(STRANGER, free.clone(), wire::NotDue { dueAt: u40(end) });
    city.world.warp(1);
    city.call(STRANGER, free.clone()).unwrap();
    assert_eq!(city.treasury.borrow().returned, MONITOR_BOND);
    let found = city.watcher(who);
    assert_eq!((found.standing, found.bond), (wire::Standing::Released, 0));
    city.refused(STRANGER, free, not(who, wire::Standing::Released));
    city.refused(
        who,
        wire::retireMonitorCall {},
        not(who, wire::Standing::Released),
    );
    city.bond(1);
    assert_eq!(left(&city, who), MONITOR_BOND, "and may come back");
}

#[test]
fn the_panel_takes_a_bond_until_it_is_given_back() {
    for stage in 0..4 {
        let city = City::new();
        let who = if stage == 0 {
            city.bond(1)
        } else {
            city.approved(1)
        };
        if stage > 1 {
            city.call(who, wire::retireMonitorCall {}).unwrap();
        }
        if stage > 2 {
            city.world.warp(APPEAL);
            city.call(STRANGER, wire::releaseMonitorCall { monitor: who })
                .unwrap();
        }
        let revoke = wire::revokeMonitorCall { account: who };
        if stage == 3 {
            city.rule_refused(revoke, not(who, wire::Standing::Released));
            continue;
        }
        city.rule(revoke.clone()).unwrap();
        assert_eq!(city.treasury.borrow().forfeited, MONITOR_BOND);
        assert_eq!(city.watcher(who).standing, wire::Standing::Removed);
        city.rule_refused(revoke, not(who, wire::Standing::Removed));
    }
}

/// RESOLUTIONS G-10, RULINGS A7: a false alarm costs, once for each freeze, and its reports rest for a while.
#[test]
fn a_false_alarm_is_charged_once_for_each_freeze() {
    let city = City::new();
    let who = city.approved(1);
    city.world.take_logs();
    charge(&city, who, 9).unwrap();
    let cost = MONITOR_BOND / 10;
    let charged = city.events::<wire::MonitorCharged>();
    assert_eq!(
        (charged[0].monitor, charged[0].freezeId, charged[0].amount),
        (who, 9, U256::from(cost))
    );
    assert_eq!(left(&city, who), MONITOR_BOND - cost);
    let found = city.watcher(who);
    assert_eq!(
        (found.standing, found.falsePositives),
        (wire::Standing::Active, 1)
    );
    assert_eq!(found.suspendedUntil, u40(city.world.now() + DAY));
    let call = wire::chargeMonitorCall {
        account: who,
        freezeId: 9,
    };
    let guardian = member(Peer::Guardian);
    city.refused(guardian, call, wire::AlreadyDone { who });
    let other = city.approved(2);
    charge(&city, other, 9).unwrap();
    charge(&city, who, 10).unwrap();
    assert_eq!(left(&city, who), MONITOR_BOND - 2 * cost, "as much again");
    assert_eq!(city.watcher(who).falsePositives, 2);
}

#[test]
fn a_bond_ends_and_its_monitor_with_it() {
    let city = City::new();
    let who = city.approved(1);
    for freeze in 1..10 {
        charge(&city, who, freeze).unwrap();
    }
    assert_eq!(city.watcher(who).standing, wire::Standing::Active);
    charge(&city, who, 10).unwrap();
    let found = city.watcher(who);
    assert_eq!((found.standing, found.bond), (wire::Standing::Removed, 0));
    assert!(city.treasury.borrow().bonds.is_empty());
    assert_eq!(city.treasury.borrow().charged, MONITOR_BOND);
    let call = wire::chargeMonitorCall {
        account: who,
        freezeId: 11,
    };
    city.refused(
        member(Peer::Guardian),
        call,
        not(who, wire::Standing::Removed),
    );
    city.bond(1);
    assert_eq!(city.watcher(who).falsePositives, 10, "its past stays");
}

#[test]
fn who_leaves_still_answers_for_its_reports_and_who_only_bonded_made_none() {
    let city = City::new();
    let who = city.approved(1);
    city.call(who, wire::retireMonitorCall {}).unwrap();
    charge(&city, who, 1).unwrap();
    assert_eq!(city.watcher(who).standing, wire::Standing::Leaving);
    city.world.warp(APPEAL);
    city.call(STRANGER, wire::releaseMonitorCall { monitor: who })
        .unwrap();
    assert_eq!(
        city.treasury.borrow().returned,
        MONITOR_BOND - MONITOR_BOND / 10
    );
    let candidate = city.bond(2);
    let call = wire::chargeMonitorCall {
        account: candidate,
        freezeId: 1,
    };
    city.refused(
        member(Peer::Guardian),
        call,
        not(candidate, wire::Standing::Candidate),
    );
}

#[test]
fn what_it_costs_is_the_tables() {
    let city = City::new();
    city.set(ParameterId::MonitorBond, 101);
    city.set(ParameterId::FalsePositiveSlashBps, 3_333);
    city.set(ParameterId::MonitorSuspensionSecs, 77);
    let who = city.approved(1);
    let posted = 101 * SCALE;
    assert_eq!(left(&city, who), posted);
    // A bond keeps its measure when the table changes.
    city.set(ParameterId::MonitorBond, 5_000);
    charge(&city, who, 1).unwrap();
    let cost = (posted * 3_333).div_ceil(10_000);
    assert_eq!(left(&city, who), posted - cost);
    assert_eq!(city.watcher(who).suspendedUntil, u40(city.world.now() + 77));
}
