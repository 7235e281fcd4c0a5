//! Parameters: reading them epoch by epoch, and when an amendment takes effect.

use agentcity_abi::IConstitution as wire;
use agentcity_domain::parameter::{self, Kind, ParameterId, Scope, Tier, Weakens};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolError, SolEvent};

use crate::city::{City, STRANGER, THIS};

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

fn word(number: u32) -> B256 {
    parameter::word(number)
}

/// Refuses an amendment, queued just now, as too early: it waits `delay` seconds.
#[track_caller]
fn must_wait(city: &City, id: ParameterId, new: u32, delay: u64) {
    let now = city.world.now();
    let refusal = wire::TooEarly {
        readyAt: now + delay,
        now_: now,
    };
    city.rule_refused(city.amendment(id, new, now), refusal);
}

/// Amends at once.
#[track_caller]
fn amend_now(city: &City, id: ParameterId, new: u32) {
    let call = city.amendment(id, new, city.world.now());
    city.rule(call).unwrap();
    assert_eq!(city.value(id), word(new));
}

#[test]
fn every_parameter_starts_at_its_default_and_shows_its_row() {
    let city = City::sealed();
    for id in ParameterId::ALL {
        let row = city.ask(wire::parameterCall { id: id as u8 });
        assert_eq!(city.value(id), id.default_word(), "{id:?}");
        assert_eq!((row.value, row.defaultValue), (city.value(id), row.value));
        let expected = id.row();
        assert_eq!((row.least, row.greatest), (expected.min, expected.max));
        assert_eq!(
            (row.kind, row.tier, row.weakens, row.scope),
            (
                expected.kind as u8,
                expected.tier as u8,
                expected.weakens as u8,
                expected.scope as u8
            )
        );
    }
    let count = ParameterId::COUNT as u8;
    for id in [count, 255] {
        let refusal = wire::UnknownParameter { id };
        let call = wire::parameterCall { id };
        city.world.refused(STRANGER, THIS, 0, call, refusal);
    }
}

#[test]
fn the_numbers_of_a_row_are_those_of_the_interface() {
    let kinds = [Kind::Address, Kind::Hash, Kind::Number, Kind::Constant];
    assert_eq!(kinds.map(|kind| kind as u8), [0, 1, 2, 3]);
    let tiers = [Tier::Low, Tier::Medium, Tier::High];
    assert_eq!(tiers.map(|tier| tier as u8), [0, 1, 2]);
    let ways = [Weakens::Up, Weakens::Down, Weakens::Any, Weakens::None];
    assert_eq!(ways.map(|way| way as u8), [0, 1, 2, 3]);
    let scopes = [Scope::City, Scope::Session, Scope::Mission];
    assert_eq!(scopes.map(|scope| scope as u8), [0, 1, 2]);
}

#[test]
fn a_batch_is_read_in_the_order_asked() {
    let city = City::sealed();
    let (fee, quorum) = (ParameterId::ProtocolFeeRate, ParameterId::AdjudicatorQuorum);
    let constant = ParameterId::MaxAdjudicators;
    let ids: Vec<u8> = [quorum, fee, constant, quorum].map(|id| id as u8).to_vec();
    let expected = vec![word(7), word(200), word(64), word(7)];
    let current = city.ask(wire::readCurrentCall {
        ids: ids.clone().into(),
    });
    assert_eq!((current.number, &current.values), (1, &expected));
    let first = city.ask(wire::readCall {
        number: 1,
        ids: ids.into(),
    });
    assert_eq!(first, expected);
    let none = city.ask(wire::readCall {
        number: 1,
        ids: Vec::new().into(),
    });
    assert!(none.is_empty());
    let all: Vec<u8> = (0..ParameterId::COUNT as u8).collect();
    let values = city.ask(wire::readCall {
        number: 1,
        ids: all.into(),
    });
    assert_eq!(values, ParameterId::ALL.map(|id| id.default_word()));
}

#[test]
fn epochs_and_parameters_that_are_not_are_refused() {
    let city = City::sealed();
    for epoch in [0, 2, 3, u64::MAX] {
        let call = wire::readCall {
            number: epoch,
            ids: vec![5].into(),
        };
        let refusal = wire::UnknownEpoch { epoch };
        city.world.refused(STRANGER, THIS, 0, call, refusal);
    }
    let ids = vec![5, 255];
    let call = wire::readCurrentCall { ids: ids.into() };
    let refusal = wire::UnknownParameter { id: 255 };
    city.world.refused(STRANGER, THIS, 0, call, refusal);
}

/// RULINGS A6: a page whose length or first byte is not a page's is no law.
#[test]
fn what_lies_where_a_page_should_is_checked_at_each_read() {
    let city = City::sealed();
    let call = || wire::readCall {
        number: 2,
        ids: vec![5].into(),
    };
    let good = parameter::page::defaults().to_vec();
    let mut running = good.clone();
    running[0] = 0xfe;
    for code in [
        &good[..good.len() - 1],
        &[&good[..], &[0]].concat(),
        &running,
    ] {
        city.world.data(THIS.create(2), code);
        let refusal = wire::UnknownEpoch { epoch: 2 };
        city.world.refused(STRANGER, THIS, 0, call(), refusal);
    }
}

#[test]
fn an_amendment_opens_an_epoch_and_leaves_the_old_ones() {
    let city = City::sealed();
    let id = ParameterId::LegislativeProposalTimeoutMs;
    for (step, new) in [700_000, 600_000, 400_000].into_iter().enumerate() {
        let epoch = step as u64 + 2;
        let (old, queued_at) = (city.value(id), city.world.now() - 5);
        city.rule(city.amendment(id, new, queued_at)).unwrap();
        let logs = city.world.take_logs();
        assert_eq!(logs.len(), 2);
        assert_eq!(
            wire::ParameterAmended::decode_log_validate(&logs[0])
                .unwrap()
                .data,
            wire::ParameterAmended {
                id: id as u8,
                oldValue: old,
                newValue: word(new),
                epoch,
                queuedAt: queued_at,
                direction: 3
            }
        );
        assert_eq!(
            wire::EpochOpened::decode_log_validate(&logs[1])
                .unwrap()
                .data,
            wire::EpochOpened {
                epoch,
                page: THIS.create(epoch)
            }
        );
        assert_eq!(city.ask(wire::epochCall {}), epoch);
        city.world.warp(100);
    }
    let values = [600_000, 700_000, 600_000, 400_000];
    for (number, expected) in (1..).zip(values) {
        let read = city.ask(wire::readCall {
            number,
            ids: vec![id as u8].into(),
        });
        assert_eq!(read, [word(expected)]);
    }
}

#[test]
fn an_amendment_says_its_direction() {
    let city = City::sealed();
    let id = ParameterId::MinFairnessScore;
    let direction = |new| {
        city.rule(city.amendment(id, new, 0)).unwrap();
        let events = city.world.take_events::<wire::ParameterAmended>();
        events[0].direction
    };
    assert_eq!(direction(601), 1);
    assert_eq!(direction(600), 2);
}

#[test]
fn words_are_amended_as_words() {
    let city = City::sealed();
    let call = |id: ParameterId, new| wire::amendCall {
        id: id as u8,
        oldValue: city.value(id),
        newValue: new,
        queuedAt: 0,
    };
    let senior = Address::repeat_byte(0x5e).into_word();
    city.rule(call(ParameterId::SeniorAdjudicatorAddr, senior))
        .unwrap();
    let model = B256::repeat_byte(0x77);
    city.rule(call(ParameterId::EmbeddingModelId, model))
        .unwrap();
    assert_eq!(city.value(ParameterId::SeniorAdjudicatorAddr), senior);
    assert_eq!(city.value(ParameterId::EmbeddingModelId), model);
    for (id, new) in [
        (ParameterId::SeniorAdjudicatorAddr, B256::repeat_byte(1)),
        (ParameterId::EmbeddingModelId, B256::ZERO),
    ] {
        let refusal = wire::MalformedParameter {
            id: id as u8,
            value: new,
        };
        city.rule_refused(call(id, new), refusal);
    }
    // Back to nobody, which is an address; and it waits seven days (RESOLUTIONS D-08).
    let now = city.world.now();
    let back = wire::amendCall {
        queuedAt: now - WEEK + 1,
        ..call(ParameterId::SeniorAdjudicatorAddr, B256::ZERO)
    };
    let refusal = wire::TooEarly {
        readyAt: now + 1,
        now_: now,
    };
    city.rule_refused(back.clone(), refusal);
    city.world.warp(1);
    city.rule(back).unwrap();
}

#[test]
fn an_amendment_is_refused_with_its_reason() {
    let city = City::sealed();
    let id = ParameterId::EmaLambda;
    let good = city.amendment(id, 800, 0);
    let stale = wire::amendCall {
        oldValue: word(899),
        ..good.clone()
    };
    let refusal = wire::StaleValue {
        expected: word(899),
        found: word(900),
    };
    city.rule_refused(stale, refusal);
    city.rule_refused(
        city.amendment(id, 900, 0),
        wire::UnchangedValue { value: word(900) },
    );
    for value in [word(499), word(991), B256::repeat_byte(1)] {
        let call = wire::amendCall {
            newValue: value,
            ..good.clone()
        };
        let refusal = wire::ParameterOutOfRange {
            id: id as u8,
            value,
            least: 500,
            greatest: 990,
        };
        city.rule_refused(call, refusal);
    }
    let unknown = wire::amendCall {
        id: 255,
        ..good.clone()
    };
    city.rule_refused(unknown, wire::UnknownParameter { id: 255 });
    let constant = ParameterId::MaxAdjudicators;
    city.rule_refused(
        city.amendment(constant, 65, 0),
        wire::ConstantParameter { id: constant as u8 },
    );
    let refusal = wire::RelationBroken {
        lesser: ParameterId::MinStakeLow as u8,
        lesserValue: 501,
        greater: ParameterId::MinStakeMedium as u8,
        greaterValue: 500,
    };
    city.rule_refused(city.amendment(ParameterId::MinStakeLow, 501, 0), refusal);
    city.rule(good.clone()).unwrap();
    // Once is enough: the value it knew is gone.
    let refusal = wire::StaleValue {
        expected: word(900),
        found: word(800),
    };
    city.rule_refused(good, refusal);
}

#[test]
fn each_tier_waits_its_own_time() {
    let city = City::sealed();
    // Low and neutral, medium and neutral, high and weaker, low and weaker.
    amend_now(&city, ParameterId::LegislativeProposalTimeoutMs, 700_000);
    must_wait(&city, ParameterId::EmaLambda, 800, 6 * 3_600);
    must_wait(&city, ParameterId::AdjudicatorQuorum, 6, DAY);
    // Without a delay of its own a tier moves by the share, and no further.
    must_wait(&city, ParameterId::MinFairnessScore, 349, DAY);
    amend_now(&city, ParameterId::MinFairnessScore, 350);
    for (id, new, delay) in [
        (ParameterId::EmaLambda, 800, 6 * 3_600),
        (ParameterId::AdjudicatorQuorum, 6, DAY),
    ] {
        let call = city.amendment(id, new, city.world.now());
        city.world.warp(delay - 1);
        let now = city.world.now();
        let refusal = wire::TooEarly {
            readyAt: now + 1,
            now_: now,
        };
        city.rule_refused(call.clone(), refusal);
        city.world.warp(1);
        city.rule(call).unwrap();
    }
}

#[test]
fn what_is_queued_in_the_future_waits_from_then() {
    let city = City::sealed();
    let (id, now) = (ParameterId::LegislativeProposalTimeoutMs, city.world.now());
    let refusal = wire::TooEarly {
        readyAt: now + 1,
        now_: now,
    };
    city.rule_refused(city.amendment(id, 700_000, now + 1), refusal);
    let refusal = wire::TooEarly {
        readyAt: u64::MAX,
        now_: now,
    };
    city.rule_refused(city.amendment(id, 700_000, u64::MAX), refusal);
}

/// RULINGS A4, mounted: a few signers try to end legislation at once.
#[test]
fn legislation_is_not_ended_by_instant_tightening() {
    let city = City::sealed();
    must_wait(&city, ParameterId::AdjudicatorQuorum, 20, DAY);
    must_wait(&city, ParameterId::MinFairnessScore, 1_000, DAY);
    must_wait(&city, ParameterId::MinStakeHigh, 1_000_000_000, DAY);
    must_wait(&city, ParameterId::AdjudicatorStake, 1_000_000_000, DAY);
    must_wait(&city, ParameterId::SponsorQuorum, 50, DAY);
    must_wait(&city, ParameterId::ParticipationQuorumPct, 100, DAY);
}

#[test]
fn a_quarter_of_the_range_may_be_tightened_at_once() {
    let city = City::sealed();
    let (quorum, fairness) = (
        ParameterId::AdjudicatorQuorum,
        ParameterId::MinFairnessScore,
    );
    // A quarter of 15 is 3, of 1,000 is 250.
    must_wait(&city, quorum, 11, DAY);
    amend_now(&city, quorum, 10);
    must_wait(&city, fairness, 851, DAY);
    amend_now(&city, fairness, 850);
}

#[test]
fn small_steps_do_not_go_further_than_one_large_one() {
    let city = City::sealed();
    let id = ParameterId::MinFairnessScore;
    for new in [700, 800, 850] {
        amend_now(&city, id, new);
        city.world.warp(DAY);
    }
    must_wait(&city, id, 851, DAY);
    // Loosening in between gives nothing back.
    let loosening = city.amendment(id, 600, city.world.now() - DAY);
    city.rule(loosening).unwrap();
    must_wait(&city, id, 601, DAY);
    // Two days after the last step; the share is whole a week after it.
    city.world.warp(WEEK - DAY - 1);
    must_wait(&city, id, 601, DAY);
    city.world.warp(1);
    amend_now(&city, id, 850);
    must_wait(&city, id, 851, DAY);
    // Another parameter has a share of its own.
    amend_now(&city, ParameterId::AdjudicatorQuorum, 10);
}

#[test]
fn a_tightening_that_waited_may_go_all_the_way() {
    let city = City::sealed();
    for (id, new) in [
        (ParameterId::AdjudicatorQuorum, 20),
        (ParameterId::MinFairnessScore, 1_000),
    ] {
        let call = city.amendment(id, new, city.world.now());
        city.world.warp(DAY);
        city.rule(call).unwrap();
        assert_eq!(city.value(id), word(new));
    }
}

#[test]
fn delays_are_the_epochs_own() {
    let city = City::sealed();
    let call = city.amendment(ParameterId::OverrideDelayMediumSecs, 3_600, 0);
    city.rule(call).unwrap();
    must_wait(&city, ParameterId::EmaLambda, 800, 3_600);
}

#[test]
fn a_page_that_is_not_created_undoes_the_amendment() {
    let city = City::sealed();
    city.world.data(THIS.create(2), &[0xfe]);
    let call = city.amendment(ParameterId::MinFairnessScore, 700, city.world.now());
    city.rule_refused(call, wire::PageNotCreated { epoch: 2 });
    assert_eq!(city.ask(wire::epochCall {}), 1);
}

#[test]
fn the_ledger_is_where_it_is_documented() {
    let city = City::sealed();
    let id = ParameterId::MinFairnessScore;
    amend_now(&city, id, 700);
    amend_now(&city, id, 750);
    let key = B256::from(U256::from(id as u8));
    let at = keccak256([key, B256::with_last_byte(6)].concat());
    let mut expected = B256::from(U256::from(city.world.now()));
    expected[23] = 150;
    assert_eq!(city.world.slot(THIS, at.into()), expected);
    assert_eq!(city.world.slot(THIS, U256::from(1))[7], 3);
}

/// What the panel asks before it queues a change is what `amend` keeps to: refused a second before, taken then (RULINGS A4).
#[test]
fn terms_of_an_amendment_are_those_by_which_it_is_taken() {
    use ParameterId::*;
    for (id, new, tier, weakens, delay) in [
        (MinFairnessScore, 850, 0, false, 0),
        (MinFairnessScore, 851, 0, false, DAY),
        (MinFairnessScore, 350, 0, true, 0),
        (MinFairnessScore, 349, 0, true, DAY),
        (MinStakeLow, 149, 1, true, 21_600),
        (MinStakeLow, 301, 1, false, DAY),
        (ReputationFloor, 90, 2, true, DAY),
    ] {
        let city = City::sealed();
        let terms = wire::amendmentTermsCall {
            id: id as u8,
            newValue: word(new),
        };
        let said = city.ask(terms);
        let found = (
            said.value,
            said.tier,
            said.weakens,
            u64::from(said.delaySecs),
        );
        assert_eq!(
            found,
            (id.default_word(), tier, weakens, delay),
            "{id:?} {new}"
        );
        let queued_at = city.world.now();
        if delay > 0 {
            city.world.warp(delay - 1);
            let refusal = wire::TooEarly {
                readyAt: queued_at + delay,
                now_: queued_at + delay - 1,
            };
            city.rule_refused(city.amendment(id, new, queued_at), refusal);
            city.world.warp(1);
        }
        city.rule(city.amendment(id, new, queued_at)).unwrap();
    }
}

/// The share that was used counts, and terms are told of the value in force.
#[test]
fn terms_follow_what_was_amended() {
    let city = City::sealed();
    let id = ParameterId::MinFairnessScore;
    amend_now(&city, id, 850);
    let terms = |new| wire::amendmentTermsCall {
        id: id as u8,
        newValue: word(new),
    };
    let said = city.ask(terms(851));
    assert_eq!((said.value, said.delaySecs), (word(850), DAY as u32));
    city.world.warp(WEEK);
    assert_eq!(city.ask(terms(851)).delaySecs, 0);
}

#[test]
fn what_can_be_no_value_has_no_terms() {
    let city = City::sealed();
    let refused = |id: u8, new: B256| {
        let call = wire::amendmentTermsCall { id, newValue: new };
        move |city: &City| city.world.call(STRANGER, THIS, call.clone()).err().unwrap()
    };
    let quorum = ParameterId::AdjudicatorQuorum as u8;
    let constant = ParameterId::MaxAdjudicators as u8;
    let senior = ParameterId::SeniorAdjudicatorAddr as u8;
    let fits = |data: Vec<u8>, selector: [u8; 4]| assert_eq!(data[..4], selector);
    fits(
        refused(quorum, word(7))(&city),
        wire::UnchangedValue::SELECTOR,
    );
    fits(
        refused(quorum, word(4))(&city),
        wire::ParameterOutOfRange::SELECTOR,
    );
    fits(
        refused(constant, word(4))(&city),
        wire::ConstantParameter::SELECTOR,
    );
    fits(
        refused(senior, B256::repeat_byte(1))(&city),
        wire::MalformedParameter::SELECTOR,
    );
    fits(
        refused(255, word(4))(&city),
        wire::UnknownParameter::SELECTOR,
    );
    let unsealed = City::founded();
    fits(
        refused(quorum, word(8))(&unsealed),
        wire::NotSealed::SELECTOR,
    );
}
