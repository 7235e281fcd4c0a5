//! T3: when an amendment takes effect.

use agentcity_domain::{
    parameter::{
        Change, ParameterId, Refused,
        amendment::{Amendment, Decided, Ledger, Policy, Terms, decide, terms},
        word,
    },
    time::Timestamp,
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

fn defaults(id: ParameterId) -> u32 {
    id.row().default
}

fn any_number() -> impl Strategy<Value = ParameterId> {
    (ParameterId::WORDS..ParameterId::AMENDABLE).prop_map(|place| ParameterId::ALL[place])
}

const DAY: u64 = 86_400;
const NOW: u64 = 1_800_000_000;

fn policy() -> Policy {
    Policy::of(defaults)
}

fn at(secs: u64) -> Timestamp {
    Timestamp::new(secs)
}

fn ask(id: ParameterId, old: u32, new: u32, queued_at: u64) -> Amendment {
    Amendment {
        id,
        old: word(old),
        new: word(new),
        queued_at: at(queued_at),
    }
}

fn try_now(asked: &Amendment, ledger: Ledger) -> Result<Decided, Refused> {
    decide(asked, asked.old, at(NOW), ledger, &policy())
}

/// RULINGS A4: the three attacks it names, each at once and each by as few as its tier asks.
#[test]
fn nobody_ends_legislation_at_once() {
    for (id, old, new) in [
        (ParameterId::AdjudicatorQuorum, 7, 20),
        (ParameterId::MinFairnessScore, 600, 1_000),
        (ParameterId::MinStakeLow, 150, 1_000_000_000),
        (ParameterId::MinStakeHigh, 2_000, 1_000_000_000),
    ] {
        let refused = try_now(&ask(id, old, new, NOW), Ledger::default());
        let expected = Refused::TooEarly {
            ready_at: NOW + DAY,
            now: NOW,
        };
        assert_eq!(refused, Err(expected), "{}", id.described().name);
    }
}

#[test]
fn a_bounded_tightening_is_immediate_and_a_step_more_is_not() {
    let id = ParameterId::MinFairnessScore;
    let quarter = 250;
    let done = try_now(&ask(id, 600, 600 + quarter, NOW), Ledger::default()).unwrap();
    assert_eq!(
        done,
        Decided {
            change: Change::Tighter,
            ledger: Ledger {
                last_at: at(NOW),
                used: quarter
            }
        }
    );
    assert!(try_now(&ask(id, 600, 601 + quarter, NOW), Ledger::default()).is_err());
}

#[test]
fn steps_add_up_until_the_parameter_was_left_alone_for_a_week() {
    let id = ParameterId::MinFairnessScore;
    let spent = Ledger {
        last_at: at(NOW - 7 * DAY + 1),
        used: 250,
    };
    assert!(try_now(&ask(id, 600, 601, NOW), spent).is_err());
    let rested = Ledger {
        last_at: at(NOW - 7 * DAY),
        used: 250,
    };
    let done = try_now(&ask(id, 600, 601, NOW), rested).unwrap();
    assert_eq!(
        done.ledger,
        Ledger {
            last_at: at(NOW),
            used: 1
        }
    );
    let part = Ledger {
        last_at: at(NOW - DAY),
        used: 249,
    };
    assert_eq!(
        try_now(&ask(id, 600, 601, NOW), part).unwrap().ledger.used,
        250
    );
}

/// RULINGS A4: a quarter of the range is many times any stake; at once, a value at most doubles.
#[test]
fn at_once_nothing_moves_by_more_than_it_is_or_was_by_default() {
    let id = ParameterId::RegistrationStake;
    let used =
        |ledger, old, new| try_now(&ask(id, old, new, NOW), ledger).map(|done| done.ledger.used);
    let fresh = Ledger::default();
    let late = Err(Refused::TooEarly {
        ready_at: NOW + DAY,
        now: NOW,
    });
    assert_eq!(used(fresh, 1_000, 2_000), Ok(1_000));
    assert_eq!(used(fresh, 1_000, 2_001), late);
    assert_eq!(used(fresh, 5_000, 10_000), Ok(5_000));
    assert_eq!(used(fresh, 5_000, 10_001), late);
    // From below the default, up to the default's own size.
    assert_eq!(used(fresh, 0, 1_000), Ok(1_000));
    assert_eq!(used(fresh, 0, 1_001), late);
    // What rose at once does not bear the next rise.
    let risen = Ledger {
        last_at: at(NOW - DAY),
        used: 1_000,
    };
    assert_eq!(used(risen, 2_000, 2_001), late);
    let half = Ledger { used: 500, ..risen };
    assert_eq!(used(half, 1_500, 2_000), Ok(1_000));
    assert_eq!(used(half, 1_500, 2_001), late);
    // After a quiet week the new value counts.
    let rested = Ledger {
        last_at: at(NOW - 7 * DAY),
        used: 1_000,
    };
    assert_eq!(used(rested, 2_000, 4_000), Ok(2_000));
}

#[test]
fn a_weakening_waits_as_long_as_its_tier_says() {
    for (id, old, new, delay) in [
        (ParameterId::MinFairnessScore, 600, 599, 0),
        (ParameterId::MaxToolInvocations, 40, 41, 6 * 3_600),
        (ParameterId::AdjudicatorQuorum, 7, 6, DAY),
        (ParameterId::RouteTimeoutMs, 600_000, 600_001, 0),
        (ParameterId::StopMaxSecs, 259_200, 259_201, DAY),
    ] {
        let early = try_now(&ask(id, old, new, NOW - delay + 1), Ledger::default());
        let ready_at = NOW + 1;
        assert_eq!(
            early,
            Err(Refused::TooEarly { ready_at, now: NOW }),
            "{}",
            id.described().name
        );
        let due = try_now(&ask(id, old, new, NOW - delay), Ledger::default()).unwrap();
        // Without a delay of its tier, a change at once uses the share as a tightening does.
        let used = Ledger {
            last_at: at(NOW),
            used: 1,
        };
        let expected = if delay == 0 { used } else { Ledger::default() };
        assert_eq!(due.ledger, expected, "{}", id.described().name);
        let waited = try_now(&ask(id, old, new, NOW - DAY), Ledger::default()).unwrap();
        assert_eq!(
            waited.ledger,
            Ledger::default(),
            "a change that waited uses no share"
        );
    }
}

/// RULINGS A4: one signer of the low tier could otherwise close every window of legislation at once.
#[test]
fn what_the_lowest_tier_changes_beyond_a_share_waits_in_every_direction() {
    for (id, old, new) in [
        (ParameterId::MinFairnessScore, 600, 0),
        (ParameterId::BiddingWindowMs, 7_200_000, 60_000),
        (ParameterId::RegulatoryApprovalTimeoutMs, 3_600_000, 300_000),
        (ParameterId::RegulatoryApprovalTimeoutMs, 300_000, 3_600_000),
    ] {
        let name = id.described().name;
        let early = try_now(&ask(id, old, new, NOW - DAY + 1), Ledger::default());
        let ready_at = NOW + 1;
        let refused = Refused::TooEarly { ready_at, now: NOW };
        assert_eq!(early, Err(refused), "{name}");
        let due = try_now(&ask(id, old, new, NOW - DAY), Ledger::default());
        assert_eq!(due.map(|done| done.ledger), Ok(Ledger::default()), "{name}");
    }
}

#[test]
fn a_tightening_beyond_its_share_waits_and_then_passes() {
    let id = ParameterId::AdjudicatorQuorum;
    let asked = ask(id, 7, 20, NOW - DAY);
    assert_eq!(
        try_now(&asked, Ledger::default()).map(|done| done.change),
        Ok(Change::Tighter)
    );
    assert!(try_now(&ask(id, 7, 20, NOW - DAY + 1), Ledger::default()).is_err());
}

#[test]
fn the_senior_adjudicator_changes_after_a_week() {
    let id = ParameterId::SeniorAdjudicatorAddr;
    let change = |queued_at| Amendment {
        id,
        old: B256::ZERO,
        new: Address::with_last_byte(9).into_word(),
        queued_at: at(queued_at),
    };
    assert_eq!(
        try_now(&change(NOW - 7 * DAY + 1), Ledger::default()),
        Err(Refused::TooEarly {
            ready_at: NOW + 1,
            now: NOW
        })
    );
    let done = try_now(&change(NOW - 7 * DAY), Ledger::default()).unwrap();
    assert_eq!(done.change, Change::Weaker);
}

/// RESOLUTIONS D-04: A → B → A must not let the first signature act twice.
#[test]
fn a_change_is_refused_when_the_value_is_no_longer_what_was_signed() {
    let asked = ask(ParameterId::MinFairnessScore, 600, 650, NOW);
    let found = word(601);
    let refused = decide(&asked, found, at(NOW), Ledger::default(), &policy());
    assert_eq!(
        refused,
        Err(Refused::Stale {
            expected: word(600),
            found
        })
    );
}

#[test]
fn what_changes_nothing_or_cannot_change_is_refused() {
    let same = ask(ParameterId::MinFairnessScore, 600, 600, NOW);
    assert_eq!(
        try_now(&same, Ledger::default()),
        Err(Refused::Unchanged { value: word(600) })
    );
    let id = ParameterId::MaxCandidates;
    assert_eq!(
        try_now(&ask(id, 16, 17, NOW), Ledger::default()),
        Err(Refused::Constant { id })
    );
    let id = ParameterId::AdjudicatorQuorum;
    assert_eq!(
        try_now(&ask(id, 7, 4, 0), Ledger::default()),
        Err(Refused::OutOfRange {
            id,
            value: word(4),
            min: 5,
            max: 20
        })
    );
}

#[test]
fn a_change_that_is_queued_in_the_future_waits() {
    let asked = ask(ParameterId::MinFairnessScore, 600, 599, NOW + 5);
    assert_eq!(
        try_now(&asked, Ledger::default()),
        Err(Refused::TooEarly {
            ready_at: NOW + 5,
            now: NOW
        })
    );
    let never = ask(ParameterId::AdjudicatorQuorum, 7, 6, u64::MAX);
    assert_eq!(
        try_now(&never, Ledger::default()),
        Err(Refused::TooEarly {
            ready_at: u64::MAX,
            now: NOW
        })
    );
}

proptest! {
    /// RULINGS A4, over any sequence: within any seven days, what takes effect at once moves a parameter by at most a quarter
    /// of its range, and between two quiet weeks by no more than what it was, or is by default.
    #[test]
    fn immediate_changes_stay_within_a_quarter_of_the_range_and_within_the_value(
        id in any_number(),
        steps in prop::collection::vec((0u64..4 * DAY, any::<u32>()), 1..40),
    ) {
        let row = id.row();
        let (mut now, mut ledger, mut value) = (NOW, Ledger::default(), row.default);
        let mut immediate: Vec<(u64, u32)> = Vec::new();
        // Naively: the value at the last change that followed a quiet week, and what was moved since.
        let (mut start, mut moved) = (value, 0u64);
        for (pause, wish) in steps {
            now += pause;
            let new = row.min + wish % (row.max - row.min + 1);
            let asked = Amendment { id, old: word(value), new: word(new), queued_at: at(now) };
            if let Ok(done) = decide(&asked, word(value), at(now), ledger, &policy()) {
                if ledger.last_at.get() + 7 * DAY <= now {
                    (start, moved) = (value, 0);
                }
                moved += u64::from(value.abs_diff(new));
                prop_assert!(moved <= u64::from(start.max(row.default)), "{moved} from {start}");
                ledger = done.ledger;
                if done.change == Change::Tighter {
                    immediate.push((now, value.abs_diff(new)));
                }
                value = new;
            }
        }
        let quarter = u64::from(row.max - row.min) / 4;
        for (end, _) in &immediate {
            let week: u64 = immediate.iter().filter(|(t, _)| t <= end && t + 7 * DAY > *end).map(|(_, s)| u64::from(*s)).sum();
            prop_assert!(week <= quarter, "{week} > {quarter}");
        }
    }
}

/// What a change waits for is what [`decide`] refuses before and takes then (RULINGS A4: what is beyond the share can wait).
#[test]
fn terms_say_what_a_change_waits_for() {
    let spent = Ledger {
        last_at: at(NOW - 1),
        used: 250,
    };
    for (id, old, new, ledger, change, delay) in [
        // Low tier: a tightening within its share, a step beyond it, one when the share is used.
        (
            ParameterId::MinFairnessScore,
            600,
            850,
            Ledger::default(),
            Change::Tighter,
            0,
        ),
        (
            ParameterId::MinFairnessScore,
            600,
            851,
            Ledger::default(),
            Change::Tighter,
            DAY,
        ),
        (
            ParameterId::MinFairnessScore,
            600,
            601,
            spent,
            Change::Tighter,
            DAY,
        ),
        // The same towards weaker, since the tier has no delay.
        (
            ParameterId::MinFairnessScore,
            600,
            350,
            Ledger::default(),
            Change::Weaker,
            0,
        ),
        (
            ParameterId::MinFairnessScore,
            600,
            349,
            Ledger::default(),
            Change::Weaker,
            DAY,
        ),
        // Medium: weaker waits its delay, a tightening beyond the share a day at least.
        (
            ParameterId::MinStakeLow,
            150,
            149,
            Ledger::default(),
            Change::Weaker,
            21_600,
        ),
        (
            ParameterId::MinStakeLow,
            150,
            300,
            Ledger::default(),
            Change::Tighter,
            0,
        ),
        (
            ParameterId::MinStakeLow,
            150,
            301,
            Ledger::default(),
            Change::Tighter,
            DAY,
        ),
        // High.
        (
            ParameterId::AdjudicatorQuorum,
            7,
            6,
            Ledger::default(),
            Change::Weaker,
            DAY,
        ),
        (
            ParameterId::AdjudicatorQuorum,
            7,
            20,
            Ledger::default(),
            Change::Tighter,
            DAY,
        ),
    ] {
        let said = terms(id, word(old), word(new), at(NOW), ledger, &policy()).unwrap();
        let delay_secs = u32::try_from(delay).unwrap();
        assert_eq!(said, Terms { change, delay_secs }, "{old} to {new}");
        let asked = ask(id, old, new, NOW);
        let on = |secs| decide(&asked, asked.old, at(secs), ledger, &policy());
        assert_eq!(on(NOW + delay).map(|decided| decided.change), Ok(change));
        if delay > 0 {
            let ready_at = NOW + delay;
            let now = ready_at - 1;
            assert_eq!(on(now), Err(Refused::TooEarly { ready_at, now }));
        }
    }
}

#[test]
fn the_senior_waits_longest_and_terms_refuse_what_never_takes_effect() {
    let id = ParameterId::SeniorAdjudicatorAddr;
    let someone = Address::repeat_byte(7).into_word();
    let said = terms(
        id,
        B256::ZERO,
        someone,
        at(NOW),
        Ledger::default(),
        &policy(),
    )
    .unwrap();
    let delay_secs = ParameterId::SeniorDelaySecs.row().default;
    assert_eq!(
        said,
        Terms {
            change: Change::Weaker,
            delay_secs
        }
    );
    let ask = |id: ParameterId, new| {
        let found = id.default_word();
        terms(id, found, new, at(NOW), Ledger::default(), &policy())
    };
    let id = ParameterId::MaxAdjudicators;
    assert_eq!(ask(id, word(3)), Err(Refused::Constant { id }));
    let id = ParameterId::AdjudicatorQuorum;
    assert_eq!(ask(id, word(7)), Err(Refused::Unchanged { value: word(7) }));
    assert!(matches!(ask(id, word(4)), Err(Refused::OutOfRange { .. })));
    assert!(matches!(
        ask(ParameterId::SeniorAdjudicatorAddr, B256::repeat_byte(9)),
        Err(Refused::Malformed { .. })
    ));
}

proptest! {
    /// Whatever the change and the ledger: what is queued can be carried out when its wait is over.
    #[test]
    fn every_change_is_taken_when_its_wait_is_over(
        (id, old, new) in any_number().prop_flat_map(|id| {
            let row = id.row();
            (Just(id), row.min..=row.max, row.min..=row.max)
        }),
        used in 0u32..2_000,
        ago in 0u64..1_000_000,
    ) {
        prop_assume!(old != new);
        let ledger = Ledger { last_at: at(NOW - ago), used };
        let said = terms(id, word(old), word(new), at(NOW), ledger, &policy()).unwrap();
        let due = NOW + u64::from(said.delay_secs);
        let asked = ask(id, old, new, NOW);
        let taken = decide(&asked, asked.old, at(due), ledger, &policy());
        prop_assert_eq!(taken.map(|decided| decided.change), Ok(said.change));
        let at_once = decide(&asked, asked.old, at(NOW), ledger, &policy());
        prop_assert_eq!(at_once.is_ok(), said.delay_secs == 0);
    }
}
