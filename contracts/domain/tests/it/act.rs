//! T5: every human action has its struct, its signers and its way back.

use std::collections::BTreeSet;

use agentcity_domain::{
    act::{self, Action, Delay, Panel, Parties, RotationClass, Row, Saw, Signers, quorum},
    parameter::{ParameterId, Tier},
    peer::Peer,
    signed::{SignedBy, SignedStruct},
};
use alloy_primitives::B256;

fn rows() -> impl Iterator<Item = Row> {
    Action::ALL.iter().map(|action| action.row().unwrap())
}

fn row(action: Action) -> Row {
    action.row().unwrap()
}

const PANEL: Panel = Panel {
    active: 7,
    unflagged: 6,
    clear_stop: 2,
    repeated: false,
    overdue: false,
};

#[test]
fn there_are_forty_nine_actions_with_as_many_structs_and_verbs() {
    assert_eq!(Action::ALL.len(), 49);
    let structs: BTreeSet<_> = rows().map(|row| row.signed).collect();
    let verbs: BTreeSet<_> = rows().map(|row| row.verb).collect();
    assert_eq!((structs.len(), verbs.len()), (49, 49));
    for row in rows() {
        assert_eq!(row.signed.entry().name, row.name);
    }
}

#[test]
fn what_the_panel_signs_is_exactly_what_the_panel_can_do() {
    let signed: BTreeSet<_> = SignedStruct::ALL
        .iter()
        .copied()
        .filter(|s| s.entry().by == SignedBy::Panel)
        .collect();
    assert_eq!(signed, rows().map(|row| row.signed).collect());
}

#[test]
fn an_action_calls_another_contract_or_changes_adjudication_itself() {
    for row in rows() {
        assert_eq!(
            row.function.is_none(),
            row.lands == Peer::Adjudication,
            "{}",
            row.name
        );
        assert!(
            row.function.is_none_or(|function| !function.is_empty()),
            "{}",
            row.name
        );
    }
}

#[test]
fn numbers_on_the_wire_are_places_in_the_table() {
    assert_eq!(Action::at(0), None);
    for (place, action) in Action::ALL.iter().enumerate() {
        assert_eq!(*action as usize, place + 1);
        assert_eq!(Action::at(place as u8 + 1), Some(*action));
        assert_eq!(action.signed(), Some(row(*action).signed));
        assert_eq!(
            action.demands(),
            Some((row(*action).signers, row(*action).delay, row(*action).class))
        );
    }
    assert_eq!(Action::at(Action::ALL.len() as u8 + 1), None);
    assert_eq!(
        (
            Action::None.row(),
            Action::None.signed(),
            Action::None.demands()
        ),
        (None, None, None)
    );
}

#[test]
fn every_action_says_why_and_until_when() {
    for row in rows() {
        let fields: Vec<_> = row.signed.entry().fields().map(|(_, name)| name).collect();
        assert_eq!(
            fields[fields.len() - 3..],
            ["justificationHash", "contentAddress", "deadline"],
            "{}",
            row.name
        );
        assert!(fields.len() > 3, "{} binds nothing", row.name);
    }
}

/// The shell hashes the payload as it comes: that is right only if every field is one word.
#[test]
fn every_field_of_an_action_is_one_word() {
    for row in rows() {
        assert!(row.signed.entry().parts.is_empty(), "{}", row.name);
        for (ty, name) in row.signed.entry().fields() {
            assert!(
                !ty.ends_with("[]") && ty != "bytes" && ty != "string",
                "{}.{name}",
                row.name
            );
        }
    }
}

/// What the shell checks of a payload is what the struct's type says.
#[test]
fn the_shape_of_an_action_is_its_structs() {
    for action in Action::ALL {
        let (shape, row) = (action.shape().unwrap(), row(*action));
        let fields: Vec<_> = row.signed.entry().fields().collect();
        assert_eq!(usize::from(shape.fields) + 3, fields.len(), "{}", row.name);
        assert_eq!(shape.of_mission, fields[0].1 == "missionId", "{}", row.name);
        for (place, (ty, name)) in fields[..usize::from(shape.fields)].iter().enumerate() {
            let used = match *ty {
                "address" => 20,
                "bool" => 1,
                "bytes32" => 32,
                "int16" => 2,
                _ => ty.strip_prefix("uint").unwrap().parse::<u8>().unwrap() / 8,
            };
            assert_eq!(shape.unused(place as u8), 32 - used, "{}.{name}", row.name);
        }
        assert_eq!(shape.unused(shape.fields), 0, "{}", row.name);
        assert_eq!(shape.unused(8), 0);
        assert_eq!(action.type_hash(), row.signed.type_hash(), "{}", row.name);
        assert_eq!(action.lands(), Some(row.lands), "{}", row.name);
    }
    assert_eq!(Action::None.shape(), None);
    assert_eq!(Action::None.lands(), None);
    assert!(Action::None.type_hash().is_zero());
}

/// Every field of every action, with values at both ends of its type and just beyond.
#[test]
fn a_word_is_taken_exactly_if_it_is_a_value_of_its_fields_type() {
    let ones = |bytes: usize| {
        let mut word = [0; 32];
        word[32 - bytes..].fill(0xff);
        B256::new(word)
    };
    for action in Action::ALL {
        let (shape, row) = (action.shape().unwrap(), row(*action));
        let fields = row.signed.entry().fields();
        for ((ty, name), place) in fields.take(shape.fields.into()).zip(0u8..) {
            let takes = |word: B256| shape.takes(place, &word);
            let at = format!("{}.{name}", row.name);
            assert!(takes(B256::ZERO), "{at}");
            let beyond = match ty {
                "bytes32" => {
                    assert!(takes(ones(32)), "{at}");
                    continue;
                }
                "bool" => {
                    assert!(takes(B256::with_last_byte(1)), "{at}");
                    assert!(!takes(B256::with_last_byte(2)), "{at}");
                    assert!(!takes(ones(1)), "{at}");
                    B256::repeat_byte(0xff)
                }
                "int16" => {
                    assert!(takes(ones(32)), "{at}: minus one");
                    let mut least = ones(32);
                    (least[30], least[31]) = (0x80, 0);
                    assert!(takes(least), "{at}: the least");
                    least[30] = 0x7f;
                    assert!(!takes(least), "{at}: less than the least");
                    let mut most = ones(2);
                    most[30] = 0x7f;
                    assert!(takes(most), "{at}: the greatest");
                    ones(2)
                }
                _ => {
                    let used = 32 - usize::from(shape.unused(place));
                    assert!(takes(ones(used)), "{at}");
                    let mut beyond = B256::ZERO;
                    beyond[31 - used] = 1;
                    beyond
                }
            };
            assert!(!takes(beyond), "{at}");
        }
        assert!(shape.takes(8, &ones(32)), "no field has no bounds");
    }
}

#[test]
fn agents_at_fault_are_named_once_and_in_order() {
    let list = |numbers: [u8; 4]| act::named(&numbers.map(B256::with_last_byte));
    for (numbers, expected) in [
        ([1, 0, 0, 0], Ok(1)),
        ([1, 2, 0, 0], Ok(2)),
        ([1, 2, 3, 4], Ok(4)),
        ([0, 0, 0, 0], Err(0)),
        ([0, 1, 0, 0], Err(1)),
        ([1, 0, 2, 0], Err(2)),
        ([1, 1, 0, 0], Err(1)),
        ([2, 1, 0, 0], Err(1)),
        ([1, 2, 3, 3], Err(3)),
        ([1, 2, 0, 3], Err(3)),
    ] {
        assert_eq!(list(numbers), expected, "{numbers:?}");
    }
}

/// RESOLUTIONS D-13: who acts in a mission is bound by its parties, and the others by those of whom they are about.
#[test]
fn interests_are_those_of_the_matter() {
    for row in rows() {
        let action = Action::ALL
            .iter()
            .find(|action| action.signed() == Some(row.signed));
        let action = *action.unwrap();
        let first = row.signed.entry().fields().next().unwrap().1;
        let expected = match (row.name, first) {
            (_, "missionId") => Parties::Mission,
            (_, "sessionId") => Parties::Session,
            ("AdjustReputation" | "BanAgent", _) => Parties::Agent,
            (_, "principal") | ("ConfirmAlert", _) => Parties::Person(0),
            ("Disburse", _) => Parties::Person(1),
            _ => Parties::Nobody,
        };
        assert_eq!(action.parties(), expected, "{}", row.name);
    }
    assert_eq!(Action::None.parties(), Parties::Nobody);
}

/// Every field that says how something was is compared, here or where it lands (the landing functions that take it are named).
#[test]
fn what_signers_saw_is_compared() {
    let there = [
        "ReleaseWatchdog",
        "BanAgent",
        "AuditCodification",
        "ConfirmAlert",
    ];
    for action in Action::ALL {
        let row = row(*action);
        let fields: Vec<_> = row.signed.entry().fields().map(|(_, name)| name).collect();
        let at = |name: &str| fields.iter().position(|field| *field == name);
        let expected =
            if let (Some(place), false) = (at("completionDigest"), there.contains(&row.name)) {
                Saw::Output(place as u8)
            } else {
                match row.name {
                    "AmendParameter" | "AppointSenior" => Saw::Parameter,
                    "ClearStop" => Saw::Stop,
                    "ResumeCity" => Saw::CityStop,
                    "LiftPause" => Saw::Pause,
                    "AdjustReputation" => Saw::Score,
                    "WaiveFairness" => Saw::Fairness,
                    "CountersignAward" => Saw::Best,
                    _ => Saw::Nothing,
                }
            };
        assert_eq!(action.saw(), expected, "{}", row.name);
        let says_how_it_was = [
            "oldValue",
            "oldSenior",
            "oldScore",
            "haltedUntil",
            "completionDigest",
            "fairness",
            "best",
        ]
        .iter()
        .any(|name| at(name).is_some());
        let is_compared_there = there.contains(&row.name);
        assert_eq!(
            says_how_it_was && !is_compared_there,
            action.saw() != Saw::Nothing,
            "{}",
            row.name
        );
    }
    assert_eq!(Action::None.saw(), Saw::Nothing);
}

#[test]
fn brakes_are_what_stops_ends_takes_or_forbids() {
    use Action::*;
    let brakes = [
        FreezeNode,
        ConfirmFreeze,
        Disqualify,
        VetoOutput,
        TriggerStop,
        AbortMission,
        AbortForFault,
        BanPrincipal,
        FreezePrincipal,
        RevokeClerk,
        EnactNorm,
        StrikeNorm,
        RevokeMonitor,
        RevokePredicate,
        RevokeVerifier,
        RemoveAdjudicator,
        DeclareSpecificationFault,
        ConfirmAlert,
        BanAgent,
        HaltCity,
    ];
    for action in Action::ALL {
        assert_eq!(action.brakes(), brakes.contains(action), "{action:?}");
    }
}

#[test]
fn whoever_acts_in_a_mission_names_it_first() {
    for row in rows() {
        let mut fields = row.signed.entry().fields();
        let first = fields.next();
        let names_it = row
            .signed
            .entry()
            .fields()
            .any(|f| f == ("bytes32", "missionId") || f == ("bytes32", "sessionId"));
        let rotates = row.class != RotationClass::None;
        if names_it {
            assert!(
                matches!(first, Some(("bytes32", "missionId" | "sessionId"))),
                "{}",
                row.name
            );
        }
        let outside = matches!(row.name, "AdjustReputation" | "UnfreezePrincipal");
        assert_eq!(
            rotates && !names_it,
            outside,
            "{} rotates within a mission it does not name",
            row.name
        );
    }
}

#[test]
fn the_matrix_of_the_resolutions_is_kept() {
    use Action::*;
    for (actions, signers) in [
        (
            &[
                FreezeNode,
                UnfreezeNode,
                ConfirmFreeze,
                ClassifyFalsePositive,
                DecideReview,
                ClearPredicate,
                VetoOutput,
            ][..],
            Signers::One,
        ),
        (
            &[
                ReleaseOutput,
                AdjustReputation,
                PayInsurance,
                LiftPause,
                ExitDegraded,
                AbortMission,
                FreezePrincipal,
                CloseAudit,
            ],
            Signers::Two,
        ),
        (
            &[
                AbortForFault,
                BanPrincipal,
                AdmitClerk,
                UpdateEnvelope,
                ApprovePredicate,
                ApproveMonitor,
            ],
            Signers::Half,
        ),
        (
            &[Disburse, AddAdjudicator, RemoveAdjudicator, AppointSenior],
            Signers::TwoThirds,
        ),
    ] {
        for action in actions {
            assert_eq!(row(*action).signers, signers, "{action:?}");
        }
    }
    let delayed: Vec<_> = rows()
        .filter(|row| row.delay != Delay::None)
        .map(|row| (row.name, row.delay))
        .collect();
    assert_eq!(
        delayed,
        [
            ("Disburse", Delay::Disburse),
            ("AmendParameter", Delay::ByTier),
            ("AppointSenior", Delay::Senior)
        ]
    );
    for (class, actions) in [
        (
            RotationClass::Freeze,
            &[UnfreezeNode, ConfirmFreeze, ClassifyFalsePositive][..],
        ),
        (RotationClass::Tier3, &[DecideReview]),
        (
            RotationClass::Output,
            &[ClearPredicate, VetoOutput, ReleaseOutput, ClearStop],
        ),
        (RotationClass::Money, &[AdjustReputation, PayInsurance]),
    ] {
        for action in actions {
            assert_eq!(row(*action).class, class, "{action:?}");
        }
    }
}

#[test]
fn the_senior_adjudicator_alone_can_only_brake() {
    let alone: Vec<_> = rows()
        .filter(|row| row.senior)
        .map(|row| row.name)
        .collect();
    assert_eq!(alone, ["FreezeNode", "TriggerStop"]);
}

/// RULINGS A7: one adjudicator cannot stop the same mission again and again.
#[test]
fn a_second_stop_by_the_same_signer_needs_two() {
    let again = Panel {
        repeated: true,
        ..PANEL
    };
    assert_eq!(Signers::OneThenTwo.count(&PANEL, Tier::High), 1);
    assert_eq!(Signers::OneThenTwo.count(&again, Tier::High), 2);
    assert_eq!(Signers::One.count(&again, Tier::High), 1);
}

#[test]
fn letting_go_never_asks_for_fewer_signatures_than_braking() {
    use Action::*;
    for q in 5..=20 {
        let panel = Panel {
            active: q,
            unflagged: q,
            ..PANEL
        };
        for (brake, release) in [
            (FreezeNode, UnfreezeNode),
            (TriggerStop, ClearStop),
            (HaltCity, ResumeCity),
            (TriggerStop, HaltCity),
            (FreezePrincipal, UnfreezePrincipal),
            (StrikeNorm, RestoreNorm),
            (StrikeNorm, EnactNorm),
            (RevokeMonitor, ApproveMonitor),
            (RevokePredicate, ApprovePredicate),
            (RevokeVerifier, ApproveVerifier),
            (VetoOutput, ReleaseOutput),
            (ConfirmAlert, ReleaseWatchdog),
        ] {
            let count = |action| row(action).signers.count(&panel, Tier::High);
            assert!(count(brake) <= count(release), "{brake:?} {release:?} {q}");
        }
    }
}

#[test]
fn a_parameters_tier_decides_signers_and_delay() {
    for (tier, signers, delay) in [
        (Tier::Low, 1, ParameterId::OverrideDelayLowSecs),
        (Tier::Medium, 2, ParameterId::OverrideDelayMediumSecs),
        (Tier::High, 5, ParameterId::OverrideDelayHighSecs),
    ] {
        assert_eq!(Signers::ByTier.count(&PANEL, tier), signers);
        assert_eq!(Delay::ByTier.parameter(tier), Some(delay));
    }
    assert_eq!(Delay::None.parameter(Tier::High), None);
    assert_eq!(
        Delay::Senior.parameter(Tier::Low),
        Some(ParameterId::SeniorDelaySecs)
    );
    assert_eq!(
        Delay::Disburse.parameter(Tier::Low),
        Some(ParameterId::DisburseDelaySecs)
    );
}

/// RESOLUTIONS D-22: one lost key does not halt a city for ever.
#[test]
fn a_watchdogs_freeze_needs_all_unflagged_and_later_two_thirds_of_them() {
    let late = Panel {
        overdue: true,
        ..PANEL
    };
    assert_eq!(Signers::Unflagged.count(&PANEL, Tier::High), 6);
    assert_eq!(Signers::Unflagged.count(&late, Tier::High), 4);
    assert_eq!(
        Signers::ClearStop.count(
            &Panel {
                clear_stop: 3,
                ..PANEL
            },
            Tier::High
        ),
        3
    );
    assert_eq!(Signers::Half.count(&PANEL, Tier::High), 4);
    assert_eq!(Signers::TwoThirds.count(&PANEL, Tier::High), 5);
}

/// Every panel there can be, nobody's included.
#[test]
fn shares_of_the_panel_round_up() {
    for q in 0..=u8::MAX {
        let wide = u16::from(q);
        let two_thirds = (2 * wide).div_ceil(3);
        assert_eq!(u16::from(quorum::half(q)), wide.div_ceil(2));
        assert_eq!(u16::from(quorum::two_thirds(q)), two_thirds);
        let (f, g) = (
            u16::from(quorum::outnumbered(q)),
            u16::from(quorum::revocable(q)),
        );
        if q > 0 {
            assert!(2 * f < wide && 2 * (f + 1) + 1 > wide, "{q}");
            assert!(3 * g < wide && 3 * (g + 1) + 1 > wide, "{q}");
        }
        let honest = wide - two_thirds;
        assert_eq!(quorum::honest_can_revoke(q), honest >= two_thirds, "{q}");
    }
}
