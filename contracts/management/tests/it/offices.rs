//! Who holds an office, what it is charged, and who tries to act outside it.

use agentcity_abi::IManagement as wire;
use agentcity_domain::{
    clerk::{ClerkRole, Operation},
    peer::Peer,
};
use alloy_primitives::{Address, B256, keccak256};

use crate::city::{
    City, PRINCIPAL, RATE, STRANGER, SUBJECT, admission, bits, key, member, offices, validation,
};

const SPEAKER: ClerkRole = ClerkRole::Speaker;
const REGULATOR: ClerkRole = ClerkRole::Regulator;

fn clerk(role: ClerkRole) -> Address {
    key(role, 0).address
}

#[test]
fn anyone_admits_the_manifests_clerks_once() {
    let city = City::wired();
    for role in ClerkRole::ALL.iter().copied() {
        let agent = clerk(role);
        city.call(STRANGER, wire::admitGenesisClerkCall { agent })
            .unwrap();
        let events = city.world.take_events::<wire::ManagementAgentRegistered>();
        let (permitted, prohibited) = (role.office().bits(), role.structural().bits());
        let expected = wire::ManagementAgentRegistered {
            clerk: agent,
            role: role.number(),
            principal: PRINCIPAL,
            permitted,
            prohibited,
            operationsMax: RATE,
            genesis: true,
        };
        assert_eq!(events, [expected]);
        let record = city
            .call(STRANGER, wire::clerkOfCall { clerk: agent })
            .unwrap();
        let stored = wire::Clerk {
            known: true,
            active: true,
            role: role.number(),
            permitted,
            prohibited,
            operationsMax: RATE,
            since: city.world.now(),
        };
        assert_eq!(record, stored);
        let profile = wire::profileOfCall {
            role: role.number(),
        };
        let profile = city.call(STRANGER, profile).unwrap();
        assert_eq!(
            (profile.permitted, profile.prohibited),
            (permitted, prohibited)
        );
        let twice = wire::AlreadyClerk {
            clerk: agent,
            role: role.number(),
        };
        city.refused(STRANGER, wire::admitGenesisClerkCall { agent }, twice);
    }
    let unknown = city
        .call(STRANGER, wire::clerkOfCall { clerk: STRANGER })
        .unwrap();
    assert!(!unknown.known && !unknown.active && unknown.permitted == 0);
    city.refused(
        STRANGER,
        wire::profileOfCall { role: 4 },
        wire::UnknownRole { role: 4 },
    );
}

#[test]
fn the_manifest_does_not_undo_a_revocation() {
    let city = City::new();
    let agent = clerk(SPEAKER);
    let reason = B256::repeat_byte(1);
    city.panel(wire::revokeManagementRoleCall {
        clerk: agent,
        reason,
    })
    .unwrap();
    let role = SPEAKER.number();
    let expected = wire::ManagementRoleRevoked {
        clerk: agent,
        role,
        reason,
    };
    assert_eq!(
        city.world.take_events::<wire::ManagementRoleRevoked>(),
        [expected]
    );
    city.refused(
        STRANGER,
        wire::admitGenesisClerkCall { agent },
        wire::AlreadyClerk { clerk: agent, role },
    );
    city.refused(
        member(Peer::Legislature),
        validation(agent, Operation::PublishProposal, SUBJECT),
        wire::NotClerk { clerk: agent },
    );
    city.refused(
        member(Peer::Adjudication),
        wire::revokeManagementRoleCall {
            clerk: agent,
            reason,
        },
        wire::NotClerk { clerk: agent },
    );
    // The panel can give it another office, which has nothing of the old one.
    city.panel(admission(agent, REGULATOR)).unwrap();
    city.validate(agent, Operation::DecideRegulatory, SUBJECT)
        .unwrap();
    city.refused(
        member(Peer::Legislature),
        validation(agent, Operation::PublishProposal, SUBJECT),
        wire::Prohibited {
            clerk: agent,
            operation: Operation::PublishProposal.number(),
        },
    );
}

#[test]
fn the_manifest_admits_only_whom_it_names_under_whom_it_names() {
    let city = City::wired();
    let other = key(SPEAKER, 1).address;
    city.agent(other);
    city.refused(
        STRANGER,
        wire::admitGenesisClerkCall { agent: other },
        wire::NotInManifest { agent: other },
    );
    // A named agent that registered under somebody else is not who the founders meant.
    let agent = clerk(SPEAKER);
    city.others
        .borrow_mut()
        .agents
        .insert(agent, (2, 0, STRANGER));
    city.refused(
        STRANGER,
        wire::admitGenesisClerkCall { agent },
        wire::PrincipalMismatch {
            expected: PRINCIPAL,
            found: STRANGER,
        },
    );
    // One that registered as a producer is no clerk.
    city.others
        .borrow_mut()
        .agents
        .insert(agent, (1, 0, PRINCIPAL));
    city.refused(
        STRANGER,
        wire::admitGenesisClerkCall { agent },
        wire::NotEligible {
            agent,
            agentType: 1,
            bars: 0,
        },
    );
}

#[test]
fn the_panel_admits_several_to_an_office_and_none_to_two() {
    let city = City::new();
    for number in 1..4 {
        let agent = key(REGULATOR, number).address;
        city.agent(agent);
        city.panel(admission(agent, REGULATOR)).unwrap();
        let event = city.world.take_events::<wire::ManagementAgentRegistered>();
        assert!(!event[0].genesis && event[0].principal == PRINCIPAL);
        assert_eq!(
            city.validate(agent, Operation::Approve, SUBJECT).unwrap(),
            2
        );
    }
    city.refused(
        member(Peer::Adjudication),
        admission(clerk(SPEAKER), REGULATOR),
        wire::AlreadyClerk {
            clerk: clerk(SPEAKER),
            role: SPEAKER.number(),
        },
    );
    let nobody = wire::NotEligible {
        agent: STRANGER,
        agentType: 0,
        bars: 7,
    };
    city.refused(
        member(Peer::Adjudication),
        admission(STRANGER, REGULATOR),
        nobody,
    );
    let agent = key(SPEAKER, 1).address;
    city.agent(agent);
    city.refused(
        member(Peer::Adjudication),
        wire::registerManagementAgentCall {
            role: 4,
            ..admission(agent, SPEAKER)
        },
        wire::UnknownRole { role: 4 },
    );
}

/// INV-CLERK-01.
#[test]
fn the_panel_cannot_give_an_office_what_is_not_its_own() {
    let city = City::new();
    let agent = key(REGULATOR, 1).address;
    city.agent(agent);
    let panel = member(Peer::Adjudication);
    let with = |permitted: u64, prohibited: u64, rate: u16| wire::registerManagementAgentCall {
        permitted,
        prohibited,
        operationsMax: rate,
        ..admission(agent, REGULATOR)
    };
    let approve = bits(&[Operation::Approve]);
    let role = REGULATOR.number();
    for operation in [
        Operation::PublishProposal,
        Operation::UpdateReputation,
        Operation::AmendParameter,
        Operation::SubmitBid,
        Operation::RegisterService,
        Operation::Codify,
    ] {
        let operations = bits(&[operation]);
        city.refused(
            panel,
            with(approve | operations, 0, 1),
            wire::NotGrantable { role, operations },
        );
        // Nor by a later change of an envelope.
        city.refused(
            panel,
            wire::updatePermissionsCall {
                clerk: clerk(REGULATOR),
                permitted: operations,
                prohibited: 0,
                operationsMax: 1,
            },
            wire::NotGrantable { role, operations },
        );
    }
    city.refused(panel, with(0, approve, 1), wire::EmptyEnvelope {});
    city.refused(
        panel,
        with(approve, approve, 1),
        wire::Contradiction {
            operations: approve,
        },
    );
    for rate in [0, RATE + 1] {
        let most = RATE.into();
        city.refused(
            panel,
            with(approve, 0, rate),
            wire::RateOutOfRange {
                operationsMax: rate,
                most,
            },
        );
    }
    city.panel(with(approve, 0, 1)).unwrap();
}

#[test]
fn a_new_envelope_replaces_both_masks_and_the_rate() {
    let city = City::new();
    let agent = clerk(REGULATOR);
    let (decide, approve, evidence) = (
        Operation::DecideRegulatory,
        Operation::Approve,
        Operation::PublishEvidence,
    );
    let update = |permitted, prohibited, rate| wire::updatePermissionsCall {
        clerk: agent,
        permitted,
        prohibited,
        operationsMax: rate,
    };
    city.panel(update(bits(&[decide]), bits(&[approve]), 1))
        .unwrap();
    let structure = REGULATOR.structural().bits();
    let expected = wire::PermissionsUpdated {
        clerk: agent,
        permitted: bits(&[decide]),
        prohibited: bits(&[approve]) | structure,
        operationsMax: 1,
    };
    assert_eq!(
        city.world.take_events::<wire::PermissionsUpdated>(),
        [expected]
    );
    city.refused(
        member(approve.owner()),
        validation(agent, approve, SUBJECT),
        wire::Prohibited {
            clerk: agent,
            operation: approve.number(),
        },
    );
    city.refused(
        member(evidence.owner()),
        validation(agent, evidence, SUBJECT),
        wire::NotPermitted {
            clerk: agent,
            operation: evidence.number(),
        },
    );
    city.validate(agent, decide, SUBJECT).unwrap();
    city.refused(
        member(decide.owner()),
        validation(agent, decide, SUBJECT),
        wire::RateExceeded {
            clerk: agent,
            most: 1,
        },
    );
    // Nothing of the old prohibitions remains (I-14).
    city.panel(update(bits(&[approve]), 0, 2)).unwrap();
    city.validate(agent, approve, SUBJECT).unwrap();
    city.refused(
        member(decide.owner()),
        validation(agent, decide, SUBJECT),
        wire::NotPermitted {
            clerk: agent,
            operation: decide.number(),
        },
    );
    let gone = wire::updatePermissionsCall {
        clerk: STRANGER,
        permitted: bits(&[approve]),
        prohibited: 0,
        operationsMax: 1,
    };
    city.refused(
        member(Peer::Adjudication),
        gone,
        wire::NotClerk { clerk: STRANGER },
    );
}

#[test]
fn each_subject_is_charged_apart_and_each_charge_is_told() {
    let city = City::new();
    let agent = clerk(SPEAKER);
    for used in 1..=RATE {
        let role = city
            .validate(agent, Operation::PublishProposal, SUBJECT)
            .unwrap();
        assert_eq!(role, SPEAKER.number());
        let expected = wire::OperationValidated {
            clerk: agent,
            operation: Operation::PublishProposal.number(),
            subject: SUBJECT,
            used,
        };
        assert_eq!(
            city.world.take_events::<wire::OperationValidated>(),
            [expected]
        );
    }
    city.refused(
        member(Peer::Enactment),
        validation(agent, Operation::Approve, SUBJECT),
        wire::RateExceeded {
            clerk: agent,
            most: RATE,
        },
    );
    let other = keccak256("another subject");
    city.validate(agent, Operation::Approve, other).unwrap();
    let ledger = wire::ledgerOfCall {
        clerk: agent,
        subject: SUBJECT,
    };
    assert_eq!(city.call(STRANGER, ledger).unwrap().used, RATE);
    // An office lost and regained does not begin to count anew.
    city.panel(wire::revokeManagementRoleCall {
        clerk: agent,
        reason: SUBJECT,
    })
    .unwrap();
    city.panel(admission(agent, SPEAKER)).unwrap();
    assert!(city.validate(agent, Operation::Approve, SUBJECT).is_err());
}

#[test]
fn a_peer_charges_for_its_own_operations_alone() {
    let city = City::new();
    for operation in Operation::ALL.iter().copied() {
        for role in ClerkRole::ALL.iter().copied() {
            for peer in Peer::ALL {
                let caller = member(peer);
                let call = validation(clerk(role), operation, SUBJECT);
                if peer != operation.owner() {
                    city.refused(caller, call, wire::Unauthorized { caller });
                } else if !role.office().has(operation.number()) {
                    assert!(city.call(caller, call).is_err(), "{role:?} {operation:?}");
                }
            }
        }
    }
    let beyond = wire::validateOperationCall {
        clerk: clerk(SPEAKER),
        operation: 13,
        subject: SUBJECT,
    };
    city.refused(
        member(Peer::Legislature),
        beyond,
        wire::UnknownOperation { operation: 13 },
    );
    // A clerk cannot charge, or uncharge, itself.
    let caller = clerk(SPEAKER);
    city.refused(
        caller,
        validation(caller, Operation::PublishProposal, SUBJECT),
        wire::Unauthorized { caller },
    );
}

#[test]
fn a_clerk_whose_principal_is_banned_or_frozen_or_that_left_is_charged_nothing() {
    let city = City::new();
    let agent = clerk(SPEAKER);
    let call = validation(agent, Operation::PublishProposal, SUBJECT);
    for bars in [1 | 2, 8 | 2, 16 | 2] {
        city.bar(agent, bars);
        let refused = wire::NotEligible {
            agent,
            agentType: 2,
            bars,
        };
        city.refused(member(Peer::Legislature), call.clone(), refused.clone());
        let view = wire::requirePermittedCall {
            clerk: agent,
            operation: Operation::PublishProposal.number(),
            subject: SUBJECT,
        };
        city.refused(STRANGER, view, refused);
    }
    city.bar(agent, 2 | 4);
    city.call(member(Peer::Legislature), call).unwrap();
}

#[test]
fn the_view_says_what_a_charge_would_and_changes_nothing() {
    let city = City::new();
    let before = city.world.storage(offices());
    for role in ClerkRole::ALL.iter().copied() {
        for operation in Operation::ALL.iter().copied() {
            let view = wire::requirePermittedCall {
                clerk: clerk(role),
                operation: operation.number(),
                subject: SUBJECT,
            };
            let seen = city.call(STRANGER, view);
            assert_eq!(seen.is_ok(), role.office().has(operation.number()));
        }
    }
    assert_eq!(city.world.storage(offices()), before);
    assert!(city.world.take_logs().is_empty());
}

#[test]
fn offices_released_to_one_buyer_are_dead_until_the_panel_admits_anew() {
    let city = City::new();
    let found = Address::repeat_byte(0xee);
    let dead = wire::PrincipalMismatch {
        expected: PRINCIPAL,
        found,
    };
    let acts = [
        Operation::AttestPrincipal,
        Operation::PublishProposal,
        Operation::DecideRegulatory,
        Operation::Codify,
    ];
    for (role, operation) in ClerkRole::ALL.iter().copied().zip(acts) {
        let agent = clerk(role);
        city.validate(agent, operation, SUBJECT).unwrap();
        city.release(agent, found);
        let call = validation(agent, operation, SUBJECT);
        city.refused(member(operation.owner()), call, dead.clone());
        let view = wire::requirePermittedCall {
            clerk: agent,
            operation: operation.number(),
            subject: SUBJECT,
        };
        city.refused(STRANGER, view, dead.clone());
    }
    // Neither the manifest nor another envelope brings the office back.
    let agent = clerk(SPEAKER);
    let role = SPEAKER.number();
    city.refused(
        STRANGER,
        wire::admitGenesisClerkCall { agent },
        wire::AlreadyClerk { clerk: agent, role },
    );
    let update = wire::updatePermissionsCall {
        clerk: agent,
        permitted: SPEAKER.office().bits(),
        prohibited: 0,
        operationsMax: RATE,
    };
    city.panel(update).unwrap();
    assert!(city.validate(agent, acts[1], SUBJECT).is_err());
    // The panel does, knowing the principal, and what was used stays used.
    city.panel(admission(agent, SPEAKER)).unwrap();
    city.validate(agent, acts[1], SUBJECT).unwrap();
    let ledger = wire::ledgerOfCall {
        clerk: agent,
        subject: SUBJECT,
    };
    assert_eq!(city.call(STRANGER, ledger).unwrap().used, 2);
}
