//! The 52 types of the seed, and docs/events.md, which maps each (RULINGS K19).

use std::{collections::BTreeSet, fs, path::Path};

use agentcity_abi::{IAssembly, ICollaboration, IGuardian};
use agentcity_hub::{
    chain::{event_of, topics},
    kind::{EventType, Source, When},
};

/// `ENUM EventType` of seed §B.12, in its order.
const SEED: &str = "AGENT_REGISTERED SERVICE_REGISTERED AGENT_BANNED \
    SESSION_INITIATED IDENTITY_VERIFIED DAG_PROPOSED BID_SUBMITTED BID_APPROVED BID_REJECTED REGULATORY_SIGNED CODIFICATION_COMPILED \
    LEGISLATIVE_APPROVED DAG_DEPLOYED \
    TASK_ROUTED TASK_EXECUTING TASK_COMPLETED TASK_FAILED TASK_TIMEOUT CODEHASH_MISMATCH CODEHASH_VERIFIED \
    POP_SUBMITTED POP_APPROVED POP_REJECTED DELEGATED_REVIEW_REQUESTED DELEGATED_APPROVED DELEGATED_REJECTED \
    ANOMALY_REPORTED FREEZE_TRIGGERED UNFREEZE_APPROVED FALSE_POSITIVE_CLASSIFIED EMERGENCY_STOP EMERGENCY_STOP_CLEARED \
    PENDING_FINALIZATION ESCROW_RELEASED DEGRADED_MODE_ENTERED DEGRADED_MODE_EXITED RECONCILIATION_PASSED RECONCILIATION_FAILED \
    DIVERGENCE_DETECTED \
    FAULT_SIGNAL PARTIAL_RELEGISLATION_INITIATED FULL_RELEGISLATION_INITIATED MAX_REFINEMENT_EXCEEDED \
    OUTPUT_RELEASED OUTPUT_VETOED MISSION_COMPLETED MISSION_ABORTED \
    PARAMETER_UPDATED OVERRIDE_ACTION UNILATERAL_OVERRIDE REPUTATION_ADJUSTED STAKE_SLASHED";

fn said(source: &Source) -> String {
    match source {
        Source::Keeper(what) => format!("keeper: {what}"),
        Source::Chain {
            contract,
            event,
            when,
        } => {
            let values = |values: &[u64]| {
                values
                    .iter()
                    .map(u64::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let when = match when {
                When::Always => String::new(),
                When::Is(field, of) => format!(" where `{field}` is {}", values(of)),
                When::IsNot(field, of) => format!(" where `{field}` is not {}", values(of)),
            };
            format!("`{}.{event}`{when}", contract.name())
        }
    }
}

fn row(kind: EventType) -> String {
    let sources: Vec<String> = kind.sources().iter().map(said).collect();
    let mirrored = if kind.is_critical() { "yes" } else { "" };
    format!(
        "| `{}` | {} | {mirrored} |",
        kind.text(),
        sources.join("; ")
    )
}

#[test]
fn the_types_are_those_of_the_seed_in_its_order_and_no_more() {
    let ours: Vec<&str> = EventType::ALL.iter().map(|kind| kind.text()).collect();
    let seed: Vec<&str> = SEED.split_whitespace().collect();
    assert_eq!(ours, seed);
    assert_eq!(ours.len(), 52);
    for kind in EventType::ALL {
        assert_eq!(EventType::named(kind.text()), Some(*kind));
        assert_eq!(
            serde_json::to_string(kind).unwrap(),
            format!("\"{}\"", kind.text())
        );
        assert!(!kind.sources().is_empty());
    }
    assert_eq!(EventType::named("FREEZE"), None);
}

#[test]
fn every_contracts_event_and_field_that_a_type_comes_from_exists() {
    let mut names = BTreeSet::new();
    for source in EventType::ALL.iter().flat_map(|kind| kind.sources()) {
        let Source::Chain {
            contract,
            event,
            when,
        } = source
        else {
            continue;
        };
        let abi = event_of(*contract, event)
            .unwrap_or_else(|| panic!("{} has no {event}", contract.name()));
        if let When::Is(field, _) | When::IsNot(field, _) = when {
            assert!(
                abi.inputs.iter().any(|input| input.name == *field),
                "{event} has no {field}"
            );
        }
        names.insert((contract.name(), *event));
    }
    assert_eq!(topics().len(), names.len());
}

#[test]
fn numbers_of_conditions_are_those_of_the_interfaces() {
    let of = |kind: EventType| {
        kind.sources()
            .iter()
            .find_map(|source| match source {
                Source::Chain {
                    when: When::Is(_, of) | When::IsNot(_, of),
                    ..
                } => Some(*of),
                _ => None,
            })
            .unwrap()
    };
    let reason = |reason: ICollaboration::Reason| reason as u64;
    use ICollaboration::Reason;
    let timeouts = [
        reason(Reason::TimeoutExceeded),
        reason(Reason::HumanSilence),
    ];
    assert_eq!(of(EventType::TaskTimeout), timeouts);
    assert_eq!(of(EventType::TaskFailed), timeouts);
    assert_eq!(
        of(EventType::PopRejected),
        [
            reason(Reason::ProofRejected),
            reason(Reason::ConsensusFailed)
        ]
    );
    assert_eq!(
        of(EventType::CodehashMismatch),
        [reason(Reason::CodeHashMismatch)]
    );
    assert_eq!(
        of(EventType::MaxRefinementExceeded),
        [reason(Reason::RefinementExhausted)]
    );
    assert_eq!(
        of(EventType::MissionCompleted),
        [ICollaboration::MissionState::Completed as u64]
    );
    assert_eq!(
        of(EventType::MissionAborted),
        [ICollaboration::MissionState::Aborted as u64]
    );
    assert_eq!(
        of(EventType::EmergencyStop),
        [IGuardian::Halt::EmergencyStop as u64]
    );
    assert_eq!(
        of(EventType::EmergencyStopCleared),
        [IGuardian::Halt::EmergencyStop as u64]
    );
    assert_eq!(
        of(EventType::PartialRelegislationInitiated),
        [IAssembly::SessionKind::Partial as u64]
    );
    assert_eq!(
        of(EventType::FullRelegislationInitiated),
        [IAssembly::SessionKind::Full as u64]
    );
}

#[test]
fn the_document_says_of_each_type_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<String> = EventType::ALL.iter().map(|kind| row(*kind)).collect();
    assert_eq!(
        rows,
        expected,
        "the rows of docs/events.md should be:\n{}",
        expected.join("\n")
    );
}
