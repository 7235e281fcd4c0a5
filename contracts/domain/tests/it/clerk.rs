//! Clerks: the seed's table is covered row by row; every refusal stands beside its allowed neighbour.

mod tenure;

use std::collections::BTreeSet;

use agentcity_domain::{
    agent::standing::Bars,
    clerk::{
        self, Clerk, ClerkRole, Delegated, Envelope, Ledger, Mandate, Mandates, Mask, Operation,
        Refused, Standing, State,
        delegation::{self, Answer, Delegation, Fault, Request},
        profile::{Here, SEED_TABLE, Side},
    },
    peer::Peer,
    time::{Seconds, Timestamp},
};
use alloy_primitives::{Address, B256};

const CLERK: Address = Address::repeat_byte(0xc1);
const PRINCIPAL: Address = Address::repeat_byte(0xb0);
const NOW: Timestamp = Timestamp::new(1_000);
const SERVICE: B256 = B256::repeat_byte(5);
const ID: B256 = B256::repeat_byte(6);

/// A registered management agent whom nothing bars.
const GOOD: Standing = Standing {
    agent_type: 2,
    bars: Bars::NO_PRODUCER.bits() | Bars::NOT_ENROLLED.bits(),
    principal: PRINCIPAL,
};

fn clerk_of(role: ClerkRole) -> Clerk {
    clerk::admit(
        None,
        (CLERK, GOOD),
        role,
        clerk::default_envelope(role, 3),
        NOW,
    )
    .unwrap()
}

/// The seed's table as the seed prints it, typed in again: permitted, prohibited, delegated, by office.
const PRINTED: [(ClerkRole, &str, &str, usize); 4] = [
    (
        ClerkRole::Registrar,
        "verifyDID, checkReputationThreshold, admitAgent, excludeAgent",
        "updateReputation, modifyConstitutionalParams, submitBid, deployMicroservice",
        2,
    ),
    (
        ClerkRole::Speaker,
        "proposeDAG, coordinateNegotiationRound, coSignMSG7, broadcastMSG2",
        "submitBid, deployMicroservice, modifyConstitutionalParams",
        2,
    ),
    (
        ClerkRole::Regulator,
        "evaluateBidFairness, checkSafetyCompliance, coSignMSG7, approveAssignment",
        "submitBid, modifyDAGTopology, deployMicroservice",
        2,
    ),
    (
        ClerkRole::Codifier,
        "compileLegislativeOutput, produceMSG6, invokeByteCodeAuditGate",
        "deployContractDirectly, emitUnauthorizedOpcodes, modifyConstitutionalParams",
        3,
    ),
];

fn names(role: ClerkRole, side: Side) -> Vec<&'static str> {
    SEED_TABLE
        .iter()
        .filter(|row| row.role == role && row.side == side)
        .map(|row| row.name)
        .collect()
}

#[test]
fn every_operation_of_the_seed_is_covered() {
    for (role, permitted, prohibited, delegated) in PRINTED {
        let printed = |list: &'static str| list.split(", ").collect::<Vec<_>>();
        assert_eq!(names(role, Side::Permitted), printed(permitted));
        assert_eq!(names(role, Side::Prohibited), printed(prohibited));
        assert_eq!(names(role, Side::Delegated).len(), delegated);
    }
    assert_eq!(SEED_TABLE.len(), 15 + 13 + 9);
    for row in SEED_TABLE {
        match (row.side, row.here) {
            (Side::Permitted, Here::Operation(operation)) => {
                assert!(row.role.office().has(operation.number()), "{}", row.name);
            }
            (Side::Prohibited, Here::Operation(operation)) => {
                assert!(
                    row.role.structural().has(operation.number()),
                    "{}",
                    row.name
                );
                assert!(!row.role.office().has(operation.number()), "{}", row.name);
            }
            (Side::Delegated, Here::Delegation(delegated)) => {
                assert_eq!(delegated.role(), row.role, "{}", row.name);
                // What it guards is the office's own, so that a mandate always binds.
                assert!(row.role.office().has(delegated.guards().number()));
            }
            (Side::Permitted, Here::Rule(function, because)) => {
                assert!(!function.name.is_empty() && because.len() > 20);
            }
            (Side::Permitted | Side::Prohibited, Here::NotApplicable(because)) => {
                assert!(because.len() > 20, "{} has no reason", row.name);
            }
            (side, here) => panic!("{} is {here:?} on side {side:?}", row.name),
        }
    }
}

#[test]
fn offices_hold_nothing_that_is_prohibited_to_them_or_to_every_clerk() {
    let nobodys = Mask::of(&[
        Operation::UpdateReputation,
        Operation::AmendParameter,
        Operation::SubmitBid,
        Operation::RegisterService,
    ]);
    let mut held = Mask::NONE;
    for role in ClerkRole::ALL.iter().copied() {
        assert!(role.office().and(role.structural()).is_empty(), "{role:?}");
        assert!(role.office().and(nobodys).is_empty(), "{role:?}");
        assert!(!role.office().is_empty());
        held = held.or(role.office());
        // Two offices share nothing but the approval that needs both.
        for other in ClerkRole::ALL
            .iter()
            .copied()
            .filter(|other| *other != role)
        {
            let shared = role.office().and(other.office());
            let approval = Mask::of(&[Operation::Approve]);
            assert!(shared.without(approval).is_empty(), "{role:?}, {other:?}");
        }
    }
    assert_eq!(held, Mask::ALL.without(nobodys), "each has somebody");
    assert!(ClerkRole::Speaker.office().has(Operation::Approve.number()));
    assert!(
        ClerkRole::Regulator
            .office()
            .has(Operation::Approve.number())
    );
}

#[test]
fn prohibitions_of_the_table_are_the_structure_of_the_office() {
    for role in ClerkRole::ALL.iter().copied() {
        let mapped: Vec<_> = SEED_TABLE
            .iter()
            .filter(|row| row.role == role && row.side == Side::Prohibited)
            .filter_map(|row| match row.here {
                Here::Operation(operation) => Some(operation),
                Here::Delegation(_) | Here::Rule(..) | Here::NotApplicable(_) => None,
            })
            .collect();
        assert_eq!(role.structural(), Mask::of(&mapped), "{role:?}");
    }
}

#[test]
fn numbers_are_places_and_nothing_lies_beyond() {
    for (place, operation) in Operation::ALL.iter().enumerate() {
        assert_eq!(operation.number() as usize, place);
        assert_eq!(Operation::at(place as u8), Some(*operation));
        assert_eq!(
            clerk::operation(place as u8),
            Ok((*operation, operation.owner()))
        );
    }
    let beyond = Operation::ALL.len() as u8;
    assert_eq!(
        clerk::operation(beyond),
        Err(Refused::UnknownOperation { operation: beyond })
    );
    for (place, role) in ClerkRole::ALL.iter().enumerate() {
        assert_eq!(role.number() as usize, place);
        assert_eq!(clerk::role(place as u8), Ok(*role));
    }
    assert_eq!(clerk::role(4), Err(Refused::UnknownRole { role: 4 }));
    for (place, delegated) in Delegated::ALL.iter().enumerate() {
        assert_eq!(delegated.number() as usize, place);
        assert_eq!(delegation::delegated(place as u8), Ok(*delegated));
    }
    assert_eq!(
        delegation::delegated(9),
        Err(Fault::UnknownDelegated { operation: 9 })
    );
    let names: BTreeSet<_> = Operation::ALL
        .iter()
        .map(|operation| operation.name())
        .collect();
    assert_eq!(names.len(), Operation::ALL.len());
    assert_eq!(Operation::AttestPrincipal.owner(), Peer::Agent);
    assert_eq!(Operation::RequestIdentity.owner(), Peer::Legislature);
    assert_eq!(Operation::PublishEvidence.owner(), Peer::Assembly);
    assert_eq!(Operation::Approve.owner(), Peer::Enactment);
}

#[test]
fn masks_hold_what_was_put_in() {
    let mask = Mask::NONE.with(3, true).with(5, true).with(3, false);
    assert_eq!(mask.bits(), 1 << 5);
    assert!(mask.has(5) && !mask.has(3) && !mask.has(64) && !mask.has(255));
    assert_eq!(mask.with(64, true), mask);
    assert_eq!(mask.with(5, true), mask, "once, however often");
    assert_eq!(mask.with(3, false), mask);
    assert_eq!(Mask::ALL.bits(), (1 << Operation::ALL.len()) - 1);
    assert!(Mask::NONE.is_empty() && !mask.is_empty());
    assert_eq!(mask.or(Mask::new(1)).bits(), 33);
    assert_eq!(mask.and(Mask::new(33)).bits(), 32);
    assert_eq!(Mask::new(33).without(mask).bits(), 1);
}

#[test]
fn the_panel_narrows_an_office_and_never_widens_it() {
    for role in ClerkRole::ALL.iter().copied() {
        let some = Mask::NONE.with(role.office().bits().trailing_zeros() as u8, true);
        let rest = role.office().without(some);
        let made = clerk::envelope(role, some, rest, 3, 3).unwrap();
        assert_eq!(made.permitted, some);
        assert_eq!(made.prohibited, rest.or(role.structural()));
        for operation in Operation::ALL.iter().copied() {
            let one = Mask::of(&[operation]);
            let widened = clerk::envelope(role, one, Mask::NONE, 1, 3);
            if role.office().has(operation.number()) {
                assert!(widened.is_ok());
            } else {
                let refused = Refused::NotGrantable {
                    role,
                    operations: one,
                };
                assert_eq!(widened, Err(refused));
            }
        }
    }
}

#[test]
fn envelopes_are_whole_and_free_of_contradiction() {
    let role = ClerkRole::Regulator;
    let (evidence, approve) = (
        Mask::of(&[Operation::PublishEvidence]),
        Mask::of(&[Operation::Approve]),
    );
    assert_eq!(
        clerk::envelope(role, Mask::NONE, approve, 1, 3),
        Err(Refused::EmptyEnvelope)
    );
    assert_eq!(
        clerk::envelope(role, approve.or(evidence), approve, 1, 3),
        Err(Refused::Contradiction {
            operations: approve
        })
    );
    // Bits beyond the last operation name nothing, on either side.
    let beyond = Mask::new(1 << 63);
    for (permitted, prohibited) in [(approve.or(beyond), Mask::NONE), (approve, beyond)] {
        assert_eq!(
            clerk::envelope(role, permitted, prohibited, 1, 3),
            Err(Refused::NotGrantable {
                role,
                operations: beyond
            })
        );
    }
    for (operations_max, fits) in [(0, false), (1, true), (3, true), (4, false)] {
        let refused = Refused::RateOutOfRange {
            operations_max,
            most: 3,
        };
        let made = clerk::envelope(role, approve, Mask::NONE, operations_max, 3);
        assert_eq!(made.is_ok(), fits);
        assert!(fits || made == Err(refused));
    }
    assert_eq!(
        clerk::default_envelope(role, 70_000).operations_max,
        u16::MAX
    );
}

#[test]
fn only_management_agents_in_good_standing_hold_an_office() {
    let bars = [Bars::NOT_ACTIVE, Bars::BANNED, Bars::FROZEN];
    for bar in bars {
        let bars = GOOD.bars | bar.bits();
        let refused = clerk::require_eligible(CLERK, Standing { bars, ..GOOD });
        assert_eq!(
            refused,
            Err(Refused::NotEligible {
                agent: CLERK,
                agent_type: 2,
                bars
            })
        );
    }
    for agent_type in [0, 1, 3] {
        let standing = Standing { agent_type, ..GOOD };
        assert!(clerk::require_eligible(CLERK, standing).is_err());
    }
    assert_eq!(clerk::require_eligible(CLERK, GOOD), Ok(()));
}

#[test]
fn each_office_is_charged_for_its_own_operations_alone() {
    for role in ClerkRole::ALL.iter().copied() {
        for operation in Operation::ALL.iter().copied() {
            let charged = clerk::charge(
                (CLERK, GOOD),
                clerk_of(role),
                operation,
                Ledger::default(),
                Mandates::default(),
            );
            let number = operation.number();
            let expected = if role.office().has(number) {
                Ok(Ledger {
                    used: 1,
                    ..Ledger::default()
                })
            } else if role.structural().has(number) {
                Err(Refused::Prohibited {
                    clerk: CLERK,
                    operation,
                })
            } else {
                Err(Refused::NotPermitted {
                    clerk: CLERK,
                    operation,
                })
            };
            assert_eq!(charged, expected, "{role:?} {operation:?}");
        }
    }
}

#[test]
fn a_clerk_is_charged_as_often_as_its_envelope_says() {
    let registrar = clerk_of(ClerkRole::Registrar);
    let charge = |standing, ledger| {
        clerk::charge(
            (CLERK, standing),
            registrar,
            Operation::AttestPrincipal,
            ledger,
            Mandates::default(),
        )
    };
    let mut ledger = Ledger::default();
    for used in 1..=3 {
        ledger = charge(GOOD, ledger).unwrap();
        assert_eq!(ledger.used, used);
    }
    let exceeded = Refused::RateExceeded {
        clerk: CLERK,
        most: 3,
    };
    assert_eq!(charge(GOOD, ledger), Err(exceeded));
    let banned = Standing { bars: 8, ..GOOD };
    assert!(matches!(
        charge(banned, Ledger::default()),
        Err(Refused::NotEligible { .. })
    ));
}

#[test]
fn an_operation_rests_on_every_mandated_answer_and_uses_it_up() {
    let codifier = clerk_of(ClerkRole::Codifier);
    let behind = Delegated::behind(ClerkRole::Codifier, Operation::Codify);
    assert_eq!(behind.bits(), 0b1_1100_0000);
    // The regulator's approval does not rest on the speaker's negotiation.
    assert!(Delegated::behind(ClerkRole::Regulator, Operation::Approve).is_empty());
    assert_eq!(
        Delegated::behind(ClerkRole::Speaker, Operation::Approve).bits(),
        1 << 3
    );

    let mandates = Mandates {
        set: Mask::new(0b0_1100_0001),
        version: 4,
    };
    let charge =
        |operation, ledger| clerk::charge((CLERK, GOOD), codifier, operation, ledger, mandates);
    let ledger = |answered, version| Ledger {
        used: 1,
        answered: Mask::new(answered),
        version,
    };
    for (answered, version, missing) in [
        (0, 4, 0b1100_0000),
        (0b0100_0000, 4, 0b1000_0000),
        (0b1100_0000, 3, 0b1100_0000),
    ] {
        assert_eq!(
            charge(Operation::Codify, ledger(answered, version)),
            Err(Refused::DelegationMissing {
                clerk: CLERK,
                missing: Mask::new(missing)
            })
        );
    }
    // Bit 8 is not mandated: answered or not, it stays.
    let after = charge(Operation::Codify, ledger(0b1_1100_0000, 4)).unwrap();
    assert_eq!(
        after,
        Ledger {
            used: 2,
            answered: Mask::new(0b1_0000_0000),
            version: 4
        }
    );
    assert!(charge(Operation::Codify, after).is_err());
    // An operation that rests on nothing leaves what waits as it is, whatever version it was loaded with.
    let waiting = ledger(0b1100_0000, 4);
    let unguarded = clerk::charge(
        (CLERK, GOOD),
        codifier,
        Operation::PublishTemplate,
        waiting,
        Mandates::default(),
    );
    assert_eq!(unguarded, Ok(Ledger { used: 2, ..waiting }));
}

#[test]
fn an_answer_counts_while_its_service_is_mandated() {
    let mandates = Mandates {
        set: Mask::new(1),
        version: 2,
    };
    let mandate = Mandate {
        service: SERVICE,
        artifact_schema: B256::ZERO,
    };
    let stale = Ledger {
        used: 1,
        answered: Mask::new(2),
        version: 1,
    };
    let answer = |service, mandates| {
        stale.answer(
            Delegated::DidVerification,
            (service, B256::ZERO),
            mandate,
            mandates,
        )
    };
    let counted = Ledger {
        used: 1,
        answered: Mask::new(1),
        version: 2,
    };
    assert_eq!(answer(SERVICE, mandates), Some(counted));
    assert_eq!(answer(B256::repeat_byte(9), mandates), None);
    let lifted = Mandates {
        set: Mask::NONE,
        version: 2,
    };
    assert_eq!(answer(SERVICE, lifted), None);
    // The mandate demands an artifact by now, whatever it did when the delegation was opened.
    let stricter = Mandate {
        artifact_schema: ID,
        ..mandate
    };
    for (artifact_hash, expected) in [(B256::ZERO, None), (ID, Some(counted))] {
        let brought = (SERVICE, artifact_hash);
        let answered = stale.answer(Delegated::DidVerification, brought, stricter, mandates);
        assert_eq!(answered, expected);
    }
}

#[test]
fn mandates_are_set_and_lifted() {
    let mandate = |service, artifact_schema| Mandate {
        service,
        artifact_schema,
    };
    let set = delegation::set_mandate(
        Mandates::default(),
        Delegated::HhiCalculation,
        mandate(SERVICE, ID),
    )
    .unwrap();
    assert_eq!((set.set.bits(), set.version), (1 << 4, 1));
    let lifted = delegation::set_mandate(
        set,
        Delegated::HhiCalculation,
        mandate(B256::ZERO, B256::ZERO),
    )
    .unwrap();
    assert_eq!((lifted.set.bits(), lifted.version), (0, 2));
    assert_eq!(
        delegation::set_mandate(set, Delegated::HhiCalculation, mandate(B256::ZERO, ID)),
        Err(Fault::SchemaWithoutService)
    );
    let full = Mandates {
        version: u32::MAX,
        ..set
    };
    assert_eq!(
        delegation::set_mandate(full, Delegated::HhiCalculation, mandate(SERVICE, ID)),
        Err(Fault::VersionsExhausted)
    );
    assert_eq!(delegation::require_live(SERVICE, 0), Ok(()));
    assert_eq!(
        delegation::require_live(SERVICE, 7),
        Err(Fault::ServiceDeprecated {
            service: SERVICE,
            at: 7
        })
    );
}

fn request() -> Request {
    Request {
        id: ID,
        clerk: CLERK,
        operation: 0,
        service: SERVICE,
        deadline: NOW.get(),
    }
}

fn opened(artifact_due: bool) -> Delegation {
    Delegation {
        clerk: CLERK,
        operation: Delegated::DidVerification,
        state: State::Open,
        artifact_due,
        opened_at: NOW,
        due_at: Timestamp::new(NOW.get() + 60),
    }
}

#[test]
fn a_delegation_opens_to_the_mandated_service_once() {
    let mandate = Mandate {
        service: SERVICE,
        artifact_schema: B256::ZERO,
    };
    let open = |stored, request, office, mandate| {
        delegation::open(
            stored,
            request,
            Delegated::DidVerification,
            office,
            mandate,
            (NOW, Seconds::new(60)),
        )
    };
    assert_eq!(open(None, request(), true, mandate), Ok(opened(false)));
    let with_artifact = Mandate {
        artifact_schema: ID,
        ..mandate
    };
    assert_eq!(open(None, request(), true, with_artifact), Ok(opened(true)));
    let operation = Delegated::DidVerification;
    let late = Request {
        deadline: NOW.get() - 1,
        ..request()
    };
    let other = Request {
        service: ID,
        ..request()
    };
    for (outcome, fault) in [
        (
            open(None, late, true, mandate),
            Fault::Expired { deadline: 999 },
        ),
        (
            open(None, request(), false, mandate),
            Fault::OtherOffice {
                clerk: CLERK,
                operation,
            },
        ),
        (
            open(None, request(), true, Mandate::default()),
            Fault::NotMandated { operation },
        ),
        (
            open(None, other, true, mandate),
            Fault::OtherService {
                mandated: SERVICE,
                given: ID,
            },
        ),
        (
            open(Some(opened(false)), request(), true, mandate),
            Fault::AlreadyDelegated { id: ID },
        ),
    ] {
        assert_eq!(outcome, Err(fault));
    }
}

#[test]
fn an_open_delegation_is_answered_in_time_or_expires() {
    let due = opened(true).due_at;
    let after = Timestamp::new(due.get() + 1);
    let good = Answer {
        output_hash: B256::repeat_byte(1),
        artifact_hash: B256::repeat_byte(2),
        deadline: due.get(),
    };
    let answer = |stored, given, now| delegation::answer(stored, ID, given, now);
    let answered = Delegation {
        state: State::Recorded,
        ..opened(true)
    };
    let expired = Delegation {
        state: State::Expired,
        ..opened(true)
    };
    assert_eq!(answer(Some(opened(true)), good, due), Ok(answered));
    assert_eq!(
        delegation::expire(Some(opened(true)), ID, after),
        Ok(expired)
    );
    // Until the last second it is answered, from the next it is expired: never both, never neither.
    assert_eq!(
        answer(
            Some(opened(true)),
            Answer {
                deadline: u64::MAX,
                ..good
            },
            after
        ),
        Err(Fault::Overdue { due_at: due })
    );
    assert_eq!(
        delegation::expire(Some(opened(true)), ID, due),
        Err(Fault::TooEarly { due_at: due })
    );
    for closed in [answered, expired] {
        let fault = Fault::NotOpen {
            id: ID,
            state: closed.state,
        };
        assert_eq!(answer(Some(closed), good, due), Err(fault));
        assert_eq!(delegation::expire(Some(closed), ID, after), Err(fault));
    }
    let unknown = Fault::UnknownDelegation { id: ID };
    assert_eq!(answer(None, good, due), Err(unknown));
    assert_eq!(delegation::expire(None, ID, after), Err(unknown));

    let stale = Answer {
        deadline: NOW.get(),
        ..good
    };
    assert_eq!(
        answer(Some(opened(true)), stale, due),
        Err(Fault::Expired {
            deadline: NOW.get()
        })
    );
    let empty = Answer {
        output_hash: B256::ZERO,
        ..good
    };
    assert_eq!(
        answer(Some(opened(true)), empty, due),
        Err(Fault::OutputMissing)
    );
    let bare = Answer {
        artifact_hash: B256::ZERO,
        ..good
    };
    assert_eq!(
        answer(Some(opened(true)), bare, due),
        Err(Fault::ArtifactMissing { id: ID })
    );
    assert!(answer(Some(opened(false)), bare, due).is_ok());
}

#[test]
fn states_are_numbered_as_the_table_of_states_numbers_them() {
    use agentcity_domain::machine::panel::DelegationState;
    for (ours, tables) in [
        (State::Open, DelegationState::Open),
        (State::Recorded, DelegationState::Recorded),
        (State::Expired, DelegationState::Expired),
    ] {
        assert_eq!(ours as u8, tables as u8);
    }
}

#[test]
fn only_the_peer_that_is_meant_passes() {
    let peer = Address::repeat_byte(3);
    assert_eq!(clerk::require_peer(peer, peer), Ok(()));
    for (caller, peer) in [(CLERK, peer), (Address::ZERO, Address::ZERO)] {
        assert_eq!(
            clerk::require_peer(caller, peer),
            Err(Refused::Unauthorized { caller })
        );
    }
}

#[test]
fn an_envelope_is_all_that_permits() {
    let envelope = Envelope {
        permitted: Mask::of(&[Operation::Approve]),
        prohibited: Mask::of(&[Operation::PublishEvidence]),
        operations_max: 1,
    };
    let regulator = Clerk {
        envelope,
        ..clerk_of(ClerkRole::Regulator)
    };
    let permits = |operation| clerk::permits(CLERK, regulator, operation);
    assert_eq!(permits(Operation::Approve), Ok(()));
    let (prohibited, unmentioned) = (Operation::PublishEvidence, Operation::DecideRegulatory);
    assert_eq!(
        permits(prohibited),
        Err(Refused::Prohibited {
            clerk: CLERK,
            operation: prohibited
        })
    );
    assert_eq!(
        permits(unmentioned),
        Err(Refused::NotPermitted {
            clerk: CLERK,
            operation: unmentioned
        })
    );
}
