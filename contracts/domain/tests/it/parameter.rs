//! T3: the table, single values, values together, pages, and when an amendment takes effect.

use std::collections::BTreeSet;

use agentcity_domain::parameter::{
    Change, Consumer, Kind, ParameterId, Refused, Scope, Tier, Weakens, check, direction, number,
    page::{self, NotAPage},
    relation::{self, AtMost, Broken, RELATIONS},
    text::{PRINTED, Unit},
    word,
};
use alloy_primitives::{Address, B256, U256};
use proptest::prelude::*;

fn defaults(id: ParameterId) -> u32 {
    id.row().default
}

fn any_number() -> impl Strategy<Value = ParameterId> {
    (ParameterId::WORDS..ParameterId::AMENDABLE).prop_map(|place| ParameterId::ALL[place])
}

fn any_id() -> impl Strategy<Value = ParameterId> {
    (0..ParameterId::COUNT).prop_map(|place| ParameterId::ALL[place])
}

// ------------------------------------------------------------------ the table

#[test]
fn ids_are_places_and_fit_one_byte() {
    const { assert!(ParameterId::COUNT <= 256) };
    for (place, id) in ParameterId::ALL.into_iter().enumerate() {
        assert_eq!(id.place(), place);
        assert_eq!(ParameterId::at(place as u8), Ok(id));
        assert_eq!(ParameterId::named(id.described().name), Some(id));
        assert_eq!(id.described().id, id);
    }
    let beyond = ParameterId::COUNT as u8;
    assert_eq!(
        ParameterId::at(beyond),
        Err(Refused::Unknown { id: beyond })
    );
}

#[test]
fn what_programs_see_of_a_row_is_what_people_see() {
    for id in ParameterId::ALL {
        assert_eq!(id.row(), id.described().row, "{}", id.described().name);
    }
}

#[test]
fn words_come_first_and_constants_last() {
    for id in ParameterId::ALL {
        let expected = match id.place() {
            p if p < ParameterId::WORDS => [Kind::Address, Kind::Hash].as_slice(),
            p if p < ParameterId::AMENDABLE => &[Kind::Number],
            _ => &[Kind::Constant],
        };
        assert!(expected.contains(&id.row().kind), "{}", id.described().name);
    }
}

#[test]
fn every_default_is_accepted_and_the_defaults_agree_with_each_other() {
    for id in ParameterId::ALL {
        assert_eq!(
            check(id, id.default_word()),
            Ok(()),
            "{}",
            id.described().name
        );
    }
    assert_eq!(relation::check(defaults), Ok(()));
}

#[test]
fn names_are_unique_and_spelled_as_in_the_seed() {
    let names: BTreeSet<_> = ParameterId::ALL
        .iter()
        .map(|id| id.described().name)
        .collect();
    assert_eq!(names.len(), ParameterId::COUNT);
    for id in ParameterId::ALL {
        let row = id.described();
        assert!(
            row.name.starts_with(|c: char| c.is_ascii_lowercase()),
            "{}",
            row.name
        );
        assert!(
            row.name.chars().all(|c| c.is_ascii_alphanumeric()),
            "{}",
            row.name
        );
        assert!(
            !row.source.is_empty() && row.text.trim().ends_with('.'),
            "{}",
            row.name
        );
        let variant = format!("{id:?}");
        assert!(
            variant.eq_ignore_ascii_case(row.name),
            "{variant} {}",
            row.name
        );
    }
}

#[test]
fn a_name_that_says_its_unit_says_it_truly() {
    for id in ParameterId::ALL {
        let row = id.described();
        for (end, unit) in [
            ("Ms", Unit::Millis),
            ("Secs", Unit::Seconds),
            ("Bps", Unit::Bps),
            ("Pct", Unit::Percent),
            ("Days", Unit::Days),
            ("Months", Unit::Months),
            ("Bytes", Unit::Bytes),
        ] {
            if row.name.ends_with(end) {
                assert_eq!(row.unit, unit, "{}", row.name);
            }
        }
        let most = match row.unit {
            Unit::Bps => 10_000,
            Unit::Permille if id != ParameterId::ReputationMultiplierAlpha => 1_000,
            Unit::Percent => 100,
            Unit::Points => 1_000,
            Unit::Flag => 1,
            _ => u32::MAX,
        };
        assert!(row.row.max <= most, "{}", row.name);
        assert_eq!(
            row.unit == Unit::Word,
            id.place() < ParameterId::WORDS,
            "{}",
            row.name
        );
    }
}

#[test]
fn table_19_is_here_whole_with_its_defaults() {
    let printed = [
        ("deviationThresholdSigma", 2_000),
        ("maxToolInvocations", 40),
        ("maxMessageVolume", 120),
        ("escalationFreezeCount", 3),
        ("baseEscalationWindowMs", 1_200_000),
        ("reputationScalingEnabled", 1),
        ("reputationScalingBonus", 3),
        ("missionBudgetCap", 100_000),
        ("maxNodeTimeoutMs", 60_000),
        ("minHumanReviewTimeoutMs", 300_000),
        ("maxRefinementIterations", 3),
        ("reputationFloor", 100),
        ("jaccardThreshold", 85),
        ("numericTolerancePct", 5),
        ("minFairnessScore", 600),
        ("minStakeLow", 150),
        ("minStakeMedium", 500),
        ("minStakeHigh", 2_000),
        ("degradedModeThresholdMs", 1_800_000),
        ("optimisticWindowMaxMs", 10_000),
        ("maxCodeHashLatencyMs", 2_000),
        ("partialRelegBiddingTimeoutMs", 300_000),
        ("legislativeProposalTimeoutMs", 600_000),
        ("biddingWindowMs", 900_000),
        ("regulatoryApprovalTimeoutMs", 300_000),
        ("adjudicatorQuorum", 7),
        ("seniorAdjudicatorAddr", 0),
        ("multisigRegQuorum", 2),
        ("maxHumanReviewTimeoutMs", 3_600_000),
        ("degradedAdjudicatorTimeoutMs", 7_200_000),
        ("predicateGasLimit", 200_000),
        ("embeddingModelId", 0),
        ("protocolFeeRate", 200),
        ("insuranceReserveRate", 100),
        ("reputationMultiplierAlpha", 500),
        ("adjudicatorCompensationRate", 50),
        ("stakepoolMinParticipants", 3),
    ];
    assert_eq!(printed.len(), 37);
    for (name, default) in printed {
        let id = ParameterId::named(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(id.row().default, default, "{name}");
        assert!(id.described().source.starts_with("Table 19"), "{name}");
    }
    let sourced = ParameterId::ALL
        .iter()
        .filter(|id| id.described().source.starts_with("Table 19"));
    assert_eq!(sourced.count(), 37);
}

/// RULINGS K22 names these; each must be a row.
#[test]
fn what_the_rulings_invented_has_a_row() {
    for name in [
        "finalizationGraceMs",
        "routeTimeoutMs",
        "recoveryGraceMs",
        "slashTimeoutBps",
        "slashNodeFailureBps",
        "slashCodeHashBps",
        "slashMissionAbortBps",
        "redundancyLow",
        "redundancyMedium",
        "redundancyHigh",
        "subsidyCapBps",
        "missionSubsidyCapBps",
        "monitorBond",
        "disputeBondBps",
        "divergenceBond",
        "impeachmentBond",
        "collusionClaimBond",
        "appealWindowSecs",
        "deregistrationCooldownSecs",
        "collusionTau",
        "collusionJaccard",
        "collusionTopK",
        "collusionCliqueMin",
        "collusionCliquePct",
        "stopMaxSecs",
        "freezeMaxSecs",
    ] {
        assert!(ParameterId::named(name).is_some(), "{name}");
    }
}

#[test]
fn halts_and_freezes_end_within_three_days_by_default() {
    for id in [
        ParameterId::StopMaxSecs,
        ParameterId::FreezeMaxSecs,
        ParameterId::PauseMaxSecs,
    ] {
        assert_eq!(id.row().default, 72 * 3_600);
    }
    assert_eq!(
        ParameterId::DegradedExtensionMaxSecs.row().default,
        24 * 3_600
    );
}

#[test]
fn the_shares_of_one_price_never_exceed_it() {
    let shares = [
        ParameterId::ProtocolFeeRate,
        ParameterId::InsuranceReserveRate,
    ];
    assert!(shares.iter().map(|id| id.row().max).sum::<u32>() <= 10_000);
    assert!(
        ParameterId::BidQualityWeight.row().max == 1_000,
        "price weighs the rest"
    );
}

#[test]
fn contracts_windows_are_at_least_what_a_chains_clock_can_tell() {
    let least = ParameterId::MinWindowMs.constant();
    for id in ParameterId::ALL {
        let row = id.described();
        let added = row.name.contains("Grace")
            || matches!(row.consumer, Consumer::Keeper | Consumer::Nobody)
            || row.row.kind == Kind::Constant;
        let exempt = matches!(id, ParameterId::MaxNodeTimeoutMs);
        if row.unit == Unit::Millis && !added && !exempt {
            assert!(row.row.min >= least, "{}", row.name);
        }
    }
}

#[test]
fn only_rows_that_a_resolution_changed_differ_from_the_print() {
    for printed in PRINTED {
        let row = printed.id.described();
        assert!(row.source.contains(printed.changed_by), "{}", row.name);
        assert!(
            (printed.min * printed.scale, printed.max * printed.scale)
                != (row.row.min, row.row.max)
                || printed.scale != 1
        );
    }
    assert!(ParameterId::DeviationThresholdSigma.accepts_as_printed(5));
    assert!(!ParameterId::DeviationThresholdSigma.accepts_as_printed(6));
    assert!(!ParameterId::MinStakeHigh.accepts_as_printed(100_001));
    assert_eq!(check(ParameterId::MinStakeHigh, word(100_001)), Ok(()));
}

#[test]
fn constants_can_be_read_by_the_compiler() {
    const CANDIDATES: u32 = ParameterId::MaxCandidates.constant();
    assert_eq!(CANDIDATES, 16);
    assert_eq!(
        ParameterId::AdjudicatorQuorumFloor.constant(),
        ParameterId::AdjudicatorQuorum.row().min
    );
    assert_eq!(
        ParameterId::SponsorFloor.constant(),
        ParameterId::SponsorQuorum.row().min
    );
}

#[test]
#[should_panic(expected = "an amendable parameter has no fixed value")]
fn an_amendable_parameter_is_no_constant() {
    ParameterId::AdjudicatorQuorum.constant();
}

// ------------------------------------------------------------------ single values

proptest! {
    #[test]
    fn a_number_is_accepted_exactly_within_its_range(id in any_number(), value: u32) {
        let row = id.row();
        for value in [value, row.min, row.max, row.min.saturating_sub(1), row.max.saturating_add(1)] {
            let inside = row.min <= value && value <= row.max;
            let refusal = Refused::OutOfRange { id, value: word(value), min: row.min, max: row.max };
            prop_assert_eq!(check(id, word(value)), if inside { Ok(()) } else { Err(refusal) });
        }
    }

    #[test]
    fn a_number_with_more_than_32_bits_is_none(id in any_number(), high in 1u8.., byte in 0usize..28) {
        let mut value = id.default_word();
        value[byte] = high;
        prop_assert_eq!(number(value), None);
        let refused = matches!(check(id, value), Err(Refused::OutOfRange { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn numbers_and_words_are_one_to_one(n: u32) {
        prop_assert_eq!(number(word(n)), Some(n));
        prop_assert_eq!(U256::from_be_bytes(word(n).0), U256::from(n));
    }
}

#[test]
fn an_address_has_twenty_bytes_and_may_be_nobody() {
    let id = ParameterId::SeniorAdjudicatorAddr;
    assert_eq!(check(id, B256::ZERO), Ok(()));
    assert_eq!(check(id, Address::repeat_byte(0xff).into_word()), Ok(()));
    for byte in 0..12 {
        let mut value = Address::repeat_byte(1).into_word();
        value[byte] = 1;
        assert_eq!(check(id, value), Err(Refused::Malformed { id, value }));
    }
}

#[test]
fn a_hash_is_never_zero() {
    let id = ParameterId::EmbeddingModelId;
    assert_eq!(
        check(id, B256::ZERO),
        Err(Refused::Malformed {
            id,
            value: B256::ZERO
        })
    );
    assert_eq!(check(id, B256::with_last_byte(1)), Ok(()));
}

#[test]
fn a_constant_accepts_nothing_but_itself() {
    let id = ParameterId::MaxCandidates;
    assert_eq!(check(id, word(16)), Ok(()));
    assert!(check(id, word(17)).is_err());
    assert!(check(id, word(15)).is_err());
}

#[test]
fn directions_follow_the_column() {
    let cases = [
        (ParameterId::MaxToolInvocations, 40, 41, Change::Weaker),
        (ParameterId::MaxToolInvocations, 40, 39, Change::Tighter),
        (ParameterId::AdjudicatorQuorum, 7, 6, Change::Weaker),
        (ParameterId::AdjudicatorQuorum, 7, 8, Change::Tighter),
        (
            ParameterId::RouteTimeoutMs,
            600_000,
            600_001,
            Change::Neutral,
        ),
        (
            ParameterId::RouteTimeoutMs,
            600_000,
            599_999,
            Change::Neutral,
        ),
        (ParameterId::AdjudicatorQuorum, 7, 7, Change::Same),
    ];
    for (id, old, new, change) in cases {
        assert_eq!(
            direction(id, word(old), word(new)),
            change,
            "{}",
            id.described().name
        );
    }
    let (one, two) = (
        Address::with_last_byte(1).into_word(),
        Address::with_last_byte(2).into_word(),
    );
    assert_eq!(
        direction(ParameterId::SeniorAdjudicatorAddr, one, two),
        Change::Weaker
    );
    assert_eq!(
        direction(ParameterId::SeniorAdjudicatorAddr, two, one),
        Change::Weaker
    );
}

proptest! {
    #[test]
    fn a_change_and_its_undoing_are_opposites(id in any_number(), a: u32, b: u32) {
        let (there, back) = (direction(id, word(a), word(b)), direction(id, word(b), word(a)));
        let opposite = match there {
            Change::Same => Change::Same,
            Change::Neutral => Change::Neutral,
            Change::Tighter => Change::Weaker,
            Change::Weaker => Change::Tighter,
        };
        prop_assert_eq!(back, opposite);
        prop_assert_eq!(there == Change::Same, a == b);
    }
}

// ------------------------------------------------------------------ values together

#[test]
fn each_relation_is_broken_by_the_least_step_and_named() {
    for relation in RELATIONS {
        let AtMost { lesser, greater } = relation;
        let level = |id: ParameterId| {
            if id == lesser || id == greater {
                9
            } else {
                defaults(id)
            }
        };
        let broken_at = |id: ParameterId| if id == lesser { 10 } else { level(id) };
        let found = relation::check(broken_at).unwrap_err();
        if found.relation == relation {
            assert_eq!((found.lesser, found.greater), (10, 9));
        }
        let alone = |id: ParameterId| match id {
            id if id == lesser => 1,
            id if id == greater => 0,
            _ => defaults(id),
        };
        let first = RELATIONS
            .iter()
            .find(|r| alone(r.lesser) > alone(r.greater))
            .copied()
            .unwrap();
        let expected = Broken {
            relation: first,
            lesser: alone(first.lesser),
            greater: alone(first.greater),
        };
        assert_eq!(relation::check(alone), Err(expected));
    }
}

#[test]
fn the_shortest_review_is_not_longer_than_the_longest() {
    let value = |id| {
        if id == ParameterId::MinHumanReviewTimeoutMs {
            3_600_001
        } else {
            defaults(id)
        }
    };
    let broken = relation::check(value).unwrap_err();
    assert_eq!(
        broken.relation.greater,
        ParameterId::MaxHumanReviewTimeoutMs
    );
    assert_eq!((broken.lesser, broken.greater), (3_600_001, 3_600_000));
    assert_eq!(
        broken.to_string(),
        "minHumanReviewTimeoutMs would be 3600001, above maxHumanReviewTimeoutMs, which is 3600000"
    );
    let value = |id| {
        if id == ParameterId::MinHumanReviewTimeoutMs {
            3_600_000
        } else {
            defaults(id)
        }
    };
    assert_eq!(relation::check(value), Ok(()));
}

// ------------------------------------------------------------------ pages

#[test]
fn a_page_begins_with_stop_and_holds_every_amendable_value_once() {
    let mut next = 1;
    for id in ParameterId::ALL {
        match page::span(id) {
            Some((at, len)) => {
                assert_eq!(at, next, "{}", id.described().name);
                next = at + len;
            }
            None => assert_eq!(id.row().kind, Kind::Constant),
        }
    }
    assert_eq!(next, page::LEN);
    let page = page::defaults();
    assert_eq!(page[0], 0);
    for id in ParameterId::ALL {
        assert_eq!(
            page::read(&page, id),
            id.default_word(),
            "{}",
            id.described().name
        );
    }
}

proptest! {
    #[test]
    fn writing_one_value_changes_that_value_alone(id in any_id(), seed: u32) {
        let row = id.row();
        let value = match row.kind {
            Kind::Address => Address::left_padding_from(&seed.to_be_bytes()).into_word(),
            Kind::Hash => B256::repeat_byte(7),
            Kind::Number | Kind::Constant => word(row.min + seed % (row.max - row.min + 1)),
        };
        prop_assert_eq!(check(id, value), Ok(()));
        let before = page::defaults();
        let mut after = before;
        page::write(&mut after, id, value);
        for other in ParameterId::ALL {
            let expected = if other == id { value } else { other.default_word() };
            prop_assert_eq!(page::read(&after, other), expected);
        }
        prop_assert_eq!(page::parse(&after), Ok(&after));
        let plain = page::read_number(&after, id);
        prop_assert_eq!(plain, if id.place() < ParameterId::WORDS { 0 } else { number(value).unwrap() });
    }

    #[test]
    fn code_that_is_no_page_is_refused(code in prop::collection::vec(any::<u8>(), 0..2 * page::LEN)) {
        let good = code.len() == page::LEN && code[0] == 0;
        let refusal = NotAPage { len: code.len(), first: code.first().copied() };
        prop_assert_eq!(page::parse(&code).err(), (!good).then_some(refusal));
    }
}

#[test]
fn every_number_is_read_as_a_number_and_no_word_is() {
    let defaults = page::defaults();
    for id in ParameterId::ALL {
        let row = id.row();
        assert_eq!(page::read_number(&defaults, id), row.default, "{id:?}");
        assert_eq!(page::read(&defaults, id), id.default_word(), "{id:?}");
        let mut page = defaults;
        page::write(&mut page, id, word(7));
        let number = match row.kind {
            Kind::Number => 7,
            Kind::Constant => row.default,
            Kind::Address | Kind::Hash => 0,
        };
        assert_eq!(page::read_number(&page, id), number, "{id:?}");
    }
}

#[test]
fn a_page_that_could_be_called_is_refused() {
    let mut page = page::defaults();
    page[0] = 1;
    assert_eq!(
        page::parse(&page),
        Err(NotAPage {
            len: page::LEN,
            first: Some(1)
        })
    );
}

#[test]
fn every_tier_direction_and_scope_occurs() {
    let rows = || ParameterId::ALL.iter().map(|id| id.row());
    for tier in [Tier::Low, Tier::Medium, Tier::High] {
        assert!(rows().any(|row| row.tier == tier));
    }
    for weakens in [Weakens::Up, Weakens::Down, Weakens::Any, Weakens::None] {
        assert!(rows().any(|row| row.weakens == weakens));
    }
    for scope in [Scope::City, Scope::Session, Scope::Mission] {
        assert!(rows().any(|row| row.scope == scope));
    }
}
