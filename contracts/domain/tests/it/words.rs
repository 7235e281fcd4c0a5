//! What people read: every refusal, unit, tier and demand in its own words, whole tables at a time. A document that is
//! generated from these says what the law says, or a test fails.

use agentcity_domain::{
    act::{Delay, RotationClass, Signers},
    amount::{Amount, AmountError, Bps, Permille},
    exit::{Fault, Halt, Who, Why},
    parameter::{
        self, Consumer, ParameterId, Scope, Tier, Weakens,
        relation::{AtMost, Broken},
        text::Unit,
        word,
    },
    peer::Peer,
    range::OutOfRange,
    signed::{SignedBy, SignedStruct},
    time::TimeError,
};
use alloy_primitives::{B256, U256};

#[test]
fn a_number_out_of_bounds_is_told_with_its_bounds() {
    let refusal = OutOfRange {
        value: 10_001,
        min: 0,
        max: 10_000,
    };
    assert_eq!(refusal.to_string(), "10001 is not within 0..=10000");
    assert_eq!(Bps::new(10_001), Err(refusal));
    assert_eq!(Bps::try_from(10_001), Err(refusal));
    assert_eq!(Bps::try_from(10_000), Ok(Bps::MAX));
    assert_eq!(Permille::new(0), Ok(Permille::ZERO));
}

#[test]
fn what_cannot_be_computed_is_told_with_its_operands() {
    for (refusal, said) in [
        (
            AmountError::Overflow { left: 1, right: 2 },
            "1 + 2 exceeds 2^128-1",
        ),
        (
            AmountError::Underflow { left: 1, right: 2 },
            "1 is less than 2",
        ),
        (
            AmountError::QuotientOverflow {
                left: 1,
                right: 2,
                divisor: 3,
            },
            "1 x 2 / 3 exceeds 2^128-1",
        ),
        (
            AmountError::ZeroDivisor { dividend: 4 },
            "4 cannot be divided by zero",
        ),
        (
            AmountError::TooLarge {
                value: U256::from(1) << 128,
            },
            "340282366920938463463374607431768211456 exceeds 2^128-1",
        ),
    ] {
        assert_eq!(refusal.to_string(), said);
    }
    for (refusal, said) in [
        (
            TimeError::InstantOverflow { at: 1, after: 2 },
            "1 s + 2 s exceeds 2^64-1",
        ),
        (
            TimeError::DurationOverflow { left: 1, right: 2 },
            "1 + 2 exceeds 2^64-1",
        ),
        (
            TimeError::StartsInFuture { start: 2, now: 1 },
            "start 2 lies after now 1",
        ),
    ] {
        assert_eq!(refusal.to_string(), said);
    }
}

#[test]
fn a_refused_parameter_is_told_by_name_and_value() {
    let zero = B256::ZERO;
    let broken = Broken {
        relation: AtMost {
            lesser: ParameterId::MinStakeLow,
            greater: ParameterId::MinStakeMedium,
        },
        lesser: 600,
        greater: 500,
    };
    let said = "minStakeLow would be 600, above minStakeMedium, which is 500";
    assert_eq!(broken.to_string(), said);
    for (refusal, said) in [
        (
            parameter::Refused::Unknown { id: 200 },
            "there is no parameter 200",
        ),
        (
            parameter::Refused::Constant {
                id: ParameterId::MaxCandidates,
            },
            "maxCandidates is a constant",
        ),
        (
            parameter::Refused::OutOfRange {
                id: ParameterId::AdjudicatorQuorum,
                value: word(4),
                min: 5,
                max: 20,
            },
            "4 is not within 5..=20, the range of adjudicatorQuorum",
        ),
        (
            parameter::Refused::Malformed {
                id: ParameterId::EmbeddingModelId,
                value: zero,
            },
            &format!("{zero} is no value of embeddingModelId"),
        ),
        (
            parameter::Refused::Stale {
                expected: word(1),
                found: word(2),
            },
            &format!("the value is {}, not {}", word(2), word(1)),
        ),
        (
            parameter::Refused::Unchanged { value: word(3) },
            &format!("the value is {} already", word(3)),
        ),
        (
            parameter::Refused::TooEarly {
                ready_at: 9,
                now: 8,
            },
            "allowed from second 9, it is 8",
        ),
        (parameter::Refused::Unrelated(broken), said),
    ] {
        assert_eq!(refusal.to_string(), said);
    }
}

#[test]
fn every_column_of_the_table_of_parameters_has_its_words() {
    use Unit::*;
    let units = [
        Word, Count, Flag, Points, Units, LlmTokens, Gas, Bytes, MilliSigma, Percent, Permille,
        Bps, Millis, Seconds, Hours, Days, Months,
    ];
    assert_eq!(
        units.map(Unit::name),
        [
            "",
            "count",
            "0 or 1",
            "points",
            "stake units",
            "LLM tokens",
            "gas",
            "bytes",
            "milli-σ",
            "%",
            "permille",
            "bps",
            "ms",
            "s",
            "h",
            "d",
            "months"
        ]
    );
    let used = |unit| {
        ParameterId::ALL
            .iter()
            .any(|id| id.described().unit == unit)
    };
    assert!(units.into_iter().all(used), "a unit that nothing has");
    assert_eq!(
        [Tier::Low, Tier::Medium, Tier::High].map(Tier::name),
        ["LOW", "MEDIUM", "HIGH"]
    );
    assert_eq!(
        [Weakens::Up, Weakens::Down, Weakens::Any, Weakens::None].map(Weakens::name),
        ["up", "down", "any change", "–"]
    );
    assert_eq!(
        [Scope::City, Scope::Session, Scope::Mission].map(Scope::name),
        ["CITY", "SESSION", "MISSION"]
    );
    // A consumer is a member of the city and has its name, or is the daemons, or nobody.
    for id in ParameterId::ALL {
        let consumer = id.described().consumer;
        let name = format!("{consumer:?}").to_lowercase();
        assert_eq!(consumer.name(), name);
        let peer = consumer.peer().map(Peer::name);
        let is_member = !matches!(consumer, Consumer::Keeper | Consumer::Nobody);
        let expected = is_member.then_some(name.as_str());
        assert_eq!(peer, expected);
    }
}

/// The narrowest type is found at its edges, and by every row.
#[test]
fn the_type_of_a_parameter_is_the_narrowest_that_holds_its_range() {
    let number = |max| parameter::Row {
        max,
        ..ParameterId::AdjudicatorQuorum.row()
    };
    for (max, name) in [
        (0, "uint8"),
        (255, "uint8"),
        (256, "uint16"),
        (65_535, "uint16"),
        (65_536, "uint32"),
        (u32::MAX, "uint32"),
    ] {
        assert_eq!(number(max).type_name(), name, "{max}");
    }
    for (id, name) in [
        (ParameterId::SeniorAdjudicatorAddr, "address"),
        (ParameterId::EmbeddingModelId, "bytes32"),
        (ParameterId::MaxCandidates, "uint8"),
    ] {
        assert_eq!(id.row().type_name(), name);
    }
}

#[test]
fn what_an_action_demands_is_written_as_it_is_demanded() {
    use Signers::*;
    assert_eq!(
        [
            One, Two, OneThenTwo, ClearStop, Half, TwoThirds, ByTier, Unflagged
        ]
        .map(Signers::text),
        [
            "1",
            "2",
            "1; 2 if one of them halted this mission before",
            "`clearStopSigners`",
            "⌈q/2⌉",
            "⌈2q/3⌉",
            "LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉",
            "all unflagged; ⌈2/3⌉ of them after `watchdogMaxFreezeDuration`"
        ]
    );
    assert_eq!(
        [Delay::None, Delay::ByTier, Delay::Senior, Delay::Disburse].map(Delay::text),
        [
            "–",
            "`overrideDelay…Secs` of the tier; none for a bounded tightening",
            "`seniorDelaySecs`",
            "`disburseDelaySecs`"
        ]
    );
    assert_eq!(
        [
            RotationClass::None,
            RotationClass::Tier3,
            RotationClass::Freeze,
            RotationClass::Output,
            RotationClass::Money
        ]
        .map(RotationClass::name),
        [
            "–",
            "TIER3_DECISION",
            "FREEZE_DECISION",
            "OUTPUT_DECISION",
            "MONEY"
        ]
    );
}

#[test]
fn whoever_signs_is_named() {
    use SignedBy::*;
    let signers = [
        Founders,
        Principal,
        FormerPrincipal,
        Parent,
        Agent,
        Registrar,
        Speaker,
        Regulator,
        Codifier,
        SpeakerAndRegulators,
        Clerk,
        ServiceOwner,
        Executor,
        Monitor,
        Panel,
    ];
    assert_eq!(
        signers.map(SignedBy::text),
        [
            "⌈2q/3⌉ genesis adjudicators",
            "the principal named",
            "the present principal",
            "the agent above",
            "the agent named",
            "a registrar",
            "a speaker",
            "a regulator",
            "a codifier",
            "a speaker, and regulators",
            "the clerk named",
            "the service's owner",
            "the executor named",
            "the monitor named",
            "adjudicators, see docs/human-actions.md"
        ]
    );
    for signed in SignedStruct::ALL {
        assert!(signers.contains(&signed.entry().by), "{signed:?}");
    }
}

#[test]
fn exits_and_halts_are_written_as_they_are() {
    assert_eq!(
        [Who::Anyone, Who::Owner, Who::Panel].map(Who::name),
        ["anyone", "its owner", "the panel"]
    );
    assert_eq!(
        [
            Fault::None,
            Fault::TimeoutExceeded,
            Fault::NodeFailure,
            Fault::WholeStake
        ]
        .map(Fault::name),
        ["none", "timeoutExceeded", "nodeFailure", "whole stake"]
    );
    assert_eq!(
        Halt::ALL.map(Halt::name),
        [
            "emergency stop",
            "pause",
            "city halt",
            "watchdog freeze",
            "degraded",
            "norm struck"
        ]
    );
    let hands = Halt::ALL.map(|halt| (halt.raised_by(), halt.lifted_by()));
    assert_eq!(
        hands,
        [
            (
                "one adjudicator (two for the same signer's second), or escalation of freezes",
                "`clearStop`, two adjudicators"
            ),
            (
                "a bonded monitor's report of divergence",
                "`liftPause`, two adjudicators"
            ),
            ("the panel", "`clearStop` for the city, the panel"),
            (
                "the watchdog: rubber stamps and weakened parameters together",
                "`ReleaseWatchdog`, all adjudicators not flagged; after the maximum two thirds of them; where all are flagged, anyone by `expireWatchdog`"
            ),
            (
                "an uptime feed, or two bonded monitors of different principals",
                "`exitDegraded`, two adjudicators"
            ),
            ("the panel", "`restoreNorm`, the panel"),
        ]
    );
    assert_eq!(
        [
            Why::NoExit,
            Why::Circle,
            Why::WaitsForLater,
            Why::NoSuchStep,
            Why::Forbidden,
            Why::LeavesTheEnd,
            Why::TouchesReserved,
            Why::Unreachable,
            Why::Misnumbered
        ]
        .map(Why::text),
        [
            "has no exit that is sure to open",
            "has deadlines that lead round in a circle",
            "waits for a machine that may wait for it, or rest",
            "has an exit that is no step of its tables",
            "has an exit that the halt it is offered under forbids",
            "is terminal and has a way out",
            "is reserved and is stepped in or out of",
            "is reached by nothing",
            "is not numbered from one, or there are too many states"
        ]
    );
}

#[test]
fn the_lesser_of_two_amounts_is_the_lesser_whoever_asks() {
    let (less, more) = (Amount::new(1), Amount::new(2));
    assert_eq!((less.min(more), more.min(less)), (less, less));
    assert_eq!(more.min(more), more);
}
