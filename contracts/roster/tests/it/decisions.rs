//! What adjudication asks and tells; the watchdog.

use agentcity_abi::IRoster as wire;
use agentcity_domain::parameter::ParameterId;
use alloy_primitives::Address;

use crate::city::*;

fn until_call(until: u64) -> wire::releaseWatchdogCall {
    wire::releaseWatchdogCall { until: u40(until) }
}

fn confirm(who: u8, actions: u32) -> wire::confirmAlertCall {
    wire::confirmAlertCall {
        account: judge(who),
        actions,
    }
}

fn changed(expected: u64, found: u64) -> wire::ValueChanged {
    let word = |value| alloy_primitives::B256::from(alloy_primitives::U256::from(value));
    wire::ValueChanged {
        expected: word(expected),
        found: word(found),
    }
}

/// Number three stamps and weakens until the city is frozen.
fn frozen() -> (City, u64) {
    let city = City::seated();
    city.decide(judge(3), &"Y".repeat(20));
    city.decide(judge(3), "WWWW");
    let until = city.halted_until();
    (city, until)
}

/// A city frozen by a confirmed alert in which everybody let too much pass.
pub(crate) fn stamped() -> (City, u64) {
    let city = City::seated();
    let all: Vec<_> = (0..7).map(judge).collect();
    for _ in 0..20 {
        city.rule(decision(&all, 'Y')).unwrap();
    }
    assert_eq!(city.panel(&[]).unflagged, 0);
    city.rule(confirm(3, 20)).unwrap();
    let until = city.halted_until();
    (city, until)
}

#[test]
fn the_panel_is_as_it_is_and_every_signer_is_active() {
    let city = City::seated();
    let signers: Vec<_> = (0..7).map(judge).collect();
    let panel = city.panel(&signers);
    assert_eq!(
        (panel.active, panel.unflagged, panel.overdue, panel.flagged),
        (7, 7, false, 0)
    );
    assert_eq!(panel.interests.len(), 7);
    city.stake(judge(9)).unwrap();
    for outsider in [judge(9), STRANGER] {
        let mut signers = signers.clone();
        signers.push(outsider);
        let refused = wire::NotAdjudicator { signer: outsider };
        city.refused(
            STRANGER,
            wire::examineCall {
                signers: signers.clone(),
            },
            refused.clone(),
        );
        city.rule_refused(decision(&signers, 'N'), refused);
    }
    let many = vec![judge(0); 65];
    city.refused(
        STRANGER,
        wire::examineCall { signers: many },
        wire::MalformedCall {},
    );
}

#[test]
fn a_decision_counts_for_each_of_its_signers() {
    let city = City::seated();
    let signers = [judge(1), judge(2), judge(5)];
    city.rule(decision(&signers, 'Y')).unwrap();
    city.rule(decision(&signers[..2], 'W')).unwrap();
    city.rule(decision(&signers[..1], 'N')).unwrap();
    city.rule(decision(&signers[..1], 'R')).unwrap();
    let seat = city.seat(judge(1));
    assert_eq!(
        (seat.actions, seat.approvals, seat.run, seat.weakenings),
        (4, 3, 1, 1)
    );
    assert_eq!((seat.history, seat.unpaidReviews), (0b1101, 1));
    let seat = city.seat(judge(2));
    assert_eq!(
        (seat.actions, seat.approvals, seat.run, seat.history),
        (2, 2, 2, 0b11)
    );
    assert_eq!(city.seat(judge(5)).actions, 1);
    assert_eq!(city.seat(judge(0)).actions, 0);
}

#[test]
fn the_view_forgets_with_the_window_and_not_how_often_somebody_acted() {
    let city = City::seated();
    city.decide(judge(1), "YYY");
    city.world.warp(31 * DAY);
    let seat = city.seat(judge(1));
    assert_eq!(
        (seat.actions, seat.approvals, seat.run, seat.history),
        (3, 0, 0, 0)
    );
    city.set(ParameterId::WatchdogWindowDays, 365);
    city.decide(judge(2), "YYY");
    city.world.warp(300 * DAY);
    assert_eq!(city.seat(judge(2)).approvals, 3);
}

/// RESOLUTIONS D-21: one kind alone alerts.
#[test]
fn rubber_stamps_alone_alert_and_flag() {
    let city = City::seated();
    city.decide(judge(3), &"Y".repeat(19));
    assert!(city.events::<wire::WatchdogAlert>().is_empty());
    city.decide(judge(3), "YY");
    let alerts = city.events::<wire::WatchdogAlert>();
    assert_eq!(alerts.len(), 1, "said once");
    let alert = &alerts[0];
    assert_eq!(
        (alert.adjudicator, alert.kind),
        (judge(3), wire::AlertKind::Rubber)
    );
    assert_eq!((alert.actions, alert.approvals, alert.run), (20, 20, 20));
    assert!(city.seat(judge(3)).flagged);
    let panel = city.panel(&[judge(2), judge(3), judge(4)]);
    assert_eq!(
        (panel.active, panel.unflagged, panel.flagged),
        (7, 6, 0b010)
    );
    assert_eq!(city.halted_until(), 0);
    city.decide(judge(3), "NN");
    assert!(!city.seat(judge(3)).flagged);
    assert_eq!(city.panel(&[]).unflagged, 7);
}

#[test]
fn rubber_stamps_that_weaken_parameters_freeze_the_city() {
    let city = City::seated();
    city.decide(judge(3), &"Y".repeat(20));
    city.decide(judge(3), "WWW");
    assert_eq!(city.halted_until(), 0);
    city.world.take_logs();
    city.decide(judge(3), "W");
    let until = city.world.now() + FREEZE;
    assert_eq!(city.halted_until(), until);
    let logs = city.world.take_logs();
    assert_eq!(logs.len(), 2, "the alert and the freeze");
    let (other, _) = frozen();
    let said = other.events::<wire::WatchdogFreeze>();
    assert_eq!((said[0].adjudicator, said[0].until), (judge(3), u40(until)));
    // Its end does not move.
    city.world.warp(100);
    city.decide(judge(3), "WW");
    city.decide(judge(4), &"W".repeat(21));
    assert_eq!(city.halted_until(), until);
}

#[test]
fn the_panel_releases_the_freeze_that_it_signed_for() {
    let (city, until) = frozen();
    city.rule_refused(until_call(until - 1), changed(until - 1, until));
    city.rule(until_call(until)).unwrap();
    let released = city.events::<wire::WatchdogReleased>();
    assert!(released.last().unwrap().byPanel);
    assert_eq!(city.halted_until(), 0);
    city.rule_refused(until_call(until), changed(until, 0));
    city.rule_refused(until_call(0), changed(0, 0));
    assert!(city.seat(judge(3)).flagged, "who was flagged stays flagged");
}

/// RULINGS R9: once the maximum passed, anyone may abort what lies under it; nothing resumes without the panel.
#[test]
fn a_freeze_that_is_overdue_waits_for_the_panel() {
    let (city, until) = frozen();
    city.world.warp(FREEZE);
    let early = wire::NotDue {
        dueAt: u40(until + 1),
    };
    city.refused(STRANGER, wire::expireWatchdogCall {}, early);
    assert!(!city.panel(&[]).overdue);
    city.world.warp(1);
    assert!(city.panel(&[]).overdue);
    let panels = wire::NotAdjudicator {
        signer: Address::ZERO,
    };
    for _ in 0..2 {
        city.refused(STRANGER, wire::expireWatchdogCall {}, panels.clone());
        city.world.warp(FREEZE);
    }
    assert_eq!(city.halted_until(), until);
    city.rule(until_call(until)).unwrap();
    assert_eq!(city.halted_until(), 0);
    assert!(!city.panel(&[]).overdue);
    city.refused(
        STRANGER,
        wire::expireWatchdogCall {},
        wire::NoCase { caseId: 0 },
    );
    // The pattern stands: it freezes again only with one more weakening.
    city.decide(judge(3), "YN");
    assert_eq!(city.halted_until(), 0);
    city.decide(judge(3), "W");
    assert_eq!(city.halted_until(), city.world.now() + FREEZE);
}

/// All of nobody would be no signature at all: none of them is taken by *adjudication*, so that time alone ends it.
#[test]
fn where_everybody_is_flagged_anyone_ends_a_freeze_that_is_overdue() {
    let (city, until) = stamped();
    let all: Vec<_> = (0..7).map(judge).collect();
    let early = wire::NotDue {
        dueAt: u40(until + 1),
    };
    city.refused(STRANGER, wire::expireWatchdogCall {}, early);
    // Nobody signs himself free meanwhile.
    city.rule(decision(&all, 'N')).unwrap();
    city.rule(decision(&all, 'N')).unwrap();
    assert_eq!(city.panel(&[]).unflagged, 0);
    city.world.warp(FREEZE + 1);
    city.call(STRANGER, wire::expireWatchdogCall {}).unwrap();
    assert!(!city.events::<wire::WatchdogReleased>()[0].byPanel);
    city.rule(decision(&all, 'N')).unwrap();
    assert_eq!(city.panel(&[]).unflagged, 7);
}

/// *Adjudication* records a decision before it carries it out. Nothing that is recorded moves the end of a freeze, and that a
/// release makes too many yes of whoever signed it does not undo the release.
#[test]
fn a_release_that_flags_its_last_signer_releases() {
    let city = City::seated();
    for stamper in 0..6 {
        city.decide(judge(stamper), &"Y".repeat(20));
    }
    city.rule(confirm(3, 20)).unwrap();
    let until = city.halted_until();
    // The last who may release has let eighteen pass of nineteen; this one is too many.
    city.decide(judge(6), &"Y".repeat(19));
    assert_eq!(city.panel(&[]).unflagged, 1);
    city.rule(decision(&[judge(6)], 'Y')).unwrap();
    assert_eq!(city.panel(&[]).unflagged, 0);
    assert_eq!(city.halted_until(), until, "its end does not move");
    city.rule(until_call(until)).unwrap();
    assert_eq!(city.halted_until(), 0);
}

#[test]
fn a_confirmed_alert_freezes_once() {
    let city = City::seated();
    let done = || wire::AlreadyDone { who: judge(3) };
    city.rule_refused(confirm(3, 0), done());
    city.decide(judge(3), &"Y".repeat(21));
    city.rule_refused(confirm(3, 20), changed(20, 21));
    city.rule(confirm(3, 21)).unwrap();
    assert_eq!(city.halted_until(), city.world.now() + FREEZE);
    city.rule_refused(confirm(3, 21), done());
    city.rule(until_call(city.halted_until())).unwrap();
    city.rule_refused(confirm(3, 21), done());
    city.call(judge(3), wire::resignCall {}).unwrap();
    let gone = wire::WrongStanding {
        account: judge(3),
        standing: wire::Standing::Leaving,
    };
    city.rule_refused(confirm(3, 21), gone);
}

#[test]
fn a_flag_leaves_with_its_adjudicator_and_its_past_does_not() {
    let city = City::seated();
    city.decide(judge(3), &"Y".repeat(21));
    city.call(judge(3), wire::resignCall {}).unwrap();
    assert_eq!((city.active(), city.panel(&[]).unflagged), (6, 6));
    city.world.warp(APPEAL);
    city.call(STRANGER, release(judge(3))).unwrap();
    city.admit(3);
    let seat = city.seat(judge(3));
    assert!(!seat.flagged);
    assert_eq!((seat.actions, seat.approvals), (21, 21));
    city.decide(judge(3), "Y");
    assert!(city.seat(judge(3)).flagged);
    assert_eq!((city.active(), city.panel(&[]).unflagged), (7, 6));
}

#[test]
fn the_watchdog_measures_by_the_table() {
    let city = City::seated();
    city.set(ParameterId::WatchdogMinActions, 5);
    city.set(ParameterId::WatchdogWeakeningLimit, 1);
    city.set(ParameterId::WatchdogMaxFreezeDuration, 1);
    city.decide(judge(0), "YYWW");
    assert_eq!(city.halted_until(), 0);
    city.decide(judge(0), "Y");
    assert_eq!(city.halted_until(), city.world.now() + 3_600);
    let other = City::seated();
    other.set(ParameterId::WatchdogMaxApprovalPct, 50);
    other.set(ParameterId::WatchdogMinActions, 5);
    other.decide(judge(0), "NNYYY");
    assert!(other.seat(judge(0)).flagged);
    let third = City::seated();
    third.set(ParameterId::WatchdogMaxRun, 5);
    third.decide(judge(0), "YYYYY");
    assert!(!third.seat(judge(0)).flagged);
    third.decide(judge(0), "Y");
    assert!(third.seat(judge(0)).flagged);
}

/// Two words are read of each signer, and one is written.
#[test]
fn a_decision_of_five_touches_few_words() {
    let city = City::seated();
    let five: Vec<_> = (0..5).map(judge).collect();
    city.rule(decision(&five, 'Y')).unwrap();
    city.world.take_reads();
    city.panel(&five);
    let asked = city.world.take_reads();
    assert!(asked <= 5 + 1, "{asked}");
    let before = city.world.storage(here());
    city.rule(decision(&five, 'Y')).unwrap();
    let told = city.world.take_reads();
    let after = city.world.storage(here());
    let written = after
        .iter()
        .filter(|(slot, word)| before.get(*slot) != Some(word))
        .count();
    assert_eq!((written, before.len()), (5, after.len()));
    // Ten of the signers, the city, the caller's peer, and the constitution's address.
    assert!(told <= 5 * 2 + 3, "{told}");
}
